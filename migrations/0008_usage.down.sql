drop function ctx.fold_usage(uuid, timestamptz);
drop table usage_daily, usage_events;
