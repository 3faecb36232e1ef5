/* error: what the server's SQLSTATE means to us (PostgreSQL, appendix A). */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/text.h"
#include "db/internal.h"

/* A state of five characters, or a class of two; the first that fits counts. */
static const struct {
    const char *state;
    enum db_status status;
} meanings[] = {
    {"23505", DB_UNIQUE},        {"23P01", DB_UNIQUE}, /* an exclusion constraint */
    {"23503", DB_FOREIGN},       {"23514", DB_CHECK},         {"23502", DB_CHECK},
    {"42501", DB_DENIED},        {"TU000", DB_RAISED},        {"40001", DB_SERIALIZATION},
    {"40P01", DB_SERIALIZATION}, {"26000", DB_SERIALIZATION}, /* no longer prepared there; the next
                                                                 try prepares it */
    {"57014", DB_CANCELLED},     {"25006", DB_UNAVAILABLE},   /* a standby */
    {"57", DB_UNAVAILABLE},      {"53", DB_UNAVAILABLE},      {"08", DB_UNAVAILABLE},
    {"22", DB_INVALID},
};

bool result_is_state(const PGresult *result, const char *sqlstate)
{
    return text_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), sqlstate);
}

/* A prepared plan whose tables have changed since. */
bool result_is_stale_plan(const PGresult *result)
{
    return result_is_state(result, "26000") ||
           (result_is_state(result, "0A000") &&
            text_equal(PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION),
                       "RevalidateCachedQuery"));
}

static enum db_status meaning(const char *state)
{
    for (size_t i = 0; i < COUNT(meanings); i++)
        if (text_starts(state, meanings[i].state))
            return meanings[i].status;
    return DB_BROKEN;
}

void error_set(struct db *db, enum db_status status, const char *message)
{
    db->error = (struct db_error){.status = status, .message = arena_text(db->arena, message)};
}

void error_from_result(struct db *db, const PGresult *result, const struct statement *statement)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    state = state ? state : "";
    error_set(db, meaning(state), message ? message : PQresultErrorMessage(result));
    struct db_error *error = &db->error;
    error->constraint = arena_text(db->arena, PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME));
    error->column = arena_text(db->arena, PQresultErrorField(result, PG_DIAG_COLUMN_NAME));
    error->table = arena_text(db->arena, PQresultErrorField(result, PG_DIAG_TABLE_NAME));
    if (error->status == DB_RAISED)
        error->detail = arena_text(db->arena, PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL));
    memcpy(error->sqlstate, state, strnlen(state, sizeof error->sqlstate - 1));
    if (result_is_stale_plan(result))
        error->status = DB_SERIALIZATION;
    if (error->status == DB_BROKEN || error->status == DB_UNAVAILABLE)
        log_error("statement failed", "statement", statement ? statement->name : NULL, "sqlstate",
                  error->sqlstate, "detail", error->message);
}
