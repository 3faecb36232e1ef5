/* letter: header and parts of one message. */
#include "mail/letter.h"

#include <string.h>
#include <time.h>

#include "base/text.h"

/* "=_" never stands in quoted-printable (RFC 2045 6.7), so that no text can be
 * taken for the boundary. */
static const char boundary[] = "=_Tulou_part";

/* ---- header ---- */

static void put_date(struct buf *out, int64_t us)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm when = {0};
    time_t seconds = (time_t)(us / 1000000);
    gmtime_r(&seconds, &when);
    buf_printf(out, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d +0000\r\n",
               days + 3 * (ptrdiff_t)when.tm_wday, when.tm_mday,
               months + 3 * (ptrdiff_t)when.tm_mon, when.tm_year + 1900, when.tm_hour, when.tm_min,
               when.tm_sec);
}

/* The address on a line of its own, so that no line grows with both. */
static void put_mailbox(struct buf *out, const char *header, const char *name, const char *address)
{
    buf_printf(out, "%s: ", header);
    if (name && *name) {
        letter_put_phrase(out, name, strlen(header) + 2);
        buf_printf(out, "\r\n <%s>\r\n", address);
    } else {
        buf_printf(out, "%s\r\n", address);
    }
}

static void put_language(struct buf *out, const char *language)
{
    size_t len = language ? strlen(language) : 0;
    static const char tag[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    if (len > 0 && len < 36 && strspn(language, tag) == len)
        buf_printf(out, "Content-Language: %s\r\n", language);
}

static void put_part(struct buf *out, const char *type, const char *text)
{
    buf_printf(out,
               "--%s\r\nContent-Type: %s; charset=utf-8\r\n"
               "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
               boundary, type);
    letter_put_quoted_printable(out, text);
}

void letter_write(struct buf *out, const struct letter *letter)
{
    put_date(out, letter->date_us);
    put_mailbox(out, "From", letter->from_name, letter->from);
    put_mailbox(out, "To", letter->to_name, letter->to);
    buf_puts(out, "Subject: ");
    letter_put_unstructured(out, letter->subject, strlen("Subject: "));
    buf_printf(out, "\r\nMessage-ID: <%s%s>\r\n", letter->id, strrchr(letter->from, '@'));
    buf_puts(out, "Auto-Submitted: auto-generated\r\n"); /* RFC 3834: no holiday answers */
    put_language(out, letter->language);
    buf_printf(out,
               "MIME-Version: 1.0\r\n"
               "Content-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n",
               boundary);
    put_part(out, "text/plain", letter->text);
    put_part(out, "text/html", letter->html);
    buf_printf(out, "--%s--\r\n", boundary);
}
