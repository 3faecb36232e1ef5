/* smtp: one message over SMTP (RFC 5321, STARTTLS RFC 3207) by libcurl.
 *
 * This blocks. libcurl's multi interface would block as well, in the loop: its
 * SMTP waits in place for the answer to the end of DATA and to QUIT (smtp_done()
 * and smtp_disconnect() run their states to the end), and that answer is what a
 * server that filters takes its time for. So a thread of its own sends (send.c).
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/language.h"
#include "base/sentence.h"
#include "client/client.h"
#include "client/internal.h"

enum { TIMEOUT_S = 60, GOOD_BYE_S = 2, REPLY_MAX = 200 };

struct dialogue {
    const struct client_mail *mail;
    const atomic_bool *give_up;
    size_t sent;
    char reply[REPLY_MAX + 1]; /* the server's last error */
    char detail[CURL_ERROR_SIZE];
};

static size_t give_message(char *room, size_t one, size_t size, void *arg)
{
    struct dialogue *dialogue = arg;
    size_t left = dialogue->mail->message_len - dialogue->sent;
    size_t len = left < size * one ? left : size * one;
    memcpy(room, dialogue->mail->message + dialogue->sent, len);
    dialogue->sent += len;
    return len;
}

/* Each line that the server says. Those of signing in (3xx) are not kept. */
static size_t take_reply(char *data, size_t one, size_t len, void *arg)
{
    struct dialogue *dialogue = arg;
    (void)one;
    if (len < 3 || data[0] < '4' || data[0] > '5')
        return len;
    size_t kept = len < REPLY_MAX ? len : REPLY_MAX;
    while (kept > 0 && (data[kept - 1] == '\n' || data[kept - 1] == '\r'))
        kept--;
    for (size_t i = 0; i < kept; i++)
        dialogue->reply[i] = data[i] >= ' ' && data[i] <= '~' ? data[i] : '?';
    dialogue->reply[kept] = '\0';
    return len;
}

static int go_on(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct dialogue *dialogue = arg;
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(dialogue->give_up) ? 1 : 0;
}

static void set_up(CURL *easy, struct dialogue *dialogue, struct curl_slist *to)
{
    const struct client_mail *mail = dialogue->mail;
    curl_set_common(easy, dialogue->detail, mail->timeout_s ? mail->timeout_s : TIMEOUT_S);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_URL, mail->url);
    curl_easy_setopt(easy, CURLOPT_USE_SSL,
                     (long)(mail->require_tls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    if (mail->user && *mail->user) {
        curl_easy_setopt(easy, CURLOPT_USERNAME, mail->user);
        curl_easy_setopt(easy, CURLOPT_PASSWORD, mail->password ? mail->password : "");
    }
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_reply);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, dialogue);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, go_on);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, dialogue);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    if (!mail->message) {
        curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
        return;
    }
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, mail->from);
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)mail->message_len);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_message);
    curl_easy_setopt(easy, CURLOPT_READDATA, dialogue);
}

/* MAIL, RCPT and DATA fail by CURLE_SEND_ERROR, the end of the message by
 * CURLE_WEIRD_SERVER_REPLY, and so does a greeting that sends us away; 530 to 538
 * ask for TLS or for signing in (RFC 4954 6). */
static bool is_refused(const struct dialogue *dialogue, CURLcode result, long status)
{
    bool all_sent = dialogue->sent > 0 && dialogue->sent == dialogue->mail->message_len;
    bool of_message =
        result == CURLE_SEND_ERROR || (all_sent && result == CURLE_WEIRD_SERVER_REPLY);
    return of_message && status >= 500 && status < 600 && !(status >= 530 && status <= 538);
}

static void judge(struct arena *arena, const struct dialogue *dialogue, CURL *easy, CURLcode result,
                  struct client_mail_answer *answer)
{
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (result == CURLE_OK) {
        answer->status = (int)status;
        return;
    }
    answer->status = status >= 400 && status < 600 ? (int)status : 0;
    answer->refused = is_refused(dialogue, result, status);
    if (atomic_load(dialogue->give_up))
        answer->problem = SAID("the message was given up");
    else if (answer->status && *dialogue->reply)
        answer->problem =
            sentence_keep(arena, SAID("the mail server answered: %s"), dialogue->reply);
    else
        answer->problem = sentence_keep(arena, SAID("mail server: %s"),
                                        curl_problem(arena, result, dialogue->detail));
}

CURL *smtp_send(struct arena *arena, const struct client_mail *mail,
                struct client_mail_answer *answer, const atomic_bool *give_up)
{
    struct dialogue dialogue = {.mail = mail, .give_up = give_up};
    CURL *easy = curl_easy_init();
    struct curl_slist *to = mail->to ? curl_slist_append(NULL, mail->to) : NULL;
    if (!easy || (mail->to && !to)) {
        answer->problem = SAID("the message could not be sent: no memory");
        curl_easy_cleanup(easy);
        curl_slist_free_all(to);
        return NULL;
    }
    set_up(easy, &dialogue, to);
    judge(arena, &dialogue, easy, curl_easy_perform(easy), answer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, NULL);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, NULL);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 1L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);
    curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)GOOD_BYE_S);
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, NULL);
    curl_slist_free_all(to);
    return easy;
}

void smtp_close(CURL *easy)
{
    curl_easy_cleanup(easy);
}

bool client_mail_check(struct arena *arena, const struct client_mail *mail,
                       struct client_mail_answer *answer)
{
    static const atomic_bool never = false;
    struct client_mail greeting = *mail;
    greeting.message = greeting.from = greeting.to = NULL;
    *answer = (struct client_mail_answer){0};
    if (curl_ready())
        smtp_close(smtp_send(arena, &greeting, answer, &never));
    else
        answer->problem = SAID("libcurl could not start");
    return answer->problem == NULL;
}
