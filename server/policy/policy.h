/* policy.h - mode x risk: what a call may do. One table, no code around it. */
#pragma once
#include "base/risk.h"
#include "config/config.h"

enum policy {
    POLICY_DENY = 0, /* not listed, and refused */
    POLICY_DRAFT,    /* plans only */
    POLICY_ASK,      /* a person decides */
    POLICY_GO,       /* at once */
};

enum policy policy_of(enum mode mode, enum risk risk);
