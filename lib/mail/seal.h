/* seal: a letter on its way through the queue, readable by us alone; private to lib/mail. */
#ifndef MAIL_SEAL_H
#define MAIL_SEAL_H

#include "mail/letter.h"

struct json;

/* As JSON text, sealed (base/secret.h). */
char *letter_seal(struct arena *arena, const struct letter *letter);
/* The letter again, without its id; false: it was sealed with another key. */
bool letter_open(struct arena *arena, const char *sealed, struct letter *letter);
/* Its texts into an object that is open, without the id. */
void letter_put_texts(struct json *json, const struct letter *letter);

#endif
