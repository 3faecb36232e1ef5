/* Any text as a template, rendered with data of every kind and itself as partial, but
 * not for long: what fans out only takes time, it shows nothing more. */
#include <stdint.h>
#include <stdlib.h>

#include "page/mustache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char values[] =
    "{\"a\":{\"b\":[1,2,{\"c\":\"<&>\"}],\"n\":null},\"t\":true,\"f\":false,"
    "\"l\":[\"x\",\"y\"],\"s\":\"text\",\"d\":1.5,\"p\":\"self\",\"e\":[]}";

enum { SIZE_MOST = 200, PARTIALS_MOST = 20 };

static int partials;

static const struct mustache *itself(void *arg, const char *name)
{
    return name[0] == 'z' || ++partials > PARTIALS_MOST ? NULL : arg;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static json_object *object;
    if (!object)
        object = json_tokener_parse(values);
    if (size > SIZE_MOST)
        return 0;
    partials = 0;
    char *problem = NULL;
    struct mustache *template = mustache_new((const char *)data, size, &problem);
    if (template) {
        struct buf out = {0};
        mustache_render(template, object, itself, template, &out);
        buf_free(&out);
        mustache_free(template);
    } else if (!problem) {
        abort();
    }
    free(problem);
    return 0;
}
