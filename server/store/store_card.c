/* store_card.c - the table of cards. A row is written, read back and signed in one transaction. */
#include "store/store_card.h"
#include "base/arena.h"
#include "base/err.h"
#include "store/store_private.h"

#define CARD                                                                                       \
    "button, id, plan, rendering, word, platform, account, channel, thread, message, shown, "      \
    "expires"
#define CARD_TYPES "tttttttttttd"
enum { CARD_MAC = 12 };

static const char label[] = "card";

static void read_card(struct arena *a, struct db_rows *r, struct store_card *out)
{
    const char **const texts[] = { &out->button, &out->id,       &out->plan,    &out->rendering,
                                   &out->word,   &out->platform, &out->account, &out->channel,
                                   &out->thread, &out->message,  &out->shown };
    for (int i = 0; i < (int)(sizeof texts / sizeof *texts); i++)
        *texts[i] = arena_strdup(a, db_text(r, i));
    out->expires = db_real(r, CARD_MAC - 1);
}

static bool is_card_whole(struct store *s, struct arena *a, struct db_rows *r)
{
    return store_mac_same(db_text(r, CARD_MAC), store_mac(s, a, label, r, CARD_TYPES));
}

static bool sign_card(struct store *s, const char *button, struct err *e)
{
    return store_sign_row(s, label, CARD_TYPES, "SELECT " CARD " FROM cards WHERE button = ?",
                          "UPDATE cards SET mac = ? WHERE button = ?", button, e);
}

bool store_keep_card(struct store *s, const struct store_card *c, struct err *e)
{
    if (!store_begin(s, e))
        return false;
    struct arena *a = arena_new();
    bool ok = db_run(s->db, e,
                     "DELETE FROM cards WHERE button IN (SELECT button FROM cards ORDER BY expires "
                     "DESC LIMIT -1 OFFSET ?)",
                     "i", STORE_CARDS - 1) &&
              db_run(s->db, e,
                     "DELETE FROM cards WHERE button IN (SELECT button FROM cards WHERE id = ? AND "
                     "platform = ? AND account = ? AND channel = ? ORDER BY expires DESC LIMIT -1 "
                     "OFFSET ?)",
                     "tttti", c->id, c->platform, c->account, c->channel, CARDS_OF_CHANGE - 1) &&
              db_run(s->db, e, "INSERT INTO cards (" CARD ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
                     CARD_TYPES, c->button, c->id, c->plan, c->rendering, c->word, c->platform,
                     c->account, c->channel, c->thread, c->message, c->shown, c->expires) &&
              sign_card(s, c->button, e);
    arena_free(a);
    return store_end(s, ok, e);
}

/* The row, if it is whole. */
bool store_find_card(struct store *s, struct arena *a, const char *button, struct store_card *out,
                     struct err *e)
{
    struct db_rows r =
        db_query(s->db, e, "SELECT " CARD ", mac FROM cards WHERE button = ?", "t", button);
    bool there = db_next(&r, e);
    if (there && !is_card_whole(s, a, &r))
        err_set(e, ERR_SYSTEM, "the card was tampered with: nothing is decided by it");
    else if (there)
        read_card(a, &r, out);
    db_done(&r);
    return there && e->kind == ERR_NONE;
}

bool store_update_card(struct store *s, const char *button, const char *message, const char *shown,
                       struct err *e)
{
    if (!store_begin(s, e))
        return false;
    struct arena *a = arena_new();
    struct store_card was;
    bool ok = store_find_card(s, a, button, &was, e) &&
              db_run(s->db, e,
                     "UPDATE cards SET message = coalesce(?, message), shown = coalesce(?, shown) "
                     "WHERE button = ?",
                     "ttt", message, shown, button) &&
              sign_card(s, button, e);
    arena_free(a);
    return store_end(s, ok, e);
}

bool store_drop_card(struct store *s, const char *button, struct err *e)
{
    return store_begin(s, e) &&
           store_end(s, db_run(s->db, e, "DELETE FROM cards WHERE button = ?", "t", button), e);
}

int store_cards(struct store *s, struct arena *a, struct store_card **all, struct err *e)
{
    int n = 0;
    struct store_card *out = arena_array(a, struct store_card, STORE_CARDS);
    struct db_rows r = db_query(
        s->db, e, "SELECT " CARD ", mac FROM cards ORDER BY expires LIMIT ?", "i", STORE_CARDS);
    while (db_next(&r, e))
        if (is_card_whole(s, a, &r))
            read_card(a, &r, &out[n++]);
    db_done(&r);
    *all = out;
    return r.failed ? -1 : n;
}
