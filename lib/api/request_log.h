/* request_log: one JSON line for each request, gathered and written together
 * at most 50 ms later (a write for each would be a tenth of a request's cost). */
#ifndef API_REQUEST_LOG_H
#define API_REQUEST_LOG_H

#include <stdint.h>

struct cx;

void request_log(const struct cx *cx, int64_t took_us);
void request_log_flush(void);

#endif
