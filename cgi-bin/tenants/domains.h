/* domains: what the files about domains of a tenant's own share. */
#ifndef TENANTS_DOMAINS_H
#define TENANTS_DOMAINS_H

#include <stdbool.h>

#include "job/job.h"
#include "notify/notify.h"
#include "resource/field.h"

struct arena;
struct cx;
struct db;
struct rows;

/* A domain as the API shows it; the statements below answer these columns. */
enum domain_column {
    DOMAIN_ID,
    DOMAIN_NAME,
    DOMAIN_PRIMARY,
    DOMAIN_STATE,
    DOMAIN_RECORD,
    DOMAIN_TOKEN,
    DOMAIN_URL,
    DOMAIN_VERIFIED_AT,
    DOMAIN_LOST_AT,
    DOMAIN_CHECKED_AT,
    DOMAIN_NEXT_AT,
    DOMAIN_PROBLEM,
    DOMAIN_CREATED_AT
};
extern const struct field domain_fields[];

/* ---- domains.c: each works on the tenant that db is set to ---- */
/* NULL: db->error. WAITS. */
struct rows *domains_all(struct db *db);
/* One; 404 when there is none. WAITS. */
struct rows *domain_find(struct cx *cx, const char *id);
/* NULL with the failure set: 422 of the field domain, 409 domain_exists. WAITS. */
struct rows *domain_add(struct cx *cx, const char *typed);
bool domain_remove(struct cx *cx, const char *id);
/* 409 domain_unverified. WAITS. */
bool domain_make_primary(struct cx *cx, const char *id);

/* ---- domain_proof.c ---- */
#define DOMAIN_PROOF_PATH "/.well-known/tulou-verification"

enum proof { PROOF_NONE, PROOF_THERE, PROOF_UNKNOWN /* nobody could tell */ };

/* Whether the DNS or the site of a domain shows the token; if not, *problem is a
 * sentence as base/sentence.h keeps it. Takes up to about 20 seconds. WAITS. */
enum proof domain_prove(struct arena *arena, const char *domain, const char *token,
                        const char **problem);

/* ---- domain_checks.c ---- */
/* Looks for the proof now and keeps what came of it: 409 domain_unproved, 409
 * domain_taken, 429 when asked too often. WAITS. */
bool domain_verify(struct cx *cx, const char *id);

extern const struct job_kind domain_check_job; /* of one domain */
extern const struct job_kind domains_due_job;  /* adds those whose time has come */
extern const struct notification_kind notice_domain;

#endif
