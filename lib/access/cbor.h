/* cbor: whether CBOR (RFC 8949) that came from outside may be given to a library
 * that takes memory for as many elements as a text says it has.
 *
 * libcbor 0.8 allocates, and for arrays fills, what the head of an array or a map
 * announces: five bytes are enough to ask for gigabytes.
 */
#ifndef ACCESS_CBOR_H
#define ACCESS_CBOR_H

#include <stdbool.h>
#include <stddef.h>

/* Whether `data` is a sequence of whole items, each well-formed (appendix C) with
 * definite lengths and nested at most four deep, as CTAP2's canonical form demands:
 * then nothing in it announces more than is there. Nothing at all is such a sequence. */
bool cbor_is_bounded(const unsigned char *data, size_t len);

#endif
