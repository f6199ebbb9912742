do $$
declare t text;
begin
  foreach t in array array['tenants', 'songwriters', 'works', 'work_writers', 'recordings', 'recording_contributors'] loop
    execute format('drop policy tenant_isolation on %I', t);
    execute format('alter table %I disable row level security', t);
  end loop;
end $$;
