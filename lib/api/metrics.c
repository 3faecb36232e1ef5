#include "api/metrics.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "http/request.h"
#include "http/route.h"

enum { CLASSES = 6, BUCKETS = 10 }; /* classes: 1xx … 5xx at their digit */

static const int64_t bucket_us[BUCKETS] = {250,   500,   1000,   2500,    5000,
                                           10000, 50000, 250000, 1000000, 5000000};

struct counters {
    atomic_ullong by_class[CLASSES];
    atomic_ullong by_bucket[BUCKETS];
    atomic_ullong sum_us;
};

static struct {
    const char *area;
    const struct route *const *routes;
    size_t count;
    struct counters *counters; /* count + 1: the last for requests without a route */
} metrics;

bool metrics_prepare(const char *area, const struct route *const *routes, size_t count)
{
    void *memory = mmap(NULL, (count + 1) * sizeof(struct counters), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    metrics.area = area;
    metrics.routes = routes;
    metrics.count = count;
    metrics.counters = memory;
    return true;
}

static size_t index_of(const struct route *route)
{
    for (size_t i = 0; route && i < metrics.count; i++)
        if (metrics.routes[i] == route)
            return i;
    return metrics.count;
}

void metrics_count(const struct route *route, int status, int64_t took_us)
{
    struct counters *of = &metrics.counters[index_of(route)];
    int class = status / 100;
    if (class < 1 || class >= CLASSES)
        class = 5;
    atomic_fetch_add_explicit(&of->by_class[class], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&of->sum_us, (unsigned long long)took_us, memory_order_relaxed);
    for (int i = 0; i < BUCKETS; i++)
        if (took_us <= bucket_us[i]) {
            atomic_fetch_add_explicit(&of->by_bucket[i], 1, memory_order_relaxed);
            break;
        }
}

static void write_labels(struct buf *out, size_t index)
{
    const struct route *route = index < metrics.count ? metrics.routes[index] : NULL;
    buf_printf(out, "area=\"%s\",method=\"%s\",route=\"%s\"", metrics.area,
               route ? method_name(route->method) : "-", route ? route->path : "-");
}

static unsigned long long total_of(const struct counters *of)
{
    unsigned long long total = 0;
    for (int class = 0; class < CLASSES; class ++)
        total += atomic_load_explicit(&of->by_class[class], memory_order_relaxed);
    return total;
}

static void write_requests(struct buf *out, size_t index)
{
    for (int class = 1; class < CLASSES; class ++) {
        unsigned long long value =
            atomic_load_explicit(&metrics.counters[index].by_class[class], memory_order_relaxed);
        if (value == 0)
            continue;
        buf_puts(out, "tulou_requests_total{");
        write_labels(out, index);
        buf_printf(out, ",status=\"%dxx\"} %llu\n", class, value);
    }
}

static void write_histogram(struct buf *out, size_t index)
{
    const struct counters *of = &metrics.counters[index];
    unsigned long long below = 0, total = total_of(of);
    for (int i = 0; i <= BUCKETS; i++) {
        buf_puts(out, "tulou_request_seconds_bucket{");
        write_labels(out, index);
        if (i == BUCKETS) {
            buf_printf(out, ",le=\"+Inf\"} %llu\n", total);
            break;
        }
        below += atomic_load_explicit(&of->by_bucket[i], memory_order_relaxed);
        buf_printf(out, ",le=\"%g\"} %llu\n", (double)bucket_us[i] / 1e6, below);
    }
    buf_puts(out, "tulou_request_seconds_sum{");
    write_labels(out, index);
    buf_printf(out, "} %.6f\n",
               (double)atomic_load_explicit(&of->sum_us, memory_order_relaxed) / 1e6);
    buf_puts(out, "tulou_request_seconds_count{");
    write_labels(out, index);
    buf_printf(out, "} %llu\n", total);
}

void metrics_write(struct buf *out)
{
    static const struct {
        const char *name, *kind, *help;
        void (*write)(struct buf *out, size_t index);
    } families[] = {
        {"tulou_requests_total", "counter", "Requests answered.", write_requests},
        {"tulou_request_seconds", "histogram", "Time of a request in the area.", write_histogram},
    };
    for (size_t f = 0; f < sizeof families / sizeof families[0]; f++) {
        buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", families[f].name, families[f].help,
                   families[f].name, families[f].kind);
        for (size_t i = 0; i <= metrics.count; i++)
            if (total_of(&metrics.counters[i]) > 0)
                families[f].write(out, i);
    }
}
