/* mask_word.c - the words of a gateway: names, hosts, paths and addresses that it shows itself.
 *
 * They come from objects that were read from it, and from members only that the tables call
 * harmless (a test looks).
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include "mask/mask_word_private.h"

const struct mask_word_row mask_word_rows[] = {
    { "route", "name|domains|path.matchValue|services.name" },
    { "domain", "name" },
    { "service", "name|endpoints" },
    { "service-source", "name|domain" },
    { "proxy-server", "name|serverAddress" },
    { "consumer", "name" },
    { "ai-provider", "name" },
    { "ai-route", "name|domains" },
    { "mcp-server", "name|domains" },
    { "tls-certificate", "name|domains" },
    { "wasm-plugin", "name" },
    { 0 },
};

/* "10.0.0.1:80,10.0.0.2:80": each, with and without its port. */
static void publish_addresses(const char *s)
{
    char one[256];
    for (const char *p = s; *p;) {
        size_t n = strcspn(p, ",");
        if (n < sizeof one) {
            memcpy(one, p, n);
            one[n] = '\0';
            secret_publish(one);
            one[strcspn(one, ":")] = '\0';
            secret_publish(one);
        }
        p += n + (p[n] == ',');
    }
}

static void publish(const cJSON *node)
{
    if (cJSON_IsString(node)) {
        secret_publish(node->valuestring);
        if (strpbrk(node->valuestring, ",:"))
            publish_addresses(node->valuestring);
    }
}

static void publish_path(const cJSON *node, const char *path)
{
    char member[TEXT_WORD];
    size_t n = strcspn(path, ".");
    if (cJSON_IsArray(node)) {
        for (const cJSON *c = node->child; c; c = c->next)
            publish_path(c, path);
        return;
    }
    if (!*path) {
        publish(node);
        return;
    }
    memcpy(member, path, n);
    member[n] = '\0';
    const cJSON *next = json_get(node, member);
    if (next)
        publish_path(next, path + n + (path[n] == '.'));
}

void mask_words(const struct kind *k, const cJSON *o)
{
    char path[TEXT_WORD];
    for (const struct mask_word_row *r = mask_word_rows; k && r->kind; r++) {
        if (strcmp(r->kind, k->name) != 0)
            continue;
        for (const char *rest = r->paths; text_word_next(&rest, path);)
            publish_path(o, path);
        return;
    }
}
