/* image: pictures that people send are made anew by a program of its own (helpers/image.c), which
 * is confined to that: nothing that was hidden in the file is kept, and a fault of a decoder
 * reaches nothing of ours.
 */
#ifndef FILE_IMAGE_H
#define FILE_IMAGE_H

#include <stdbool.h>

struct cx;

/* From the descriptor to a new one without a name, which the arena closes; its longest side is
 * `edge` at most (0: as it is). 422 on the field "file": invalid_image, image_too_large. 500, 503.
 * WAITS. */
bool image_make_anew(struct cx *cx, int from, int edge, int *out);

#endif
