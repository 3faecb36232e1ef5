/* common: whether a password is one of those that everybody tries first (NIST
 * SP 800-63B 5.1.1.2). The list is a file made at build time
 * (tools/passwords.mjs), mapped once before the workers fork.
 */
#ifndef ACCESS_COMMON_H
#define ACCESS_COMMON_H

#include <stdbool.h>

/* Maps the file; false with one line logged. A second call replaces the first. */
bool common_load(const char *path);

/* Compared without regard to ASCII case. A common word with up to four digits
 * or signs before or behind it is as common. False for all until common_load(). */
bool common_password(const char *password);

#endif
