#!/bin/bash
# libraries.sh BINARY - the libraries that base/lib.h loads when they are first used are not linked: a start does not pay for them.
readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(lib\(m\|cjson\|yaml-0\|curl\|websockets\|sqlite3\|crypto\|ssl\|fido2\)[^]]*\)\].*/links \1/p' | sed "s|^|$1 |"
