/* java_number.c - see java_number.h. */
#include "embedded/rest/java_number.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_TEXT = 256 << 10 };

/* The fewest digits that read back as the number, as d.ddde±xx. */
static void shortest(double number, char out[40])
{
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, 40, "%.*e", digits - 1, number);
        if (strtod(out, NULL) == number)
            return;
    }
}

char *java_double(struct arena *a, double number)
{
    char text[40];
    double size = fabs(number);
    if (isnan(number) || isinf(number))
        return arena_strdup(a, isnan(number) ? "NaN" : number < 0 ? "-Infinity" : "Infinity");
    if (size == 0)
        return arena_strdup(a, signbit(number) ? "-0.0" : "0.0");
    shortest(number, text);
    char *e = strchr(text, 'e');
    int exponent = (int)strtol(e + 1, NULL, 10), digits = (int)strspn(text, "-0123456789.");
    digits -= *text == '-';
    int after = digits > 1 ? digits - 2 : 0; /* behind the point of d.ddd */
    if (size >= 1e-3 && size < 1e7)
        return arena_printf(a, "%.*f", after - exponent > 1 ? after - exponent : 1, number);
    *e = '\0';
    return arena_printf(a, "%s%sE%d", text, after ? "" : ".0", exponent);
}

static void write_value(struct arena *a, struct buf *out, const cJSON *value)
{
    const cJSON *item;
    bool list = cJSON_IsArray(value);
    if (cJSON_IsNumber(value)) {
        bool whole = value->valuedouble == floor(value->valuedouble) &&
                     fabs(value->valuedouble) < 9007199254740992.0;
        buf_str(out, whole ? json_print(a, value) : java_double(a, value->valuedouble));
        return;
    }
    if (!list && !cJSON_IsObject(value)) {
        buf_str(out, cJSON_IsString(value) ? value->valuestring : json_print(a, value));
        return;
    }
    buf_char(out, list ? '[' : '{');
    cJSON_ArrayForEach(item, value)
    {
        buf_str(out, item == value->child ? "" : ", ");
        if (!list)
            buf_printf(out, "%s=", item->string);
        write_value(a, out, item);
    }
    buf_char(out, list ? ']' : '}');
}

char *java_to_string(struct arena *a, const cJSON *value)
{
    struct buf *out = buf_in(a, MAX_TEXT);
    write_value(a, out, value);
    return arena_strdup(a, out->data);
}
