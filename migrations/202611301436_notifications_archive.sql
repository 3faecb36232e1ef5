-- What somebody put away is listed no more; it goes with the others after half a year.
alter table everyone.notifications add column archived_at timestamptz;
