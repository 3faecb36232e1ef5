/* internal: what the files of the access floor share. */
#ifndef ACCESS_INTERNAL_H
#define ACCESS_INTERNAL_H

#include <stdbool.h>

#include "access/token.h"

struct cx;

/* ---- session.c ---- */
/* The bearer token of the request, verified; *presented says whether there is
 * one. false: it is bad (401 set). */
bool session_read_bearer(struct cx *cx, struct claims *claims, bool *presented);
/* cx->session from claims (revocation and tenant checked) or from the cookie. */
bool session_from_claims(struct cx *cx, const struct claims *claims);
bool session_from_cookie(struct cx *cx);

/* ---- limit.c ---- */
bool limit_check(struct cx *cx);

/* ---- csrf.c ---- */
bool csrf_check(struct cx *cx);

#endif
