/* webauthn.h - passkeys (WebAuthn): what a browser brings back is judged, bytes in, a verdict out.
 *
 * Nothing is kept here and no browser is believed: what it says is worth the signature over it, and
 * who made that is worth the attestation, if there is one. Signatures are libfido2's matter, loaded
 * when first used; everything that it does not look at is looked at here: what was signed (type,
 * challenge, origin, frames), its exact length, its flags. Counters are the store's
 * (store/store_passkey.h). Refusals are ERR_POLICY, one sentence; bytes live in the arena given.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;

enum { WEBAUTHN_CHALLENGE = 32, WEBAUTHN_AAGUID = 16, WEBAUTHN_ID_MAX = 1023 };

struct webauthn_bytes {
    const uint8_t *at;
    size_t len;
};

/* Where keys are made for, and used. */
struct webauthn_site {
    const char *origin; /* "https://ops.example:8443", as browsers write it */
    const char *name;   /* "ops.example": the relying party's id */
};
/* Of the URL under which people reach this server. NULL, an address instead of a name, or http for
 * anything but localhost: ERR_POLICY says what to configure. */
bool webauthn_site_of(struct arena *a, const char *url, struct webauthn_site *out, struct err *e);

/* What is asked for by one ceremony. */
struct webauthn_wanted {
    struct webauthn_site site;
    uint8_t challenge[WEBAUTHN_CHALLENGE];
};

struct webauthn_key {
    int algorithm;                /* COSE: -7, -8 or -257 */
    struct webauthn_bytes public; /* as libfido2 keeps one of that algorithm */
    bool backup_eligible;         /* may be on several devices; never changes */
    uint32_t count;               /* of its signatures; 0: it does not count */
};

struct webauthn_made {
    struct webauthn_bytes id;
    struct webauthn_key key;
    uint8_t aaguid[WEBAUTHN_AAGUID]; /* model; proves something only when attested */
    const char *format;              /* of the attestation statement */
    bool attested;                   /* signed by a maker's certificate, which is chain[0] */
    struct webauthn_bytes chain[4];  /* DER; ends with an empty one */
};

/* The algorithms that are offered to a browser, ended by 0. */
extern const int webauthn_algorithms[];

/* The challenge that client data answers. False: they are not readable. */
bool webauthn_challenge(struct arena *a, struct webauthn_bytes client,
                        uint8_t out[WEBAUTHN_CHALLENGE]);
/* A key was made: client data and attestation object of the browser. */
bool webauthn_register(struct arena *a, const struct webauthn_wanted *w,
                       struct webauthn_bytes client, struct webauthn_bytes attestation,
                       struct webauthn_made *out, struct err *e);

struct webauthn_signed {
    struct webauthn_bytes client, authenticator, signature;
};
/* A key signed for this challenge, after it knew its person. *count: what it says of itself. */
bool webauthn_assert(struct arena *a, const struct webauthn_wanted *w,
                     const struct webauthn_key *key, const struct webauthn_signed *s,
                     uint32_t *count, struct err *e);
