/* resume: a job goes on with what somebody began: as them, within the rights that they came with
 * and only as far as they still have them. */
#ifndef ACCESS_RESUME_H
#define ACCESS_RESUME_H

#include <stdbool.h>

struct cx;
struct json;
struct json_object;

/* Who is signed in, as a JSON object to be kept with the work. */
void session_keep(struct cx *cx, struct json *json);

/* Fills cx->tenant, session and language from it and lets cx->db act as them. The cx is a job's,
 * its db the job's. false with the failure set: their account or key is closed, or their tenant
 * is not active. WAITS. */
bool session_resume(struct cx *cx, struct json_object *kept);

#endif
