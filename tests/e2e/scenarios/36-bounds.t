# a list keeps to the configured size and says how to get the rest
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
given POST /v1/routes {"name":"bounded-1","path":{"matchType":"PRE","matchValue":"/one-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},"services":[{"name":"shop.static","port":80,"weight":100}]}
given POST /v1/routes {"name":"bounded-2","path":{"matchType":"PRE","matchValue":"/two-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},"services":[{"name":"shop.static","port":80,"weight":100}]}
given POST /v1/routes {"name":"bounded-3","path":{"matchType":"PRE","matchValue":"/three-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},"services":[{"name":"shop.static","port":80,"weight":100}]}
call list_routes {"text":"bounded"}
ok {"count":3,"routes":["~bounded-1","~bounded-2","~bounded-3"]}
env HIGRESS_OPS_ANSWER_BYTES 512
call list_routes {"text":"bounded"}
ok {"count":3,"routes":["~bounded-1","~bounded-2"],"cursor":"2"}
call list_routes {"text":"bounded","cursor":"page two"}
error "cursor: 'page two' is not one that an answer gave"
call list_resources {"kind":"route","cursor":"-1"}
error "cursor: '-1'"
call list_routes {"text":"bounded","cursor":"2"}
ok {"count":3,"routes":["~bounded-3"]}
