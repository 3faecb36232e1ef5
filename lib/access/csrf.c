/* csrf: changes by cookie need a token that only our own pages hold: the HMAC
 * of the session's id, or before sign-in of a random cookie. */
#include <sodium.h>
#include <string.h>

#include "access/access.h"
#include "access/internal.h"
#include "access/session.h"
#include "base/secret.h"
#include "base/text.h"
#include "http/cx.h"

static const char before_sign_in[] = "tulou_before";

char *csrf_token(struct cx *cx, const char *subject)
{
    unsigned char key[SECRET_BYTES], mac[32];
    char *hex = arena_alloc(cx->arena, 65);
    secret_derive("csrf", key);
    crypto_generichash(mac, sizeof mac, (const unsigned char *)subject, strlen(subject), key,
                       sizeof key);
    sodium_bin2hex(hex, 65, mac, sizeof mac);
    return hex;
}

static const char *subject(const struct cx *cx)
{
    if (cx->session && cx->session->kind == SESSION_COOKIE)
        return cx->session->id;
    return request_cookie(&cx->request, cookie_name(cx, before_sign_in));
}

const char *access_csrf(struct cx *cx)
{
    const char *of = subject(cx);
    if (!of) {
        of = text_random(cx->arena, 16);
        response_cookie(cx, cookie_name(cx, before_sign_in), of, 86400);
    }
    return csrf_token(cx, of);
}

bool access_has_csrf(const struct cx *cx)
{
    return subject(cx) != NULL;
}

static bool is_safe(enum http_method method)
{
    return method == HTTP_GET || method == HTTP_HEAD || method == HTTP_OPTIONS;
}

bool csrf_check(struct cx *cx)
{
    if (cx->route->flags & ROUTE_HANDOVER)
        return true; /* its token would be the other host's; it asks for the Origin instead */
    bool by_cookie = cx->session && cx->session->kind == SESSION_COOKIE;
    bool form = (cx->route->flags & ROUTE_FORM) && !(cx->route->flags & ROUTE_NO_CSRF);
    if (is_safe(cx->request.method) || !(by_cookie || form) || (cx->session && !by_cookie))
        return true;
    const char *given = request_header(&cx->request, "X-CSRF-Token");
    if (!given)
        given = parameter_get(cx->request.form, "_csrf");
    const char *of = subject(cx);
    if (given && of && text_equal_secret(given, csrf_token(cx, of)))
        return true;
    return fail(cx, 403, "csrf_invalid",
                "This form is too old or came from elsewhere; load it again.");
}
