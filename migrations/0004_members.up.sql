-- Departments, invitations, system admins' visits, and the gate: the one place where a publisher's context is set.

create table departments (
  publisher_id uuid not null references publishers (id) on delete cascade,
  id           uuid not null,
  name         text not null,
  archived_at  timestamptz,
  created_at   timestamptz not null default now(),
  created_by   uuid,
  primary key (publisher_id, id)
);
create unique index departments_name_idx on departments (publisher_id, lower(name)) where archived_at is null;

create table user_departments (
  publisher_id  uuid not null,
  user_id       uuid not null,
  department_id uuid not null,
  primary key (publisher_id, user_id, department_id),
  foreign key (publisher_id, user_id) references user_publishers (publisher_id, user_id) on delete cascade,
  foreign key (publisher_id, department_id) references departments (publisher_id, id)
);

create table invitations (
  publisher_id  uuid not null references publishers (id) on delete cascade,
  id            uuid not null,
  email         text not null,
  email_norm    text not null,
  role_id       uuid not null references roles (id),
  reach         text not null default 'publisher' check (reach in ('publisher', 'departments', 'own')),
  department_id uuid,
  songwriter_id uuid,
  message       text,
  token_hash    bytea not null check (octet_length(token_hash) = 32), -- the newest link's
  replaced_hashes bytea[] not null default '{}', -- of links a newer one has ended, so that they can say so
  invited_by    uuid not null,
  created_at    timestamptz not null,
  sent_at       timestamptz not null,
  sent_count    integer not null default 1,
  expires_at    timestamptz not null,
  accepted_at   timestamptz,
  accepted_by   uuid,
  revoked_at    timestamptz,
  revoked_by    uuid,
  outbox_id     uuid,
  primary key (publisher_id, id),
  unique (publisher_id, token_hash),
  foreign key (publisher_id, department_id) references departments (publisher_id, id),
  foreign key (publisher_id, songwriter_id) references songwriters (publisher_id, id),
  check ((reach = 'departments') = (department_id is not null)),
  check ((reach = 'own') = (songwriter_id is not null))
);
-- One open invitation per address; a lapsed one still holds the place and is reissued.
create unique index invitations_open_idx on invitations (publisher_id, email_norm) where accepted_at is null and revoked_at is null;
create index invitations_token_idx on invitations (token_hash);
create index invitations_replaced_idx on invitations using gin (replaced_hashes);

-- A system admin works inside a publisher only on a visit: a reason, an end, and read-only unless asked otherwise.
create table visits (
  publisher_id uuid not null references publishers (id) on delete cascade,
  id           uuid not null,
  user_id      uuid not null references users (id),
  reason       text not null,
  may_write    boolean not null default false,
  started_at   timestamptz not null,
  ends_at      timestamptz not null,
  ended_at     timestamptz,
  primary key (publisher_id, id)
);
create index visits_user_idx on visits (publisher_id, user_id, ends_at);

create function ctx.invitation() returns uuid language sql stable parallel safe
  as $$ select nullif(current_setting('app.invitation_id', true), '')::uuid $$;
grant execute on function ctx.invitation() to ledgerline_app, ledgerline_auth, ledgerline_platform, ledgerline_gate;

call ctx.protect('departments');
create policy inside on departments for all to ledgerline_app
  using ((select ctx.scope() <> 'none')) with check ((select ctx.may('departments:manage')));
grant select, insert, update on departments to ledgerline_app;

call ctx.protect('user_departments');
create policy inside on user_departments for select to ledgerline_app
  using (user_id = (select ctx.user_id()) or (select ctx.may('members:read')));
create policy place on user_departments for insert to ledgerline_app with check (
  (select ctx.may('members:update')) and ((select ctx.scope() <> 'departments') or department_id = any ((select ctx.departments())::uuid[])));
create policy unplace on user_departments for delete to ledgerline_app using (
  (select ctx.may('members:update')) and ((select ctx.scope() <> 'departments') or department_id = any ((select ctx.departments())::uuid[])));
create policy invited on user_departments for all to ledgerline_auth
  using ((select ctx.scope() = 'invitee') and user_id = (select ctx.user_id()))
  with check ((select ctx.scope() = 'invitee') and user_id = (select ctx.user_id()));
grant select, insert, delete on user_departments to ledgerline_app, ledgerline_auth;

call ctx.protect('invitations');
create policy see on invitations for select to ledgerline_app using ((select ctx.may('members:read')));
-- Who runs departments invites into those only: a department's invitation has it, any other has none.
create policy invite on invitations for insert to ledgerline_app with check (
  (select ctx.may('members:invite')) and ((select ctx.scope() <> 'departments') or department_id = any ((select ctx.departments())::uuid[])));
create policy change on invitations for update to ledgerline_app using (
  (select ctx.may('members:invite')) and ((select ctx.scope() <> 'departments') or department_id = any ((select ctx.departments())::uuid[])));
create policy own on invitations for all to ledgerline_auth
  using ((select ctx.scope() = 'invitee') and id = (select ctx.invitation())) with check ((select ctx.scope() = 'invitee') and id = (select ctx.invitation()));
grant select, insert, update on invitations to ledgerline_app;
grant select, update (accepted_at, accepted_by) on invitations to ledgerline_auth;

call ctx.protect('visits');
create policy inside on visits for select to ledgerline_app using (user_id = (select ctx.user_id()) or (select ctx.may('audit:read')));
create policy inside_end on visits for update to ledgerline_app using (user_id = (select ctx.user_id())) with check (user_id = (select ctx.user_id()));
create policy directory on visits for all to ledgerline_platform
  using ((select ctx.scope() = 'platform') and user_id = (select ctx.user_id()))
  with check ((select ctx.scope() = 'platform') and user_id = (select ctx.user_id()));
grant select, update (ended_at) on visits to ledgerline_app;
grant select, insert, update (ended_at) on visits to ledgerline_platform;

-- Works, and with them what hangs on them, belong to a department or to none.
alter table works add department_id uuid, add foreign key (publisher_id, department_id) references departments (publisher_id, id);
create index works_department_idx on works (publisher_id, department_id) where department_id is not null;
create policy departments on works for all to ledgerline_app
  using ((select ctx.scope() = 'departments') and department_id = any ((select ctx.departments())::uuid[]))
  with check ((select ctx.scope() = 'departments') and department_id = any ((select ctx.departments())::uuid[]));
create policy departments on work_writers for all to ledgerline_app
  using ((select ctx.scope() = 'departments') and work_id in (select w.id from public.works w where w.publisher_id = (select ctx.publisher())))
  with check ((select ctx.scope() = 'departments') and work_id in (select w.id from public.works w where w.publisher_id = (select ctx.publisher())));
create policy departments on recordings for all to ledgerline_app
  using ((select ctx.scope() = 'departments') and (work_id is null or work_id in (select w.id from public.works w where w.publisher_id = (select ctx.publisher()))))
  with check ((select ctx.scope() = 'departments') and (work_id is null or work_id in (select w.id from public.works w where w.publisher_id = (select ctx.publisher()))));

-- Nobody changes their own membership, and who runs departments touches people of those only.
create policy not_own on user_publishers as restrictive for update to ledgerline_app using (user_id <> (select ctx.user_id()));
create policy within_departments on user_publishers as restrictive for update to ledgerline_app
  using ((select ctx.scope() <> 'departments') or (reach = 'departments' and user_id in
    (select d.user_id from public.user_departments d where d.publisher_id = (select ctx.publisher()) and d.department_id = any ((select ctx.departments())::uuid[]))));

-- The gate ---------------------------------------------------------------------------------------------------------------
-- Functions owned by ledgerline_gate, which sees past row security; each answers one narrow question, and its rights
-- end at the columns granted below.

grant select on publishers, user_publishers, users, roles, role_permissions, user_departments, departments, visits, invitations, accounts, user_sessions to ledgerline_gate;
grant update (status) on user_publishers to ledgerline_gate; -- a row lock demands an update right
grant update (updated_at) on accounts to ledgerline_gate;
revoke select on users from ledgerline_gate;
grant select (id, email, email_norm, full_name, password_hash, is_system_admin, status, last_publisher_id) on users to ledgerline_gate;

-- Who is this person in this publisher, and what may they do? Opens the context for the rest of the transaction when,
-- and only when, they hold the permission asked for. A read makes the transaction read-only first.
create function ctx.enter(p_slug text, p_user uuid, p_permission text, p_write boolean, p_now timestamptz) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  who record; vis public.visits%rowtype; state text; reach text; grants text[]; places uuid[];
begin
  perform set_config('app.scope', 'none', true), set_config('app.publisher_id', '', true);
  if p_write then
    -- Changes of memberships go one at a time in a publisher, before anything else is locked: of two admins who demote
    -- each other, each would otherwise hold what the other waits for. Strangers lock nothing.
    if p_permission in ('members:update', 'members:remove') then
      perform from public.accounts a where a.publisher_id = (select id from public.publishers where slug = p_slug)
          and (exists (select from public.user_publishers m where m.publisher_id = a.publisher_id and m.user_id = p_user)
               or exists (select from public.users u where u.id = p_user and u.is_system_admin))
          for no key update;
    end if;
    -- A demotion waits for us, or we see it.
    perform from public.user_publishers where publisher_id = (select id from public.publishers where slug = p_slug) and user_id = p_user for share;
  else
    perform set_config('transaction_read_only', 'on', true);
  end if;

  select p.id, p.slug, p.name, p.status, p.publisher_type, p.business_model, p.branding, u.is_system_admin,
         m.status as member_status, m.reach, m.songwriter_id, m.role_id, r.key as role_key, r.name as role_name, r.permissions
    into who
    from public.publishers p
    join public.users u on u.id = p_user and u.status = 'active'
    left join public.user_publishers m on m.publisher_id = p.id and m.user_id = u.id and m.status <> 'removed' and (m.ends_at is null or m.ends_at > p_now)
    left join public.roles r on r.id = m.role_id
   where p.slug = p_slug;

  if who.member_status is not null then
    grants := who.permissions;
    reach := who.reach;
    state := case when who.member_status = 'suspended' then 'member_suspended'
                  when who.status in ('suspended', 'archived') then 'publisher_' || who.status
                  when p_permission = any (grants) then 'open' else 'forbidden' end;
    if reach = 'departments' then
      select coalesce(array_agg(department_id), '{}') into places from public.user_departments where publisher_id = who.id and user_id = p_user;
    end if;
  elsif who.is_system_admin then
    select v.* into vis from public.visits v
     where publisher_id = who.id and user_id = p_user and ended_at is null and started_at <= p_now and ends_at > p_now
     order by started_at desc limit 1;
    if not found then
      return jsonb_build_object('state', 'visit_needed', 'publisher', jsonb_build_object('id', who.id, 'slug', who.slug, 'name', who.name,
        'status', who.status, 'kind', who.publisher_type, 'model', who.business_model));
    end if;
    select array_agg(distinct permission order by permission) into grants from public.role_permissions;
    reach := 'visit';
    state := case when not vis.may_write and (p_write or p_permission not like '%:read') then 'visit_read_only' when p_permission = any (grants) then 'open' else 'forbidden' end;
  else
    return jsonb_build_object('state', 'unknown'); -- no such publisher, or none of theirs: the same answer
  end if;

  if state = 'open' then
    perform set_config('app.publisher_id', who.id::text, true), set_config('app.user_id', p_user::text, true),
            set_config('app.scope', reach, true), set_config('app.permissions', ',' || array_to_string(grants, ',') || ',', true),
            set_config('app.department_ids', coalesce(places::text, ''), true),
            set_config('app.songwriter_id', case when reach = 'own' then who.songwriter_id::text else '' end, true);
  end if;
  return jsonb_build_object(
    'state', state,
    'publisher', jsonb_build_object('id', who.id, 'slug', who.slug, 'name', who.name, 'status', who.status, 'kind', who.publisher_type,
                                    'model', who.business_model, 'branding', who.branding),
    'role', case when reach <> 'visit' then jsonb_build_object('id', who.role_id, 'key', who.role_key, 'name', who.role_name) end,
    'reach', reach, 'permissions', grants, 'departments', places, 'songwriter', case when reach = 'own' then who.songwriter_id end,
    'visit', case when reach = 'visit' then jsonb_build_object('id', vis.id, 'reason', vis.reason, 'may_write', vis.may_write, 'ends_at', vis.ends_at) end,
    'others', (select jsonb_agg(jsonb_build_object('slug', p.slug, 'name', p.name)) from (
       select o.slug, o.name from public.user_publishers m join public.publishers o on o.id = m.publisher_id
        where m.user_id = p_user and m.publisher_id <> who.id and m.status = 'active' and o.status in ('active', 'trial') limit 50) p));
end $$;

-- The publishers a person belongs to, for the picker.
create function ctx.my_publishers() returns table (id uuid, slug text, name text, kind text, status text, role text, member_status text, last_accessed_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select p.id, p.slug, p.name, p.publisher_type, p.status, r.name, m.status, m.last_accessed_at
    from public.user_publishers m join public.publishers p on p.id = m.publisher_id join public.roles r on r.id = m.role_id
   where m.user_id = ctx.user_id() and m.status <> 'removed' and p.status <> 'archived' order by lower(p.name), p.id $$;

-- An invitation by the hash of its link: whoever shows the link may read it, and only it. Opens the invitee's narrow
-- context, whatever the invitation's state, so that a used or withdrawn link can be told in words.
create function ctx.enter_invitation(p_hash bytea, p_user uuid, p_now timestamptz) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare inv record;
begin
  perform set_config('app.publisher_id', '', true), set_config('app.scope', 'none', true), set_config('app.invitation_id', '', true),
          set_config('app.user_id', coalesce(p_user::text, ''), true);
  select i.*, p.name as publisher_name, p.slug as publisher_slug, p.status as publisher_status, p.branding, r.name as role_name, r.key as role_key, u.full_name as inviter,
         d.name as department
    into inv
    from public.invitations i join public.publishers p on p.id = i.publisher_id join public.roles r on r.id = i.role_id
    left join public.users u on u.id = i.invited_by
    left join public.departments d on d.publisher_id = i.publisher_id and d.id = i.department_id
   where i.token_hash = p_hash;
  if not found then
    return (select jsonb_build_object('state', 'replaced', 'publisher', p.name, 'email', i.email)
              from public.invitations i join public.publishers p on p.id = i.publisher_id where i.replaced_hashes @> array[p_hash] limit 1);
  end if;
  perform set_config('app.publisher_id', inv.publisher_id::text, true), set_config('app.scope', 'invitee', true),
          set_config('app.invitation_id', inv.id::text, true);
  return jsonb_build_object(
    -- What the inviter may no longer grant, their link no longer grants.
    'state', case when inv.revoked_at is not null then 'revoked' when inv.accepted_at is not null then 'accepted'
                  when not exists (
                    select from public.user_publishers m join public.roles held on held.id = m.role_id join public.roles asked on asked.id = inv.role_id
                     where m.publisher_id = inv.publisher_id and m.user_id = inv.invited_by and m.status = 'active' and (m.ends_at is null or m.ends_at > p_now)
                       and 'members:invite' = any (held.permissions) and asked.permissions <@ held.permissions
                    union all select from public.users a where a.id = inv.invited_by and a.is_system_admin and a.status = 'active') then 'revoked'
                  when inv.expires_at <= p_now then 'lapsed' when inv.publisher_status in ('suspended', 'archived') then 'closed' else 'open' end,
    'id', inv.id, 'publisher_id', inv.publisher_id, 'publisher', inv.publisher_name, 'slug', inv.publisher_slug,
    'email', inv.email, 'email_norm', inv.email_norm, 'role_id', inv.role_id, 'role', inv.role_name, 'role_key', inv.role_key,
    'reach', inv.reach, 'department_id', inv.department_id, 'department', inv.department, 'songwriter_id', inv.songwriter_id,
    'message', inv.message, 'inviter', inv.inviter, 'invited_by', inv.invited_by, 'expires_at', inv.expires_at, 'accepted_by', inv.accepted_by,
    'known_person', exists (select from public.users u where u.email_norm = inv.email_norm));
end $$;

-- Who holds this session? One statement loads the person and checks every limit. In plpgsql, because an SQL function that is a definer plans anew at each call; this one runs on every request.
create function ctx.session(p_hash bytea, p_now timestamptz) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return (
    select jsonb_build_object('id', s.id, 'user_id', u.id, 'email', u.email, 'name', u.full_name, 'system_admin', u.is_system_admin,
                              'last_publisher', p.slug)
      from public.user_sessions s join public.users u on u.id = s.user_id left join public.publishers p on p.id = u.last_publisher_id
     where s.token_hash = p_hash and s.revoked_at is null and s.idle_expires_at > p_now and s.absolute_expires_at > p_now and u.status = 'active');
end $$;

-- What sign-in compares against. Possession of an address is no proof, so this goes to the identity role only.
create function ctx.credential(p_email_norm text) returns table (user_id uuid, password_hash text, is_system_admin boolean, status text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select id, password_hash, is_system_admin, status from public.users where email_norm = p_email_norm $$;

-- System admins across publishers: the door of System<P>.
create function ctx.enter_platform(p_user uuid) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform set_config('app.publisher_id', '', true), set_config('app.user_id', '', true), set_config('app.scope', 'none', true);
  if exists (select from public.users where id = p_user and is_system_admin and status = 'active') then
    perform set_config('app.user_id', p_user::text, true), set_config('app.scope', 'platform', true);
    return true;
  end if;
  return false;
end $$;

-- All publishers with what a system admin's list shows; keyset by name.
create function ctx.directory(p_search text, p_after_name text, p_after_id uuid, p_limit integer)
returns table (id uuid, slug text, name text, kind text, status text, plan text, members bigint, created_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select p.id, p.slug, p.name, p.publisher_type, p.status, coalesce(a.plan_type, ''),
         (select count(*) from public.user_publishers m where m.publisher_id = p.id and m.status = 'active'), p.created_at
    from public.publishers p left join public.accounts a on a.publisher_id = p.id
   where ctx.scope() = 'platform'
     and (p_search = '' or strpos(lower(p.name), lower(p_search)) > 0 or strpos(p.slug, lower(p_search)) > 0)
     and (p_after_id is null or (lower(p.name), p.id) > (p_after_name, p_after_id))
   order by lower(p.name), p.id limit p_limit $$;
create index publishers_name_idx on publishers (lower(name), id);

do $$
declare f text;
begin
  foreach f in array array['enter(text, uuid, text, boolean, timestamptz)', 'my_publishers()', 'enter_invitation(bytea, uuid, timestamptz)',
    'session(bytea, timestamptz)', 'credential(text)', 'enter_platform(uuid)', 'directory(text, text, uuid, integer)'] loop
    execute format('alter function ctx.%s owner to ledgerline_gate', f);
  end loop;
end $$;
grant execute on function ctx.enter(text, uuid, text, boolean, timestamptz) to ledgerline_app;
grant execute on function ctx.my_publishers(), ctx.enter_invitation(bytea, uuid, timestamptz), ctx.session(bytea, timestamptz), ctx.credential(text) to ledgerline_auth;
grant execute on function ctx.enter_platform(uuid), ctx.directory(text, text, uuid, integer) to ledgerline_platform;
