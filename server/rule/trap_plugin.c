/* trap_plugin.c - traps of any plugin instance: which rule wins, what an empty one does. */
#include "base/json.h"
#include "kind/kind.h"
#include "rule/trap_private.h"
#include <string.h>

/* -- plugin-config 13.2 ----------------------------------------------------------------------- */

static void empty_config(struct trap_walk *t, const struct trap_object *o)
{
    if (trap_enabled(o) && json_count(trap_settings(o)) == 0 && !json_true(o->json, "internal"))
        trap_add(t, o, "configurations",
                 "is switched on with no settings: the plugin is given an empty object");
}

const struct trap trap_plugin_rows[] = {
    { .number = "plugin-config 13.2",
      .verdict = "PLUGIN_EMPTY",
      .title = "A plugin instance without settings",
      .rule = "An enabled instance without settings reaches the plugin as {}: a plugin with "
              "required members refuses its whole configuration for it.",
      .risk = TRAP_BROKEN,
      .about = "plugin-instance",
      .judge = empty_config },
    { 0 },
};
