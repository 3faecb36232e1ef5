/* check: what the compiler cannot see: every declared statement is prepared
 * against the migrated database, every resource compared with the catalogue. */
#ifndef API_CHECK_H
#define API_CHECK_H

struct area;

/* Prints a line for each defect; the program's exit status. */
int area_check_statements(const struct area *area);

#endif
