# a secret comes by reference in every tool that takes objects, and is never shown
env HIGRESS_OPS_SECRET_KEY sk-hush-6201-quiet
env SHOP_KEY sk-hush-6202-quiet
mode auto
call change_resource {"kind":"ai-provider","action":"create","object":{"name":"mind","type":"openai","tokens":[{"$secret":{"env":"HIGRESS_OPS_SECRET_KEY"}}]}}
ok {"state":"applied"}
console GET /v1/ai/providers/mind {"tokens":["sk-hush-6201-quiet"]}
call apply_manifest {"manifest":[{"kind":"consumer","name":"alice","credentials":[{"type":"key-auth","source":"HEADER","key":"x-key","values":[{"$secret":{"env":"HIGRESS_OPS_SECRET_KEY"}}]}]}]}
ok {"state":"applied"}
console GET /v1/consumers/alice {"credentials":[{"values":["sk-hush-6201-quiet"]}]}
call change_resource {"kind":"ai-provider","action":"patch","name":"mind","object":{"tokens":[{"$secret":{"env":"SHOP_KEY"}}]}}
error "it allows names that begin with HIGRESS_OPS_SECRET_"
call change_resource {"kind":"ai-provider","action":"patch","name":"mind","object":{"tokens":[{"$secret":{"env":"HIGRESS_OPS_SECRET_NONE"}}]}}
error "allowed, but not set"
call change_resource {"kind":"ai-provider","action":"patch","name":"mind","object":{"tokens":[{"$secret":{"file":"/etc/hostname"}}]}}
error "it allows those in nothing"
call change_resource {"kind":"ai-provider","action":"patch","name":"mind","object":{"tokens":[{"$secret":{"env":"HIGRESS_OPS_SECRET_KEY"},"also":1}]}}
error "nothing beside it"
never "sk-hush-62"

# a reference goes only to a place that is hidden
env HIGRESS_OPS_SECRET_KEY sk-hush-6203-quiet
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
given POST /v1/routes {"name":"orders","path":{"matchType":"PRE","matchValue":"/orders"},"services":[{"name":"shop.static","port":80}]}
call change_resource {"kind":"route","action":"patch","name":"orders","object":{"path":{"matchValue":{"$secret":{"env":"HIGRESS_OPS_SECRET_KEY"}}}}}
error "path.matchValue holds no secret"
call apply_manifest {"manifest":[{"kind":"route","name":"orders","path":{"matchValue":{"$secret":{"env":"HIGRESS_OPS_SECRET_KEY"}}}}]}
error "path.matchValue holds no secret"
never "sk-hush-62"
