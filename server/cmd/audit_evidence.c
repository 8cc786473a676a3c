/* audit_evidence.c - `audit evidence`: what passkeys signed for a change, verified again. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "cmd/audit_private.h"
#include "cmd/cmd.h"
#include "passkey/evidence.h"
#include "store/store_passkey.h"
#include "store/store_search.h"

enum { SIGNED_MAX = 100 };

static const char *algorithm_name(const cJSON *key)
{
    int algorithm = (int)json_num(key, "algorithm", 0);
    return algorithm == -7 ? "ES256" : algorithm == -8 ? "EdDSA" : "RS256";
}

/* The yes that this signature was for: the first behind it of the same digests. NULL: none. */
static const cJSON *decision_for(const cJSON *lines, const cJSON *used, const cJSON *about)
{
    const cJSON *line, *found = NULL;
    cJSON_ArrayForEach(line, lines) /* newest first */
    {
        const char *event = json_str(line, "event"), *over = json_str(line, "channel");
        const cJSON *detail = json_get(line, "detail");
        bool yes = event && (!strcmp(event, "approved") || !strcmp(event, "agreed"));
        if (yes && over && !strcmp(over, "passkey") &&
            json_num(line, "seq", 0) > json_num(used, "seq", 0) &&
            text_same(json_str(detail, "plan"), json_str(about, "plan")) &&
            text_same(json_str(detail, "rendering"), json_str(about, "rendering")))
            found = line;
    }
    return found;
}

/* "enrolled", or why it is not. NULL: under that id there is another key. */
static const char *standing_of(struct verb *v, struct store *s, const cJSON *key, const char *who)
{
    struct err e = { 0 };
    const cJSON *k;
    cJSON_ArrayForEach(k, store_passkeys(s, v->arena, who, &e))
    {
        if (!text_same(json_str(k, "id"), json_str(key, "id")))
            continue;
        if (!text_same(json_str(k, "public"), json_str(key, "public")))
            return NULL;
        return json_get(k, "copied") ? "seen to be copied since" : "enrolled";
    }
    return "not enrolled any more";
}

/* False: e says what does not fit. */
static bool check_evidence(struct verb *v, struct store *s, const struct stored *row,
                           const cJSON *used, struct err *e)
{
    const cJSON *evidence = json_get(json_get(used, "detail"), "evidence");
    const cJSON *about = json_get(evidence, "about"), *key = json_get(evidence, "key");
    const char *who = json_str(about, "who");
    if (!evidence)
        return err_set(e, ERR_POLICY, "an earlier release kept no evidence of it");
    if (!passkey_evidence_holds(v->arena, evidence, e))
        return false;
    if (!text_same(json_str(about, "change"), row->id) ||
        !text_same(json_str(about, "plan"), row->digest) ||
        !text_same(json_str(about, "deed"), "approve"))
        return err_set(e, ERR_POLICY, "it was signed for something else than this change");
    return standing_of(v, s, key, who) ||
           err_set(e, ERR_POLICY, "'%.100s' has another key under that id", who);
}

static void print_evidence(struct verb *v, struct store *s, const cJSON *used, const cJSON *lines)
{
    const cJSON *evidence = json_get(json_get(used, "detail"), "evidence");
    const cJSON *about = json_get(evidence, "about"), *key = json_get(evidence, "key");
    const cJSON *decision = decision_for(lines, used, about);
    printf("line %.0f, %s: the signature holds: '%s' at %s, with the key %.12s… (%s, public key "
           "sha256 %.16s…, %s)\n",
           json_num(used, "seq", 0), verb_clean(v, used, "at"), verb_clean(v, about, "who"),
           verb_clean(v, evidence, "origin"), json_str(key, "id"), algorithm_name(key),
           json_str(key, "public_sha256"), standing_of(v, s, key, json_str(about, "who")));
    if (decision)
        printf("  it is the yes of line %.0f (%s), over the same plan and what was shown of it\n",
               json_num(decision, "seq", 0), verb_clean(v, decision, "event"));
    else
        puts("  no yes over the same plan came of it");
}

static const cJSON *passkey_lines(struct verb *v, struct store *s, const char *id,
                                  const char *event, struct err *e)
{
    const struct store_search q = { .id = id, .event = event, .limit = SIGNED_MAX };
    return json_get(store_search_audit(s, v->arena, &q, e), "lines");
}

int audit_evidence(struct verb *v, struct store *s)
{
    struct err e = { 0 };
    struct stored row = { 0 };
    const char *id = options_get(v->options, "change");
    if (!id)
        err_set(&e, ERR_ARGS, "--change ID: say which one");
    bool found = id && store_find(s, v->arena, id, &row, &e);
    const cJSON *used = found ? passkey_lines(v, s, row.id, "passkey used", &e) : NULL, *line;
    const cJSON *all = used ? passkey_lines(v, s, row.id, NULL, &e) : NULL;
    if (!all)
        return verb_failed(v, &e);
    if (options_has(v->options, "json"))
        puts(json_print(v->arena, used));
    if (!json_count(used))
        printf("nobody signed for change %s with a passkey\n", row.id);
    int bad = json_count(used) ? 0 : 1;
    cJSON_ArrayForEach(line, used)
    {
        struct err why = { 0 };
        bool holds = check_evidence(v, s, &row, line, &why);
        bad += !holds;
        if (!holds)
            fprintf(stderr, "higress-ops audit: line %.0f: %s\n", json_num(line, "seq", 0),
                    why.text);
        else if (!options_has(v->options, "json"))
            print_evidence(v, s, line, all);
    }
    return bad ? EXIT_FAILED : EXIT_DONE;
}
