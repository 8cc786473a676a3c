/* webauthn_private.h - what a browser brings, taken apart. */
#pragma once
#include "passkey/webauthn.h"

enum {
    FLAG_PRESENT = 0x01,  /* a person touched it */
    FLAG_VERIFIED = 0x04, /* and it knew them: PIN, finger, face */
    FLAG_ELIGIBLE = 0x08,
    FLAG_BACKED_UP = 0x10,
    FLAG_KEY = 0x40, /* the data of a key follows */
    FLAG_EXTENSIONS = 0x80,
    FLAGS_RESERVED = 0x22,
};

/* client_data.c: type, challenge, origin, frames. */
bool client_data_check(struct arena *a, struct webauthn_bytes client, const char *type,
                       const struct webauthn_wanted *w, struct err *e);

struct auth_data {
    uint8_t flags;
    uint32_t count;
    const uint8_t *aaguid; /* and id: of one that makes a key */
    struct webauthn_bytes id;
};
/* auth_data.c: exact length, the site, flags. makes: a key was made, else one was used. */
bool auth_data_read(struct webauthn_bytes b, bool makes, const struct webauthn_site *site,
                    struct auth_data *out, struct err *e);

/* cbor.c: as much of CBOR as attestations are made of; definite lengths, bounded depth. */
size_t cbor_length(struct webauthn_bytes b); /* of the first item; 0: it is none */
/* The value under a text key of the map that b is; empty: none. The key twice: empty, too. */
struct webauthn_bytes cbor_member(struct webauthn_bytes b, const char *key);
/* The i-th item of the list that b is; empty: none. */
struct webauthn_bytes cbor_item(struct webauthn_bytes b, unsigned i);
enum cbor_type { CBOR_UNSIGNED, CBOR_NEGATIVE, CBOR_BYTES, CBOR_TEXT, CBOR_LIST, CBOR_MAP };
/* The bytes of a byte string or text; empty: it is none. */
struct webauthn_bytes cbor_string(struct webauthn_bytes b, enum cbor_type type);
/* A small whole number, of either sign; 0: it is none. */
int cbor_number(struct webauthn_bytes b);
