/* replay.h - one exchange of a recording, sent to a console and compared with what was recorded.
 *
 * The console is one in this process, a process of its own, or one at a URL; the folder is watched
 * where it is on this machine.
 */
#pragma once
#include "contract.h"

struct embedded;
struct loop;
struct report;
struct process;

struct replay {
    const char *name;         /* of the file, for what is printed */
    struct arena *arena;      /* of the file */
    const char *dir;          /* its data folder; NULL: elsewhere, answers only */
    struct embedded *console; /* in this process */
    struct process *process;  /* of its own; neither: at url */
    const char *url;
    struct loop *loop;
    struct folder *folder; /* NULL with dir */
    const cJSON *headers;  /* the names that the recordings keep; others are not compared */
    const char *token;     /* of the last login */
    const char *user;      /* "NAME:PASSWORD" in the place of admin:admin; NULL: that */
    bool verbose, unversioned;
    bool diverged; /* something differed in this file and could not be put right */
    struct report *report;
};

/* True when equal; else the report hears of it, and the folder is made what it should be, so that
 * the next exchange is judged for itself. line is the exchange as recorded. */
bool replay_play(struct replay *p, const char *line, size_t len, struct buf *differences);
/* Does the exchange read what is there whatever was written before it in its file? written: has
 * an earlier exchange changed files. */
bool replay_is_read(const cJSON *exchange, bool written);
/* How many of n damaged variants got a well-formed answer. */
int replay_mutated(struct replay *p, const char *line, size_t len, int n, unsigned long long *seed);
