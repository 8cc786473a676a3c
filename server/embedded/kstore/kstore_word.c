/* kstore_word.c - the words that nearly every object has: one copy of each serves all objects. */
#include "embedded/kstore/kstore_private.h"

#include "base/json.h"

#include <stdint.h>

/* Names and values that the console writes, one after another, each with its NUL. */
static const char words[] = "apiVersion\0kind\0metadata\0annotations\0creationTimestamp\0labels\0"
                            "name\0namespace\0resourceVersion\0spec\0status\0loadBalancer\0data\0"
                            "ingressClassName\0rules\0tls\0hosts\0host\0http\0paths\0path\0"
                            "pathType\0backend\0resource\0apiGroup\0secretName\0"
                            "matchRules\0config\0configDisable\0ingress\0service\0domain\0"
                            "networking.k8s.io/v1\0networking.higress.io\0higress-system\0"
                            "higress\0Ingress\0McpBridge\0default\0Prefix\0Exact\0true\0false\0"
                            "higress.io/destination\0higress.io/ignore-path-case\0"
                            "higress.io/resource-definer\0higress.io/domain\0";

enum { SLOTS = 256 };          /* several times as many as words */
static uint16_t places[SLOTS]; /* of the words, by hash; 0: free (that is "apiVersion" itself) */

static unsigned slot_of(const char *text)
{
    unsigned hash = 5381;
    for (; *text; text++)
        hash = hash * 33 + (unsigned char)*text;
    return hash % SLOTS;
}

static void place_words(void)
{
    for (const char *word = words + strlen(words) + 1; *word; word += strlen(word) + 1) {
        unsigned at = slot_of(word);
        while (places[at])
            at = (at + 1) % SLOTS;
        places[at] = (uint16_t)(word - words);
    }
    json_share(words, words + sizeof words);
}

static char *shared_or_own(char *text)
{
    if (!text || strlen(text) > 32)
        return text;
    for (unsigned at = slot_of(text); places[at]; at = (at + 1) % SLOTS)
        if (!strcmp(words + places[at], text))
            return (char *)(uintptr_t)(words + places[at]);
    return text;
}

static void share_words_below(cJSON *node)
{
    node->string = shared_or_own(node->string);
    node->valuestring = shared_or_own(node->valuestring);
    cJSON *child;
    cJSON_ArrayForEach(child, node) share_words_below(child);
}

void kstore_share_words(cJSON *tree)
{
    if (!places[slot_of("kind")])
        place_words();
    share_words_below(tree);
}
