-- The trail: what changed in a publisher, and what happened to a person's own account. Written, never changed.

create table audit_entries (
  publisher_id uuid not null references publishers (id) on delete cascade,
  id           uuid not null, -- v7: the order of things
  at           timestamptz not null,
  actor_id     uuid,
  actor_name   text not null, -- survives the person
  visit_id     uuid,
  action       text not null,
  object_type  text not null,
  object_id    uuid,
  object_name  text not null default '',
  detail       jsonb not null default '{}',
  address      text,
  primary key (publisher_id, id)
);
create index audit_entries_object_idx on audit_entries (publisher_id, object_id, id);
call ctx.protect('audit_entries');
create policy write on audit_entries for insert to ledgerline_app with check ((select ctx.scope() <> 'none'));
create policy see on audit_entries for select to ledgerline_app using ((select ctx.may('publisher:read')) and (select ctx.scope() <> 'own'));
create policy invited on audit_entries for insert to ledgerline_auth with check ((select ctx.scope() = 'invitee'));
create policy directory on audit_entries for insert to ledgerline_platform with check ((select ctx.scope() = 'platform'));
grant select, insert on audit_entries to ledgerline_app;
grant insert on audit_entries to ledgerline_auth, ledgerline_platform;

create table security_events (
  id       uuid primary key,
  at       timestamptz not null,
  user_id  uuid, -- whom it is about, when known
  actor_id uuid,
  action   text not null,
  detail   jsonb not null default '{}',
  address  text,
  agent    text
);
create index security_events_user_idx on security_events (user_id, id);
call ctx.protect('security_events');
create policy own on security_events for select to ledgerline_auth using (user_id = (select ctx.user_id()));
create policy write on security_events for insert to ledgerline_auth with check ((select ctx.scope() in ('person', 'door', 'invitee')));
create policy denied on security_events for insert to ledgerline_app with check (actor_id = (select ctx.user_id()));
create policy directory on security_events for all to ledgerline_platform
  using ((select ctx.scope() = 'platform')) with check ((select ctx.scope() = 'platform'));
grant select, insert on security_events to ledgerline_auth, ledgerline_platform;
grant insert on security_events to ledgerline_app;
