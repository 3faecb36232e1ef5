/* pipelines: the ways that deals go, and the stages on them. Each tenant begins with one (its
 * migration says which) and makes them its own. */
#include "crm.h"

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
    .errors = "409 name_taken",
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
    .errors = "409 pipeline_id_name_taken",
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
