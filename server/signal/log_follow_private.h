/* log_follow_private.h - what each kind of source does to be followed. */
#pragma once
#include "signal/log_source_private.h"

struct log_follower {
    const struct log_follower_ops *ops;
    struct log_source *source;
    const struct accesslog_query *q;
    struct arena *arena; /* of the follower */
    const char *note;    /* what was missed, in words; NULL: nothing */
};

struct log_follower_ops {
    /* The lines that came since, whole ones, in a; none: out->size 0. False: e. May park. */
    bool (*poll)(struct log_follower *f, struct arena *a, struct log_part *out, struct err *e);
    /* Parks until there may be more, or for so many seconds. False + e: cancelled. */
    bool (*pause)(struct log_follower *f, double seconds, struct err *e);
    void (*close)(struct log_follower *f); /* may park */
};

/* newest: the part that was read last before, for what is known of its lines; may have none. NULL:
 * e. */
struct log_follower *log_follow_file(struct log_source *s, struct arena *a, const char *path,
                                     struct log_part *newest, struct err *e);
struct log_follower *log_follow_pods(struct log_source *s, struct arena *a,
                                     const struct accesslog_query *q,
                                     const struct log_part *newest);
struct log_follower *log_follow_loki(struct log_source *s, struct arena *a,
                                     const struct accesslog_query *q,
                                     const struct log_part *newest);
void log_follow_note(struct log_follower *f, const char *words);

/* -- lines, judged one by one (accesslog.c) ------------------------------------------------------
 */
struct log_judge;
struct log_judge *log_judge_new(struct arena *a, const struct accesslog_query *q, accesslog_fn *fn,
                                void *arg);
/* How lines are written here, as far as these say. */
void log_judge_learn(struct log_judge *j, const struct log_part *p);
/* From the first line on. False: fn said stop. */
bool log_judge_part(struct log_judge *j, const struct log_part *p);
void log_judge_seen(struct log_judge *j, struct accesslog_seen *seen); /* and ends it */
