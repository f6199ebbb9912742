-- What a publisher uses: events appended without a hot row, folded into days by a job.

create table usage_events (
  publisher_id uuid not null references publishers (id) on delete cascade,
  id           uuid not null,
  meter        text not null check (meter in ('api_calls', 'storage_bytes', 'works_created', 'works_updated', 'active_people')),
  quantity     bigint not null,
  at           timestamptz not null,
  primary key (publisher_id, id)
);
create table usage_daily (
  publisher_id uuid not null references publishers (id) on delete cascade,
  meter        text not null check (meter in ('api_calls', 'storage_bytes', 'works_created', 'works_updated', 'active_people')),
  day          date not null,
  quantity     bigint not null,
  primary key (publisher_id, meter, day)
);
call ctx.protect('usage_events');
create policy append on usage_events for insert to ledgerline_app with check ((select ctx.scope() <> 'none'));
grant insert on usage_events to ledgerline_app;
call ctx.protect('usage_daily');
create policy see on usage_daily for select to ledgerline_app using ((select ctx.may('publisher:read')) and (select ctx.scope() <> 'own'));
grant select on usage_daily to ledgerline_app;

-- Folds events up to a moment into days and drops them; run twice, or by two at once, it counts once.
create function ctx.fold_usage(p_until timestamptz) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare n bigint;
begin
  if ctx.scope() <> 'worker' then raise exception 'usage is folded by the worker only'; end if;
  with gone as (delete from public.usage_events where at < p_until returning publisher_id, meter, quantity, at),
  days as (select publisher_id, meter, (at at time zone 'UTC')::date as day, sum(quantity) as quantity from gone group by 1, 2, 3)
  insert into public.usage_daily as d (publisher_id, meter, day, quantity) select publisher_id, meter, day, quantity from days
  on conflict (publisher_id, meter, day) do update set quantity = d.quantity + excluded.quantity;
  get diagnostics n = row_count;
  return n;
end $$;
alter function ctx.fold_usage(timestamptz) owner to ledgerline_gate;
grant select, delete on usage_events to ledgerline_gate;
grant select, insert, update on usage_daily to ledgerline_gate;
grant execute on function ctx.fold_usage(timestamptz) to ledgerline_platform;
