-- Work for later, and mail: rows written in the transaction that causes them, done by a worker that may die.
-- They belong to no publisher (a worker serves all), so the publisher they are for is only a note.

create table jobs (
  id            uuid primary key,
  kind          text not null,
  for_publisher uuid,
  for_user      uuid, -- whose rights it acts with
  payload       jsonb not null default '{}',
  run_at        timestamptz not null,
  created_at    timestamptz not null,
  attempts      integer not null default 0,
  locked_until  timestamptz,
  last_error    text,
  finished_at   timestamptz,
  outcome       text check (outcome in ('done', 'gave_up'))
);
create index jobs_due_idx on jobs (run_at) where finished_at is null;
call ctx.protect('jobs');
create policy enqueue on jobs for insert to ledgerline_app with check (for_publisher = (select ctx.publisher()) and (select ctx.scope() <> 'none'));
create policy enqueue_own on jobs for insert to ledgerline_auth with check ((select ctx.scope() in ('person', 'door', 'invitee')));
create policy work on jobs for all to ledgerline_platform
  using ((select ctx.scope() in ('worker', 'platform'))) with check ((select ctx.scope() in ('worker', 'platform')));
grant insert on jobs to ledgerline_app, ledgerline_auth;
grant select, insert, update, delete on jobs to ledgerline_platform;

create table outbox (
  id            uuid primary key,
  for_publisher uuid,
  to_address    text not null,
  subject       text not null,
  sealed        bytea, -- the message with its links, encrypted; wiped once it is sent
  state         text not null default 'queued' check (state in ('queued', 'sent', 'failed')),
  attempts      integer not null default 0,
  last_error    text,
  created_at    timestamptz not null,
  sent_at       timestamptz
);
call ctx.protect('outbox');
create policy post on outbox for insert to ledgerline_app with check (for_publisher = (select ctx.publisher()) and (select ctx.scope() <> 'none'));
create policy see on outbox for select to ledgerline_app using (for_publisher = (select ctx.publisher()) and (select ctx.may('members:read')));
create policy post_own on outbox for insert to ledgerline_auth with check ((select ctx.scope() in ('person', 'door', 'invitee')));
create policy work on outbox for all to ledgerline_platform
  using ((select ctx.scope() in ('worker', 'platform'))) with check ((select ctx.scope() in ('worker', 'platform')));
grant insert on outbox to ledgerline_app, ledgerline_auth;
grant select (id, for_publisher, to_address, subject, state, attempts, last_error, created_at, sent_at) on outbox to ledgerline_app;
grant select, insert, update, delete on outbox to ledgerline_platform;

-- Where mail lands when no SMTP server is configured; the page /dev/mail shows it.
create table local_mailbox (
  id         uuid primary key,
  to_address text not null,
  subject    text not null,
  text_body  text not null,
  html_body  text not null,
  arrived_at timestamptz not null
);
call ctx.protect('local_mailbox');
create policy work on local_mailbox for all to ledgerline_platform using ((select ctx.scope() = 'worker')) with check ((select ctx.scope() = 'worker'));
grant select, insert, delete on local_mailbox to ledgerline_platform;

-- Whose rights a job acts with: enough to open the gate by the usual way.
create function ctx.job_actor(p_publisher uuid, p_user uuid) returns table (slug text, name text, email text, is_system_admin boolean)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select p.slug, u.full_name, u.email, u.is_system_admin from public.publishers p, public.users u where p.id = p_publisher and u.id = p_user $$;
alter function ctx.job_actor(uuid, uuid) owner to ledgerline_gate;
grant execute on function ctx.job_actor(uuid, uuid) to ledgerline_platform;
