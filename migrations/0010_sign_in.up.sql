-- The cookie's store, the throttle, and links that set a password.

create schema tower_sessions;
revoke all on schema tower_sessions from public;
-- As tower-sessions-sqlx-store expects it; its own migrate() would need rights no serving role has.
-- The id is a hash of the cookie's value (access/session.rs), and the data a handle only.
create table tower_sessions.session (id text primary key, data bytea not null, expiry_date timestamptz not null);
create index session_expiry_idx on tower_sessions.session (expiry_date);
alter table tower_sessions.session enable row level security;
alter table tower_sessions.session force row level security;
create policy by_hash on tower_sessions.session for all to ledgerline_auth using (length(id) > 0) with check (length(id) > 0);
grant usage on schema tower_sessions to ledgerline_auth;
grant select, insert, update, delete on tower_sessions.session to ledgerline_auth;

-- Failures to sign in, per account and per source. A key is a hash, so the table names nobody.
create table sign_in_throttle (
  key           bytea primary key check (octet_length(key) = 32),
  failures      integer not null,
  window_start  timestamptz not null,
  blocked_until timestamptz
);
call ctx.protect('sign_in_throttle');
create policy door on sign_in_throttle for all to ledgerline_auth using ((select ctx.scope() = 'door')) with check ((select ctx.scope() = 'door'));
grant select, insert, update, delete on sign_in_throttle to ledgerline_auth;

create table password_links (
  token_hash bytea primary key check (octet_length(token_hash) = 32),
  user_id    uuid not null references users (id) on delete cascade,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at    timestamptz
);
call ctx.protect('password_links');
create policy own on password_links for all to ledgerline_auth using (user_id = (select ctx.user_id())) with check (user_id = (select ctx.user_id()));
grant select, insert, update (used_at) on password_links to ledgerline_auth;

-- Opens the person's own context to whoever shows a live link.
create function ctx.enter_password_link(p_hash bytea, p_now timestamptz) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare link record;
begin
  perform set_config('app.user_id', '', true), set_config('app.scope', 'none', true), set_config('app.publisher_id', '', true);
  select l.user_id, u.email, u.full_name, u.is_system_admin into link from public.password_links l join public.users u on u.id = l.user_id
   where l.token_hash = p_hash and l.used_at is null and l.expires_at > p_now and u.status = 'active';
  if not found then return null; end if;
  perform set_config('app.user_id', link.user_id::text, true), set_config('app.scope', 'person', true);
  return jsonb_build_object('user_id', link.user_id, 'email', link.email, 'name', link.full_name, 'system_admin', link.is_system_admin);
end $$;
-- Last-seen is gathered in memory and written in batches, for many people at once.
create function ctx.touch_sessions(p_ids uuid[], p_seen timestamptz[], p_idle interval) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare n bigint;
begin
  update public.user_sessions s set last_seen_at = t.seen, idle_expires_at = least(t.seen + p_idle, s.absolute_expires_at)
    from unnest(p_ids, p_seen) as t (id, seen)
   where s.id = t.id and s.revoked_at is null and s.last_seen_at < t.seen and s.idle_expires_at > t.seen;
  get diagnostics n = row_count;
  return n;
end $$;
-- Which publisher a person used last, gathered and written the same way.
create function ctx.touch_members(p_users uuid[], p_publishers uuid[], p_seen timestamptz[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  update public.user_publishers m set last_accessed_at = t.seen from unnest(p_users, p_publishers, p_seen) as t (u, p, seen)
   where m.publisher_id = t.p and m.user_id = t.u and (m.last_accessed_at is null or m.last_accessed_at < t.seen);
  update public.users u set last_publisher_id = t.p
    from (select distinct on (u) u, p from unnest(p_users, p_publishers, p_seen) as t (u, p, seen) order by u, seen desc) t
   where u.id = t.u and u.last_publisher_id is distinct from t.p;
end $$;
alter function ctx.enter_password_link(bytea, timestamptz) owner to ledgerline_gate;
alter function ctx.touch_sessions(uuid[], timestamptz[], interval) owner to ledgerline_gate;
alter function ctx.touch_members(uuid[], uuid[], timestamptz[]) owner to ledgerline_gate;
grant select on password_links to ledgerline_gate;
grant update (last_seen_at, idle_expires_at) on user_sessions to ledgerline_gate;
grant update (last_accessed_at) on user_publishers to ledgerline_gate;
grant update (last_publisher_id) on users to ledgerline_gate;
grant execute on function ctx.enter_password_link(bytea, timestamptz), ctx.touch_sessions(uuid[], timestamptz[], interval), ctx.touch_members(uuid[], uuid[], timestamptz[]) to ledgerline_auth;
