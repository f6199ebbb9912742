drop table recording_contributors, recordings, work_writers, works, songwriters, tenants;
