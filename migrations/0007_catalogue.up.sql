-- What lists, search and own numbers need beside the older columns.

alter table songwriters
  add writer_number text check (length(writer_number) <= 9),
  add ipi_base text,
  add notes text,
  add name_key text collate "C" not null default '', -- folded "last first", by the program; lists sort by it
  add archived_at timestamptz;
alter table works
  add work_number text check (length(work_number) <= 14), -- own number: never used again, so works are archived, not deleted
  add version_type text not null default 'ORI' check (version_type in ('ORI', 'MOD')),
  add title_key text collate "C" not null default '',
  -- Writers as lists show them, written in the transaction that changes them: joining them costs four times a page.
  -- [{"w": songwriter, "n": "Last, First", "r": "CA", "s": hundredths, "c": controlled}]
  add credits jsonb not null default '[]',
  add version bigint not null default 1, -- two people edit one work: the later is told
  add archived_at timestamptz;
alter table work_writers
  add controlled boolean not null default false,
  add position integer not null default 0;
alter table recordings
  add title_key text collate "C" not null default '',
  add archived_at timestamptz;

-- What the writers of a work add up to, in hundredths, kept by the database from the credits.
create function ctx.credits_total(credits jsonb) returns integer language sql immutable parallel safe
  as $$ select coalesce(sum((credit ->> 's')::integer), 0)::integer from jsonb_array_elements(credits) credit $$;
grant execute on function ctx.credits_total(jsonb) to ledgerline_app;
alter table works add shares_total integer not null generated always as (ctx.credits_total(credits)) stored;

-- Own numbers and maintained totals; one row each per publisher, taken with a short lock at the end of a change.
create table number_series (
  publisher_id uuid not null references publishers (id) on delete cascade,
  series       text not null check (series in ('work', 'writer', 'recording')),
  last         bigint not null default 0,
  primary key (publisher_id, series)
);
create table catalogue_totals (
  publisher_id uuid primary key references publishers (id) on delete cascade,
  works        bigint not null default 0,
  songwriters  bigint not null default 0,
  recordings   bigint not null default 0
);

-- One row per word and thing: a prefix of a word is a range of this index, also under row security, where substring
-- operators may not use one.
create table search_words (
  publisher_id uuid not null references publishers (id) on delete cascade,
  kind         text not null check (kind in ('work', 'songwriter', 'recording')),
  word         text collate "C" not null,
  object_id    uuid not null,
  primary key (publisher_id, kind, word, object_id)
);
create index search_words_object_idx on search_words (publisher_id, kind, object_id);

-- Older rows, as near to the program's own folding as SQL gets.
create function pg_temp.fold(t text) returns text language sql immutable as
  $$ select btrim(regexp_replace(regexp_replace(normalize(lower(coalesce(t, '')), NFKD), '[\u0300-\u036f]', '', 'g'), '[^[:alnum:]]+', ' ', 'g')) $$;
update songwriters set name_key = pg_temp.fold(coalesce(nullif(last_name, ''), stage_name, '') || ' ' || coalesce(first_name, ''));
update recordings set title_key = pg_temp.fold(title);
update work_writers ww set position = n.position
  from (select publisher_id, id, row_number() over (partition by publisher_id, work_id order by created_at, id) as position from work_writers) n
 where n.publisher_id = ww.publisher_id and n.id = ww.id;
update works w set
  title_key = pg_temp.fold(title),
  work_number = 'W' || lpad(n.n::text, 6, '0'),
  credits = coalesce((select jsonb_agg(jsonb_build_object('w', s.id, 'n', concat_ws(', ', nullif(coalesce(nullif(s.last_name, ''), s.stage_name), ''), nullif(s.first_name, '')),
      'r', coalesce(ww.role, ''), 's', coalesce(ww.share, 0), 'c', ww.controlled) order by ww.position)
    from work_writers ww join songwriters s on s.publisher_id = ww.publisher_id and s.id = ww.songwriter_id
   where ww.publisher_id = w.publisher_id and ww.work_id = w.id), '[]')
  from (select publisher_id, id, row_number() over (partition by publisher_id order by created_at, id) as n from works) n
 where n.publisher_id = w.publisher_id and n.id = w.id;
insert into number_series (publisher_id, series, last) select p.id, 'work', (select count(*) from works w where w.publisher_id = p.id) from publishers p;
insert into catalogue_totals (publisher_id, works, songwriters, recordings)
select p.id, (select count(*) from works w where w.publisher_id = p.id), (select count(*) from songwriters s where s.publisher_id = p.id),
       (select count(*) from recordings r where r.publisher_id = p.id) from publishers p;
insert into search_words
select distinct publisher_id, 'work', left(word, 40), id from works,
  unnest(string_to_array(title_key || ' ' || pg_temp.fold(array_to_string(alternate_titles, ' ')) || ' ' || pg_temp.fold(iswc) || ' ' || lower(coalesce(work_number, ''))
    || ' ' || pg_temp.fold((select string_agg(c ->> 'n', ' ') from jsonb_array_elements(credits) c)), ' ')) word where word <> ''
union select publisher_id, 'songwriter', left(word, 40), id from songwriters,
  unnest(string_to_array(name_key || ' ' || pg_temp.fold(stage_name) || ' ' || pg_temp.fold(ipi), ' ')) word where word <> ''
union select publisher_id, 'recording', left(word, 40), id from recordings,
  unnest(string_to_array(title_key || ' ' || pg_temp.fold(artist) || ' ' || pg_temp.fold(isrc), ' ')) word where word <> '';

create unique index works_number_idx on works (publisher_id, work_number);
create unique index songwriters_number_idx on songwriters (publisher_id, writer_number);
create index works_title_idx on works (publisher_id, title_key, id) where archived_at is null;
create index works_updated_idx on works (publisher_id, updated_at desc, id) where archived_at is null;
create index songwriters_name_idx on songwriters (publisher_id, name_key, id) where archived_at is null;
create index songwriters_ipi_idx on songwriters (publisher_id, ipi) where ipi is not null;
create index recordings_title_idx on recordings (publisher_id, title_key, id) where archived_at is null;
create index works_unbalanced_idx on works (publisher_id, updated_at desc, id)
  where archived_at is null and shares_total > 0 and shares_total not between 9994 and 10006;
create index works_iswc_idx on works (publisher_id, iswc) where iswc is not null;

call ctx.protect('number_series');
create policy inside on number_series for all to ledgerline_app
  using ((select ctx.scope() not in ('none', 'own'))) with check ((select ctx.scope() not in ('none', 'own')));
grant select, insert, update on number_series to ledgerline_app;
call ctx.protect('catalogue_totals');
create policy inside on catalogue_totals for all to ledgerline_app
  using ((select ctx.scope() not in ('none', 'own'))) with check ((select ctx.scope() not in ('none', 'own')));
grant select, insert, update on catalogue_totals to ledgerline_app;
create policy directory on catalogue_totals for insert to ledgerline_platform with check ((select ctx.scope() = 'platform'));
create policy directory on number_series for insert to ledgerline_platform with check ((select ctx.scope() = 'platform'));
grant insert on catalogue_totals, number_series to ledgerline_platform;
call ctx.protect('search_words');
create policy inside on search_words for all to ledgerline_app
  using ((select ctx.scope() not in ('none', 'own'))) with check ((select ctx.scope() not in ('none', 'own')));
grant select, insert, delete on search_words to ledgerline_app;
