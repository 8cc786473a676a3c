# a change is planned, asked, applied, recorded and undone
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
given POST /v1/routes {"name":"orders","path":{"matchType":"PRE","matchValue":"/orders"},"services":[{"name":"shop.static","port":80,"weight":100}],"customLabels":{"team":"blue"}}
person accept
call list_routes {"path":"/orders"}
ok {"count":1,"routes":["~orders * /orders* > shop.static"]}
call change_resource {"kind":"route","action":"patch","name":"orders","object":{"path":{"matchValue":"/v2/orders"}}}
ok {"state":"applied"}
asked 1
keep id id
console GET /v1/routes/orders {"path":{"matchType":"PRE","matchValue":"/v2/orders"},"customLabels":{"team":"blue"}}
call get_change {"id":"$id"}
ok {"state":"applied","risk":"change"}
call undo_change {"id":"$id"}
ok {"state":"applied"}
asked 2
console GET /v1/routes/orders {"path":{"matchType":"PRE","matchValue":"/orders"},"customLabels":{"team":"blue"}}
run 0 audit verify

# declined, cancelled and unanswered changes write nothing
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
given POST /v1/routes {"name":"orders","path":{"matchType":"PRE","matchValue":"/orders"},"services":[{"name":"shop.static","port":80,"weight":100}]}
person decline
call change_resource {"kind":"route","action":"delete","name":"orders"}
ok {"state":"rejected"}
asked 1
person cancel
call change_resource {"kind":"route","action":"patch","name":"orders","object":{"path":{"matchValue":"/x"}}}
ok {"state":"pending","status":"approval_required"}
person none
call change_resource {"kind":"route","action":"patch","name":"orders","object":{"path":{"matchValue":"/y"}}}
ok {"state":"pending","status":"approval_required"}
text "higress-ops approve c-"
console GET /v1/routes/orders {"path":{"matchValue":"/orders"}}

# what destroys needs the word that only the question shows
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
person accept
call change_resource {"kind":"service-source","action":"delete","name":"shop"}
ok {"state":"pending","risk":"destroy"}
console GET /v1/service-sources/shop {"name":"shop"}

# a dry run shows the plan and asks nobody; apply_change asks
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
given POST /v1/routes {"name":"orders","path":{"matchType":"PRE","matchValue":"/orders"},"services":[{"name":"shop.static","port":80,"weight":100}]}
person accept
call tune_rate_limit {"route":"orders","requests":5,"per":"minute","dry_run":true}
ok {"state":"draft"}
text "each gateway pod"
asked 0
keep id id
console GET /v1/routes/orders {"customConfigs":{}}
call apply_change {"id":"$id"}
ok {"state":"applied"}
asked 1
console GET /v1/routes/orders {"customConfigs":{"higress.io/route-limit-rpm":"5"}}

# a person approves at a terminal; the server that holds the change applies it
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
person none
call change_resource {"kind":"service-source","action":"patch","name":"shop","object":{"domain":"127.0.0.1:9009"}}
ok {"status":"approval_required"}
keep id id
run 5 approve $id
console GET /v1/service-sources/shop {"domain":"127.0.0.1:9001"}
shell 0 approve $id <- yes
screen "127.0.0.1:9009"
call get_change {"id":"$id","wait":5}
ok {"state":"applied"}
console GET /v1/service-sources/shop {"domain":"127.0.0.1:9009"}

# a person says no at a terminal
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
person none
call change_resource {"kind":"service-source","action":"patch","name":"shop","object":{"domain":"127.0.0.1:9009"}}
keep id id
shell 6 approve $id <- no
call cancel_change {"id":"$id"}
ok {"state":"cancelled"}
console GET /v1/service-sources/shop {"domain":"127.0.0.1:9001"}

# the gateway moved on between plan and approval: the change is void
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
person none
call change_resource {"kind":"service-source","action":"patch","name":"shop","object":{"port":81}}
keep id id
given PUT /v1/service-sources/shop {"name":"shop","type":"static","domain":"127.0.0.1:9002","port":80,"protocol":"http"}
person accept
call apply_change {"id":"$id"}
error "shop"
console GET /v1/service-sources/shop {"domain":"127.0.0.1:9002","port":80}
call get_change {"id":"$id"}
ok {"state":"void"}

# modes: read-only lists no change tools, dry-run plans only, auto applies but asks for what destroys
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
mode read-only
call change_resource {"kind":"service-source","action":"delete","name":"shop"}
error "read-only"
mode dry-run
call change_resource {"kind":"service-source","action":"patch","name":"shop","object":{"domain":"127.0.0.1:9009"}}
ok {"state":"draft"}
mode auto
call change_resource {"kind":"service-source","action":"patch","name":"shop","object":{"domain":"127.0.0.1:9009"}}
ok {"state":"applied"}
call change_resource {"kind":"service-source","action":"delete","name":"shop"}
ok {"state":"pending","status":"approval_required"}
asked 0
console GET /v1/service-sources/shop {"domain":"127.0.0.1:9009"}
