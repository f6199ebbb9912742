-- The session and the gate in one question: a page inside a publisher asks the database once who is asking and whether
-- they may enter. The answer is the gate's, with the person beside it; without a live session there is none to enter for.
create function ctx.enter_by_session(p_slug text, p_hash bytea, p_permission text, p_write boolean, p_now timestamptz) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  person jsonb := ctx.session(p_hash, p_now);
begin
  if person is null then
    perform set_config('app.scope', 'none', true), set_config('app.publisher_id', '', true);
    return jsonb_build_object('state', 'signed_out');
  end if;
  return ctx.enter(p_slug, (person ->> 'user_id')::uuid, p_permission, p_write, p_now) || jsonb_build_object('person', person);
end $$;
alter function ctx.enter_by_session(text, bytea, text, boolean, timestamptz) owner to ledgerline_gate;
grant execute on function ctx.enter_by_session(text, bytea, text, boolean, timestamptz) to ledgerline_app;
