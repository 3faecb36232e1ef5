/* Messages: whatever their texts hold, the form stays that of RFC 5322. */
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "mail/letter.h"
#include "unit.h"

static struct arena *arena;
static struct letter letter;

static void set_up(void)
{
    arena = arena_new();
    letter = (struct letter){.id = "0193aaaa-0000-7000-8000-000000000001",
                             .date_us = 1795252530000000,
                             .language = "en",
                             .from = "no-reply@club.test",
                             .from_name = "Club",
                             .to = "ada@example.test",
                             .to_name = "Ada Lin",
                             .subject = "Welcome",
                             .text = "Hello\n",
                             .html = "<p>Hello</p>"};
}

static void tear_down(void)
{
    arena_free(arena);
}

static const char *written(void)
{
    struct buf out;
    buf_init(&out, arena);
    letter_write(&out, &letter);
    return out.data;
}

static const char *encoded(void (*put)(struct buf *, const char *, size_t), const char *text)
{
    struct buf out;
    buf_init(&out, arena);
    put(&out, text, 9);
    return out.data;
}

static const char *printable(const char *text)
{
    struct buf out;
    buf_init(&out, arena);
    letter_put_quoted_printable(&out, text);
    return out.data;
}

START_TEST(a_message_has_its_header_and_both_parts)
{
    ck_assert_str_eq(written(),
                     "Date: Sat, 21 Nov 2026 09:15:30 +0000\r\n"
                     "From: \"Club\"\r\n <no-reply@club.test>\r\n"
                     "To: \"Ada Lin\"\r\n <ada@example.test>\r\n"
                     "Subject: Welcome\r\n"
                     "Message-ID: <0193aaaa-0000-7000-8000-000000000001@club.test>\r\n"
                     "Auto-Submitted: auto-generated\r\n"
                     "Content-Language: en\r\n"
                     "MIME-Version: 1.0\r\n"
                     "Content-Type: multipart/alternative; boundary=\"=_Tulou_part\"\r\n\r\n"
                     "--=_Tulou_part\r\nContent-Type: text/plain; charset=utf-8\r\n"
                     "Content-Transfer-Encoding: quoted-printable\r\n\r\nHello\r\n\r\n"
                     "--=_Tulou_part\r\nContent-Type: text/html; charset=utf-8\r\n"
                     "Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>Hello</p>\r\n"
                     "--=_Tulou_part--\r\n");
}
END_TEST

static size_t header_lines(const char *message)
{
    size_t count = 0;
    for (const char *at = message; !text_starts(at, "\r\n"); at = strstr(at, "\r\n") + 2)
        count += *at != ' ';
    return count;
}

START_TEST(no_text_adds_a_header_or_a_part)
{
    static const char evil[] = "x\r\nBcc: all@example.test\r\n\r\n--=_Tulou_part\r\nmore";
    size_t usual = header_lines(written());
    letter.subject = letter.from_name = letter.to_name = letter.language = evil;
    letter.text = letter.html = evil;
    const char *message = written();
    ck_assert_uint_eq(header_lines(message), usual - 1); /* that of the language is left out */
    size_t boundaries = 0;
    for (const char *at = message; (at = strstr(at, "\n--=_Tulou_part")) != NULL; at++)
        boundaries++;
    ck_assert_uint_eq(boundaries, 3);
    ck_assert(strstr(message, "\nBcc:") > strstr(message, "\r\n\r\n"));
}
END_TEST

START_TEST(a_header_in_another_script_is_made_of_encoded_words)
{
    ck_assert_str_eq(encoded(letter_put_unstructured, "Grüße"), "=?UTF-8?Q?Gr=C3=BC=C3=9Fe?=");
    ck_assert_str_eq(encoded(letter_put_unstructured, "a =? b"), "=?UTF-8?Q?a_=3D=3F_b?=");
    ck_assert_str_eq(encoded(letter_put_phrase, "Zoë \"Z\""), "=?UTF-8?Q?Zo=C3=AB_=22Z=22?=");
    ck_assert_str_eq(encoded(letter_put_phrase, "A \"B\" \\"), "\"A \\\"B\\\" \\\\\"");
    ck_assert_str_eq(encoded(letter_put_phrase, "a\tb\nc"), "\"a b c\"");
}
END_TEST

START_TEST(encoded_words_are_short_and_cut_between_characters)
{
    struct buf text;
    buf_init(&text, arena);
    for (int i = 0; i < 60; i++)
        buf_puts(&text, "漢字 ");
    const char *out = encoded(letter_put_unstructured, text.data);
    for (const char *word = out; word; word = strstr(word, "\r\n ")) {
        word += *word == '\r' ? 3 : 0;
        size_t len = strcspn(word, "\r");
        ck_assert_uint_le(len, 75);
        ck_assert(text_starts(word, "=?UTF-8?Q?"));
        ck_assert_int_eq(strncmp(word + len - 2, "?=", 2), 0);
        /* three bytes of three for each character, besides the spaces */
        size_t escapes = 0;
        for (const char *c = word + 10; c < word + len - 2; c++)
            escapes += *c == '=';
        ck_assert_uint_eq(escapes % 3, 0);
    }
}
END_TEST

START_TEST(bodies_are_quoted_printable)
{
    struct buf text;
    ck_assert_str_eq(printable("a=b é"), "a=3Db =C3=A9\r\n");
    ck_assert_str_eq(printable("end \nnext\t\r\nlast"), "end=20\r\nnext=09\r\nlast\r\n");
    ck_assert_str_eq(printable(".\n..x"), "=2E\r\n=2E.x\r\n");
    buf_init(&text, arena);
    for (int i = 0; i < 500; i++)
        buf_puts(&text, i % 7 ? "." : "é");
    for (const char *line = printable(text.data); *line;) {
        size_t len = strcspn(line, "\r");
        ck_assert_uint_le(len, 76);
        ck_assert(*line != '.');
        line += len + 2;
    }
}
END_TEST

static Suite *letter_suite(void)
{
    Suite *suite = suite_create("letter");
    TCase *core = tcase_create("core");
    tcase_add_checked_fixture(core, set_up, tear_down);
    tcase_add_test(core, a_message_has_its_header_and_both_parts);
    tcase_add_test(core, no_text_adds_a_header_or_a_part);
    tcase_add_test(core, a_header_in_another_script_is_made_of_encoded_words);
    tcase_add_test(core, encoded_words_are_short_and_cut_between_characters);
    tcase_add_test(core, bodies_are_quoted_printable);
    suite_add_tcase(suite, core);
    return suite;
}

UNIT_MAIN(letter_suite)
