drop function ctx.touch_members(uuid[], uuid[], timestamptz[]);
create function ctx.touch_members(p_users uuid[], p_publishers uuid[], p_seen timestamptz[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  update public.user_publishers m set last_accessed_at = t.seen from unnest(p_users, p_publishers, p_seen) as t (u, p, seen)
   where m.publisher_id = t.p and m.user_id = t.u and (m.last_accessed_at is null or m.last_accessed_at < t.seen);
  update public.users u set last_publisher_id = t.p
    from (select distinct on (u) u, p from unnest(p_users, p_publishers, p_seen) as t (u, p, seen) order by u, seen desc) t
   where u.id = t.u and u.last_publisher_id is distinct from t.p;
end $$;
alter function ctx.touch_members(uuid[], uuid[], timestamptz[]) owner to ledgerline_gate;
grant execute on function ctx.touch_members(uuid[], uuid[], timestamptz[]) to ledgerline_auth;
drop function ctx.fail_import(uuid, uuid, integer, text, timestamptz);
revoke select, update (state, problem, finished_at) on imports from ledgerline_gate;
update import_files f set content = whole.content
  from (select publisher_id, import_id, string_agg(content, ''::bytea order by part) as content from import_files group by 1, 2 having count(*) > 1) whole
 where f.part = 0 and f.publisher_id = whole.publisher_id and f.import_id = whole.import_id;
delete from import_files where part > 0;
alter table import_files drop column part, add primary key (publisher_id, import_id);
drop index imports_hash_idx;
alter table imports drop column file_hash, drop column department_id, drop column run, drop column began_at, drop column moved_at;
