/* books: what can be borrowed. */
#include "library.h"

const struct resource books = {
    .name = "books",
    .one = "book",
    .title = "Books",
    .about = "What can be borrowed.",
    .permission = "library.books",
    .table = "books",
    .api = "/api/library/books",
    .page = "/admin/library/books",
    .icon = "books",
    .scope = SCOPE_TENANT,
    .operations = OP_ALL,
    .sort = "title",
    .fields = FIELDS({"title", TEXT, REQUIRED | SEARCHED | SORTED | FILTERED | LISTED, 1, 300,
                      .example = "The Left Hand of Darkness"},
                     {"author", TEXT, NULLABLE | SEARCHED | FILTERED | LISTED, 1, 200,
                      .example = "Ursula K. Le Guin"},
                     {"isbn", TEXT, NULLABLE | SEARCHED | FILTERED, 10, 17, .label = "ISBN",
                      .example = "978-0-441-47812-5"}),
};
