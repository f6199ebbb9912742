drop function ctx.import_restarts(uuid, integer, timestamptz);
revoke select (for_publisher, kind, payload, attempts, locked_until, finished_at) on jobs from ledgerline_gate;
drop function ctx.enter_unheld(text, uuid, text, boolean, timestamptz);
