-- When the text of a note was changed last.
alter table everyone.deal_notes add column edited_at timestamptz;
