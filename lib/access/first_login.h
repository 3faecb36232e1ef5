/* first_login: the file of the first superadmin's one-time password,
 * TULOU_VAR/first-login.json (made by `tulou bootstrap`). It goes away once it was used. */
#ifndef ACCESS_FIRST_LOGIN_H
#define ACCESS_FIRST_LOGIN_H

#include <stdbool.h>

struct arena;
struct cx;

/* Whose it is; NULL: there is no such file. In the arena. */
const char *first_login_email(struct arena *arena);
void first_login_remove(struct arena *arena);
/* The one signed in has just chosen a password: if the file is theirs, it is void. */
void first_login_used(struct cx *cx);

#endif
