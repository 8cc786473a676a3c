/* test_chat_command.c - what people type to a bot, read as calls. */
#include "call/service.h"
#include "chat/bot_private.h"
#include "check.h"
#include "check_arena.h"
#include "config/config.h"
#include "net/loop.h"
#include "tool.h"
#include <string.h>

static void what_is_typed(void **state)
{
    (void)state;
    struct err e = { 0 };
    const struct config *c = config_parse(a, "ops.yaml", "{}", 2, &e);
    const struct service_options o = { .loop = loop_new(), .config = c, .toolsets = toolsets };
    struct service *s = service_new(&o);
    static const struct {
        const char *text;
        enum chat_said said;
        const char *tool, *args;
    } lines[] = {
        { "help", SAID_COMMAND, NULL, NULL },
        { "  ", SAID_COMMAND, NULL, NULL },
        { "Overview", SAID_COMMAND, "gateway_overview", "{}" },
        { "routes path=/pay limit=3", SAID_COMMAND, "list_routes",
          "{\"path\":\"/pay\",\"limit\":3}" },
        { "limit shop-pay 10 per=minute", SAID_COMMAND, "tune_rate_limit",
          "{\"route\":\"shop-pay\",\"requests\":10,\"per\":\"minute\"}" },
        { "undo c-1234", SAID_COMMAND, "undo_change", "{\"id\":\"c-1234\"}" },
        { "list_resources kind=route", SAID_COMMAND, "list_resources", "{\"kind\":\"route\"}" },
        { "limit all that comes, please", SAID_WORDS, NULL, NULL },
        { "changes of yesterday", SAID_WORDS, NULL, NULL },
        { "why is checkout slow?", SAID_WORDS, NULL, NULL },
        { "routes pth=/pay", SAID_WRONG, NULL, NULL },
        { "approve c-1234", SAID_WRONG, NULL, NULL },
        { "Reject", SAID_WRONG, NULL, NULL },
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct chat_command out;
        const char *why = NULL;
        enum chat_said said = command_read(a, s, lines[i].text, &out, &why);
        if (said != lines[i].said || (said == SAID_WRONG && !why))
            fail_msg("%s: %d", lines[i].text, (int)said);
        if (said == SAID_COMMAND && lines[i].tool) {
            assert_string_equal(out.tool, lines[i].tool);
            assert_string_equal(json_print(a, out.args), lines[i].args);
        }
    }
    struct chat_command out;
    const char *why = NULL;
    command_read(a, s, "diagnose shop-pay", &out, &why);
    assert_string_equal(out.about, "shop-pay");
    service_free(s);
    loop_free(o.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_typed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
