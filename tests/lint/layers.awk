# layers.awk FILE... - who may include what: main, cmd -> mcp -> gateway -> net -> base; embedded sees net and base;
# a tool sees tool.h only; foreign headers stay in the module that hides them. Prints one line for each violation.
BEGIN {
    sees["base"] = "base"
    sees["net"] = "net base"
    sees["traffic"] = "traffic base"
    sees["gateway"] = "gateway net base"
    sees["embedded"] = "embedded net base"
    sees["mcp"] = "mcp gateway net base tool.h version.h"
    sees["cmd"] = sees["server"] = "cmd mcp gateway embedded traffic net base tool.h version.h"
    sees["tools"] = "tool.h"
    # header pattern -> the files that may include it
    home["curl/"] = "^server/net/"
    home["libwebsockets"] = "^server/net/"
    home["ev.h"] = "^server/net/"
    home["sqlite3.h"] = "^server/gateway/store[a-z_]*[.][ch]$"
    home["openssl/"] = "^server/(base/crypto[a-z_]*[.]c$|net/)"
    home["yaml.h"] = "^server/base/yaml[.]c$"
    home["dlfcn.h"] = "^server/base/lib[.]c$"
    home["pthread.h"] = "^server/net/"
}
FNR == 1 {
    n = split(FILENAME, part, "/")
    folder = part[1] == "tools" ? "tools" : n > 2 ? part[2] : "server"
}
/^[ \t]*#[ \t]*include[ \t]*</ {
    header = $0
    sub(/^[^<]*</, "", header)
    sub(/>.*/, "", header)
    for (h in home)
        if (index(header, h) == 1 && FILENAME !~ home[h])
            print FILENAME ":" FNR ": <" header "> is not included here; " home[h] " says where"
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
    header = $0
    sub(/^[^"]*"/, "", header)
    sub(/".*/, "", header)
    slash = index(header, "/")
    target = slash ? substr(header, 1, slash - 1) : header ~ /^(tool|version)[.]h$/ ? header : folder
    if (index(" " sees[folder] " ", " " target " ") == 0)
        print FILENAME ":" FNR ": " folder " may not include " header
}
