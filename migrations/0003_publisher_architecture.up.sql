-- Tenants become publishers: people who belong to several, roles, accounts, sessions; row security by publisher and person.
--
-- Runs as a role with BYPASSRLS (db/roles): a foreign key validated under forced row security without it
-- reports success over orphans.

-- The catalogue's keys will begin with the publisher, so a row of one tenant that points into another could not
-- follow. It is the older service's fault to find, not ours to drop: say so and change nothing.
do $$
declare n bigint;
begin
  select count(*) into n from (
    select ww.id from work_writers ww join works w on w.id = ww.work_id where w.tenant_id <> ww.tenant_id
    union all select ww.id from work_writers ww join songwriters s on s.id = ww.songwriter_id where s.tenant_id <> ww.tenant_id
    union all select r.id from recordings r join works w on w.id = r.work_id where w.tenant_id <> r.tenant_id
    union all select c.id from recording_contributors c join recordings r on r.id = c.recording_id where r.tenant_id <> c.tenant_id) crossing;
  if n > 0 then
    raise exception '% rows of one tenant point at a row of another; give them the right tenant_id first', n;
  end if;
end $$;

do $$
declare t text;
begin
  foreach t in array array['tenants', 'songwriters', 'works', 'work_writers', 'recordings', 'recording_contributors'] loop
    execute format('drop policy tenant_isolation on %I', t);
  end loop;
end $$;

-- Context ------------------------------------------------------------------------------------------------------

create schema ctx;
do $$ begin
  execute format('revoke all on database %I from public', current_database());
  execute format('grant connect on database %I to ledgerline_app, ledgerline_auth, ledgerline_platform', current_database());
end $$;
revoke all on schema public from public;
grant usage on schema public, ctx to ledgerline_app, ledgerline_auth, ledgerline_platform, ledgerline_gate;
grant create on schema ctx to ledgerline_gate; -- so that it may own the definer functions
-- Without IN SCHEMA: the per-schema form does not take the built-in grant to PUBLIC away.
alter default privileges revoke execute on functions from public;

-- After its first transaction a custom setting is the empty string, not null; hence nullif.
create function ctx.publisher() returns uuid language sql stable parallel safe
  as $$ select nullif(current_setting('app.publisher_id', true), '')::uuid $$;
create function ctx.user_id() returns uuid language sql stable parallel safe
  as $$ select nullif(current_setting('app.user_id', true), '')::uuid $$;
-- none | publisher | departments | own | visit | person | invitee | door | platform | worker
create function ctx.scope() returns text language sql stable parallel safe
  as $$ select coalesce(nullif(current_setting('app.scope', true), ''), 'none') $$;
create function ctx.songwriter() returns uuid language sql stable parallel safe
  as $$ select nullif(current_setting('app.songwriter_id', true), '')::uuid $$;
create function ctx.departments() returns uuid[] language sql stable parallel safe
  as $$ select coalesce(nullif(current_setting('app.department_ids', true), '')::uuid[], '{}') $$;
create function ctx.may(permission text) returns boolean language sql stable parallel safe
  as $$ select strpos(coalesce(current_setting('app.permissions', true), ''), ',' || permission || ',') > 0 $$;

-- Every tenant table gets this one mould: row security forced, and a restrictive guard for everybody. Permissive
-- policies are joined by OR; a later careless one still stays inside the publisher.
create procedure ctx.protect(relation regclass) language plpgsql as $$
begin
  execute format('alter table %s enable row level security', relation);
  execute format('alter table %s force row level security', relation);
  if exists (select from pg_attribute where attrelid = relation and attname = 'publisher_id' and not attisdropped) then
    execute format('create policy guard on %s as restrictive for all to public
      using (publisher_id = (select ctx.publisher())) with check (publisher_id = (select ctx.publisher()))', relation);
  end if;
end $$;
grant execute on function ctx.publisher(), ctx.user_id(), ctx.scope(), ctx.songwriter(), ctx.departments(), ctx.may(text)
  to ledgerline_app, ledgerline_auth, ledgerline_platform, ledgerline_gate;

-- Publishers ---------------------------------------------------------------------------------------------------

alter table tenants rename to publishers;
alter table publishers rename column subdomain to slug;
alter table publishers rename constraint tenants_pkey to publishers_pkey;
alter table publishers rename constraint tenants_subdomain_key to publishers_slug_key;
alter table publishers rename constraint tenants_status_check to publishers_status_check;
alter table publishers
  add publisher_type text not null default 'boutique' check (publisher_type in ('enterprise', 'professional', 'platform', 'boutique')),
  add business_model text not null default 'traditional' check (business_model in ('traditional', 'platform', 'hybrid')),
  add branding jsonb not null default '{}',
  add tax_id text,
  add business_license text,
  add primary_contact_email text,
  add support_email text,
  add business_address jsonb not null default '{}';
update publishers set publisher_type = plan_type where plan_type in ('enterprise', 'professional');

create table accounts (
  publisher_id        uuid primary key references publishers (id) on delete cascade,
  plan_type           text not null check (plan_type in ('free', 'starter', 'professional', 'enterprise', 'custom')),
  billing_cycle       text not null default 'monthly' check (billing_cycle in ('monthly', 'annual', 'contract')),
  status              text not null default 'active' check (status in ('trial', 'active', 'past_due', 'read_only', 'closed')),
  trial_ends_at       timestamptz,
  seats_licensed      integer not null check (seats_licensed >= 0),
  storage_limit_bytes bigint not null check (storage_limit_bytes >= 0),
  api_calls_limit     bigint not null check (api_calls_limit >= 0), -- a month
  created_at          timestamptz not null default now(),
  updated_at          timestamptz not null default now()
);
insert into accounts (publisher_id, plan_type, status, seats_licensed, storage_limit_bytes, api_calls_limit)
select id, plan_type, case status when 'trial' then 'trial' when 'archived' then 'closed' else 'active' end,
       case plan_type when 'enterprise' then 100 when 'professional' then 15 else 3 end,
       case plan_type when 'enterprise' then 500 when 'professional' then 50 else 5 end * (1024::bigint ^ 3)::bigint,
       case plan_type when 'enterprise' then 1000000 when 'professional' then 100000 else 10000 end
  from publishers;
alter table publishers drop column plan_type;

-- The catalogue: publisher first in every key ----------------------------------------------------------------------

alter table work_writers drop constraint work_writers_work_id_fkey, drop constraint work_writers_songwriter_id_fkey;
alter table recordings drop constraint recordings_work_id_fkey;
alter table recording_contributors drop constraint recording_contributors_recording_id_fkey;
do $$
declare t text;
begin
  foreach t in array array['songwriters', 'works', 'work_writers', 'recordings', 'recording_contributors'] loop
    execute format('alter table %I rename column tenant_id to publisher_id', t);
    execute format('alter table %I rename constraint %I to %I', t, t || '_tenant_id_fkey', t || '_publisher_id_fkey');
    execute format('drop index %I', t || '_tenant_idx');
    execute format('alter table %I drop constraint %I, add primary key (publisher_id, id)', t, t || '_pkey');
    execute format('alter table %I add column updated_by uuid', t);
  end loop;
end $$;
alter table work_writers
  drop constraint work_writers_share_check,
  alter column share type integer using round(share * 100)::integer, -- hundredths of a per cent from here on
  add constraint work_writers_share_check check (share >= 0),
  add foreign key (publisher_id, work_id) references works (publisher_id, id) on delete cascade,
  add foreign key (publisher_id, songwriter_id) references songwriters (publisher_id, id);
alter table recordings add foreign key (publisher_id, work_id) references works (publisher_id, id);
alter table recording_contributors add foreign key (publisher_id, recording_id) references recordings (publisher_id, id) on delete cascade;
drop index work_writers_work_idx;
create index work_writers_work_idx on work_writers (publisher_id, work_id);
create index work_writers_songwriter_idx on work_writers (publisher_id, songwriter_id, work_id);
create index recordings_work_idx on recordings (publisher_id, work_id);
create index recording_contributors_recording_idx on recording_contributors (publisher_id, recording_id);

-- People, roles, permissions --------------------------------------------------------------------------------------------

create table users (
  id                uuid primary key,
  email             text not null,
  email_norm        text not null unique, -- trimmed and lower-cased by the program; every comparison uses it
  full_name         text not null,
  password_hash     text,
  password_set_at   timestamptz,
  is_system_admin   boolean not null default false,
  status            text not null default 'active' check (status in ('active', 'disabled')),
  email_verified_at timestamptz,
  last_login_at     timestamptz,
  last_publisher_id uuid references publishers (id) on delete set null,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now()
);

create table permissions (
  name        text primary key,
  area        text not null,
  description text not null
);

-- The roles every publisher shares. Each has its own grants and what it inherits.
create table roles (
  id          uuid primary key,
  key         text not null unique,
  name        text not null,
  description text not null,
  parent_id   uuid references roles (id),
  kind        text not null check (kind in ('system', 'template')),
  position    integer not null,
  permissions text[] not null default '{}' -- own and inherited, so that the gate reads one row
);
create table role_permissions (
  role_id    uuid not null references roles (id),
  permission text not null references permissions (name),
  primary key (role_id, permission)
);

create table user_publishers (
  publisher_id     uuid not null references publishers (id) on delete cascade,
  user_id          uuid not null references users (id),
  role_id          uuid not null references roles (id),
  reach            text not null default 'publisher' check (reach in ('publisher', 'departments', 'own')),
  songwriter_id    uuid,
  status           text not null default 'active' check (status in ('active', 'suspended', 'removed')),
  is_primary       boolean not null default false,
  invited_by       uuid,
  joined_at        timestamptz not null default now(),
  ends_at          timestamptz,
  suspended_at     timestamptz,
  removed_at       timestamptz,
  last_accessed_at timestamptz,
  updated_at       timestamptz not null default now(),
  primary key (publisher_id, user_id),
  foreign key (publisher_id, songwriter_id) references songwriters (publisher_id, id),
  check (songwriter_id is not null or reach <> 'own')
);
create index user_publishers_user_idx on user_publishers (user_id);

-- Authority over a session lives here; the cookie store only holds its handle.
create table user_sessions (
  id                  uuid primary key,
  token_hash          bytea not null unique check (octet_length(token_hash) = 32),
  user_id             uuid not null references users (id) on delete cascade,
  auth_level          text not null default 'password' check (auth_level in ('password', 'mfa', 'passkey')),
  auth_at             timestamptz not null,
  created_at          timestamptz not null,
  last_seen_at        timestamptz not null,
  idle_expires_at     timestamptz not null,
  absolute_expires_at timestamptz not null,
  revoked_at          timestamptz,
  address             text,
  agent               text
);
create index user_sessions_user_idx on user_sessions (user_id, created_at);

insert into permissions (name, area, description) values
  ('publisher:read', 'Publisher', 'See the publisher and its dashboard'),
  ('publisher:update', 'Publisher', 'Change the publisher''s name and details'),
  ('publisher:settings', 'Publisher', 'Change settings'),
  ('publisher:branding', 'Publisher', 'Change logo and colours'),
  ('publisher:archive', 'Publisher', 'Archive the publisher'),
  ('members:read', 'Members', 'See members and invitations'),
  ('members:invite', 'Members', 'Invite people'),
  ('members:update', 'Members', 'Change a member''s role, suspend and restore'),
  ('members:remove', 'Members', 'Remove members'),
  ('roles:read', 'Roles', 'See roles and what they allow'),
  ('roles:manage', 'Roles', 'Create and change roles'),
  ('departments:manage', 'Departments', 'Create and change departments'),
  ('account:read', 'Account', 'See plan, seats and invoices'),
  ('account:billing', 'Account', 'Change billing details'),
  ('account:plan', 'Account', 'Change the plan'),
  ('usage:read', 'Account', 'See usage'),
  ('works:read', 'Works', 'See works and their splits'),
  ('works:create', 'Works', 'Add works'),
  ('works:update', 'Works', 'Change works'),
  ('works:delete', 'Works', 'Archive works'),
  ('works:shares', 'Works', 'Change controlled splits'),
  ('works:register', 'Works', 'Register works with societies'),
  ('songwriters:read', 'Songwriters', 'See songwriters'),
  ('songwriters:create', 'Songwriters', 'Add songwriters'),
  ('songwriters:update', 'Songwriters', 'Change songwriters'),
  ('songwriters:delete', 'Songwriters', 'Archive songwriters'),
  ('recordings:read', 'Recordings', 'See recordings'),
  ('recordings:create', 'Recordings', 'Add recordings'),
  ('recordings:update', 'Recordings', 'Change recordings'),
  ('recordings:delete', 'Recordings', 'Archive recordings'),
  ('imports:run', 'Imports and exports', 'Import works from files'),
  ('exports:run', 'Imports and exports', 'Export the catalogue'),
  ('audit:read', 'Audit', 'See the audit trail'),
  ('audit:export', 'Audit', 'Export the audit trail'),
  ('api_keys:manage', 'Connections', 'Manage API keys'),
  ('webhooks:manage', 'Connections', 'Manage webhooks'),
  ('sign_in_methods:manage', 'Security', 'Manage sign-in methods'),
  ('support:grant', 'Security', 'Let support staff in'),
  ('system:publishers', 'System', 'Administer all publishers'),
  ('system:users', 'System', 'Administer all users'),
  ('system:jobs', 'System', 'Administer jobs and mail');

insert into roles (id, key, name, description, parent_id, kind, position) values
  ('00000000-0000-7000-8000-000000000001', 'viewer', 'Viewer', 'Sees everything, changes nothing', null, 'system', 1),
  ('00000000-0000-7000-8000-000000000002', 'editor', 'Editor', 'Keeps works, songwriters and recordings', '00000000-0000-7000-8000-000000000001', 'system', 2),
  ('00000000-0000-7000-8000-000000000003', 'manager', 'Manager', 'Runs the catalogue: splits, registration, imports', '00000000-0000-7000-8000-000000000002', 'system', 3),
  ('00000000-0000-7000-8000-000000000004', 'admin', 'Admin', 'Runs the publisher: people, account, settings', '00000000-0000-7000-8000-000000000003', 'system', 4),
  ('00000000-0000-7000-8000-000000000005', 'api_user', 'API user', 'A program that edits the catalogue; sees no pages', '00000000-0000-7000-8000-000000000002', 'system', 5),
  ('00000000-0000-7000-8000-000000000006', 'creator', 'Creator', 'Sees own works only', null, 'template', 6),
  ('00000000-0000-7000-8000-000000000007', 'finance', 'Finance', 'Account and usage; reads the catalogue', '00000000-0000-7000-8000-000000000001', 'template', 7),
  ('00000000-0000-7000-8000-000000000008', 'department_admin', 'Department admin', 'Manager of people and catalogue in own departments', '00000000-0000-7000-8000-000000000003', 'template', 8);

insert into role_permissions (role_id, permission)
select r.id, p from (values
  ('viewer', array['publisher:read', 'members:read', 'roles:read', 'works:read', 'songwriters:read', 'recordings:read']),
  ('editor', array['works:create', 'works:update', 'songwriters:create', 'songwriters:update', 'recordings:create', 'recordings:update']),
  ('manager', array['works:delete', 'works:shares', 'works:register', 'songwriters:delete', 'recordings:delete', 'imports:run', 'exports:run', 'usage:read']),
  ('admin', array['publisher:update', 'publisher:settings', 'publisher:branding', 'publisher:archive', 'members:invite', 'members:update', 'members:remove',
    'roles:manage', 'departments:manage', 'account:read', 'account:billing', 'account:plan', 'audit:read', 'audit:export', 'api_keys:manage',
    'webhooks:manage', 'sign_in_methods:manage', 'support:grant']),
  ('creator', array['publisher:read', 'works:read', 'songwriters:read', 'recordings:read']),
  ('finance', array['account:read', 'account:billing', 'account:plan', 'usage:read']),
  ('department_admin', array['members:invite', 'members:update', 'members:remove'])
) as grants (key, names) join roles r using (key), unnest(names) p;

with recursive line as (
  select id as role, id as ancestor, parent_id from roles
  union all select line.role, r.id, r.parent_id from line join roles r on r.id = line.parent_id)
update roles set permissions = held.permissions
  from (select role, array_agg(distinct permission order by permission) as permissions from line join role_permissions on role_id = ancestor group by role) held
 where held.role = roles.id;

-- Row security ---------------------------------------------------------------------------------------------------------

alter table publishers force row level security;
create policy inside on publishers for all to ledgerline_app
  using (id = (select ctx.publisher()) and (select ctx.scope() <> 'none')) with check (id = (select ctx.publisher()) and (select ctx.scope() <> 'none'));
create policy invited on publishers for select to ledgerline_auth using (id = (select ctx.publisher()) and (select ctx.scope() = 'invitee'));
create policy directory on publishers for all to ledgerline_platform
  using ((select ctx.scope() in ('platform', 'worker'))) with check ((select ctx.scope() = 'platform'));
grant select, update on publishers to ledgerline_app;
grant select on publishers to ledgerline_auth;
grant select, insert, update on publishers to ledgerline_platform;

call ctx.protect('accounts');
create policy inside on accounts for select to ledgerline_app using ((select ctx.scope() <> 'none'));
create policy change on accounts for update to ledgerline_app
  using ((select ctx.may('account:plan')) or (select ctx.may('members:update'))) with check ((select ctx.may('account:plan')));
create policy invited on accounts for select to ledgerline_auth using ((select ctx.scope() = 'invitee'));
create policy invited_lock on accounts for update to ledgerline_auth using ((select ctx.scope() = 'invitee')) with check (false);
create policy directory on accounts for all to ledgerline_platform using ((select ctx.scope() = 'platform')) with check ((select ctx.scope() = 'platform'));
grant select, update on accounts to ledgerline_app, ledgerline_auth;
grant select, insert, update on accounts to ledgerline_platform;

call ctx.protect('users');
create policy own on users for all to ledgerline_auth using (id = (select ctx.user_id())) with check (id = (select ctx.user_id()));
-- Names of the people of the publisher one is in; who shares no publisher stays unseen.
create policy colleagues on users for select to ledgerline_app using (
  id = (select ctx.user_id())
  or ((select ctx.may('members:read')) and id in (select m.user_id from public.user_publishers m where m.publisher_id = (select ctx.publisher()))));
create policy directory on users for all to ledgerline_platform using ((select ctx.scope() = 'platform')) with check ((select ctx.scope() = 'platform'));
grant select (id, email, email_norm, full_name, is_system_admin, status, email_verified_at, last_login_at, last_publisher_id, created_at, updated_at) on users to ledgerline_app, ledgerline_platform;
grant select on users to ledgerline_auth;
grant insert (id, email, email_norm, full_name, password_hash, password_set_at, email_verified_at, created_at, updated_at) on users to ledgerline_auth;
grant update (email, email_norm, full_name, password_hash, password_set_at, email_verified_at, last_login_at, last_publisher_id, updated_at) on users to ledgerline_auth;
grant update (status, updated_at) on users to ledgerline_platform;

call ctx.protect('user_publishers');
create policy inside on user_publishers for select to ledgerline_app
  using (user_id = (select ctx.user_id()) or (select ctx.may('members:read')));
create policy change on user_publishers for update to ledgerline_app
  using ((select ctx.may('members:update')) or (select ctx.may('members:remove')))
  with check ((select ctx.may('members:update')) or (select ctx.may('members:remove')));
create policy invited_see on user_publishers for select to ledgerline_auth using ((select ctx.scope() = 'invitee'));
create policy invited_join on user_publishers for insert to ledgerline_auth
  with check ((select ctx.scope() = 'invitee') and user_id = (select ctx.user_id()));
create policy invited_return on user_publishers for update to ledgerline_auth
  using ((select ctx.scope() = 'invitee') and user_id = (select ctx.user_id()) and status = 'removed')
  with check ((select ctx.scope() = 'invitee') and user_id = (select ctx.user_id()));
grant select, update on user_publishers to ledgerline_app;
grant select, insert, update on user_publishers to ledgerline_auth;

call ctx.protect('user_sessions');
-- A person may list and end sessions, never lengthen one or turn it into another's; column grants see to the rest.
create policy own on user_sessions for select to ledgerline_auth using (user_id = (select ctx.user_id()));
create policy own_start on user_sessions for insert to ledgerline_auth with check (user_id = (select ctx.user_id()));
create policy own_end on user_sessions for update to ledgerline_auth
  using (user_id = (select ctx.user_id())) with check (user_id = (select ctx.user_id()) and revoked_at is not null);
grant select, insert on user_sessions to ledgerline_auth;
grant update (revoked_at) on user_sessions to ledgerline_auth;

-- Tables every publisher shares: read by all, written by migrations only.
do $$
declare t text;
begin
  foreach t in array array['permissions', 'roles', 'role_permissions'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy shared on %I for select to ledgerline_app, ledgerline_auth, ledgerline_platform using (true)', t);
    execute format('grant select on %I to ledgerline_app, ledgerline_auth, ledgerline_platform', t);
  end loop;
end $$;

-- Scopes are compared inside the sub-select: outside it the planner expects a hundredth of the rows, and sorts a whole
-- catalogue for the first page of it.
--
-- The catalogue. Works decide; what hangs on a work asks whether the work can be seen. The chain goes one way only,
-- so a creator's works come from a definer function and not from work_writers' own policy.
create function ctx.own_works() returns uuid[] language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$ select coalesce(array_agg(distinct w.work_id), '{}') from public.work_writers w
         where w.publisher_id = ctx.publisher() and w.songwriter_id = ctx.songwriter() and ctx.scope() = 'own' $$;
alter function ctx.own_works() owner to ledgerline_gate;
grant execute on function ctx.own_works() to ledgerline_app;
grant select (publisher_id, work_id, songwriter_id) on work_writers to ledgerline_gate;

call ctx.protect('works');
create policy whole on works for all to ledgerline_app
  using ((select ctx.scope() in ('publisher', 'visit'))) with check ((select ctx.scope() in ('publisher', 'visit')));
create policy own on works for select to ledgerline_app
  using ((select ctx.scope() = 'own') and id = any ((select ctx.own_works())::uuid[]));
grant select, insert, update on works to ledgerline_app;

call ctx.protect('work_writers');
create policy whole on work_writers for all to ledgerline_app
  using ((select ctx.scope() in ('publisher', 'visit'))) with check ((select ctx.scope() in ('publisher', 'visit')));
create policy own on work_writers for select to ledgerline_app
  using ((select ctx.scope() = 'own') and songwriter_id = (select ctx.songwriter()));
grant select, insert, update, delete on work_writers to ledgerline_app;

call ctx.protect('songwriters');
create policy staff on songwriters for all to ledgerline_app
  using ((select ctx.scope() in ('publisher', 'visit', 'departments'))) with check ((select ctx.scope() in ('publisher', 'visit', 'departments')));
create policy own on songwriters for select to ledgerline_app
  using ((select ctx.scope() = 'own') and id = (select ctx.songwriter()));
grant select, insert, update on songwriters to ledgerline_app;

call ctx.protect('recordings');
create policy whole on recordings for all to ledgerline_app
  using ((select ctx.scope() in ('publisher', 'visit'))) with check ((select ctx.scope() in ('publisher', 'visit')));
create policy own on recordings for select to ledgerline_app
  using ((select ctx.scope() = 'own') and work_id = any ((select ctx.own_works())::uuid[]));
grant select, insert, update on recordings to ledgerline_app;

call ctx.protect('recording_contributors');
create policy with_recording on recording_contributors for all to ledgerline_app
  using ((select ctx.scope() in ('publisher', 'visit')) or recording_id in (select r.id from public.recordings r where r.publisher_id = (select ctx.publisher())))
  with check ((select ctx.scope() in ('publisher', 'visit')) or recording_id in (select r.id from public.recordings r where r.publisher_id = (select ctx.publisher())));
grant select, insert, update, delete on recording_contributors to ledgerline_app;
