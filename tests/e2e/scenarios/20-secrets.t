# a provider's key is masked everywhere and reaches the gateway as it is
person accept
call add_provider {"name":"mind","type":"openai","key":"sk-hush-4711-quiet"}
ok {"state":"applied"}
console GET /v1/ai/providers/mind {"tokens":["sk-hush-4711-quiet"]}
call get_resource {"kind":"ai-provider","name":"mind"}
ok {"object":{"name":"mind","tokens":["~secret:sha256:"]}}
call add_provider {"name":"mind","type":"openai","key":"sk-hush-4712-quiet"}
error "replace: true"
call add_provider {"name":"mind","type":"openai","key":"sk-hush-4712-quiet","replace":true}
ok {"state":"applied"}
console GET /v1/ai/providers/mind {"tokens":["sk-hush-4712-quiet"]}
call list_resources {"kind":"ai-provider"}
ok {"count":1}
call add_provider {"name":"other","type":"qwen","secret_ref":{"env":"HOME"}}
error "HOME"
never "sk-hush-471"
never "wet-paint-7731"

# a consumer's credentials survive a patch that shows only their mask
given POST /v1/consumers {"name":"alice","credentials":[{"type":"key-auth","source":"HEADER","key":"x-key","values":["alice-key-9876"]}]}
person accept
call get_resource {"kind":"consumer","name":"alice"}
ok {"object":{"credentials":[{"values":["~secret:sha256:"]}]}}
never "alice-key-9876"
