/* letter: one e-mail, and its form on the wire (RFC 5322, MIME); private to lib/mail. */
#ifndef MAIL_LETTER_H
#define MAIL_LETTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct arena;

struct letter {
    const char *id;       /* left of the Message-ID's @ */
    int64_t date_us;      /* when it was written */
    const char *language; /* "de" */
    const char *from, *from_name;
    const char *to, *to_name; /* to_name: NULL or "": none */
    const char *subject;
    const char *text, *html; /* UTF-8 */
};

/* The whole message, with CRLF, ASCII only, no line over 998 (RFC 5322 2.1.1):
 * whatever the letter's texts hold, they cannot add a header or a part. Both
 * addresses must be such (base/email.h). */
void letter_write(struct buf *out, const struct letter *letter);

/* ---- what it is made of ---- */
/* A text within a header that has begun: as it is when it is plain ASCII, else as
 * encoded words (RFC 2047), folded; control characters become spaces. `column`:
 * where the header's line stands. */
void letter_put_unstructured(struct buf *out, const char *text, size_t column);
/* The name before an address: quoted (RFC 5322 3.2.4) or as encoded words. */
void letter_put_phrase(struct buf *out, const char *name, size_t column);
/* A body as quoted-printable (RFC 2045 6.7); ends of lines become CRLF. */
void letter_put_quoted_printable(struct buf *out, const char *text);

#endif
