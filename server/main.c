/* main.c - argv to a command (server/cmd/): the only file that sees every layer.
 *
 * To add a command: write server/cmd/NAME.c with `const struct command cmd_NAME`, declare it here
 * and add it to the table, in the order in which help lists it.
 */
#include "cmd/cmd.h"
#include "version.h"
#include <sys/prctl.h>
#include <sys/resource.h>

extern const struct command cmd_stdio, cmd_serve, cmd_call, cmd_tools, cmd_check;
extern const struct command cmd_approve, cmd_reject, cmd_changes, cmd_undo, cmd_audit, cmd_state;
extern const struct command cmd_policy, cmd_freeze;
extern const struct command cmd_stop, cmd_report, cmd_outside;
extern const struct command cmd_export, cmd_import, cmd_migrate;
extern const struct command cmd_ask, cmd_chat;
extern const struct command cmd_console, cmd_demo, cmd_render, cmd_overview, cmd_passphrase,
    cmd_passkey, cmd_logs;

static const struct command *const commands[] = {
    &cmd_stdio,      &cmd_serve,   &cmd_call,    &cmd_tools,  &cmd_approve, &cmd_reject,
    &cmd_changes,    &cmd_undo,    &cmd_stop,    &cmd_audit,  &cmd_report,  &cmd_state,
    &cmd_policy,     &cmd_freeze,  &cmd_export,  &cmd_import, &cmd_migrate, &cmd_ask,
    &cmd_chat,       &cmd_console, &cmd_demo,    &cmd_render, &cmd_check,   &cmd_overview,
    &cmd_passphrase, &cmd_passkey, &cmd_outside, &cmd_logs,   NULL,
};

static void help(void)
{
    puts("higress-ops " HIGRESS_OPS_VERSION " - operates the Higress gateway through MCP\n\n"
         "usage: higress-ops COMMAND [OPTIONS]\n\ncommands:");
    for (int i = 0; commands[i]; i++)
        printf("  %-10s %s\n", commands[i]->name, commands[i]->about);
    puts("\nhigress-ops COMMAND --help says more.");
}

/* A process that holds secrets leaves no image of itself, and no other of its user looks into it.
 */
static void leave_no_core(void)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    prctl(PR_SET_DUMPABLE, 0);
}

int main(int argc, char **argv)
{
    leave_no_core();
    const char *name = argc > 1 ? argv[1] : "--help";
    if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help")) {
        help();
        return argc > 1 ? EXIT_DONE : EXIT_USAGE;
    }
    if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
        puts("higress-ops " HIGRESS_OPS_VERSION);
        return EXIT_DONE;
    }
    for (int i = 0; commands[i]; i++) {
        struct options o;
        int code = EXIT_DONE;
        if (strcmp(commands[i]->name, name) != 0)
            continue;
        if (!options_parse(commands[i], argc - 2, argv + 2, &o, &code))
            return code;
        return commands[i]->run(&o);
    }
    fprintf(stderr, "higress-ops: no command '%s' (see higress-ops --help)\n", name);
    return EXIT_USAGE;
}
