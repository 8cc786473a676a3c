# what others use is not deleted: the answer says who uses it and where
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
given POST /v1/routes {"name":"orders","path":{"matchType":"PRE","matchValue":"/orders"},"services":[{"name":"shop.static","port":80,"weight":100}]}
mode auto
call change_resource {"kind":"service-source","action":"delete","name":"shop"}
error "route orders (services[0].name)"
console GET /v1/service-sources/shop {"name":"shop"}
call change_resource {"kind":"service-source","action":"delete","name":"shop","if_used":"force"}
ok {"state":"pending","risk":"destroy"}
text "does not look whether"
text "'shop' is used by route orders (services[0].name); they break"
call change_resource {"kind":"service-source","action":"patch","name":"shop","object":{"type":"dns","domain":"shop.example.com"}}
error "type: service-source 'shop' would have services of another name, and is in use"
call change_resource {"kind":"service-source","action":"patch","name":"shop","object":{"type":"dns","domain":"shop.example.com"},"if_used":"force"}
ok {"state":"pending","risk":"destroy"}
text "is used by route orders (services[0].name); they break"

# a cascade takes the reference out of its users, and deletes what cannot be without it
only stdio
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
given POST /v1/service-sources {"name":"barn","type":"dns","domain":"barn.example.com","port":80,"protocol":"http"}
given POST /v1/service-sources {"name":"silo","type":"dns","domain":"silo.example.com","port":80,"protocol":"http"}
given POST /v1/routes {"name":"alone","path":{"matchType":"PRE","matchValue":"/a"},"services":[{"name":"shop.static","port":80}]}
given POST /v1/routes {"name":"three","path":{"matchType":"PRE","matchValue":"/t"},"services":[{"name":"shop.static","port":80,"weight":40},{"name":"barn.dns","port":80,"weight":40},{"name":"silo.dns","port":80,"weight":20}]}
person none
call change_resource {"kind":"service-source","action":"delete","name":"shop","if_used":"cascade"}
ok {"status":"approval_required","risk":"destroy","operations":[{"verb":"delete","kind":"route","name":"alone"},{"verb":"put","kind":"route","name":"three"},{"verb":"delete","kind":"service-source","name":"shop"}]}
keep id id
shell 0 approve $id <- yes
call get_change {"id":"$id","wait":5}
ok {"state":"applied"}
console GET /v1/routes/alone 404
console GET /v1/routes/three {"services":[{"name":"barn.dns","port":80,"version":null,"weight":67},{"name":"silo.dns","port":80,"version":null,"weight":33}]}
console GET /v1/service-sources/shop 404
call undo_change {"id":"$id"}
ok {"status":"approval_required"}
keep back id
shell 0 approve $back <- yes
call get_change {"id":"$back","wait":5}
ok {"state":"applied"}
console GET /v1/routes/alone {"services":[{"name":"shop.static","port":80,"version":null,"weight":100}]}

# a certificate in use: the domain goes without HTTPS
only stdio
given POST /v1/domains {"name":"shop.example.com","enableHttps":"on","certIdentifier":"default"}
person none
call change_resource {"kind":"tls-certificate","action":"delete","name":"default"}
error "domain shop.example.com (certIdentifier)"
call change_resource {"kind":"tls-certificate","action":"delete","name":"default","if_used":"cascade"}
ok {"risk":"destroy"}
keep id id
shell 0 approve $id <- yes
call get_change {"id":"$id","wait":5}
ok {"state":"applied"}
console GET /v1/domains/shop.example.com {"enableHttps":"off"}

# a consumer, a domain and a proxy in use: the console refuses to delete them alone, so force is no way
only stdio
given POST /v1/consumers {"name":"alice","credentials":[{"type":"key-auth","source":"BEARER","values":["alice-secret-1"]}]}
given POST /v1/consumers {"name":"bob","credentials":[{"type":"key-auth","source":"BEARER","values":["bob-secret-1"]}]}
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
given POST /v1/domains {"name":"shop.example.com","enableHttps":"off"}
given POST /v1/domains {"name":"barn.example.com","enableHttps":"off"}
given POST /v1/routes {"name":"both","domains":["shop.example.com","barn.example.com"],"path":{"matchType":"PRE","matchValue":"/"},"services":[{"name":"shop.static","port":80}],"authConfig":{"enabled":true,"allowedConsumers":["alice","bob"]}}
given POST /v1/routes {"name":"last","domains":["shop.example.com"],"path":{"matchType":"PRE","matchValue":"/l"},"services":[{"name":"shop.static","port":80}],"authConfig":{"enabled":true,"allowedConsumers":["bob"]}}
mode auto
call change_resource {"kind":"domain","action":"delete","name":"shop.example.com","if_used":"force"}
error "the console refuses to delete domain 'shop.example.com' while it is in use"
call change_resource {"kind":"consumer","action":"delete","name":"bob","if_used":"cascade"}
error "route 'last': authConfig.allowedConsumers would be empty"
call change_resource {"kind":"consumer","action":"delete","name":"alice","if_used":"cascade"}
ok {"risk":"destroy","status":"approval_required"}
keep id id
shell 0 approve $id <- yes
call get_change {"id":"$id","wait":5}
ok {"state":"applied"}
console GET /v1/routes/both {"authConfig":{"enabled":true,"allowedCredentialTypes":["key-auth"],"allowedConsumers":["bob"]}}
console GET /v1/consumers/alice 404
call change_resource {"kind":"domain","action":"delete","name":"shop.example.com","if_used":"cascade"}
ok {"risk":"destroy"}
keep id id
shell 0 approve $id <- yes
call get_change {"id":"$id","wait":5}
ok {"state":"applied"}
console GET /v1/routes/both {"domains":["barn.example.com"]}
console GET /v1/routes/last 404
console GET /v1/domains/shop.example.com 404

# a provider in use, down to the AI routes: the last upstream takes the route along, a fallback goes off
only stdio
given POST /v1/ai/providers {"name":"one","type":"openai","tokens":["sk-token-one"]}
given POST /v1/ai/providers {"name":"two","type":"moonshot","tokens":["sk-token-two"]}
given POST /v1/ai/routes {"name":"only","upstreams":[{"provider":"two","weight":100}]}
given POST /v1/ai/routes {"name":"back","upstreams":[{"provider":"one","weight":100}],"fallbackConfig":{"enabled":true,"upstreams":[{"provider":"two"}],"fallbackStrategy":"SEQ","responseCodes":["4xx"]}}
mode auto
call change_resource {"kind":"ai-provider","action":"delete","name":"two"}
error "ai-route back (fallbackConfig.upstreams[0].provider), ai-route only (upstreams[0].provider)"
call change_resource {"kind":"ai-provider","action":"delete","name":"two","if_used":"cascade"}
ok {"risk":"destroy"}
keep id id
shell 0 approve $id <- yes
call get_change {"id":"$id","wait":5}
ok {"state":"applied"}
console GET /v1/ai/routes/only 404
console GET /v1/ai/providers/two 404
never "sk-token-two"

# a proxy, a plugin of one's own and a service of a provider in use
only stdio
given POST /v1/proxy-servers {"name":"px","type":"http","serverAddress":"10.1.1.1","serverPort":3128}
given POST /v1/service-sources {"name":"far","type":"dns","domain":"far.example.com","port":443,"protocol":"https","proxyName":"px"}
given POST /v1/ai/providers {"name":"own","type":"openai","tokens":["sk-token-own"],"rawConfigs":{"openaiCustomServiceName":"far.dns","openaiCustomServicePort":443}}
given POST /v1/ai/routes {"name":"chat","upstreams":[{"provider":"own","weight":100}]}
given POST /v1/wasm-plugins {"name":"mine","title":"Mine","category":"custom","imageRepository":"oci://r.example.com/mine","imageVersion":"1.0"}
given PUT /v1/global/plugin-instances/mine {"enabled":true,"configurations":{"a":1}}
given PUT /v1/services/far.dns/plugin-instances/mine {"enabled":true,"configurations":{"a":2}}
person none
call change_resource {"kind":"proxy-server","action":"delete","name":"px"}
error "service-source far (proxyName)"
call change_resource {"kind":"proxy-server","action":"delete","name":"px","if_used":"cascade"}
ok {"operations":[{"verb":"put","kind":"service-source","name":"far"},{"verb":"delete","kind":"proxy-server","name":"px"}]}
keep id id
shell 0 approve $id <- yes
console GET /v1/proxy-servers/px 404
call change_resource {"kind":"wasm-plugin","action":"delete","name":"mine"}
error "plugin-instance mine at global (pluginName), plugin-instance mine at service:far.dns (pluginName)"
call change_resource {"kind":"wasm-plugin","action":"delete","name":"mine","if_used":"cascade"}
ok {"operations":[{"kind":"plugin-instance","scope":"global"},{"kind":"plugin-instance","scope":"service:far.dns"},{"kind":"wasm-plugin"}]}
keep id id
shell 0 approve $id <- yes
console GET /v1/wasm-plugins/mine 404
call change_resource {"kind":"service-source","action":"delete","name":"far"}
error "ai-provider own (rawConfigs.openaiCustomServiceName)"
call change_resource {"kind":"service-source","action":"delete","name":"far","if_used":"cascade"}
ok {"operations":[{"verb":"delete","kind":"ai-route","name":"chat"},{"verb":"delete","kind":"ai-provider","name":"own"},{"verb":"delete","kind":"service-source","name":"far"}]}
keep id id
shell 0 approve $id <- yes
console GET /v1/ai/routes/chat 404
console GET /v1/service-sources/far 404

# MCP servers use sources, domains and consumers, too
only stdio
given POST /v1/consumers {"name":"alice","credentials":[{"type":"key-auth","source":"BEARER","values":["alice-secret-1"]}]}
given POST /v1/consumers {"name":"bob","credentials":[{"type":"key-auth","source":"BEARER","values":["bob-secret-1"]}]}
given POST /v1/service-sources {"name":"tools","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
given PUT /v1/mcpServer {"name":"w","type":"DIRECT_ROUTE","services":[{"name":"tools.static","port":80}],"directRouteConfig":{"path":"/mcp","transportType":"streamable"},"consumerAuthInfo":{"type":"key-auth","enable":true,"allowedConsumers":["alice","bob"]}}
person none
call change_resource {"kind":"consumer","action":"delete","name":"bob"}
error "mcp-server w (consumerAuthInfo.allowedConsumers[1])"
call change_resource {"kind":"consumer","action":"delete","name":"bob","if_used":"cascade"}
ok {"operations":[{"verb":"put","kind":"mcp-server","name":"w"},{"verb":"delete","kind":"consumer","name":"bob"}]}
keep id id
shell 0 approve $id <- yes
console GET /v1/consumers/bob 404
console GET /v1/mcpServer/w {"consumerAuthInfo":{"type":"key-auth","enable":true,"allowedConsumers":["alice"]}}
call change_resource {"kind":"service-source","action":"delete","name":"tools"}
error "mcp-server w (services[0].name)"

# a new name is a new object: who uses the old one is shown, and pointed to the new one
only stdio
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
given POST /v1/domains {"name":"shop.example.com","enableHttps":"off"}
given POST /v1/routes {"name":"orders","domains":["shop.example.com"],"path":{"matchType":"PRE","matchValue":"/orders"},"services":[{"name":"shop.static","port":80}]}
given PUT /v1/routes/orders/plugin-instances/request-block {"enabled":true,"configurations":{"block_urls":["/admin"]}}
person none
call change_resource {"kind":"service-source","action":"patch","name":"shop","object":{"name":"store"}}
error "points its users to the new name"
call change_resource {"kind":"service-source","action":"patch","name":"shop","object":{"name":"higress-console"},"if_used":"cascade"}
error "'higress-console' exists already"
call change_resource {"kind":"service-source","action":"patch","name":"shop","object":{"name":"store"},"if_used":"cascade"}
ok {"title":"Rename service-source shop to store","risk":"destroy","operations":[{"verb":"create","name":"store"},{"verb":"put","kind":"route","name":"orders"},{"verb":"delete","name":"shop"}]}
keep id id
shell 0 approve $id <- yes
console GET /v1/routes/orders {"services":[{"name":"store.static","port":80,"version":null,"weight":100}]}
console GET /v1/service-sources/shop 404
call change_resource {"kind":"route","action":"patch","name":"orders","object":{"name":"buy"}}
error "plugin-instance request-block at route:orders (scope)"
call change_resource {"kind":"route","action":"patch","name":"orders","object":{"name":"buy"},"if_used":"cascade"}
ok {"operations":[{"verb":"create","name":"buy"},{"verb":"create","kind":"plugin-instance","scope":"route:buy"},{"verb":"delete","name":"orders"}]}
keep id id
shell 0 approve $id <- yes
console GET /v1/routes/buy {"services":[{"name":"store.static","port":80,"version":null,"weight":100}]}
console GET /v1/routes/buy/plugin-instances/request-block {"enabled":true,"configurations":{"block_urls":["/admin"]}}
console GET /v1/routes/orders 404
call change_resource {"kind":"domain","action":"patch","name":"shop.example.com","object":{"name":"buy.example.com"},"if_used":"cascade"}
keep id id
shell 0 approve $id <- yes
console GET /v1/routes/buy {"domains":["buy.example.com"]}
console GET /v1/domains/shop.example.com 404
