/* log: JSON lines on standard error. A line has time, level, area and message,
 * then the given pairs; a byte that is not UTF-8 stands there as '?'. Never pass
 * a secret. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* `program` is kept and stands in each line; level from TULOU_LOG_LEVEL. */
void log_init(const char *program, enum log_level least);
enum log_level log_level_of(const char *name); /* LOG_INFO when unknown */

/* Pairs are (const char *key, const char *value)..., closed by NULL; a value
 * NULL leaves its pair out. One write(2) for each line. */
void log_line(enum log_level level, const char *message, ...) __attribute__((sentinel));

/* Says so without taking memory, and aborts: no request could go on. */
void log_out_of_memory(void) __attribute__((noreturn));

#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__, (char *)0)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__, (char *)0)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__, (char *)0)
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__, (char *)0)

#endif
