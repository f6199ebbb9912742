alter table works drop column import_id;
drop table import_rows, import_files, imports;
