# the overview needs no arguments, counts, and names what points nowhere
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
given POST /v1/routes {"name":"lost","path":{"matchType":"PRE","matchValue":"/lost"},"services":[{"name":"ghost.static","port":80,"weight":100}]}
call gateway_overview
ok {"counts":{"route":2,"service":2},"suspicious":["~route lost, services[0].name: is ghost.static"]}
call diagnose {"route":"lost"}
ok {"verdicts":[{"code":"SERVICE_UNKNOWN","object":"ghost.static"}]}
call diagnose {"route":"lost","service":"shop.static"}
error "not both"
call diagnose {"service":"shop.static:81"}
ok {"verdicts":[{"code":"SERVICE_PORT_UNKNOWN","object":"service shop.static:81"}]}
call diagnose {"ai_route":"nobody"}
ok {"target":"ai-route nobody","about":["not in the console"],"verdicts":[{"code":"UNKNOWN_OBJECT"}]}
call diagnose {"mcp_server":"nobody"}
ok {"verdicts":[{"code":"UNKNOWN_OBJECT"}]}
call diagnose {"domain":"nobody.example.com"}
ok {"verdicts":[{"code":"UNKNOWN_OBJECT"}]}
call diagnose {"since":"soon"}
error "is no time in the past"
call probe {"kind":"service","name":"shop.static"}
ok {"target":"service shop.static","probes":[{"at":"127.0.0.1:9001","by":"tcp"}]}
call probe {"kind":"route","name":"lost"}
error "ghost"
call probe {"address":"10.9.8.7:80"}
error "no object of the gateway points to 10.9.8.7:80"
call probe
error "kind and name of an object, or address"
call tail_logs
error "no access log is configured"

# what already points nowhere can be changed elsewhere; nothing new may point nowhere
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
given POST /v1/routes {"name":"lost","domains":["nobody.example.com"],"path":{"matchType":"PRE","matchValue":"/lost"},"services":[{"name":"ghost.static","port":80,"weight":100}]}
mode auto
call change_resource {"kind":"route","action":"patch","name":"lost","object":{"path":{"matchValue":"/found"}}}
ok {"state":"applied"}
console GET /v1/routes/lost {"domains":["nobody.example.com"],"path":{"matchValue":"/found"}}
call change_resource {"kind":"route","action":"patch","name":"lost","object":{"domains":["other.example.com"]}}
error "no domain 'other.example.com'"
call change_resource {"kind":"route","action":"patch","name":"lost","object":{"services":[{"name":"phantom.static"}]}}
error "no service 'phantom.static'"
call change_resource {"kind":"route","action":"patch","name":"lost","object":{"services":[{"name":"shop.static","port":80}]}}
ok {"state":"applied"}
console GET /v1/routes/lost {"domains":["nobody.example.com"],"services":[{"name":"shop.static"}]}

# a replaced provider keeps its key, but one vendor's key never goes to another
mode auto
call add_provider {"name":"mind","type":"openai","key":"sk-hush-5511-quiet"}
ok {"state":"applied"}
silent "! "
call add_provider {"name":"mind","type":"openai","replace":true,"settings":{"openaiCustomUrl":"http://127.0.0.1:9200/v1"}}
ok {"state":"applied"}
silent "key is given"
text "openaiCustomUrl is new"
console GET /v1/ai/providers/mind {"type":"openai","tokens":["sk-hush-5511-quiet"]}
call add_provider {"name":"mind","type":"qwen","replace":true}
error "belongs to type openai"
console GET /v1/ai/providers/mind {"type":"openai","tokens":["sk-hush-5511-quiet"]}
call add_provider {"name":"mind","type":"qwen","replace":true,"key":"sk-hush-5522-quiet"}
ok {"state":"applied"}
console GET /v1/ai/providers/mind {"type":"qwen","tokens":["sk-hush-5522-quiet"]}
call add_provider {"name":"plain","type":"ollama","settings":{"ollamaServerHost":"ollama.example.com","ollamaServerPort":11434}}
ok {"state":"applied"}
text "no key is given"
never "sk-hush-55"

# an AI route needs providers that exist and weights of 100
mode auto
call add_provider {"name":"mind","type":"openai","key":"sk-hush-5533-quiet"}
ok {"state":"applied"}
call change_resource {"kind":"ai-route","action":"create","object":{"name":"chat","upstreams":[{"provider":"nobody","weight":100}]}}
error "no ai-provider 'nobody'"
call change_resource {"kind":"ai-route","action":"create","object":{"name":"chat","upstreams":[{"provider":"mind","weight":60}]}}
error "must be 100"
call change_resource {"kind":"ai-route","action":"create","object":{"name":"chat","upstreams":[{"provider":"mind","weight":100}]}}
ok {"state":"applied"}
console GET /v1/ai/routes/chat {"upstreams":[{"provider":"mind","weight":100}]}
never "sk-hush-55"

# lists come in pages that fit together
given POST /v1/domains {"name":"a.example.com","enableHttps":"off"}
given POST /v1/domains {"name":"b.example.com","enableHttps":"off"}
call list_resources {"kind":"domain","text":"example.com","limit":1}
ok {"count":2,"items":["~a.example.com"]}
keep cursor cursor
call list_resources {"kind":"domain","text":"example.com","limit":1,"cursor":"$cursor"}
ok {"count":2,"items":["~b.example.com"]}
call list_resources {"kind":"plugin-instance","scope":"nowhere"}
error "needs a scope"

# a request is followed to its route, past those that lose, and to what the upstream gets
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001,127.0.0.1:9002","port":80,"protocol":"http"}
given POST /v1/domains {"name":"shop.example.com","enableHttps":"off"}
given POST /v1/routes {"name":"orders","domains":["shop.example.com"],"path":{"matchType":"PRE","matchValue":"/orders"},"services":[{"name":"shop.static","port":80,"weight":100}],"rewrite":{"enabled":true,"path":"/v2"},"customConfigs":{"higress.io/timeout":"3"}}
given POST /v1/routes {"name":"inside","domains":["shop.example.com"],"path":{"matchType":"PRE","matchValue":"/orders"},"headers":[{"key":"x-internal","matchType":"EQUAL","matchValue":"1"}],"services":[{"name":"ghost.static","port":80,"weight":100}]}
given PUT /v1/routes/orders/plugin-instances/key-rate-limit {"pluginName":"key-rate-limit","enabled":true,"rawConfigurations":"limit_keys: []"}
given PUT /v1/global/plugin-instances/key-rate-limit {"pluginName":"key-rate-limit","enabled":true,"rawConfigurations":"limit_keys: []"}
call explain_request {"host":"shop.example.com:8080","path":"/orders/7?x=1","headers":{"authorization":"Bearer hush-7712"}}
ok {"route":"orders","virtual_host":"shop.example.com","order":{"place":2,"of":2,"lost":[{"route":"inside","place":1,"takes":"header x-internal = 1"}]},"upstream":{"path":"/v2/7"},"services":[{"service":"shop.static","port":80,"endpoints":["127.0.0.1:9001","127.0.0.1:9002"]}],"timeout":"3 s","plugins":[{"plugin":"key-rate-limit","from":"route:orders","not":["global"]}]}
text "lost: inside (1) takes header x-internal = 1"
call explain_request {"host":"shop.example.com","path":"/orders/7","headers":{"X-Internal":"1"}}
ok {"route":"inside","services":[{"service":"ghost.static","port":80,"missing":true}]}
call explain_request {"host":"shop.example.com","path":"/order/7"}
ok {"route":null,"order":{"of":2}}
text "no route takes it: none of the 2 for shop.example.com (404 NR)"
call explain_request {"host":"https://shop.example.com","path":"orders"}
error "begins with a slash"
call explain_request {"path":"/","query":{"a":"hush-7712"}}
ok {}
never "hush-77"

# counts need a log, and names that there are
call analyze_traffic
error "no access log is configured"
call analyze_traffic {"by":["colour"]}
error "by[0]"
call analyze_traffic {"by":["path","status","flag","host"]}
error "by"

# what Envoy runs by needs an Envoy
call inspect_proxy {"what":"clusters"}
error "no address of Envoy's admin interface is configured"
call inspect_proxy {"what":"secrets"}
error "what"
# figures need somebody who keeps them, a question, and labels that there are
call query_metrics {"question":"requests"}
error "without a Prometheus (prometheus.url) Envoy is asked"
call query_metrics
error "give a question, or promql"
call query_metrics {"question":"colours"}
error "question"
call query_metrics {"question":"tokens","by":["colour"]}
error "by[0]"
call query_metrics {"question":"tokens","only":"colour=red"}
error "is not LABEL=NAME with one of"
call query_metrics {"question":"latency","by":["route","service","model","replica"]}
error "by"
call query_metrics {"question":"cost"}
error "prometheus.prices"
call query_metrics {"promql":"up"}
error "no Prometheus is configured"
