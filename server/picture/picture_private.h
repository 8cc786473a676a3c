/* picture_private.h - what is drawn, as layout.c places it and picture.c writes it. */
#pragma once
#include "picture/picture.h"

enum { COLUMN_HOST, COLUMN_ROUTE, COLUMN_SERVICE, COLUMNS };
enum { PICTURE_ROWS = 60 /* of one column */, PICTURE_ROW = 46 /* pixels */ };

struct node {
    int column, row, y;              /* y: of its upper edge, below the heads */
    const char *kind, *name, *label; /* kind NULL: it stands for several */
    const char *more;                /* beside or below the label; NULL: nothing */
    const char *risk;                /* the worst of what was found, "missing", or NULL */
    const cJSON *says;
    const cJSON *traffic;
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
    double busiest;    /* requests of the busiest route */
};

void layout_make(struct layout *l);
int layout_height(const struct layout *l); /* below the heads */
