/* annotation.h - every annotation of an Ingress that Higress reads, that the console writes, or
 * that people bring from ingress-nginx: one const row each.
 *
 * The rows are the only place that knows their names, the prefixes under which they are read, how
 * the controller reads their values, and what becomes of them in a console's route. What is secret
 * in them is said by mask/. Judged is one value by itself; how several act on each other is for
 * the rules.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;

enum annotation_under { /* where the controller looks for it; nginx's name comes first */
                        READ_NOWHERE = 0,
                        READ_OWN = 1, /* higress.io/ */
                        READ_NGINX = 2,
                        READ_BOTH = 3,
};

enum annotation_fate {
    BECOMES_MEMBER = 1, /* `member` of the route says it; refused among customConfigs */
    BECOMES_CUSTOM,     /* the same among customConfigs: Higress reads it */
    BECOMES_OTHER,      /* not read by this name: `use` is the name that does the same */
    BECOMES_MARK,       /* for people or the console: no request is treated otherwise */
    BECOMES_NOTHING,    /* not read: `does` is what is lost */
    BECOMES_REFUSAL,    /* not read, and it kept somebody out: what carries it is refused */
};

enum annotation_danger { /* what goes where it is lost or not as meant */
                         LOSES_NOTHING = 0,
                         LOSES_TUNING,
                         LOSES_LIMIT,  /* a limit or a timeout */
                         LOSES_ROUTE,  /* requests go elsewhere, or nowhere */
                         LOSES_ACCESS, /* whoever was kept out gets in */
};

enum annotation_value { /* how the controller reads it; a value that does not fit is as good as none
                         */
                        IS_TEXT = 0,
                        IS_BOOL,      /* Go's: 1 t T TRUE true True 0 f F FALSE false False */
                        IS_INT,       /* decimal with an optional sign: no blank, no unit */
                        IS_SECONDS,   /* IS_INT; below 0 Envoy refuses all routes */
                        IS_POSITIVE,  /* IS_INT from 1 to 2^32 - 1 */
                        IS_LIMIT,     /* IS_POSITIVE; before 2.2.4 Envoy refuses all routes at 0 */
                        IS_PERCENT,   /* IS_INT from 0 to 100 */
                        IS_REDIRECT,  /* IS_INT: 301, 302, 303, 307 or 308 */
                        IS_WORD,      /* one of `words`, in any case */
                        IS_EXACTLY,   /* one of `words`, as written there */
                        IS_COMMAS,    /* a list at commas, its items trimmed */
                        IS_LIST,      /* a list at commas if there is one, else at blanks */
                        IS_METHODS,   /* HTTP methods between single blanks, in any case */
                        IS_HEADERS,   /* lines "NAME VALUE", quotes around the value taken off */
                        IS_ADDRESSES, /* IS_COMMAS of IP addresses and CIDR ranges */
                        IS_REGEX,     /* an expression of RE2: judged by whoever has RE2 */
                        IS_PATH,      /* begins with '/' */
                        IS_URL,       /* "http…://HOST…" */
                        IS_SERVICES,  /* lines "[N%] HOST[:PORT] [SUBSET]" */
};

enum annotation_scope { /* what it acts on */
                        ACTS_ON_ROUTE = 0,
                        ACTS_ON_HOST,    /* every Ingress of the host: one of them wins */
                        ACTS_ON_SERVICE, /* every route to that service and port: the oldest Ingress
                                            wins */
                        ACTS_ON_MCP,     /* the MCP servers of the gateway */
};

struct annotation {
    const char *name; /* without its prefix; one that ends in '-' is only the beginning */
    enum annotation_under under;
    enum annotation_fate fate;
    enum annotation_danger danger;
    const char *does; /* what it does as Higress reads it; where it does not: what is lost */
    const char
        *use; /* what does it instead or better; "plugin NAME…" where a plugin does; or NULL */
    enum annotation_value value;
    const char *words; /* "a|b"; of a refusal: values that kept nobody out */
    enum annotation_scope scope;
    const char *member;   /* "rewrite.path" */
    const char *versions; /* where releases differ: one sentence */
};

/* Ended by a row without a name: what Higress reads or the console writes; what ingress-nginx knows
 * besides. */
extern const struct annotation annotation_read[], annotation_nginx[];

/* A name as it stands on an Ingress. */
struct annotation_name {
    const char *name;            /* behind the prefix; NULL: neither Higress' nor nginx' prefix */
    enum annotation_under under; /* which prefix */
    bool disabled;               /* the console's "disabled.": switched off, read by nobody */
};
struct annotation_name annotation_split(const char *full); /* NULL: no name at all */
/* The row of a name without its prefix; NULL: nobody knows it. */
const struct annotation *annotation_find(const char *name);
/* The row, when the controller reads the annotation under this full name; else NULL. */
const struct annotation *annotation_is_read(const char *full);
/* Does the console make it from members of a route (on or off)? It cannot be a custom config. */
bool annotation_is_made(const char *full);
/* "plugin basic-auth: …" of the row → "basic-auth" in to; false: no plugin does it. */
bool annotation_plugin(const struct annotation *row, char *to, int room);

/* A predicate: "prefix-match-query-v" (without the prefix) → {urlParams, PRE, v}. */
struct annotation_predicate {
    const char *field; /* "headers", "urlParams" */
    const char *type;  /* "EQUAL", "PRE", "REGULAR" */
    const char *envoy; /* "exact", "prefix", "safe_regex" */
    const char *key;   /* without the ':' of a pseudo header */
    bool pseudo;
};
bool annotation_predicate(const char *name, struct annotation_predicate *out);

enum annotation_verdict {
    VALUE_FITS = 0,
    VALUE_IGNORED, /* the controller ignores it: the annotation does nothing */
    VALUE_PARTLY,  /* the controller takes it for something else than it says */
    VALUE_FATAL,   /* Envoy refuses every route of the gateway as long as it stands there */
};
/* why: one sentence without the value, which may be a secret; NULL when it fits. */
enum annotation_verdict annotation_judge(const struct annotation *row, const char *value,
                                         const char **why);

/* The controller's own readers. */
bool annotation_bool(const char *text, bool *out);
bool annotation_int(const char *text, long *out);
bool annotation_true(const char *text); /* a bool that says yes; NULL: no */
/* Parts between separators, blanks trimmed, empty ones left out; an array ended by NULL. */
char **annotation_items(struct arena *a, const char *text, const char *separators);
/* Which of an Ingress' annotations the controller takes for that name: nginx' before Higress' own,
 * and neither when it is empty or (a word or a number) unreadable. NULL: none. */
const cJSON *annotation_chosen(const cJSON *ingress, const char *name);
const cJSON *annotation_among(const cJSON *annotations, const char *name); /* by full names */
/* Its value: a text line by line without the blanks around. NULL: none. */
const char *annotation_value(struct arena *a, const cJSON *ingress, const char *name);
