/* picture: kind, size and orientation from the heads of files, and from what only looks like one.
 */
#include <string.h>

#include "file/picture.h"
#include "file/type.h"
#include "unit.h"

#define PNG_HEAD "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"
#define EXIF_BIG(orientation)                                                                      \
    "\xff\xd8\xff\xe1\0\x22"                                                                       \
    "Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0" orientation "\0\0\0\0\0\0"
#define EXIF_LITTLE                                                                                \
    "\xff\xd8\xff\xe1\0\x22"                                                                       \
    "Exif\0\0II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x08\0\0\0\0\0\0\0"
#define FRAME "\xff\xc2\0\x11\x08\0\x14\0\x28\x03"
/* The bytes of a literal without the NUL behind them. */
#define BYTES(text) (text), sizeof(text) - 1

static const struct {
    const char *data;
    size_t len;
    enum picture_kind kind;
    int width, height, orientation;
} pictures[] = {
    {BYTES(PNG_HEAD "\0\0\x01\0\0\0\0\x10"), PICTURE_PNG, 256, 16, 1},
    {BYTES("\xff\xd8" FRAME), PICTURE_JPEG, 40, 20, 1},
    {BYTES(EXIF_BIG("\x06") FRAME), PICTURE_JPEG, 40, 20, 6},
    {BYTES(EXIF_BIG("\x09") FRAME), PICTURE_JPEG, 40, 20, 1},
    {BYTES(EXIF_LITTLE "\xff\xff" FRAME), PICTURE_JPEG, 40, 20, 8},
    {BYTES("RIFF\x20\0\0\0WEBPVP8 \x10\0\0\0\0\0\0\x9d\x01\x2a\x28\0\x14\0"), PICTURE_WEBP, 40, 20,
     1},
    {BYTES("RIFF\x20\0\0\0WEBPVP8L\x10\0\0\0\x2f\x27\xc0\x04\0\0\0\0\0\0"), PICTURE_WEBP, 40, 20,
     1},
    {BYTES("RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x27\0\0\x13\0\0"), PICTURE_WEBP, 40, 20, 1},
    /* None, or not whole. */
    {BYTES(""), PICTURE_NONE, 0, 0, 1},
    {BYTES(PNG_HEAD "\0\0\x01\0\0\0"), PICTURE_NONE, 0, 0, 1},
    {BYTES(PNG_HEAD "\0\0\0\0\0\0\0\x10"), PICTURE_NONE, 0, 0, 1},
    {BYTES(PNG_HEAD "\xff\xff\xff\xff\0\0\0\x10"), PICTURE_NONE, 0, 0, 1},
    {BYTES("\xff\xd8\xff\xda\0\x02" FRAME), PICTURE_NONE, 0, 0, 1},
    {BYTES("\xff\xd8\xff\xe0\0\0" FRAME), PICTURE_NONE, 0, 0, 1},
    {BYTES("\xff\xd8\xff\xe0\xff\xff"), PICTURE_NONE, 0, 0, 1},
    {BYTES("GIF89a\x28\0\x14\0"), PICTURE_NONE, 0, 0, 1},
    {BYTES("RIFF\x20\0\0\0WAVEfmt "), PICTURE_NONE, 0, 0, 1},
};

START_TEST(heads_say_kind_size_and_orientation)
{
    struct picture picture;
    bool is_one = picture_read(pictures[_i].data, pictures[_i].len, &picture);
    ck_assert_int_eq(is_one, pictures[_i].kind != PICTURE_NONE);
    ck_assert_int_eq(picture.kind, pictures[_i].kind);
    ck_assert_int_eq(picture.width, pictures[_i].width);
    ck_assert_int_eq(picture.height, pictures[_i].height);
    ck_assert_int_eq(picture.orientation, pictures[_i].orientation);
}
END_TEST

static const struct {
    const char *name, *type;
    const char *content;
    bool fits;
} files[] = {
    {"a.pdf", "application/pdf", "%PDF-1.7\n", true},
    {"A.PDF", "application/pdf", "<html><body>no</body></html>", false},
    {"notes.tar.txt", "text/plain", "Notes\n", true},
    {"notes.txt", "text/plain", "<!doctype html><html><head></head></html>", false},
    {"table.csv", "text/csv", "a,b,c\n1,2,3\n4,5,6\n", true},
    {"data.json", "application/json", "{\"a\": [1, 2]}", true},
    {"a.rtf", "application/rtf", "{\\rtf1\\ansi text}", true},
    {"program.sh", NULL, NULL, false},
    {"page.html", NULL, NULL, false},
    {"none", NULL, NULL, false},
    {".txt", NULL, NULL, false},
    {"a.", NULL, NULL, false},
    {"a. txt", NULL, NULL, false},
    {"a.pdf png", NULL, NULL, false},
};

START_TEST(name_and_content_must_agree)
{
    const struct file_type *type = file_type_of_name(files[_i].name);
    ck_assert_int_eq(type != NULL, files[_i].type != NULL);
    if (!type)
        return;
    ck_assert_str_eq(type->type, files[_i].type);
    ck_assert_int_eq(file_type_fits(type, files[_i].content, strlen(files[_i].content)),
                     files[_i].fits);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("picture");
    TCase *tests = tcase_create("picture");
    tcase_add_loop_test(tests, heads_say_kind_size_and_orientation, 0,
                        (int)(sizeof pictures / sizeof pictures[0]));
    tcase_add_loop_test(tests, name_and_content_must_agree, 0,
                        (int)(sizeof files / sizeof files[0]));
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN(make_suite)
