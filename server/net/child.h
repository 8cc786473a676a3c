/* child.h - another program is run to its end, on our loop. child_run() parks its caller.
 *
 * No shell: the program gets its arguments as they are, nothing on its standard input, and our
 * environment with what is added. What it prints is bounded; it is ended with its whole process
 * group when it takes too long or the caller is gone.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct cancel;
struct err;
struct loop;

struct child_variable {
    const char *name, *value;
};

struct child_spec {
    const char *path;                       /* of the program; see child_find */
    const char *const *argv;                /* ended by NULL; argv[0] is its name */
    const struct child_variable *variables; /* join the environment; ended by { 0 }; NULL: none */
    size_t max_out;                         /* bytes of its output; more is an error */
    size_t max_said; /* bytes of what it says on standard error that are kept: the last ones */
    double timeout;  /* seconds */
    struct cancel *cancel;
};

struct child_end {
    char *out;
    size_t len;
    char *said; /* "" where it said nothing */
    int status; /* as waitpid gives it */
};

/* The program of that name in PATH, or itself where it has a slash and can be run; NULL: none. */
const char *child_find(struct arena *a, const char *name);
/* True when it ran and ended by itself, whatever its status. */
bool child_run(struct loop *l, struct arena *a, const struct child_spec *spec,
               struct child_end *out, struct err *e);
