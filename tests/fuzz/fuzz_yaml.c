/* fuzz_yaml.c - any bytes: yaml_parse takes them or refuses them with a sentence, and what it takes
 * prints as YAML that is read back equal.
 * fuzz: -runs=150000 -max_len=512 -timeout=1
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/yaml.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct err e = { 0 };
    const cJSON *node = yaml_parse(a, (const char *)data, size, &e);
    if (!node && e.kind != ERR_ARGS)
        bug("fuzz_yaml: a refusal without a reason");
    if (node) {
        char *text = yaml_print(a, node);
        const cJSON *back = yaml_parse(a, text, strlen(text), &e);
        if (!back || !json_equal(node, back))
            bug("fuzz_yaml: not read back equal: %s", text);
    }
    yaml_parse_all(a, (const char *)data, size, NULL);
    arena_free(a);
    return 0;
}
