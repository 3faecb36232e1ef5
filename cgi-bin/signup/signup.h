/* signup: what the files of this area share. */
#ifndef SIGNUP_H
#define SIGNUP_H

#include "api/area.h"

struct cx;

extern const struct settings_section signup_sections[]; /* one: "signup" */
extern const struct field signup_fields[];
extern const struct route signup_routes[]; /* /api/signup */
extern const struct route signup_pages[];  /* /signup */

/* A tenant that was just made, with its owner. */
struct signup {
    char tenant_id[UUID_SIZE], user_id[UUID_SIZE];
    const char *slug, *url;
    const char *trial_ends_at, *verify_by; /* PostgreSQL's text */
    const char *ticket;                    /* a secret: the way in (access/ticket.h) */
};

/* Makes a tenant of what was typed (signup_fields in cx->input): tenant, owner,
 * role, link and e-mail, all or nothing. cx->db is of the platform role. false:
 * 403 signup_off, 422, 409 slug_taken or slug_reserved, 429 too_many_signups. WAITS. */
bool signup_register(struct cx *cx, struct signup *out);

#endif
