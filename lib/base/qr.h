/* qr: QR codes (ISO/IEC 18004) by libqrencode, as pictures for pages. */
#ifndef BASE_QR_H
#define BASE_QR_H

struct arena;

/* The text as an SVG picture with its quiet zone, dark on white whatever the
 * page's colours: "data:image/svg+xml;base64,…". NULL when it is too long. */
char *qr_picture(struct arena *arena, const char *text);

#endif
