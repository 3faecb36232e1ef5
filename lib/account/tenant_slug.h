/* tenant_slug: whether an address of a workspace can be had, and one made of a name: for whoever
 * signs up and for operators and resellers who make a tenant. What can be had is no secret: whoever
 * calls the address sees whether a workspace answers.
 */
#ifndef ACCOUNT_TENANT_SLUG_H
#define ACCOUNT_TENANT_SLUG_H

#include <stdbool.h>

#include "resource/field.h"

struct cx;

/* What a slug is, by the rules of `field`: *problem NULL when it can be had, else why not, as a
 * stable code with a sentence in *why. false: the failure is set. WAITS. */
bool tenant_slug_check(struct cx *cx, const struct field *field, const char *slug,
                       const char **problem, const char **why);
/* One that can be had, made of a name; NULL with the failure set. WAITS. */
const char *tenant_slug_suggest(struct cx *cx, const char *name);

/* The same for a form that is being typed: the query and the answer of such a route, and the rest
 * of its handler. WAITS. */
extern const struct field tenant_slug_query[], tenant_slug_answer[];
bool tenant_slug_look_up(struct cx *cx, const struct field *field);

#endif
