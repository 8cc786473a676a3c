# list_routes shows conditions as they are, canaries, limits and who may call; a secret among them is hidden
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
given POST /v1/consumers {"name":"alice","credentials":[{"type":"key-auth","source":"HEADER","key":"x-key","values":["alice-key-9876"]}]}
given POST /v1/routes {"name":"inner","path":{"matchType":"PRE","matchValue":"/stock"},"headers":[{"key":"x-internal","matchType":"EQUAL","matchValue":"1"},{"key":"x-api-key","matchType":"PRE","matchValue":"hush-hush-8812"}],"urlParams":[{"key":"q","matchType":"REGULAR","matchValue":".+"}],"services":[{"name":"shop.static","port":80}]}
given POST /v1/routes {"name":"trial","path":{"matchType":"PRE","matchValue":"/trial"},"customConfigs":{"higress.io/canary":"true","higress.io/canary-weight":"20","higress.io/route-limit-rps":"5"},"services":[{"name":"shop.static","port":80}]}
given POST /v1/routes {"name":"own","path":{"matchType":"PRE","matchValue":"/own"},"authConfig":{"enabled":true,"allowedConsumers":["alice"]},"services":[{"name":"shop.static","port":80}]}
call list_routes {"name":"inner"}
ok {"count":1,"routes":["~inner * /stock* > shop.static:80 header x-"]}
text " header x-internal=1"
text " query q~.+"
text " header x-api-key=secret:sha256:"
call list_routes {"name":"t*"}
ok {"count":1,"routes":["trial * /trial* > shop.static:80 canary=20% limit=5/s"]}
text "limit: of each gateway pod"
call list_routes {"name":"own"}
ok {"routes":["own * /own* > shop.static:80 auth=alice"]}
text "auth: who may call"
never "hush-hush-8812"

# auth: none is the exact set: what the route, its plugins, its domain and the whole gateway require counts, what is off does not
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
given POST /v1/domains {"name":"a.example.com","enableHttps":"off"}
given POST /v1/domains {"name":"b.example.com","enableHttps":"off"}
given POST /v1/consumers {"name":"alice","credentials":[{"type":"key-auth","source":"HEADER","key":"x-key","values":["alice-key-9876"]}]}
given POST /v1/routes {"name":"open","path":{"matchType":"PRE","matchValue":"/open"},"services":[{"name":"shop.static","port":80}]}
given POST /v1/routes {"name":"own","path":{"matchType":"PRE","matchValue":"/own"},"authConfig":{"enabled":true,"allowedConsumers":["alice"]},"services":[{"name":"shop.static","port":80}]}
given POST /v1/routes {"name":"plugged","path":{"matchType":"PRE","matchValue":"/plugged"},"services":[{"name":"shop.static","port":80}]}
given POST /v1/routes {"name":"off","path":{"matchType":"PRE","matchValue":"/off"},"services":[{"name":"shop.static","port":80}]}
given POST /v1/routes {"name":"host","domains":["a.example.com"],"path":{"matchType":"PRE","matchValue":"/h"},"services":[{"name":"shop.static","port":80}]}
given POST /v1/routes {"name":"hosts","domains":["a.example.com","b.example.com"],"path":{"matchType":"PRE","matchValue":"/hs"},"services":[{"name":"shop.static","port":80}]}
given PUT /v1/routes/plugged/plugin-instances/opa {"pluginName":"opa","enabled":true,"configurations":{"policy":"p","timeout":"5s","serviceSource":"ip","host":"127.0.0.1"}}
given PUT /v1/routes/off/plugin-instances/opa {"pluginName":"opa","enabled":false,"configurations":{"policy":"p","timeout":"5s","serviceSource":"ip","host":"127.0.0.1"}}
given PUT /v1/domains/a.example.com/plugin-instances/oidc {"pluginName":"oidc","enabled":true,"configurations":{"cookie_secret":"hush-cookie-secret"}}
call list_routes {"auth":"none"}
ok {"count":4,"routes":["~default ","~hosts ","~off ","~open "]}
text "auth=in part: oidc (domain:a.example.com)"
call list_routes {"auth":"some"}
ok {"count":4,"routes":["~host ","~hosts ","own * /own* > shop.static:80 auth=key-auth (alice)","~plugged "]}
call list_resources {"kind":"plugin-instance"}
ok {"count":3,"items":["oidc at domain:a.example.com configurations{1}","opa at route:off DISABLED configurations{4}","opa at route:plugged configurations{4}"]}
call list_resources {"kind":"plugin-instance","text":"route:pl"}
ok {"count":1}
given PUT /v1/global/plugin-instances/basic-auth {"pluginName":"basic-auth","enabled":true,"configurations":{"consumers":[{"name":"bob","credential":"bob:hush-bob-word"}]}}
call list_routes {"auth":"none"}
ok {"count":0,"routes":[]}
given PUT /v1/routes/own/plugin-instances/basic-auth {"pluginName":"basic-auth","enabled":true,"configurations":{"allow":["bob"]}}
call list_routes {"auth":"none"}
ok {"count":4,"routes":["~default ","~hosts ","~off ","~open "]}
never "hush-"

# get_resource says who uses it
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
given POST /v1/routes {"name":"orders","path":{"matchType":"PRE","matchValue":"/orders"},"services":[{"name":"shop.static","port":80}]}
given PUT /v1/routes/orders/plugin-instances/opa {"pluginName":"opa","enabled":true,"configurations":{"policy":"p","timeout":"5s","serviceSource":"ip","host":"127.0.0.1"}}
call get_resource {"kind":"service-source","name":"shop","used_by":true}
ok {"object":{"name":"shop"},"used_by":["route orders services[0].name"]}
text "route orders services[0].name"
call get_resource {"kind":"service","name":"shop.static","used_by":true}
ok {"used_by":["route orders services[0].name"]}
call get_resource {"kind":"route","name":"orders","used_by":true}
ok {"used_by":["plugin-instance opa at route:orders"]}
