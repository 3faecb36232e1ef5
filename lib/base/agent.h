/* agent: what a User-Agent header says, in the words of people.
 *
 * Browsers call themselves by each other's names (Edge says Chrome and Safari too), so the
 * few families that matter are told apart by the rarest name first. What is none of them is
 * shown by the name of its first product (RFC 9110 10.1.5); nothing is guessed. Whoever
 * sends the header chooses it: it says nothing of who somebody is.
 */
#ifndef BASE_AGENT_H
#define BASE_AGENT_H

struct arena;
struct language;

/* "Chrome on Windows", "Safari on iPhone", "curl"; "Unknown browser" for what names nothing
 * that we know, NULL for none. In the arena, or constant. `language` NULL: English. */
const char *agent_show(struct arena *arena, const struct language *language,
                       const char *user_agent);

#endif
