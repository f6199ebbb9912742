-- The older catalogue service, as its customers run it: one schema, rows told apart by tenant_id.
-- Nothing here is to be improved: it is where their data comes from, and where it can go back to.

create table tenants (
  id              uuid primary key default gen_random_uuid(),
  name            text not null,
  subdomain       text not null unique,
  status          text not null default 'active' check (status in ('active', 'suspended', 'archived', 'trial')),
  plan_type       text not null default 'free' check (plan_type in ('free', 'starter', 'professional', 'enterprise')),
  settings        jsonb not null default '{}',
  additional_data jsonb not null default '{}',
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now()
);

create table songwriters (
  id         uuid primary key default gen_random_uuid(),
  tenant_id  uuid not null references tenants (id) on delete cascade,
  first_name text,
  last_name  text,
  stage_name text,
  ipi        text,
  society    text,
  contact    jsonb not null default '{}',
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index songwriters_tenant_idx on songwriters (tenant_id);

create table works (
  id               uuid primary key default gen_random_uuid(),
  tenant_id        uuid not null references tenants (id) on delete cascade,
  title            text not null,
  alternate_titles text[] not null default '{}',
  iswc             text,
  language         text,
  genre            text,
  duration_seconds integer,
  copyright_date   date,
  notes            text,
  created_by       uuid,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now()
);
create index works_tenant_idx on works (tenant_id);

create table work_writers (
  id            uuid primary key default gen_random_uuid(),
  tenant_id     uuid not null references tenants (id) on delete cascade,
  work_id       uuid not null references works (id) on delete cascade,
  songwriter_id uuid not null references songwriters (id),
  role          text,
  share         numeric(5, 2) check (share >= 0),
  created_by    uuid,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now()
);
create index work_writers_tenant_idx on work_writers (tenant_id);
create index work_writers_work_idx on work_writers (work_id);

create table recordings (
  id               uuid primary key default gen_random_uuid(),
  tenant_id        uuid not null references tenants (id) on delete cascade,
  title            text not null,
  isrc             text,
  artist           text,
  label            text,
  release_date     date,
  duration_seconds integer,
  work_id          uuid references works (id),
  created_by       uuid,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now()
);
create index recordings_tenant_idx on recordings (tenant_id);

create table recording_contributors (
  id           uuid primary key default gen_random_uuid(),
  tenant_id    uuid not null references tenants (id) on delete cascade,
  recording_id uuid not null references recordings (id) on delete cascade,
  name         text not null,
  role         text,
  created_by   uuid,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now()
);
create index recording_contributors_tenant_idx on recording_contributors (tenant_id);
