# a manifest deletes: a pattern takes whole names only, all in one plan that shows them
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
given POST /v1/routes {"name":"camp-a","path":{"matchType":"PRE","matchValue":"/a"},"services":[{"name":"shop.static","port":80,"weight":100}]}
given POST /v1/routes {"name":"camp-b","path":{"matchType":"PRE","matchValue":"/b"},"services":[{"name":"shop.static","port":80,"weight":100}]}
given POST /v1/routes {"name":"campus","path":{"matchType":"PRE","matchValue":"/c"},"services":[{"name":"shop.static","port":80,"weight":100}]}
call apply_manifest {"manifest":[{"kind":"route","select":"camp-*","delete":true}],"dry_run":true}
ok {"state":"draft","risk":"destroy","title":"Delete route camp-a, route camp-b","operations":[{"verb":"delete","kind":"route","name":"camp-a"},{"verb":"delete","kind":"route","name":"camp-b"}]}
keep id id
shell 0 approve $id <- yes
console GET /v1/routes/camp-a 404
console GET /v1/routes/camp-b 404
console GET /v1/routes/campus {"name":"campus"}
call apply_manifest {"manifest":[{"kind":"route","select":"camp-*","delete":true}]}
error "'camp-*' matches no route"
call apply_manifest {"manifest":[{"kind":"route","name":"campus","select":"c*","delete":true}]}
error "give name, or select"
call apply_manifest {"manifest":[{"kind":"route","name":"campus","delete":true,"path":{}}]}
error "an object that goes has kind, name or select, and nothing else"
call apply_manifest {"manifest":[{"kind":"route","name":"campus","delete":"yes"}]}
error "delete: must be true"

# a manifest creates, changes and deletes in one plan; what is in use is not deleted without a word
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
given POST /v1/service-sources {"name":"old","type":"static","domain":"127.0.0.1:9002","port":80,"protocol":"http"}
given POST /v1/routes {"name":"orders","path":{"matchType":"PRE","matchValue":"/o"},"services":[{"name":"old.static","port":80,"weight":100}]}
call apply_manifest {"manifest":[{"kind":"service-source","name":"old","delete":true}]}
error "Used by: route orders"
call apply_manifest {"manifest":"kind: service-source\nname: old\ndelete: true\n---\nkind: route\nname: orders\nservices: [{name: shop.static, port: 80}]\n---\nkind: route\nname: gone\ndelete: true\n"}
ok {"risk":"destroy","operations":[{"verb":"put","name":"orders"},{"verb":"delete","name":"old"}]}
text "route 'gone' is not there: nothing to delete"
keep id id
shell 0 approve $id <- yes
console GET /v1/service-sources/old 404
console GET /v1/routes/orders {"services":[{"name":"shop.static"}]}

# an incomplete object of a manifest is told which members its kind has
call apply_manifest {"manifest":[{"kind":"route","name":"x","pathh":{}}]}
error "customConfigs, customLabels"
call apply_manifest {"manifest":[{"kind":"ai-provider","name":"x"}]}
error "the members of ai-provider: name, type, protocol, proxyName, tokens, tokenFailoverConfig, rawConfigs"
