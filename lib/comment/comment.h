/* comment: what people write about a record for each other, for every resource that says
 * `.comments = true` and whose migration says call house.has_comments('TABLE'):
 *
 *     GET    {api}/:id/comments              the newest first
 *     POST   {api}/:id/comments              one more
 *     GET    {api}/:id/comments/:commentId   one
 *     PATCH  {api}/:id/comments/:commentId
 *     DELETE {api}/:id/comments/:commentId
 *
 * and a form in the timeline on the record's page. Plain text. Whoever may read the record reads
 * them and writes some; what somebody wrote they alone change, and they or who may delete the
 * record delete it. "@Nora Blum" or "@nora@example.com" names a user, who gets a notice, unless
 * they may not see the record.
 */
#ifndef COMMENT_COMMENT_H
#define COMMENT_COMMENT_H

#include <stddef.h>

#include "notify/notify.h"
#include "resource/resource.h"

/* The routes of a resource's comments by API and by page, in static memory of the process. */
size_t comment_routes(const struct resource *resource, const struct route **routes);

extern const struct notification_kind notice_mentioned;

/* ---- mention.c ---- */
/* Tells those whom the text names anew and who see the record, in the open transaction; of others
 * `unseen` has the names ("Nora Blum, Ada"), "" when there are none. false: the failure is set.
 * WAITS. */
bool mention_tell(struct cx *cx, const struct resource *resource, const char *record_id,
                  const char *comment_id, const char *text, const char **unseen);

#endif
