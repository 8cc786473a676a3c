/* picture.h - the gateway drawn: hosts, the routes that they have, the services these lead to and
 * their endpoints, from left to right. Data in, SVG out; knows neither HTTP nor the gateway.
 *
 * What was found is said by colour, by a sign and in words at its node; so is a change that waits.
 * Beside a node stand the requests of the last hour: a bar a slot, errors as its upper end, and
 * below a line of how long the slowest took; each plot has a scale of its own, the figures beside
 * it say how much it is. A drawing has a bounded height whatever it is of: of many routes of a host
 * those that something is the matter with are drawn first, then the busiest, and the rest is one
 * node that says how many they are. All text of the map is escaped.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;

struct picture {
    const cJSON *map;        /* of call/map.h */
    const cJSON *waiting;    /* ["route orders"]: objects that changes wait for; NULL: not known */
    const char *kind, *name; /* only what leads to or from that object; NULL: all */
    const char *find;        /* only routes with that in a name, path, host or service; NULL: all */
    bool links;              /* a node leads to /?kind=KIND&name=NAME */
    bool marks;              /* a node says what it is: data-kind, data-name; it can be focused */
    const char *gateway;     /* … of this one: goes into the links; NULL: there is only one */
    bool narrow;             /* in one column without lines, for a phone */
    bool chinese;            /* words of the drawing itself */
    bool alone;              /* as a file: with the style inside */
};

char *picture_svg(struct arena *a, const struct picture *p);
/* A document that holds it, with its style and what was found in words; title as text. */
char *picture_html(struct arena *a, const struct picture *p, const char *title);
const char *picture_style(void); /* CSS, for pages that hold the drawing */
