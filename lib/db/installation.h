/* installation: what a database belongs to: one secret key, whose fingerprint it keeps,
 * and, on a server of its operator's own, two logins that are this database's alone.
 *
 * Grants and policies name the roles tulou_tenant and tulou_platform. Roles are the
 * whole cluster's, so another database beside this one (staging beside production) has
 * the same two. On the embedded cluster the areas connect as these, known by their
 * account. Elsewhere nobody does: the areas connect as tulou_tenant_N and
 * tulou_platform_N, where N is the number (oid) of this database, which no other
 * database of the cluster has. Each login inherits nothing, becomes its group when it
 * connects (ALTER ROLE … SET role), has a password that derives from the secret key,
 * and may connect to this database alone; nobody else may but the owner.
 */
#ifndef DB_INSTALLATION_H
#define DB_INSTALLATION_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

struct migration;

/* Under the lock of migrate_install(). Loads the key and compares its fingerprint with
 * the one that stands in public.installation, or writes it there. false: one line in
 * *problem that says what to do (static memory). */
bool installation_check_key(PGconn *pg, const struct migration *wanted, bool empty,
                            const char **problem);
/* Under the same lock, after the migrations: makes the logins, gives them their
 * passwords. The server only ever sees SCRAM verifiers. */
bool installation_make_logins(PGconn *pg, const char **problem);
/* "_16385": what follows the names of the two roles in those of the logins of the
 * database that `pg` is connected to. false: it cannot be told. */
bool installation_suffix(PGconn *pg, char *out, size_t size);

#endif
