/* shown: fields that are there only while a condition holds: the reason why a deal was lost.
 *
 *     {"lost_reason", TEXT, NULLABLE, 1, 500,
 *      .shown_when = SHOWN_WHEN("stage_id", "kind", "lost", true)}
 *
 * The condition is of a field beside it, or of a column of the record that it refers to. To give
 * such a field while it does not hold is 422 not_applicable; where it must be given, its absence
 * is 422 required once the condition holds; when it holds no longer, what stood there goes. What
 * is written is looked at in its transaction, so that it does not matter who changed what first.
 */
#ifndef RESOURCE_SHOWN_H
#define RESOURCE_SHOWN_H

#include <stdbool.h>

struct cx;
struct field;
struct input;
struct list_result;
struct resource;

struct shown_when {
    const char *field;  /* column name of a field beside it */
    const char *of;     /* a column of what that refers to; NULL: its own value */
    const char *values; /* words with spaces between */
    bool required;      /* must be given then */
};
#define SHOWN_WHEN(field, of, values, required)                                                    \
    (&(const struct shown_when){(field), (of), (values), (required)})

/* Whether the resource has such fields. */
bool shown_is_asked(const struct resource *resource);
/* Whether the value is one of those of the condition. */
bool shown_with(const struct shown_when *when, const char *value);
/* After the record was written, in its transaction: refuses what does not belong there or lacks,
 * and takes away what belongs there no longer. WAITS. false: the failure is set. */
bool shown_settle(struct cx *cx, const struct resource *resource, const struct input *input,
                  const char *id);

#endif
