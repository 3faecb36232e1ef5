/* list_room: how much room the columns of a list take, so that the last of the usual ones are
 * shown where the screen has it (static/app.css, ".room-"). Guessed by type, because a page is
 * made before anybody knows its width; a table that is wider after all scrolls in its frame. */
#include "base/text.h"
#include "http/cx.h"
#include "page/list_page.h"

/* In tenths of rem, the cell's padding with it. */
enum { TICK = 28, FIRST = 90, FACE = 26, LETTER = 4, HEAD = 14, SORTABLE = 12 };

/* As app.css knows them. */
static const struct {
    int most;
    const char *class;
} rooms[] = {{400, "room-40"}, {480, "room-48"}, {560, "room-56"}, {640, "room-64"},
             {720, "room-72"}, {840, "room-84"}, {960, "room-96"}};

static int room_of_type(const struct field *field)
{
    switch (field->type) {
    case EMAIL:
    case URL:
    case LONG:
        return 120;
    case MONEY:
    case PHONE:
        return 82;
    case TIME:
        return 95;
    case DATE:
        return 70;
    case CHOICE:
        return 68;
    case BOOL:
    case INT:
        return 50;
    default:
        return field->refers ? 62 : 72;
    }
}

static int room_of(struct cx *cx, const struct field *field)
{
    int type = room_of_type(field);
    int head = HEAD + LETTER * (int)text_count(field_title(cx, field)) +
               (field->flags & SORTED ? SORTABLE : 0);
    return type > head ? type : head;
}

void list_find_room(struct cx *cx, struct list_page *page, bool has_face)
{
    int sum = TICK + (has_face ? FACE : 0), place = 0;
    for (int at = 0; page->order[at] >= 0; at++) {
        const struct field *field = page->result.fields[page->order[at]];
        size_t fits = 0;
        page->room[at] = NULL;
        if (page->query.columns || !list_shows(page, field))
            continue;
        int room = room_of(cx, field);
        sum += place++ == 0 && room < FIRST ? FIRST : room;
        while (fits < COUNT(rooms) - 1 && rooms[fits].most < sum)
            fits++;
        if (place > 2) /* what it is called and what is said first are always there */
            page->room[at] = rooms[fits].class;
    }
}
