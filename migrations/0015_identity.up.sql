-- What proves a person beside the password, and what a proof is worth: factors, sign-ins half done, links by mail,
-- devices that are known, and what a publisher demands.

-- Kept on the person, because every list of members shows it; written with the factor itself.
alter table users add factors text[] not null default '{}' check (factors <@ array['totp', 'passkey']);

-- How a session was proved, and what limits it was given at its beginning.
alter table user_sessions
  add idle_limit interval not null default '30 minutes',
  add device_hash bytea check (octet_length(device_hash) = 32);

-- What a publisher asks of its members' sign-in; of several publishers the strictest counts.
alter table publishers
  add mfa_required boolean not null default false,
  add session_idle interval check (session_idle between '5 minutes' and '12 hours'),
  add session_length interval check (session_length between '30 minutes' and '7 days');

create table totp_factors (
  user_id      uuid primary key references users (id) on delete cascade,
  secret       bytea not null, -- sealed, and bound to the person
  created_at   timestamptz not null, -- when its first code was right
  last_step    bigint not null default 0 -- the newest time step used; it only rises
);

create table recovery_codes (
  user_id    uuid not null references users (id) on delete cascade,
  code_hash  bytea not null check (octet_length(code_hash) = 32),
  created_at timestamptz not null,
  used_at    timestamptz,
  primary key (user_id, code_hash)
);

create table passkeys (
  id            uuid primary key,
  user_id       uuid not null references users (id) on delete cascade,
  credential_id bytea not null unique,
  credential    jsonb not null, -- the public key with its counter
  name          text not null check (length(name) between 1 and 100),
  created_at    timestamptz not null,
  last_used_at  timestamptz
);
create index passkeys_user_idx on passkeys (user_id, created_at);

-- What the program asked an authenticator, until it answers; by the cookie that asked.
create table passkey_ceremonies (
  token_hash bytea primary key check (octet_length(token_hash) = 32),
  user_id    uuid references users (id) on delete cascade, -- none when anybody may answer
  state      jsonb not null,
  expires_at timestamptz not null
);

-- Between the password and the second factor: no session, a right to try.
create table pending_sign_ins (
  token_hash bytea primary key check (octet_length(token_hash) = 32),
  user_id    uuid not null references users (id) on delete cascade,
  misses     integer not null default 0,
  created_at timestamptz not null,
  expires_at timestamptz not null
);

-- Every link that a person gets by mail and that works once. The newest of a purpose ends the older ones.
alter table password_links rename to links;
alter table links
  add purpose text not null default 'password' check (purpose in ('password', 'verify', 'unlock', 'address_confirm', 'address_undo')),
  add detail jsonb not null default '{}';
alter table links alter purpose drop default;
alter table links rename constraint password_links_pkey to links_pkey;
alter table links rename constraint password_links_token_hash_check to links_token_hash_check;
alter table links rename constraint password_links_user_id_fkey to links_user_id_fkey;
create index links_user_idx on links (user_id, purpose, created_at);
grant update (used_at), delete on links to ledgerline_auth;

create table known_devices (
  user_id       uuid not null references users (id) on delete cascade,
  device_hash   bytea not null check (octet_length(device_hash) = 32),
  agent         text,
  address       text,
  first_seen_at timestamptz not null,
  last_seen_at  timestamptz not null,
  primary key (user_id, device_hash)
);

-- A member's factor taken away on an admin's word; for another admin only after a day, so that it can be stopped.
create table factor_resets (
  id           uuid primary key,
  user_id      uuid not null references users (id) on delete cascade,
  asked_by     uuid not null references users (id),
  asked_at     timestamptz not null,
  due_at       timestamptz not null,
  done_at      timestamptz,
  withdrawn_at timestamptz,
  asked_in     uuid not null references publishers (id) on delete cascade
);
create unique index factor_resets_open_idx on factor_resets (user_id) where done_at is null and withdrawn_at is null;

-- Who somebody is elsewhere: by issuer and subject. The address an issuer claims links nobody and signs nobody in.
create table external_identities (
  issuer       text not null,
  subject      text not null,
  user_id      uuid not null references users (id) on delete cascade,
  email        text,
  created_at   timestamptz not null,
  last_used_at timestamptz,
  primary key (issuer, subject)
);
create index external_identities_user_idx on external_identities (user_id);

do $$
declare t text;
begin
  foreach t in array array['totp_factors', 'recovery_codes', 'passkeys', 'passkey_ceremonies', 'pending_sign_ins', 'known_devices',
                           'factor_resets', 'external_identities'] loop
    execute format('call ctx.protect(%L)', t);
    continue when t = 'passkey_ceremonies';
    execute format('create policy own on %I for all to ledgerline_auth using (user_id = (select ctx.user_id())) with check (user_id = (select ctx.user_id()))', t);
  end loop;
end $$;
-- Only whoever shows the cookie's hash finds the row: it is the key, and 256 bits.
create policy door on passkey_ceremonies for all to ledgerline_auth
  using ((select ctx.scope() in ('door', 'person'))) with check ((select ctx.scope() in ('door', 'person')));
grant select, insert, update, delete on totp_factors, recovery_codes, passkeys, passkey_ceremonies, pending_sign_ins, known_devices to ledgerline_auth;
grant select, insert, update (done_at, withdrawn_at) on factor_resets to ledgerline_auth;
grant select on external_identities to ledgerline_auth;
grant update (factors) on users to ledgerline_auth;
grant select (factors) on users to ledgerline_app, ledgerline_platform;

-- When the account's owner was last told that it is held: once a window.
alter table sign_in_throttle add told_at timestamptz;

grant select (email_verified_at, factors) on users to ledgerline_gate;
grant select on links, pending_sign_ins, passkeys, known_devices to ledgerline_gate;

-- Who holds this session, how well it was proved, and when.
create or replace function ctx.session(p_hash bytea, p_now timestamptz) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return (
    select jsonb_build_object('id', s.id, 'user_id', u.id, 'email', u.email, 'name', u.full_name, 'system_admin', u.is_system_admin,
                              'last_publisher', p.slug, 'level', s.auth_level, 'proved_at', s.auth_at, 'factors', u.factors,
                              'verified', u.email_verified_at is not null)
      from public.user_sessions s join public.users u on u.id = s.user_id left join public.publishers p on p.id = u.last_publisher_id
     where s.token_hash = p_hash and s.revoked_at is null and s.idle_expires_at > p_now and s.absolute_expires_at > p_now and u.status = 'active');
end $$;

-- A publisher that demands a second factor opens to no session proved by a password alone.
create or replace function ctx.enter_by_session(p_slug text, p_hash bytea, p_permission text, p_write boolean, p_now timestamptz) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  person jsonb := ctx.session(p_hash, p_now);
  answer jsonb;
begin
  if person is null then
    perform set_config('app.scope', 'none', true), set_config('app.publisher_id', '', true);
    return jsonb_build_object('state', 'signed_out');
  end if;
  answer := ctx.enter(p_slug, (person ->> 'user_id')::uuid, p_permission, p_write, p_now);
  if person ->> 'level' = 'password' and answer ->> 'state' in ('open', 'forbidden')
     and exists (select from public.publishers where slug = p_slug and mfa_required) then
    perform set_config('app.scope', 'none', true), set_config('app.publisher_id', '', true);
    answer := jsonb_build_object('state', 'factor_needed', 'publisher', answer -> 'publisher');
  end if;
  return answer || jsonb_build_object('person', person);
end $$;

-- A one-use link: opens the person's own context to whoever shows a live one.
drop function ctx.enter_password_link(bytea, timestamptz);
create function ctx.enter_link(p_hash bytea, p_purpose text, p_now timestamptz) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare link record;
begin
  perform set_config('app.user_id', '', true), set_config('app.scope', 'none', true), set_config('app.publisher_id', '', true);
  select l.user_id, l.detail, u.email, u.full_name, u.is_system_admin into link from public.links l join public.users u on u.id = l.user_id
   where l.token_hash = p_hash and l.purpose = p_purpose and l.used_at is null and l.expires_at > p_now and u.status = 'active';
  if not found then return null; end if;
  perform set_config('app.user_id', link.user_id::text, true), set_config('app.scope', 'person', true);
  return jsonb_build_object('user_id', link.user_id, 'email', link.email, 'name', link.full_name, 'system_admin', link.is_system_admin, 'detail', link.detail);
end $$;

-- A sign-in half done: opens the narrow context of the person whose password was right.
create function ctx.enter_pending(p_hash bytea, p_now timestamptz) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare pending record;
begin
  perform set_config('app.user_id', '', true), set_config('app.scope', 'none', true), set_config('app.publisher_id', '', true);
  select p.user_id, p.misses, u.email, u.full_name, u.factors into pending from public.pending_sign_ins p join public.users u on u.id = p.user_id
   where p.token_hash = p_hash and p.expires_at > p_now and u.status = 'active';
  if not found then return null; end if;
  perform set_config('app.user_id', pending.user_id::text, true), set_config('app.scope', 'person', true);
  return jsonb_build_object('user_id', pending.user_id, 'email', pending.email, 'name', pending.full_name, 'factors', pending.factors, 'misses', pending.misses);
end $$;

-- Whose passkey is this? Asked when nobody has said who they are.
create function ctx.passkey_holder(p_credential bytea) returns uuid
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return (select p.user_id from public.passkeys p join public.users u on u.id = p.user_id where p.credential_id = p_credential and u.status = 'active');
end $$;

-- Which publisher demands a second factor of this person; the first by name, when several do.
create function ctx.factor_demanded_by(p_user uuid) returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return (select p.name from public.user_publishers m join public.publishers p on p.id = m.publisher_id
           where m.user_id = p_user and m.status = 'active' and p.mfa_required order by p.name, p.id limit 1);
end $$;

-- Has this person signed in with this browser before? Asked at the door, before the password is looked at.
create function ctx.knows_device(p_email_norm text, p_device bytea) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return exists (select from public.known_devices d join public.users u on u.id = d.user_id where u.email_norm = p_email_norm and d.device_hash = p_device);
end $$;

-- Each session has the idle limit it was given.
drop function ctx.touch_sessions(uuid[], timestamptz[], interval);
create function ctx.touch_sessions(p_ids uuid[], p_seen timestamptz[]) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare n bigint;
begin
  update public.user_sessions s set last_seen_at = t.seen, idle_expires_at = least(t.seen + s.idle_limit, s.absolute_expires_at)
    from unnest(p_ids, p_seen) as t (id, seen)
   where s.id = t.id and s.revoked_at is null and s.last_seen_at < t.seen and s.idle_expires_at > t.seen;
  get diagnostics n = row_count;
  return n;
end $$;

-- The limits of a new session of this person: the shortest that any of their publishers asks for, if any does.
create function ctx.session_limits(p_user uuid) returns table (idle interval, length interval)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return query select min(p.session_idle), min(p.session_length)
    from public.user_publishers m join public.publishers p on p.id = m.publisher_id where m.user_id = p_user and m.status <> 'removed';
end $$;

do $$
declare f text;
begin
  foreach f in array array['enter_link(bytea, text, timestamptz)', 'enter_pending(bytea, timestamptz)', 'passkey_holder(bytea)', 'factor_demanded_by(uuid)',
                           'touch_sessions(uuid[], timestamptz[])', 'session_limits(uuid)', 'knows_device(text, bytea)'] loop
    execute format('alter function ctx.%s owner to ledgerline_gate', f);
    execute format('grant execute on function ctx.%s to ledgerline_auth', f);
  end loop;
end $$;

-- A second factor is tried by somebody known, so the throttle is theirs to write too.
alter policy door on sign_in_throttle using ((select ctx.scope() in ('door', 'person'))) with check ((select ctx.scope() in ('door', 'person')));

-- Sessions: renewed by a fresh proof, ended by an admin, held to what publishers ask for ------------------------------------

grant update (token_hash, auth_level, auth_at, idle_limit, absolute_expires_at, revoked_at) on user_sessions to ledgerline_gate;

-- A fresh proof gives a live session a new cookie; its limits stay.
create function ctx.renew_session(p_session uuid, p_hash bytea, p_level text, p_now timestamptz) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  update public.user_sessions set token_hash = p_hash, auth_level = p_level, auth_at = p_now
   where id = p_session and user_id = ctx.user_id() and ctx.scope() = 'person' and revoked_at is null;
  return found;
end $$;

-- An admin ends every session of a member, wherever it is used: a session belongs to the person, not to a publisher.
create function ctx.end_sessions(p_user uuid, p_now timestamptz) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare n bigint;
begin
  update public.user_sessions set revoked_at = p_now
   where user_id = p_user and revoked_at is null and idle_expires_at > p_now and absolute_expires_at > p_now and ctx.may('members:update')
     and exists (select from public.user_publishers m where m.publisher_id = ctx.publisher() and m.user_id = p_user and m.status <> 'removed');
  get diagnostics n = row_count;
  return n;
end $$;

-- Live sessions obey a stricter policy at once: of all members when it is saved, of one person when they join.
create function ctx.tighten_sessions() returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare n bigint;
begin
  update public.user_sessions s
     set idle_limit = least(s.idle_limit, p.session_idle), idle_expires_at = least(s.idle_expires_at, s.last_seen_at + p.session_idle),
         absolute_expires_at = least(s.absolute_expires_at, s.created_at + p.session_length)
    from public.user_publishers m join public.publishers p on p.id = m.publisher_id
   where m.publisher_id = ctx.publisher() and m.user_id = s.user_id and m.status <> 'removed' and s.revoked_at is null
     and (ctx.may('publisher:settings') or (ctx.scope() = 'invitee' and m.user_id = ctx.user_id()));
  get diagnostics n = row_count;
  return n;
end $$;

-- Factors taken away on an admin's word -------------------------------------------------------------------------------------

grant select, insert, update (done_at) on factor_resets to ledgerline_gate;
grant select (user_id), delete on totp_factors, recovery_codes, passkey_ceremonies to ledgerline_gate;
grant delete on passkeys, pending_sign_ins to ledgerline_gate;
grant update (factors) on users to ledgerline_gate;
create policy see on factor_resets for select to ledgerline_app using (asked_in = (select ctx.publisher()) and (select ctx.may('members:read')));
grant select on factor_resets to ledgerline_app;

-- Answers from when on it may be done; null when it may not be asked for. Whoever is an admin, or belongs to another
-- publisher too, has a day to stop it: one publisher's admin weakens nobody's sign-in at another.
create function ctx.ask_factor_reset(p_id uuid, p_user uuid, p_now timestamptz) returns timestamptz
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare due timestamptz;
begin
  if not ctx.may('members:update') or p_user = ctx.user_id()
     or not exists (select from public.user_publishers m where m.publisher_id = ctx.publisher() and m.user_id = p_user and m.status <> 'removed')
     or not exists (select from public.users u where u.id = p_user and not u.is_system_admin and u.status = 'active') then
    return null;
  end if;
  due := p_now + case when exists (
    select from public.user_publishers m join public.roles r on r.id = m.role_id
     where m.user_id = p_user and m.status <> 'removed' and (m.publisher_id <> ctx.publisher() or 'roles:manage' = any (r.permissions))) then interval '24 hours' else interval '0' end;
  insert into public.factor_resets (id, user_id, asked_by, asked_in, asked_at, due_at)
  values (p_id, p_user, ctx.user_id(), ctx.publisher(), p_now, due) on conflict (user_id) where done_at is null and withdrawn_at is null do nothing;
  return case when found then due end;
end $$;

-- Does what was asked for, once it is due and nobody has stopped it. The sessions end with the factors.
create function ctx.reset_factors(p_id uuid, p_now timestamptz) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare who uuid;
begin
  update public.factor_resets set done_at = p_now
   where id = p_id and asked_in = ctx.publisher() and ctx.may('members:update') and done_at is null and withdrawn_at is null and due_at <= p_now
   returning user_id into who;
  if not found then return false; end if;
  delete from public.totp_factors where user_id = who;
  delete from public.recovery_codes where user_id = who;
  delete from public.passkeys where user_id = who;
  delete from public.passkey_ceremonies where user_id = who;
  delete from public.pending_sign_ins where user_id = who;
  update public.users set factors = '{}' where id = who;
  update public.user_sessions set revoked_at = p_now where user_id = who and revoked_at is null;
  return true;
end $$;

-- What a publisher's admins see of events ----------------------------------------------------------------------------------

create index security_events_publisher_idx on security_events ((detail ->> 'publisher'), id) where detail ? 'publisher';
grant select on security_events to ledgerline_gate;

-- Doors of this publisher that stayed shut, and trouble with the accounts of its members since they joined. Of anything
-- its members do elsewhere, nothing; of a stranger, no name.
create function ctx.publisher_events(p_before uuid, p_limit integer)
returns table (id uuid, at timestamptz, person text, action text, detail jsonb, address text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select e.id, e.at, u.full_name, e.action, e.detail, e.address
    from (select s.id, s.at, s.user_id, s.action, s.detail, s.address
            from public.publishers p join public.security_events s on s.detail ->> 'publisher' = p.slug and s.detail ? 'publisher'
           where p.id = ctx.publisher() and s.action in ('denied', 'outside')
           union all
          select s.id, s.at, s.user_id, s.action, '{}', s.address
            from public.user_publishers m join public.security_events s on s.user_id = m.user_id and s.at >= m.joined_at
           where m.publisher_id = ctx.publisher() and m.status <> 'removed'
             and s.action in ('sign_in_failed', 'sign_in_throttled', 'factor_failed', 'factor_throttled', 'account_locked')) e
    left join (public.user_publishers m join public.users u on u.id = m.user_id) on m.publisher_id = ctx.publisher() and m.user_id = e.user_id
   where ctx.may('audit:read') and ctx.scope() in ('publisher', 'visit') and (p_before is null or e.id < p_before)
   order by e.id desc limit p_limit $$;

do $$
declare f text;
begin
  foreach f in array array['renew_session(uuid, bytea, text, timestamptz)', 'end_sessions(uuid, timestamptz)', 'tighten_sessions()',
                           'ask_factor_reset(uuid, uuid, timestamptz)', 'reset_factors(uuid, timestamptz)', 'publisher_events(uuid, integer)'] loop
    execute format('alter function ctx.%s owner to ledgerline_gate', f);
  end loop;
end $$;
grant execute on function ctx.renew_session(uuid, bytea, text, timestamptz), ctx.tighten_sessions() to ledgerline_auth;
grant execute on function ctx.end_sessions(uuid, timestamptz), ctx.tighten_sessions(), ctx.ask_factor_reset(uuid, uuid, timestamptz),
  ctx.reset_factors(uuid, timestamptz), ctx.publisher_events(uuid, integer) to ledgerline_app;
