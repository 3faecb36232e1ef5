/* pipelines: the ways that deals go, and the stages on them. Each tenant begins with one (its
 * migration says which) and makes them its own. */
#include "access/permission.h"
#include "crm.h"
#include "http/cx.h"

/* ---- where deals go whose stage is deleted ---- */

STATEMENT(stage_is_alike,
          "select a.kind = b.kind\n"
          "from stages a\n"
          "join stages b on b.tenant_id = a.tenant_id\n"
          "where a.id = $1::uuid and b.id = $2::uuid",
          0);

STATEMENT(stage_move_deals,
          "update deals\n"
          "set stage_id = $2::uuid\n"
          "where stage_id = $1::uuid",
          DB_WRITES | DB_SLOW);

/* Of each stage the one of its name and kind in the other pipeline, else the first of its kind. */
STATEMENT(pipeline_move_deals,
          "with places as (\n"
          "    select s.id, s.name,\n"
          "           (select t.id from stages t\n"
          "            where t.tenant_id = s.tenant_id and t.pipeline_id = $2::uuid\n"
          "            and t.kind = s.kind\n"
          "            order by t.name <> s.name, t.position, t.id\n"
          "            limit 1) as other_id\n"
          "    from stages s\n"
          "    where s.pipeline_id = $1::uuid\n"
          "), moved as (\n"
          "    update deals d\n"
          "    set stage_id = p.other_id\n"
          "    from places p\n"
          "    where d.stage_id = p.id and p.other_id is not null\n"
          ")\n"
          "select string_agg(p.name, ', ')\n"
          "from places p\n"
          "where p.other_id is null and exists (select from deals d where d.stage_id = p.id)",
          DB_WRITES | DB_SLOW);

STATEMENT(pipeline_drop_stages, "delete from stages where pipeline_id = $1::uuid", DB_WRITES);

static bool may_move_deals(struct cx *cx)
{
    return may(cx, "crm.deals:update") ||
           fail(cx, 403, "permission_missing",
                "To move its deals one needs the permission crm.deals:update of all deals.");
}

/* An open deal stays open, a lost one lost with its reason. */
static bool stage_move(struct cx *cx, const char *id, const char *to)
{
    if (!may_move_deals(cx))
        return false;
    const struct rows *alike = db_get(&cx->db, &stage_is_alike, id, to);
    if (!alike)
        return fail_db(cx);
    if (rows_count(alike) == 1 && !rows_bool(alike, 0, 0))
        return fail(cx, 409, "stage_of_another_kind",
                    "Deals move to a stage of the same kind: open, won or lost.");
    return db_get(&cx->db, &stage_move_deals, id, to) || fail_db(cx);
}

static bool pipeline_move(struct cx *cx, const char *id, const char *to)
{
    if (!may_move_deals(cx))
        return false;
    const struct rows *left = db_get(&cx->db, &pipeline_move_deals, id, to);
    if (!left)
        return fail_db(cx);
    if (rows_text(left, 0, 0))
        return fail(cx, 409, "stage_of_another_kind",
                    "The other pipeline has no stage of the kind of: %s.", rows_text(left, 0, 0));
    return db_get(&cx->db, &pipeline_drop_stages, id) || fail_db(cx);
}

const struct resource pipelines = {
    .name = "pipelines",
    .one = "pipeline",
    .title = "Pipelines",
    .about = "The ways that deals go from the first word to the end.",
    .permission = "crm.pipelines",
    .table = "pipelines",
    .api = "/api/crm/pipelines",
    .page = "/admin/crm/pipelines",
    .icon = "git-branch",
    .scope = SCOPE_TENANT,
    .operations = OP_ALL,
    .sort = "position",
    .errors = "409 name_taken, 409 stage_of_another_kind",
    .move = pipeline_move,
    .fields = FIELDS({"name", TEXT, REQUIRED | SEARCHED | LISTED, 1, 100, .example = "Renewals"},
                     {"position", INT, SORTED | LISTED, 0, 10000, .initial = "0", .example = "2",
                      .help = "Smaller comes first; deals begin in the first pipeline."}),
};

const struct resource stages = {
    .name = "stages",
    .one = "stage",
    .title = "Stages",
    .about = "The stages of deals, in their order. Those of a kind other than open end a deal.",
    .permission = "crm.pipelines",
    .table = "stages",
    .api = "/api/crm/stages",
    .page = "/admin/crm/stages",
    .icon = "layout-kanban",
    .scope = SCOPE_TENANT,
    .operations = OP_ALL,
    .sort = "pipelineId,position",
    .errors = "409 pipeline_id_name_taken, 409 stage_of_another_kind",
    .move = stage_move,
    .label = "name",
    .fields = FIELDS(
        {"pipeline_id", UUID, REQUIRED | FILTERED | LISTED, .label = "Pipeline",
         .refers = "crm.pipelines"},
        {"name", TEXT, REQUIRED | SEARCHED | LISTED, 1, 100, .example = "Trial delivery"},
        {"position", INT, SORTED | LISTED, 0, 10000, .initial = "0", .example = "3",
         .help = "Smaller comes first; deals begin in the first open stage."},
        {"kind", CHOICE, LISTED, .initial = "open", .choices = CHOICES("open", "won", "lost"),
         .help = "What a deal in this stage is."},
        {"probability", INT, NULLABLE | LISTED, 0, 100, .example = "60",
         .help = "Of deals in this stage, in percent, where a deal does not say itself."},
        {"color", COLOR, NULLABLE, .label = "Colour", .example = "#206bc4"},
        {"leads_to", CHOICE, 0, .initial = "anywhere",
         .choices = CHOICES("anywhere", "forward", "next", "nowhere"),
         .help =
             "Where a deal may go from here: to any stage, to a later one of this pipeline or a "
             "lost one, to the next or a lost one, or to none."}),
};
