-- Why a deal was lost: asked for in a stage of that kind.
alter table everyone.deals add column lost_reason text check (length(lost_reason) <= 500);
update everyone.deals d
set lost_reason = 'Not known'
from everyone.stages s
where s.tenant_id = d.tenant_id and s.id = d.stage_id and s.kind = 'lost';
