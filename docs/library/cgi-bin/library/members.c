/* members: who may borrow. */
#include "library.h"

const struct resource members = {
    .name = "members",
    .one = "member",
    .title = "Members",
    .about = "The people who may borrow books.",
    .permission = "library.members",
    .table = "members",
    .api = "/api/library/members",
    .page = "/admin/library/members",
    .icon = "id",
    .scope = SCOPE_TENANT,
    .operations = OP_ALL,
    .sort = "name",
    .fields = FIELDS({"name", TEXT, REQUIRED | SEARCHED | SORTED | FILTERED | LISTED, 1, 200,
                      .example = "Mila Horn"},
                     {"email", EMAIL, NULLABLE | SEARCHED | FILTERED | LISTED, .label = "E-mail",
                      .example = "mila@example.com"}),
};
