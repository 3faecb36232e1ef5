#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

static const char *const names[] = {"debug", "info", "warn", "error"};

static struct {
    const char *program;
    enum log_level least;
} logging = {"tulou", LOG_INFO};

void log_init(const char *program, enum log_level least)
{
    logging.program = program;
    logging.least = least;
}

enum log_level log_level_of(const char *name)
{
    for (int i = LOG_DEBUG; i <= LOG_ERROR; i++)
        if (strcmp(names[i], name) == 0)
            return (enum log_level)i;
    return LOG_INFO;
}

/* What others sent may be logged: each byte that is not UTF-8 becomes '?'. */
static void put_pair(struct json *json, const char *key, const char *value)
{
    size_t len = strlen(value), good = text_utf8_len(value, len);
    if (good == len) {
        json_pair(json, key, value);
        return;
    }
    struct buf clean = {0};
    buf_add(&clean, value, len);
    for (; good < len; good += text_utf8_len(value + good, len - good))
        clean.data[good++] = '?';
    json_pair(json, key, clean.data);
    buf_free(&clean);
}

void log_line(enum log_level level, const char *message, ...)
{
    if (level < logging.least)
        return;
    char now[32];
    struct buf line = {0};
    struct json json;
    va_list pairs;
    clock_format(clock_now_us(), now);
    json_start(&json, &line);
    json_open_object(&json);
    json_pair(&json, "time", now);
    json_pair(&json, "level", names[level]);
    json_pair(&json, "area", logging.program);
    put_pair(&json, "message", message);
    va_start(pairs, message);
    for (const char *key; (key = va_arg(pairs, const char *)) != NULL;) {
        const char *value = va_arg(pairs, const char *);
        if (value)
            put_pair(&json, key, value);
    }
    va_end(pairs);
    json_close_object(&json);
    buf_putc(&line, '\n');
    if (write(STDERR_FILENO, line.data, line.len) < 0) {
        /* Nobody reads the log: there is no better place to say so. */
    }
    buf_free(&line);
}

void log_out_of_memory(void)
{
    char line[256], now[32];
    clock_format(clock_now_us(), now);
    int len = snprintf(line, sizeof line,
                       "{\"time\":\"%s\",\"level\":\"error\",\"area\":\"%s\","
                       "\"message\":\"out of memory\"}\n",
                       now, logging.program);
    if (len > 0 && write(STDERR_FILENO, line, (size_t)len) < 0) {
        /* As above. */
    }
    abort();
}
