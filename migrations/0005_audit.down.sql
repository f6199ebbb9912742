drop table security_events, audit_entries;
