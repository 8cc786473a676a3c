/* kube_keep.c - what the console does not know of an object stays in it.
 *
 * The console builds some objects anew at each write (routes, domains, certificates, AI routes).
 * What a person or another program put into the stored object beside the console's own fields is
 * taken over here. The console's own fields are the rows of `known`; labels and annotations under
 * higress.io/ are its own, and on an Ingress all of them are (the route shows them).
 */
#include "base/json.h"
#include "base/text.h"
#include "embedded/embedded.h"
#include "embedded/kstore/kstore.h"
#include "embedded/kstore/kube.h"
#include "embedded/rest/rest.h"

#include <string.h>

static const char known_top[] = "apiVersion|kind|metadata|spec|data|type";
static const char known_metadata[] =
    "name|namespace|labels|annotations|resourceVersion|creationTimestamp|managedFields";
static const char known_ingress[] = "ingressClassName|rules|tls";

/* Members of now that next lacks and that are not of the `known` ones (NULL: none is). */
static void keep_unknown_members(struct arena *a, cJSON *next, const cJSON *now, const char *known)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, now)
    {
        if (!text_has_word(known, m->string) && !text_starts(m->string, "higress.io/") &&
            !json_get(next, m->string))
            json_set(a, next, m->string, json_clone(a, m));
    }
}

/* The same for a member, made when it is missing. */
static void keep_member(struct arena *a, cJSON *next, const cJSON *now, const char *name,
                        const char *known)
{
    const cJSON *from = json_get(now, name);
    cJSON *to = json_get(next, name);
    if (!cJSON_IsObject(from))
        return;
    if (!cJSON_IsObject(to))
        to = json_set_object(a, next, name);
    keep_unknown_members(a, to, from, known);
    if (!to->child)
        json_remove(next, name);
}

void kube_keep_unknown(struct rest_request *r, const char *kind, cJSON *object)
{
    const cJSON *now = kstore_get(r->store, kind, kube_name(object));
    if (!now)
        return;
    keep_unknown_members(r->arena, object, now, known_top);
    keep_member(r->arena, object, now, "metadata", known_metadata);
    if (strcmp(kind, "ingresses") == 0) {
        keep_member(r->arena, object, now, "spec", known_ingress);
        return;
    }
    cJSON *metadata = json_get(object, "metadata");
    const cJSON *from = json_get(now, "metadata");
    keep_member(r->arena, metadata, from, "labels", NULL);
    keep_member(r->arena, metadata, from, "annotations", NULL);
    keep_member(r->arena, object, now, "data", NULL);
}
