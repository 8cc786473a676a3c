/* test_audit_evidence.c - `audit evidence`: whose yes a signature was, and what is not there any
 * more. */
#include "base/json.h"
#include "cmd/audit_private.h"
#include "cmd/cmd.h"
#include "passkey/evidence.h"
#include "plan/plan.h"
#include "scratch.h"
#include "signer.h"
#include "store/store_private.h"
#include "store/store_segment.h"
#include <sys/wait.h>
#include <time.h>

static struct store *s;
static char dir[128];

static int setup(void **state)
{
    (void)state;
    struct err e = { 0 };
    snprintf(dir, sizeof dir, "%s/audit-evidence-XXXXXX", scratch_base());
    s = mkdtemp(dir) ? store_open(a, dir, &e) : NULL;
    return s ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    store_close(s);
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", dir, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
    return 0;
}

static void keep(struct stored *row)
{
    struct err e = { 0 };
    char *id = NULL;
    struct plan *p = plan_new(a, "test", CHANGE, &e);
    cJSON *o = json_object(a);
    json_set_str(a, o, "name", "x");
    json_set_str(a, o, "type", "http");
    json_set_str(a, o, "serverAddress", "10.0.0.1");
    json_set_num(a, o, "serverPort", 3128);
    p->gateway = "http://g";
    if (!plan_create(p, "proxy-server", NULL, o) || !plan_close(p) ||
        !store_keep(s, a, p, STATE_PENDING, "ann", 60, &id, &e) || !store_find(s, a, id, row, &e))
        fail_msg("%s", e.text);
}

/* ada signed for that change. */
static const char *signed_for(const struct stored *row)
{
    struct passkey_question q = { "approve",   "ada",       "00ff", row->id,
                                  row->digest, "rendering", 1234.5, { 9 } };
    struct answer x = good();
    uint8_t *data = arena_alloc(a, 200);
    passkey_challenge(&q, wanted.challenge);
    const char *client = client_of(&x);
    size_t n = data_of(&x, data);
    const struct webauthn_signed by = { { (const uint8_t *)client, strlen(client) },
                                        { data, n },
                                        sign(key, data, n, client) };
    cJSON *o = json_object(a);
    json_set(a, o, "evidence", passkey_evidence(a, &q, &wanted, "a2V5QQ", &enrolled, &by));
    return json_print(a, o);
}

static void note(const char *event, const char *id, const char *who, const char *detail)
{
    struct err e = { 0 };
    bool ok = store_begin(s, &e) && store_chain(s, event, id, who, "passkey", detail, NULL, &e);
    if (!store_end(s, ok, &e))
        fail_msg("%s", e.text);
}

/* What the command prints of it. */
static const char *evidence_of(const char *id, int wanted_code)
{
    struct options o = { .given = { { "change", id } }, .given_count = 1 };
    struct verb v = { .options = &o, .arena = a };
    FILE *to = tmpfile();
    fflush(stdout);
    int was = dup(STDOUT_FILENO);
    assert_true(to && dup2(fileno(to), STDOUT_FILENO) >= 0);
    int code = audit_evidence(&v, s);
    fflush(stdout);
    dup2(was, STDOUT_FILENO);
    close(was);
    char *text = arena_alloc(a, 4000);
    rewind(to);
    text[fread(text, 1, 3999, to)] = '\0';
    fclose(to);
    assert_int_equal(code, wanted_code);
    return text;
}

static bool says(const char *text, const char *words)
{
    if (!strstr(text, words))
        print_message("%s", text);
    return strstr(text, words);
}

/* Somebody else's yes over the same plan does not become hers. */
static void test_whose_yes_it_was(void **state)
{
    (void)state;
    struct stored row = { 0 };
    keep(&row);
    const char *yes = arena_printf(a, "{\"plan\":\"%s\",\"rendering\":\"rendering\"}", row.digest);
    note("passkey used", row.id, "ada", signed_for(&row));
    note("approved", row.id, "bob", yes);
    assert_true(says(evidence_of(row.id, 0), "no yes over the same plan came of it"));
    note("approved", row.id, "ada", yes);
    assert_true(says(evidence_of(row.id, 0), "it is the yes of line 4"));
}

/* What retention removed is not said to have been nothing. */
static void test_lines_that_were_removed(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct stored row = { 0 };
    struct store_rotated did = { 0 };
    const struct store_retention how = { .lines = 3, .keep = 1e-9, .until = 1 << 30 };
    bool moved = false;
    keep(&row);
    const char *before = evidence_of(row.id, 1);
    assert_true(says(before, "nobody signed for change"));
    assert_null(strstr(before, "removed"));
    note("passkey used", row.id, "ada", signed_for(&row));
    assert_true(
        store_move(s, row.id, STATE_PENDING, STATE_CANCELLED, "ann", "test", NULL, &moved, &e));
    note("looked", NULL, "ann", NULL);
    for (int i = 0; i < 3; i++) {
        nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
        assert_true(store_rotate(s, &how, &did, &e));
    }
    const char *after = evidence_of(row.id, 1);
    assert_true(says(after, "with a passkey in the lines that are there"));
    assert_true(says(after, "were removed by retention: who signed in them cannot be said"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whose_yes_it_was, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lines_that_were_removed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
