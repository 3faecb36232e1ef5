/* The tables of all areas, linked: typed as their own areas have them, and what does not fit. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/area.h"
#include "base/text.h"
#include "resource/action.h"
#include "resource/areas.h"
#include "resource/model.h"
#include "unit.h"

static const struct resource own = {
    .name = "books",
    .one = "book",
    .title = "Books",
    .permission = "shop.books",
    .table = "books",
    .api = "/api/shop/books",
    .fields = FIELDS({"title", TEXT, REQUIRED | SEARCHED, 1, 200}),
};

/* An area of others with one resource, and what a case adds to it. */
static const char described[] =
    "{\"areas\":[{\"name\":\"club\",\"resources\":[{\"name\":\"loans\",\"one\":\"loan\","
    "\"title\":\"Loans\",\"permission\":\"club.loans\",\"table\":\"loans\",\"api\":\"/api/loans\","
    "\"page\":\"/admin/loans\",\"scope\":\"tenant\",\"operations\":3,\"fields\":["
    "{\"name\":\"fee\",\"column\":\"fee\",\"type\":\"money\",\"nullable\":true,\"max\":500,"
    "\"currency\":\"currency\"},"
    "{\"name\":\"currency\",\"column\":\"currency\",\"type\":\"currency\",\"initial\":\"EUR\"},"
    "{\"name\":\"bookId\",\"column\":\"book_id\",\"type\":\"uuid\",\"refers\":\"shop.books\","
    "\"onDelete\":\"cascade\"}%s]}],"
    "\"menu\":[{\"set\":\"admin\",\"title\":\"Loans\",\"path\":\"/admin/loans\","
    "\"needs\":\"club.loans:%s\"}],"
    "\"routes\":[{\"method\":\"GET\",\"path\":\"/api/loans\",\"level\":\"permission\","
    "\"needs\":\"club.loans:read\"}]}]}";

static void load(const char *fields, const char *action)
{
    char path[] = "/tmp/areas-XXXXXX";
    FILE *file = fdopen(mkstemp(path), "w");
    fprintf(file, described, fields, action);
    fclose(file);
    model_add_area("shop", RESOURCES(&own));
    ck_assert(areas_load(path));
    unlink(path);
}

START_TEST(what_others_described_is_typed_again)
{
    load("", "read");
    ck_assert(model_link());
    ck_assert_ptr_eq(model_resource("shop.books"), &own);
    ck_assert_str_eq(model_name(&own), "shop.books");
    const struct resource *loans = model_resource("club.loans");
    ck_assert_ptr_nonnull(loans);
    ck_assert_int_eq(loans->scope, SCOPE_TENANT);
    ck_assert_uint_eq(loans->operations, OP_LIST | OP_GET);
    const struct field *fee = field_find(loans->fields, "fee");
    ck_assert(fee->type == MONEY && fee->flags == NULLABLE && fee->max == 500);
    ck_assert_str_eq(fee->currency, "currency");
    ck_assert_int_eq(field_find(loans->fields, "book_id")->on_delete, CASCADE);
    ck_assert_ptr_null(model_resource("club.books"));
}
END_TEST

START_TEST(more_areas_than_there_is_room_for_are_refused)
{
    for (int more = 0; more <= 1; more++) {
        char path[] = "/tmp/areas-XXXXXX";
        FILE *file = fdopen(mkstemp(path), "w");
        fputs("{\"areas\":[", file);
        for (int i = 0; i < AREAS_MAX + more; i++)
            fprintf(file, "%s{\"name\":\"a%d\"}", i > 0 ? "," : "", i);
        fputs("]}", file);
        fclose(file);
        ck_assert_int_eq(areas_load(path), !more);
        unlink(path);
    }
}
END_TEST

static const struct {
    const char *fields, *action, *says;
} defects[] = {
    {"", "read", NULL},
    {",{\"name\":\"aId\",\"column\":\"a_id\",\"type\":\"uuid\",\"refers\":\"shop.shelves\"}",
     "read", "a_id refers to shop.shelves, which no area has"},
    {",{\"name\":\"shelf\",\"column\":\"shelf\",\"type\":\"uuid\",\"refers\":\"shop.books\"}",
     "read", "end its name in _id"},
    {",{\"name\":\"aId\",\"column\":\"a_id\",\"type\":\"text\",\"refers\":\"shop.books\"}", "read",
     "is no UUID"},
    {",{\"name\":\"aId\",\"column\":\"a_id\",\"type\":\"uuid\",\"refers\":\"club.loans\"}", "read",
     "has no SEARCHED field"},
    {",{\"name\":\"aId\",\"column\":\"a_id\",\"type\":\"uuid\",\"refers\":\"shop.books\","
     "\"onDelete\":\"setNull\"}",
     "read", "is not NULLABLE"},
    {",{\"name\":\"fee\",\"column\":\"fee\",\"type\":\"int\"}", "read", "fee stands there twice"},
    {",{\"name\":\"sum\",\"column\":\"sum\",\"type\":\"money\",\"currency\":\"fee\"}", "read",
     "is no CURRENCY beside it"},
    {",{\"name\":\"sum\",\"column\":\"sum\",\"type\":\"int\",\"seenWith\":\"club.x:y\"}", "read",
     "a permission that no area declares"},
    {",{\"name\":\"sum\",\"column\":\"sum\",\"type\":\"int\",\"required\":true,"
     "\"changedWith\":\"club.loans:read\"}",
     "read", "REQUIRED of everybody"},
    {",{\"name\":\"sum\",\"column\":\"sum\",\"type\":\"text\",\"searched\":true,"
     "\"seenWith\":\"club.loans:read\"}",
     "read", "names, sorts or finds records for everybody"},
    {",{\"name\":\"sum\",\"column\":\"sum\",\"type\":\"text\",\"initialOf\":\"shoeSize\"}", "read",
     "is no setting of a tenant"},
    {",{\"name\":\"sum\",\"column\":\"sum\",\"type\":\"text\",\"offered\":true}", "read",
     "is offered, but refers to nothing"},
    {"", "write", "no route asks for the permission club.loans:write"},
};

START_TEST(what_does_not_fit_is_said_when_it_is_built)
{
    struct buf report = {0};
    load(defects[_i].fields, defects[_i].action);
    model_link_described();
    bool good = model_check(&report);
    ck_assert_msg(good == !defects[_i].says, "%s", report.data ? report.data : "nothing");
    if (defects[_i].says)
        ck_assert_msg(strstr(report.data, defects[_i].says) != NULL, "%s", report.data);
    buf_free(&report);
}
END_TEST

static bool does_nothing(struct cx *cx, const struct list_result *old)
{
    (void)cx;
    (void)old;
    return true;
}

#define DECLARED .name = "retry", .title = "Retry", .summary = "Again.", .run = does_nothing

static const struct {
    struct action action;
    const char *says;
} declared[] = {
    {{DECLARED}, NULL},
    {{.name = "retry", .title = "Retry", .summary = "Again."}, "has no run()"},
    {{.name = "retry", .run = does_nothing}, "has no title or no summary"},
    {{.name = "reTry", .title = "R", .summary = "A.", .run = does_nothing}, "small letters"},
    {{DECLARED, .flags = ACTION_ON_LIST | ACTION_MANY}, "is of no record"},
    {{DECLARED, .flags = ACTION_ON_LIST, .when = "true"}, "is of no record"},
    {{DECLARED, .flags = ACTION_MANY, .gives = FIELDS({"secret", TEXT})}, "bulk has no place for"},
    {{DECLARED, .flags = ACTION_SENDS | ACTION_OUTSIDE}, "cannot be taken back"},
    {{DECLARED, .takes = FIELDS({"ids", TEXT})}, "takes a field whose name bulk or dryRun has"},
};

/* The areas' programs check this when they are described, which ends the build. */
START_TEST(an_action_that_cannot_be_done_ends_the_build)
{
    struct buf report = {0};
    const struct resource resource = {.name = "jobs", .actions = ACTIONS(&declared[_i].action)};
    const struct resource twice = {.name = "jobs",
                                   .actions = ACTIONS(&declared[0].action, &declared[0].action)};
    action_check_declared(&resource, &report);
    ck_assert_int_eq(report.len == 0, !declared[_i].says);
    if (declared[_i].says)
        ck_assert_msg(strstr(report.data, declared[_i].says) != NULL, "%s", report.data);
    action_check_declared(&twice, &report);
    ck_assert_ptr_nonnull(strstr(report.data, "jobs: the action retry stands there twice."));
    buf_free(&report);
}
END_TEST

static Suite *model_suite(void)
{
    Suite *suite = suite_create("model");
    TCase *tests = tcase_create("model");
    tcase_add_test(tests, what_others_described_is_typed_again);
    tcase_add_test(tests, more_areas_than_there_is_room_for_are_refused);
    tcase_add_loop_test(tests, an_action_that_cannot_be_done_ends_the_build, 0, COUNT(declared));
    tcase_add_loop_test(tests, what_does_not_fit_is_said_when_it_is_built, 0, COUNT(defects));
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN(model_suite)
