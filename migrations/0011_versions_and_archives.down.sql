drop index works_archived_title_idx, works_archived_updated_idx, songwriters_archived_idx, recordings_archived_idx;
alter table songwriters drop column version;
alter table recordings drop column version;
