#include "liveness.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/config.h"
#include "base/loop/loop.h"
#include "db/db.h"
#include "http/cx.h"
#include "http/server.h"
#include "resource/tables.h"

/* FastCGI 1.0, 3.3, 5.1, 5.2, 8: BEGIN_REQUEST of a responder, its one parameter, the
 * ends of parameters and of input. Lengths are of one byte each. */
enum { BEGIN_REQUEST = 1, PARAMS = 4, STDIN = 5, STDOUT = 6, NAME = sizeof SERVER_ASK_ALIVE - 1 };

#define RECORD(type, length) 1, (type), 0, 1, 0, (length), 0, 0
static const char begin[] = {RECORD(BEGIN_REQUEST, 8), 0,    1, 0, 0, 0, 0, 0, 0,
                             RECORD(PARAMS, NAME + 3), NAME, 1};
static const char end[] = {'1', RECORD(PARAMS, 0), RECORD(STDIN, 0)};

static int dial(struct cx *cx, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path =
        arena_printf(cx->arena, "%s/run/%s.sock", config_text(CONFIG_TULOU_VAR), name);
    if (strlen(path) >= sizeof address.sun_path)
        return -1;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* It fits into the socket's buffer as long as nobody reads it. */
static bool send_question(int fd)
{
    char question[sizeof begin + NAME + sizeof end];
    memcpy(question, begin, sizeof begin);
    memcpy(question + sizeof begin, SERVER_ASK_ALIVE, NAME);
    memcpy(question + sizeof begin + NAME, end, sizeof end);
    return send(fd, question, sizeof question, MSG_NOSIGNAL) == (ssize_t)sizeof question;
}

size_t liveness_begin(struct cx *cx, struct liveness all[static AREAS_MAX])
{
    const char *const *names = tables_area_names();
    size_t count = 0;
    for (; names[count]; count++) {
        all[count] = (struct liveness){.area = names[count], .fd = dial(cx, names[count])};
        if (all[count].fd >= 0 && !send_question(all[count].fd)) {
            close(all[count].fd);
            all[count].fd = -1;
        }
    }
    return count;
}

/* Waits by the deadline; what is there already is taken also after it. */
static bool answers(int fd)
{
    char head[2];
    ssize_t len = recv(fd, head, sizeof head, MSG_DONTWAIT);
    if (len < 0 && wait_readable(fd))
        len = recv(fd, head, sizeof head, MSG_DONTWAIT);
    return len == sizeof head && head[1] == STDOUT;
}

void liveness_end(struct liveness *all, size_t count, int64_t until_us)
{
    int64_t kept = coroutine_deadline();
    coroutine_set_deadline(until_us);
    for (size_t i = 0; i < count; i++) {
        all[i].alive = all[i].fd >= 0 && answers(all[i].fd);
        if (all[i].fd >= 0)
            close(all[i].fd);
    }
    coroutine_set_deadline(kept);
}

bool liveness_of_database(int64_t until_us)
{
    int64_t kept = coroutine_deadline();
    coroutine_set_deadline(until_us);
    bool ready = db_ready();
    coroutine_set_deadline(kept);
    return ready;
}
