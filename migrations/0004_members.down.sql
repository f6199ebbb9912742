drop function ctx.directory(text, text, uuid, integer), ctx.enter_platform(uuid), ctx.credential(text), ctx.session(bytea, timestamptz),
  ctx.enter_invitation(bytea, uuid, timestamptz), ctx.my_publishers(), ctx.enter(text, uuid, text, boolean, timestamptz);
drop index publishers_name_idx;
revoke all on publishers, user_publishers, users, roles, role_permissions, accounts, user_sessions from ledgerline_gate;
drop policy not_own on user_publishers;
drop policy within_departments on user_publishers;
drop policy departments on works;
drop policy departments on work_writers;
drop policy departments on recordings;
drop index works_department_idx;
alter table works drop column department_id;
drop table visits, invitations, user_departments, departments;
drop function ctx.invitation();
