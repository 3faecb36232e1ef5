#include "api/metrics.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config.h"
#include "base/log.h"
#include "base/text.h"
#include "http/request.h"
#include "http/route.h"

enum { CLASSES = 6, BUCKETS = 10, LABELS = 256, AREAS_MAX = 64 }; /* classes: 1xx … 5xx */

static const int64_t bucket_us[BUCKETS] = {250,   500,   1000,   2500,    5000,
                                           10000, 50000, 250000, 1000000, 5000000};

struct counters {
    char labels[LABELS]; /* area="crm",method="GET",route="/api/crm/leads" */
    atomic_ullong by_class[CLASSES];
    atomic_ullong by_bucket[BUCKETS];
    atomic_ullong sum_us;
};

/* The file of an area is an array of these: one for each route, in the order of
 * their addresses in memory, and a last one for requests without a route. */
static struct {
    const struct route **routes;
    size_t count;
    struct counters *counters;
} metrics;

static int by_address(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t) * (const struct route *const *)a;
    uintptr_t y = (uintptr_t) * (const struct route *const *)b;
    return (x > y) - (x < y);
}

static void folder_path(char out[static 300])
{
    snprintf(out, 300, "%s/run/metrics", config_text(CONFIG_TULOU_VAR));
}

/* Made beside and moved into place: who maps the old one keeps it. */
static struct counters *make_file(const char *area, size_t count)
{
    char folder[300], path[400], fresh[410];
    size_t size = count * sizeof(struct counters);
    folder_path(folder);
    snprintf(path, sizeof path, "%s/%s", folder, area);
    snprintf(fresh, sizeof fresh, "%s/.%s", folder, area);
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return NULL;
    int fd = open(fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    void *memory = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, (off_t)size) == 0 && rename(fresh, path) == 0)
        memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    return memory == MAP_FAILED ? NULL : memory;
}

bool metrics_prepare(const char *area, const struct route *const *routes, size_t count)
{
    metrics.routes = malloc((count + 1) * sizeof(*metrics.routes));
    metrics.counters = make_file(area, count + 1);
    metrics.count = count;
    if (!metrics.routes || !metrics.counters) {
        log_error("the file of metrics cannot be made", "reason", strerror(errno));
        return false;
    }
    memcpy(metrics.routes, routes, count * sizeof(*routes));
    qsort(metrics.routes, count, sizeof(*metrics.routes), by_address);
    for (size_t i = 0; i <= count; i++) {
        const struct route *route = i < count ? metrics.routes[i] : NULL;
        snprintf(metrics.counters[i].labels, LABELS, "area=\"%s\",method=\"%s\",route=\"%s\"", area,
                 route ? method_name(route->method) : "-", route ? route->path : "-");
    }
    return true;
}

static size_t index_of(const struct route *route)
{
    const struct route **found =
        bsearch(&route, metrics.routes, metrics.count, sizeof(*metrics.routes), by_address);
    return found ? (size_t)(found - metrics.routes) : metrics.count;
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

/* ---- all areas ---- */

static unsigned long long total_of(const struct counters *of)
{
    unsigned long long total = 0;
    for (int class = 0; class < CLASSES; class ++)
        total += atomic_load_explicit(&of->by_class[class], memory_order_relaxed);
    return total;
}

static void write_requests(struct buf *out, const struct counters *of)
{
    for (int class = 1; class < CLASSES; class ++) {
        unsigned long long value = atomic_load_explicit(&of->by_class[class], memory_order_relaxed);
        if (value == 0)
            continue;
        buf_printf(out, "tulou_requests_total{%s,status=\"%dxx\"} %llu\n", of->labels, class,
                   value);
    }
}

static void write_histogram(struct buf *out, const struct counters *of)
{
    unsigned long long below = 0, total = total_of(of);
    for (int i = 0; i < BUCKETS; i++) {
        below += atomic_load_explicit(&of->by_bucket[i], memory_order_relaxed);
        buf_printf(out, "tulou_request_seconds_bucket{%s,le=\"%g\"} %llu\n", of->labels,
                   (double)bucket_us[i] / 1e6, below);
    }
    buf_printf(out, "tulou_request_seconds_bucket{%s,le=\"+Inf\"} %llu\n", of->labels, total);
    buf_printf(out, "tulou_request_seconds_sum{%s} %.6f\n", of->labels,
               (double)atomic_load_explicit(&of->sum_us, memory_order_relaxed) / 1e6);
    buf_printf(out, "tulou_request_seconds_count{%s} %llu\n", of->labels, total);
}

struct mapped {
    const struct counters *counters;
    size_t count;
};

static bool map_file(int folder, const char *name, struct mapped *out)
{
    struct stat about;
    void *memory = MAP_FAILED;
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &about) == 0 && about.st_size > 0)
        memory = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    if (memory == MAP_FAILED)
        return false;
    *out = (struct mapped){memory, (size_t)about.st_size / sizeof(struct counters)};
    return true;
}

static size_t map_all(struct mapped all[static AREAS_MAX])
{
    char path[300];
    size_t count = 0;
    folder_path(path);
    DIR *folder = opendir(path);
    for (const struct dirent *it; folder && count < AREAS_MAX && (it = readdir(folder)) != NULL;)
        if (it->d_name[0] != '.')
            count += map_file(dirfd(folder), it->d_name, &all[count]);
    if (folder)
        closedir(folder);
    return count;
}

void metrics_write(struct buf *out)
{
    static const struct {
        const char *name, *kind, *help;
        void (*write)(struct buf *out, const struct counters *of);
    } families[] = {
        {"tulou_requests_total", "counter", "Requests answered.", write_requests},
        {"tulou_request_seconds", "histogram", "Time of a request in the area.", write_histogram},
    };
    struct mapped areas[AREAS_MAX];
    size_t count = map_all(areas);
    for (size_t f = 0; f < COUNT(families); f++) {
        buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", families[f].name, families[f].help,
                   families[f].name, families[f].kind);
        for (size_t a = 0; a < count; a++)
            for (size_t i = 0; i < areas[a].count; i++)
                if (total_of(&areas[a].counters[i]) > 0)
                    families[f].write(out, &areas[a].counters[i]);
    }
    for (size_t a = 0; a < count; a++)
        munmap((void *)areas[a].counters, areas[a].count * sizeof(struct counters));
}
