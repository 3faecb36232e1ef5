/* CBOR that says it is larger than it is. */
#include "access/cbor.h"
#include "base/text.h"
#include "unit.h"

struct sample {
    size_t len;
    unsigned char data[12];
};

/* A text of bytes, which may hold NUL. */
#define SAMPLE(bytes)                                                                              \
    {                                                                                              \
        sizeof(bytes) - 1, bytes                                                                   \
    }

START_TEST(what_is_whole_is_bounded)
{
    static const struct sample samples[] = {
        SAMPLE(""),
        SAMPLE("\x00"),
        SAMPLE("\x18\xff"),
        SAMPLE("\x1b\x01\x02\x03\x04\x05\x06\x07\x08"),
        SAMPLE("\x42\x01\x02"),
        SAMPLE("\x61\x61\xf5"),                         /* two items */
        SAMPLE("\x82\x01\x20"),                         /* [1, -1] */
        SAMPLE("\xa1\x01\x81\x02"),                     /* {1: [2]} */
        SAMPLE("\xc1\x01"),                             /* 1(1) */
        SAMPLE("\xfb\x01\x02\x03\x04\x05\x06\x07\x08"), /* a float */
        SAMPLE("\x81\x81\x81\x81\x00"),                 /* four deep */
        SAMPLE("\xb8\x01\x63\x61\x62\x63\xf4"),         /* {"abc": false} */
    };
    for (size_t i = 0; i < COUNT(samples); i++)
        ck_assert_msg(cbor_is_bounded(samples[i].data, samples[i].len), "sample %zu", i);
}
END_TEST

START_TEST(what_announces_more_than_is_there_is_not)
{
    static const struct sample samples[] = {
        SAMPLE("\x18"),                                 /* half a number */
        SAMPLE("\x1b\x01\x02\x03"),                     /* the same */
        SAMPLE("\x43\x01\x02"),                         /* three bytes */
        SAMPLE("\x5b\xff\xff\xff\xff\xff\xff\xff\xff"), /* 2^64 - 1 bytes */
        SAMPLE("\x82\x01"),                             /* two elements */
        SAMPLE("\x9a\x10\x00\x00\x00"),                 /* 2^28 elements */
        SAMPLE("\xba\x10\x00\x00\x00"),                 /* 2^28 pairs */
        SAMPLE("\xbb\x80\x00\x00\x00\x00\x00\x00\x00"), /* twice it is 0 */
        SAMPLE("\xa1\x01"),                             /* a key alone */
        SAMPLE("\xa1\x01\x9a\x10\x00\x00\x00"),         /* within */
        SAMPLE("\xc1"),                                 /* a tag of nothing */
    };
    for (size_t i = 0; i < COUNT(samples); i++)
        ck_assert_msg(!cbor_is_bounded(samples[i].data, samples[i].len), "sample %zu", i);
}
END_TEST

START_TEST(what_ctap2_does_not_allow_is_not)
{
    static const struct sample samples[] = {
        SAMPLE("\x5f\x41\x01\xff"),         /* bytes without a length */
        SAMPLE("\x9f\xff"),                 /* an array without one */
        SAMPLE("\x1c"),                     /* reserved */
        SAMPLE("\x81\x81\x81\x81\x81\x00"), /* five deep */
    };
    for (size_t i = 0; i < COUNT(samples); i++)
        ck_assert_msg(!cbor_is_bounded(samples[i].data, samples[i].len), "sample %zu", i);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("cbor");
    TCase *cases = tcase_create("cbor");
    tcase_add_test(cases, what_is_whole_is_bounded);
    tcase_add_test(cases, what_announces_more_than_is_there_is_not);
    tcase_add_test(cases, what_ctap2_does_not_allow_is_not);
    suite_add_tcase(suite, cases);
    return suite;
}

UNIT_MAIN(make_suite)
