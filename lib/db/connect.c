/* connect: opening a libpq connection without blocking the loop. */
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/internal.h"

/* public stands after the schema: it holds what belongs to no tenant. */
static const char settings[] = "-c search_path=%s,public -c timezone=UTC -c datestyle=ISO,YMD "
                               "-c intervalstyle=iso_8601 -c bytea_output=hex "
                               "-c extra_float_digits=1 -c jit=off "
                               "-c idle_in_transaction_session_timeout=120s "
                               "-c statement_timeout=%ds";

PGconn *connect_start(const char *conninfo, const char *user, const char *password,
                      const char *schema, int seconds)
{
    char options[512];
    snprintf(options, sizeof options, settings, schema, seconds);
    const char *const names[] = {"keepalives_idle",
                                 "keepalives_interval",
                                 "keepalives_count",
                                 "tcp_user_timeout",
                                 "dbname",
                                 "user",
                                 "password",
                                 "options",
                                 "client_encoding",
                                 "application_name",
                                 NULL};
    const char *const values[] = {"10",     "5",     "3",    "15000", conninfo, user,
                                  password, options, "UTF8", "tulou", NULL};
    return PQconnectStartParams(names, values, 1);
}

bool connect_finish(PGconn *pg)
{
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    if (!pg || PQstatus(pg) == CONNECTION_BAD)
        return false;
    coroutine_set_deadline(clock_monotonic_us() + CONNECT_US);
    while (state == PGRES_POLLING_WRITING || state == PGRES_POLLING_READING) {
        bool ready = state == PGRES_POLLING_READING ? wait_readable(PQsocket(pg))
                                                    : wait_writable(PQsocket(pg));
        state = ready ? PQconnectPoll(pg) : PGRES_POLLING_FAILED;
    }
    coroutine_set_deadline(0);
    return state == PGRES_POLLING_OK && PQsetnonblocking(pg, 1) == 0;
}
