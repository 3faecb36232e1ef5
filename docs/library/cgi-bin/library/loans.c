/* loans: which member has which book, and until when. */
#include "http/cx.h"
#include "library.h"

STATEMENT(loan_return, "update loans set returned_at = now() where id = $1::uuid", DB_WRITES);

static bool loan_return_run(struct cx *cx, const struct list_result *loan)
{
    return db_get(&cx->db, &loan_return, record_value(loan, "id")) || fail_db(cx);
}

static const struct action return_loan = {
    .name = "return",
    .title = "Take back",
    .icon = "arrow-back-up",
    .summary = "Note that the book is back.",
    .done = "The book is back.",
    .when = "returned_at is null",
    .refused = {"loan_returned", "This book is back already."},
    .event = "returned",
    .flags = ACTION_MANY,
    .run = loan_return_run,
};

const struct resource loans = {
    .name = "loans",
    .one = "loan",
    .title = "Loans",
    .about = "Which member has which book, and until when.",
    .permission = "library.loans",
    .table = "loans",
    .api = "/api/library/loans",
    .page = "/admin/library/loans",
    .icon = "calendar-due",
    .scope = SCOPE_TENANT,
    .operations = OP_ALL,
    .sort = "dueOn",
    .fields =
        FIELDS({"book_id", UUID, REQUIRED | CREATE_ONLY | FILTERED | LISTED, .label = "Book",
                .refers = "library.books"},
               {"member_id", UUID, REQUIRED | CREATE_ONLY | FILTERED | LISTED, .label = "Member",
                .refers = "library.members"},
               {"due_on", DATE, REQUIRED | FILTERED | SORTED | LISTED, .label = "Due",
                .example = "2027-01-15"},
               {"returned_at", TIME, READ_ONLY | NULLABLE | FILTERED | LISTED, .label = "Back"}),
    .actions = ACTIONS(&return_loan),
};
