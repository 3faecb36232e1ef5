-- PostgreSQL puts a function of SQL into the statement that calls it only where it promises no
-- more than what it is made of: jsonb_build_object is stable. Called as they stood, these read
-- their own text anew in each transaction, a seventh of what an event cost.
alter function house.event_row(text, jsonb) stable;
alter function house.event_masked(jsonb, text, text[]) stable;
alter function house.event_difference(jsonb, jsonb, text[]) stable;
alter function house.event_changes(text, jsonb, jsonb) stable;
