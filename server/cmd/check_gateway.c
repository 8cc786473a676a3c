/* check_gateway.c - `higress-ops check --gateway`: the whole gateway judged without traffic, as a
 * report on standard output and an exit code for pipelines. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "cmd/check_private.h"
#include "cmd/cmd.h"
#include "cmd/verb_private.h"
#include "console/gateway.h"
#include "inspect/report.h"

static const size_t REPORT_MAX = (size_t)16 << 20;

struct asked {
    const char *format;
    enum trap_risk fail_on;
    int days;
};

static bool read_options(const struct options *o, struct asked *out)
{
    const char *format = options_get(o, "format"), *fail_on = options_get(o, "fail-on");
    out->format = format ? format : "text";
    out->fail_on = TRAP_BROKEN;
    if (!report_is_format(out->format)) {
        fputs("higress-ops check: --format is text, json, sarif or junit\n", stderr);
        return false;
    }
    if (fail_on && !report_risk(fail_on, &out->fail_on)) {
        fputs("higress-ops check: --fail-on is open, broken, dead or note\n", stderr);
        return false;
    }
    return options_int(o, "days", 0, 3650, 30, &out->days);
}

static int code_of(const struct report *r)
{
    const cJSON *unread = r->inspection->world->unread;
    if (report_failures(r) > 0)
        return EXIT_FOUND;
    if (json_count(unread) == 0)
        return EXIT_DONE;
    fputs("higress-ops check: not all of the gateway could be read\n", stderr);
    return EXIT_FAILED;
}

static int judge_gateway(struct verb *v)
{
    struct err e = { 0 };
    struct asked asked;
    if (!read_options(v->options, &asked))
        return EXIT_USAGE;
    const struct world_means means = {
        .loop = gateway_loop(v->gateway),
        .gateway = v->gateway,
        .config = gateway_config(v->gateway),
    };
    if (!gateway_url(v->gateway)) {
        err_set(&e, ERR_ARGS, "no gateway is configured; give --gateway-url");
        return verb_failed(v, &e);
    }
    const struct inspection *i = inspect_gateway(v->arena, &means, asked.days, &e);
    if (!i)
        return verb_failed(v, &e);
    const struct report report = { i, gateway_url(v->gateway), asked.fail_on };
    struct buf *b = buf_in(v->arena, REPORT_MAX);
    report_write(v->arena, b, asked.format, &report);
    fwrite(b->data, 1, b->len, stdout);
    return code_of(&report);
}

int check_gateway(const struct options *o)
{
    return verb_start(o, false, judge_gateway);
}
