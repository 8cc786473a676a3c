/* picture_private.h - what is drawn, as layout.c places it and picture.c writes it. */
#pragma once
#include "picture/picture.h"

enum { COLUMN_HOST, COLUMN_ROUTE, COLUMN_SERVICE, COLUMNS };
enum { PICTURE_ROWS = 60 /* of one column */, PICTURE_ROW = 46 /* pixels */ };

struct node {
    int column, row, y;              /* y: of its upper edge, below the heads */
    const char *kind, *name, *label; /* kind NULL: it stands for several */
    const char *more;                /* below the label where nothing was found; NULL: nothing */
    const char *risk;                /* the worst of what was found, "missing", or NULL */
    const cJSON *says;
    const cJSON *hour; /* of signal/hour.h; NULL: no requests, or no data */
    bool waits;
    int folded; /* how many it stands for; 0: it is one */
};

struct edge {
    int from, to; /* nodes */
};

struct layout {
    struct arena *a;
    const struct picture *p;
    struct node *nodes;
    struct edge *edges;
    int node_count, node_room, edge_count, edge_room;
    int rows[COLUMNS]; /* taken */
    int routes, shown; /* all that fit, and those with a node of their own */
};

enum picture_word {
    SAY_MAP,
    SAY_HOSTS,
    SAY_ROUTES,
    SAY_SERVICES,
    SAY_NOT_READ,
    SAY_NOT_ALL_READ,
    SAY_ANY_HOST,
    SAY_MORE, /* "{} more routes" */
    SAY_SOME_FOUND,
    SAY_NOTHING_FOUND,
    SAY_MORE_SERVICES,
    SAY_MISSING,
    SAY_NO_ENDPOINT,
    SAY_PROVIDER,
    SAY_WAITS,
    SAY_HOUR,
    SAY_NO_DATA,
    SAY_BY_LOG,
    SAY_BY_COUNTERS,
    SAY_SINCE,
    SAY_ROUTES_UNREAD,
    SAY_LEADS_NOWHERE,
    SAY_NO_ROUTE,
    SAY_NONE_FITS,
    PICTURE_WORDS
};

/* picture_words.c. The number stands in the place of {}. */
const char *picture_say(const struct layout *l, enum picture_word word);
const char *picture_say_count(const struct layout *l, enum picture_word word, int n);

void layout_make(struct layout *l);
int layout_height(const struct layout *l);       /* below the heads */
int layout_services_top(const struct layout *l); /* in one column */
/* "/orders* → shop.static": what a route matches and where it leads, where no line says so. */
const char *layout_way(const struct layout *l, const struct node *n);
