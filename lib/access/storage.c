#include "access/storage.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/config.h"
#include "base/uuid.h"

enum { FOLDERS_OPEN = 16 };

char *storage_folder(struct arena *arena, const char *tenant_id)
{
    return arena_printf(arena, "%s/tenants/%s", config_text(CONFIG_TULOU_VAR), tenant_id);
}

static int erase_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

/* The id is checked, since what stands in its place is removed whole. */
bool storage_erase(struct arena *arena, const char *tenant_id)
{
    if (!uuid_is(tenant_id)) {
        errno = EINVAL;
        return false;
    }
    return nftw(storage_folder(arena, tenant_id), erase_one, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS) ==
               0 ||
           errno == ENOENT;
}
