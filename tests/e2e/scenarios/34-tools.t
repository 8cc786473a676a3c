# the overview needs no arguments, counts, and names what points nowhere
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
given POST /v1/routes {"name":"lost","path":{"matchType":"PRE","matchValue":"/lost"},"services":[{"name":"ghost.static","port":80,"weight":100}]}
call gateway_overview
ok {"counts":{"route":2,"service":2},"suspicious":["~route lost goes to service ghost.static"]}
call diagnose {"route":"lost"}
ok {"verdicts":[{"code":"SERVICE_UNKNOWN","object":"ghost.static"}]}
call diagnose {"route":"lost","service":"shop.static"}
error "not both"
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
