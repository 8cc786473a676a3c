# every kind is described by the tables that check it
call describe_kind {"kind":"route","text":"services[].weight"}
ok {"count":1,"fields":["~0..100, default 100"],"actions":"create|patch|replace|delete"}
call describe_kind {"kind":"plugin-instance","plugin":"key-rate-limit","text":"limit_by_header"}
ok {"fields":["~limit_by_header: string"]}
call describe_kind {"kind":"plugin-instance","plugin":"no-such"}
error "there is no plugin 'no-such'"
call describe_kind {"kind":"route","plugin":"cors"}
error "only the kind plugin-instance has one"
call get_resource {"kind":"system"}
ok {"object":{"name":"system"}}
call get_resource {"kind":"route"}
error "name: is required"
call change_resource {"kind":"system","action":"patch","object":{"consoleVersion":"9"}}
error "can only be read"
call change_resource {"kind":"higress-config","action":"delete"}
error "neither created nor deleted"
call change_resource {"kind":"higress-config","action":"patch","object":{"data":{"higress":{"upstream":{"idleTimeout":"soon"}}}}}
error "data.higress.upstream.idleTimeout: is of another type"
call change_resource {"kind":"domain","action":"create","name":"a.example","object":{"name":"b.example","enableHttps":"off"}}
error "name: 'a.example' is not object.name"
call change_resource {"kind":"plugin-instance","action":"create","name":"waf","scope":"route:ghost","object":{"enabled":true}}
error "scope 'route:ghost'"

# what an object points to must exist
given POST /v1/service-sources {"name":"web","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
given POST /v1/domains {"name":"a.example.com","enableHttps":"off"}
given POST /v1/domains {"name":"b.example.com","enableHttps":"on","certIdentifier":"default"}
mode auto
call change_resource {"kind":"plugin-instance","action":"create","name":"cluster-key-rate-limit","scope":"domain:a.example.com","dry_run":true,"object":{"enabled":true,"configurations":{"rule_name":"r","rule_items":[{"limit_by_header":"h","limit_keys":[{"key":"a","query_per_second":5}]}],"redis":{"service_name":"ghost.static"}}}}
ok {}
text "the gateway knows no service 'ghost.static'"
text "LIMIT_UNREACHED"
call change_resource {"kind":"plugin-instance","action":"create","name":"cluster-key-rate-limit","scope":"domain:a.example.com","dry_run":true,"object":{"enabled":true,"configurations":{"rule_name":"r","global_threshold":{"query_per_second":5},"redis":{"service_name":"web.static"}}}}
ok {}
text "LIMIT_UNREACHED"
call change_resource {"kind":"route","action":"create","dry_run":true,"object":{"name":"r","path":{"matchType":"PRE","matchValue":"/r"},"services":[{"name":"web.static","port":81}]}}
ok {}
text "services[0].name: service 'web.static' is not known to have the port 81"
call change_resource {"kind":"route","action":"create","dry_run":true,"object":{"name":"r","path":{"matchType":"PRE","matchValue":"/r"},"services":[{"name":"web.static","port":80}]}}
ok {}
silent "! "
call change_resource {"kind":"route","action":"create","object":{"name":"r","path":{"matchType":"PRE","matchValue":"/r"},"services":[{"name":"web.static","port":80}],"authConfig":{"enabled":true,"allowedConsumers":["nobody"]}}}
error "authConfig.allowedConsumers[0]: there is no consumer 'nobody'"
call change_resource {"kind":"route","action":"create","object":{"name":"r","path":{"matchType":"PRE","matchValue":"/r"},"services":[{"name":"web.static","port":80}],"domains":["a.example.com","b.example.com"]}}
error "all domains of a route need the same"
call change_resource {"kind":"domain","action":"patch","name":"a.example.com","object":{"enableHttps":"on","certIdentifier":"ghost"}}
error "certIdentifier: there is no tls-certificate 'ghost'"
call change_resource {"kind":"service-source","action":"patch","name":"web","object":{"proxyName":"ghost"}}
error "proxyName: there is no proxy-server 'ghost'"
call change_resource {"kind":"tls-certificate","action":"create","object":{"name":"c","cert":"garbage","key":"garbage"}}
error "the text holds no certificate in PEM"
call change_resource {"kind":"plugin-instance","action":"create","scope":"global","name":"request-block","object":{"pluginName":"request-block","configurations":{"block_urls":"/admin"}}}
error "configurations.block_urls"
call change_resource {"kind":"plugin-instance","action":"create","scope":"global","name":"request-block","object":{"pluginName":"request-block","configurations":{"block_urls":["/admin"],"blocked_mesage":"no"}}}
ok {"state":"applied"}
text "configurations.blocked_mesage is not in the schema"
console GET /v1/global/plugin-instances/request-block {"enabled":true}

# keys of a provider are not sent to another vendor, and a new address is said
mode auto
given POST /v1/ai/providers {"name":"mind","type":"openai","tokens":["sk-hush-7711-quiet"]}
call change_resource {"kind":"ai-provider","action":"patch","name":"mind","object":{"type":"qwen"}}
error "belong to type openai and would be sent to qwen"
call change_resource {"kind":"ai-provider","action":"patch","name":"mind","object":{"rawConfigs":{"openaiCustomUrl":"http://127.0.0.1:9200/v1"}}}
ok {"state":"applied"}
text "openaiCustomUrl is new"
never "sk-hush-7711-quiet"
