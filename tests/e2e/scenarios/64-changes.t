# list_changes says who asked, who decided by what channel and when; by object, actor, time and state
given POST /v1/service-sources {"name":"shop","type":"static","domain":"127.0.0.1:9001","port":80,"protocol":"http"}
given POST /v1/routes {"name":"orders","path":{"matchType":"PRE","matchValue":"/orders"},"services":[{"name":"shop.static","port":80,"weight":100}]}
given POST /v1/routes {"name":"pay","path":{"matchType":"PRE","matchValue":"/pay"},"services":[{"name":"shop.static","port":80,"weight":100}]}
person none
call change_resource {"kind":"route","action":"patch","name":"orders","object":{"path":{"matchValue":"/v2/orders"}}}
ok {"state":"pending"}
keep id id
call list_changes {"object":"route orders"}
text "a person was asked and has not decided"
shell 0 approve $id <- yes
call change_resource {"kind":"route","action":"patch","name":"pay","object":{"path":{"matchValue":"/v2/pay"}},"dry_run":true}
ok {"state":"draft"}
call list_changes {"object":"route orders"}
ok {"changes":[{"id":"$id","state":"applied","by":"~(command line)","applied":"~20"}]}
text "Edits made elsewhere: state outside."
text ", approved by "
text ", applied at 20"
call list_changes {"object":"pay"}
ok {"changes":[{"state":"draft"}]}
call list_changes {"object":"route *"}
ok {"changes":[{"state":"draft"},{"state":"applied"}]}
call list_changes {"object":"service-source *"}
ok {"changes":[]}
text "no change matches"
call list_changes {"actor":"nobody at all"}
ok {"changes":[]}
call list_changes {"actor":"uid","minutes":5}
ok {"changes":[{"id":"$id"}]}
call get_change {"id":"$id"}
ok {"state":"applied","applied":"~20","decision":{"verdict":"approved","channel":"command line"},"operations":[{"verb":"put","kind":"route","name":"orders","diff":["~ path.matchValue: \"/orders\" -> \"/v2/orders\""]}]}
text "asked by "
