/* refs_private.h - what a cascade does with each reference; only refs*.c include this. */
#pragma once
#include "plan/refs.h"

enum ref_form {
    REF_NAME = 1, /* the value is the name */
    REF_SERVICE   /* the value is a service, NAME.TYPE or NAME.TYPE:PORT, of a source NAME */
};
enum ref_cut {
    CUT_ELEMENT = 1, /* the list goes without it; without any, the user is deleted */
    CUT_LAST_ASKS,   /* the same, but an empty list would mean something: a person must say what */
    CUT_FALLBACK,    /* the same, but without any the fallback is switched off */
    CUT_MEMBER,      /* the member is taken out */
    CUT_CERTIFICATE, /* and HTTPS is switched off */
    CUT_OWNER        /* the user is deleted */
};

struct ref_row {
    const char *from;   /* kind that refers */
    const char *list;   /* path of an array, or NULL */
    const char *member; /* of each element (NULL: the element itself), or path in the object */
    const char *to;     /* kind referred to */
    enum ref_form form;
    enum ref_cut cut;
    bool weighted; /* the weights of the elements sum to 100 */
};
extern const struct ref_row ref_rows[]; /* ended by { 0 } */

void refs_add(struct arena *a, struct ref_uses *u, const struct kind *k, const char *name,
              const char *scope, const char *where);

bool refs_match(const struct ref_row *row, const struct ref_target *t, const cJSON *value);
