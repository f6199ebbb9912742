drop function ctx.enter_password_link(bytea, timestamptz), ctx.touch_sessions(uuid[], timestamptz[], interval), ctx.touch_members(uuid[], uuid[], timestamptz[]);
drop table password_links, sign_in_throttle;
drop schema tower_sessions cascade;
revoke all on user_sessions from ledgerline_gate;
grant select on user_sessions to ledgerline_gate;
revoke update (last_accessed_at) on user_publishers from ledgerline_gate;
revoke update (last_publisher_id) on users from ledgerline_gate;
