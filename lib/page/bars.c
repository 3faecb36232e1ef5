/* bars: a chart that is a table. Bars are drawn here, so that they need no script; whoever does not
 * see them has the figures of the same row. */
#include "page/page.h"

#include <stdio.h>

static json_object *bars_of(json_object *object, const char *key)
{
    return json_object_object_get(object, key);
}

json_object *page_bars(json_object *data, const char *key, const char *title,
                       const char *label_title)
{
    json_object *bars = page_add(data, key);
    page_set(bars, "title", title);
    page_set(bars, "note", NULL);
    page_set(bars, "label_title", label_title);
    page_list(bars, "legend");
    page_list(bars, "heads");
    page_list(bars, "rows");
    return bars;
}

void page_bars_legend(json_object *bars, const char *title)
{
    json_object *legend = bars_of(bars, "legend"), *part = page_item(legend);
    page_set(part, "title", title);
    page_set_int(part, "at", (int64_t)json_object_array_length(legend));
}

void page_bars_head(json_object *bars, const char *title)
{
    page_set(page_item(bars_of(bars, "heads")), "title", title);
}

json_object *page_bars_row(json_object *bars, const char *label, const char *path)
{
    json_object *row = page_item(bars_of(bars, "rows"));
    page_set(row, "label", label);
    page_set(row, "path", path);
    page_list(row, "parts");
    page_list(row, "cells");
    return row;
}

void page_bars_part(json_object *row, int64_t value)
{
    json_object *parts = bars_of(row, "parts"), *part = page_item(parts);
    page_set_int(part, "value", value);
    page_set_int(part, "at", (int64_t)json_object_array_length(parts));
}

void page_bars_cell(json_object *row, const char *text, const char *path)
{
    json_object *cell = page_item(bars_of(row, "cells"));
    page_set(cell, "text", text);
    page_set(cell, "path", path);
}

static int64_t bars_part_value(json_object *parts, size_t at)
{
    return json_object_get_int64(bars_of(json_object_array_get_idx(parts, at), "value"));
}

static double bars_row_value(json_object *row)
{
    json_object *parts = bars_of(row, "parts");
    double sum = 0;
    for (size_t i = 0; i < json_object_array_length(parts); i++)
        sum += (double)bars_part_value(parts, i);
    return sum;
}

/* In percent of the place that there is, to a tenth. */
static void bars_part_set(json_object *part, const char *key, double share)
{
    char text[32];
    int64_t tenths = (int64_t)(share * 1000 + 0.5);
    snprintf(text, sizeof text, "%lld.%lld", (long long)(tenths / 10), (long long)(tenths % 10));
    json_object_object_add(part, key, json_object_new_string(text));
}

static void bars_row_draw(json_object *row, double most)
{
    json_object *parts = bars_of(row, "parts");
    double before = 0;
    for (size_t i = 0; i < json_object_array_length(parts); i++) {
        json_object *part = json_object_array_get_idx(parts, i);
        double share = most > 0 ? (double)bars_part_value(parts, i) / most : 0;
        bars_part_set(part, "from", before);
        bars_part_set(part, "share", share);
        before += share;
    }
}

void page_bars_draw(json_object *bars)
{
    json_object *rows = bars_of(bars, "rows");
    double most = 0;
    for (size_t i = 0; i < json_object_array_length(rows); i++) {
        double value = bars_row_value(json_object_array_get_idx(rows, i));
        most = value > most ? value : most;
    }
    for (size_t i = 0; i < json_object_array_length(rows); i++)
        bars_row_draw(json_object_array_get_idx(rows, i), most);
}
