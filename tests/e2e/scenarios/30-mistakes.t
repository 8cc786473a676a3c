# wrong arguments are refused with the path and what is allowed, and change nothing
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
given POST /v1/routes {"name":"orders","path":{"matchType":"PRE","matchValue":"/orders"},"services":[{"name":"shop.static","port":80,"weight":100}]}
person accept
call list_routes {"limit":0}
error "limit: 0 is less than 1"
call list_routes {"colour":"red"}
error "unknown field 'colour'"
call get_resource {"kind":"route","name":"nowhere"}
error "nowhere"
call get_resource {"kind":"shoe","name":"x"}
error "is not one of route|"
call change_resource {"kind":"route","action":"create","object":{"name":"r2","path":{"matchType":"PRE","matchValue":"orders"},"services":[{"name":"shop.static"}]}}
error "does not begin with '/'"
call change_resource {"kind":"route","action":"create","object":{"name":"r2","path":{"matchType":"PRE","matchValue":"/r2"},"services":[{"name":"ghost.static"}]}}
error "no service 'ghost.static'"
call change_resource {"kind":"route","action":"patch","name":"orders","object":{"services":[{"name":"shop.static","weight":50},{"name":"shop.static","weight":20}]}}
error "the weights add up to 70, must be 100"
call change_resource {"kind":"route","action":"patch","name":"orders","object":{"timeout":{"value":3}}}
error "higress.io/timeout"
call change_resource {"kind":"route","action":"create","object":{"name":"orders","path":{"matchType":"PRE","matchValue":"/o"},"services":[{"name":"shop.static"}]}}
error "exists already"
call change_resource {"kind":"route","action":"patch","name":"orders","object":{"path":{"matchValue":"/orders"}}}
error "already looks like that"
call tune_rate_limit {"route":"orders","requests":5,"per":"hour"}
error "per second or minute"
call tune_rate_limit {"requests":5}
error "route: is required"
call apply_change {"id":"c-000000000000"}
error "c-000000000000"
asked 0
console GET /v1/routes/r2 404

# one limit by key through a plugin, set, changed and removed
person accept
call tune_rate_limit {"scope":"global","header":"x-api-key","key":"alice","requests":10}
ok {"state":"applied"}
console GET /v1/global/plugin-instances/key-rate-limit {"enabled":true,"configurations":{"limit_by_header":"x-api-key","limit_keys":[{"key":"alice","query_per_second":10}]}}
call tune_rate_limit {"scope":"global","header":"x-api-key","key":"alice","requests":20,"per":"minute"}
ok {"state":"applied"}
console GET /v1/global/plugin-instances/key-rate-limit {"configurations":{"limit_keys":[{"key":"alice","query_per_minute":20}]}}
