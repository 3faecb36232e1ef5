/* route: one address, who may use it, what it takes and what it answers.
 *
 * A route is made with the ROUTE macro, which has a place for the access: a
 * route that does not declare it does not compile. OpenAPI, validation, the
 * nginx locations, the permission list and the cross-tenant tests come from
 * the same rows.
 */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "http/request.h"

struct cx;
struct field;  /* resource/field.h */
struct action; /* resource/action.h */
struct arena;

#define ROUTE_PARAMS_MAX 4

typedef bool handler(struct cx *cx); /* true: answered; false: cx->failure says why */

enum access_level { ACCESS_PUBLIC = 1, ACCESS_SIGNED_IN, ACCESS_ROLE, ACCESS_PERMISSION };

/* Whose data, through which database role. */
enum scope {
    SCOPE_NONE = 1, /* public things that are nobody's; tenant may be unresolved */
    SCOPE_TENANT,   /* the tenant of the request, tenant role */
    SCOPE_PLATFORM, /* operators only (or before sign-in, for sign-in), platform role */
    SCOPE_EITHER    /* operators: platform role, all tenants; others: their own tenant */
};

struct access {
    enum access_level level;
    enum scope scope;
    const char *needs; /* the role or the permission, else NULL */
};

#define PUBLIC(which) ((struct access){ACCESS_PUBLIC, SCOPE_##which, NULL})
#define SIGNED_IN(which) ((struct access){ACCESS_SIGNED_IN, SCOPE_##which, NULL})
#define HAS_ROLE(which, role) ((struct access){ACCESS_ROLE, SCOPE_##which, (role)})
#define MAY(which, permission) ((struct access){ACCESS_PERMISSION, SCOPE_##which, (permission)})

enum answer {
    ANSWER_ITEM,
    ANSWER_LIST,
    ANSWER_NOTHING,
    ANSWER_FILE,
    ANSWER_PAGE,
    ANSWER_DOWNLOAD, /* a file for browsers: fails with a page */
    ANSWER_REDIRECT, /* for browsers under /api/: leads elsewhere, and fails with a page */
    ANSWER_STREAM    /* goes on without end: nginx leads it to AREA.stream.sock, by HTTP */
};

/* Of a body whose route says nothing else: what is parsed in one go holds everybody else up, and
 * the largest of our forms needs less. */
enum { ROUTE_BODY_MAX = 128 << 10 };

enum route_flags {
    ROUTE_FORM = 1,           /* body is a form (urlencoded or multipart), for pages */
    ROUTE_UPLOAD = 2,         /* takes multipart or text/csv; larger body limit */
    ROUTE_AUTH_LIMIT = 4,     /* counted in the strict class of rate limits */
    ROUTE_SUSPENDED = 8,      /* also open to the owner of a suspended tenant though it changes */
    ROUTE_LOOSE_BODY = 16,    /* body fields are checked by the handler: a free JSON object */
    ROUTE_NO_CSRF = 32,       /* page form without a session yet (sign-in) */
    ROUTE_MERGE = 64,         /* PATCH: absent fields stay (RFC 7396) */
    ROUTE_SHOWS_ERRORS = 128, /* a page that is called although its input was refused (422 in
                                 cx->failure), to show the form again with what was typed */
    ROUTE_NOT_REPEATED = 256, /* takes no Idempotency-Key: what it uses up is good once anyway, or
                                 it signs in or out */
    ROUTE_LIST_QUERY = 512,   /* the handler reads the query of a list itself */
    ROUTE_ENROLMENT = 1024,   /* open to one who must set up a second factor before all else */
    ROUTE_STEP_UP = 2048,     /* dangerous: who has a second factor must have shown it in this
                                 session within ten minutes (403 step_up_required) */
    ROUTE_HANDOVER = 8192,    /* page form that another host of ours posts, whether or not somebody
                                 is signed in here: it looks at the Origin itself */
    ROUTE_IN_PERSON = 4096,   /* passwords, factors, keys: neither for API keys nor for operators
                                 who act as the user */
    ROUTE_CALLS_OUT = 16384,  /* waits for others (DNS, HTTP): no transaction around it */
    ROUTE_FIRST_PASSWORD = 32768, /* open to one who must choose a password before all else */
    ROUTE_KEEPS_SIGHT = 1 << 20,  /* shows and changes nothing beyond the caller's sight of its
                                     permission (access/permission.h), so that the permission of
                                     some records opens it; others need it of all */
    ROUTE_KNOWS_CALLER = 1 << 23, /* public under /api/, but a session that is good is known, by
                                     cookie too */
    ROUTE_FOR_KEYS = 1 << 25,     /* for everybody signed in, and for API keys too: what they did */
    ROUTE_MAY_LAST = 1 << 26,     /* also 202, with where the work is that a job goes on with */
    ROUTE_BARE = 1 << 24          /* public, and nothing is looked up before the handler, which asks
                                     for no tenant, session or limit: it answers without the database */
};

struct route {
    enum http_method method;
    const char *path; /* "/api/tenants/:id/suspend" */
    struct access access;
    handler *handle;
    const char *summary;       /* one sentence: OpenAPI and documentation */
    const struct field *query; /* accepted query parameters, NULL: none */
    const struct field *body;  /* accepted body fields, NULL: none */
    const struct field *answer_fields;
    enum answer answer;
    int status; /* of success; 0: 200 (201 for POST of a resource) */
    unsigned flags;
    const char *errors; /* codes besides the usual: "409 slug_taken, 409 last_owner"; one of a
                           field in details: "422 code.invalid_code" */
    size_t body_limit;  /* bytes; 0: ROUTE_BODY_MAX. nginx keeps longer ones to itself */
    const void *about;  /* what the handler works on: a struct resource, a page … */
    const struct action *action; /* of the resource that it is about: the route does it */
    const struct field *gives;   /* members of the answer besides the record's; NULL: none */
    const char *operation;   /* operationId, as people would name a function: "verifyTenantDomain";
                                each route below /api/ has one, resources' by themselves */
    const char *answer_name; /* what answer_fields describe: "tenant domain", in OpenAPI the schema
                                TenantDomain; NULL: named after the operation */
    const char *media;  /* of an upload that may also come bare: "text/csv"; NULL: as form only. Of
                         * a file that is answered: "image/" and a star; NULL: CSV */
    const char *sample; /* an upload's example: its name, or its text when it comes bare */
    const char *example_id; /* name of the demo/test object for :id, NULL: derived */
    const char *deprecated; /* "2027-01-31": since when it should no longer be used; NULL: stays */
    const char *sunset;     /* when it may go at the earliest; NULL: not decided */
};

/* ROUTE(GET, "/api/x", MAY(TENANT, "x.y:read"), handler, "Sentence.", .answer = …) */
#define ROUTE(verb, route_path, route_access, route_handler, route_summary, ...)                   \
    {                                                                                              \
        .method = HTTP_##verb, .path = (route_path), .access = route_access,                       \
        .handle = (route_handler), .summary = (route_summary), __VA_ARGS__                         \
    }

struct router;

/* Builds the tree of `count` routes; they must outlive it. Two routes with the
 * same method and pattern are a defect (logged, NULL). */
struct router *router_new(const struct route *const *routes, size_t count);
void router_free(struct router *router);

struct route_match {
    const struct route *route;            /* NULL: see allow */
    const char *values[ROUTE_PARAMS_MAX]; /* in the arena */
    const char *allow;                    /* path exists: "GET, HEAD, POST"; NULL: 404 */
};
/* Finds by method and decoded path; a literal segment wins over a parameter;
 * HEAD finds GET. One trailing slash is ignored on pages only. */
struct route_match router_find(const struct router *router, struct arena *arena,
                               enum http_method method, const char *path);

#endif
