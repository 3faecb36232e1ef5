/* send: a job as the messages of the pipeline: what must be prepared, who it
 * runs as, its statements, Sync. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "db/internal.h"

/* The preamble: which tenant, and with changes also who acts; in a schema of
 * its own also where. All of it ends with the transaction. */
static const char tenant_sql[] = "select set_config('app.tenant_id', $1, true)";
static const char actor_sql[] = "select set_config('app.tenant_id', $1, true), "
                                "set_config('app.context', $2, true), "
                                "set_config('app.action', $3, true)";
static const char path_sql[] = "select set_config('search_path', $1, true)";
static const struct statement set_tenant = {.name = "set_tenant", .sql = tenant_sql};
static const struct statement set_actor = {.name = "set_actor", .sql = actor_sql};
static const struct statement set_path = {.name = "set_path", .sql = path_sql};

static bool send_run(struct connection *connection, const char *server_name,
                     const char *const *parameters, int count)
{
    return PQsendQueryPrepared(connection->pg, server_name, count, parameters, NULL, NULL, 0) == 1;
}

/* Whether the connection would look for tables in another schema. A path that
 * was set lasts until the end of the transaction: of the segment, if none is open. */
static bool is_elsewhere(const struct connection *connection, const char *schema)
{
    bool moved = connection->begun && connection->sent_schema[0];
    return !text_equal(schema, moved ? connection->sent_schema : connection->side->schema);
}

/* The schema's name comes from our own tables, but is quoted all the same. */
static bool send_path(struct connection *connection, const char *schema, bool lasts)
{
    char path[160];
    char *quoted = PQescapeIdentifier(connection->pg, schema, strlen(schema));
    struct prepared *it = prepared_find(&connection->prepared, "", &set_path);
    bool sent = quoted && it;
    if (sent) {
        snprintf(path, sizeof path, "%s,public", quoted);
        sent = send_run(connection, it->server_name, (const char *const[]){path}, 1);
    }
    PQfreemem(quoted);
    if (lasts)
        snprintf(connection->sent_schema, sizeof connection->sent_schema, "%s", schema);
    return sent;
}

static bool send_deallocate(struct connection *connection, struct prepared *surplus)
{
    char sql[40];
    snprintf(sql, sizeof sql, "deallocate %s", surplus->server_name);
    prepared_remove(&connection->prepared, surplus);
    segment_add(connection, NULL);
    return PQsendQueryParams(connection->pg, sql, 0, NULL, NULL, NULL, NULL, 0) == 1 &&
           PQpipelineSync(connection->pg) == 1;
}

/* Prepares the statement in a segment of its own, if this connection has not. */
static bool send_prepare(struct connection *connection, struct job *job, const char *schema,
                         const struct statement *statement)
{
    if (prepared_find(&connection->prepared, schema, statement))
        return true;
    struct prepared *it = prepared_add(&connection->prepared, schema, statement);
    struct segment *segment = segment_add(connection, job);
    segment->prepares = it;
    if (*schema && is_elsewhere(connection, schema) &&
        !send_path(connection, schema, connection->begun))
        return false;
    if (PQsendPrepare(connection->pg, it->server_name, statement->sql, 0, NULL) != 1 ||
        PQpipelineSync(connection->pg) != 1)
        return false;
    struct prepared *surplus = prepared_surplus(&connection->prepared);
    return !surplus || send_deallocate(connection, surplus);
}

/* Which part of the preamble this job needs. In an open transaction it is sent
 * once, and again when the tenant or the actor changed (a reseller acts in its
 * child within one transaction). */
static bool same_tenant(const struct connection *connection, const struct db *db)
{
    return connection->begun && strcmp(connection->sent_tenant, db->tenant_id) == 0;
}

static const struct statement *actor_statement(const struct connection *connection,
                                               const struct job *job)
{
    const struct db *db = job->batch->db;
    if (job->writes && !(same_tenant(connection, db) && connection->sent_context &&
                         text_equal(connection->sent_context, db_context(db)) &&
                         text_equal(connection->sent_action, db->action ? db->action : "")))
        return &set_actor;
    bool unset = !connection->begun && !*db->tenant_id;
    return same_tenant(connection, db) || unset ? NULL : &set_tenant;
}

static bool send_actor(struct connection *connection, const struct job *job,
                       const struct statement *statement)
{
    const struct db *db = job->batch->db;
    bool changes = statement == &set_actor;
    const char *const values[] = {db->tenant_id, changes ? db_context(db) : NULL,
                                  db->action ? db->action : ""};
    struct prepared *it = prepared_find(&connection->prepared, "", statement);
    if (job->begins || connection->begun)
        memcpy(connection->sent_tenant, db->tenant_id, sizeof connection->sent_tenant);
    if (changes && (job->begins || connection->begun)) {
        free(connection->sent_context);
        free(connection->sent_action);
        connection->sent_context = strdup(values[1]);
        connection->sent_action = strdup(values[2]);
    }
    return it && send_run(connection, it->server_name, values, changes ? 3 : 1);
}

const char *begin_sql(const struct db *db)
{
    return db->serializable ? "begin isolation level serializable" : "begin";
}

static bool send_preamble(struct connection *connection, struct job *job, struct segment *segment,
                          const struct statement *actor)
{
    if (job->begins) {
        segment->skip++;
        if (PQsendQueryParams(connection->pg, begin_sql(job->batch->db), 0, NULL, NULL, NULL, NULL,
                              0) != 1)
            return false;
    }
    if (is_elsewhere(connection, job->batch->db->schema)) {
        segment->skip++;
        if (!send_path(connection, job->batch->db->schema, connection->begun || job->begins))
            return false;
    }
    if (!actor)
        return true;
    segment->skip++;
    return send_actor(connection, job, actor);
}

static bool send_batch(struct connection *connection, struct job *job)
{
    const struct batch *batch = job->batch;
    const char *schema = batch->db->schema;
    const struct statement *actor = actor_statement(connection, job);
    if ((is_elsewhere(connection, schema) && !send_prepare(connection, job, "", &set_path)) ||
        (actor && !send_prepare(connection, job, "", actor)))
        return false;
    for (int i = 0; i < batch->count; i++)
        if (!send_prepare(connection, job, schema, batch->items[i].statement))
            return false;
    struct segment *segment = segment_add(connection, job);
    connection->in_flight++;
    if (!send_preamble(connection, job, segment, actor))
        return false;
    for (int i = 0; i < batch->count; i++) {
        struct prepared *it =
            prepared_find(&connection->prepared, schema, batch->items[i].statement);
        if (!it || !send_run(connection, it->server_name, batch->items[i].parameters,
                             batch->items[i].parameter_count))
            return false;
    }
    connection->begun = connection->begun || job->begins;
    return PQpipelineSync(connection->pg) == 1;
}

static bool send_text(struct connection *connection, struct job *job, const char *command)
{
    segment_add(connection, job);
    if (job)
        connection->in_flight++;
    return PQsendQueryParams(connection->pg, command, 0, NULL, NULL, NULL, NULL, 0) == 1 &&
           PQpipelineSync(connection->pg) == 1;
}

static bool is_in_line(const struct connection *connection, const struct job *job)
{
    for (const struct segment *it = connection->first; it; it = it->next)
        if (it->job == job && !it->prepares)
            return true;
    return false;
}

bool connection_send(struct connection *connection, struct job *job)
{
    if (connection->state != READY) {
        job->lost = true;
        job_finish(job);
        return false;
    }
    job->on = connection;
    bool sent = job->kind == JOB_BATCH ? send_batch(connection, job)
                                       : send_text(connection, job, job->command);
    if (sent) {
        connection_flush(connection);
        return true;
    }
    /* libpq takes no more: the connection broke. The job shares its fate. */
    if (!is_in_line(connection, job)) {
        segment_add(connection, job);
        connection->in_flight++;
    }
    connection_lose(connection, PQerrorMessage(connection->pg));
    return false;
}

void connection_note(struct connection *connection, const char *command)
{
    if (connection->state == READY && !send_text(connection, NULL, command))
        connection_lose(connection, PQerrorMessage(connection->pg));
}

void connection_command(struct connection *connection, const char *command)
{
    connection_note(connection, command);
    if (connection->state == READY)
        connection_flush(connection);
}
