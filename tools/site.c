/* site: the nginx configuration, from nginx/tulou.conf and the areas' tables. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access/tenant.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/config.h"
#include "base/text.h"
#include "http/route.h"
#include "tool.h"

static json_object *member(json_object *object, const char *key)
{
    json_object *value = NULL;
    json_object_object_get_ex(object, key, &value);
    return value;
}

static const char *text_of(json_object *object, const char *key)
{
    return json_object_get_string(member(object, key));
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- what is made from the areas ---- */

static void put_upstream(struct buf *out, const char *area)
{
    buf_printf(out,
               "    upstream %s {\n"
               "        server \"unix:%s/run/%s.sock\" max_fails=0;\n"
               "        server \"unix:%s/run/%s.sock\" max_fails=0 backup;\n"
               "        keepalive 64;\n"
               "    }\n",
               area, config_text(CONFIG_TULOU_VAR), area, config_text(CONFIG_TULOU_VAR), area);
}

/* A stream is HTTP to a socket of the area's own; see the settings of proxy_… in
 * nginx/tulou.conf. Other methods are refused as everywhere. */
static void put_stream(struct buf *out, const char *area, const char *path)
{
    int64_t most = config_int(CONFIG_TULOU_STREAMS_ADDRESS);
    const char *limit =
        most > 0
            ? arena_printf(out->arena, "            limit_conn streams %lld;\n", (long long)most)
            : "";
    buf_printf(out,
               "        location = %s {\n%s"
               "            if ($request_method !~ ^(GET|HEAD|OPTIONS)$) {\n"
               "                return 405;\n"
               "            }\n"
               "            proxy_pass \"http://unix:%s/run/%s.stream.sock\";\n"
               "        }\n",
               path, limit, config_text(CONFIG_TULOU_VAR), area);
}

/* What nginx leads to an area: one path, or (below) all that begin with it. */
struct address {
    const char *path, *area;
    int len;
    bool below, is_stream; /* a stream has a location of its own: put_stream() */
    bool is_file;          /* may be long: what the client does not take waits in the area */
    int64_t body;          /* bytes that a body may have */
};

static struct {
    struct address *all;
    size_t count;
} addresses;

/* Paths with parameters whose bodies may be longer or must be shorter than others; they stand
 * inside of the address that they are served below. */
struct exception {
    const char *path;
    int64_t body;
};

static struct {
    struct exception *all;
    size_t count;
} exceptions;

static void *grown(void *all, size_t count, size_t size)
{
    void *more = realloc(all, (count + 1) * size);
    if (!more)
        abort();
    return more;
}

static void add_exception(const char *path, int64_t body)
{
    for (size_t i = 0; i < exceptions.count; i++)
        if (text_equal(exceptions.all[i].path, path)) {
            exceptions.all[i].body = larger(exceptions.all[i].body, body);
            return;
        }
    exceptions.all = grown(exceptions.all, exceptions.count, sizeof *exceptions.all);
    exceptions.all[exceptions.count++] = (struct exception){path, body};
}

/* "/api/x/:id/y" is served below "/api/x/"; a path without parameters exactly. */
static void add_address(const char *area, const char *path, const char *answer, int64_t body)
{
    const char *colon = strchr(path, ':');
    const struct address added = {
        .path = path,
        .area = area,
        .len = (int)(colon ? colon - path : (ptrdiff_t)strlen(path)),
        .below = colon != NULL,
        .is_stream = text_equal(answer, "stream"),
        .is_file = !colon && (text_equal(answer, "file") || text_equal(answer, "download")),
        .body = colon ? 0 : body};
    if (colon && body > 0)
        add_exception(path, body);
    for (size_t i = 0; i < addresses.count; i++) {
        struct address *it = &addresses.all[i];
        if (it->below != added.below || it->len != added.len ||
            strncmp(it->path, path, (size_t)added.len) != 0)
            continue;
        it->body = larger(it->body, added.body);
        return;
    }
    addresses.all = grown(addresses.all, addresses.count, sizeof *addresses.all);
    addresses.all[addresses.count++] = added;
}

static int longer_first(const void *a, const void *b)
{
    return ((const struct address *)b)->len - ((const struct address *)a)->len;
}

/* "/api/x/:id/y.csv" as an expression: "^/api/x/[^/]+/y\.csv$". */
static void put_pattern(struct buf *out, const char *path)
{
    buf_putc(out, '^');
    for (const char *at = path; *at; at++)
        if (*at == ':') {
            buf_puts(out, "[^/]+");
            at += strcspn(at, "/") - 1;
        } else {
            buf_printf(out, *at == '.' ? "\\%c" : "%c", *at);
        }
    buf_putc(out, '$');
}

static void put_exceptions(struct buf *out, const struct address *address)
{
    for (size_t i = 0; address->below && i < exceptions.count; i++) {
        const struct exception *it = &exceptions.all[i];
        if (it->body == ROUTE_BODY_MAX || strchr(it->path, ':') != it->path + address->len ||
            strncmp(it->path, address->path, (size_t)address->len) != 0)
            continue;
        buf_puts(out, "            location ~ ");
        put_pattern(out, it->path);
        buf_printf(out, " { client_max_body_size %lld; fastcgi_pass %s; }\n", (long long)it->body,
                   address->area);
    }
}

static void put_address(struct buf *out, const struct address *it)
{
    buf_printf(out, "        location %s%.*s {\n", it->below ? "" : "= ", it->len, it->path);
    if (it->body > 0 && it->body != ROUTE_BODY_MAX)
        buf_printf(out, "            client_max_body_size %lld;\n", (long long)it->body);
    if (it->is_file)
        buf_puts(out, "            fastcgi_max_temp_file_size 0;\n");
    put_exceptions(out, it);
    buf_printf(out, "            fastcgi_pass %s;\n        }\n", it->area);
}

/* As locations (of which nginx takes the longest), and as lines of a map (of whose
 * patterns it takes the first). */
static void put_addresses(struct buf *locations, struct buf *map)
{
    qsort(addresses.all, addresses.count, sizeof *addresses.all, longer_first);
    for (size_t i = 0; i < addresses.count; i++) {
        const struct address *it = &addresses.all[i];
        if (!it->is_stream)
            put_address(locations, it);
        buf_printf(map, "        %s%.*s %s;\n", it->below ? "~^" : "", it->len, it->path, it->area);
    }
    free(addresses.all);
    free(exceptions.all);
    addresses.all = NULL;
    exceptions.all = NULL;
    addresses.count = exceptions.count = 0;
}

/* 0: a method that has no body, and takes as much as others of its path. */
static int64_t body_of(json_object *route)
{
    const char *method = text_of(route, "method");
    int64_t limit = json_object_get_int64(member(route, "bodyLimit"));
    if (text_equal(method, "GET") || text_equal(method, "DELETE"))
        return 0;
    return limit > 0 ? limit : ROUTE_BODY_MAX;
}

static void put_area(json_object *area, struct buf *upstreams, struct buf *locations)
{
    const char *name = text_of(area, "name");
    json_object *routes = member(area, "routes");
    put_upstream(upstreams, name);
    for (size_t i = 0; i < json_object_array_length(routes); i++) {
        json_object *route = json_object_array_get_idx(routes, i);
        const char *answer = text_of(route, "answer");
        if (text_equal(answer, "stream"))
            put_stream(locations, name, text_of(route, "path"));
        add_address(name, text_of(route, "path"), answer, body_of(route));
    }
}

/* nginx's own refusals, in the envelope of the API and as a small page. What it
 * calls by a number of its own is named in `shown`; 405 and 413 are caught by the site. */
static const struct {
    const char *caught;
    int shown;
    const char *code, *message;
} refusals[] = {
    {"400", 400, "bad_request", "The request is malformed."},
    {"404", 404, "not_found", "There is nothing at this address."},
    {NULL, 405, "method_not_allowed", "This address does not take this method."},
    {"408", 408, "request_timeout", "The request took too long to arrive."},
    {NULL, 413, "body_too_large", "The body is too large."},
    {"414", 414, "path_too_long", "This address is too long."},
    {"429", 429, "too_many_streams", "Too many streams are open at this address; close some."},
    {"494", 431, "headers_too_large", "The headers are too large."},
    {"500", 500, "internal", "Something went wrong on our side."},
    {"501", 501, "not_implemented", "This is not understood here."},
    {"502 503 504", 503, "unavailable", "This part is starting or overloaded; try again shortly."},
    {"505", 505, "version_not_supported", "This version of HTTP is not spoken here."},
};

static void put_refusals(struct buf *out)
{
    for (size_t i = 0; i < COUNT(refusals); i++) {
        int status = refusals[i].shown;
        const char *code = refusals[i].code, *message = refusals[i].message;
        if (refusals[i].caught)
            buf_printf(out, "        error_page %s =%d /.error/$error_kind/%d;\n",
                       refusals[i].caught, status, status);
        buf_printf(out,
                   "        location = /.error/json/%d {\n"
                   "            internal;\n"
                   "            default_type application/json;\n"
                   "            return %d "
                   "'{\"success\":false,\"error\":{\"message\":\"%s\",\"code\":\"%s\","
                   "\"documentationUrl\":\"/api/docs/errors#%s\",\"statusCode\":%d,"
                   "\"requestId\":\"$request_id\"}}';\n"
                   "        }\n",
                   status, status, message, code, code, status);
        buf_printf(
            out,
            "        location = /.error/html/%d {\n"
            "            internal;\n"
            "            default_type text/html;\n"
            "            return %d '<!doctype html><html lang=\"en\"><meta name=\"viewport\" "
            "content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light "
            "dark\"><title>%d</title>"
            "<h1>%s</h1><p><a href=\"/\">To the start page</a></p></html>';\n"
            "        }\n",
            status, status, status, message);
    }
}

/* ---- what is found on this machine ---- */

static void put_modules(struct buf *modules, struct buf *brotli)
{
    static const struct {
        const char *file, *setting;
    } known[] = {{"ngx_http_brotli_filter_module.so",
                  "    brotli on;\n    brotli_types text/css application/javascript "
                  "application/json image/svg+xml;\n"},
                 {"ngx_http_brotli_static_module.so", "    brotli_static on;\n"}};
    for (size_t i = 0; i < COUNT(known); i++) {
        char path[256];
        snprintf(path, sizeof path, "/usr/lib/nginx/modules/%s", known[i].file);
        if (access(path, R_OK) != 0)
            continue;
        buf_printf(modules, "load_module %s;\n", path);
        buf_puts(brotli, known[i].setting);
    }
}

/* Each trusted proxy on a line of its own, between the two words. */
static void put_proxies(struct buf *out, const char *before, const char *after)
{
    char *list = strdup(config_text(CONFIG_TULOU_TRUSTED_PROXIES)), *rest = NULL;
    for (char *one = strtok_r(list, ", ", &rest); one; one = strtok_r(NULL, ", ", &rest))
        buf_printf(out, "        %s%s%s;\n", before, one, after);
    free(list);
}

static void put_real_ip(struct buf *out)
{
    put_proxies(out, "set_real_ip_from ", "");
    if (out->len)
        buf_puts(out, "        real_ip_header X-Forwarded-For;\n");
}

/* The machine's own servers of names, for addresses that nginx looks up while it serves. */
static void put_resolver(struct buf *out)
{
    char line[256], address[64];
    FILE *file = fopen("/etc/resolv.conf", "re");
    size_t count = 0;
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, " nameserver %63[0-9a-fA-F.:]", address) == 1)
            buf_printf(out, strchr(address, ':') ? "%s[%s]" : "%s%s",
                       count++ ? " " : "            resolver ", address);
    if (count > 0)
        buf_puts(out, " valid=30s;\n");
    if (file)
        fclose(file);
}

/* How nginx finds the server that speaks S3, and whom it believes to be it. */
static void put_objects(struct buf *out)
{
    const char *authorities = config_text(CONFIG_TULOU_CA_FILE);
    if (!*config_text(CONFIG_TULOU_S3_URL))
        return;
    put_resolver(out);
    buf_printf(out,
               "            proxy_ssl_verify on;\n"
               "            proxy_ssl_verify_depth 5;\n"
               "            proxy_ssl_trusted_certificate \"%s\";\n",
               *authorities ? authorities : "/etc/ssl/certs/ca-certificates.crt");
}

/* ---- filling in ---- */

/* What the words between @ signs stand for. */
enum word {
    WORKERS,
    RUN,
    MODULES,
    TYPES,
    BODY,
    BROTLI,
    UPSTREAMS,
    ADDRESSES,
    LISTEN,
    REAL_IP,
    TRUSTED,
    FORM_ACTION,
    HSTS,
    ERRORS,
    SHARE,
    LOCATIONS,
    FILES,
    OBJECTS,
    WORDS
};

static const char *const names[WORDS] = {[WORKERS] = "WORKERS",     [RUN] = "RUN",
                                         [MODULES] = "MODULES",     [TYPES] = "TYPES",
                                         [BODY] = "BODY",           [BROTLI] = "BROTLI",
                                         [UPSTREAMS] = "UPSTREAMS", [ADDRESSES] = "ADDRESSES",
                                         [LISTEN] = "LISTEN",       [REAL_IP] = "REAL_IP",
                                         [TRUSTED] = "TRUSTED",     [FORM_ACTION] = "FORM_ACTION",
                                         [HSTS] = "HSTS",           [ERRORS] = "ERRORS",
                                         [SHARE] = "SHARE",         [LOCATIONS] = "LOCATIONS",
                                         [FILES] = "FILES",         [OBJECTS] = "OBJECTS"};

static bool fill(const char *template, const struct buf *words, FILE *out)
{
    for (const char *at = template; *at;) {
        const char *mark = strchrnul(at, '@');
        fwrite(at, 1, (size_t)(mark - at), out);
        if (!*mark)
            break;
        const char *end = strchr(mark + 1, '@');
        bool found = false;
        for (size_t i = 0; end && i < WORDS && !found; i++)
            if (strlen(names[i]) == (size_t)(end - mark - 1) &&
                strncmp(names[i], mark + 1, strlen(names[i])) == 0) {
                fputs(words[i].data, out);
                found = true;
            }
        if (!found)
            fputc('@', out);
        at = found ? end + 1 : mark + 1;
    }
    return ferror(out) == 0;
}

static char *read_template(void)
{
    char *path = share_path("nginx/tulou.conf"), *text = NULL;
    size_t room = 0;
    FILE *file = fopen(path, "re");
    if (!file || getdelim(&text, &room, '\0', file) < 0)
        complain("%s cannot be read: %s", path, strerror(errno));
    if (file)
        fclose(file);
    free(path);
    return text;
}

/* Where forms may lead besides their own host: to every tenant's. */
static void put_form_action(struct buf *out)
{
    buf_puts(out, url_of_host(out->arena,
                              arena_printf(out->arena, "*.%s", config_text(CONFIG_TULOU_DOMAIN))));
}

static void find_words(struct buf *words, json_object *areas)
{
    json_object *list = member(areas, "areas");
    for (size_t i = 0; i < json_object_array_length(list); i++)
        put_area(json_object_array_get_idx(list, i), &words[UPSTREAMS], &words[LOCATIONS]);
    put_addresses(&words[LOCATIONS], &words[ADDRESSES]);
    put_refusals(&words[ERRORS]);
    put_modules(&words[MODULES], &words[BROTLI]);
    put_real_ip(&words[REAL_IP]);
    put_objects(&words[OBJECTS]);
    put_proxies(&words[TRUSTED], "", " yes");
    put_form_action(&words[FORM_ACTION]);
    buf_puts(&words[HSTS],
             text_starts(config_text(CONFIG_TULOU_PUBLIC_URL), "https:") ? "max-age=31536000" : "");
    buf_puts(&words[WORKERS], "2");
    buf_puts(&words[TYPES], "/etc/nginx/mime.types");
    buf_puts(&words[SHARE], config_text(CONFIG_TULOU_SHARE));
    buf_printf(&words[LISTEN], "%s:%s", config_text(CONFIG_TULOU_ADDRESS),
               config_text(CONFIG_PORT));
    buf_printf(&words[RUN], "%s/run", config_text(CONFIG_TULOU_VAR));
    buf_printf(&words[FILES], "%s/tenants", config_text(CONFIG_TULOU_VAR));
    buf_printf(&words[BODY], "%lld", (long long)ROUTE_BODY_MAX);
}

static bool write_site(const char *path, json_object *areas, const char *template)
{
    struct buf words[WORDS];
    struct arena *arena = arena_new();
    for (size_t i = 0; i < WORDS; i++)
        buf_init(&words[i], arena);
    find_words(words, areas);
    FILE *out = fopen(path, "we");
    bool written = out && fill(template, words, out);
    written = out && fclose(out) == 0 && written;
    arena_free(arena);
    return written || complain("%s cannot be written: %s", path, strerror(errno));
}

bool site_write(const char *path)
{
    char *areas_path = share_path("areas.json"), *template = read_template();
    json_object *areas = json_object_from_file(areas_path);
    bool written = template && areas && write_site(path, areas, template);
    if (!areas)
        complain("%s cannot be read: build first", areas_path);
    json_object_put(areas);
    free(areas_path);
    free(template);
    return written;
}

int site_command(int argc, char **argv)
{
    if (argc != 2) {
        complain("usage: tulou site FILE");
        return 2;
    }
    return site_write(argv[1]) ? EXIT_SUCCESS : EXIT_FAILURE;
}
