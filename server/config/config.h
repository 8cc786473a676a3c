/* config.h - the configuration: YAML file, then environment, then flags; later ones win.
 *
 * One table (setting.h) yields the file's fields, the variables, the flags, their help, what a
 * running server takes over, and the members of the struct. The struct and everything it points to
 * live in the arena given. A password is never written in the file: the file says where it is
 * ({env: NAME} or {file: PATH}). Errors are ERR_ARGS and name file, line and field (or the
 * variable, or the flag).
 */
#pragma once
#include "config/alert.h"
#include "config/audit.h"
#include "config/channel.h"
#include "config/chat.h"
#include "config/control.h"
#include "config/kube.h"
#include "config/logs.h"
#include "config/metrics.h"
#include "config/model.h"
#include "config/oidc.h"
#include "config/person.h"
#include "config/schedule.h"
#include "config/setting.h"
#include "config/webhook.h"
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;
struct fetch_via;
struct rules;

enum mode { MODE_READ_ONLY = 1, MODE_DRY_RUN, MODE_APPROVE, MODE_AUTO };
enum login { LOGIN_AUTO = 1, LOGIN_BASIC, LOGIN_SESSION };
/* What keeps the console's objects: it decides which names can be written. */
enum platform { PLATFORM_UNKNOWN = 1, PLATFORM_STANDALONE, PLATFORM_KUBERNETES };

struct config_token {
    const char *name;   /* who: goes into decisions and the audit */
    const char *sha256; /* 64 lower-case hex digits of the token's SHA-256 */
};

enum { CONFIG_GATEWAYS_MAX = 32 };

/* With several gateways, one of these each (its console, data plane and mode) and one for the
 * process, whose console is the one that is meant where none is named. */
struct config {
    const char *file; /* the file that was read, or NULL */
    const char *name; /* of the gateway, NULL: the only one */
    /* All of them in the order of the file, ended by NULL; the only one is this very struct. */
    struct config *const *gateways;
    const char *gateway_url; /* without a trailing slash; NULL: no gateway configured */
    struct config_kube kube; /* where its objects are, and its console where no URL is given */
    struct config_control control;
    /* How those URLs are reached; NULL: directly. */
    const struct fetch_via *gateway_via, *envoy_via;
    const char *username; /* "admin" unless said */
    const char *password; /* resolved; NULL: none. Learnt by the scrubber */
    enum login login;     /* auto: Basic unless a ':' forbids it */
    enum platform platform;
    const char *ca_file;     /* NULL: the system's bundle */
    double timeout;          /* seconds for one request to the console */
    double pause;            /* seconds before a read is repeated; longer waits are multiples */
    const char *envoy_admin; /* URL of Envoy's admin interface; NULL: none */
    /* Of several Envoys, the first of which it is, too; ended by NULL; none: it is the only one, or
     * that of all gateway pods (signal/replica.h). */
    const char *const *envoy_admins;
    const char *traffic_url; /* where the gateway takes its traffic; NULL: not said */
    const char *access_log;  /* path of the gateway's access log; NULL: none */
    struct config_logs logs; /* where lines are read besides */
    struct config_prometheus prometheus;
    enum mode mode;
    bool never_auto; /* config_never_auto was asked for */
    /* As configured; STRENGTH_NONE: not. policy_least says what follows. */
    enum strength approval_change, approval_destroy;
    const char *const *toolsets; /* both empty: everything is offered; ended by NULL; never NULL */
    const char *const *tools;
    const char *state_dir;                /* plans, decisions, audit, key */
    const char *listen;                   /* "127.0.0.1:8470" */
    const struct config_token *tokens;    /* ended by { 0 }; never NULL */
    const struct config_token *approvers; /* decide on the web page; as tokens */
    const struct config_person *people;   /* ended by { 0 }; NULL: not configured */
    const struct config_chat *chat;    /* ended by { 0 }; of the process only; never NULL there */
    const struct config_alert *alerts; /* the same; NULL: none */
    const struct config_schedule *schedules; /* the same */
    const char *policy_file;                 /* beside `file` unless absolute; NULL: none */
    const struct rules *rules;               /* of that file (policy/rules.h), or NULL */
    const char *page;                        /* URL under which people reach this server, or NULL */
    const char *const *passkey_models;       /* AAGUIDs, ended by NULL; none: any; never NULL */
    const char *passkey_roots;               /* PEM file of their makers' certificates, or NULL */
    const char *oauth_issuer;        /* NULL: no OAuth; else jwks or introspection is set too */
    const char *oauth_resource;      /* this server as clients name it: "https://gw.example/mcp" */
    const char *oauth_jwks;          /* URL, or path of a file; NULL: none */
    const char *oauth_introspection; /* URL; NULL: none; else client and secret are set */
    const char *oauth_client, *oauth_secret; /* the secret is learnt by the scrubber */
    double oauth_cache;                      /* seconds an answer is believed */
    const char *oauth_read, *oauth_change;   /* scopes */
    double oauth_skew;                       /* seconds that clocks may differ */
    struct config_oidc oidc;
    const char *const *origins;   /* allowed Origin values; ended by NULL; never NULL */
    const char *const *hosts;     /* allowed Host values beside the loopback names */
    double sessions, session_ttl; /* MCP sessions at once; seconds until an unused one ends */
    double heartbeat;             /* seconds an event stream may be silent */
    const char *tls_certificate, *tls_key; /* PEM files; both or neither NULL */
    /* Prefixes of variables, and folders of files, that secret_ref may read. */
    const char *const *secret_envs, *const *secret_dirs;
    const char *const *probe;  /* networks that probes may reach although they are out of reach */
    const char *probe_ca_file; /* whom probes trust; NULL: the system's bundle */
    const char *prompts_dir;   /* runbooks beside our own; NULL: none */
    struct config_model model;
    struct config_webhook webhook;
    double plan_ttl;      /* seconds until an undecided plan expires */
    const char *guard;    /* "5m: 5xx > 2 %" (guard/spec.h) of changes that name none; NULL: none */
    bool outside;         /* is its state kept, so that what others change there is told? */
    double outside_every; /* seconds between two looks for that */
    struct config_audit audit;
    struct config_telemetry telemetry; /* of the process */
    double watch;                   /* seconds between two looks at subscribed objects; 0: none */
    double max_calls;               /* calls in flight */
    double max_plans, plans_hour;   /* of one principal: undecided changes, planned in an hour */
    double repeats, repeat_seconds; /* of the same call that are run within so long; 0: any */
    double answer_bytes;            /* default budget of one tool answer */
    const char *log_level;          /* debug|info|warn|error|off */
    const char *const *trace;       /* areas of base/trace.h; ended by NULL; never NULL */
};

/* What the command line gave, by flag name without dashes; ended by { 0 }. Flags that the table
 * does not know are ignored (they are the command's own). `config` is the file's own flag. */
struct config_flag {
    const char *name, *value;
};

/* Reads the file (flag "config", else HIGRESS_OPS_CONFIG, else none), environment and flags. */
struct config *config_read(struct arena *a, const struct config_flag *flags, struct err *e);
/* The same from a text instead of a file; path is for messages. */
struct config *config_parse(struct arena *a, const char *path, const char *yaml, size_t n,
                            struct err *e);
/* Takes over what may change while the server runs (RELOAD). `now` must live as long as c. */
void config_reload(struct config *c, const struct config *now);
/* From now on auto counts as approve here: for callers that read texts of others. */
void config_never_auto(struct config *c);
/* The gateway of that name, NULL: the one that is meant where none is named. NULL + e. */
struct config *config_gateway(const struct config *c, const char *name, struct err *e);
bool config_several(const struct config *c);
const char *config_names(struct arena *a, const struct config *c, const char *between);
const char *config_mode_name(enum mode m);

/* A secret on the server's side: {"env":"NAME"} or {"file":"/path"}, as far as the configuration
 * allows that name. Learnt by the scrubber. NULL with ERR_ARGS or ERR_POLICY. */
char *config_secret(const struct config *c, struct arena *a, const cJSON *ref, struct err *e);
