/* send: the job that brings one message to the mail server, or to its folder. */
#include <string.h>

#include "base/arena.h"
#include "base/config.h"
#include "base/email.h"
#include "base/text.h"
#include "client/client.h"
#include "job/job.h"
#include "mail/folder.h"
#include "mail/mail.h"
#include "mail/seal.h"

/* Some seconds of an attempt are for waiting for a turn and for what follows. */
enum { ATTEMPT_S = 120, SERVER_MOST_S = 110, AT_ONCE = 6 };

bool mail_has_server(void)
{
    return *config_text(CONFIG_TULOU_SMTP_URL) != '\0';
}

static bool is_loopback(const char *url)
{
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    size_t len = strcspn(host, ":/");
    return (len == 9 && strncmp(host, "localhost", len) == 0) || text_starts(host, "127.") ||
           text_starts(host, "[::1]");
}

/* What was said, else: everywhere but on this machine, where nobody listens. */
static bool requires_tls(const char *url)
{
    const char *said = config_text(CONFIG_TULOU_SMTP_TLS);
    return *said ? strcmp(said, "no") != 0 : !is_loopback(url);
}

static int patience_s(void)
{
    int64_t said = config_int(CONFIG_TULOU_SMTP_SECONDS);
    return said < 1 ? 1 : said > SERVER_MOST_S ? SERVER_MOST_S : (int)said;
}

void mail_server(struct client_mail *mail)
{
    *mail = (struct client_mail){
        .url = config_text(CONFIG_TULOU_SMTP_URL),
        .require_tls = requires_tls(config_text(CONFIG_TULOU_SMTP_URL)),
        .user = config_text(CONFIG_TULOU_SMTP_USER),
        .password = config_text(CONFIG_TULOU_SMTP_PASSWORD),
        .timeout_s = patience_s(),
    };
}

static bool send_by_server(struct job *job, const struct letter *letter)
{
    struct buf message;
    struct client_mail mail;
    struct client_mail_answer answer;
    buf_init(&message, job->arena);
    letter_write(&message, letter);
    mail_server(&mail);
    mail.from = letter->from;
    mail.to = letter->to;
    mail.message = message.data;
    mail.message_len = message.len;
    if (client_mail(job->arena, &mail, &answer))
        return true;
    return answer.refused ? job_refuse(job, "%s", answer.problem)
                          : job_fail(job, "%s", answer.problem);
}

static bool run(struct job *job)
{
    json_object *sealed = NULL;
    struct letter letter;
    json_object_object_get_ex(job->payload, "sealed", &sealed);
    if (!letter_open(job->arena, json_object_get_string(sealed), &letter))
        return job_refuse(job, "The message cannot be opened: it was sealed with another key.");
    if (!email_is(letter.to))
        return job_refuse(job, "The address is malformed.");
    if (!email_may_send(letter.from))
        return job_fail(job, "TULOU_MAIL_FROM is not an address.");
    letter.id = job->id;
    if (mail_has_server())
        return send_by_server(job, &letter);
    const char *problem = folder_add(job->arena, &letter);
    return problem ? job_fail(job, "The message could not be written: %s.", problem) : true;
}

const struct job_kind mail_send = {
    "mail.send", "email", run, .timeout_s = ATTEMPT_S, .flags = JOB_OUTSIDE, .at_once = AT_ONCE};
