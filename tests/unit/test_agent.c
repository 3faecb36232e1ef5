/* agent: browsers and programs by what they say of themselves. */
#include <string.h>

#include "base/agent.h"
#include "base/arena.h"
#include "unit.h"

#define WEBKIT "AppleWebKit/537.36 (KHTML, like Gecko) "
#define APPLE "AppleWebKit/605.1.15 (KHTML, like Gecko) "

static const struct {
    const char *sent, *shown;
} agents[] = {
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " WEBKIT "Chrome/131.0.0.0 Safari/537.36",
     "Chrome on Windows"},
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " WEBKIT
     "Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
     "Edge on Windows"},
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " WEBKIT
     "Chrome/130.0.0.0 Safari/537.36 OPR/115.0.0.0",
     "Opera on Windows"},
    {"Mozilla/5.0 (Linux; Android 10; K) " WEBKIT "Chrome/131.0.0.0 Mobile Safari/537.36",
     "Chrome on Android"},
    {"Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S911B) " WEBKIT
     "SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36",
     "Samsung Internet on Android"},
    {"Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0", "Firefox on Android"},
    {"Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox on Linux"},
    {"Mozilla/5.0 (X11; Linux x86_64) " WEBKIT "HeadlessChrome/131.0.0.0 Safari/537.36",
     "Chrome on Linux"},
    {"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) " WEBKIT "Chrome/131.0.0.0 Safari/537.36",
     "Chrome on ChromeOS"},
    {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) " APPLE "Version/18.1 Safari/605.1.15",
     "Safari on macOS"},
    {"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) " APPLE
     "Version/18.1 Mobile/15E148 Safari/604.1",
     "Safari on iPhone"},
    {"Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) " APPLE
     "CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1",
     "Chrome on iPad"},
    {"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) " APPLE
     "FxiOS/133.0 Mobile/15E148 Safari/605.1.15",
     "Firefox on iPhone"},
    {"Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
     "Unknown browser on Windows"},
    {"Mozilla/5.0 (compatible)", "Unknown browser"},
    {"curl/8.5.0", "curl"},
    {"python-requests/2.32.3", "python-requests"},
    {"node", "node"},
    {"PostmanRuntime/7.43.0", "PostmanRuntime"},
    {"MyTool/1.0 (Linux)", "MyTool"},
    /* nothing that names a product */
    {"/8.5.0", "Unknown browser"},
    {"8.5", "Unknown browser"},
    {"two words", "Unknown browser"},
    {"<script>/1", "Unknown browser"},
    {"\xff\xfe", "Unknown browser"},
    {"a23456789012345678901234567890123456789012345/1", "Unknown browser"},
};

START_TEST(agents_are_shown_by_family_and_system)
{
    struct arena *arena = arena_new();
    ck_assert_str_eq(agent_show(arena, NULL, agents[_i].sent), agents[_i].shown);
    arena_free(arena);
}
END_TEST

START_TEST(nothing_is_shown_of_none)
{
    ck_assert_ptr_null(agent_show(NULL, NULL, NULL));
    ck_assert_ptr_null(agent_show(NULL, NULL, ""));
}
END_TEST

static Suite *agent_suite(void)
{
    Suite *suite = suite_create("agent");
    TCase *tests = tcase_create("agent");
    tcase_add_loop_test(tests, agents_are_shown_by_family_and_system, 0,
                        sizeof agents / sizeof agents[0]);
    tcase_add_test(tests, nothing_is_shown_of_none);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN(agent_suite)
