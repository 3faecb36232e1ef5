/* document: what providers publish at an address, kept for a while by each
 * process: metadata and keys. They are public and the same for all tenants. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/loop/loop.h"
#include "base/sentence.h"
#include "base/text.h"
#include "client/client.h"
#include "oidc/internal.h"

enum { DOCUMENTS = 64, DOCUMENT_MAX = 256 * 1024, TIMEOUT_S = 5, RENEW_S = 30, POLL_US = 20000 };

static const struct json_limits limits = {.depth = 16, .max_members = 5000};

struct document {
    char *url, *text; /* of the heap; url NULL: free */
    size_t len;
    int64_t fetched_us, renewed_us; /* monotonic; 0: never */
    bool renewing;
};

static struct document documents[DOCUMENTS];

static struct document *find(const char *url)
{
    for (size_t i = 0; i < DOCUMENTS; i++)
        if (documents[i].url && strcmp(documents[i].url, url) == 0)
            return &documents[i];
    return NULL;
}

/* The place of the one that was fetched longest ago goes to another; NULL: all are
 * being renewed. */
static struct document *make_room(const char *url)
{
    struct document *oldest = NULL;
    for (size_t i = 0; i < DOCUMENTS; i++)
        if (!documents[i].renewing && (!oldest || documents[i].fetched_us < oldest->fetched_us))
            oldest = &documents[i];
    if (!oldest)
        return NULL;
    free(oldest->url);
    free(oldest->text);
    *oldest = (struct document){.url = strdup(url)};
    return oldest->url ? oldest : NULL;
}

static void keep(const char *url, const struct client_answer *answer)
{
    struct document *document = find(url);
    char *text = malloc(answer->body_len + 1);
    if (!document)
        document = make_room(url);
    if (!document || !text) {
        free(text);
        return; /* the next sign-in fetches again */
    }
    memcpy(text, answer->body, answer->body_len);
    text[answer->body_len] = 0;
    free(document->text);
    document->text = text;
    document->len = answer->body_len;
    document->fetched_us = clock_monotonic_us();
}

json_object *document_read(struct arena *arena, const char *data, size_t len, const char **problem)
{
    struct json_problem why;
    bool is_null;
    json_object *object = json_read(arena, data, len, &limits, &is_null, &why);
    if (json_object_is_type(object, json_type_object))
        return object;
    *problem = "The provider's answer is no JSON object.";
    return NULL;
}

static json_object *fetch(struct arena *arena, const char *url, const char **problem)
{
    struct client_answer answer;
    const char *const headers[] = {"Accept: application/json", NULL};
    const struct client_request request = {.url = url,
                                           .headers = headers,
                                           .timeout_s = TIMEOUT_S,
                                           .body_max = DOCUMENT_MAX,
                                           .flags = CLIENT_OUTSIDE | CLIENT_HTTPS_ONLY};
    if (!client_fetch(arena, &request, &answer)) {
        *problem = sentence_keep(arena, "%s did not answer: %s.", url, answer.problem);
        return NULL;
    }
    if (answer.status != 200) {
        *problem = sentence_keep(arena, "%s answered with status %d.", url, answer.status);
        return NULL;
    }
    json_object *object = document_read(arena, answer.body, answer.body_len, problem);
    if (object)
        keep(url, &answer);
    return object;
}

static bool is_within(int64_t since_us, int64_t seconds)
{
    return since_us != 0 && clock_monotonic_us() - since_us < seconds * 1000000;
}

json_object *document_get(struct arena *arena, const char *url, int max_age_s, const char **problem)
{
    const struct document *kept = find(url);
    if (kept && kept->text && is_within(kept->fetched_us, max_age_s))
        return document_read(arena, kept->text, kept->len, problem);
    return fetch(arena, url, problem);
}

/* While one asks the others wait for what it gets. */
static struct document *wait_for_renewal(const char *url)
{
    struct document *kept = find(url);
    while (kept && kept->renewing && wait_us(POLL_US))
        kept = find(url);
    return kept;
}

json_object *document_renew(struct arena *arena, const char *url, const char **problem)
{
    struct document *kept = wait_for_renewal(url);
    if (kept && kept->text && is_within(kept->renewed_us, RENEW_S))
        return document_read(arena, kept->text, kept->len, problem);
    if (!kept)
        return fetch(arena, url, problem);
    kept->renewed_us = clock_monotonic_us();
    kept->renewing = true; /* so its place stays its own */
    json_object *object = fetch(arena, url, problem);
    kept->renewing = false;
    return object;
}
