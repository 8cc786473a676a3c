/* config_file_private.h - inside the configuration: from a checked tree to the struct, and secrets
 * by reference. Only config*.c includes this. */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct config;
struct config_quiet;
struct config_header;
struct err;

/* Checks and binds; e->path is that of the member that is wrong, and the sentence begins with it.
 */
struct config *config_bind(struct arena *a, const cJSON *tree, struct err *e);
/* One gateway's, out of a checked tree with `gateway` and `envoy`; c->gateways is not set. */
struct config *config_bind_one(struct arena *a, const cJSON *tree, struct err *e);
/* All of a checked tree, with `gateway` or `gateways`. */
struct config *config_bind_gateways(struct arena *a, const cJSON *tree, struct err *e);
/* http.oauth of the tree it was bound from; resolves the client's secret. */
bool config_good_oauth(struct config *c, struct arena *a, const cJSON *tree, struct err *e);
/* webhook of the tree it was bound from; resolves the secret. */
bool config_good_webhook(struct config *c, struct arena *a, const cJSON *tree, struct err *e);
/* http.oidc of the tree it was bound from; resolves the client's secret. */
bool config_good_oidc(struct config *c, struct arena *a, const cJSON *tree, struct err *e);
/* The texts of a checked list, ended by NULL; none: an empty one. */
const char *const *config_texts(struct arena *a, const cJSON *list);
/* `people` of the tree, checked; NULL where there is none. And what goes beyond one row of it. */
const struct config_person *config_people_of(struct arena *a, const cJSON *list);
bool config_good_people(const struct config *c, struct err *e);
/* GROUP.headers of the tree, for a collector at url (NULL: there is none); resolves their values.
 */
bool config_read_headers(struct arena *a, const cJSON *tree, const char *group, const char *url,
                         const struct config_header **headers, struct err *e);
/* prometheus of the tree it was bound from; resolves its secrets. And traces. */
bool config_good_prometheus(struct config *c, struct arena *a, const cJSON *tree, struct err *e);
bool config_good_traces(struct config *c, struct arena *a, const cJSON *tree, struct err *e);
/* audit of the tree it was bound from; resolves the headers. */
bool config_good_audit(struct config *c, struct arena *a, const cJSON *tree, struct err *e);
/* model of the tree it was bound from; resolves the key. */
bool config_good_model(struct config *c, struct arena *a, const cJSON *tree, struct err *e);
/* `chat` of the tree it was bound from; resolves the keys. After gateways and people. */
bool config_good_chat(struct config *c, struct arena *a, const cJSON *tree, struct err *e);
/* `alerts` of the tree it was bound from; resolves the keys. After chat. */
bool config_good_alerts(struct config *c, struct arena *a, const cJSON *tree, struct err *e);
/* `schedules` of the tree it was bound from; after chat. */
bool config_good_schedules(struct config *c, struct arena *a, const cJSON *tree, struct err *e);
/* `quiet`, checked; NULL where there is none. False: e says what is wrong. */
bool config_take_quiet(struct arena *a, const cJSON *row, const struct config_quiet **out,
                       struct err *e);
/* logs of the tree it was bound from; resolves the secrets. */
bool config_good_logs(struct config *c, struct arena *a, const cJSON *tree, struct err *e);
/* {"env":NAME} or {"file":PATH}, without asking whether that is allowed. */
char *config_read_secret(struct arena *a, const cJSON *ref, struct err *e);
/* "'NAME' WHAT" about LIST[i].MEMBER; always false. */
bool config_refuse_row(struct err *e, const char *list, int i, const char *member, const char *what,
                       const char *name);
