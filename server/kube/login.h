/* login.h - the console's login out of its Secret, where the configuration allows that it is read.
 * Never printed; learnt by the scrubber. Source: the chart's Secret higress-console, keys
 * adminUsername and adminPassword. */
#pragma once
#include <stdbool.h>

struct arena;
struct cancel;
struct err;
struct kube_api;

#define KUBE_LOGIN_SECRET "higress-console"

enum { KUBE_LOGIN_MAX = 512 };

struct kube_login {
    char user[KUBE_LOGIN_MAX], password[KUBE_LOGIN_MAX];
};

/* False: e says what is missing: the right, the Secret, one of its keys. Parks. */
bool kube_login_read(struct kube_api *k, struct cancel *c, struct kube_login *out, struct err *e);
