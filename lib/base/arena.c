#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/sanitize.h"

enum { FIRST_BLOCK = 16 * 1024, NEXT_BLOCK = 64 * 1024, ALIGN = 16 };

struct block {
    struct block *next; /* older */
    size_t size, used;
    _Alignas(ALIGN) char data[];
};

struct undo {
    struct undo *next;
    void (*function)(void *arg);
    void *arg;
};

struct arena {
    struct block *current;
    struct block *first; /* kept across resets */
    struct undo *undo;
    size_t used;
};

static struct block *block_new(size_t size)
{
    if (size > PTRDIFF_MAX - sizeof(struct block))
        log_out_of_memory();
    struct block *block = malloc(sizeof *block + size);
    if (!block)
        log_out_of_memory();
    block->next = NULL;
    block->size = size;
    block->used = 0;
    sanitize_close(block->data, size);
    return block;
}

struct arena *arena_new(void)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (!arena)
        log_out_of_memory();
    arena->first = arena->current = block_new(FIRST_BLOCK);
    return arena;
}

static void grow(struct arena *arena, size_t size)
{
    struct block *block = block_new(size > NEXT_BLOCK ? size : NEXT_BLOCK);
    block->next = arena->current;
    arena->current = block;
}

/* Room that is not zeroed yet. */
static void *take(struct arena *arena, size_t size)
{
    size_t rounded = ((size + ALIGN - 1) & ~(size_t)(ALIGN - 1)) + SANITIZE_GAP;
    if (rounded < size)
        log_out_of_memory();
    if (arena->current->size - arena->current->used < rounded)
        grow(arena, rounded);
    void *memory = arena->current->data + arena->current->used;
    sanitize_open(memory, size);
    arena->current->used += rounded;
    arena->used += rounded;
    return memory;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    return memset(take(arena, size), 0, size);
}

char *arena_copy(struct arena *arena, const void *data, size_t len)
{
    if (len == SIZE_MAX)
        log_out_of_memory();
    char *copy = take(arena, len + 1);
    if (len > 0)
        memcpy(copy, data, len);
    copy[len] = '\0';
    return copy;
}

char *arena_text(struct arena *arena, const char *text)
{
    return text ? arena_copy(arena, text, strlen(text)) : NULL;
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    /* Mostly it fits where the next piece will be taken. */
    size_t room = arena->current->size - arena->current->used;
    char *place = arena->current->data + arena->current->used;
    sanitize_open(place, room);
    int len = vsnprintf(room > 0 ? place : NULL, room, format, args);
    sanitize_close(place, room);
    if (len < 0) {
        va_end(again);
        return arena_copy(arena, "", 0);
    }
    char *text = take(arena, (size_t)len + 1);
    if (text != place)
        vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

void arena_defer(struct arena *arena, void (*undo)(void *arg), void *arg)
{
    struct undo *entry = take(arena, sizeof *entry);
    *entry = (struct undo){arena->undo, undo, arg};
    arena->undo = entry;
}

static void run_undo(struct arena *arena)
{
    while (arena->undo) {
        struct undo *entry = arena->undo;
        arena->undo = entry->next;
        entry->function(entry->arg);
    }
}

void arena_reset(struct arena *arena)
{
    run_undo(arena);
    while (arena->current != arena->first) {
        struct block *older = arena->current->next;
        free(arena->current);
        arena->current = older;
    }
    sanitize_close(arena->first->data, arena->first->size);
    arena->first->used = 0;
    arena->used = 0;
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    arena_reset(arena);
    free(arena->first);
    free(arena);
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}
