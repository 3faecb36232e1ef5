/* unit: what the files of unit tests share. All are linked to one program,
 * which runs the suite of one file by the file's name: `units money`. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#undef fail /* an old macro of Check; ours is http/cx.h's */

struct unit {
    const char *file; /* "tests/unit/test_money.c" */
    Suite *(*make_suite)(void);
};

/* Closes a file of tests: names its suite to the program. */
#define UNIT_MAIN(suite_function)                                                                  \
    static const struct unit suite_function##_unit = {__FILE__, suite_function};                   \
    static const struct unit *const suite_function##_entry                                         \
        __attribute__((used, section("units"))) = &suite_function##_unit;

#endif
