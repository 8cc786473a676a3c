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
