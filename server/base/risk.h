/* risk.h - how much a tool or a plan can do: yields annotations and the approval rule. */
#pragma once

enum risk { RISK_UNSET = 0, READ, CHANGE, DESTROY };

const char *risk_name(enum risk r); /* "read", "change", "destroy" */
