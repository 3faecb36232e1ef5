/* openapi_command: the document that the build puts beside the static files. */
#include <stdio.h>
#include <stdlib.h>

#include "api/openapi.h"
#include "tool.h"

int openapi_command(int argc, char **argv)
{
    if (argc != 2) {
        complain("usage: tulou openapi AREAS.JSON");
        return 2;
    }
    json_object *areas = json_object_from_file(argv[1]);
    if (!areas) {
        complain("%s cannot be read", argv[1]);
        return EXIT_FAILURE;
    }
    json_object *document = openapi_document(areas);
    json_object_put(areas);
    if (!document)
        return EXIT_FAILURE;
    puts(json_object_to_json_string_ext(document,
                                        JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(document);
    return EXIT_SUCCESS;
}
