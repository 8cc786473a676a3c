/* trust.h - which models of keys are taken. */
#pragma once
#include "passkey/webauthn.h"

struct trust {
    const char *const *models; /* AAGUIDs, ended by NULL; none: any key is taken */
    const char *roots;         /* file: PEM certificates of their makers */
};

/* "cb69481e-8ff7-4039-93ec-0a2729a154a8" */
char *trust_model(struct arena *a, const uint8_t aaguid[WEBAUTHN_AAGUID]);
/* Is it of a model that is listed, and does a maker that we know say so? False: ERR_POLICY. */
bool trust_takes(struct arena *a, const struct trust *t, const struct webauthn_made *made,
                 struct err *e);
