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
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "http/request.h"
#include "http/route.h"
#include "resource/areas.h"

enum {
    CLASSES = 6,
    BUCKETS = 10,
    LABELS = 256,
    FILES_MAX = 2 * AREAS_MAX
}; /* classes: 1xx … 5xx */

static const int64_t bucket_us[BUCKETS] = {250,   500,   1000,   2500,    5000,
                                           10000, 50000, 250000, 1000000, 5000000};

struct counters {
    char labels[LABELS]; /* area="crm",method="GET",route="/api/crm/leads" */
    atomic_ullong by_class[CLASSES];
    atomic_ullong by_bucket[BUCKETS];
    atomic_ullong sum_us;
};

/* The file of an area is an array of these: one for each route, in the order of
 * their addresses in memory, and a last one for requests without a route. The
 * worker has a second file, with one for each kind of job: classes are outcomes. */
static struct {
    const struct route **routes;
    size_t count;
    struct counters *counters;
    const struct job_kind *const *kinds;
    size_t kind_count;
    struct counters *job_counters;
} metrics;

static const char jobs_suffix[] = ".jobs";

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
    if (fd >= 0 && file_reserve(fd, size) && rename(fresh, path) == 0)
        memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    int reason = errno;
    if (fd >= 0)
        close(fd);
    if (memory == MAP_FAILED)
        unlink(fresh);
    errno = reason;
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

static void count(struct counters *of, int class, int64_t took_us)
{
    atomic_fetch_add_explicit(&of->by_class[class], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&of->sum_us, (unsigned long long)took_us, memory_order_relaxed);
    for (int i = 0; i < BUCKETS; i++)
        if (took_us <= bucket_us[i]) {
            atomic_fetch_add_explicit(&of->by_bucket[i], 1, memory_order_relaxed);
            break;
        }
}

void metrics_count(const struct route *route, int status, int64_t took_us)
{
    int class = status / 100;
    count(&metrics.counters[index_of(route)], class < 1 || class >= CLASSES ? 5 : class, took_us);
}

bool metrics_prepare_jobs(const char *area, const struct job_kind *const *kinds, size_t kind_count)
{
    char name[100];
    snprintf(name, sizeof name, "%s%s", area, jobs_suffix);
    metrics.kinds = kinds;
    metrics.kind_count = kind_count;
    metrics.job_counters = make_file(name, kind_count + 1);
    if (!metrics.job_counters) {
        log_error("the file of metrics cannot be made", "reason", strerror(errno));
        return false;
    }
    for (size_t i = 0; i < kind_count; i++)
        snprintf(metrics.job_counters[i].labels, LABELS, "kind=\"%s\",queue=\"%s\"", kinds[i]->name,
                 kinds[i]->queue);
    return true;
}

void metrics_count_job(const struct job_kind *kind, enum job_outcome outcome, int64_t took_us)
{
    for (size_t i = 0; i < metrics.kind_count; i++)
        if (metrics.kinds[i] == kind)
            count(&metrics.job_counters[i], (int)outcome, took_us);
}

/* ---- all areas ---- */

static unsigned long long total_of(const struct counters *of)
{
    unsigned long long total = 0;
    for (int class = 0; class < CLASSES; class ++)
        total += atomic_load_explicit(&of->by_class[class], memory_order_relaxed);
    return total;
}

struct family {
    const char *name, *kind, *help;
    bool of_jobs;
    void (*write)(struct buf *out, const struct family *family, const struct counters *of);
};

static const char *const outcomes[CLASSES] = {
    [JOB_DONE] = "done", [JOB_FAILED] = "failed", [JOB_DEAD] = "dead", [JOB_LOST] = "lost"};

static void write_classes(struct buf *out, const struct family *family, const struct counters *of)
{
    for (int class = 1; class < CLASSES; class ++) {
        unsigned long long value = atomic_load_explicit(&of->by_class[class], memory_order_relaxed);
        if (value == 0)
            continue;
        buf_printf(out, "%s{%s,", family->name, of->labels);
        if (family->of_jobs)
            buf_printf(out, "outcome=\"%s\"} %llu\n", outcomes[class], value);
        else
            buf_printf(out, "status=\"%dxx\"} %llu\n", class, value);
    }
}

static void write_histogram(struct buf *out, const struct family *family, const struct counters *of)
{
    unsigned long long below = 0, total = total_of(of);
    for (int i = 0; i < BUCKETS; i++) {
        below += atomic_load_explicit(&of->by_bucket[i], memory_order_relaxed);
        buf_printf(out, "%s_bucket{%s,le=\"%g\"} %llu\n", family->name, of->labels,
                   (double)bucket_us[i] / 1e6, below);
    }
    buf_printf(out, "%s_bucket{%s,le=\"+Inf\"} %llu\n", family->name, of->labels, total);
    buf_printf(out, "%s_sum{%s} %.6f\n", family->name, of->labels,
               (double)atomic_load_explicit(&of->sum_us, memory_order_relaxed) / 1e6);
    buf_printf(out, "%s_count{%s} %llu\n", family->name, of->labels, total);
}

struct mapped {
    const struct counters *counters;
    size_t count;
    bool of_jobs;
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
    *out = (struct mapped){memory, (size_t)about.st_size / sizeof(struct counters),
                           text_ends(name, jobs_suffix)};
    return true;
}

static size_t map_all(struct mapped all[static FILES_MAX])
{
    char path[300];
    size_t count = 0;
    folder_path(path);
    DIR *folder = opendir(path);
    for (const struct dirent *it; folder && count < FILES_MAX && (it = readdir(folder)) != NULL;)
        if (it->d_name[0] != '.')
            count += map_file(dirfd(folder), it->d_name, &all[count]);
    if (folder)
        closedir(folder);
    return count;
}

void metrics_write(struct buf *out)
{
    static const struct family families[] = {
        {"tulou_requests_total", "counter", "Requests answered.", false, write_classes},
        {"tulou_request_seconds", "histogram", "Time of a request in the area.", false,
         write_histogram},
        {"tulou_jobs_total", "counter", "Attempts at jobs, by how they ended.", true,
         write_classes},
        {"tulou_job_seconds", "histogram", "Time of an attempt at a job.", true, write_histogram},
    };
    struct mapped areas[FILES_MAX];
    size_t count = map_all(areas);
    for (size_t f = 0; f < COUNT(families); f++) {
        buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", families[f].name, families[f].help,
                   families[f].name, families[f].kind);
        for (size_t a = 0; a < count; a++)
            for (size_t i = 0; i < areas[a].count; i++)
                if (areas[a].of_jobs == families[f].of_jobs && total_of(&areas[a].counters[i]) > 0)
                    families[f].write(out, &families[f], &areas[a].counters[i]);
    }
    for (size_t a = 0; a < count; a++)
        munmap((void *)areas[a].counters, areas[a].count * sizeof(struct counters));
}
