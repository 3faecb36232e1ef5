#include "file/store.h"

#include "base/config.h"
#include "base/text.h"

static bool is_s3(const char *store)
{
    return text_equal(store, "s3");
}

const char *store_chosen(void)
{
    return is_s3(config_text(CONFIG_TULOU_STORAGE)) ? "s3" : "local";
}

const char *store_problem(void)
{
    const char *said = config_text(CONFIG_TULOU_STORAGE);
    if (!is_s3(said) && !text_equal(said, "local"))
        return "TULOU_STORAGE must be local or s3";
    return is_s3(said) || *config_text(CONFIG_TULOU_S3_URL) ? s3_problem() : NULL;
}

bool store_put(struct arena *arena, const struct stored *content, int fd, const char **problem)
{
    return is_s3(store_chosen()) ? s3_put(arena, content, fd, problem)
                                 : local_put(arena, content, fd, problem);
}

bool store_remove(struct arena *arena, const char *store, const char *tenant_id, const char *id,
                  const char **problem)
{
    return is_s3(store) ? s3_remove(arena, tenant_id, id, problem)
                        : local_remove(arena, tenant_id, id, problem);
}

bool store_answer(struct cx *cx, const char *store, const struct stored *content)
{
    return is_s3(store) ? s3_answer(cx, content) : local_answer(cx, content);
}
