/* fuzz_alert.c - what a source of alerts sends. The first byte says which kind of source; what is
 * read of the rest is bounded, each alert has a key of its own making, a beginning, and JSON that
 * holds nothing of more than one line. fuzz: -runs=100000 -max_len=2048 -timeout=20
 * -dict=tests/fuzz/protocol.dict
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "chat/alert_private.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { KEY = 64, SHOWN_MOST = 32 << 10 };
static const double now = 1700000000;
static const struct config_named none[] = { { 0 } };
static const struct config_named moved[] = {
    { "items", "events" }, { "key", "a.b" }, { "status", "s[0]" }, { 0 }
};
static const char *const resolved[] = { "ok", "CLOSED", NULL };

static void must_be_one_line(const cJSON *o)
{
    const cJSON *m;
    if (cJSON_IsString(o) && strpbrk(o->valuestring, "\r\n\t\x1b\x7f"))
        bug("fuzz_alert: '%s' is not one line", o->valuestring);
    cJSON_ArrayForEach(m, o)
    {
        if (m->string && strpbrk(m->string, "\r\n\t\x1b\x7f"))
            bug("fuzz_alert: the name '%s' is not one line", m->string);
        must_be_one_line(m);
    }
}

static void must_be_alert(struct arena *a, const struct store_alert *x)
{
    struct err e = { 0 };
    size_t n = strlen(x->shown);
    if (strlen(x->key) != KEY || strspn(x->key, "0123456789abcdef") != KEY)
        bug("fuzz_alert: the key '%s'", x->key);
    if (!isfinite(x->starts) || x->starts <= 0 || !isfinite(x->ends) || x->ends < 0)
        bug("fuzz_alert: from %g to %g", x->starts, x->ends);
    const cJSON *shown = n <= SHOWN_MOST ? json_parse(a, x->shown, n, &e) : NULL;
    if (!shown || !json_str(shown, "title"))
        bug("fuzz_alert: %zu bytes are shown, %s", n, e.text);
    must_be_one_line(shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum alert_from kinds[] = { ALERT_FROM_ALERTMANAGER, ALERT_FROM_GRAFANA,
                                             ALERT_FROM_JSON, ALERT_FROM_JSON };
    if (size < 1)
        return 0;
    struct arena *a = arena_new();
    struct err e = { 0 };
    struct alert_batch batch = { 0 };
    const struct config_alert c = { .from = kinds[data[0] % 4],
                                    .fields = data[0] % 4 == 3 ? moved : none,
                                    .resolved = resolved };
    const char *text = arena_strndup(a, (const char *)data + 1, size - 1);
    const cJSON *payload = json_parse(a, text, size - 1, &(struct err){ 0 });
    bool read = payload && alert_read(a, &c, payload, now, &batch, &e);
    if (payload && read != (e.kind == ERR_NONE))
        bug("fuzz_alert: %d with '%s'", read, e.text);
    if (read &&
        (strlen(batch.group) != KEY || batch.count > ALERTS_OF_REQUEST || !(batch.left_out >= 0)))
        bug("fuzz_alert: %d alerts, %g left out", batch.count, batch.left_out);
    for (int i = 0; read && i < batch.count; i++)
        must_be_alert(a, &batch.alerts[i]);
    arena_free(a);
    return 0;
}
