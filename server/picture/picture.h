/* picture.h - the gateway drawn: hosts, the routes that they have, the services these lead to and
 * their endpoints, from left to right. Data in, SVG out; knows neither HTTP nor the gateway.
 *
 * What was found is said by colour and by a sign, which a reader without colours sees as well. A
 * drawing has a bounded height whatever it is of: of many routes of a host those that something is
 * the matter with are drawn first, the rest is one node that says how many they are. All text of
 * the map is escaped.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;

struct picture {
    const cJSON *map;        /* of inspect_map */
    const cJSON *waiting;    /* ["route orders"]: objects that changes wait for; NULL: not known */
    const cJSON *traffic;    /* {"orders":{"count","errors"?,"p99"?}} by route; NULL: no data */
    const char *kind, *name; /* only what leads to or from that object; NULL: all */
    bool links;              /* a node leads to /?kind=KIND&name=NAME */
    const char *gateway;     /* … of this one: goes into the links; NULL: there is only one */
    bool alone;              /* as a file: with the style inside */
};

char *picture_svg(struct arena *a, const struct picture *p);
/* A document that holds it, with its style and what was found in words; title as text. */
char *picture_html(struct arena *a, const struct picture *p, const char *title);
const char *picture_style(void); /* CSS, for pages that hold the drawing */
