/* era.c - the table of protocol revisions and the choice between them.
 *
 * A new revision is a row.
 */
#include "mcp/era.h"

const struct era eras[] = {
    { .version = "2024-11-05", .bit = ERA_2024_11 },
    { .version = "2025-03-26",
      .bit = ERA_2025_03,
      .completions = true,
      .annotations = true,
      .step_texts = true,
      .batches = true },
    { .version = "2025-06-18",
      .bit = ERA_2025_06,
      .completions = true,
      .annotations = true,
      .step_texts = true,
      .titles = true,
      .structured = true,
      .elicits = true },
    { .version = "2025-11-25",
      .bit = ERA_2025_11,
      .completions = true,
      .annotations = true,
      .step_texts = true,
      .titles = true,
      .structured = true,
      .elicits = true,
      .primes = true,
      .form_mode = true },
    { .version = "2026-07-28",
      .bit = ERA_2026_07,
      .modern = true,
      .completions = true,
      .annotations = true,
      .step_texts = true,
      .titles = true,
      .structured = true,
      .elicits = true,
      .form_mode = true },
    { 0 },
};

static const struct era *era_row(enum era_bit bit)
{
    const struct era *e = eras;
    while (e->bit != bit)
        e++;
    return e;
}

const struct era *era_find(const char *version)
{
    for (const struct era *e = eras; version && e->version; e++)
        if (!strcmp(e->version, version))
            return e;
    return NULL;
}

const struct era *era_negotiate(const char *version)
{
    if (version && !strcmp(version, "2024-10-07")) /* a draft that SDKs still name */
        return era_row(ERA_2024_11);
    const struct era *e = era_find(version);
    return e && !e->modern ? e : era_row(ERA_2025_11);
}

const struct era *era_modern(void)
{
    return era_row(ERA_2026_07);
}

bool era_is_legacy(const char *version)
{
    for (const struct era *e = eras; e->version; e++)
        if (!e->modern && !strcmp(e->version, version))
            return true;
    return false;
}

const char *era_supported(void)
{
    return "[\"2026-07-28\",\"2025-11-25\",\"2025-06-18\",\"2025-03-26\",\"2024-11-05\"]";
}
