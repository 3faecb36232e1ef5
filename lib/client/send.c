/* send: messages on threads of their own, a few at once, while coroutines wait. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/language.h"
#include "base/loop/loop.h"
#include "client/client.h"
#include "client/internal.h"

enum { AT_ONCE = 8 };

/* A message on its way. Its thread has it until it is in `finished`, then the
 * loop; who waits may leave before. */
struct sending {
    struct arena *arena; /* its own, with copies of all that the message names */
    struct client_mail mail;
    struct client_mail_answer answer;
    atomic_bool given_up;
    struct coroutine *owner; /* NULL: it left */
    bool done;
    struct sending *next;
};

struct turn { /* who waits until fewer are on their way; on its stack */
    struct coroutine *owner;
    bool come;
    struct turn *next;
};

static struct {
    pthread_mutex_t lock; /* of `finished` */
    struct sending *finished;
    int event;
    struct watch *watch;
    int on_their_way;
    struct turn *first_turn;
} senders = {.lock = PTHREAD_MUTEX_INITIALIZER, .event = -1};

static void end_sending(struct sending *sending)
{
    arena_free(sending->arena);
    free(sending);
}

/* ---- the thread ---- */

static void *send_one(void *arg)
{
    struct sending *sending = arg;
    CURL *easy = smtp_send(sending->arena, &sending->mail, &sending->answer, &sending->given_up);
    pthread_mutex_lock(&senders.lock);
    sending->next = senders.finished;
    senders.finished = sending;
    eventfd_write(senders.event, 1);
    pthread_mutex_unlock(&senders.lock);
    smtp_close(easy);
    return NULL;
}

/* Signals are the loop's. */
static bool start_thread(struct sending *sending)
{
    sigset_t all, before;
    pthread_t thread;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    bool started = pthread_create(&thread, NULL, send_one, sending) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started)
        pthread_detach(thread);
    return started;
}

/* ---- the loop ---- */

static void pass_turn(void)
{
    senders.on_their_way--;
    struct turn *turn = senders.first_turn;
    if (!turn)
        return;
    senders.first_turn = turn->next;
    senders.on_their_way++;
    turn->come = true;
    coroutine_wake(turn->owner);
}

static void on_finished(void *arg, uint32_t events)
{
    eventfd_t count;
    (void)arg;
    (void)events;
    eventfd_read(senders.event, &count);
    pthread_mutex_lock(&senders.lock);
    struct sending *sending = senders.finished;
    senders.finished = NULL;
    pthread_mutex_unlock(&senders.lock);
    for (struct sending *next; sending; sending = next) {
        next = sending->next;
        sending->done = true;
        if (sending->owner)
            coroutine_wake(sending->owner);
        else
            end_sending(sending);
        pass_turn();
    }
}

static bool senders_ready(void)
{
    if (senders.watch)
        return true;
    if (!curl_ready())
        return false;
    senders.event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (senders.event >= 0)
        senders.watch = watch_add(senders.event, EPOLLIN, on_finished, NULL);
    return senders.watch != NULL;
}

void senders_end(void)
{
    watch_remove(senders.watch);
    senders.watch = NULL;
    if (senders.event >= 0)
        close(senders.event);
    senders.event = -1;
    senders.on_their_way = 0;
}

static void leave_queue(const struct turn *turn)
{
    for (struct turn **it = &senders.first_turn; *it; it = &(*it)->next)
        if (*it == turn) {
            *it = turn->next;
            return;
        }
}

/* In order of arrival. false: cancelled meanwhile. */
static bool take_turn(void)
{
    if (senders.on_their_way < AT_ONCE) {
        senders.on_their_way++;
        return true;
    }
    struct turn turn = {.owner = coroutine_current()}, **last = &senders.first_turn;
    while (*last)
        last = &(*last)->next;
    *last = &turn;
    while (!turn.come && coroutine_wait())
        ;
    if (!turn.come)
        leave_queue(&turn);
    return turn.come;
}

static struct sending *make_sending(const struct client_mail *mail)
{
    struct sending *sending = calloc(1, sizeof *sending);
    if (!sending)
        return NULL;
    struct arena *arena = arena_new();
    sending->arena = arena;
    sending->owner = coroutine_current();
    sending->mail = (struct client_mail){
        .url = arena_text(arena, mail->url),
        .require_tls = mail->require_tls,
        .user = arena_text(arena, mail->user),
        .password = arena_text(arena, mail->password),
        .from = arena_text(arena, mail->from),
        .to = arena_text(arena, mail->to),
        .message = arena_copy(arena, mail->message, mail->message_len),
        .message_len = mail->message_len,
        .timeout_s = mail->timeout_s,
    };
    return sending;
}

static void wait_for(struct sending *sending, struct arena *arena,
                     struct client_mail_answer *answer)
{
    while (!sending->done && coroutine_wait())
        ;
    if (!sending->done) {
        answer->problem = SAID("the message was given up");
        sending->owner = NULL;
        atomic_store(&sending->given_up, true);
        return;
    }
    *answer = sending->answer;
    answer->problem = arena_text(arena, sending->answer.problem);
    end_sending(sending);
}

/* What could end the command that it stands in (RFC 5321 4.1.2). */
static bool is_envelope(const char *address)
{
    size_t len = address ? strlen(address) : 0;
    return len > 2 && len <= 320 && strchr(address, '@') && address[0] != '@' &&
           address[len - 1] != '@' && strcspn(address, "<> \t\r\n\"\\(),;") == len;
}

bool client_mail(struct arena *arena, const struct client_mail *mail,
                 struct client_mail_answer *answer)
{
    *answer = (struct client_mail_answer){0};
    if (!is_envelope(mail->from) || !is_envelope(mail->to)) {
        answer->refused = true;
        answer->problem = SAID("the address is malformed");
        return false;
    }
    if (!senders_ready() || !take_turn()) {
        answer->problem = SAID("the message was given up");
        return false;
    }
    struct sending *sending = make_sending(mail);
    if (!sending || !start_thread(sending)) {
        if (sending)
            end_sending(sending);
        pass_turn();
        answer->problem = SAID("the message could not be sent: no thread");
        return false;
    }
    wait_for(sending, arena, answer);
    return answer->problem == NULL;
}
