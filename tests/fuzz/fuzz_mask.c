/* fuzz_mask.c - any JSON as an object of any kind: masked it is valid and stays as it is when it is
 * masked again, the masked copy is put back to the original, and no secret of a known path comes
 * out. The first byte of the input chooses the kind; the rest is JSON, or YAML as text of a plugin.
 * fuzz: -runs=8000 -max_len=1024 -timeout=20
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/yaml.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char seed[] = "Seed-0123456789-abcdef";

/* Where a seed is put, by kind. */
static const struct {
    const char *kind, *object; /* %s: the seed */
} places[] = {
    { "ai-provider", "{\"name\":\"p\",\"tokens\":[\"%s\"]}" },
    { "consumer",
      "{\"name\":\"c\",\"credentials\":[{\"type\":\"key-auth\",\"values\":[\"%s\"]}]}" },
    { "mcp-server",
      "{\"name\":\"m\",\"rawConfigurations\":\"server:\\n  config:\\n    k: '%s'\\n\"}" },
    { "plugin-instance", "{\"pluginName\":\"oauth\",\"configurations\":{\"consumers\":[{\"client_"
                         "secret\":\"%s\"}]}}" },
    { "plugin-instance",
      "{\"pluginName\":\"mine\",\"configurations\":{\"any\":{\"thing\":\"%s\"}}}" },
    { "route", "{\"name\":\"r\",\"headers\":[{\"key\":\"x-api-key\",\"matchValue\":\"%s\"}]}" },
    { "service-source", "{\"name\":\"s\",\"authN\":{\"properties\":{\"consulToken\":\"%s\"}}}" },
    { "dashboard", "{\"name\":\"MAIN\",\"url\":\"https://u:%s@h/x?auth_token=%s\"}" },
};

static void must(bool held, const char *what, const cJSON *o, struct arena *a)
{
    if (!held)
        bug("fuzz_mask: %s: %s", what, o ? json_print(a, o) : "");
}

/* The YAML text beside the tree it says is dropped when it is shown. */
static void restores(struct arena *a, const struct kind *k, const cJSON *o, const cJSON *shown)
{
    struct err e = { 0 };
    const char *text = json_print(a, o);
    if (secret_find_mask(text) || strstr(text, "rawConf") || strstr(text, "{\\\"") ||
        k == kind_find("mcp-server") || k == kind_find("plugin-instance"))
        return; /* texts that are trees come back as equal trees, not as equal texts */
    cJSON *back = json_clone(a, shown);
    if (mask_restore(a, k, o, back, &e))
        must(!secret_find_mask(json_print(a, back)), "a fingerprint stays", back, a);
}

static void check(struct arena *a, const struct kind *k, const cJSON *o)
{
    struct err e = { 0 };
    cJSON *shown = mask_object(a, k, o);
    char *text = json_print(a, shown);
    must(json_parse(a, text, strlen(text), &e) != NULL, "no JSON", shown, a);
    must(json_equal(mask_object(a, k, shown), shown), "not stable", shown, a);
    restores(a, k, o, shown);
}

/* The object with a seed among whatever else there is. */
static void check_seed(struct arena *a, unsigned choice, const cJSON *around)
{
    struct err e = { 0 };
    size_t i = choice % (sizeof places / sizeof *places);
    char *text = arena_printf(a, places[i].object, seed, seed);
    cJSON *o = json_parse(a, text, strlen(text), &e);
    const struct kind *k = kind_find(places[i].kind);
    if (cJSON_IsObject(around) && !strstr(json_print(a, around), "Seed-"))
        for (const cJSON *c = around->child; c; c = c->next)
            if (!json_get(o, c->string))
                json_set(a, o, c->string, json_clone(a, c));
    char *shown = json_print(a, mask_object(a, k, o));
    must(!strstr(shown, seed), "a seed is shown", o, a);
    struct err f = { 0 };
    cJSON *back = mask_object(a, k, json_parse(a, text, strlen(text), &e));
    must(mask_restore(a, k, json_parse(a, text, strlen(text), &e), back, &f), f.text, o, a);
    must(strstr(json_print(a, back), seed) != NULL, "the seed is not put back", back, a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int count;
    struct err e = { 0 }, f = { 0 };
    if (size < 2)
        return 0;
    while (kinds[count].name)
        count++;
    struct arena *a = arena_new();
    secret_init("fuzz", 4);
    const char *text = (const char *)data + 1;
    cJSON *o = json_parse(a, text, size - 1, &e);
    if (!o)
        o = yaml_parse(a, text, size - 1, &f);
    int k = data[0] % (count + 1);
    if (o)
        check(a, k < count ? &kinds[k] : NULL, o);
    check_seed(a, data[0], o);
    arena_free(a);
    return 0;
}
