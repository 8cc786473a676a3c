/* trap_control.c - the control plane held against itself and against the console: one row a fault
 * of control.h. Judged where it is said where the control plane is. */
#include "base/json.h"
#include "rule/control.h"
#include "rule/trap_private.h"
#include <string.h>

/* The faults of this row's code. */
static void control_fault(struct trap_walk *t)
{
    const cJSON *fault;
    cJSON_ArrayForEach(fault, trap_control_faults(t))
    {
        struct trap_object o = { .kind = json_text(fault, "kind"),
                                 .name = json_text(fault, "name") };
        if (!strcmp(json_text(fault, "code"), (const char *)trap_with(t)))
            trap_add(t, &o, "", "%s. %s", json_text(fault, "fact"), json_text(fault, "next"));
    }
}

#define CONTROL_ROW(number_, code, title_, rule_, risk_)                                           \
    {                                                                                              \
        number_, code, title_, rule_, risk_, .about = "system", .control = true,                   \
                                             .find = control_fault, .with = (code)                 \
    }

const struct trap trap_control_rows[] = {
    CONTROL_ROW("control 1", CONTROL_REGISTRY_LOST, "A controller that lost its registry",
                "Routes to services that pilot does not know lead nowhere after its next push.",
                TRAP_BROKEN),
    CONTROL_ROW("control 2", CONTROL_SOURCE_UNKNOWN, "A service source that pilot does not know",
                "What the controller did not convert reaches no gateway.", TRAP_BROKEN),
    CONTROL_ROW("control 3", CONTROL_REGISTRY_UNHEALTHY,
                "A registry that the controller does not reach",
                "Services of a registry that cannot be read do not follow what happens to them.",
                TRAP_BROKEN),
    CONTROL_ROW("control 4", CONTROL_CONFIG_LOST, "Configuration that did not arrive at pilot",
                "What the controller converted and pilot does not have reaches no gateway.",
                TRAP_BROKEN),
    CONTROL_ROW("control 5", CONTROL_REFUSED, "A replica that refuses what it is sent",
                "Envoy keeps the old configuration, and with it misses later changes of that kind.",
                TRAP_BROKEN),
    CONTROL_ROW("control 6", CONTROL_NOT_CONNECTED, "A replica without a controller",
                "A gateway that is connected to no controller gets no change.", TRAP_BROKEN),
    CONTROL_ROW("control 7", CONTROL_UNANSWERED, "A replica that has not answered",
                "What a gateway was sent counts as served once it acknowledged it.", TRAP_NOTE),
    CONTROL_ROW("control 8", CONTROL_PUSH_ERRORS, "Pushes that went wrong",
                "What cannot be built or sent reaches no gateway.", TRAP_NOTE),
    CONTROL_ROW("control 9", CONTROL_VERSIONS, "Releases of the control plane and gateways differ",
                "An older Envoy refuses fields that it does not know.", TRAP_NOTE),
    { 0 },
};
