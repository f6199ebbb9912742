-- Files of works on their way in: read, shown with findings row by row, then written whole or not at all.

create table imports (
  publisher_id uuid not null references publishers (id) on delete cascade,
  id           uuid not null,
  file_name    text not null,
  file_bytes   bigint not null,
  state        text not null check (state in ('reading', 'checked', 'refused', 'writing', 'done', 'failed', 'dropped')),
  layout       text,
  encoding     text,
  problem      text, -- why the whole file was refused, in words
  notes        jsonb not null default '[]', -- findings about the file, not a row
  rows_total   integer not null default 0,
  rows_refused integer not null default 0,
  rows_warned  integer not null default 0,
  rows_done    integer not null default 0, -- progress of the present step
  created_by   uuid not null,
  created_at   timestamptz not null,
  finished_at  timestamptz,
  primary key (publisher_id, id)
);
create index imports_recent_idx on imports (publisher_id, created_at desc, id);
create table import_files (
  publisher_id uuid not null,
  import_id    uuid not null,
  content      bytea not null,
  primary key (publisher_id, import_id),
  foreign key (publisher_id, import_id) references imports (publisher_id, id) on delete cascade
);
create table import_rows (
  publisher_id uuid not null,
  import_id    uuid not null,
  line         integer not null, -- as a spreadsheet numbers it
  title        text not null,
  draft        jsonb,
  findings     jsonb not null default '[]',
  level        text not null check (level in ('good', 'warning', 'refused')),
  work_id      uuid, -- the work it became
  primary key (publisher_id, import_id, line),
  foreign key (publisher_id, import_id) references imports (publisher_id, id) on delete cascade
);
do $$
declare t text;
begin
  foreach t in array array['imports', 'import_files', 'import_rows'] loop
    execute format('call ctx.protect(%L)', t);
    execute format('grant select, insert, update, delete on %I to ledgerline_app', t);
  end loop;
end $$;
-- Who works in departments sees and writes their own imports only: another's would land in the wrong department.
create policy run on imports for all to ledgerline_app
  using ((select ctx.may('imports:run')) and ((select ctx.scope() <> 'departments') or created_by = (select ctx.user_id())))
  with check ((select ctx.may('imports:run')) and ((select ctx.scope() <> 'departments') or created_by = (select ctx.user_id())));
do $$
declare t text;
begin
  foreach t in array array['import_files', 'import_rows'] loop
    execute format($p$create policy run on %I for all to ledgerline_app
      using ((select ctx.may('imports:run')) and ((select ctx.scope() <> 'departments') or import_id in (select i.id from public.imports i where i.publisher_id = (select ctx.publisher()))))
      with check ((select ctx.may('imports:run')) and ((select ctx.scope() <> 'departments') or import_id in (select i.id from public.imports i where i.publisher_id = (select ctx.publisher()))))$p$, t);
  end loop;
end $$;
alter table works add import_id uuid;
create index works_import_idx on works (publisher_id, import_id) where import_id is not null;
