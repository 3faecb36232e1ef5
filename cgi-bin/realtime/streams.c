/* streams: how many a user has open. Each costs memory here and connections of nginx, so nobody has
 * any number of them. */
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/log.h"
#include "realtime.h"

enum { CHAINS = 1024 };

struct owner {
    struct owner *next;
    int64_t streams;
    char id[UUID_SIZE];
};

static struct owner *owners[CHAINS];

static struct owner **owner_place(const char *id)
{
    unsigned hash = 2166136261u;
    for (const char *c = id; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    struct owner **at = &owners[hash % CHAINS];
    while (*at && strcmp((*at)->id, id) != 0)
        at = &(*at)->next;
    return at;
}

bool stream_enter(struct client *client, const char *id)
{
    struct owner **at = owner_place(id);
    int64_t most = config_int(CONFIG_TULOU_STREAMS_USER);
    if (client->owner_id[0])
        return true;
    if (most > 0 && *at && (*at)->streams >= most)
        return false;
    if (!*at) {
        *at = calloc(1, sizeof **at);
        if (!*at)
            log_out_of_memory();
        memcpy((*at)->id, id, UUID_SIZE);
    }
    (*at)->streams++;
    memcpy(client->owner_id, id, UUID_SIZE);
    return true;
}

void stream_leave(struct client *client)
{
    struct owner **at = owner_place(client->owner_id);
    if (!client->owner_id[0])
        return;
    client->owner_id[0] = '\0';
    struct owner *owner = *at;
    if (!owner || --owner->streams > 0)
        return;
    *at = owner->next;
    free(owner);
}
