/* folder: TULOU_VAR/mail, where messages go while there is no mail server: of each
 * ID.eml as it would have been sent, and ID.json with what it says. For our
 * operators' eyes only (mode 0600), and only the newest are kept. Blocks for as
 * long as a local disk takes. */
#ifndef MAIL_FOLDER_H
#define MAIL_FOLDER_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct letter;

enum { FOLDER_MOST = 500 };

/* NULL, or why it could not be written (in the arena or static). Adding the same id
 * again replaces it. */
const char *folder_add(struct arena *arena, const struct letter *letter);

/* The ids of the messages, newest first; *count says how many. */
char **folder_list(struct arena *arena, size_t *count);

/* {id, date (RFC 3339), language, from, fromName, to, toName, subject, text, html},
 * released by the arena; NULL: there is none of that id. */
json_object *folder_get(struct arena *arena, const char *id);

/* The message as it would have been sent; NULL: there is none of that id. */
char *folder_get_message(struct arena *arena, const char *id, size_t *len);

#endif
