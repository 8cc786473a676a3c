/* socket_feishu.c - Feishu's and Lark's long connection: binary frames (feishu_frame.c), an event
 * in one or in several of them, each event answered by its own frame within three seconds. For
 * accounts that have no key of encrypted or verified callbacks. Source: lark-oapi and
 * @larksuiteoapi/node-sdk. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "chat/feishu_frame_private.h"
#include "chat/socket_private.h"
#include "net/loop.h"

enum {
    SETS_MOST = 8,    /* events that are not whole yet */
    PIECES_MOST = 64, /* of one */
    EVENT_MOST = 1 << 20,
    ID_MOST = 128,
    FRAME_MOST = EVENT_MOST + (64 << 10),
    AUTH_FAILED = 514,
    FORBIDDEN = 403,
};
static const double SET_SECONDS = 10., BEAT_LEAST = 5., BEAT_MOST = 300.;

/* The pieces of one event. */
struct piece_set {
    char id[ID_MOST + 1];
    struct arena *arena; /* NULL: the place is free */
    struct feishu_text pieces[PIECES_MOST];
    int sum, came;
    size_t bytes;
    double since;
};

struct feishu_line {
    struct piece_set sets[SETS_MOST];
};

/* -- an event in pieces --------------------------------------------------------------------------
 */

static void free_set(struct piece_set *s)
{
    arena_free(s->arena);
    *s = (struct piece_set){ 0 };
}

/* The set of that id, a free place, or the oldest one's. */
static struct piece_set *set_for(struct feishu_line *l, const char *id, double now)
{
    struct piece_set *place = &l->sets[0];
    for (int i = 0; i < SETS_MOST; i++) {
        struct piece_set *s = &l->sets[i];
        if (s->arena && now - s->since > SET_SECONDS)
            free_set(s);
        if (s->arena && !strcmp(s->id, id))
            return s;
        if (!s->arena || (place->arena && s->since < place->since))
            place = s;
    }
    free_set(place);
    place->arena = arena_new();
    place->since = now;
    snprintf(place->id, sizeof place->id, "%s", id);
    return place;
}

static struct feishu_text joined(struct arena *a, const struct piece_set *s)
{
    char *all = arena_alloc(a, s->bytes + 1), *at = all;
    for (int i = 0; i < s->sum; i++) {
        memcpy(at, s->pieces[i].bytes, s->pieces[i].len);
        at += s->pieces[i].len;
    }
    return (struct feishu_text){ all, s->bytes };
}

/* The whole event, once its last piece has come; bytes NULL: not yet, or never. */
static struct feishu_text join_piece(struct chat_link *k, struct arena *a,
                                     const struct feishu_frame *f, int sum, int seq)
{
    const struct feishu_text none = { 0 }, id = feishu_frame_header(f, "message_id");
    if (!id.bytes || id.len > ID_MOST || seq < 0 || seq >= sum || sum > PIECES_MOST)
        return none;
    struct feishu_line *l = link_kept(k, sizeof *l);
    struct piece_set *s =
        set_for(l, arena_strndup(a, id.bytes, id.len), loop_now(k->account->loop));
    s->sum = s->sum ? s->sum : sum;
    if (s->sum != sum || s->bytes + f->payload.len > EVENT_MOST) {
        free_set(s);
        return none;
    }
    if (s->pieces[seq].bytes)
        return none;
    s->pieces[seq] =
        (struct feishu_text){ arena_strndup(s->arena, f->payload.bytes ? f->payload.bytes : "",
                                            f->payload.len),
                              f->payload.len };
    s->bytes += f->payload.len;
    if (++s->came < sum)
        return none;
    struct feishu_text whole = joined(a, s);
    free_set(s);
    return whole;
}

/* -- frames --------------------------------------------------------------------------------------
 */

static bool send_feishu_frame(struct chat_link *k, struct arena *a, const struct feishu_frame *f,
                              struct err *e)
{
    struct buf *b = buf_in(a, FRAME_MOST);
    if (!feishu_frame_write(f, b))
        return err_set(e, ERR_SYSTEM, "a frame to Feishu is too large");
    return ws_write(k->ws, WS_BINARY, b->data, b->len, &k->stop, e);
}

static bool ping_feishu(struct chat_link *k, struct arena *a, struct err *e)
{
    struct feishu_frame f = { .service = k->service, .method = FEISHU_CONTROL };
    feishu_frame_add(&f, "type", "ping");
    return send_feishu_frame(k, a, &f, e);
}

/* Seconds that the platform gives, of the address or of a pong. */
static void heed_config(struct chat_link *k, const cJSON *config)
{
    double beat = json_num(config, "PingInterval", 0);
    if (beat > 0) {
        k->beat = beat < BEAT_LEAST ? BEAT_LEAST : beat < BEAT_MOST ? beat : BEAT_MOST;
        k->silence = 2.5 * k->beat;
    }
    if (config)
        link_ask_patience(k, json_num(config, "ReconnectNonce", 0),
                          json_num(config, "ReconnectInterval", 0));
}

static void take_control(struct chat_link *k, struct arena *a, const struct feishu_frame *f)
{
    struct err e = { 0 };
    if (!feishu_text_is(feishu_frame_header(f, "type"), "pong"))
        return;
    link_is_up(k);
    if (f->payload.len > 0)
        heed_config(k, json_members(json_parse(a, f->payload.bytes, f->payload.len, &e)));
}

/* The same frame, with how it went as its payload. */
static bool answer_feishu(struct chat_link *k, struct arena *a, const struct feishu_frame *f,
                          struct err *e)
{
    struct feishu_frame answer = *f;
    feishu_frame_add(&answer, "biz_rt", "0");
    answer.payload = feishu_text("{\"code\":200}");
    return send_feishu_frame(k, a, &answer, e);
}

static bool take_feishu_event(struct chat_link *k, struct arena *a, const struct feishu_frame *f,
                              struct err *e)
{
    int sum = feishu_text_number(feishu_frame_header(f, "sum"));
    int seq = feishu_text_number(feishu_frame_header(f, "seq"));
    struct feishu_text event = f->payload;
    if (sum > 1)
        event = join_piece(k, a, f, sum, seq);
    if (!event.bytes)
        return true;
    if (!answer_feishu(k, a, f, e))
        return false;
    struct chat_taken taken = { 0 };
    struct err why = { 0 };
    const cJSON *payload = json_parse(a, event.bytes, event.len, &why);
    bool read = payload && feishu_read(k->account, a, payload, &taken, &why);
    link_hear(k, read, &taken, &why);
    return true;
}

static bool take_feishu(struct chat_link *k, struct arena *a, const struct ws_message *m,
                        struct err *e)
{
    struct feishu_frame f;
    if (m->kind != WS_BINARY || !feishu_frame_read(&f, m->data, m->len)) {
        struct err why = { 0 };
        err_set(&why, ERR_PROTO, "it is no frame of the long connection");
        link_hear(k, false, NULL, &why);
        return true;
    }
    if (f.method == FEISHU_CONTROL)
        take_control(k, a, &f);
    else if (feishu_text_is(feishu_frame_header(&f, "type"), "event"))
        return take_feishu_event(k, a, &f, e);
    return true;
}

/* -- the rest ------------------------------------------------------------------------------------
 */

static bool feishu_wants_socket(const struct chat_account *c)
{
    return chat_key(c, "secret") && chat_id(c, "app") && !chat_key(c, "encrypt") &&
           !chat_key(c, "verification");
}

/* A refusal is an answer of 200 with a code. */
static const char *address_of(struct chat_link *k, const cJSON *answer, struct err *e)
{
    int code = (int)json_num(answer, "code", -1);
    const char *url = chat_text_of(json_get(answer, "data"), "URL");
    if (code == FORBIDDEN || code == AUTH_FAILED)
        k->fate = LINK_REFUSED;
    if (code != 0)
        err_set(e, ERR_GATEWAY, "Feishu refused the long connection: %.200s (code %d)",
                json_text(answer, "msg"), code);
    else if (!url)
        err_set(e, ERR_GATEWAY, "Feishu's callback/ws/endpoint named no address");
    return code == 0 ? url : NULL;
}

static const char *find_feishu(struct chat_link *k, struct arena *a, struct err *e)
{
    struct chat_account *c = k->account;
    const struct fetch_header headers[] = { { "locale", "zh" }, { 0 } };
    cJSON *o = json_object(a);
    json_set_str(a, o, "AppID", chat_id(c, "app"));
    json_set_str(a, o, "AppSecret", chat_key(c, "secret"));
    const struct chat_ask ask = {
        .url = arena_printf(a, "%s/callback/ws/endpoint", chat_url(c, feishu_api)),
        .what = "callback/ws/endpoint",
        .headers = headers,
        .json = o,
    };
    const cJSON *answer = chat_call(c, a, &ask, e), *data = json_get(answer, "data");
    const char *url = answer ? address_of(k, answer, e) : NULL;
    const char *query = url ? strchr(url, '?') : NULL;
    const char *service =
        query ? chat_form_value(a, query + 1, strlen(query + 1), "service_id") : NULL;
    k->service = service ? feishu_text_number(feishu_text(service)) : 0;
    heed_config(k, json_get(data, "ClientConfig"));
    return url;
}

/* Pieces of an event that the ended connection would have made whole. */
static void end_feishu(struct chat_link *k)
{
    struct feishu_line *l = link_kept(k, sizeof *l);
    for (int i = 0; i < SETS_MOST; i++)
        free_set(&l->sets[i]);
}

const struct chat_socket socket_feishu = {
    .title = "Feishu's long connection",
    .beat = 120,
    .silence = 300,
    .max_message = FRAME_MOST,
    .wanted = feishu_wants_socket,
    .find = find_feishu,
    .greet = ping_feishu,
    .take = take_feishu,
    .beats = ping_feishu,
    .ended = end_feishu,
};
