# several objects are one plan, in the order of their dependencies
given POST /v1/service-sources {"name":"old","type":"static","domain":"127.0.0.1:9000","port":80,"protocol":"http"}
person accept
call apply_manifest {"manifest":[
  {"kind":"plugin-instance","name":"key-rate-limit","scope":"route:orders","enabled":true,"configurations":{"limit_by_header":"x-api-key","limit_keys":[{"key":"a","query_per_second":10}]}},
  {"kind":"route","name":"orders","domains":["shop.example.com"],"path":{"matchType":"PRE","matchValue":"/orders"},"services":[{"name":"shop.static","port":80}],"authConfig":{"enabled":true,"allowedConsumers":["alice"]}},
  {"kind":"consumer","name":"alice","credentials":[{"type":"key-auth","source":"BEARER","values":["alice-secret-1"]}]},
  {"kind":"domain","name":"shop.example.com","enableHttps":"on","certIdentifier":"default"},
  {"kind":"service-source","name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"},
  {"kind":"service-source","name":"old","port":81}]}
ok {"state":"applied","title":"Apply a manifest: create 5, change 1","operations":[{"kind":"service-source","verb":"create"},{"kind":"service-source","verb":"put"},{"kind":"domain"},{"kind":"consumer"},{"kind":"route"},{"kind":"plugin-instance"}]}
asked 1
console GET /v1/routes/orders {"authConfig":{"enabled":true,"allowedCredentialTypes":["key-auth"],"allowedConsumers":["alice"]}}
console GET /v1/routes/orders/plugin-instances/key-rate-limit {"enabled":true}
console GET /v1/service-sources/old {"domain":"127.0.0.1:9000","port":81}
never "alice-secret-1"

# YAML as Higress writes it: a bridge, a domain, an Ingress with its certificate, a plugin
only stdio
person accept
call apply_manifest {"manifest":"apiVersion: networking.higress.io/v1\nkind: McpBridge\nmetadata: {name: default}\nspec:\n  proxies:\n  - {type: http, name: px, serverAddress: 10.1.1.1, serverPort: 3128}\n  registries:\n  - {name: web, type: static, domain: \"10.0.0.1:8080\", port: 80, proxyName: px}\n  - {name: llm-x.internal, type: dns, domain: a.example.com, port: 443}\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: orders\n  labels: {team: x}\n  annotations:\n    higress.io/destination: web.static:80\n    higress.io/ignore-path-case: \"false\"\n    higress.io/match-method: GET POST\n    higress.io/exact-match-header-x-tier: gold\n    higress.io/enable-rewrite: \"true\"\n    higress.io/rewrite-path: /v2\n    disabled.higress.io/proxy-next-upstream-tries: \"3\"\n    higress.io/enable-proxy-next-upstream: \"false\"\n    higress.io/request-header-control-add: |-\n      x-a 1\n      x-b 2\n    higress.io/timeout: \"30\"\n    higress.io/ssl-redirect: \"true\"\nspec:\n  tls:\n  - {hosts: [shop.example.com], secretName: default}\n  rules:\n  - host: shop.example.com\n    http:\n      paths:\n      - path: /orders\n        pathType: Prefix\n        backend: {resource: {apiGroup: networking.higress.io, kind: McpBridge, name: default}}\n---\napiVersion: extensions.higress.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: key-rate-limit-1.0.0}\nspec:\n  defaultConfigDisable: true\n  matchRules:\n  - ingress: [orders]\n    config: {limit_by_header: x-api-key, limit_keys: [{key: a, query_per_second: 10}]}\n"}
ok {"state":"applied","title":"Apply a manifest: create 5, change 0"}
text "llm-x.internal is left out"
text "clients will refuse it"
console GET /v1/routes/orders {"domains":["shop.example.com"],"methods":["GET","POST"],"customConfigs":{"higress.io/timeout":"30"},"customLabels":{"team":"x"},"rewrite":{"enabled":true,"path":"/v2","host":null}}
console GET /v1/routes/orders {"headers":[{"matchType":"EQUAL","matchValue":"gold","caseSensitive":null,"key":"x-tier"}],"proxyNextUpstream":{"enabled":false,"attempts":3,"timeout":null,"conditions":null}}
console GET /v1/domains/shop.example.com {"enableHttps":"force","certIdentifier":"default"}
console GET /v1/service-sources/web {"proxyName":"px"}
console GET /v1/routes/orders/plugin-instances/key-rate-limit {"configurations":{"limit_by_header":"x-api-key","limit_keys":[{"key":"a","query_per_second":10}]}}

# mistakes name the document, its line and the field; nothing is written
only stdio
call apply_manifest {"manifest":"kind: consumer\nname: a\ncredentials: []\n---\nkind: domain\nname: d.example.com\nenableHttps: maybe\n"}
error "document 2 (line 4): domain 'd.example.com'"
call apply_manifest {"manifest":"kind: domain\nname: [\n"}
error "document 1 (line 1)"
call apply_manifest {"manifest":[{"kind":"route","name":"r","path":{"matchType":"PRE","matchValue":"/"},"services":[{"name":"nowhere.static"}]}]}
error "object 1: route 'r': services[0].name: there is no service 'nowhere.static'"
call apply_manifest {"manifest":[{"kind":"domain","name":"a.example.com"},{"kind":"domain","name":"a.example.com"}]}
error "twice"
call apply_manifest {"manifest":"apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n"}
error "'Pod' is not taken"
call apply_manifest {"manifest":[{"kind":"consumer","name":"a","credentials":[{"type":"key-auth","source":"BEARER","values":["${env:HOME}"]}]}]}
error "secrets.envs allows no variable"
call apply_manifest {"manifest":[{"kind":"domain","name":"higress-default-domain","enableHttps":"on"}]}
error "look like that already"

# an AI route brings its statistics along: what the manifest says of them holds
only stdio
mode auto
call apply_manifest {"manifest":[
  {"kind":"ai-provider","name":"qw","type":"qwen","tokens":["sk-token-of-qw"]},
  {"kind":"ai-route","name":"chat","upstreams":[{"provider":"qw","weight":100}]},
  {"kind":"plugin-instance","name":"ai-statistics","scope":"route:ai-route-chat.internal","enabled":true,"configurations":{"attributes":[{"key":"a","value_source":"fixed_value","value":"b"}]}},
  {"kind":"plugin-instance","name":"request-block","scope":"service:llm-qw.internal.dns","enabled":true,"configurations":{"block_urls":["/admin"]}}]}
ok {"state":"applied"}
console GET /v1/routes/ai-route-chat.internal/plugin-instances/ai-statistics {"configurations":{"attributes":[{"key":"a","value_source":"fixed_value","value":"b"}]}}
console GET /v1/services/llm-qw.internal.dns/plugin-instances/request-block {"enabled":true}
never "sk-token-of-qw"

# Kubernetes objects of AI routes, certificates and settings
only stdio
mode auto
call apply_manifest {"manifest":"apiVersion: extensions.higress.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: ai-proxy.internal}\nspec:\n  defaultConfig:\n    providers:\n    - {id: qw, type: qwen, protocol: openai, apiTokens: [sk-token-of-qw]}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: ai-route-chat}\ndata:\n  data: '{\"name\":\"chat\",\"upstreams\":[{\"provider\":\"qw\",\"weight\":100}]}'\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: domain-wildcard.example.com}\ndata: {domain: '*.example.com', enableHttps: 'off'}\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: ai-route-chat.internal}\nspec: {}\n"}
ok {"state":"applied","title":"Create domain *.example.com; Add provider qw (qwen); Add AI route chat to qw"}
text "ai-route-chat.internal is left out"
console GET /v1/ai/routes/chat {"name":"chat"}
console GET /v1/ai/providers/qw {"type":"qwen"}
never "sk-token-of-qw"
