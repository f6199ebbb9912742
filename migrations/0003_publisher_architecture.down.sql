-- Back to tenants. What this migration added goes (people, roles, accounts, sessions); what it found stays, row for row.

do $$
declare p record;
begin
  for p in select schemaname, tablename, policyname from pg_policies where schemaname = 'public' loop
    execute format('drop policy %I on %I', p.policyname, p.tablename);
  end loop;
end $$;

alter table publishers add plan_type text not null default 'free';
update publishers p set plan_type = case a.plan_type when 'custom' then 'enterprise' else a.plan_type end
  from accounts a where a.publisher_id = p.id;
alter table publishers add constraint tenants_plan_type_check check (plan_type in ('free', 'starter', 'professional', 'enterprise'));

drop table user_sessions, user_publishers, role_permissions, roles, permissions, users, accounts;

alter table work_writers
  drop constraint work_writers_publisher_id_work_id_fkey, drop constraint work_writers_publisher_id_songwriter_id_fkey;
alter table recordings drop constraint recordings_publisher_id_work_id_fkey;
alter table recording_contributors drop constraint recording_contributors_publisher_id_recording_id_fkey;
drop index work_writers_work_idx, work_writers_songwriter_idx, recordings_work_idx, recording_contributors_recording_idx;
do $$
declare t text;
begin
  foreach t in array array['songwriters', 'works', 'work_writers', 'recordings', 'recording_contributors'] loop
    execute format('alter table %I no force row level security', t);
    execute format('alter table %I drop column updated_by', t);
    execute format('alter table %I drop constraint %I, add primary key (id)', t, t || '_pkey');
    execute format('alter table %I rename column publisher_id to tenant_id', t);
    execute format('alter table %I rename constraint %I to %I', t, t || '_publisher_id_fkey', t || '_tenant_id_fkey');
    execute format('create index %I on %I (tenant_id)', t || '_tenant_idx', t);
    execute format('revoke all on %I from ledgerline_app, ledgerline_auth, ledgerline_platform, ledgerline_gate', t);
  end loop;
end $$;

alter table work_writers
  drop constraint work_writers_share_check,
  alter column share type numeric(5, 2) using share / 100.0,
  add constraint work_writers_share_check check (share >= 0),
  add constraint work_writers_work_id_fkey foreign key (work_id) references works (id) on delete cascade,
  add constraint work_writers_songwriter_id_fkey foreign key (songwriter_id) references songwriters (id);
alter table recordings add constraint recordings_work_id_fkey foreign key (work_id) references works (id);
alter table recording_contributors
  add constraint recording_contributors_recording_id_fkey foreign key (recording_id) references recordings (id) on delete cascade;
create index work_writers_work_idx on work_writers (work_id);

revoke all on publishers from ledgerline_app, ledgerline_auth, ledgerline_platform;
alter table publishers no force row level security;
alter table publishers
  drop column publisher_type, drop column business_model, drop column branding, drop column tax_id, drop column business_license,
  drop column primary_contact_email, drop column support_email, drop column business_address;
alter table publishers rename constraint publishers_status_check to tenants_status_check;
alter table publishers rename constraint publishers_slug_key to tenants_subdomain_key;
alter table publishers rename constraint publishers_pkey to tenants_pkey;
alter table publishers rename column slug to subdomain;
alter table publishers rename to tenants;

drop schema ctx cascade;
revoke all on schema public from ledgerline_app, ledgerline_auth, ledgerline_platform, ledgerline_gate;
grant usage on schema public to public;
alter default privileges grant execute on functions to public;
do $$ begin
  execute format('revoke all on database %I from ledgerline_app, ledgerline_auth, ledgerline_platform', current_database());
  execute format('grant connect, temporary on database %I to public', current_database());
end $$;

do $$
declare t text;
begin
  foreach t in array array['songwriters', 'works', 'work_writers', 'recordings', 'recording_contributors'] loop
    execute format($p$create policy tenant_isolation on %I
      using (tenant_id::text = current_setting('app.current_tenant_id', true))$p$, t);
  end loop;
  create policy tenant_isolation on tenants using (id::text = current_setting('app.current_tenant_id', true));
end $$;
