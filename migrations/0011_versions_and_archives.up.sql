-- Songwriters and recordings count their changes as works do, so that the later of two people who edit one is told; and
-- lists of what is archived have an index for each of their orders.

alter table songwriters add version bigint not null default 1;
alter table recordings add version bigint not null default 1;

create index works_archived_title_idx on works (publisher_id, title_key, id) where archived_at is not null;
create index works_archived_updated_idx on works (publisher_id, updated_at desc, id) where archived_at is not null;
create index songwriters_archived_idx on songwriters (publisher_id, name_key, id) where archived_at is not null;
create index recordings_archived_idx on recordings (publisher_id, title_key, id) where archived_at is not null;
