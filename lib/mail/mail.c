/* mail: making a message of its template, and queueing it. */
#include "mail/mail.h"

#include <string.h>

#include "access/tenant.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/language.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "http/cx.h"
#include "job/job.h"
#include "mail/seal.h"
#include "page/page.h"

enum { SUBJECT_MAX = 200 };

/* ---- what it says ---- */

static void add_tenant(struct cx *cx, json_object *data, const struct tenant *tenant)
{
    char colour[8], ink[8];
    const struct branding *brand = &tenant->branding;
    json_object *about = page_add(data, "tenant");
    page_brand_colours(brand, colour, ink);
    page_set(about, "name", brand->name && *brand->name ? brand->name : tenant->name);
    page_set(about, "url", tenant_url(cx->arena, tenant));
    /* nobody's mail program can fetch an address without a host */
    bool shown = brand->logo_url && text_starts(brand->logo_url, "https://");
    page_set(about, "logo", shown ? brand->logo_url : NULL);
    page_set(about, "footer", brand->footer);
    page_set(about, "colour", colour);
    page_set(about, "ink", ink);
}

static void default_null(json_object *data, const char *key)
{
    if (!json_object_object_get_ex(data, key, NULL))
        page_set(data, key, NULL);
}

static void add_common(json_object *data, const struct mail *mail, const struct language *language)
{
    json_object *facts = NULL;
    json_object_object_get_ex(data, "facts", &facts);
    page_set_bool(data, "has_facts",
                  json_object_is_type(facts, json_type_array) &&
                      json_object_array_length(facts) > 0);
    page_set(data, "to_name", mail->to_name);
    page_set(data, "language", language ? language->code : "en");
    default_null(data, "facts");
    default_null(data, "link");
}

/* A line without what would end it, or would hide what stands before it. */
static char *one_line(struct arena *arena, const char *text)
{
    char *line = arena_text(arena, text), *to = line;
    for (const char *from = line; *from; from++) {
        bool blank = (unsigned char)*from <= ' ' || *from == 0x7f;
        if (!blank)
            *to++ = *from;
        else if (to > line && to[-1] != ' ')
            *to++ = ' ';
    }
    *to = '\0';
    size_t len = text_utf8_len(line, strnlen(line, SUBJECT_MAX));
    line[len] = '\0';
    return text_trim(arena, line);
}

/* Paragraphs that a message has no words for leave their blank lines behind. */
static char *tidy(struct arena *arena, const char *text)
{
    struct buf out;
    buf_init(&out, arena);
    int blank = 0;
    while (*text) {
        size_t len = strcspn(text, "\n"), shown = len;
        while (shown > 0 && strchr(" \t\r", text[shown - 1]))
            shown--;
        if (shown > 0) {
            buf_puts(&out, out.len == 0 ? "" : blank ? "\n\n" : "\n");
            buf_add(&out, text, shown);
        }
        blank = shown == 0;
        text += len + (text[len] == '\n');
    }
    buf_putc(&out, '\n');
    return out.data;
}

/* One of the three parts that the template has: subject, text, html. */
static const char *part(struct arena *arena, const char *template, json_object *data,
                        const char *which)
{
    struct buf out;
    buf_init(&out, arena);
    page_set_bool(data, which, true);
    page_fill(template, data, strcmp(which, "in_html") != 0, &out);
    page_set_bool(data, which, false);
    return out.data;
}

static const char *sender(struct arena *arena)
{
    const char *from = config_text(CONFIG_TULOU_MAIL_FROM);
    return *from ? from : arena_printf(arena, "no-reply@%s", config_text(CONFIG_TULOU_DOMAIN));
}

static const char *template_of(struct arena *arena, const struct mail *mail)
{
    return arena_printf(arena, "mail/%s", mail->template);
}

static void make(struct cx *cx, const struct tenant *tenant, const struct mail *mail,
                 struct letter *letter)
{
    const struct branding *brand = &tenant->branding;
    struct arena *arena = cx->arena;
    json_object *data = mail->data ? mail->data : page_object(cx);
    const char *name = brand->email_sender && *brand->email_sender ? brand->email_sender
                       : brand->name && *brand->name               ? brand->name
                                                                   : tenant->name;
    const struct language *language = tenant_language(tenant, mail->locale);
    const char *template = template_of(arena, mail);
    page_speak(data, language);
    add_tenant(cx, data, tenant);
    add_common(data, mail, language);
    default_null(data, "in_subject");
    default_null(data, "in_text");
    default_null(data, "in_html");
    *letter = (struct letter){
        .date_us = clock_now_us(),
        .language = language ? language->code : "en",
        .from = sender(arena),
        .from_name = name,
        .to = mail->to,
        .to_name = mail->to_name,
        .subject = one_line(arena, part(arena, template, data, "in_subject")),
        .text = tidy(arena, part(arena, template, data, "in_text")),
        .html = part(arena, template, data, "in_html"),
    };
}

/* ---- queueing ---- */

static char *payload_of(struct arena *arena, const char *template, const struct letter *letter)
{
    struct buf out;
    struct json json;
    buf_init(&out, arena);
    json_start(&json, &out);
    json_open_object(&json);
    json_pair(&json, "template", template);
    json_pair(&json, "to", letter->to);
    json_pair(&json, "sealed", letter_seal(arena, letter));
    json_close_object(&json);
    return out.data;
}

STATEMENT(mail_count, "select house.quota_email($1)", DB_WRITES);

/* 1: it may go; 0: it is left out; -1: the failure is set. */
static int mail_within_quota(struct cx *cx, struct db *db, const struct mail *mail)
{
    static const char *const ways[] = {
        [MAIL_ALWAYS] = "always", [MAIL_IF_LEFT] = "left", [MAIL_OR_REFUSED] = "refuse"};
    struct rows *rows = db_get(db, &mail_count, ways[mail->quota]);
    if (rows)
        return rows_bool(rows, 0, 0);
    cx->db.error = db->error;
    fail_db(cx);
    return -1;
}

bool mail_queue(struct cx *cx, struct db *db, const struct tenant *tenant, const struct mail *mail)
{
    struct letter letter;
    const struct tenant *from = tenant ? tenant : cx->tenant;
    if (from->unverified && !mail->unverified_too)
        return true;
    if (!page_template_exists(template_of(cx->arena, mail))) {
        log_error("a mail names a template that is not there", "template", mail->template);
        return fail(cx, 500, "internal", "Something went wrong on our side.");
    }
    int within = mail_within_quota(cx, db, mail);
    if (within <= 0)
        return within == 0;
    make(cx, from, mail, &letter);
    const struct job_new job = {.kind = &mail_send,
                                .payload = payload_of(cx->arena, mail->template, &letter)};
    if (job_add(db, &job))
        return true;
    cx->db.error = db->error;
    return fail_db(cx);
}
