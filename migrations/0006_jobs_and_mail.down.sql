drop function ctx.job_actor(uuid, uuid);
drop table local_mailbox, outbox, jobs;
