-- Contacts, companies and deals have attachments, as leads do.
call house.has_files('contacts');
call house.has_files('companies');
call house.has_files('deals');
