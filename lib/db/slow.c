/* slow: whose turn it is on the connections for what may take long. First come, first served, but
 * each tenant once at a time: whoever asks much waits for itself. */
#include <stdlib.h>
#include <string.h>

#include "db/internal.h"

struct waiter {
    struct waiter *next;
    struct coroutine *coroutine;
    const char *tenant_id;
    int place; /* -1: it waits */
};

struct turns {
    bool taken[SLOW_CONNECTIONS];
    char tenants[SLOW_CONNECTIONS][UUID_SIZE]; /* who has the turn */
    struct waiter *first;
};

struct turns *turns_new(void)
{
    return calloc(1, sizeof(struct turns));
}

static bool slow_has_turn(const struct turns *turns, const char *tenant_id)
{
    for (int i = 0; *tenant_id && i < SLOW_CONNECTIONS; i++)
        if (turns->taken[i] && strcmp(turns->tenants[i], tenant_id) == 0)
            return true;
    return false;
}

static int slow_free_place(const struct turns *turns)
{
    int place = 0;
    while (place < SLOW_CONNECTIONS && turns->taken[place])
        place++;
    return place < SLOW_CONNECTIONS ? place : -1;
}

static void slow_give_turns(struct turns *turns)
{
    for (struct waiter **at = &turns->first; *at;) {
        struct waiter *waiter = *at;
        int place = slow_free_place(turns);
        if (place < 0)
            return;
        if (slow_has_turn(turns, waiter->tenant_id)) {
            at = &waiter->next;
            continue;
        }
        *at = waiter->next;
        turns->taken[place] = true;
        strcpy(turns->tenants[place], waiter->tenant_id);
        waiter->place = place;
        coroutine_wake(waiter->coroutine);
    }
}

static struct waiter **slow_find(struct turns *turns, const struct waiter *waiter)
{
    struct waiter **at = &turns->first;
    while (*at && *at != waiter)
        at = &(*at)->next;
    return at;
}

int slow_enter(struct turns *turns, const char *tenant_id)
{
    struct waiter self = {NULL, coroutine_current(), tenant_id, -1};
    /* cppcheck-suppress autoVariables ; it leaves the line before it goes */
    *slow_find(turns, NULL) = &self;
    slow_give_turns(turns);
    while (self.place < 0 && coroutine_wait())
        ;
    if (self.place < 0)
        *slow_find(turns, &self) = self.next;
    return self.place;
}

void slow_leave(struct turns *turns, int place)
{
    if (place < 0)
        return;
    turns->taken[place] = false;
    slow_give_turns(turns);
}
