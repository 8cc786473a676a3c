/* log_source_private.h - how lines come to be read backwards, part by part. For accesslog.c. */
#pragma once
#include "base/err.h"
#include "config/logs.h"
#include "signal/accesslog.h"
#include "signal/log_source.h"

/* A line that has a time of its own, and a replica. */
struct log_mark {
    long long ns; /* Unix time */
    unsigned at;  /* where the line begins in its part */
    unsigned replica;
};

/* Lines one behind the other, the oldest first: a file, or what was got of a cluster or Loki. */
struct log_part {
    int fd;           /* -1: text */
    const char *text; /* NULL: fd */
    size_t first;     /* the place of its first byte that is there */
    size_t size;      /* bytes that are there */
    size_t end;       /* of them, those before this one are of interest */
    bool cheap;       /* a file that was neither fetched nor unpacked for this */
    unsigned long long id;
    const struct log_mark *marks; /* of each line, by place; NULL: a file */
    int lines;
    const char *const *replicas; /* by number; NULL: not known */
};

/* Reads as pread does. */
long log_part_read(const struct log_part *p, char *to, size_t n, size_t at);
/* The mark of the line that begins at that place, or covers it; NULL: a file. */
const struct log_mark *log_part_mark(const struct log_part *p, size_t at);

/* One reading, from the newest line (or a cursor) backwards. */
struct log_reader {
    const struct log_reader_ops *ops;
};

struct log_reader_ops {
    /* The next older part. False: there is none, or e. Parks. */
    bool (*next)(struct log_reader *r, struct log_part *out, struct err *e);
    void (*close)(struct log_reader *r, struct log_part *p);
    /* Is there an older part that this reading is about? */
    bool (*more)(const struct log_reader *r);
    /* What is not looked at, of this part before `resume` and behind it; too_old: nothing of
     * interest. */
    void (*rest)(const struct log_reader *r, const struct log_part *p, size_t resume, bool too_old,
                 struct accesslog_seen *seen);
};

struct log_source {
    struct arena *arena;
    struct loop *loop; /* NULL: files only */
    const struct config *config;
    struct cancel *cancel; /* never NULL */
    const char *path;      /* of the file alone; NULL: as configured */
    const char *pod;       /* of that one alone; NULL: of all */
    struct log_chain *chains;
    unsigned long long read_file; /* the file that was read last: its inode, and up to where */
    size_t read_to;               /* 0: none was */
};

enum logs_from log_source_from(const struct log_source *s);
/* The newest part of what that query reads, which is kept. False: e. Parks. */
bool log_newest_part(struct log_source *s, struct arena *a, const struct accesslog_query *q,
                     struct log_part *out, struct err *e);

/* NULL: e says what is not configured. */
struct log_reader *log_reader_new(struct log_source *s, struct arena *a,
                                  const struct accesslog_query *q, struct err *e);
/* Of files. */
struct log_reader *log_files_reader(struct log_source *s, struct arena *a, const char *path,
                                    const struct accesslog_query *q);
/* The file that holds those lines, NULL + e. */
const char *log_file_of(const struct log_source *s, enum log_what what, struct err *e);

/* -- lines with times ---------------------------------------------------------------------------
 */

/* A place between lines: behind all that are older than ns and those of that time but the last
 * `equal`. */
struct log_moment {
    long long ns;
    int equal;
};
#define LOG_MOMENT_NOW ((struct log_moment){ .ns = (1LL << 62) })

/* Lines of one replica, the oldest first, each behind its time and a blank. */
struct log_stream {
    const char *replica;
    const char *text;
    size_t size;
    bool cut; /* older lines are left that were not read */
};

/* "2026-11-30T09:00:00.123456789Z" or with "+08:00" as Unix nanoseconds; *n: its bytes. 0: none. */
long long log_stamp(const char *s, const char *end, size_t *n);
/* Merges streams by time into one part, without those times; lines behind `before`, and lines that
 * are older than what every cut stream reaches back to, are left out unless whole. In a. */
void log_merge(struct arena *a, const struct log_stream *streams, int count,
               struct log_moment before, bool whole, struct log_part *out);

/* Lines that were got with their times, the newest part first; kept by the source. */
struct log_chain {
    struct log_chain *next;
    enum log_what what;
    bool previous;
    double since;
    const char *from; /* cursor that it began with; NULL: now */
    bool all;         /* everything is wanted, so nothing is got twice */
    struct log_part *parts;
    int count, room;
    struct log_moment before; /* of the oldest part */
    bool ended;               /* there is no older part */
    const char *note;         /* what is missing, in words; NULL: nothing */
    double reached;           /* lines older than this may be missing; 0: none are */
};

/* Gets the next older part of a chain. False + e, or where there is none: ended. Parks. */
typedef bool log_get_fn(struct log_source *s, struct log_chain *c, struct log_part *out,
                        struct err *e);
log_get_fn log_pods_get, log_loki_get;
/* A cursor as text, and back; false: it is not one. */
void log_moment_write(struct log_moment m, char out[48]);
bool log_moment_read(const char *text, struct log_moment *out);
