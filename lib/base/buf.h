/* buf: the one growing string. Its data is always NUL-terminated and may
 * contain NUL bytes; `len` does not count the terminator.
 *
 * With an arena the memory belongs to the arena; without one (arena == NULL)
 * the owner calls buf_free(). A zeroed struct buf is an empty heap buffer.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct buf {
    char *data; /* never NULL after the first append or buf_init() */
    size_t len;
    size_t cap;
    struct arena *arena;
};

void buf_init(struct buf *buf, struct arena *arena);
void buf_reserve(struct buf *buf, size_t more); /* room for `more` bytes and the NUL */
void buf_add(struct buf *buf, const void *data, size_t len);
void buf_puts(struct buf *buf, const char *text); /* NULL adds nothing */
void buf_putc(struct buf *buf, char c);
void buf_int(struct buf *buf, int64_t value);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *buf, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
void buf_clear(struct buf *buf); /* len = 0, memory kept */
void buf_free(struct buf *buf);  /* heap buffers only; harmless on others */

#endif
