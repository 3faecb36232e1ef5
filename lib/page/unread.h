/* unread: what the bell of every page counts. */
#ifndef PAGE_UNREAD_H
#define PAGE_UNREAD_H

#include <stdint.h>

struct cx;

/* How many notifications the one signed in has not read; -1 when that cannot be
 * told. WAITS. */
int64_t notify_unread(struct cx *cx);

#endif
