/* arena: memory that lives as long as one request (or one start-up step).
 *
 * Everything that a request allocates comes from its arena and is released at
 * once by arena_reset(); nobody frees by hand. What must be undone as well
 * (a PGresult, a json_object, a descriptor) is tied to the arena by
 * arena_defer(). An arena is used by one coroutine at a time.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

/* A new, empty arena; the caller owns it and ends it with arena_free(). */
struct arena *arena_new(void);

/* `size` zeroed bytes, aligned for any type. Never NULL: a process that is
 * out of memory logs that and aborts, since no request could go on. */
void *arena_alloc(struct arena *arena, size_t size);

/* A NUL-terminated copy of `len` bytes. */
char *arena_copy(struct arena *arena, const void *data, size_t len);

/* A copy of a C string; NULL stays NULL. */
char *arena_text(struct arena *arena, const char *text);

/* sprintf into the arena. */
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Calls undo(arg) when the arena is reset or freed; last in, first out. */
void arena_defer(struct arena *arena, void (*undo)(void *arg), void *arg);

/* Runs what was deferred and forgets every allocation; keeps the first block
 * for the next use and gives larger ones back. */
void arena_reset(struct arena *arena);

void arena_free(struct arena *arena);

/* Bytes handed out since the last reset: for limits and for tests. */
size_t arena_used(const struct arena *arena);

#endif
