/* quota: the API calls a day that a tenant's plan allows.
 *
 * They are counted in the tenant's row (tenant_quotas), not with each call: a
 * process is granted some in advance where there is a limit, and brings what it
 * served some seconds later where there is none. All processes together never
 * serve one too many; what a process was granted and does not use it gives back.
 */
#ifndef ACCESS_QUOTA_H
#define ACCESS_QUOTA_H

#include <stdbool.h>

struct cx;

/* Counts this call for cx's tenant. false: 403 quota_exceeded with the numbers and Retry-After
 * until the next day (UTC) begins. WAITS now and then. */
bool quota_count_call(struct cx *cx);

#endif
