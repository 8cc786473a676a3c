/* policy.c - the table of modes and risks. The change engine follows the same table for plans,
 * whose risk may be higher than their tool's. */
#include "policy/policy.h"

static const enum policy table[][DESTROY + 1] = {
    [MODE_READ_ONLY] = { [READ] = POLICY_GO, [CHANGE] = POLICY_DENY, [DESTROY] = POLICY_DENY },
    [MODE_DRY_RUN] = { [READ] = POLICY_GO, [CHANGE] = POLICY_DRAFT, [DESTROY] = POLICY_DRAFT },
    [MODE_APPROVE] = { [READ] = POLICY_GO, [CHANGE] = POLICY_ASK, [DESTROY] = POLICY_ASK },
    [MODE_AUTO] = { [READ] = POLICY_GO, [CHANGE] = POLICY_GO, [DESTROY] = POLICY_ASK },
};

enum policy policy_of(enum mode mode, enum risk risk)
{
    return table[mode][risk];
}
