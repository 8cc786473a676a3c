/* route_name.c - looks at names of annotations in which the controller finds a predicate: it
 * searches every name for the words and cuts it at places that may not be there (annotations.md 1).
 */
#include "base/json.h"
#include "rule/route_look_private.h"
#include <string.h>

enum { CUT = sizeof "higress.io/" - 1 }; /* where the controller cuts, whatever is there */

/* Where the words of a predicate stand in a name, and where they end; NULL: nowhere. */
static const char *words_in(const char *name, const char **end)
{
    static const char *const words[] = { "match-header", "match-pseudo-header", "match-query" };
    const char *at = NULL;
    for (size_t i = 0; i < sizeof words / sizeof *words && !at; i++) {
        at = strstr(name, words[i]);
        *end = at ? at + strlen(words[i]) : NULL;
    }
    return at;
}

static bool crashes(const char *name)
{
    const char *end, *at = words_in(name, &end);
    return at && (at - name < CUT || !*end);
}

/* Is "exact", … first found right behind the prefix? */
static bool begins_with_way(const char *name)
{
    static const char *const ways[] = { "exact", "regex", "prefix" };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const char *at = strstr(name, ways[i]);
        if (at && at - name == CUT)
            return true;
    }
    return false;
}

static bool stops_parser(const char *name)
{
    const char *end;
    return words_in(name, &end) && !crashes(name) && (!end[0] || !end[1] || !begins_with_way(name));
}

static void each_name(struct look *l, bool (*is)(const char *name), const char *what)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, route_custom(l->tree))
    {
        if (is(m->string))
            look_say(l, route_place(l, look_name(l, m->string)), "%s", what);
    }
}

void route_look_crash_names(struct look *l)
{
    each_name(l, crashes,
              "holds the words of a predicate where none can be: the controller cuts the name out "
              "of its bounds and crashes, again at every start");
}

void route_look_predicate_names(struct look *l)
{
    each_name(l, stops_parser,
              "holds the words of a predicate and is none: the controller stops reading there, so "
              "that some of the route's real header and query predicates are not set, others at "
              "each push");
}
