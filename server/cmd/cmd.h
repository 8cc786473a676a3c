/* cmd.h - a command of `higress-ops COMMAND`: one const row, its options a table.
 *
 * main.c holds the table of commands; each server/cmd/NAME.c defines `const struct command
 * cmd_NAME`. Options are parsed before run() is called and help is printed from the same rows, so a
 * command never sees an unknown option and --help can never be out of date. `--help` and
 * `--version` work everywhere. Exit codes are the same for all commands (enum exit_code, printed by
 * --help).
 */
#pragma once
#include <stdbool.h>

enum exit_code {
    EXIT_DONE = 0,      /* did what was asked */
    EXIT_FAILED = 1,    /* tried and did not succeed; stderr says why */
    EXIT_USAGE = 2,     /* the command line is wrong */
    EXIT_CONFIG = 3,    /* the configuration is wrong: file, line and field are named */
    EXIT_PENDING = 4,   /* a change waits for a person's decision */
    EXIT_REFUSED = 5,   /* a person or a policy said no; nothing was written */
    EXIT_UNDECIDED = 6, /* a person was asked and decided nothing: the change waits as before */
    EXIT_FOUND = 7,     /* check --gateway found what it was told to fail on */
};

struct option_row {
    const char *name;  /* "listen" for --listen */
    const char *value; /* "ADDRESS"; "[NAME]": only behind '='; NULL: a flag */
    const char *about;
};

enum { OPTIONS_MAX = 32 };

/* What was on the command line, after the command's name. */
struct options {
    const struct command *command;
    struct {
        const char *name, *value; /* value of a flag: "true" */
    } given[OPTIONS_MAX];
    int given_count;
    int argc; /* positional arguments */
    char **argv;
};

struct command {
    const char *name;
    const char *args;  /* "TOOL [JSON]"; NULL: none */
    const char *about; /* one sentence */
    int min_args, max_args;
    const struct option_row *rows; /* own options, ended by { 0 }; may be NULL */
    bool config;                   /* also takes the flags of the configuration (config/config.h) */
    int (*run)(const struct options *o);
};

/* Parses argv[2…] for the command. False after it has printed help, the version or a mistake;
 * *code is then the exit code. */
bool options_parse(const struct command *command, int argc, char **argv, struct options *out,
                   int *code);
const char *options_get(const struct options *o, const char *name); /* NULL: not given */
bool options_has(const struct options *o, const char *name);
/* A whole number in [least, most]; `otherwise` when absent. False after a message on stderr. */
bool options_int(const struct options *o, const char *name, int least, int most, int otherwise,
                 int *out);
void options_help(const struct command *command);
struct arena;
struct config;
struct err;
struct rules_words;
/* The tools and kinds that there are, for those who check a policy. */
const struct rules_words *options_words(struct arena *a);
/* The configuration by file, variables and the command's options; NULL + e. */
struct config *options_read(const struct options *o, struct arena *a, struct err *e);
/* The same; NULL after a message on stderr;
 * *code is then EXIT_CONFIG. */
struct config *options_config(const struct options *o, struct arena *a, int *code);
