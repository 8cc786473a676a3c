/* test_trap_annotation.c - the traps in annotations and routes, each by its number in
 * annotations.md; what Envoy refuses is refused on the write path; the recorded stack. Texts here
 * have ' for ". */
#include "trap_case.h"

#include "rule/check.h"
#include "rule/route_look_private.h"
#include "rule/trap_private.h"

/* A world of one route r with these annotations, or these members. */
#define ROUTE(members)                                                                             \
    "{'route':[{'name':'r','domains':['a.example'],'path':{'matchType':'PRE','matchValue':'/app'}" \
    ",'services':[{'name':'a.static','port':80}]," members "}]}"
#define BARE(members) "{'route':[{'name':'r'," members "}]}"
#define CUSTOM(annotations) ROUTE("'customConfigs':{" annotations "}")
#define AI(members) "{'ai-route':[{'name':'r','upstreams':[]," members "}],'route':[]}"
#define NONE "{'route':[]}"
#define HEADERS(value)                                                                             \
    ROUTE("'headerControl':{'request':{'add':[{'key':'x-a','value':'" value "'}]}}")
#define CORS(members) ROUTE("'cors':{" members "}")

static const struct trap_case refusals[] = {
    { "annotations 1.1", "CONTROLLER_CRASH", CUSTOM("'x.io/match-header-a':'b'"), "r",
      "the controller cuts the name", CUSTOM("'higress.io/timeout':'5'") },
    { "annotations 1.1", "CONTROLLER_CRASH", CUSTOM("'higress.io/exact-match-header':'b'"), "r",
      "customConfigs.higress.io/exact-match-header: ",
      CUSTOM("'higress.io/exact-match-header-a':'b'") },
    { "annotations 1.2", "PREDICATES_DROPPED", CUSTOM("'company.example.io/match-query-a':'b'"),
      "r", "open PREDICATES_DROPPED", CUSTOM("'higress.io/exact-match-query-a':'b'") },
    { "annotations 1.2", "PREDICATES_DROPPED",
      CUSTOM("'nginx.ingress.kubernetes.io/exact-match-header-a':'b'"), "r", "stops reading there",
      CUSTOM("'higress.io/regex-match-pseudo-header-method':'GET'") },
    { "annotations 6 timeout", "TIMEOUT_REFUSED", CUSTOM("'higress.io/timeout':'-1'"), "r",
      "is below 0", CUSTOM("'higress.io/timeout':'30'") },
    { "annotations 6 timeout", "TIMEOUT_REFUSED", CUSTOM("'higress.io/timeout':'9223372036'"), "r",
      "is more than the 9223372035 seconds", CUSTOM("'higress.io/timeout':'9223372035'") },
    { "annotations 6 proxy-next-upstream-timeout", "RETRY_TIMEOUT_REFUSED",
      ROUTE("'proxyNextUpstream':{'timeout':-3}"), "r", "proxyNextUpstream.timeout: is below 0",
      ROUTE("'proxyNextUpstream':{'enabled':false,'timeout':-3}") },
    { "annotations 6 route-limit", "LIMIT_ZERO", CUSTOM("'higress.io/route-limit-rps':'0'"), "r",
      "(if this gateway is older than 2.2.4)",
      CUSTOM("'higress.io/route-limit-rps':'99999999999'") },
    { "annotations 5 session-cookie-max-age", "COOKIE_AGE_REFUSED",
      CUSTOM("'higress.io/affinity':'cookie','higress.io/session-cookie-max-age':'-5'"), "r",
      "is below 0", CUSTOM("'higress.io/session-cookie-max-age':'-5'") },
    { "annotations 5 upstream-hash-by", "HASH_REFUSED",
      CUSTOM("'higress.io/upstream-hash-by':'$http_'"), "r", "names no header",
      CUSTOM("'higress.io/upstream-hash-by':'$http_x_user'") },
    { "annotations 2 permanent-redirect-code", "REDIRECT_REFUSED",
      CUSTOM("'higress.io/permanent-redirect':'https://x.example/',"
             "'higress.io/permanent-redirect-code':'304'"),
      "r", "is left without an action", CUSTOM("'higress.io/permanent-redirect-code':'304'") },
    { "annotations 3 canary-weight", "CANARY_WEIGHT_REFUSED",
      CUSTOM("'higress.io/canary':'true','higress.io/canary-weight':'-5'"), "r", "is below 0",
      CUSTOM("'higress.io/canary-weight':'-5'") },
    { "annotations 4 destination", "WEIGHTS_REFUSED",
      "{'route':[{'name':'r','services':[{'name':'a','weight':0},{'name':'b','weight':0}]}]}", "r",
      "have no weight above 0",
      "{'route':[{'name':'r','services':[{'name':'a','weight':100},{'name':'b','weight':0}]}]}" },
    { "annotations 2 rewrite-path", "LINE_BREAK_REFUSED", ROUTE("'rewrite':{'host':'a\\nb'}"), "r",
      "rewrite.host: holds a line break", ROUTE("'rewrite':{'enabled':false,'host':'a\\nb'}") },
    { "annotations 2 match-header", "PREDICATE_REFUSED",
      ROUTE("'headers':[{'key':'x','matchType':'PRE','matchValue':''}]"), "r",
      "headers[0].matchValue: is empty",
      ROUTE("'headers':[{'key':'x','matchType':'EQUAL','matchValue':''}]") },
    { "annotations 7 header-control", "HEADER_VALUE_REFUSED", HEADERS("100% sure"), "r",
      "headerControl.request.add[0].value: has a %", HEADERS("100%% sure, %REQ(x?y):7%") },
    { "annotations 7 header-control", "HEADER_VALUE_REFUSED", HEADERS("a%3Db"), "r", "write %%",
      HEADERS("%DYNAMIC_METADATA(a:b)%") },
    { "annotations 7 header-control", "HEADER_LENGTH_REFUSED",
      ROUTE("'headerControl':{'request':{'add':[{'key':'\\u0027\\u0027','value':'b'}]}}"), "r",
      "has no name", HEADERS("b") },
    { "annotations 2 use-regex", "EXPRESSION_REFUSED",
      BARE("'path':{'matchType':'REGULAR','matchValue':'/(x'}"), "r",
      "path.matchValue: becomes an expression that RE2 does not take (missing ))",
      BARE("'path':{'matchType':'REGULAR','matchValue':'/(x)'}") },
    { "annotations 2 use-regex", "EXPRESSION_REFUSED",
      BARE("'path':{'matchType':'PRE','matchValue':'/a(b'},'rewrite':{'path':'/new'}"), "r",
      "path.matchValue", BARE("'path':{'matchType':'PRE','matchValue':'/a(b'}") },
    { "annotations 2 use-regex", "EXPRESSION_REFUSED",
      CUSTOM("'higress.io/canary':'true','higress.io/canary-by-cookie':'a(b'"), "r",
      "customConfigs.higress.io/canary-by-cookie", CUSTOM("'higress.io/canary-by-cookie':'a(b'") },
    { "annotations 2 use-regex", "EXPRESSION_REFUSED",
      CORS("'enabled':true,'allowOrigins':['https://*.x(']"), "r", "cors.allowOrigins[0]",
      CORS("'enabled':true,'allowOrigins':['https://(x']") },
    { "annotations 2 use-regex", "EXPRESSION_LARGE",
      BARE("'path':{'matchType':'REGULAR','matchValue':'/(a{100}){10}'}"), "r",
      "note EXPRESSION_LARGE", BARE("'path':{'matchType':'REGULAR','matchValue':'/a{10}'}") },
};

static const struct trap_case names[] = {
    { "annotations 1 names", "ANNOTATION_UNKNOWN", CUSTOM("'higress.io/time-out':'30'"), "r",
      "is a name that nobody reads; probably meant: higress.io/timeout",
      CUSTOM("'example.com/owner':'me'") },
    { "annotations 1 names", "ANNOTATION_UNKNOWN",
      CUSTOM("'mse.ingress.kubernetes.io/route-limit-rps':'3'"), "r",
      "probably meant: higress.io/route-limit-rps",
      CUSTOM("'higress.io/resource-description':'x'") },
    { "annotations 1 prefix", "ANNOTATION_PREFIX",
      CUSTOM("'nginx.ingress.kubernetes.io/timeout':'30'"), "r", "under higress.io/ only",
      CUSTOM("'nginx.ingress.kubernetes.io/canary':'true'") },
    { "annotations 1 both", "ANNOTATION_TWICE",
      CUSTOM("'nginx.ingress.kubernetes.io/app-root':'/a','higress.io/app-root':'/b'"), "r",
      "customConfigs.higress.io/app-root: is not taken beside nginx.ingress.kubernetes.io/app-root",
      CUSTOM("'nginx.ingress.kubernetes.io/app-root':'/a','higress.io/app-root':'/a'") },
    { "annotations 1 values", "ANNOTATION_VALUE", CUSTOM("'higress.io/canary':'yes'"), "r",
      "is neither true nor false", CUSTOM("'higress.io/canary':'T'") },
    { "annotations 1 values", "ANNOTATION_VALUE", CUSTOM("'higress.io/load-balance':'ewma'"), "r",
      "none of the words", CUSTOM("'higress.io/load-balance':'ROUND_ROBIN'") },
    { "annotations 6 timeout", "TIMEOUT_UNREAD", CUSTOM("'higress.io/timeout':'30s'"), "r",
      "requests have no timeout", CUSTOM("'higress.io/timeout':'30'") },
    { "annotations 6 timeout", "TIMEOUT_UNREAD", CUSTOM("'higress.io/timeout':'0'"), "r",
      "dead TIMEOUT_UNREAD", CUSTOM("'higress.io/timeout':'-1'") },
    { "annotations 6 route-limit", "LIMIT_NONE", CUSTOM("'higress.io/route-limit-rps':'5/s'"), "r",
      "the route has no limit at all", CUSTOM("'higress.io/route-limit-rps':'5'") },
    { "annotations 6 route-limit", "LIMIT_NONE",
      CUSTOM("'higress.io/route-limit-rps':'5','higress.io/route-limit-rpm':'-1'"), "r",
      "route-limit-rps does not take its place",
      "{'version':'2.2.3','route':[{'name':'r','customConfigs':{'higress.io/route-limit-rps':"
      "'0'}}]}" },
    { "annotations 6 route-limit", "LIMIT_NONE",
      CUSTOM("'higress.io/route-limit-rps':'4294967295'"), "r", "with its burst",
      CUSTOM("'higress.io/route-limit-rps':'4294967295','higress.io/route-limit-burst-multiplier':"
             "'1'") },
    { "annotations 6 route-limit", "LIMIT_CAST", CUSTOM("'higress.io/route-limit-rps':'-5'"), "r",
      "is cut to 32 bits",
      "{'version':'2.2.4','route':[{'name':'r','customConfigs':{'higress.io/route-limit-rps':"
      "'-5'}}]}" },
    { "annotations 6 route-limit", "LIMIT_CAST",
      CUSTOM("'higress.io/route-limit-rps':'5','higress.io/route-limit-burst-multiplier':'0'"), "r",
      "is answered 429",
      CUSTOM("'higress.io/route-limit-rps':'5','higress.io/route-limit-burst-multiplier':'2'") },
    { "annotations 6 route-limit", "LIMIT_ALONE",
      CUSTOM("'higress.io/route-limit-burst-multiplier':'2'"), "r", "does nothing without",
      CUSTOM("'higress.io/route-limit-rps':'5','higress.io/route-limit-burst-multiplier':'2'") },
    { "annotations 7 whitelist-source-range", "ALLOW_LIST_OPEN",
      CUSTOM("'nginx.ingress.kubernetes.io/whitelist-source-range':'10.0.0.0/8 192.168.0.0/16'"),
      "r", "open ALLOW_LIST_OPEN",
      CUSTOM("'nginx.ingress.kubernetes.io/whitelist-source-range':'10.0.0.0/8, ::1'") },
    { "annotations 7 whitelist-source-range", "ALLOW_LIST_ITEMS",
      CUSTOM("'higress.io/whitelist-source-range':'10.0.0.0/8,office'"), "r", "are dropped",
      CUSTOM("'higress.io/whitelist-source-range':'10.0.0.0/8'") },
    { "annotations 10 allowlist-source-range", "ALLOW_LIST_UNREAD",
      CUSTOM("'nginx.ingress.kubernetes.io/allowlist-source-range':'10.0.0.0/8'"), "r",
      "is not read: only these addresses were let in; instead: whitelist-source-range",
      CUSTOM("'nginx.ingress.kubernetes.io/whitelist-source-range':'10.0.0.0/8'") },
    { "annotations 10 allowlist-source-range", "ALLOW_LIST_UNREAD",
      CUSTOM("'nginx.ingress.kubernetes.io/denylist-source-range':'10.0.0.0/8'"), "r",
      "these addresses were kept out", CUSTOM("'higress.io/timeout':'1'") },
    { "annotations 7 auth-type", "LOGIN_UNREAD",
      CUSTOM("'nginx.ingress.kubernetes.io/auth-url':'http://auth.internal/'"), "r",
      "a service decided who was let in",
      CUSTOM("'nginx.ingress.kubernetes.io/auth-cache-key':'x'") },
    { "annotations 10 snippets", "GUARD_UNREAD",
      CUSTOM("'nginx.ingress.kubernetes.io/configuration-snippet':'deny all;'"), "r",
      "directives of nginx", CUSTOM("'nginx.ingress.kubernetes.io/server-alias':'x'") },
    { "annotations 10 limit-rps", "LIMIT_UNREAD",
      CUSTOM("'nginx.ingress.kubernetes.io/limit-rps':'5'"), "r", "each client address",
      CUSTOM("'higress.io/route-limit-rps':'5'") },
    { "annotations 10", "ANNOTATION_LOST",
      CUSTOM("'nginx.ingress.kubernetes.io/server-alias':'b.example'"), "r", "further hosts",
      CUSTOM("'nginx.ingress.kubernetes.io/app-root':'/a'") },
    { "annotations 10 tuning", "ANNOTATION_TUNING",
      CUSTOM("'nginx.ingress.kubernetes.io/proxy-buffer-size':'8k'"), "r", "sizes of buffers",
      CUSTOM("'nginx.ingress.kubernetes.io/server-alias':'b.example'") },
    { "annotations 9 class", "CLASS_OTHER", CUSTOM("'kubernetes.io/ingress.class':'nginx'"), "r",
      "is 'nginx'", CUSTOM("'kubernetes.io/ingress.class':'higress'") },
};

static const struct trap_case traffic[] = {
    { "annotations 2 match-method", "METHODS_ALL", ROUTE("'methods':['GET,POST']"), "r",
      "the route takes every method", ROUTE("'methods':['get','POST']") },
    { "annotations 2 match-method", "METHODS_SOME", ROUTE("'methods':['GET','PURGE']"), "r",
      "is no method", ROUTE("'methods':['GET,POST']") },
    { "annotations 2 match-header", "PREDICATE_RANDOM",
      ROUTE("'headers':[{'key':'x','matchType':'EQUAL','matchValue':'a'},{'key':'x','matchType':"
            "'PRE','matchValue':'b'}]"),
      "r", "headers[1]: is a second predicate of 'x'",
      ROUTE("'headers':[{'key':'x','matchType':'EQUAL','matchValue':'a'},{'key':'y','matchType':"
            "'PRE','matchValue':'b'}]") },
    { "annotations 2 ignore-path-case", "CASE_UNREAD",
      BARE("'path':{'matchType':'REGULAR','matchValue':'/a','caseSensitive':false}"), "r", "(?i)",
      BARE("'path':{'matchType':'PRE','matchValue':'/a','caseSensitive':false}") },
    { "annotations 2 full-path-regex", "REGEX_BY_ACCIDENT",
      BARE("'path':{'matchType':'PRE','matchValue':'/api/v1.0'},'customConfigs':"
           "{'higress.io/full-path-regex':'true'}"),
      "r", "makes an expression of a path", CUSTOM("'higress.io/full-path-regex':'true'") },
    { "annotations 2 rewrite-target", "REWRITE_LITERAL", ROUTE("'rewrite':{'path':'/$1'}"), "r",
      "letter by letter",
      BARE("'path':{'matchType':'REGULAR','matchValue':'/a/(.*)'},'rewrite':{'path':'/$1'}") },
    { "annotations 11 rewrite-target", "REWRITE_UNANCHORED",
      ROUTE("'readonly':true,'rewrite':{'path':'/bar'}"), "r", "'/foo/x' becomes '//x'",
      ROUTE("'readonly':false,'rewrite':{'path':'/bar'}") },
    { "annotations 2 temporal-redirect", "REDIRECT_SHADOWED",
      CUSTOM("'higress.io/temporal-redirect':'https://a.example/','higress.io/permanent-redirect':"
             "'https://b.example/'"),
      "r", "permanent-redirect: is not read beside",
      CUSTOM("'higress.io/temporal-redirect':'a','higress.io/permanent-redirect':"
             "'https://b.example/'") },
    { "annotations 2 temporal-redirect query", "REDIRECT_QUERY",
      CUSTOM("'higress.io/temporal-redirect':'https://a.example/?x=1'"), "r", "has a query",
      CUSTOM("'higress.io/temporal-redirect':'https://a.example/'") },
    { "annotations 2 permanent-redirect-code", "REDIRECT_CODE",
      CUSTOM("'higress.io/permanent-redirect-code':'418'"), "r", "so it is 301",
      CUSTOM("'higress.io/permanent-redirect-code':'308'") },
    { "annotations 11 destination", "DESTINATION_NUMBER",
      "{'route':[{'name':'r','services':[{'name':'50','version':'a.dns:80'}]}]}", "r",
      "is the number 50", "{'route':[{'name':'r','services':[{'name':'a50.dns'}]}]}" },
    { "annotations 11 destination port", "DESTINATION_PORT",
      "{'route':[{'name':'r','services':[{'name':'a.dns:99999'}]}]}", "r", "is no port",
      "{'route':[{'name':'r','services':[{'name':'http://a.dns'}]}]}" },
    { "annotations 4 destination scheme", "DESTINATION_SCHEME",
      "{'route':[{'name':'r','services':[{'name':'https://a.dns','port':443}]}]}", "r",
      "(if this gateway is older than 2.2.4)",
      "{'version':'2.2.4','route':[{'name':'r','services':[{'name':'https://a.dns'}]}]}" },
    { "annotations 4 destination weights", "DESTINATION_WEIGHTS",
      "{'route':[{'name':'r','services':[{'name':'a','weight':60},{'name':'b','weight':60}]}]}",
      "r", "add up to 120",
      "{'route':[{'name':'r','services':[{'name':'a','weight':60},{'name':'b','weight':40}]}]}" },
    { "annotations 6 proxy-next-upstream", "RETRY_WORDS",
      ROUTE("'proxyNextUpstream':{'conditions':['Error']}"), "r", "hold no word",
      ROUTE("'proxyNextUpstream':{'conditions':['error','http_502']}") },
    { "annotations 6 proxy-next-upstream-tries", "RETRY_OFF",
      ROUTE("'proxyNextUpstream':{'attempts':0}"), "r", "nothing is tried again",
      ROUTE("'proxyNextUpstream':{'attempts':1}") },
    { "annotations 6 proxy-next-upstream writes", "RETRY_WRITES",
      ROUTE("'proxyNextUpstream':{'conditions':['error','non_idempotent']}"), "r", "is done twice",
      ROUTE("'proxyNextUpstream':{'conditions':['error']}") },
    { "annotations 7 header-control", "HEADER_UNSET",
      ROUTE(
          "'headerControl':{'request':{'set':[{'key':'a','value':'1'},{'key':'a','value':'2'}]}}"),
      "r", "headerControl.request.set[0]: 'a' is given again",
      ROUTE("'headerControl':{'request':{'set':[{'key':'host','value':'x'}]}}") },
    { "annotations 7 header-control", "HEADER_UNSET",
      ROUTE("'headerControl':{'request':{'set':[{'key':':path','value':'1'}]}}"), "r",
      "is a pseudo header", ROUTE("'headerControl':{'request':{'set':[]}}") },
    { "annotations 7 cors-allow-origin", "CORS_ANY_ORIGIN", CORS("'enabled':true"), "r",
      "which are on by default", CORS("'enabled':true,'allowCredentials':false") },
    { "annotations 7 cors-allow-origin scheme", "CORS_SCHEME",
      CORS("'enabled':true,'allowOrigins':['https://*.example.com']"), "r",
      "cors.allowOrigins[0]: is compared by the end",
      CORS("'enabled':true,'allowOrigins':['https://a.example.com']") },
    { "annotations 7 cors-allow-origin wildcard", "CORS_ORIGIN_UNREAD",
      CORS("'enabled':true,'allowOrigins':['https://a.*.com']"), "r", "and is ignored",
      CORS("'enabled':true,'allowOrigins':['*']") },
    { "annotations 7 enable-cors", "CORS_OFF", CORS("'allowOrigins':['https://a.example']"), "r",
      "CORS is not enabled", CORS("'enabled':false,'allowOrigins':['https://a.example']") },
    { "annotations 4 custom-http-errors", "FALLBACK_CODES",
      CUSTOM("'higress.io/custom-http-errors':'404'"), "r", "does nothing without default-backend",
      CUSTOM("'higress.io/custom-http-errors':'404','higress.io/default-backend':'b'") },
    { "annotations 4 custom-http-errors", "FALLBACK_CODES",
      CUSTOM("'higress.io/custom-http-errors':'404,302','higress.io/default-backend':'b'"), "r",
      "names 302", CUSTOM("'higress.io/default-backend':'b'") },
    { "annotations 4 proxy-ssl-secret", "UPSTREAM_TLS_OFF",
      CUSTOM("'higress.io/proxy-ssl-secret':'ns/a'"), "r", "in clear text",
      CUSTOM("'higress.io/proxy-ssl-secret':'ns/a','higress.io/backend-protocol':'https'") },
    { "annotations 4 proxy-ssl-verify", "UPSTREAM_VERIFY_DEAD",
      CUSTOM("'higress.io/proxy-ssl-verify':'on'"), "r", "does nothing",
      CUSTOM("'higress.io/proxy-ssl-name':'a'") },
    { "annotations 4 proxy-ssl-name", "UPSTREAM_NAME_UNSENT",
      CUSTOM("'higress.io/proxy-ssl-name':'a'"), "r", "is not sent",
      CUSTOM("'higress.io/proxy-ssl-name':'a','higress.io/proxy-ssl-server-name':'on'") },
    { "annotations 4 backend-protocol", "UPSTREAM_UNVERIFIED",
      CUSTOM("'higress.io/backend-protocol':'HTTPS'"), "r", "(if this gateway is older than 2.2.0)",
      CUSTOM("'higress.io/backend-protocol':'GRPC'") },
    { "annotations 4 backend-protocol 2.2.2", "UPSTREAM_UNVERIFIED_AGAIN",
      "{'version':'2.2.2','route':[{'name':'r','customConfigs':{'higress.io/backend-protocol':"
      "'GRPCS'}}]}",
      "r", "open UPSTREAM_UNVERIFIED_AGAIN",
      "{'version':'2.2.3','route':[{'name':'r','customConfigs':{'higress.io/backend-protocol':"
      "'GRPCS'}}]}" },
    { "annotations 4 backend-protocol verified", "UPSTREAM_VERIFIED",
      CUSTOM("'higress.io/backend-protocol':'HTTPS'"), "r", "(if this gateway is at least 2.2.0)",
      CUSTOM("'higress.io/backend-protocol':'HTTP2'") },
    { "annotations 5 affinity", "AFFINITY_ANYWAY", CUSTOM("'higress.io/affinity':'none'"), "r",
      "whatever its value is", CUSTOM("'higress.io/affinity':'cookie'") },
    { "annotations 5 affinity", "AFFINITY_ANYWAY", CUSTOM("'higress.io/session-cookie-name':'a'"),
      "r", "without the annotation affinity",
      CUSTOM("'higress.io/affinity':'cookie','higress.io/session-cookie-name':'a'") },
    { "annotations 5 load-balance", "BALANCE_SHADOWED",
      CUSTOM("'higress.io/upstream-hash-by':'$host','higress.io/load-balance':'random'"), "r",
      "load-balance: is not read beside upstream-hash-by",
      CUSTOM("'higress.io/load-balance':'random'") },
    { "annotations 5 upstream-hash-by", "HASH_UNREAD",
      CUSTOM("'higress.io/upstream-hash-by':'$host$request_uri'"), "r", "nothing is hashed",
      CUSTOM("'higress.io/upstream-hash-by':'$http_x_user'") },
    { "annotations 5 load-balance passthrough", "BALANCE_PASSTHROUGH",
      CUSTOM("'higress.io/load-balance':'passthrough'"), "r", "which is the gateway itself",
      CUSTOM("'higress.io/load-balance':'random'") },
    { "annotations 4 mirror", "MIRROR_SHADOWED",
      CUSTOM("'higress.io/mirror-target-fqdn':'a.b','higress.io/mirror-target-service':'c'"), "r",
      "is not read beside", CUSTOM("'higress.io/mirror-target-fqdn':'a.b'") },
    { "annotations 7 ssl-passthrough", "PASSTHROUGH_OPEN",
      CUSTOM("'higress.io/ssl-passthrough':'true'"), "r", "open PASSTHROUGH_OPEN",
      "{'version':'2.2.2','route':[{'name':'r','customConfigs':{'higress.io/ssl-passthrough':"
      "'true'}}]}" },
    { "annotations 7 ssl-passthrough before", "PASSTHROUGH_UNREAD",
      CUSTOM("'higress.io/ssl-passthrough':'true'"), "r", "is not read",
      "{'version':'2.2.3','route':[{'name':'r','customConfigs':{'higress.io/ssl-passthrough':"
      "'true'}}]}" },
    { "annotations 7a domains", "MCP_DOMAIN_BLANK",
      CUSTOM("'higress.io/mcp-server':'true','higress.io/mcp-server-match-rule-domains':"
             "'a.com, b.com'"),
      "r", "holds a blank",
      CUSTOM("'higress.io/mcp-server':'true','higress.io/mcp-server-match-rule-domains':"
             "'a.com,b.com'") },
    { "annotations 7a type", "MCP_UNREGISTERED",
      CUSTOM("'higress.io/mcp-server':'true','higress.io/mcp-server-match-rule-type':'Prefix'"),
      "r", "is none of exact|prefix",
      CUSTOM("'higress.io/mcp-server':'true','higress.io/mcp-server-match-rule-type':'prefix'") },
    { "annotations 7a type", "MCP_UNREGISTERED", CUSTOM("'higress.io/mcp-server':'true'"), "r",
      "is missing: the MCP server is not registered", CUSTOM("'higress.io/mcp-server':'false'") },
    { "annotations 7a value", "MCP_QUOTE_ANNOTATION",
      CUSTOM("'higress.io/mcp-server':'true','higress.io/mcp-server-match-rule-value':'/a\\\\d'"),
      "r", "the sessions of every MCP server stop",
      CUSTOM("'higress.io/mcp-server':'true','higress.io/mcp-server-match-rule-value':'/a[0-9]'") },
    { "annotations 7a everywhere", "MCP_TAKES_ALL",
      CUSTOM("'higress.io/mcp-server':'true','higress.io/mcp-server-match-rule-type':'prefix',"
             "'higress.io/mcp-server-match-rule-value':'/'"),
      "r", "takes every path of every host",
      CUSTOM("'higress.io/mcp-server':'true','higress.io/mcp-server-match-rule-type':'prefix',"
             "'higress.io/mcp-server-match-rule-value':'/mcp'") },
    { "annotations 6 timeout streams", "STREAM_CUT",
      AI("'customConfigs':{'higress.io/timeout':'30'}"), "r", "longer than 30 seconds",
      AI("'customConfigs':{}") },
};

#define BASE                                                                                       \
    "{'name':'b','domains':['a.example'],'path':{'matchType':'PRE','matchValue':'/app'},"          \
    "'services':[{'name':'a.static','port':80}]}"
#define GUARDED                                                                                    \
    "{'name':'b','domains':['a.example'],'path':{'matchType':'PRE','matchValue':'/app'},"          \
    "'authConfig':{'enabled':true},'services':[{'name':'a.static','port':80}]}"
#define CANARY(annotations)                                                                        \
    "{'name':'c','domains':['a.example'],'path':{'matchType':'PRE','matchValue':'/app'},"          \
    "'services':[{'name':'b.static','port':80}],'customConfigs':{'higress.io/"                     \
    "canary':'true'," annotations "}}"
#define PAIR(base, annotations) "{'route':[" base "," CANARY(annotations) "],'plugin-instance':[]}"
#define BY_HEADER_X "'higress.io/canary-by-header':'x-beta'"

static const struct trap_case canaries[] = {
    { "annotations 3 header canary", "CANARY_ESCAPES", PAIR(GUARDED, BY_HEADER_X), "c",
      "that route's rules do not hold for it: key-auth of its consumers",
      PAIR(GUARDED, "'higress.io/canary-weight':'20'") },
    { "annotations 3 header canary", "CANARY_ESCAPES",
      "{'route':[" BASE "," CANARY(BY_HEADER_X) "],'plugin-instance':[{'scope':'route:b','object':"
                                                "{'pluginName':'ip-restriction','enabled':true}}]}",
      "c", "ip-restriction",
      "{'route':[" BASE "," CANARY(BY_HEADER_X) "],'plugin-instance':[{'scope':'route:b','object':"
                                                "{'pluginName':'ip-restriction','enabled':true}},{'"
                                                "scope':'route:c','object':{'pluginName':"
                                                "'ip-restriction','enabled':true}}]}" },
    { "annotations 3 header canary later", "CANARY_OWN_ROUTE", PAIR(BASE, BY_HEADER_X), "c",
      "is a route of its own before route b", PAIR(GUARDED, BY_HEADER_X) },
    { "annotations 3 predicates", "CANARY_DROPS_PREDICATES",
      "{'route':[{'name':'b','path':{'matchType':'PRE','matchValue':'/'},'headers':[{'key':'x',"
      "'matchType':'EQUAL','matchValue':'1'}]},{'name':'c','path':{'matchType':'PRE','matchValue':"
      "'/'},'headers':[{'key':'x','matchType':'EQUAL','matchValue':'1'}],'customConfigs':"
      "{'higress.io/canary':'true'," BY_HEADER_X "}}]}",
      "c", "replaces the header predicates of route b", PAIR(BASE, BY_HEADER_X) },
    { "annotations 9 defaultBackend", "DEFAULT_ESCAPES",
      "{'route':[" GUARDED ",{'name':'b-default','path':{'matchType':'PRE','matchValue':'/'}}],"
      "'plugin-instance':[]}",
      "b-default", "takes what route b leaves",
      "{'route':[" BASE ",{'name':'b-default','path':{'matchType':'PRE','matchValue':'/'}}],"
      "'plugin-instance':[]}" },
    { "annotations 3 canary", "CANARY_OFF", CUSTOM("'higress.io/canary-weight':'20'"), "r",
      "does nothing without canary: true", PAIR(BASE, "'higress.io/canary-weight':'20'") },
    { "annotations 11 canary-by-header-value", "CANARY_VALUE_ALONE",
      PAIR(BASE, "'nginx.ingress.kubernetes.io/canary-by-header-value':'v2'"), "c",
      "is one by weight 0",
      PAIR(BASE, BY_HEADER_X ",'nginx.ingress.kubernetes.io/canary-by-header-value':'v2'") },
    { "annotations 3 canary-weight", "CANARY_WEIGHT_DEAD",
      PAIR(BASE, BY_HEADER_X ",'higress.io/canary-weight':'20'"), "c",
      "is not read beside a header", PAIR(BASE, "'higress.io/canary-weight':'20'") },
    { "annotations 3 order", "CANARY_SECOND_WAY",
      PAIR(BASE,
           BY_HEADER_X ",'higress.io/canary-by-header-value':'a','higress.io/canary-by-cookie'"
                       ":'b'"),
      "c", "canary-by-cookie: is not read beside canary-by-header-value",
      PAIR(BASE, "'higress.io/canary-by-cookie':'b'") },
    { "annotations 3 canary-weight percent", "CANARY_WEIGHT_ZERO",
      PAIR(BASE, "'higress.io/canary-weight':'0'"), "c", "is 0 of 100",
      PAIR(BASE, "'higress.io/canary-weight':'1'") },
    { "annotations 3 canary-weight percent", "CANARY_WEIGHT_ZERO",
      "{'route':[" CANARY(
          "'higress.io/canary-weight':'5','higress.io/canary-weight-total':'1000'") "]}",
      "c", "is 5 of 1000, which is cut down to 0 percent",
      PAIR(BASE, "'higress.io/canary-weight':'5','higress.io/canary-weight-total':'1000'") },
    { "annotations 3 canary-weight total", "CANARY_WEIGHT_ALL",
      PAIR(BASE, "'higress.io/canary-weight':'120'"), "c", "is 120 of 100",
      PAIR(BASE, "'higress.io/canary-weight':'20'") },
    { "annotations 3 canary-weight-total", "CANARY_TOTAL_DEAD",
      PAIR(BASE, "'higress.io/canary-weight':'5','higress.io/canary-weight-total':'1000'"), "c",
      "with a weight of 100 together",
      PAIR(BASE, "'higress.io/canary-weight':'5','higress.io/canary-weight-total':'100'") },
    { "annotations 3 base", "CANARY_NO_BASE",
      "{'route':[" CANARY("'higress.io/canary-weight':'20'") "]}", "c", "is a canary of no route",
      PAIR(BASE, "'higress.io/canary-weight':'20'") },
};

#define WITH_DOMAIN(domain, annotations)                                                           \
    "{'domain':[{'name':'a.example'," domain "}],'route':[{'name':'r','domains':['a.example'],"    \
    "'customConfigs':{" annotations "}}],'ai-route':[]}"
#define HTTPS_ON "'enableHttps':'on','certIdentifier':'web'"
#define TWO(members, others)                                                                       \
    "{'route':[{'name':'q','domains':['a.example'],'services':[{'name':'a.static','port':80}],"    \
    "'customConfigs':{" members "}},{'name':'r','domains':['a.example'],'services':[{'name':"      \
    "'a.static','port':80}],'customConfigs':{" others "}}]}"
#define MIRROR(target)                                                                             \
    "{'service':[{'name':'b.shop.svc.cluster.local','port':80}],'ai-route':[],'route':[{'name':"   \
    "'r','customConfigs':{'higress.io/mirror-target-service':'" target "'}}]}"

static const struct trap_case hosts[] = {
    { "annotations 11 auth-tls-secret", "CLIENT_CERTIFICATE_OFF",
      WITH_DOMAIN(HTTPS_ON, "'nginx.ingress.kubernetes.io/auth-tls-secret':'prod/ca'"), "r",
      "is not named web or web-cacert",
      WITH_DOMAIN(HTTPS_ON, "'nginx.ingress.kubernetes.io/auth-tls-secret':"
                            "'higress-system/web-cacert'") },
    { "annotations 11 auth-tls-secret", "CLIENT_CERTIFICATE_OFF",
      WITH_DOMAIN("'enableHttps':'off'", "'higress.io/auth-tls-secret':'web'"), "r",
      "which serves no HTTPS", WITH_DOMAIN(HTTPS_ON, "'higress.io/auth-tls-secret':'web'") },
    { "annotations 2 force-ssl-redirect", "SSL_REDIRECT_NOWHERE",
      WITH_DOMAIN("'enableHttps':'off'", "'higress.io/force-ssl-redirect':'true'"), "r",
      "nothing serves HTTPS for a.example",
      WITH_DOMAIN(HTTPS_ON, "'higress.io/force-ssl-redirect':'true'") },
    { "annotations 2 app-root", "APP_ROOT_TWICE",
      TWO("'higress.io/app-root':'/a'", "'higress.io/app-root':'/b'"), "r",
      "says otherwise than route q for a.example",
      TWO("'higress.io/app-root':'/a'", "'higress.io/app-root':'/a'") },
    { "annotations 5 one service", "SERVICE_SETTING_SHARED",
      TWO("'higress.io/backend-protocol':'HTTPS'", ""), "r",
      "says otherwise than route q for a.static:80",
      TWO("'higress.io/backend-protocol':'HTTPS'", "'higress.io/backend-protocol':'HTTPS'") },
    { "annotations 4 mirror-target-service", "MIRROR_LOST", MIRROR("b.static:80"), "r",
      "nothing is mirrored", MIRROR("shop/b:80") },
    { "annotations 4 mirror-target-service port", "MIRROR_PORTLESS", MIRROR("shop/c"), "r",
      "crashes the controller here", MIRROR("shop/b") },
};

static char *quoted(struct arena *a, const char *s)
{
    char *text = arena_strdup(a, s);
    for (char *c = text; c && *c; c++)
        *c = *c == '\'' && (c == text || c[-1] != '\\') ? '"' : *c;
    return text;
}

static void try_all(const struct trap *rows, const struct trap_case *cases, size_t count)
{
    struct arena *a = arena_new();
    for (size_t i = 0; i < count; i++) {
        struct trap_case c = cases[i];
        c.trapped = quoted(a, c.trapped);
        c.well = quoted(a, c.well);
        case_try(&c);
    }
    case_all_tried(rows, cases, (int)count);
    arena_free(a);
}

#define CASES(list) list, sizeof list / sizeof *list

static void refusals_by_number(void **state)
{
    (void)state;
    try_all(trap_refusal_rows, CASES(refusals));
}

static void names_by_number(void **state)
{
    (void)state;
    try_all(trap_annotation_rows, CASES(names));
}

static void traffic_by_number(void **state)
{
    (void)state;
    try_all(trap_annotation_route_rows, CASES(traffic));
}

static void canaries_by_number(void **state)
{
    (void)state;
    try_all(trap_annotation_canary_rows, CASES(canaries));
}

static void hosts_by_number(void **state)
{
    (void)state;
    try_all(trap_annotation_host_rows, CASES(hosts));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_by_number), cmocka_unit_test(names_by_number),
        cmocka_unit_test(traffic_by_number),  cmocka_unit_test(canaries_by_number),
        cmocka_unit_test(hosts_by_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
