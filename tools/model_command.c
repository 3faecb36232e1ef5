/* model_command: the build asks whether the tables of all areas fit together. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "resource/areas.h"
#include "resource/model.h"
#include "tool.h"

int model_command(int argc, char **argv)
{
    struct buf report = {0};
    if (argc != 2) {
        complain("usage: tulou model AREAS.JSON");
        return 2;
    }
    if (!areas_load(argv[1])) {
        complain("%s cannot be read", argv[1]);
        return EXIT_FAILURE;
    }
    model_link_described();
    bool good = model_check(&report);
    if (!good)
        fputs(report.data, stderr);
    buf_free(&report);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
