/* Mail: from a template into the queue of the causing transaction, sealed, and from
 * there into the folder that stands for a server in development. */
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>

#include "access/tenant.h"
#include "base/config.h"
#include "base/json.h"
#include "base/language.h"
#include "base/secret.h"
#include "base/text.h"
#include "database.h"
#include "http/cx.h"
#include "job/job.h"
#include "mail/folder.h"
#include "mail/mail.h"
#include "page/page.h"
#include "unit.h"

#define PLATFORM "00000000-0000-7000-8000-000000000001"
#define LINK "https://club.test/reset?token=very-secret&next=%2F"

STATEMENT(mail_jobs, "select id, payload from jobs where kind = 'mail.send' order by id", 0);

static struct cx *cx;
static struct tenant tenant;
static char folder[64];

static void set_up(void)
{
    static const unsigned char root[SECRET_BYTES] = {7};
    const char *problem;
    strcpy(folder, "/tmp/tulou-mail-XXXXXX");
    ck_assert_int_ge(sodium_init(), 0);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    setenv("TULOU_VAR", folder, 1);
    setenv("TULOU_DOMAIN", "club.test", 1);
    ck_assert_msg(config_load(&problem), "%s", problem);
    secret_set_root(root);
    char command[200];
    snprintf(command, sizeof command, "msgfmt -o %s/de.mo locale/de.po", folder);
    ck_assert_int_eq(system(command), 0);
    ck_assert(language_load(folder) && page_load_templates("templates"));
    tenant = (struct tenant){.id = PLATFORM,
                             .name = "Club",
                             .slug = "club",
                             .locale = "en",
                             .branding = {.name = "Club \"Nord\" & Co",
                                          .primary = "#ffee00",
                                          .email_sender = "Der Club\r\nBcc: x@y.test"}};
    struct arena *arena = arena_new();
    cx = arena_alloc(arena, sizeof *cx);
    cx->arena = arena;
    cx->tenant = &tenant;
    db_init(&cx->db, arena, DB_TENANT, PLATFORM, "shared");
}

static void tear_down(void)
{
    arena_free(cx->arena);
    language_unload();
    nftw(folder, database_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

static bool queue(const char *to, const char *locale)
{
    json_object *data = page_object(cx);
    page_set(data, "link", LINK);
    page_set(data, "asked_by", "<b>Ada</b> & \"Bo\"");
    return mail_queue(
        cx, &cx->db, NULL,
        &(struct mail){
            .template = "test", .to = to, .to_name = "Zoë", .locale = locale, .data = data});
}

/* What the worker does with the `index`th job of the queue. */
static struct job attempt(size_t index)
{
    bool is_null;
    struct json_problem problem;
    struct rows *rows = db_get0(&cx->db, &mail_jobs);
    ck_assert_ptr_nonnull(rows);
    ck_assert_uint_lt(index, rows_count(rows));
    const char *payload = rows_text(rows, index, 1);
    struct job job = {.arena = cx->arena,
                      .db = &cx->db,
                      .id = rows_text(rows, index, 0),
                      .payload =
                          json_read(cx->arena, payload, strlen(payload), NULL, &is_null, &problem)};
    mail_send.run(&job);
    return job;
}

static const char *text_of(json_object *message, const char *key)
{
    json_object *value = NULL;
    ck_assert_msg(json_object_object_get_ex(message, key, &value), "%s", key);
    return json_object_get_string(value);
}

static void has(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in:\n%s", part, text);
}

static void lacks(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) == NULL, "'%s' is in:\n%s", part, text);
}

static void check_payload_and_message(void *arg)
{
    size_t count, len;
    (void)arg;
    ck_assert(queue("ada@example.test", "en-GB"));
    struct rows *rows = db_get0(&cx->db, &mail_jobs);
    has(rows_text(rows, 0, 1), "ada@example.test");
    lacks(rows_text(rows, 0, 1), "very-secret");
    struct job job = attempt(0);
    ck_assert_ptr_null(job.error);
    char **ids = folder_list(cx->arena, &count);
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(ids[0], job.id);
    json_object *message = folder_get(cx->arena, ids[0]);
    ck_assert_str_eq(text_of(message, "subject"), "Test message of Club \"Nord\" & Co");
    ck_assert_str_eq(text_of(message, "from"), "no-reply@club.test");
    has(text_of(message, "text"), "\n" LINK "\n");
    has(text_of(message, "text"), "<b>Ada</b> & \"Bo\"");
    has(text_of(message, "text"), "Hello Zoë,\n\nThis message");
    lacks(text_of(message, "text"), "\n\n\n");
    has(text_of(message, "html"), "&lt;b&gt;Ada&lt;/b&gt; &amp; &quot;Bo&quot;");
    has(text_of(message, "html"),
        "href=\"https://club.test/reset?token=very-secret&amp;next=%2F\"");
    has(text_of(message, "html"), "background:#ffee00;color:#000000");
    const char *sent = folder_get_message(cx->arena, ids[0], &len);
    lacks(sent, "\nBcc:");
    has(sent, arena_printf(cx->arena, "Message-ID: <%s@club.test>\r\n", job.id));
}

START_TEST(a_message_is_sealed_in_the_queue_and_whole_in_the_folder)
{
    database_run(NULL, check_payload_and_message, NULL);
}
END_TEST

static void check_languages(void *arg)
{
    size_t count;
    (void)arg;
    tenant.locale = "de-AT";
    ck_assert(queue("a@example.test", NULL) && queue("b@example.test", "fr") &&
              queue("c@example.test", "../../etc"));
    for (size_t i = 0; i < 3; i++)
        ck_assert_ptr_null(attempt(i).error);
    char **ids = folder_list(cx->arena, &count);
    ck_assert_uint_eq(count, 3);
    has(text_of(folder_get(cx->arena, ids[2]), "text"), "Guten Tag Zoë,");
    has(text_of(folder_get(cx->arena, ids[2]), "html"), "<html lang=\"de\">");
    has(text_of(folder_get(cx->arena, ids[2]), "html"), "Falls der Knopf nicht geht");
    has(text_of(folder_get(cx->arena, ids[1]), "text"), "Hello Zoë,");
    has(text_of(folder_get(cx->arena, ids[0]), "text"), "Hello Zoë,");
}

START_TEST(it_speaks_the_readers_language_else_the_tenants_else_english)
{
    database_run(NULL, check_languages, NULL);
}
END_TEST

static void check_rollback(void *arg)
{
    (void)arg;
    ck_assert(db_begin(&cx->db));
    ck_assert(queue("a@example.test", NULL));
    db_rollback(&cx->db);
    ck_assert_uint_eq(rows_count(db_get0(&cx->db, &mail_jobs)), 0);
}

START_TEST(what_is_rolled_back_sends_nothing)
{
    database_run(NULL, check_rollback, NULL);
}
END_TEST

static void check_refusals(void *arg)
{
    static const unsigned char other[SECRET_BYTES] = {8};
    size_t count;
    (void)arg;
    ck_assert(queue("a@b>\r\nRCPT TO:<c@d.test", NULL));
    struct job job = attempt(0);
    ck_assert(job.refused);
    ck_assert_str_eq(job.error, "The address is malformed.");
    secret_set_root(other);
    job = attempt(0);
    ck_assert(job.refused);
    has(job.error, "another key");
    folder_list(cx->arena, &count);
    ck_assert_uint_eq(count, 0);
}

START_TEST(an_address_or_a_seal_that_is_wrong_is_refused_for_good)
{
    database_run(NULL, check_refusals, NULL);
}
END_TEST

static void check_folder(void *arg)
{
    size_t count, len;
    struct stat about;
    (void)arg;
    ck_assert(queue("a@example.test", NULL));
    ck_assert_ptr_null(attempt(0).error);
    struct job again = attempt(0);
    ck_assert_ptr_null(again.error);
    folder_list(cx->arena, &count);
    ck_assert_uint_eq(count, 1);
    char *path = arena_printf(cx->arena, "%s/mail/%s.eml", folder, again.id);
    ck_assert_int_eq(stat(path, &about), 0);
    ck_assert_int_eq(about.st_mode & 0777, 0600);
    for (int i = 0; i <= FOLDER_MOST; i++) {
        char *old =
            arena_printf(cx->arena, "%s/mail/01000000-0000-7000-8000-%012d.json", folder, i);
        int fd = open(old, O_CREAT | O_WRONLY, 0600);
        ck_assert_int_ge(fd, 0);
        close(fd);
    }
    ck_assert_ptr_null(attempt(0).error);
    char **ids = folder_list(cx->arena, &count);
    ck_assert_uint_eq(count, FOLDER_MOST);
    ck_assert_str_eq(ids[0], again.id);
    ck_assert_ptr_null(folder_get(cx->arena, "../first-login"));
    ck_assert_ptr_null(folder_get(cx->arena, "0193aaaa-0000-7000-8000-000000000001"));
    ck_assert_ptr_null(folder_get_message(cx->arena, "../../secret.key", &len));
}

START_TEST(the_folder_is_private_bounded_and_holds_each_message_once)
{
    database_run(NULL, check_folder, NULL);
}
END_TEST

static void empty_queue(void)
{
    database_sql("delete from everyone.jobs");
}

static Suite *mail_suite(void)
{
    Suite *suite = suite_create("mail");
    TCase *core = tcase_create("core");
    database_begin();
    tcase_set_timeout(core, 60);
    tcase_add_checked_fixture(core, empty_queue, NULL);
    tcase_add_checked_fixture(core, set_up, tear_down);
    tcase_add_test(core, a_message_is_sealed_in_the_queue_and_whole_in_the_folder);
    tcase_add_test(core, it_speaks_the_readers_language_else_the_tenants_else_english);
    tcase_add_test(core, what_is_rolled_back_sends_nothing);
    tcase_add_test(core, an_address_or_a_seal_that_is_wrong_is_refused_for_good);
    tcase_add_test(core, the_folder_is_private_bounded_and_holds_each_message_once);
    suite_add_tcase(suite, core);
    return suite;
}

UNIT_MAIN(mail_suite)
