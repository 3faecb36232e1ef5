/* logo: a tenant's logo, uploaded and shown: the file that the field "logo" of the tenant holds,
 * a picture made anew. */
#include <sodium.h>
#include <string.h>

#include "access/tenant.h"
#include "base/text.h"
#include "file/held.h"
#include "http/cx.h"
#include "job/work.h"
#include "page/page.h"
#include "tenants.h"

enum { LOGO_MAX = 5 << 20, BODY_MAX = LOGO_MAX + 65536, LOGO_EDGE = 512 };

static const struct file_rules logo_rules = {
    .bytes_max = LOGO_MAX, .pictures = true, .edge = LOGO_EDGE};

STATEMENT(logo_name,
          "insert into tenant_branding (tenant_id, logo_url)\n"
          "values (current_setting('app.tenant_id')::uuid, $1)\n"
          "on conflict (tenant_id) do update set logo_url = excluded.logo_url",
          DB_WRITES);

STATEMENT(logo_here,
          "select tenant_id, id, name, type, bytes, sha256, store from house.logo_here()", 0);

static struct held held_logo(const struct cx *cx)
{
    return (struct held){"tenants", cx->db.tenant_id, "logo"};
}

/* The address says which logo it is, so that a new one is seen at once. It is
 * whole, since mails show it too; pages take its local part (page/frame.c). */
static bool keep(struct cx *cx, const struct tenant *tenant, const struct file *file)
{
    const struct held held = held_logo(cx);
    const char *address = arena_printf(cx->arena, "%s/brand/logo?v=%.16s",
                                       tenant_own_url(cx->arena, tenant), file->sha256);
    if (!db_begin(&cx->db))
        return fail_db(cx);
    if (!held_put(cx, &held, file))
        return false;
    return (db_get(&cx->db, &logo_name, address) && db_commit(&cx->db)) || fail_db(cx);
}

static bool take(struct cx *cx)
{
    struct file file = {.store = NULL};
    const struct held held = held_logo(cx);
    const struct tenant *tenant = tenant_by_id(cx, cx->db.tenant_id);
    if (!tenant)
        return fail(cx, 404, "not_found", "There is no such tenant.");
    return held_take(cx, &held, &logo_rules, &file) && keep(cx, tenant, &file) &&
           changed(cx, tenant->id);
}

static bool upload_api(struct cx *cx)
{
    return enter_path_tenant(cx) && take(cx) && respond_nothing(cx);
}

static bool upload_page(struct cx *cx)
{
    if (!tenant_enter(cx, cx->tenant->id))
        return false;
    if (take(cx)) {
        page_notice(cx, "success", "Logo saved.");
    } else {
        const struct failure failure = cx->failure;
        if (failure.status != 422 && failure.status != 413 && failure.status != 403)
            return false;
        page_notice(cx, "danger", failure.details ? failure.details->message : failure.message);
        cx->failure = (struct failure){.status = 0};
    }
    return page_go(cx, "/admin/branding");
}

STATEMENT(logo_forget,
          "update tenant_branding\n"
          "set logo_url = null\n"
          "where tenant_id = current_setting('app.tenant_id')::uuid",
          DB_WRITES);

static bool drop(struct cx *cx)
{
    const struct held held = held_logo(cx);
    if (!db_begin(&cx->db))
        return fail_db(cx);
    return held_remove(cx, &held) &&
           ((db_get0(&cx->db, &logo_forget) && db_commit(&cx->db)) || fail_db(cx)) &&
           changed(cx, cx->db.tenant_id);
}

static bool delete_api(struct cx *cx)
{
    return enter_path_tenant(cx) && drop(cx) && respond_nothing(cx);
}

static bool delete_page(struct cx *cx)
{
    if (!tenant_enter(cx, cx->tenant->id) || !drop(cx))
        return false;
    page_notice(cx, "success", "Logo removed.");
    return page_go(cx, "/admin/branding");
}

static bool show(struct cx *cx)
{
    struct rows *rows = db_get0(&cx->db, &logo_here);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return fail(cx, 404, "not_found", "There is no logo.");
    struct file file = {.name = rows_text(rows, 0, 2),
                        .type = rows_text(rows, 0, 3),
                        .bytes = rows_int(rows, 0, 4),
                        .store = rows_text(rows, 0, 6)};
    memcpy(file.id, rows_text(rows, 0, 1), UUID_SIZE);
    memcpy(file.sha256, rows_text(rows, 0, 5), sizeof file.sha256);
    if (!file_answer(cx, &file, rows_text(rows, 0, 0), true))
        return false;
    response_header_set(cx, "Cache-Control", "public, max-age=86400");
    return true;
}

/* ---- those that stood in the database before there was a storage ---- */

STATEMENT(logo_old_find,
          "select l.tenant_id, l.type, encode(l.data, 'hex')\n"
          "from tenant_logos l\n"
          "order by l.created_at\n"
          "limit 1 offset $1::int",
          DB_ON_PLATFORM);
STATEMENT(logo_old_gone, "delete from tenant_logos where id is not null", DB_WRITES);

/* As if it were uploaded now, so that it is made anew like any other. */
static struct upload *upload_of_old(struct arena *arena, const struct rows *rows)
{
    struct upload *upload = arena_alloc(arena, sizeof *upload);
    size_t room = rows_length(rows, 0, 2) / 2;
    unsigned char *data = arena_alloc(arena, room + 1);
    const char *type = rows_text(rows, 0, 1);
    *upload = (struct upload){.name = "file",
                              .file_name = arena_printf(arena, "logo.%s", strchr(type, '/') + 1),
                              .data = (const char *)data};
    sodium_hex2bin(data, room, rows_text(rows, 0, 2), room * 2, NULL, &upload->size, NULL);
    return upload;
}

/* false: it stays where it is for now. */
static bool move_one(struct job *job, const struct rows *rows)
{
    struct cx cx;
    struct file file = {.store = NULL};
    job_cx(job, &cx);
    const struct tenant *tenant = tenant_by_id(&cx, rows_text(rows, 0, 0));
    if (!tenant)
        return false;
    db_init(&cx.db, job->arena, DB_TENANT, tenant->id, tenant->schema);
    cx.request.uploads = upload_of_old(job->arena, rows);
    if (!file_take(&cx, &logo_rules, &file) || !db_begin(&cx.db))
        return false;
    bool moved =
        db_get0(&cx.db, &logo_old_gone) != NULL && keep(&cx, tenant, &file) && db_commit(&cx.db);
    db_rollback_to(&cx.db, 0);
    return moved;
}

/* A few in each round: none is left soon, and then a round costs one look. */
static bool move_old(struct job *job)
{
    int kept = 0;
    for (int i = 0; i < 20; i++) {
        struct rows *rows = db_get(job->db, &logo_old_find, arena_printf(job->arena, "%d", kept));
        if (!rows)
            return job_fail_db(job);
        if (rows_count(rows) == 0)
            return true;
        kept += !move_one(job, rows);
    }
    return true;
}

const struct job_kind logos_job = {"tenants.logos", "tenants", move_old, .timeout_s = 600,
                                   .flags = JOB_PLATFORM | JOB_OUTSIDE};

const struct route logo_routes[] = {
    ROUTE(POST, "/api/tenants/:id/logo", MAY(EITHER, "tenants.branding:update"), upload_api,
          "Upload a tenant's logo: PNG, JPEG or WebP, 5 MiB at most, as multipart/form-data.",
          .operation = "uploadTenantLogo", .answer = ANSWER_NOTHING,
          .flags = ROUTE_UPLOAD | ROUTE_CALLS_OUT, .sample = "logo.png", .body_limit = BODY_MAX,
          .errors = "403 quota_exceeded, 422 file.file_type, "
                    "422 file.file_type_differs, 422 file.invalid_image, "
                    "422 file.image_too_large, 503 storage_unavailable"),
    ROUTE(POST, "/admin/branding/logo", MAY(TENANT, "tenants.branding:update"), upload_page,
          "Upload the logo by page.", .answer = ANSWER_PAGE,
          .flags = ROUTE_FORM | ROUTE_UPLOAD | ROUTE_NOT_REPEATED | ROUTE_CALLS_OUT,
          .body_limit = BODY_MAX),
    ROUTE(DELETE, "/api/tenants/:id/logo", MAY(EITHER, "tenants.branding:update"), delete_api,
          "Remove a tenant's logo: that of its reseller or of the platform is shown.",
          .operation = "deleteTenantLogo", .answer = ANSWER_NOTHING),
    ROUTE(POST, "/admin/branding/logo/delete", MAY(TENANT, "tenants.branding:update"), delete_page,
          "Remove the logo by page.", .answer = ANSWER_PAGE, .flags = ROUTE_FORM),
    ROUTE(GET, "/brand/logo", PUBLIC(TENANT), show, "The tenant's logo.", .answer = ANSWER_FILE,
          .query = FIELDS({"v", TEXT, 0, 0, 64})),
    {.path = NULL},
};
