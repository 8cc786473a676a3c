# titles name the effect: who may call, where it goes, what is switched on
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
given POST /v1/service-sources {"name":"next","type":"static","domain":"127.0.0.1:9002","port":80,"protocol":"http"}
given POST /v1/routes {"name":"shop-reviews","path":{"matchType":"PRE","matchValue":"/reviews"},"services":[{"name":"shop.static","port":80,"weight":100}]}
given POST /v1/consumers {"name":"alice","credentials":[{"type":"key-auth","source":"HEADER","key":"x-key","values":["alice-key-9876"]}]}
mode auto
call change_resource {"kind":"route","action":"patch","name":"shop-reviews","object":{"authConfig":{"enabled":true,"allowedConsumers":["alice"]}}}
ok {"title":"Require key-auth (alice) on shop-reviews"}
call change_resource {"kind":"route","action":"patch","name":"shop-reviews","object":{"authConfig":{"enabled":false}}}
ok {"title":"Let everybody call shop-reviews: no key-auth any more"}
call change_resource {"kind":"route","action":"patch","name":"shop-reviews","object":{"services":[{"name":"shop.static","port":80,"weight":90},{"name":"next.static","port":80,"weight":10}]}}
ok {"title":"Send route shop-reviews to shop.static 90 %, next.static 10 %"}
call change_resource {"kind":"route","action":"patch","name":"shop-reviews","object":{"path":{"matchValue":"/r"}}}
ok {"title":"Let route shop-reviews take /r*"}
call change_resource {"kind":"route","action":"patch","name":"shop-reviews","object":{"path":{"matchValue":"/s"},"methods":["GET"]}}
ok {"title":"Change route shop-reviews: path, methods"}
call change_resource {"kind":"plugin-instance","scope":"route:shop-reviews","action":"create","name":"opa","object":{"enabled":true,"configurations":{"policy":"p","timeout":"5s","serviceSource":"ip","host":"127.0.0.1"}}}
ok {"title":"Require opa on shop-reviews"}
call change_resource {"kind":"plugin-instance","scope":"route:shop-reviews","action":"delete","name":"opa","dry_run":true}
ok {"title":"Take opa from shop-reviews"}
call tune_rate_limit {"route":"shop-reviews","header":"x-tenant","key":"key-abc","requests":5}
ok {"title":"Limit x-tenant key-abc to 5/s on shop-reviews"}
call tune_rate_limit {"route":"shop-reviews","by":"param:access_token","key":"abc-hush","requests":5,"redis":"shop.static"}
ok {"title":"~Limit access_token secret:sha256:"}
call tune_rate_limit {"route":"shop-reviews","requests":10,"per":"minute"}
ok {"title":"Limit shop-reviews to 10/min"}

never "abc-hush"

# rotating a provider's key is one plan that changes the key and nothing else, and says so
env HIGRESS_OPS_SECRET_QWEN sk-hush-6801-quiet
mode auto
call add_provider {"name":"qwen","type":"qwen","key":"sk-hush-6800-quiet","settings":{"qwenEnableSearch":true}}
ok {"title":"Add provider qwen (qwen)"}
call add_provider {"name":"qwen","replace":true,"secret_ref":{"env":"HIGRESS_OPS_SECRET_QWEN"}}
ok {"title":"Rotate the key of provider qwen","operations":[{"verb":"put","kind":"ai-provider","name":"qwen","diff":["~~ tokens[0]: "]}]}
text "requests go out with the new one at once"
console GET /v1/ai/providers/qwen {"tokens":["sk-hush-6801-quiet"],"rawConfigs":{"qwenEnableSearch":true}}
call change_resource {"kind":"ai-provider","action":"patch","name":"qwen","object":{"tokens":[{"$secret":{"env":"QWEN_KEY"}}]}}
error "secrets.envs allows no variable 'QWEN_KEY'"
call add_provider {"name":"bare","type":"openai"}
ok {"title":"Add provider bare (openai) without a key"}
text "no key is given: requests go out without one"
call add_provider {"name":"new"}
error "type: is required"
never "sk-hush-68"

# a provider as the fallback of an AI route: one plan for both
env HIGRESS_OPS_SECRET_DEEPSEEK sk-hush-6802-quiet
mode auto
call add_provider {"name":"qwen","type":"qwen","key":"sk-hush-6803-quiet"}
call change_resource {"kind":"ai-route","action":"create","object":{"name":"chat","upstreams":[{"provider":"qwen","weight":100}]}}
ok {"title":"Add AI route chat to qwen"}
mode approve
person accept
call apply_manifest {"manifest":[{"kind":"ai-provider","name":"deepseek","type":"deepseek","protocol":"openai/v1","tokens":[{"$secret":{"env":"HIGRESS_OPS_SECRET_DEEPSEEK"}}]},{"kind":"ai-route","name":"chat","fallbackConfig":{"enabled":true,"fallbackStrategy":"RAND","upstreams":[{"provider":"deepseek","weight":100,"modelMapping":{"*":"deepseek-chat"}}],"responseCodes":["4xx","5xx"]}}]}
ok {"state":"applied","title":"Add provider deepseek (deepseek); Let AI route chat fall back to deepseek"}
asked 1
console GET /v1/ai/routes/chat {"fallbackConfig":{"enabled":true,"upstreams":[{"provider":"deepseek"}]},"upstreams":[{"provider":"qwen"}]}
console GET /v1/ai/providers/deepseek {"tokens":["sk-hush-6802-quiet"]}
never "sk-hush-68"
