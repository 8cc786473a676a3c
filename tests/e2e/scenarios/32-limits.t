# the last limit by key takes the plugin's instance with it, for an empty one would be refused by the plugin
person accept
call tune_rate_limit {"scope":"global","header":"x-api-key","key":"bob","requests":10}
ok {"state":"applied"}
call tune_rate_limit {"scope":"global","header":"x-other","key":"bob","requests":10}
error "by 'x-api-key' already"
call tune_rate_limit {"scope":"global","header":"x-api-key","key":"*","requests":10}
error "each value"
call tune_rate_limit {"scope":"global","by":"consumer","key":"*","requests":60,"per":"minute"}
error "give redis"
call tune_rate_limit {"scope":"global","by":"consumer","key":"*","requests":60,"per":"minute","redis":"redis.dns:6379"}
ok {"state":"applied"}
console GET /v1/global/plugin-instances/cluster-key-rate-limit {"enabled":true,"configurations":{"rule_items":[{"limit_by_per_consumer":"","limit_keys":[{"key":"*","query_per_minute":60}]}]}}
call tune_rate_limit {"scope":"global","header":"x-api-key","key":"bob","requests":0}
ok {"state":"pending","risk":"destroy","operations":[{"verb":"delete"}]}
call tune_rate_limit {"scope":"global","by":"consumer","key":"alice","requests":0,"redis":"redis.dns:6379"}
error "no such limit"

# tokens are limited in Redis: what is needed and what there is, is said
given POST /v1/service-sources {"name":"counting-redis","type":"dns","domain":"redis.example.com","port":6379,"protocol":"http"}
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
given POST /v1/routes {"name":"llm","path":{"matchType":"PRE","matchValue":"/llm"},"services":[{"name":"shop.static","port":80,"weight":100}]}
given POST /v1/consumers {"name":"alice","credentials":[{"type":"key-auth","source":"HEADER","key":"x-key","values":["alice-key-9876"]}]}
given POST /v1/ai/providers {"name":"mind","type":"openai","protocol":"openai/v1","tokens":["sk-hush-3201-quiet"]}
given POST /v1/ai/routes {"name":"chat","upstreams":[{"provider":"mind","weight":100}]}
mode auto
call tune_rate_limit {"route":"llm","requests":1000,"per":"minute","unit":"tokens"}
error "Services that look like one: counting-redis.dns:6379"
call tune_rate_limit {"route":"llm","requests":1000,"per":"minute","unit":"tokens","redis":"counting-redis.dns:6379"}
ok {"state":"applied","title":"Limit to 1000 tokens/min on llm"}
console GET /v1/routes/llm/plugin-instances/ai-token-ratelimit {"enabled":true,"configurations":{"global_threshold":{"token_per_minute":1000},"redis":{"service_name":"counting-redis.dns","service_port":6379}}}
call tune_rate_limit {"route":"llm","requests":2000,"per":"minute","unit":"tokens","by":"consumer","key":"*"}
ok {"state":"applied"}
console GET /v1/routes/llm/plugin-instances/ai-token-ratelimit {"enabled":true,"configurations":{"global_threshold":{"token_per_minute":1000},"rule_items":[{"limit_by_per_consumer":"","limit_keys":[{"key":"*","token_per_minute":2000}]}]}}
call tune_rate_limit {"route":"llm","requests":0,"unit":"tokens","by":"consumer","key":"*"}
ok {"state":"applied"}
call tune_rate_limit {"route":"llm","requests":0,"unit":"tokens"}
ok {"state":"pending","risk":"destroy","title":"Remove the token limit on llm"}
call tune_rate_limit {"route":"chat","requests":500,"per":"day","unit":"tokens","by":"consumer","key":"*","redis":"counting-redis.dns:6379"}
ok {"state":"applied","title":"Limit each consumer to 500 tokens/day on ai-route-chat.internal"}
text "consumers there are: alice"
console GET /v1/routes/ai-route-chat.internal/plugin-instances/ai-token-ratelimit {"configurations":{"rule_items":[{"limit_by_per_consumer":"","limit_keys":[{"key":"*","token_per_day":500}]}]}}
