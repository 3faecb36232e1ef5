#include "base/qr.h"

#include <qrencode.h>
#include <sodium.h>

#include "base/arena.h"
#include "base/buf.h"

enum { QUIET = 4 }; /* modules around it that stay white */

/* One stroke for each run of dark modules in a row. */
static void draw_row(struct buf *svg, const QRcode *code, int y)
{
    const unsigned char *row = code->data + (ptrdiff_t)y * code->width;
    for (int x = 0; x < code->width; x++) {
        int from = x;
        while (x < code->width && (row[x] & 1))
            x++;
        if (x > from)
            buf_printf(svg, "M%d %dh%dv1h-%dz", from + QUIET, y + QUIET, x - from, x - from);
    }
}

static void draw(struct buf *svg, const QRcode *code)
{
    int side = code->width + 2 * QUIET;
    buf_printf(svg,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
               "shape-rendering=\"crispEdges\"><rect width=\"%d\" height=\"%d\" "
               "fill=\"#fff\"/><path d=\"",
               side, side, side, side);
    for (int y = 0; y < code->width; y++)
        draw_row(svg, code, y);
    buf_puts(svg, "\"/></svg>");
}

char *qr_picture(struct arena *arena, const char *text)
{
    struct buf svg;
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    if (!code)
        return NULL;
    buf_init(&svg, arena);
    draw(&svg, code);
    QRcode_free(code);
    size_t size = sodium_base64_encoded_len(svg.len, sodium_base64_VARIANT_ORIGINAL);
    char *encoded = arena_alloc(arena, size);
    sodium_bin2base64(encoded, size, (const unsigned char *)svg.data, svg.len,
                      sodium_base64_VARIANT_ORIGINAL);
    return arena_printf(arena, "data:image/svg+xml;base64,%s", encoded);
}
