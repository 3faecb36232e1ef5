/* logo: a tenant's logo, uploaded and shown. What it is, its content says, never
 * its name; drawings (SVG) may hold scripts and are not taken. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "access/tenant.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "tenants.h"

enum { LOGO_MAX = 262144, BODY_MAX = LOGO_MAX + 16384 };

STATEMENT(logo_store,
          "insert into tenant_logos (tenant_id, type, data)\n"
          "values (current_setting('app.tenant_id')::uuid, $1, decode($2, 'hex'))\n"
          "on conflict (tenant_id) do update set type = excluded.type, data = excluded.data",
          DB_WRITES);

STATEMENT(logo_name,
          "insert into tenant_branding (tenant_id, logo_url)\n"
          "values (current_setting('app.tenant_id')::uuid, $1)\n"
          "on conflict (tenant_id) do update set logo_url = excluded.logo_url",
          DB_WRITES);

STATEMENT(logo_find, "select type, hex from house.tenant_logo($1::uuid)", 0);

static const char *type_of(const unsigned char *data, size_t size)
{
    static const struct {
        const char *type, *head, *more; /* more: at byte 8 */
        size_t len;
    } kinds[] = {{"image/png", "\x89PNG\r\n\x1a\n", "", 8},
                 {"image/jpeg", "\xff\xd8\xff", "", 3},
                 {"image/webp", "RIFF", "WEBPVP8", 4}};
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (size >= 24 && memcmp(data, kinds[i].head, kinds[i].len) == 0 &&
            memcmp(data + 8, kinds[i].more, strlen(kinds[i].more)) == 0)
            return kinds[i].type;
    return NULL;
}

static bool read_upload(struct cx *cx, const struct upload *upload, unsigned char *out)
{
    if (upload->data) {
        memcpy(out, upload->data, upload->size);
        return true;
    }
    FILE *file = fopen(upload->path, "rb");
    size_t got = file ? fread(out, 1, upload->size, file) : 0;
    if (file)
        fclose(file);
    return got == upload->size || fail(cx, 500, "internal", "The upload could not be read.");
}

/* The address says which logo it is, so that a new one is seen at once. It is
 * whole, since mails show it too; pages take its local part (page/frame.c). */
static bool keep(struct cx *cx, const char *type, const unsigned char *data, size_t size)
{
    char digest[65], *hex = arena_alloc(cx->arena, size * 2 + 1);
    const struct tenant *tenant = tenant_by_id(cx, cx->db.tenant_id);
    if (!tenant)
        return fail(cx, 404, "not_found", "There is no such tenant.");
    sodium_bin2hex(hex, size * 2 + 1, data, size);
    text_sha256((const char *)data, size, digest);
    const char *address =
        arena_printf(cx->arena, "%s/brand/logo?v=%.16s", tenant_own_url(cx->arena, tenant), digest);
    if (!db_begin(&cx->db) || !db_get(&cx->db, &logo_store, type, hex) ||
        !db_get(&cx->db, &logo_name, address) || !db_commit(&cx->db))
        return fail_db(cx);
    return changed(cx, tenant->id);
}

static bool take(struct cx *cx)
{
    const struct upload *upload = cx->request.uploads;
    if (!upload || upload->size == 0)
        return fail_field(cx, "file", "required", "Choose a file.");
    if (upload->size > LOGO_MAX)
        return fail_field(cx, "file", "too_large", "A logo has 256 KiB at most.");
    unsigned char *data = arena_alloc(cx->arena, upload->size);
    if (!read_upload(cx, upload, data))
        return false;
    const char *type = type_of(data, upload->size);
    if (!type)
        return fail_field(cx, "file", "invalid_image", "Choose a PNG, JPEG or WebP image.");
    return keep(cx, type, data, upload->size);
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
        if (cx->failure.status != 422)
            return false;
        page_notice(cx, "danger", cx->failure.details->message);
        cx->failure = (struct failure){.status = 0};
    }
    return page_go(cx, "/admin/branding");
}

static bool show(struct cx *cx)
{
    size_t size = 0;
    struct rows *rows = db_get(&cx->db, &logo_find, cx->tenant->id);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return fail(cx, 404, "not_found", "There is no logo.");
    size_t room = rows_length(rows, 0, 1) / 2;
    unsigned char *data = arena_alloc(cx->arena, room + 1);
    if (sodium_hex2bin(data, room, rows_text(rows, 0, 1), room * 2, NULL, &size, NULL) != 0)
        return fail(cx, 500, "internal", "The logo could not be read.");
    buf_clear(&cx->response.body);
    buf_add(&cx->response.body, data, size);
    cx->response.status = 200;
    cx->response.type = rows_text(rows, 0, 0);
    response_header_set(cx, "Cache-Control", "public, max-age=86400");
    return true;
}

const struct route logo_routes[] = {
    ROUTE(POST, "/api/tenants/:id/logo", MAY(EITHER, "tenants.branding:update"), upload_api,
          "Upload a tenant's logo: PNG, JPEG or WebP, 256 KiB at most, as multipart/form-data.",
          .operation = "uploadTenantLogo", .answer = ANSWER_NOTHING, .flags = ROUTE_UPLOAD,
          .sample = "logo.png", .body_limit = BODY_MAX, .errors = "422 file.invalid_image"),
    ROUTE(POST, "/admin/branding/logo", MAY(TENANT, "tenants.branding:update"), upload_page,
          "Upload the logo by page.", .answer = ANSWER_PAGE,
          .flags = ROUTE_FORM | ROUTE_UPLOAD | ROUTE_NOT_REPEATED, .body_limit = BODY_MAX),
    ROUTE(GET, "/brand/logo", PUBLIC(TENANT), show, "The tenant's logo.", .answer = ANSWER_FILE,
          .query = FIELDS({"v", TEXT, 0, 0, 64})),
    {.path = NULL},
};
