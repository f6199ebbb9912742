-- The older service's row security, in its own words: the tenant compared as text.
do $$
declare t text;
begin
  foreach t in array array['songwriters', 'works', 'work_writers', 'recordings', 'recording_contributors'] loop
    execute format('alter table %I enable row level security', t);
    execute format($p$create policy tenant_isolation on %I
      using (tenant_id::text = current_setting('app.current_tenant_id', true))$p$, t);
  end loop;
  alter table tenants enable row level security;
  create policy tenant_isolation on tenants using (id::text = current_setting('app.current_tenant_id', true));
end $$;
