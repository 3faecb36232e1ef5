/* transition: the life of a choice: which value may follow which, and who may say so.
 *
 *     {"status", CHOICE, .initial = "new", .choices = CHOICES("new", "won", "lost"),
 *      .transitions = TRANSITIONS({NULL, "lost"}, {"new", "won lost"},
 *                                 {"won", "new", "crm.deals:reopen"})}
 *
 * Where a field has them, what they do not name is refused in every way of writing: 409
 * invalid_transition, whose details say what is allowed. The statement that writes compares the
 * row's value, so that of two writers at once none goes a forbidden way. Forms offer what is
 * allowed from the present value, and replacing leaves the value alone when it is absent.
 */
#ifndef RESOURCE_TRANSITION_H
#define RESOURCE_TRANSITION_H

#include <stdbool.h>

struct cx;
struct field;

struct transition {
    const char *from;  /* NULL: of a new record, besides the field's initial value */
    const char *to;    /* words with spaces between */
    const char *needs; /* a permission, or NULL: whoever may write the record */
};
#define TRANSITIONS(...) ((const struct transition[]){__VA_ARGS__, {NULL, NULL, NULL}})

/* Whether the one signed in may take the field from one value to the other; from NULL: at
 * creation. To stay is always allowed, and so is everything in a field without transitions. */
bool transition_is_allowed(const struct cx *cx, const struct field *field, const char *from,
                           const char *to);
/* The values from which it may become `to`, itself among them, as PostgreSQL's array. */
const char *transition_origins(struct cx *cx, const struct field *field, const char *to);
/* Sets the failure of a step that is not allowed: 403 permission_missing when only the permission
 * lacks, else 409 invalid_transition. false. */
bool transition_fail(struct cx *cx, const struct field *field, const char *from, const char *to);

#endif
