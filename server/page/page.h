/* page.h - the pages that people see: HTML out of answers of the engine, in the reader's language.
 *
 * Knows nothing of HTTP and reads nothing. Whatever is shown is text from outside and escaped where
 * it is written (html_private.h): markup stands in string literals of this room alone. No script,
 * no style inside: both are the two assets, so that the policy of the pages can forbid the rest.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;

enum tongue { TONGUE_ENGLISH, TONGUE_CHINESE, TONGUES };
/* By the header Accept-Language; NULL is fine. */
enum tongue page_tongue(const char *accept);

/* Who looks, and what every page says. */
struct viewer {
    struct arena *arena; /* of the page */
    enum tongue tongue;
    const char *who;     /* NULL: nobody is logged in */
    const char *form;    /* goes into each form, as "form" */
    bool decides;        /* may approve and reject */
    bool acts;           /* may undo */
    const char *waiting; /* how many changes wait for a decision: "", "3", "99+", "?" */
    const char *version; /* of the assets, for their addresses */
};

/* "style.css", "page.js"; *version: changes with either. */
const char *page_asset(const char *name);
char *page_assets_version(struct arena *a);

struct page_login {
    const char *to;       /* where it goes on, a path of ours */
    const char *wrong;    /* what was wrong with the last try; NULL: nothing */
    bool passphrases;     /* people have some */
    bool tokens;          /* approvers have some */
    const char *provider; /* of OpenID Connect, by name; NULL: none */
    const char *leave;    /* where to log out there, too; NULL: not asked, or nowhere */
};
char *page_login(const struct viewer *v, const struct page_login *login);
/* Between two pages, in case a browser does not go on by itself. provider: it goes there to log in;
 * NULL: it comes back. */
char *page_onward(const struct viewer *v, const char *url, const char *provider);
char *page_note(const struct viewer *v, const char *title, const char *text);

/* What a list of changes was asked for; each NULL: any. */
struct page_filter {
    const char *state, *risk, *gateway, *object, *actor;
    const char *since;  /* a day, "2026-11-24": of its newest step */
    const char *cursor; /* of this page; NULL: the first */
};
/* list: of engine_list, or engine_outside for state outside. gateways: names ended by NULL; NULL:
 * there is only one. */
char *page_changes(const struct viewer *v, const struct page_filter *f, const cJSON *list,
                   const char *const *gateways);

/* One change. change: of engine_show with the head of its rendering, and of one part the
 * "operations"; with "part", "parts", "digest", "rendering", "seen" and "word"? of web/decide. */
struct page_change {
    const cJSON *change;
    const cJSON *history; /* {"changes"} that touched its first object, or {"unread"}; NULL: none */
    const cJSON *policy;  /* of engine_explain, or {"unread"}; NULL: it is decided */
    int missing;          /* how many must still approve; 0: it waits for nobody, or not known */
    const char *problem;  /* what an answer to the last form says; NULL: nothing */
    bool agreed;          /* this person has approved it, and others must */
    const char *barred;   /* why this person may not approve it; NULL: they may */
    bool plain, passkey;  /* by pressing a button; with a key of theirs */
};
char *page_change(const struct viewer *v, const struct page_change *x);

/* An edit made elsewhere: of engine_outside_edit, with rows. history: as above. */
char *page_outside(const struct viewer *v, const cJSON *edit, const cJSON *history);

/* The gateway, or one object of it with what leads to and from it. */
struct page_map {
    const char *failed;          /* why nothing of it could be read; NULL: it was */
    const char *svg, *narrow;    /* of picture.h: escaped already; for a screen, for a phone */
    const cJSON *map;            /* of inspect_map */
    const char *address;         /* of the gateway */
    const char *gateway;         /* its name; NULL: there is only one */
    const char *const *gateways; /* all names, ended by NULL; NULL: there is only one */
    const char *kind, *name;     /* NULL: the whole */
    const char *find;            /* what the drawing is narrowed to; NULL: nothing */
    bool drawn;                  /* that object is on the map */
    const cJSON *object;         /* of object_shown; NULL: not there, or the whole is shown */
    const cJSON *shown;          /* of inspect_map: the nodes whose findings are told */
    const cJSON *history;        /* of visit_history, of that object; NULL: not asked */
};
char *page_map(const struct viewer *v, const struct page_map *map);

/* One's own passkeys. keys: of store_passkeys. */
struct page_passkeys {
    const cJSON *keys;
    const char *problem; /* with the last try to enrol one; NULL: none */
    const char *barred;  /* why none can be enrolled here; NULL: one can, */
    const char *origin;  /* at that page */
};
char *page_passkeys(const struct viewer *v, const struct page_passkeys *x);

/* lines: of store_audit_lines. verified: what came of looking at all of them; NULL: not asked. */
char *page_audit(const struct viewer *v, const cJSON *lines, const char *verified, bool whole);
/* What is said in the place of `verified` when there are too many. */
const char *page_audit_too_long(const struct viewer *v, int lines);
