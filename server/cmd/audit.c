/* audit.c - `audit verify`, `audit head`, `audit scrub`: is the state what was written, a mark of
 * it to be kept elsewhere, and what had to be taken out of it. */
#include "base/arena.h"
#include "base/err.h"
#include "change/engine.h"
#include "cmd/audit_private.h"
#include "cmd/cmd.h"
#include "cmd/verb_private.h"
#include "store/store.h"
#include "store/store_segment.h"

static int verify_audit(struct verb *v, struct store *s)
{
    struct err e = { 0 };
    int lines = 0;
    if (!store_verify(s, options_get(v->options, "head"), &lines, &e))
        return verb_failed(v, &e);
    const cJSON *segments = store_segments(s, v->arena, 1, &e);
    if (!segments)
        return verb_failed(v, &e);
    printf("the audit is whole: %d lines\n", lines);
    audit_print_removed(v, segments);
    return EXIT_DONE;
}

static int print_audit_head(struct verb *v, struct store *s)
{
    struct err e = { 0 };
    const char *anchor = store_anchor_text(s, v->arena, &e);
    if (!anchor)
        return verb_failed(v, &e);
    puts(anchor);
    return EXIT_DONE;
}

static int scrub(struct verb *v, struct store *s)
{
    struct err e = { 0 };
    struct store_scrubbed did = { 0 };
    if (!store_scrub(s, &did, &e))
        return verb_failed(v, &e);
    printf("looked at %d changes and %d lines of audit\n", did.changes_seen, did.lines_seen);
    printf("sealed anew: %d changes; replaced by a tombstone that keeps the hash: %d lines\n",
           did.changes, did.lines);
    printf("tombstones in all, with those of earlier times and of the start: %d\n", did.tombstones);
    return EXIT_DONE;
}

static int act_on_audit(struct verb *v)
{
    static const struct verb_action actions[] = {
        { "verify", verify_audit },     { "head", print_audit_head },   { "scrub", scrub },
        { "search", audit_search },     { "shipped", audit_shipped },   { "told", audit_told },
        { "segments", audit_segments }, { "evidence", audit_evidence }, { 0 }
    };
    return verb_act(v, actions);
}

static int run_audit(const struct options *o)
{
    return verb_start(o, false, act_on_audit);
}

static const struct option_row rows[] = {
    { "head", "ANCHOR", "verify: the state must have come at least as far as this anchor." },
    { "who", "NAME", "search: lines of who did it." },
    { "event", "EVENT", "search: proposed, approved, applied, guard reverted, …" },
    { "change", "ID", "search, evidence: lines of that change, what passkeys signed for it." },
    { "object", "OBJECT", "search: of changes that touch it: \"route orders\", \"route shop-*\"." },
    { "since", "TIME", "search: not before; 7d, 12h, or 2026-12-01T00:00:00Z." },
    { "until", "TIME", "search: before that." },
    { "limit", "N", "search: lines on a page; 50 when not given." },
    { "cursor", "CURSOR", "search: goes on where a page ended." },
    { "json", NULL, "search, segments, evidence: prints JSON." },
    { 0 },
};

const struct command cmd_audit = {
    .name = "audit",
    .args = "verify|head|scrub|search|shipped|told|segments|evidence",
    .about =
        "Checks that nothing of the state was changed or removed; prints an anchor to keep "
        "elsewhere; finds lines; says how far they were shipped, what webhooks told, and which "
        "segments are closed or removed; verifies again what passkeys signed; seals what earlier "
        "releases left readable.",
    .min_args = 1,
    .max_args = 1,
    .rows = rows,
    .config = true,
    .run = run_audit,
};
