/* import: records from a file, of every resource that says .imports.
 *
 * The file is cut into parts of some rows each, which wait in the database; a job takes one part
 * after the other, each in one transaction with the counts, so that each row is taken once, whoever
 * is killed. A file of one part is done with in the request that brought it. Each row goes the way
 * of a POST (or PATCH) by whoever began the import, with the rights that they have at that moment:
 * their fields, the hooks of the resource, references, sight, quotas.
 *
 * What is refused stands by line and field, and can be fetched as a file to be mended and sent
 * again.
 */
#ifndef IMPORT_IMPORT_H
#define IMPORT_IMPORT_H

#include "job/job.h"
#include "resource/resource.h"

struct cx;
struct field;

/* The routes of a resource's imports, API and pages; none without .imports. In static memory of
 * the process. */
size_t import_routes(const struct resource *resource, const struct route **routes);

/* POST of a file, for a route of one's own about the rules of a resource, made like the engine's
 * with these parameters and this answer. */
bool import_send(struct cx *cx);
extern const struct field import_query[], import_answer[];

/* Takes the next part; forgets what is older than thirty days. */
extern const struct job_kind import_job, import_forget_job;

/* The event of an import's end: "lead_import.finished"; for the process's life. */
const char *import_event(const struct resource *resource);

#endif
