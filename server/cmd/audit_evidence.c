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

/* The yes that this signature was for: the first behind it of the same person and digests. NULL:
 * none. */
static const cJSON *decision_for(const cJSON *lines, const cJSON *used, const cJSON *about)
{
    const cJSON *line, *found = NULL;
    cJSON_ArrayForEach(line, lines) /* newest first */
    {
        const char *event = json_str(line, "event"), *over = json_str(line, "channel");
        const cJSON *detail = json_get(line, "detail");
        bool yes = event && (!strcmp(event, "approved") || !strcmp(event, "agreed"));
        if (yes && over && !strcmp(over, "passkey") &&
            text_same(json_str(line, "who"), json_str(about, "who")) &&
            json_num(line, "seq", 0) > json_num(used, "seq", 0) &&
            text_same(json_str(detail, "plan"), json_str(about, "plan")) &&
            text_same(json_str(detail, "rendering"), json_str(about, "rendering")))
            found = line;
    }
    return found;
}

/* "enrolled", or why it is not. NULL: under that id there is another key, or e. */
static const char *standing_of(struct verb *v, struct store *s, const cJSON *key, const char *who,
                               struct err *e)
{
    const cJSON *k;
    cJSON_ArrayForEach(k, store_passkeys(s, v->arena, who, e))
    {
        if (!text_same(json_str(k, "id"), json_str(key, "id")))
            continue;
        if (!text_same(json_str(k, "public"), json_str(key, "public")))
            return NULL;
        return json_get(k, "copied") ? "seen to be copied since" : "enrolled";
    }
    return e->kind == ERR_NONE ? "not enrolled any more" : NULL;
}

/* Where its key stands; NULL: e says what does not fit. */
static const char *check_evidence(struct verb *v, struct store *s, const struct stored *row,
                                  const cJSON *used, struct err *e)
{
    const cJSON *evidence = json_get(json_get(used, "detail"), "evidence");
    const cJSON *about = json_get(evidence, "about"), *key = json_get(evidence, "key");
    const char *who = json_str(about, "who");
    if (!evidence)
        return err_set(e, ERR_POLICY, "an earlier release kept no evidence of it"), NULL;
    if (!passkey_evidence_holds(v->arena, evidence, e))
        return NULL;
    if (!text_same(json_str(about, "change"), row->id) ||
        !text_same(json_str(about, "plan"), row->digest) ||
        !text_same(json_str(about, "deed"), "approve"))
        return err_set(e, ERR_POLICY, "it was signed for something else than this change"), NULL;
    const char *standing = standing_of(v, s, key, who, e);
    if (!standing)
        err_set(e, ERR_POLICY, "'%.100s' has another key under that id", who);
    return standing;
}

static void print_evidence(struct verb *v, const cJSON *used, const cJSON *lines,
                           const char *standing)
{
    const cJSON *evidence = json_get(json_get(used, "detail"), "evidence");
    const cJSON *about = json_get(evidence, "about"), *key = json_get(evidence, "key");
    const cJSON *decision = decision_for(lines, used, about);
    printf("line %.0f, %s: the signature holds: '%s' at %s, with the key %.12s… (%s, public key "
           "sha256 %.16s…, %s)\n",
           json_num(used, "seq", 0), verb_clean(v, used, "at"), verb_clean(v, about, "who"),
           verb_clean(v, evidence, "origin"), json_str(key, "id"), algorithm_name(key),
           json_str(key, "public_sha256"), standing);
    if (decision)
        printf("  it is the yes of line %.0f (%s), over the same plan and what was shown of it\n",
               json_num(decision, "seq", 0), verb_clean(v, decision, "event"));
    else
        puts("  no yes over the same plan came of it");
}

/* The lines of a change, as store_search_audit gives them. */
static const cJSON *lines_of_change(struct verb *v, struct store *s, const char *id,
                                    const char *event, struct err *e)
{
    const struct store_search q = { .id = id, .event = event, .limit = SIGNED_MAX };
    return store_search_audit(s, v->arena, &q, e);
}

/* What cannot be looked at is not said to be nothing. */
static void print_unseen(const struct stored *row, const cJSON *used, const cJSON *all, FILE *to)
{
    const cJSON *line, *first = NULL;
    if (json_str(used, "next"))
        fprintf(to, "the newest %d signatures are looked at\n", SIGNED_MAX);
    cJSON_ArrayForEach(line, json_get(all, "lines")) /* newest first */
        first = line;
    if (json_get(all, "removed_to") && !json_str(all, "next") &&
        !text_same(json_str(first, "event"), "proposed"))
        fprintf(to,
                "lines of change %s were removed by retention: who signed in them cannot be said "
                "any more\n",
                row->id);
}

static int judge_evidence(struct verb *v, struct store *s, const struct stored *row,
                          const cJSON *used, const cJSON *all)
{
    const cJSON *line;
    bool json = options_has(v->options, "json");
    int bad = json_count(json_get(used, "lines")) ? 0 : 1;
    if (json)
        puts(json_print(v->arena, json_get(used, "lines")));
    if (bad)
        fprintf(json ? stderr : stdout, "nobody signed for change %s with a passkey%s\n", row->id,
                json_get(all, "removed_to") ? " in the lines that are there" : "");
    print_unseen(row, used, all, json ? stderr : stdout);
    cJSON_ArrayForEach(line, json_get(used, "lines"))
    {
        struct err why = { 0 };
        const char *standing = check_evidence(v, s, row, line, &why);
        bad += !standing;
        if (!standing)
            fprintf(stderr, "higress-ops audit: line %.0f: %s\n", json_num(line, "seq", 0),
                    why.text);
        else if (!json)
            print_evidence(v, line, json_get(all, "lines"), standing);
    }
    return bad ? EXIT_FAILED : EXIT_DONE;
}

int audit_evidence(struct verb *v, struct store *s)
{
    struct err e = { 0 };
    struct stored row = { 0 };
    const char *id = options_get(v->options, "change");
    if (!id)
        err_set(&e, ERR_ARGS, "--change ID: say which one");
    bool found = id && store_find(s, v->arena, id, &row, &e);
    const cJSON *used = found ? lines_of_change(v, s, row.id, "passkey used", &e) : NULL;
    const cJSON *all = used ? lines_of_change(v, s, row.id, NULL, &e) : NULL;
    return all ? judge_evidence(v, s, &row, used, all) : verb_failed(v, &e);
}
