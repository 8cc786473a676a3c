# a delete names the plugin rules that go with it; switching authentication on counts who calls without a key
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
given POST /v1/consumers {"name":"alice","credentials":[{"type":"key-auth","source":"HEADER","key":"x-key","values":["alice-key-9876"]}]}
given POST /v1/routes {"name":"orders","path":{"matchType":"PRE","matchValue":"/orders"},"services":[{"name":"shop.static","port":80}]}
given PUT /v1/routes/orders/plugin-instances/opa {"pluginName":"opa","enabled":true,"configurations":{"policy":"p","timeout":"5s","serviceSource":"ip","host":"127.0.0.1"}}
log {"ai_log":"-","method":"GET","path":"/orders","response_code":"200","route_name":"orders","start_time":"2026-11-29T20:00:00.000Z"}
log {"ai_log":"{\"consumer\":\"alice\"}","method":"GET","path":"/orders","response_code":"200","route_name":"orders","start_time":"2026-11-29T20:00:01.000Z"}
log {"ai_log":"-","method":"GET","path":"/x","response_code":"200","route_name":"other","start_time":"2026-11-29T20:00:02.000Z"}
person accept
call change_resource {"kind":"route","action":"delete","name":"orders","dry_run":true}
text "plugin rules that go with route orders: opa"
call change_resource {"kind":"route","action":"patch","name":"orders","object":{"authConfig":{"enabled":true,"allowedConsumers":["alice"]}}}
ok {"state":"applied"}
text "1 of the last 2 requests of orders (since 2026-11-29T20:00:00.000Z) carried no known key"
