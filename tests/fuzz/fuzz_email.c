/* fuzz_email: an address that is taken is ASCII fit for an envelope, and stays as it is
 * when read again; whatever is text has one form, and that form is stable. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/email.h"
#include "base/text.h"
#include "base/unicode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_forms(struct arena *arena, const char *text)
{
    const char *form = unicode_nfc(arena, text), *secret = unicode_password(arena, text);
    require(text_is_utf8(form, strlen(form)) && unicode_nfc(arena, form) == form);
    require(text_is_utf8(secret, strlen(secret)) && unicode_password(arena, secret) == secret);
    unicode_has_control(text, false);
    unicode_has_override(text);
    require(!unicode_is_visible(text) || *text_trim(arena, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char envelope[] = "abcdefghijklmnopqrstuvwxyz0123456789.-@!#$%&'*+/=?^_`{|}~";
    struct arena *arena = arena_new();
    const char *text = arena_copy(arena, data, size), *email = email_read(arena, text);
    char *trimmed = text_trim(arena, text);
    require(strcmp(trimmed, text_trim(arena, trimmed)) == 0);
    if (email) {
        require(strspn(email, envelope) == strlen(email) && strlen(email) <= EMAIL_MAX);
        require(email_is(email) && email_may_send(email) && strchr(email, '@'));
    }
    if (text_is_utf8(text, strlen(text)))
        check_forms(arena, text);
    arena_free(arena);
    return 0;
}
