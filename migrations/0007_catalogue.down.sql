drop table search_words, catalogue_totals, number_series;
drop index works_number_idx, songwriters_number_idx, works_title_idx, works_updated_idx, songwriters_name_idx, songwriters_ipi_idx, recordings_title_idx, works_iswc_idx, works_unbalanced_idx;
alter table recordings drop column title_key, drop column archived_at;
alter table work_writers drop column controlled, drop column position;
alter table works drop column work_number, drop column version_type, drop column title_key, drop column shares_total, drop column credits, drop column version, drop column archived_at;
alter table songwriters drop column writer_number, drop column ipi_base, drop column notes, drop column name_key, drop column archived_at;
drop function ctx.credits_total(jsonb);
