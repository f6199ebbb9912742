-- Jobs that work long hold nobody's membership while they do, and say when nobody is at them.

-- Enters as ctx.enter does, without holding the membership for the rest of the transaction: whoever changes it must not
-- wait for a file to be written. A job asks ctx.enter itself right before it commits.
create function ctx.enter_unheld(p_slug text, p_user uuid, p_permission text, p_write boolean, p_now timestamptz) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  names constant text[] := array['app.publisher_id', 'app.user_id', 'app.scope', 'app.permissions', 'app.department_ids', 'app.songwriter_id'];
  opened text[]; answer jsonb;
begin
  begin
    answer := ctx.enter(p_slug, p_user, p_permission, p_write, p_now);
    select array_agg(coalesce(current_setting(n.name, true), '') order by n.place) into opened from unnest(names) with ordinality n (name, place);
    raise exception 'lets go of the membership' using errcode = 'LL001'; -- row locks end with the block that took them
  exception when sqlstate 'LL001' then
    perform set_config(n.name, n.value, true) from unnest(names, opened) n (name, value);
  end;
  return answer;
end $$;
alter function ctx.enter_unheld(text, uuid, text, boolean, timestamptz) owner to ledgerline_gate;
grant execute on function ctx.enter_unheld(text, uuid, text, boolean, timestamptz) to ledgerline_app;

-- Whether a step of an import of the publisher at hand was begun and has nobody at it: its attempt failed, or its lease ends
-- before p_renewed, as that of a worker that died.
create function ctx.import_restarts(p_import uuid, p_run integer, p_renewed timestamptz) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select exists (select from public.jobs where for_publisher = ctx.publisher() and kind in ('imports.read', 'imports.write') and finished_at is null
    and attempts > 0 and (locked_until is null or locked_until < p_renewed)
    and payload ->> 'import' = p_import::text and (payload ->> 'run')::integer = p_run) $$;
alter function ctx.import_restarts(uuid, integer, timestamptz) owner to ledgerline_gate;
grant select (for_publisher, kind, payload, attempts, locked_until, finished_at) on jobs to ledgerline_gate;
grant execute on function ctx.import_restarts(uuid, integer, timestamptz) to ledgerline_app;
