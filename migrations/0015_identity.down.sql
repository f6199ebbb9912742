drop function ctx.publisher_events(uuid, integer);
drop function ctx.reset_factors(uuid, timestamptz);
drop function ctx.ask_factor_reset(uuid, uuid, timestamptz);
drop function ctx.tighten_sessions();
drop function ctx.end_sessions(uuid, timestamptz);
drop function ctx.renew_session(uuid, bytea, text, timestamptz);
revoke select on security_events from ledgerline_gate;
drop index security_events_publisher_idx;
revoke update (factors) on users from ledgerline_gate;
revoke update (token_hash, auth_level, auth_at, idle_limit, absolute_expires_at, revoked_at) on user_sessions from ledgerline_gate;
alter policy door on sign_in_throttle using ((select ctx.scope() = 'door')) with check ((select ctx.scope() = 'door'));

drop function ctx.session_limits(uuid);
drop function ctx.knows_device(text, bytea);
drop function ctx.touch_sessions(uuid[], timestamptz[]);
drop function ctx.factor_demanded_by(uuid);
drop function ctx.passkey_holder(bytea);
drop function ctx.enter_pending(bytea, timestamptz);
drop function ctx.enter_link(bytea, text, timestamptz);
revoke select on links, pending_sign_ins, passkeys, known_devices from ledgerline_gate;
alter table sign_in_throttle drop column told_at;
revoke select (email_verified_at, factors) on users from ledgerline_gate;

create or replace function ctx.enter_by_session(p_slug text, p_hash bytea, p_permission text, p_write boolean, p_now timestamptz) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  person jsonb := ctx.session(p_hash, p_now);
begin
  if person is null then
    perform set_config('app.scope', 'none', true), set_config('app.publisher_id', '', true);
    return jsonb_build_object('state', 'signed_out');
  end if;
  return ctx.enter(p_slug, (person ->> 'user_id')::uuid, p_permission, p_write, p_now) || jsonb_build_object('person', person);
end $$;
create or replace function ctx.session(p_hash bytea, p_now timestamptz) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return (
    select jsonb_build_object('id', s.id, 'user_id', u.id, 'email', u.email, 'name', u.full_name, 'system_admin', u.is_system_admin,
                              'last_publisher', p.slug)
      from public.user_sessions s join public.users u on u.id = s.user_id left join public.publishers p on p.id = u.last_publisher_id
     where s.token_hash = p_hash and s.revoked_at is null and s.idle_expires_at > p_now and s.absolute_expires_at > p_now and u.status = 'active');
end $$;

drop table external_identities, factor_resets, known_devices, pending_sign_ins, passkey_ceremonies, passkeys, recovery_codes, totp_factors;

delete from links where purpose <> 'password';
drop index links_user_idx;
alter table links drop column purpose, drop column detail;
revoke delete on links from ledgerline_auth;
alter table links rename constraint links_pkey to password_links_pkey;
alter table links rename constraint links_token_hash_check to password_links_token_hash_check;
alter table links rename constraint links_user_id_fkey to password_links_user_id_fkey;
alter table links rename to password_links;
grant select on password_links to ledgerline_gate;
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
alter function ctx.enter_password_link(bytea, timestamptz) owner to ledgerline_gate;
alter function ctx.touch_sessions(uuid[], timestamptz[], interval) owner to ledgerline_gate;
grant execute on function ctx.enter_password_link(bytea, timestamptz), ctx.touch_sessions(uuid[], timestamptz[], interval) to ledgerline_auth;

revoke select (factors) on users from ledgerline_app, ledgerline_platform;
revoke update (factors) on users from ledgerline_auth;
alter table publishers drop column mfa_required, drop column session_idle, drop column session_length;
alter table user_sessions drop column idle_limit, drop column device_hash;
alter table users drop column factors;
