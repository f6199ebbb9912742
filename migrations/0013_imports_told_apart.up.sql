-- Imports that can be told apart, stopped and tried again; last-seen times that wait for nobody.

alter table imports
  add file_hash bytea check (octet_length(file_hash) = 32), -- SHA-256: tells the same file again
  add department_id uuid, -- the uploader's choice for rows that name no department
  add run integer not null default 1, -- grows whenever a step is begun: a job of an earlier run ends
  add began_at timestamptz, -- when the present step began …
  add moved_at timestamptz, -- … and when it last moved on
  add foreign key (publisher_id, department_id) references departments (publisher_id, id);
-- A file goes in and out in parts: a driver copies each value it sends or gets several times over.
alter table import_files add part integer not null default 0;
alter table import_files drop constraint import_files_pkey, add primary key (publisher_id, import_id, part);
create index imports_hash_idx on imports (publisher_id, file_hash) where state = 'done';

-- Says that an import failed whose job was given up, also when whoever began it may not even enter any more.
create function ctx.fail_import(p_publisher uuid, p_import uuid, p_run integer, p_problem text, p_now timestamptz) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  if ctx.scope() <> 'worker' then raise exception 'imports are failed by the worker only'; end if;
  update public.imports set state = 'failed', problem = p_problem, finished_at = p_now
   where publisher_id = p_publisher and id = p_import and run = p_run and state in ('reading', 'writing');
end $$;
alter function ctx.fail_import(uuid, uuid, integer, text, timestamptz) owner to ledgerline_gate;
grant select, update (state, problem, finished_at) on imports to ledgerline_gate;
grant execute on function ctx.fail_import(uuid, uuid, integer, text, timestamptz) to ledgerline_platform;

-- As before, but a membership somebody holds (an import holds its owner's until all is written) is passed over and
-- answered, so that it is written later and delays no other.
drop function ctx.touch_members(uuid[], uuid[], timestamptz[]);
create function ctx.touch_members(p_users uuid[], p_publishers uuid[], p_seen timestamptz[]) returns table (held_user uuid, held_publisher uuid)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  update public.user_publishers m set last_accessed_at = free.seen
    from (select o.publisher_id, o.user_id, t.seen from public.user_publishers o
            join unnest(p_users, p_publishers, p_seen) as t (u, p, seen) on o.publisher_id = t.p and o.user_id = t.u
           where o.last_accessed_at is null or o.last_accessed_at < t.seen
             for no key update of o skip locked) free
   where m.publisher_id = free.publisher_id and m.user_id = free.user_id;
  update public.users u set last_publisher_id = free.p
    from (select o.id, t.p from public.users o
            join (select distinct on (s.u) s.u, s.p from unnest(p_users, p_publishers, p_seen) as s (u, p, seen) order by s.u, s.seen desc) t on o.id = t.u
           where o.last_publisher_id is distinct from t.p
             for no key update of o skip locked) free
   where u.id = free.id;
  return query select m.user_id, m.publisher_id from public.user_publishers m
    join unnest(p_users, p_publishers, p_seen) as t (u, p, seen) on m.publisher_id = t.p and m.user_id = t.u
   where m.last_accessed_at is null or m.last_accessed_at < t.seen;
end $$;
alter function ctx.touch_members(uuid[], uuid[], timestamptz[]) owner to ledgerline_gate;
grant execute on function ctx.touch_members(uuid[], uuid[], timestamptz[]) to ledgerline_auth;
