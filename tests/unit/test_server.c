/* The FastCGI server: real records over a Unix socket to a worker of its own
 * process. */
#include "serving.h"

/* ---- connections and bodies ---- */

START_TEST(kept_connection_serves_one_request_after_the_other)
{
    int fd = connect_to_worker();
    for (int i = 0; i < 200; i++)
        expect(ask(fd, "/ignore"), 200, "ignored");
    close(fd);
}
END_TEST

START_TEST(connection_is_closed_when_the_web_server_says_so)
{
    int fd = connect_to_worker();
    ck_assert(send_request(fd, "/ignore", NULL, 0, CLOSE));
    expect(read_reply(fd), 200, "ignored");
    ck_assert(is_closed(fd));
    close(fd);
}
END_TEST

START_TEST(connection_whose_end_comes_with_the_request_is_answered_and_closed)
{
    int fd = connect_to_worker();
    kill(worker, SIGSTOP); /* so that it is told of both at once */
    ck_assert(send_request(fd, "/ignore", NULL, 0, KEEP));
    ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
    kill(worker, SIGCONT);
    expect(read_reply(fd), 200, "ignored");
    ck_assert(is_closed(fd));
    close(fd);
}
END_TEST

START_TEST(request_has_an_id_and_a_deadline)
{
    int fd = connect_to_worker();
    expect(ask(fd, "/about"), 200, "30000000 36");
    close(fd);
}
END_TEST

START_TEST(long_body_arrives_whole)
{
    int fd = connect_to_worker();
    for (int i = 0; i < 3; i++)
        expect(ask_with(fd, "/echo", body_of(BODY), BODY), 200, body_of(BODY));
    close(fd);
}
END_TEST

START_TEST(long_answer_leaves_whole)
{
    int fd = connect_to_worker();
    ck_assert_uint_eq(strlen(ask(fd, "/large")->body), BODY);
    expect(ask(fd, "/ignore"), 200, "ignored");
    close(fd);
}
END_TEST

/* Many of them at once, and still others are served; each gets the whole once it reads. */
START_TEST(who_stops_reading_costs_nobody_else_anything)
{
    enum { SLOW = 20 };
    static char piece[1 << 16];
    unsigned char headers[SLOW][8];
    int slow[SLOW], quick = connect_to_worker();
    for (int i = 0; i < SLOW; i++) {
        slow[i] = connect_to_worker();
        ck_assert(send_request(slow[i], "/huge", NULL, 0, KEEP));
        ck_assert(receive(slow[i], headers[i], 8)); /* it has begun */
        expect(ask(quick, "/ignore"), 200, "ignored");
    }
    for (int i = 0; i < SLOW; i++) {
        size_t got = 0;
        unsigned char *header = headers[i];
        if (i % 2 == 0) /* gone amid it */
            ck_assert_int_eq(close(slow[i]), 0);
        for (; i % 2 == 1; ck_assert(receive(slow[i], header, 8))) {
            size_t len = (size_t)header[4] << 8 | header[5];
            ck_assert(receive(slow[i], piece, len + header[6]));
            if (header[1] == END_REQUEST)
                break;
            got += len;
        }
        if (i % 2 == 1) {
            ck_assert_uint_gt(got, HUGE_BODY);
            expect(ask(slow[i], "/ignore"), 200, "ignored");
            close(slow[i]);
        }
        expect(ask(quick, "/ignore"), 200, "ignored");
    }
    close(quick);
}
END_TEST

/* How much of the answer came; *ended: with its end, and not with that of the connection. */
static size_t take_stream(int fd, bool *ended)
{
    static char piece[1 << 16];
    unsigned char header[8];
    size_t got = 0;
    *ended = false;
    while (!*ended && receive(fd, header, sizeof header)) {
        size_t len = (size_t)header[4] << 8 | header[5];
        ck_assert(receive(fd, piece, len + header[6]));
        *ended = header[1] == END_REQUEST;
        got += *ended ? 0 : len;
    }
    return got;
}

START_TEST(stream_is_written_as_it_is_taken)
{
    bool ended;
    int slow = connect_to_worker(), quick = connect_to_worker();
    ck_assert(send_request(slow, "/stream", NULL, 0, KEEP));
    expect(ask(quick, "/ignore"), 200, "ignored");
    ck_assert_uint_gt(take_stream(slow, &ended), HUGE_BODY - BODY);
    ck_assert(ended);
    expect(ask(slow, "/ignore"), 200, "ignored");
    close(slow);
    close(quick);
}
END_TEST

START_TEST(stream_that_fails_is_broken_off)
{
    bool ended;
    int fd = connect_to_worker();
    ck_assert(send_request(fd, "/broken", NULL, 0, KEEP));
    ck_assert_uint_gt(take_stream(fd, &ended), 0);
    ck_assert(!ended);
    close(fd);
}
END_TEST

START_TEST(stream_ends_when_its_client_goes)
{
    unsigned char header[8];
    int slow = connect_to_worker(), quick = connect_to_worker();
    ck_assert(send_request(slow, "/stream", NULL, 0, KEEP));
    ck_assert(receive(slow, header, sizeof header)); /* it has begun */
    await_counts(quick, "0 0 2");
    close(slow);
    await_counts(quick, "0 0 1");
    close(quick);
}
END_TEST

START_TEST(body_that_nobody_read_does_not_spoil_the_next_request)
{
    int fd = connect_to_worker();
    expect(ask_with(fd, "/ignore", body_of(BODY), BODY), 200, "ignored");
    expect(ask_with(fd, "/ignore", body_of(10), 10), 200, "ignored");
    expect(ask_with(fd, "/echo", body_of(10), 10), 200, body_of(10));
    close(fd);
}
END_TEST

START_TEST(body_above_the_limit_is_refused_and_the_connection_kept)
{
    int fd = connect_to_worker();
    expect(ask_with(fd, "/echo", body_of(LIMIT), LIMIT), 200, body_of(LIMIT));
    expect(ask_with(fd, "/echo", body_of(LIMIT + 1), LIMIT + 1), 413, NULL);
    expect(ask(fd, "/ignore"), 200, "ignored");
    close(fd);
}
END_TEST

START_TEST(request_in_single_bytes_is_understood)
{
    char request[1024];
    size_t len = put_head(request, "POST", "/echo", KEEP);
    len += put_record(request + len, STDIN, "hello", 5);
    len += put_record(request + len, STDIN, NULL, 0);
    int fd = connect_to_worker();
    for (int twice = 0; twice < 2; twice++) {
        for (size_t i = 0; i < len; i++)
            ck_assert(send_all(fd, request + i, 1));
        expect(read_reply(fd), 200, "hello");
    }
    close(fd);
}
END_TEST

START_TEST(garbage_closes_its_own_connection_only)
{
    int good = connect_to_worker();
    char request[1024];
    size_t len = put_head(request, "GET", "/echo", KEEP);
    unsigned seed = 11;
    for (int round = 0; round < 200; round++) {
        int bad = connect_to_worker();
        char spoilt[sizeof request];
        memcpy(spoilt, request, len);
        for (int i = 0; i < 4; i++)
            spoilt[(size_t)rand_r(&seed) % len] = (char)rand_r(&seed);
        if (round == 0)
            memset(spoilt, 'G', len);
        send_all(bad, spoilt, len);
        shutdown(bad, SHUT_WR);
        read_reply(bad); /* whatever it is, it comes or the connection ends */
        close(bad);
    }
    expect(ask(good, "/ignore"), 200, "ignored");
    close(good);
}
END_TEST

/* ---- many at once ---- */

START_TEST(waiting_request_does_not_hold_up_others)
{
    int slow = connect_to_worker(), quick = connect_to_worker();
    ck_assert(send_request(slow, "/hold", NULL, 0, KEEP));
    await_counts(quick, "1 0 2");
    expect(ask(quick, "/release"), 200, "1");
    expect(read_reply(slow), 200, "held");
    close(slow);
    close(quick);
}
END_TEST

START_TEST(client_that_goes_cancels_its_request)
{
    int slow = connect_to_worker(), quick = connect_to_worker();
    ck_assert(send_request(slow, "/hold", NULL, 0, KEEP));
    await_counts(quick, "1 0 2");
    close(slow);
    await_counts(quick, "1 1 1");
    close(quick);
}
END_TEST

START_TEST(request_ends_at_its_deadline)
{
    setenv("TULOU_DEADLINE_MS", "30", 1);
    start_worker();
    int fd = connect_to_worker();
    expect(ask(fd, "/hold"), 503, NULL);
    expect(ask(fd, "/ignore"), 200, "ignored");
    close(fd);
}
END_TEST

static long resident_kib(pid_t pid)
{
    char name[64];
    long size = 0, resident = 0;
    snprintf(name, sizeof name, "/proc/%ld/statm", (long)pid);
    FILE *file = fopen(name, "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%ld %ld", &size, &resident), 2);
    fclose(file);
    return resident * sysconf(_SC_PAGESIZE) / 1024;
}

START_TEST(five_thousand_requests_wait_in_one_worker)
{
    static int crowd[CROWD];
    int fd = connect_to_worker();
    expect(ask(fd, "/ignore"), 200, NULL);
    long before = resident_kib(worker);
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = connect_to_worker();
        ck_assert(send_request(crowd[i], "/hold", NULL, 0, KEEP));
    }
    await_counts(fd, "5000 0 5001");
    ck_assert_int_le((resident_kib(worker) - before) / CROWD, ENOUGH_KIB);
    expect(ask(fd, "/release"), 200, "5000");
    for (int i = 0; i < CROWD; i++)
        expect(read_reply(crowd[i]), 200, "held");
    for (int i = 0; i < CROWD; i++)
        close(crowd[i]);
    await_counts(fd, "0 0 1");
    close(fd);
}
END_TEST

START_TEST(worker_without_free_descriptors_serves_again_when_some_are)
{
    enum { LOTS = 40 };
    int fds[LOTS];
    struct rlimit limit, all;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &all), 0);
    limit = all;
    limit.rlim_cur = 24;
    setrlimit(RLIMIT_NOFILE, &limit);
    start_worker();
    setrlimit(RLIMIT_NOFILE, &all);
    for (int i = 0; i < LOTS; i++) {
        fds[i] = connect_to_worker();
        ck_assert(send_request(fds[i], "/ignore", NULL, 0, KEEP));
    }
    for (int i = 0; i < LOTS; i++) {
        expect(read_reply(fds[i]), 200, "ignored");
        close(fds[i]);
    }
}
END_TEST

/* ---- draining ---- */

START_TEST(drained_worker_finishes_what_is_in_hand)
{
    int busy = connect_to_worker(), idle = connect_to_worker();
    expect(ask(idle, "/ignore"), 200, "ignored");
    ck_assert(send_request(busy, "/gate", NULL, 0, KEEP));
    await_counts(idle, "0 0 2");
    kill(worker, SIGTERM);
    ck_assert(is_closed(idle));
    ck_assert_int_eq(write(gate[1], "x", 1), 1);
    expect(read_reply(busy), 200, "passed");
    ck_assert(is_closed(busy));
    end_worker();
    close(busy);
    close(idle);
}
END_TEST

START_TEST(request_that_came_before_the_drain_is_answered)
{
    int status, idle = connect_to_worker();
    expect(ask(idle, "/ignore"), 200, "ignored");
    kill(worker, SIGSTOP); /* so that both are there when it looks */
    ck_assert_int_eq(waitpid(worker, &status, WUNTRACED), worker);
    kill(worker, SIGTERM);
    ck_assert(send_request(idle, "/echo", "late", 4, KEEP));
    kill(worker, SIGCONT);
    expect(read_reply(idle), 200, "late");
    ck_assert(is_closed(idle));
    end_worker();
    close(idle);
}
END_TEST

static void add(Suite *suite, const char *name, SFun begin, const TTest *const *tests)
{
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, begin, tear_down);
    for (; *tests; tests++)
        tcase_add_test(tcase, *tests);
    suite_add_tcase(suite, tcase);
}

static Suite *server_suite(void)
{
    const TTest *const tests[] = {
        kept_connection_serves_one_request_after_the_other,
        connection_is_closed_when_the_web_server_says_so,
        connection_whose_end_comes_with_the_request_is_answered_and_closed,
        request_has_an_id_and_a_deadline,
        long_body_arrives_whole,
        long_answer_leaves_whole,
        who_stops_reading_costs_nobody_else_anything,
        stream_is_written_as_it_is_taken,
        stream_that_fails_is_broken_off,
        stream_ends_when_its_client_goes,
        body_that_nobody_read_does_not_spoil_the_next_request,
        body_above_the_limit_is_refused_and_the_connection_kept,
        request_in_single_bytes_is_understood,
        garbage_closes_its_own_connection_only,
        waiting_request_does_not_hold_up_others,
        client_that_goes_cancels_its_request,
        five_thousand_requests_wait_in_one_worker,
        drained_worker_finishes_what_is_in_hand,
        request_that_came_before_the_drain_is_answered,
        NULL,
    };
    const TTest *const own_worker[] = {
        request_ends_at_its_deadline,
        worker_without_free_descriptors_serves_again_when_some_are,
        NULL,
    };
    Suite *suite = suite_create("server");
    add(suite, "server", set_up, tests);
    add(suite, "own worker", make_socket, own_worker);
    return suite;
}

UNIT_MAIN(server_suite)
