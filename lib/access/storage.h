/* storage: where a tenant's files are: TULOU_VAR/tenants/<id>, so that they are
 * kept apart, and go with it. */
#ifndef ACCESS_STORAGE_H
#define ACCESS_STORAGE_H

#include <stdbool.h>

struct arena;

/* The folder of a tenant's files; it may not be there yet. */
char *storage_folder(struct arena *arena, const char *tenant_id);

/* Removes it with all that is in it. True too when there was none. Links are
 * removed, not followed. false: errno says why. */
bool storage_erase(struct arena *arena, const char *tenant_id);

#endif
