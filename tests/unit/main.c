/* The program of all unit tests:
 *     units NAME        those of tests/unit/test_NAME.c
 *     units --cluster   a server for them, with a migrated database that they copy, until standard
 *                       input ends; says how to reach it as variables (database.h) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database.h"
#include "unit.h"

extern const struct unit *const __start_units[], *const __stop_units[];

/* "money" is of tests/unit/test_money.c. */
static bool unit_is_named(const struct unit *unit, const char *name)
{
    const char *base = strrchr(unit->file, '/'), prefix[] = "test_";
    base = base ? base + 1 : unit->file;
    size_t skip = strlen(prefix), len = strlen(name);
    return strncmp(base, prefix, skip) == 0 && strncmp(base + skip, name, len) == 0 &&
           strcmp(base + skip + len, ".c") == 0;
}

static int unit_run(const struct unit *unit)
{
    /* What hangs is to end, not what is slow beside another load. */
    setenv("CK_TIMEOUT_MULTIPLIER", "10", 0);
    SRunner *runner = srunner_create(unit->make_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int cluster_serve(void)
{
    database_begin();
    printf("TEST_DATABASE=%s\nTEST_TEMPLATE=%s\n", database.server, database.name);
    fflush(stdout);
    while (getchar() != EOF)
        ;
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--cluster") == 0)
        return cluster_serve();
    for (const struct unit *const *it = __start_units; argc == 2 && it < __stop_units; it++)
        if (unit_is_named(*it, argv[1]))
            return unit_run(*it);
    fprintf(stderr, "units NAME: there is no tests/unit/test_%s.c\n", argc > 1 ? argv[1] : "NAME");
    return EXIT_FAILURE;
}
