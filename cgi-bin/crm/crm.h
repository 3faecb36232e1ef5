/* crm: what the files of this area share. */
#ifndef CRM_H
#define CRM_H

#include "api/area.h"
#include "resource/board.h"
#include "resource/custom.h"

extern const struct resource leads, contacts, companies, deals, deal_lines, deal_notes, activities,
    pipelines, stages, exchange_rates, assignment_rules;
extern const struct action lead_convert;
extern const struct route crm_timeline_routes[];
extern const struct job_kind activity_reminder_job;
extern const struct notification_kind notice_activity_due;
/* Adds the job that reminds the owner before the activity is due, in the open transaction. WAITS;
 * false: the failure is set. */
bool activity_plan_reminder(struct cx *cx, const char *id);
#define DEAL_AMOUNTS                                                                               \
    "crm.deals:amounts" /* to see what a deal is worth, and to change that and its chance */
#define LEAD_SOURCES                                                                               \
    CHOICES("website", "referral", "social", "email", "phone", "event", "partner", "other")
#define LEAD_REOPEN "crm.leads:reopen" /* to take back that one became a customer */

#endif
