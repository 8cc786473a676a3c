/* thread.c - the last questions and answers of each thread, cut; the threads that were not spoken
 * in for longest give way. 1,000 of them take 20 MB at most.
 */
#include "agent/agent.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "chat/bot_private.h"
#include <string.h>

enum {
    THREADS = 1000,
    BUCKETS = 1024,
    EXCHANGES = 4,
    QUESTION_BYTES = 1000,
    ANSWER_BYTES = 3000,
};

struct exchange {
    const char *question, *answer;
};

struct chat_thread {
    struct arena *arena; /* holds this */
    uint8_t key[SHA256_SIZE];
    struct chat_thread *next;          /* in its bucket */
    struct chat_thread *newer, *older; /* by when it was spoken in */
    struct exchange said[EXCHANGES];   /* the oldest first */
    int count;
};

struct chat_threads {
    struct arena *arena;
    struct chat_thread *buckets[BUCKETS];
    struct chat_thread *newest, *oldest;
    int count;
    size_t bytes;
};

struct chat_threads *threads_new(void)
{
    struct arena *a = arena_new();
    struct chat_threads *t = arena_make(a, struct chat_threads);
    t->arena = a;
    return t;
}

static size_t thread_size(const struct chat_thread *x)
{
    size_t n = arena_room(sizeof *x);
    for (int i = 0; i < x->count; i++)
        n +=
            arena_room(strlen(x->said[i].question) + 1) + arena_room(strlen(x->said[i].answer) + 1);
    return n;
}

size_t threads_bytes(const struct chat_threads *t)
{
    return t->bytes;
}

static struct chat_thread **thread_place(struct chat_threads *t, const uint8_t key[SHA256_SIZE])
{
    struct chat_thread **at = &t->buckets[(key[0] << 8 | key[1]) % BUCKETS];
    while (*at && memcmp((*at)->key, key, SHA256_SIZE) != 0)
        at = &(*at)->next;
    return at;
}

static void forget_thread(struct chat_threads *t, struct chat_thread *x)
{
    *thread_place(t, x->key) = x->next;
    *(x->newer ? &x->newer->older : &t->newest) = x->older;
    *(x->older ? &x->older->newer : &t->oldest) = x->newer;
    t->count--;
    t->bytes -= thread_size(x);
    arena_free(x->arena);
}

static void add_thread(struct chat_threads *t, struct chat_thread *x)
{
    struct chat_thread **at = thread_place(t, x->key);
    x->next = *at;
    *at = x;
    x->older = t->newest;
    *(t->newest ? &t->newest->newer : &t->oldest) = x;
    t->newest = x;
    t->count++;
    t->bytes += thread_size(x);
}

void threads_free(struct chat_threads *t)
{
    while (t->oldest)
        forget_thread(t, t->oldest);
    arena_free(t->arena);
}

void threads_recall(struct chat_threads *t, const char *key, struct agent *g)
{
    uint8_t digest[SHA256_SIZE];
    crypto_sha256(key, strlen(key), digest);
    const struct chat_thread *x = *thread_place(t, digest);
    for (int i = 0; x && i < x->count; i++)
        agent_recall(g, x->said[i].question, x->said[i].answer);
}

/* Its first bytes, whole characters. */
static const char *text_beginning(struct arena *a, const char *text, size_t max)
{
    size_t n = strlen(text);
    if (n <= max)
        return text;
    for (n = max; n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80;)
        n--;
    return arena_printf(a, "%.*s…", (int)n, text);
}

/* Those of `was` but the oldest, when there is no room beside a new one. */
static int keep_exchanges(const struct chat_thread *was, struct exchange out[EXCHANGES])
{
    int from = was && was->count == EXCHANGES ? 1 : 0, n = 0;
    for (int i = from; was && i < was->count; i++)
        out[n++] = was->said[i];
    return n;
}

/* A thread is made anew with each exchange, so that it takes no more than what it holds. */
void threads_remember(struct chat_threads *t, const char *key, const char *question,
                      const char *answer)
{
    struct arena *scratch = arena_new();
    uint8_t digest[SHA256_SIZE];
    crypto_sha256(key, strlen(key), digest);
    struct chat_thread *was = *thread_place(t, digest);
    struct exchange said[EXCHANGES];
    int n = keep_exchanges(was, said);
    said[n++] = (struct exchange){ text_beginning(scratch, question, QUESTION_BYTES),
                                   text_beginning(scratch, answer, ANSWER_BYTES) };
    size_t size = arena_room(sizeof(struct chat_thread));
    for (int i = 0; i < n; i++)
        size += arena_room(strlen(said[i].question) + 1) + arena_room(strlen(said[i].answer) + 1);
    struct arena *a = arena_sized(size);
    struct chat_thread *x = arena_make(a, struct chat_thread);
    *x = (struct chat_thread){ .arena = a, .count = n };
    memcpy(x->key, digest, sizeof digest);
    for (int i = 0; i < n; i++)
        x->said[i] =
            (struct exchange){ arena_strdup(a, said[i].question), arena_strdup(a, said[i].answer) };
    arena_free(scratch);
    if (was)
        forget_thread(t, was);
    else if (t->count == THREADS)
        forget_thread(t, t->oldest);
    add_thread(t, x);
}
