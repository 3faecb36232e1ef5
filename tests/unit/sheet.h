/* sheet: a request for a page, and what was answered. Templates are those of the product. */
#ifndef TESTS_SHEET_H
#define TESTS_SHEET_H

#include <sodium.h>
#include <string.h>

#include "access/access.h"
#include "access/session.h"
#include "access/tenant.h"
#include "base/secret.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "unit.h"

static struct cx *cx;
static struct tenant tenant;
static struct session session;

static char *no_environment[] = {NULL};

static struct cx *new_request(enum http_method method, const char *path)
{
    struct arena *arena = arena_new();
    struct cx *made = arena_alloc(arena, sizeof *made);
    made->arena = arena;
    made->request = (struct request){.method = method,
                                     .path = path,
                                     .query_string = "",
                                     .scheme = "http",
                                     .host = "localhost",
                                     .origin_host = "localhost:8080"};
    made->request.environment = no_environment;
    strcpy(made->request_id, "0193aaaa-0000-7000-8000-000000000001");
    buf_init(&made->response.body, arena);
    made->is_page = true;
    return made;
}

static void next_request(enum http_method method, const char *path)
{
    arena_free(cx->arena);
    cx = new_request(method, path);
}

static void set_up(void)
{
    static const unsigned char root[SECRET_BYTES] = {7};
    ck_assert_int_ge(sodium_init(), 0);
    secret_set_root(root);
    ck_assert(page_load_templates("templates"));
    tenant = (struct tenant){.kind = TENANT_BUSINESS,
                             .status = TENANT_ACTIVE,
                             .name = "Club",
                             .slug = "club",
                             .time_zone = "Europe/Berlin",
                             .currency = "EUR"};
    session = (struct session){.kind = SESSION_COOKIE,
                               .email = "owner@club.test",
                               .name = "Owner",
                               .role = "owner",
                               .csrf = "token"};
    strcpy(session.id, "0193aaaa-0000-7000-8000-0000000000aa");
    cx = new_request(HTTP_GET, "/admin/crm/leads");
}

static void tear_down(void)
{
    arena_free(cx->arena);
}

static void sign_in(const char *grant)
{
    const char **grants = arena_alloc(cx->arena, sizeof *grants);
    grants[0] = grant;
    session.permissions = (struct permissions){grants, 1};
    cx->tenant = &tenant;
    cx->session = &session;
}

static void add_parameter(struct parameter **list, const char *name, const char *value)
{
    struct parameter *made = arena_alloc(cx->arena, sizeof *made);
    *made = (struct parameter){name, value, NULL};
    while (*list)
        list = &(*list)->next;
    *list = made;
}

static const char *member(json_object *object, const char *key)
{
    return json_object_get_string(json_object_object_get(object, key));
}

static const char *body_of(bool answered)
{
    ck_assert_msg(answered, "%s", cx->failure.message ? cx->failure.message : "not answered");
    return cx->response.body.data;
}

#endif
