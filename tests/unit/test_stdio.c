/* test_stdio.c - lines at every split, long lines, a peer that does not read or is gone. */
#include "base/buf.h"
#include "check.h"
#include "net/loop.h"
#include "net/stdio.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
    struct loop *loop;
    struct stdio *s;
    int in, out; /* our ends */
    struct buf got;
    int ends, longs;
    bool echo, close_on_line;
    size_t answer; /* bytes said to each line; 0: none */
} t;
static char long_answer[40000];

static void on_line(void *arg, const char *line, size_t n)
{
    assert_ptr_equal(arg, &t);
    assert_int_equal(line[n], 0);
    buf_add(&t.got, line, n);
    buf_char(&t.got, '|');
    if (t.echo)
        stdio_write(t.s, line, n);
    if (t.answer)
        stdio_write(t.s, long_answer, t.answer);
    if (t.close_on_line) {
        stdio_close(t.s);
        t.s = NULL;
        loop_stop(t.loop);
    }
}

static void on_long(void *arg)
{
    (void)arg;
    t.longs++;
    buf_str(&t.got, "LONG|");
}

static void on_end(void *arg)
{
    (void)arg;
    t.ends++;
    loop_stop(t.loop);
}

static void open_stdio(int in, int out)
{
    const struct stdio_options o = {
        .in = in,
        .out = out,
        .max_line = 100,
        .max_queue = 1 << 20,
        .on_line = on_line,
        .on_long = on_long,
        .on_end = on_end,
        .arg = &t,
    };
    t.s = stdio_open(t.loop, &o);
}

static int start(void **state)
{
    (void)state;
    memset(&t, 0, sizeof t);
    t.loop = loop_new();
    buf_init(&t.got, 64 << 20);
    int in[2], out[2];
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    t.in = in[1];
    t.out = out[0];
    open_stdio(in[0], out[1]);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    stdio_close(t.s);
    loop_free(t.loop);
    buf_free(&t.got);
    return 0; /* the test's descriptors end with the process */
}

static void turn(void *arg)
{
    loop_stop(arg);
}

/* Lets the loop work for a moment. */
static void run_a_moment(double seconds)
{
    struct loop_timer *timer = loop_timer(t.loop, seconds, 0, turn, t.loop);
    loop_run(t.loop);
    loop_untimer(timer);
}

static void put(const char *bytes, size_t n)
{
    assert_int_equal(write(t.in, bytes, n), (ssize_t)n);
}

static void lines_come_whole_at_every_split(void **state)
{
    static const char text[] = "{\"a\":1}\n\nb\r\nlast without newline";
    size_t n = sizeof text - 1;
    for (size_t cut = 0; cut <= n; cut++) {
        put(text, cut);
        run_a_moment(0.001);
        put(text + cut, n - cut);
        close(t.in);
        loop_run(t.loop);
        assert_int_equal(t.ends, 1);
        assert_string_equal(t.got.data, "{\"a\":1}||b|last without newline|");
        stop(state);
        start(state);
    }
}

static void long_lines_are_dropped_and_reported_once(void **state)
{
    (void)state;
    char line[700];
    memset(line, 'x', sizeof line);
    line[699] = '\n';
    put("a\n", 2);
    for (int i = 0; i < 7; i++) {
        put(line + i * 100, 100);
        run_a_moment(0.002);
    }
    put("b\n", 2);
    put(line + 599, 101); /* exactly the ceiling */
    put(line + 598, 102); /* one more, in one read */
    put("c\n", 2);
    close(t.in);
    loop_run(t.loop);
    assert_int_equal(t.longs, 2);
    line[699] = 0;
    struct buf want;
    buf_init(&want, 1000);
    buf_printf(&want, "a|LONG|b|%s|LONG|c|", line + 599);
    assert_string_equal(t.got.data, want.data);
    buf_free(&want);
}

static void answers_of_a_batch_leave_together(void **state)
{
    (void)state;
    t.echo = true;
    put("one\ntwo\nthree\n", 14);
    run_a_moment(0.01);
    char bytes[100];
    ssize_t n = read(t.out, bytes, sizeof bytes);
    assert_int_equal(n, 14);
    assert_memory_equal(bytes, "one\ntwo\nthree\n", 14);
    assert_true(stdio_flushed(t.s));
}

static void nothing_is_lost_when_the_peer_reads_late(void **state)
{
    (void)state;
    static char line[90000];
    memset(line, 'y', sizeof line);
    for (int i = 0; i < 10; i++)
        stdio_write(t.s, line, sizeof line);
    assert_false(stdio_flushed(t.s));
    assert_int_equal(t.ends, 0);
    fcntl(t.out, F_SETFL, O_NONBLOCK);
    size_t total = 0;
    static char bytes[70000];
    for (int i = 0; i < 200 && total < 10 * (sizeof line + 1); i++) {
        ssize_t n;
        while ((n = read(t.out, bytes, sizeof bytes)) > 0)
            total += (size_t)n;
        run_a_moment(0.001);
    }
    assert_int_equal(total, 10 * (sizeof line + 1));
    assert_true(stdio_flushed(t.s));
}

static void a_peer_that_never_reads_counts_as_gone(void **state)
{
    (void)state;
    static char line[90000];
    for (int i = 0; i < 20; i++)
        stdio_write(t.s, line, sizeof line);
    assert_int_equal(t.ends, 0); /* not from inside stdio_write */
    loop_run(t.loop);
    assert_int_equal(t.ends, 1);
}

static void a_broken_pipe_is_the_end(void **state)
{
    (void)state;
    close(t.out);
    stdio_write(t.s, "x", 1);
    stdio_write(t.s, "y", 1);
    loop_run(t.loop);
    assert_int_equal(t.ends, 1);
    put("ignored\n", 8);
    run_a_moment(0.005);
    assert_string_equal(t.got.data, "");
}

static void it_may_be_closed_from_inside_a_line(void **state)
{
    (void)state;
    t.close_on_line = true;
    t.echo = true;
    put("one\ntwo\n", 8);
    loop_run(t.loop);
    assert_string_equal(t.got.data, "one|");
    char bytes[10];
    assert_int_equal(read(t.out, bytes, sizeof bytes), 4); /* and what was written has left */
}

/* One read brings a hundred lines, whose answers are more than may be queued. */
static void answers_of_one_read_leave_in_pieces(void **state)
{
    (void)state;
    int in[2], out = memfd_create("out", MFD_CLOEXEC);
    assert_int_equal(pipe(in), 0);
    stdio_close(t.s);
    t.in = in[1];
    t.answer = sizeof long_answer;
    memset(long_answer, 'a', sizeof long_answer);
    for (int i = 0; i < 100; i++)
        put("x\n", 2);
    close(t.in);
    open_stdio(in[0], out);
    loop_run(t.loop);
    assert_int_equal(t.ends, 1);
    assert_int_equal(lseek(out, 0, SEEK_END), 100 * (sizeof long_answer + 1));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lines_come_whole_at_every_split),
        TEST(long_lines_are_dropped_and_reported_once),
        TEST(answers_of_a_batch_leave_together),
        TEST(nothing_is_lost_when_the_peer_reads_late),
        TEST(a_peer_that_never_reads_counts_as_gone),
        TEST(a_broken_pipe_is_the_end),
        TEST(it_may_be_closed_from_inside_a_line),
        TEST(answers_of_one_read_leave_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
