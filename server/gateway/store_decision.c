/* store_decision.c - decisions kept and found: who, by which channel, over what. */
#include "gateway/store_decision.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include "gateway/store_inside.h"

bool store_note_decision(struct store *s, const struct step *x, struct err *e)
{
    const struct store_decision *d = x->decision;
    return db_run(s->db, e,
                  "INSERT INTO decisions (id, at, who, channel, verdict, strength, plan, rendering)"
                  " SELECT id, ?2, ?3, ?4, ?5, ?6, coalesce(?7, digest), ?8 FROM plans "
                  "WHERE id = ?1",
                  "tdtttttt", x->id, when_now(), d->who, d->channel, store_state_name(x->to),
                  d->strength, d->plan, d->rendering);
}

char *store_decision_text(struct arena *a, const struct store_decision *d)
{
    cJSON *o = json_object(a);
    const struct {
        const char *name, *value;
    } said[] = { { "strength", d->strength },
                 { "plan", d->plan },
                 { "rendering", d->rendering },
                 { "note", d->note } };
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        if (said[i].value && *said[i].value)
            json_set_str(a, o, said[i].name, said[i].value);
    return o->child ? json_print(a, o) : NULL;
}

bool store_decision(struct store *s, struct arena *a, const char *id, struct store_decision *out,
                    bool *there, struct err *e)
{
    struct db_rows r = db_query(s->db, e,
                                "SELECT who, channel, strength, plan, rendering, verdict, at FROM "
                                "decisions WHERE id = ? ORDER BY at DESC LIMIT 1",
                                "t", id);
    *there = db_next(&r, e);
    const char **const texts[] = { &out->who,  &out->channel,   &out->strength,
                                   &out->plan, &out->rendering, &out->verdict };
    for (int i = 0; *there && i < 6; i++)
        *texts[i] = arena_strdup(a, db_text(&r, i));
    out->at = *there ? db_real(&r, 6) : 0;
    db_done(&r);
    return !r.failed;
}

bool store_rejected(struct store *s, struct arena *a, const char *gateway, const char *wish,
                    struct store_rejection *out, struct err *e)
{
    struct db_rows r =
        db_query(s->db, e,
                 "SELECT p.id, d.who, d.channel, d.at FROM plans p JOIN decisions d ON d.id = p.id "
                 "WHERE p.wish = ? AND p.gateway IS ? AND p.state = 'rejected' "
                 "AND d.verdict = 'rejected' ORDER BY d.at DESC LIMIT 1",
                 "tt", wish, gateway);
    bool there = wish && db_next(&r, e);
    if (there) {
        out->id = arena_strdup(a, db_text(&r, 0));
        out->who = arena_strdup(a, db_text(&r, 1));
        out->channel = arena_strdup(a, db_text(&r, 2));
        out->at = db_real(&r, 3);
    }
    db_done(&r);
    return there;
}

int store_undecided(struct store *s, const char *owner, struct err *e)
{
    struct db_rows r = db_query(s->db, e,
                                "SELECT count(*) FROM plans WHERE who = ? AND state IN "
                                "('draft', 'pending') AND expires > ?",
                                "td", owner, when_now());
    int n = db_next(&r, e) ? (int)db_real(&r, 0) : -1;
    db_done(&r);
    return n;
}
