/* error: what PostgreSQL's SQLSTATE means for a request. */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/text.h"
#include "db/internal.h"

static const struct {
    const char *state; /* whole, or the first two characters: the class */
    enum db_status status;
} states[] = {
    {"23505", DB_UNIQUE},        {"23503", DB_FOREIGN},       {"23514", DB_CHECK},
    {"23502", DB_CHECK},         {"42501", DB_DENIED},        {"TU000", DB_RAISED},
    {"40001", DB_SERIALIZATION}, {"40P01", DB_SERIALIZATION}, {"57014", DB_CANCELLED},
    {"57P01", DB_UNAVAILABLE},   {"57P02", DB_UNAVAILABLE},   {"57P03", DB_UNAVAILABLE},
    {"53", DB_UNAVAILABLE},      {"08", DB_UNAVAILABLE},      {"22", DB_INVALID},
};

void error_clear(struct db *db)
{
    db->error = (struct db_error){.status = DB_OK};
}

void error_set(struct db *db, enum db_status status, const char *message)
{
    db->error = (struct db_error){.status = status, .message = message};
}

static enum db_status status_of(const char *state)
{
    for (size_t i = 0; i < COUNT(states); i++)
        if (strncmp(states[i].state, state, strlen(states[i].state)) == 0)
            return states[i].status;
    return DB_BROKEN;
}

static const char *field(struct db *db, const PGresult *result, int code)
{
    return arena_text(db->arena, PQresultErrorField(result, code));
}

void error_from_result(struct db *db, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    struct db_error *error = &db->error;
    *error = (struct db_error){.status = state ? status_of(state) : DB_UNAVAILABLE};
    strncpy(error->sqlstate, state ? state : "", sizeof error->sqlstate - 1);
    error->constraint = field(db, result, PG_DIAG_CONSTRAINT_NAME);
    error->column = field(db, result, PG_DIAG_COLUMN_NAME);
    error->message = field(db, result, PG_DIAG_MESSAGE_PRIMARY);
    if (error->status == DB_BROKEN)
        log_error("a statement failed", "sqlstate", error->sqlstate, "message", error->message);
}
