/* onboarding: what a new tenant does first, and how far it has come.
 *
 * The steps and what makes each of them done stand in one table. Whether it is
 * done is computed from what is there whenever somebody asks, so that it cannot
 * be wrong; `tenants.onboarding` keeps what was found last, and whether the
 * checklist was put away (dismissedAt).
 */
#ifndef ACCESS_ONBOARDING_H
#define ACCESS_ONBOARDING_H

#include <stdbool.h>

struct db;

struct onboarding_step {
    const char *key;          /* "profile": JSON's name */
    const char *title, *todo; /* one line, one sentence */
    const char *path, *needs; /* the page where it is done, and the permission that opens it */
};
enum { ONBOARDING_STEPS = 5 };
extern const struct onboarding_step onboarding_steps[ONBOARDING_STEPS];

struct onboarding {
    bool done[ONBOARDING_STEPS]; /* in the order of the steps */
    int count;                   /* of those done */
    bool dismissed;
    const char *status_reason;          /* NULL: none */
    const char *trial_ends_at;          /* PostgreSQL's text; NULL: no end */
    const char *verify_by;              /* NULL: verified, or made by an operator */
    const char *trial_left, *keep_left; /* days until then, begun ones count; NULL likewise */
};

/* Computes it for a tenant that db may see. false: db->error, or there is no such tenant (DB_OK).
 * WAITS. */
bool onboarding_read(struct db *db, const char *tenant_id, struct onboarding *out);

/* The same, and records it. dismiss: "true" puts the checklist away, "false" brings it back, NULL
 * leaves it. WAITS. */
bool onboarding_record(struct db *db, const char *tenant_id, const char *dismiss,
                       struct onboarding *out);

#endif
