/* store_outside.h - what a gateway was seen to hold, and what others edited there.
 *
 * A place is one list of the gateway: "route", "plugin-instance route:orders". Of each object the
 * store keeps a digest under a key and the object itself, sealed. A place is under a MAC, and all
 * places of a gateway are under the anchor of the audit: what was edited, removed or put back from
 * an older copy is noticed (ERR_SYSTEM).
 * An outside edit is under a MAC too, which its line of audit names. Times are Unix seconds.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct err;
struct store;
struct stored;

/* Edits that are kept, the newest; lines of audit stay. An object, and both sides of an edit, that
 * are larger are known by their digest alone. */
enum { OUTSIDE_KEPT = 1000, OUTSIDE_OBJECT_MAX = 1 << 20 };

struct store_seen {
    const char *name, *digest; /* digest NULL: it is not there any more */
    const char *sealed;        /* of store_seal_seen; NULL: too large. Not read by store_place */
};
struct store_place {
    const char *gateway, *name; /* the gateway's URL */
    double at;                  /* when it was last read; 0: never */
    const char *mac;            /* NULL: never read */
    struct store_seen *objects; /* in the order of their names */
    int count;
};

/* Digest of a content (kind_content) under this state's key. */
char *store_seen_digest(struct store *s, struct arena *a, const char *canonical);
/* NULL: it is too large to be kept. */
char *store_seal_seen(struct store *s, struct arena *a, const struct store_place *p,
                      const char *name, const char *digest, const char *text);
/* A place as it was left; one that never was read is empty. */
bool store_place(struct store *s, struct arena *a, const char *gateway, const char *name,
                 struct store_place *out, struct err *e);
/* The object as it was seen; NULL: it was too large, or + e. */
cJSON *store_seen_object(struct store *s, struct arena *a, const struct store_place *p,
                         const struct store_seen *seen, struct err *e);
/* All places of a gateway that were read, those first that were read longest ago. Their number; -1
 * + e. Without their objects. */
int store_places(struct store *s, struct arena *a, const char *gateway, struct store_place **out,
                 struct err *e);

struct store_edit {
    const char *id;       /* "o-…"; made when it is kept */
    const char *gateway;  /* URL */
    double since, at;     /* between these two it happened */
    const cJSON *shown;   /* {"kind","name","scope"?,"verb","diff":[…]}: masked */
    const cJSON *sides;   /* {"before"?,"after"?}: whole; NULL: too large, or not opened */
    const char *tampered; /* NULL, or the sentence that says so; nothing else counts then */
};

/* "route orders was changed outside between A and B: ~ path[0]: …". */
const char *store_edit_text(struct arena *a, const struct store_edit *x);

/* What a look found at one place. */
struct store_looked {
    const struct store_place *was;
    double began;                 /* when reading it began */
    bool gone;                    /* there is no such place any more */
    bool more;                    /* not all of what changed is told here: it stays as old */
    const struct store_seen *now; /* the objects that are otherwise */
    int now_count;
    struct store_edit *edits; /* of others, among these */
    int edit_count;
    bool kept; /* set: false when another look, or a change of ours, came in between */
};
/* Keeps what a look found, with a line of audit for each edit, all or nothing. about: of the look,
 * for store_look_about. */
bool store_look_end(struct store *s, const char *gateway, struct store_looked *all, int count,
                    cJSON *about, struct err *e);
/* {"at": Unix seconds of the last look, "begun", "places", "objects", "unread"?: [sentence]}; NULL:
 * there was none, or + e. */
cJSON *store_look_about(struct store *s, struct arena *a, const char *gateway, struct err *e);
/* Is all that was seen there as it was left? Reads each object's digest. */
bool store_look_whole(struct store *s, const char *gateway, struct err *e);
/* Forgets what the gateway held: the next look begins anew. The edits stay. */
bool store_look_forget(struct store *s, const char *gateway, const char *who, const char *channel,
                       struct err *e);

/* Newest first, none older than `since`; fn false stops. Without sides. */
typedef bool store_edit_fn(void *arg, const struct store_edit *x);
bool store_each_edit(struct store *s, double since, store_edit_fn *fn, void *arg, struct err *e);
/* Of that id, or its unique beginning, with its sides. ERR_ARGS: there is none. */
bool store_find_edit(struct store *s, struct arena *a, const char *id, struct store_edit *out,
                     struct err *e);
bool store_is_edit(const char *id); /* is it spelt as the id of an edit? */

/* Changes of ours that wrote to that gateway, or may have, since then; with those under way. fn
 * false stops. */
typedef bool store_written_fn(void *arg, const struct stored *row);
bool store_each_written(struct store *s, const char *gateway, double since, store_written_fn *fn,
                        void *arg, struct err *e);
