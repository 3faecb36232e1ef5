#include "base/zone.h"

#include <ctype.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/zone_rule.h"

/* Of the real ones the longest has 2 kB in its compact form and 4 kB in the other. */
#define MOST_BYTES (64 * 1024)
#define MOST_NAME 64
#define HEADER_SIZE 44

struct zone {
    struct zone *next; /* in its bucket */
    char name[MOST_NAME + 1];
    size_t changes;
    int64_t *at;  /* when each change is, ascending */
    int *offsets; /* seconds ahead of UTC before the first change, then behind each */
    bool has_rule;
    struct zone_rule rule; /* behind the last */
};

/* ---- TZif, RFC 9636 3 ---- */

struct header {
    size_t isut, isstd, leaps, changes, types, chars;
};

static int64_t read_big_endian(const unsigned char *bytes, size_t width)
{
    uint64_t value = bytes[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < width; i++)
        value = value << 8 | bytes[i];
    return (int64_t)value;
}

static bool read_header(const unsigned char *bytes, size_t len, struct header *header)
{
    size_t counts[6];
    if (len < HEADER_SIZE || memcmp(bytes, "TZif", 4) != 0)
        return false;
    for (size_t i = 0; i < COUNT(counts); i++) {
        int64_t count = read_big_endian(bytes + 20 + i * 4, 4);
        if (count < 0 || count > MOST_BYTES)
            return false;
        counts[i] = (size_t)count;
    }
    *header = (struct header){counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]};
    return header->types > 0;
}

/* Of what stands behind a header; times have `width` bytes. */
static size_t block_size(const struct header *header, size_t width)
{
    return header->changes * (width + 1) + header->types * 6 + header->chars +
           header->leaps * (width + 4) + header->isstd + header->isut;
}

static bool read_changes(struct zone *zone, const unsigned char *block, const struct header *header,
                         size_t width)
{
    const unsigned char *indexes = block + header->changes * width;
    const unsigned char *types = indexes + header->changes;
    zone->changes = header->changes;
    zone->at = calloc(header->changes + 1, sizeof *zone->at);
    zone->offsets = calloc(header->changes + 1, sizeof *zone->offsets);
    if (!zone->at || !zone->offsets)
        return false;
    zone->offsets[0] = (int)read_big_endian(types, 4);
    for (size_t i = 0; i < header->changes; i++) {
        zone->at[i] = read_big_endian(block + i * width, width);
        if (indexes[i] >= header->types || (i > 0 && zone->at[i] <= zone->at[i - 1]))
            return false;
        zone->offsets[i + 1] = (int)read_big_endian(types + indexes[i] * 6, 4);
    }
    return true;
}

/* "\nCET-1CEST,M3.5.0,M10.5.0/3\n"; may be empty, where nobody knows how it goes on. */
static bool read_footer(struct zone *zone, const unsigned char *bytes, size_t len)
{
    char text[128];
    const unsigned char *end = len > 1 ? memchr(bytes + 1, '\n', len - 1) : NULL;
    if (!end || bytes[0] != '\n' || (size_t)(end - bytes) > sizeof text)
        return false;
    size_t size = (size_t)(end - bytes) - 1;
    memcpy(text, bytes + 1, size);
    text[size] = '\0';
    zone->has_rule = size > 0;
    return size == 0 || zone_rule_read(text, &zone->rule);
}

/* From version 2 on, a block with times of 64 bits and a footer follow the old block. */
static bool read_file(struct zone *zone, const unsigned char *bytes, size_t len)
{
    struct header header;
    if (!read_header(bytes, len, &header))
        return false;
    bool old = bytes[4] == '\0';
    size_t width = old ? 4 : 8, size = HEADER_SIZE + block_size(&header, 4);
    if (!old) {
        if (size > len || !read_header(bytes + size, len - size, &header))
            return false;
        bytes += size;
        len -= size;
        size = HEADER_SIZE + block_size(&header, width);
    }
    return size <= len && read_changes(zone, bytes + HEADER_SIZE, &header, width) &&
           (old || read_footer(zone, bytes + size, len - size));
}

void zone_free(struct zone *zone)
{
    if (!zone)
        return;
    free(zone->at);
    free(zone->offsets);
    free(zone);
}

struct zone *zone_read(const unsigned char *bytes, size_t len)
{
    struct zone *zone = calloc(1, sizeof *zone);
    if (zone && read_file(zone, bytes, len))
        return zone;
    zone_free(zone);
    return NULL;
}

int zone_offset_s(const struct zone *zone, int64_t seconds)
{
    size_t low = 0, high = zone->changes; /* how many changes lie behind us */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->at[middle] <= seconds)
            low = middle + 1;
        else
            high = middle;
    }
    return low == zone->changes && zone->has_rule ? zone_rule_offset_s(&zone->rule, seconds)
                                                  : zone->offsets[low];
}

/* ---- the zones of this process ---- */

#define BUCKETS 128

static struct zone *buckets[BUCKETS];
static pthread_mutex_t buckets_lock = PTHREAD_MUTEX_INITIALIZER;

/* Begins with a capital, as all zones do: "posix/…" and "right/…" are other forms of
 * them, and those with leap seconds are not what we count by. */
static bool name_is_safe(const char *name)
{
    if (!name || !isupper((unsigned char)*name) || strlen(name) > MOST_NAME || strstr(name, ".."))
        return false;
    for (const char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("/_+-", *c))
            return false;
    return true;
}

static struct zone **bucket_of(const char *name)
{
    uint32_t hash = 2166136261u;
    for (const char *c = name; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    return &buckets[hash % BUCKETS];
}

static struct zone *load_zone(const char *name)
{
    char path[MOST_NAME + 32];
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    FILE *file = fopen(path, "re");
    unsigned char *bytes = file ? malloc(MOST_BYTES) : NULL;
    struct zone *zone = bytes ? zone_read(bytes, fread(bytes, 1, MOST_BYTES, file)) : NULL;
    free(bytes);
    if (file)
        fclose(file);
    if (zone)
        snprintf(zone->name, sizeof zone->name, "%s", name);
    return zone;
}

const struct zone *zone_find(const char *name)
{
    if (!name_is_safe(name))
        return NULL;
    pthread_mutex_lock(&buckets_lock);
    struct zone **bucket = bucket_of(name), *zone = *bucket;
    while (zone && strcmp(zone->name, name) != 0)
        zone = zone->next;
    if (!zone && (zone = load_zone(name))) {
        zone->next = *bucket;
        *bucket = zone;
    }
    pthread_mutex_unlock(&buckets_lock);
    return zone;
}
