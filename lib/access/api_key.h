/* api_key: the form of keys that programs send as bearer tokens.
 *
 *     tulou_ RANDOM(32, base 62) TENANT(32, hex) CHECK(6, base 62)
 *
 * The prefix and the checksum (CRC-32 of RFC 1952 section 8 over all before
 * it) let scanners of source code tell a leaked key from any other word; the
 * tenant says where to look. RANDOM holds 190 bits. Only the SHA-256 of the
 * whole is stored; the first 14 characters are shown, so that people know
 * which key they have before them.
 */
#ifndef ACCESS_API_KEY_H
#define ACCESS_API_KEY_H

#include <stdbool.h>

#include "base/uuid.h"

struct arena;

enum { API_KEY_LENGTH = 76, API_KEY_SHOWN = 14 };

struct api_key {
    char tenant_id[UUID_SIZE];
    char shown[API_KEY_SHOWN + 1];
    char hash[65];
};

/* Whether the text means to be one: it has the prefix. */
bool api_key_is_meant(const char *text);
/* false: not of this form, or the checksum is wrong. */
bool api_key_parse(const char *text, struct api_key *out);
/* A new one of a tenant, in the arena. Secret: show it once, never log it. */
char *api_key_make(struct arena *arena, const char *tenant_id);

#endif
