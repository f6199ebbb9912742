-- The picker says why a publisher cannot be opened: it learns the role's key, because a role for programs opens no pages,
-- and of archived publishers; a membership that has ended is none.
drop function ctx.my_publishers();
create function ctx.my_publishers(p_now timestamptz)
returns table (id uuid, slug text, name text, kind text, status text, role_key text, role text, member_status text, last_accessed_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select p.id, p.slug, p.name, p.publisher_type, p.status, r.key, r.name, m.status, m.last_accessed_at
    from public.user_publishers m join public.publishers p on p.id = m.publisher_id join public.roles r on r.id = m.role_id
   where m.user_id = ctx.user_id() and m.status <> 'removed' and (m.ends_at is null or m.ends_at > p_now) order by lower(p.name), p.id $$;
alter function ctx.my_publishers(timestamptz) owner to ledgerline_gate;
grant execute on function ctx.my_publishers(timestamptz) to ledgerline_auth;

-- As in 0012, but for an earlier link of an invitation that is over: it says so instead of pointing to the latest mail.
create or replace function ctx.enter_invitation(p_hash bytea, p_user uuid, p_now timestamptz) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare inv record;
begin
  perform set_config('app.publisher_id', '', true), set_config('app.scope', 'none', true), set_config('app.invitation_id', '', true),
          set_config('app.user_id', coalesce(p_user::text, ''), true);
  select i.*, p.name as publisher_name, p.slug as publisher_slug, p.status as publisher_status, p.branding, r.name as role_name, r.key as role_key, u.full_name as inviter,
         d.name as department
    into inv
    from public.invitations i join public.publishers p on p.id = i.publisher_id join public.roles r on r.id = i.role_id
    left join public.users u on u.id = i.invited_by
    left join public.departments d on d.publisher_id = i.publisher_id and d.id = i.department_id
   where i.token_hash = p_hash;
  if not found then
    -- A newer link is worth looking for only while the invitation stands.
    return (select jsonb_build_object('state', case when i.revoked_at is not null then 'revoked' when i.accepted_at is not null then 'accepted' else 'replaced' end, 'publisher', p.name, 'email', i.email)
              from public.invitations i join public.publishers p on p.id = i.publisher_id where i.replaced_hashes @> array[p_hash] limit 1);
  end if;
  perform set_config('app.publisher_id', inv.publisher_id::text, true), set_config('app.scope', 'invitee', true),
          set_config('app.invitation_id', inv.id::text, true);
  return jsonb_build_object(
    -- What the inviter may no longer grant, their link no longer grants.
    'state', case when inv.revoked_at is not null then 'revoked' when inv.accepted_at is not null then 'accepted'
                  when inv.id not in (select ctx.backed_invitations(p_now)) then 'unbacked'
                  when inv.expires_at <= p_now then 'lapsed' when inv.publisher_status in ('suspended', 'archived') then 'closed' else 'open' end,
    'id', inv.id, 'publisher_id', inv.publisher_id, 'publisher', inv.publisher_name, 'slug', inv.publisher_slug,
    'email', inv.email, 'email_norm', inv.email_norm, 'role_id', inv.role_id, 'role', inv.role_name, 'role_key', inv.role_key,
    'reach', inv.reach, 'department_id', inv.department_id, 'department', inv.department, 'songwriter_id', inv.songwriter_id,
    'message', inv.message, 'inviter', inv.inviter, 'invited_by', inv.invited_by, 'expires_at', inv.expires_at, 'accepted_by', inv.accepted_by,
    'known_person', exists (select from public.users u where u.email_norm = inv.email_norm));
end $$;
