/* library: books, the members who borrow them, and their loans. */
#include "library.h"

static const struct area library = {
    .name = "library",
    .title = "Library",
    .about = "Books, the members who borrow them, and their loans.",
    .resources = RESOURCES(&books, &members, &loans),
    .grants = ROLE_GRANTS({"admin", "library.*"}, {"staff", "library.*"}),
    .menu = MENU({ADMIN_PAGES, "Books", "/admin/library/books", "books", "library.books:read",
                  "Library", "business", 60},
                 {ADMIN_PAGES, "Members", "/admin/library/members", "id", "library.members:read",
                  "Library", "business", 61},
                 {ADMIN_PAGES, "Loans", "/admin/library/loans", "calendar-due",
                  "library.loans:read", "Library", "business", 62}),
};

AREA_MAIN(library)
