drop function ctx.fold_usage(timestamptz);
drop table usage_daily, usage_events;
