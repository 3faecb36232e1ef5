/* area: the program of an area. What it does is chosen by its arguments:
 *     AREA --socket PATH [--workers N]   serve (or on a socket systemd hands over)
 *     AREA --describe                    print the area's table as JSON
 *     AREA --check-statements            prepare every statement, check resources
 */
#include "api/area.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/access.h"
#include "access/common.h"
#include "api/check.h"
#include "api/describe.h"
#include "api/request_log.h"
#include "api/serve.h"
#include "api/tasks.h"
#include "base/arena.h"
#include "base/config.h"
#include "base/language.h"
#include "base/log.h"
#include "base/loop/loop.h"
#include "base/text.h"
#include "db/db.h"
#include "http/master.h"
#include "http/server.h"
#include "page/page.h"
#include "resource/areas.h"
#include "resource/model.h"

struct worker {
    const struct area *area;
    int listener, index;
    struct server *server;
    bool failed;
};

static void drain(void *arg)
{
    struct worker *worker = arg;
    if (worker->server)
        server_drain(worker->server);
    if (worker->area->end)
        worker->area->end();
    loop_stop();
}

/* Whether the database is there yet does not matter: requests answer 503 until
 * it is, and what could not be read now is read when it comes back. */
static void start(void *arg)
{
    struct worker *worker = arg;
    if (!access_start()) {
        worker->failed = true;
        loop_stop();
        return;
    }
    worker->server = server_new(worker->listener, serve_request);
    if (worker->index == 0)
        tasks_start(worker->area);
    if (worker->area->begin)
        worker->area->begin();
}

static int64_t pool_of(const struct area *area)
{
    int64_t usual = config_int(CONFIG_TULOU_DB_POOL);
    int64_t own = area->transactions ? config_int(area->transactions) : 0;
    return own > usual ? own : usual;
}

static int work(int listener, int index, void *arg)
{
    struct worker worker = {.area = arg, .listener = listener, .index = index};
    if (!loop_init() || !loop_on_signal(SIGTERM, drain, &worker) ||
        !loop_on_signal(SIGINT, drain, &worker))
        return EXIT_FAILURE;
    if (!db_open_configured(worker.area->platform, pool_of(worker.area)) ||
        !coroutine_start(start, &worker))
        return EXIT_FAILURE;
    loop_run();
    request_log_flush();
    if (worker.server)
        server_free(worker.server);
    db_close();
    return worker.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

extern const struct area *const __start_areas[];
extern const struct area *const __stop_areas[];

const struct area *const *areas_linked(size_t *count)
{
    /* cppcheck-suppress comparePointers ; both ends are of one section */
    *count = (size_t)(__stop_areas - __start_areas);
    return __start_areas;
}

/* The tables of this program, and of the other areas what the build described. */
static bool link_model(void)
{
    size_t count;
    struct arena *arena = arena_new();
    const struct area *const *linked = areas_linked(&count);
    for (size_t i = 0; i < count; i++)
        model_add_area(linked[i]->name, linked[i]->resources);
    const char *share = config_text(CONFIG_TULOU_SHARE);
    bool linked_all = areas_load(arena_printf(arena, "%s/areas.json", share)) && model_link();
    arena_free(arena);
    return linked_all;
}

static bool load_shared_files(void)
{
    struct arena *arena = arena_new();
    const char *share = config_text(CONFIG_TULOU_SHARE);
    bool loaded = language_load(arena_printf(arena, "%s/locale", share)) && link_model() &&
                  page_load_templates(arena_printf(arena, "%s/templates", share)) &&
                  common_load(arena_printf(arena, "%s/passwords.bin", share));
    arena_free(arena);
    return loaded;
}

static int serve(const struct area *area, const char *socket, int64_t workers)
{
    if (workers == 0)
        workers = area->workers ? area->workers : config_int(CONFIG_TULOU_WORKERS);
    if (!load_shared_files() || !serve_prepare(area) || (area->prepare && !area->prepare()))
        return EXIT_FAILURE;
    struct master_options options = {.socket = socket,
                                     .socket_mode = 0660,
                                     .workers = (int)workers,
                                     .work = work,
                                     .arg = (void *)area};
    return master_run(&options);
}

static int usage(const char *program)
{
    fprintf(stderr, "usage: %s --socket PATH [--workers N] | --describe | --check-statements\n",
            program);
    return 2;
}

int area_main(const struct area *area, int argc, char **argv)
{
    static const struct option options[] = {{"socket", required_argument, NULL, 's'},
                                            {"workers", required_argument, NULL, 'w'},
                                            {"describe", no_argument, NULL, 'd'},
                                            {"check-statements", no_argument, NULL, 'c'},
                                            {NULL, 0, NULL, 0}};
    const char *socket = NULL, *problem;
    int64_t workers = 0;
    bool describe = false, check = false;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 's')
            socket = optarg;
        else if (option == 'd')
            describe = true;
        else if (option == 'c')
            check = true;
        else if (option != 'w' || !text_to_int(optarg, 1, 64, &workers))
            return usage(argv[0]);
    }
    if (describe)
        return area_describe(area, stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
    if (!config_load(&problem)) {
        fprintf(stderr, "%s: %s\n", area->name, problem);
        return EXIT_FAILURE;
    }
    log_init(area->name, log_level_of(config_text(CONFIG_TULOU_LOG_LEVEL)));
    if (check)
        return link_model() ? area_check_statements(area) : EXIT_FAILURE;
    if (!socket && !getenv("LISTEN_FDS"))
        return usage(argv[0]);
    return serve(area, socket, workers);
}
