drop function ctx.enter_by_session(text, bytea, text, boolean, timestamptz);
