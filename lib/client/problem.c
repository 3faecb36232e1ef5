/* problem: failures in words, and the options that every transfer has. */
#include <string.h>

#include "base/arena.h"
#include "base/config.h"
#include "base/language.h"
#include "client/internal.h"

static const char *in_words(CURLcode code)
{
    switch (code) {
    case CURLE_URL_MALFORMAT:
        return SAID("the address is malformed");
    case CURLE_UNSUPPORTED_PROTOCOL:
        return SAID("the address names a protocol that is not allowed");
    case CURLE_COULDNT_RESOLVE_HOST:
        return SAID("the name could not be resolved");
    case CURLE_OPERATION_TIMEDOUT:
        return SAID("no answer came in time");
    case CURLE_GOT_NOTHING:
        return SAID("the connection was closed without an answer");
    case CURLE_PARTIAL_FILE:
        return SAID("the connection was closed within the answer");
    case CURLE_LOGIN_DENIED:
        return SAID("the user or the password was refused");
    case CURLE_USE_SSL_FAILED:
        return SAID("the server does not offer TLS, which is required");
    default:
        return NULL;
    }
}

const char *curl_problem(struct arena *arena, CURLcode code, const char *detail)
{
    const char *words = in_words(code);
    if (words)
        return words;
    char *text = arena_text(arena, detail && *detail ? detail : curl_easy_strerror(code));
    for (char *at = text; *at; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
    return text;
}

void curl_set_common(CURL *easy, char *detail, int timeout_s)
{
    detail[0] = '\0';
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* A look-up that hangs is left to its thread, which nobody waits for. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)timeout_s);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)timeout_s);
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* whatever the environment says */
    const char *authorities = config_text(CONFIG_TULOU_CA_FILE);
    if (*authorities)
        curl_easy_setopt(easy, CURLOPT_CAINFO, authorities);
}
