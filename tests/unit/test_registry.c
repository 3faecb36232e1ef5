/* What is kept by address, however much there is. */
#include "base/registry.h"
#include "unit.h"

START_TEST(it_finds_everything_that_was_kept_and_nothing_else)
{
    enum { MANY = 10000 };
    static char things[MANY + 1];
    struct registry registry = {0};
    ck_assert_ptr_null(registry_find(&registry, &things[0]));
    for (int i = 0; i < MANY; i++) {
        ck_assert_ptr_null(registry_find(&registry, &things[i]));
        registry_add(&registry, &things[i], &things[i + 1]);
    }
    for (int i = 0; i < MANY; i++)
        ck_assert_ptr_eq(registry_find(&registry, &things[i]), &things[i + 1]);
    ck_assert_ptr_null(registry_find(&registry, &things[MANY]));
    ck_assert_uint_eq(registry.count, MANY);
    free(registry.entries);
}
END_TEST

static Suite *registry_suite(void)
{
    Suite *suite = suite_create("registry");
    TCase *core = tcase_create("registry");
    tcase_add_test(core, it_finds_everything_that_was_kept_and_nothing_else);
    suite_add_tcase(suite, core);
    return suite;
}

UNIT_MAIN(registry_suite)
