/* brand: the tenant's colours as a style sheet, with what is read on them or
 * in them at a contrast of 4.5:1 at least (WCAG 2.2, 1.4.3), in light and dark;
 * and the choice between those two. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "access/tenant.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page_parts.h"

static const char primary_default[] = "#1f6f5c", accent_default[] = "#b5562a";
/* The grounds that coloured text may stand on (static/app.css). */
static const char light_ground[] = "#e6ece9", dark_ground[] = "#242a2f";
static const double contrast_least = 4.5;

struct colour {
    double part[3]; /* red, green, blue: 0 to 1 */
};

const struct branding *brand_of(const struct cx *cx)
{
    return cx->tenant ? &cx->tenant->branding : NULL;
}

const char *brand_name(const struct cx *cx)
{
    const struct branding *own = brand_of(cx);
    if (own && own->name && *own->name)
        return own->name;
    return cx->tenant && cx->tenant->name ? cx->tenant->name : "Tulou";
}

static bool colour_read(const char *text, struct colour *out)
{
    unsigned part[3];
    if (!text || strlen(text) != 7 || text[0] != '#' ||
        strspn(text + 1, "0123456789abcdefABCDEF") != 6)
        return false;
    sscanf(text + 1, "%2x%2x%2x", &part[0], &part[1], &part[2]);
    for (int i = 0; i < 3; i++)
        out->part[i] = part[i] / 255.0;
    return true;
}

static struct colour colour_of(const char *text, const char *otherwise)
{
    struct colour colour = {{0}};
    if (!colour_read(text, &colour))
        colour_read(otherwise, &colour);
    return colour;
}

/* Relative luminance, WCAG 2.2. */
static double luminance(const struct colour *colour)
{
    static const double weight[] = {0.2126, 0.7152, 0.0722};
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        double part = colour->part[i];
        sum += weight[i] * (part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4));
    }
    return sum;
}

static double contrast(const struct colour *a, const struct colour *b)
{
    double one = luminance(a) + 0.05, other = luminance(b) + 0.05;
    return one > other ? one / other : other / one;
}

/* Towards black or white until it can be read on the ground. */
static struct colour readable(struct colour colour, const char *ground, double towards)
{
    struct colour under = colour_of(ground, ground);
    for (int step = 0; step < 100 && contrast(&colour, &under) < contrast_least; step++)
        for (int i = 0; i < 3; i++)
            colour.part[i] += (towards - colour.part[i]) * 0.05;
    return colour;
}

static void put_colour(struct buf *out, const struct colour *colour)
{
    buf_putc(out, '#');
    for (int i = 0; i < 3; i++)
        buf_printf(out, "%02x", (unsigned)lround(colour->part[i] * 255));
}

static void put_pair(struct buf *out, const char *name, struct colour colour)
{
    struct colour light = readable(colour, light_ground, 0),
                  dark = readable(colour, dark_ground, 1);
    buf_printf(out, "    %s: light-dark(", name);
    put_colour(out, &light);
    buf_puts(out, ", ");
    put_colour(out, &dark);
    buf_puts(out, ");\n");
}

static bool takes_white(const struct colour *ground)
{
    struct colour white = colour_of("#ffffff", NULL);
    return contrast(ground, &white) >= contrast_least;
}

/* White where it can be read on the colour, else black (which then can); the colour when
 * pressed moves away from it. */
static void put_style(struct buf *out, struct colour primary, struct colour accent)
{
    bool white_ink = takes_white(&primary);
    buf_puts(out, ":root {\n    --brand: ");
    put_colour(out, &primary);
    buf_printf(out, ";\n    --brand-ink: %s;\n    --brand-shade: %s;\n",
               white_ink ? "#ffffff" : "#000000", white_ink ? "#000000" : "#ffffff");
    put_pair(out, "--brand-text", primary);
    put_pair(out, "--brand-mark", accent);
    buf_puts(out, "}\n");
}

static struct colour primary_of(const struct cx *cx)
{
    return colour_of(brand_of(cx) ? brand_of(cx)->primary : NULL, primary_default);
}

static struct colour accent_of(const struct cx *cx)
{
    return colour_of(brand_of(cx) ? brand_of(cx)->accent : NULL, accent_default);
}

void page_brand_colours(const struct branding *brand, char colour[static 8], char ink[static 8])
{
    const char *own = brand ? brand->primary : NULL;
    struct colour ground = colour_of(own, primary_default);
    snprintf(colour, 8, "#%02x%02x%02x", (unsigned)lround(ground.part[0] * 255),
             (unsigned)lround(ground.part[1] * 255), (unsigned)lround(ground.part[2] * 255));
    snprintf(ink, 8, "%s", takes_white(&ground) ? "#ffffff" : "#000000");
}

const char *brand_version(struct cx *cx)
{
    struct buf colours;
    struct colour primary = primary_of(cx), accent = accent_of(cx);
    buf_init(&colours, cx->arena);
    put_colour(&colours, &primary);
    put_colour(&colours, &accent);
    for (char *c = colours.data; *c; c++)
        if (*c == '#')
            *c = '-';
    return colours.data + 1;
}

bool page_brand_css(struct cx *cx)
{
    buf_clear(&cx->response.body);
    put_style(&cx->response.body, primary_of(cx), accent_of(cx));
    response_header_set(cx, "Cache-Control", "private, max-age=31536000, immutable");
    cx->response.status = 200;
    cx->response.type = "text/css; charset=utf-8";
    return true;
}

bool page_theme(struct cx *cx)
{
    const char *theme = parameter_get(cx->request.form, "theme");
    const char *next = parameter_get(cx->request.form, "next");
    bool chosen = text_equal(theme, "light") || text_equal(theme, "dark");
    if (!chosen && !text_equal(theme, "auto"))
        return fail_field(cx, "theme", "invalid_choice", "Choose light, dark or auto.");
    response_cookie(cx, cookie_name(cx, "theme"), chosen ? theme : "", chosen ? 31536000 : 0);
    return page_go(cx, next ? next : "/");
}
