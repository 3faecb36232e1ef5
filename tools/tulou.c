/* tulou: the operator's command. Each command is a file of its own. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/config.h"
#include "base/log.h"
#include "base/text.h"
#include "db/db.h"
#include "tool.h"

static const struct command commands[] = {
    {"serve", "", "start everything in the foreground; Ctrl-C stops it", serve_command},
    {"start", "", "start everything in the background; returns once it serves", start_command},
    {"stop", "", "stop what start or serve began", stop_command},
    {"migrate", "", "bring the database up to date", migrate_command},
    {"audit", "verify [TENANT]", "find any break in the audit log", audit_command},
    {"doctor", "", "find what is wrong with this installation", doctor_command},
    {"key", "rotate|adopt", "sign with a new key; take this secret key for the lost one",
     key_command},
    {"config", "[--markdown]", "print all variables", config_command},
    {"model", "AREAS.JSON", "say whether the areas' tables fit together", model_command},
    {"openapi", "AREAS.JSON", "print the OpenAPI document", openapi_command},
    {"texts", "TEMPLATE …", "print the texts of templates", texts_command},
    {"site", "FILE", "write the nginx configuration", site_command},
    {"bootstrap", "", "make the first superadmin (serve does it)", bootstrap_command},
};

bool complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("tulou: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return false;
}

static int help(FILE *out)
{
    fputs("usage: tulou COMMAND …\n\n", out);
    for (size_t i = 0; i < COUNT(commands); i++)
        fprintf(out, "  %-10s %-16s %s\n", commands[i].name, commands[i].arguments,
                commands[i].about);
    return out == stdout ? EXIT_SUCCESS : 2;
}

int config_command(int argc, char **argv)
{
    config_print(stdout, argc > 1 && strcmp(argv[1], "--markdown") == 0);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    const char *problem;
    if (argc < 2)
        return help(stderr);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
        return help(stdout);
    if (!config_load(&problem) || (problem = db_url_problem()) != NULL) {
        complain("%s", problem);
        return EXIT_FAILURE;
    }
    /* The areas have this account too when nobody is root: they shall not read the
     * owner's URL in /proc (prctl(2)). What is started from here can be looked at again. */
    if (*config_text(CONFIG_DATABASE_URL))
        prctl(PR_SET_DUMPABLE, 0);
    log_init("tulou", log_level_of(config_text(CONFIG_TULOU_LOG_LEVEL)));
    for (size_t i = 0; i < COUNT(commands); i++)
        if (strcmp(commands[i].name, argv[1]) == 0)
            return commands[i].run(argc - 1, argv + 1);
    complain("there is no command \"%s\"; see tulou --help", argv[1]);
    return 2;
}
