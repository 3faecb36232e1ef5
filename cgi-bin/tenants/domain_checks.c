/* domain_checks: looking for the proof of a domain, when asked and by the clock,
 * and telling the owners what became of it. */
#include <string.h>

#include "access/shared.h"
#include "access/tenant.h"
#include "base/sentence.h"
#include "base/text.h"
#include "domains.h"
#include "http/cx.h"
#include "tenants.h"

enum { ASKED_A_MINUTE = 10, CHECK_S = 60 };

STATEMENT(checks_store, "select house.domain_checked($1::uuid, $2::uuid, $3::bool, $4, $5::bool)",
          DB_WRITES);

STATEMENT(checks_domain,
          "select domain, verification_token\n"
          "from tenant_domains\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          0);

STATEMENT(checks_owners,
          "select u.id\n"
          "from user_roles r\n"
          "join users u on u.tenant_id = r.tenant_id and u.id = r.user_id\n"
          "where r.tenant_id = $1::uuid and r.role_key in ('owner', 'reseller_admin')\n"
          "and u.status = 'active'\n"
          "order by u.id\n"
          "limit 20",
          0);

/* As many at once as can be looked for until the schedule's next turn. */
STATEMENT(checks_due,
          "insert into jobs (tenant_id, kind, queue, payload, key, attempts)\n"
          "select c.tenant_id, $1, $2, jsonb_build_object('domain', c.id), c.id::text, $3::int\n"
          "from domain_checks c\n"
          "join tenants t on t.id = c.tenant_id and t.deleted_at is null\n"
          "where c.next_at <= now()\n"
          "order by c.next_at\n"
          "limit 500\n"
          "on conflict (tenant_id, kind, key)\n"
          "    where key is not null and state in ('ready', 'scheduled', 'paused')\n"
          "do nothing",
          DB_WRITES | DB_ON_PLATFORM);

const struct notification_kind notice_domain = {
    "tenants.domain", "Domains", "A domain of yours was verified, or its proof is gone.", true};

struct check {
    const char *tenant_id, *id, *domain;
    enum proof proof;
    const char *problem;
    bool asked;
};

/* ---- what became of it ---- */

static bool describe(struct cx *cx, const struct check *check, const char *outcome,
                     struct notification *out)
{
    *out = (struct notification){.link = arena_printf(cx->arena, "/admin/domains/%s", check->id),
                                 .about = check->domain};
    if (text_equal(outcome, "verified")) {
        out->title = "%s is verified";
        out->body = "It leads to your workspace now, as soon as its address points here.";
    } else if (text_equal(outcome, "found")) {
        out->title = "%s is proved again";
        out->body = "The record that was gone is back.";
    } else if (text_equal(outcome, "lost")) {
        out->title = "The proof of %s is gone";
        out->body = "Put the record back within 14 days, else the domain is no longer yours here. "
                    "Links in mails lead to another address meanwhile.";
    } else if (text_equal(outcome, "dropped")) {
        out->title = "%s is no longer verified";
        out->body = "Its proof was gone for two weeks. Prove it again to use it.";
    }
    return out->title != NULL;
}

static bool tell_owners(struct cx *cx, struct db *db, const struct check *check,
                        const char *outcome)
{
    struct notification notice;
    if (!describe(cx, check, outcome, &notice))
        return true;
    struct rows *rows = db_get(db, &checks_owners, check->tenant_id);
    for (size_t i = 0; rows && i < rows_count(rows); i++)
        if (!notify_user(cx, db, check->tenant_id, rows_text(rows, i, 0), &notice_domain, &notice))
            return false;
    return rows != NULL;
}

static struct rows *run_store(struct db *db, const struct check *check, const char *proof,
                              const char *problem)
{
    return db_get(db, &checks_store, check->tenant_id, check->id, proof, problem,
                  check->asked ? "true" : "false");
}

/* Another tenant has it: that is the answer to our look. The failure stays. */
static void note_taken(struct db *db, const struct check *check)
{
    struct db_error error = db->error;
    run_store(db, check, "false", "Another tenant has proved that this domain is theirs.");
    db->error = error;
}

/* false with the failure set. */
static bool store(struct cx *cx, struct db *db, const struct check *check)
{
    static const char *const words[] = {
        [PROOF_NONE] = "false", [PROOF_THERE] = "true", [PROOF_UNKNOWN] = NULL};
    bool begun = db_begin(db);
    struct rows *rows = begun ? run_store(db, check, words[check->proof], check->problem) : NULL;
    if (rows && tell_owners(cx, db, check, rows_text(rows, 0, 0)) && db_commit(db)) {
        tenant_changed(db, check->tenant_id);
        return true;
    }
    db_rollback(db);
    if (!rows && db->error.status == DB_RAISED)
        note_taken(db, check);
    cx->db.error = db->error;
    return cx->failure.status ? false : fail_db(cx);
}

/* ---- when asked ---- */

static bool not_too_often(struct cx *cx, const char *id)
{
    struct limit_state state;
    if (shared_limit(arena_printf(cx->arena, "domain:%s", id), ASKED_A_MINUTE, ASKED_A_MINUTE,
                     &state))
        return true;
    response_header_set(cx, "Retry-After",
                        arena_printf(cx->arena, "%lld", (long long)state.retry_s + 1));
    return fail(cx, 429, "rate_limited", "We have looked just now; try again in a moment.");
}

bool domain_verify(struct cx *cx, const char *id)
{
    struct rows *rows = domain_find(cx, id);
    if (!rows || !not_too_often(cx, id))
        return false;
    struct check check = {.tenant_id = cx->db.tenant_id,
                          .id = id,
                          .domain = rows_text(rows, 0, DOMAIN_NAME),
                          .asked = true};
    check.proof =
        domain_prove(cx->arena, check.domain, rows_text(rows, 0, DOMAIN_TOKEN), &check.problem);
    if (!store(cx, &cx->db, &check))
        return false;
    return check.proof == PROOF_THERE ||
           fail(cx, 409, "domain_unproved", "%s",
                sentence_read(cx->arena, cx->language, check.problem));
}

/* ---- by the clock ---- */

static bool check_one(struct job *job)
{
    const char *id = job_text(job, "domain");
    struct cx cx = {.arena = job->arena};
    struct rows *rows = db_get(job->db, &checks_domain, job->tenant_id, id);
    if (!rows)
        return job_fail_db(job);
    if (rows_count(rows) == 0)
        return true;
    struct check check = {.tenant_id = job->tenant_id, .id = id, .domain = rows_text(rows, 0, 0)};
    check.proof = domain_prove(job->arena, check.domain, rows_text(rows, 0, 1), &check.problem);
    bool stored = store(&cx, job->db, &check);
    return stored || job->db->error.status == DB_RAISED || job_fail_db(job);
}

const struct job_kind domain_check_job = {
    "tenants.domain_check", "domains",           check_one, .attempts = 5,
    .timeout_s = CHECK_S,   .flags = JOB_OUTSIDE};

static bool add_due(struct job *job)
{
    const struct job_kind *kind = &domain_check_job;
    return db_get(job->db, &checks_due, kind->name, kind->queue,
                  arena_printf(job->arena, "%d", kind->attempts)) ||
           job_fail_db(job);
}

const struct job_kind domains_due_job = {"tenants.domains_due", "domains", add_due,
                                         .flags = JOB_PLATFORM};
