-- What demo::many leaves out: people, invitations, usage and a trail, for the front page to count.

insert into users (id, email, email_norm, full_name, created_at, updated_at)
select gen_random_uuid(), address, address, 'Member ' || n, now(), now()
  from (select n, 'member-' || n || '@bulk-1.test' as address from generate_series(1, 24) n) people;
insert into user_publishers (publisher_id, user_id, role_id, is_primary, joined_at, updated_at)
select p.id, u.id, r.id, true, now(), now()
  from users u, publishers p, roles r where u.email like 'member-%' and p.slug = 'bulk-1' and r.key = 'editor';

insert into invitations (publisher_id, id, email, email_norm, role_id, token_hash, invited_by, created_at, sent_at, expires_at)
select p.id, gen_random_uuid(), address, address, r.id, sha256(address::bytea), m.user_id, now(), now(), now() + (n - 3) * interval '1 day'
  from (select n, 'invited-' || n || '@bulk-1.test' as address from generate_series(1, 6) n) invited,
       publishers p, roles r, lateral (select user_id from user_publishers where publisher_id = p.id limit 1) m
 where p.slug = 'bulk-1' and r.key = 'viewer';

insert into usage_daily (publisher_id, meter, day, quantity)
select p.id, meter, day, 1000 + 137 * extract(day from day)::bigint
  from publishers p, unnest(array['api_calls', 'storage_bytes', 'works_created', 'works_updated', 'active_people']) meter,
       generate_series(current_date - 400, current_date, '1 day') day;

insert into audit_entries (publisher_id, id, at, actor_id, actor_name, action, object_type, object_id, object_name)
select publisher_id, id, created_at, created_by, 'Admin', 'work.created', 'work', id, title from works;

-- pgbench has one connection where the program has one for people and one for the catalogue.
grant execute on function ctx.session(bytea, timestamptz) to ledgerline_app;
