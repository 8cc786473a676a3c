"""regex.py - expressions of routes as regex.h judges them, held against a real Envoy (`--mode validate`).

What we take, Envoy must take (all of them in one configuration), and what we refuse it must refuse (one configuration
each). DIFFERENT lists the expressions on which the two may differ, each with the reason."""
import json
import os
import random
import subprocess
import sys
import tempfile

import envoy

PROGRAM = envoy.ROOT + "/build/gcc/regex_size"
STOCK = 100  # instructions that Envoy takes when its bootstrap says nothing

WRITTEN = r"""
/v[0-9]+/(users|items)/.* | (?i)^/a(?:b|c)*$ | (?P<id>\d+)? | []a^[:alpha:]\]]{2,3} | \(a\[ | a | . | ^$ | \bword\b
/api/(?:v1|v2)/.+ | [[:digit:]]{3} | \pL+ | \p{Greek} | (?s).*\n | \x{263a} | \x41 | \Qa.b\E | a{0,5} | (a|b|) | [^/]+
(a)\1 | a** | [z-a] | (?=a) | (?!a) | (?<=a)b | (?<!a)b | (?<n>x) | (?P=n) | (?>a) | a{1001} | a{3,2} | a{1,1001} | (a | a)
[a | [] | \ | * | + | ? | a|* | (*) | (?z) | (?P<n) | (?P<1>x) | (?P<n>a)(?P<n>b) | \8 | \pX | \p{Nope} | [[:nope:]] | \x{110000}
a++ | a?+ | a*+ | \Z | \G | \K | \c | (?#x) | (?i | (?P<>x) | [a-\d] | [\d-z] | [b-a] | a{,5} | a{5,} | x{2}{2} | (?-i)a | (?U)a+
/(a{100}){10} | a{99} | a{97} | .{20} | [a-zA-Z0-9]{60} | ([a-z]+){50} | (a{50}){50} | ((a{100}){10}){10} | \d{100}
^/shop/[^/]+/cart$ | ^/(en|de|zh-CN)/ | .*\.(png|jpe?g|gif|svg|ico|css|js)$ | /users/\d+/orders/\d+ | ^(.*)$ | (?m)^a$ | a$b | ^^a
""".replace("\n", " | ").split(" | ")

# expression -> why the two may differ
DIFFERENT = {
    "(?<n>x)": "RE2 takes this form of a named group since 2023; Debian's is of 2022, so we refuse it",
}


def made(seed, count):
    """Random expressions of the pieces people use, right and wrong."""
    pieces = ["a", "b+", "c*", "[a-z]", "[^/]+", r"\d", r"\w{2,4}", "(x|y)", "(?:p|q)?", ".", ".*", "/", "-", r"\.", "^", "$",
              "(", ")", "[", "]", "{3}", "{2,1}", "**", "+", "?", "|", r"\1", r"\z", "(?i)", "(?=z)", "[z-a]", r"\pN", "é"]
    chance = random.Random(seed)
    return ["".join(chance.choice(pieces) for _ in range(chance.randint(1, 7))) for _ in range(count)]


def configuration(expressions):
    routes = [{"match": {"safe_regex": {"regex": e}}, "direct_response": {"status": 200}} for e in expressions]
    manager = {"@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
               "stat_prefix": "x", "route_config": {"virtual_hosts": [{"name": "x", "domains": ["*"], "routes": routes}]},
               "http_filters": [{"name": "router", "typed_config": {
                   "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}]}
    return {"static_resources": {"listeners": [{
        "name": "x", "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}]}]}}


def taken(binary, folder, expressions):
    """Does Envoy take a configuration with these? (yes, its words)"""
    path = os.path.join(folder, "envoy.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(configuration(expressions), f)
    got = subprocess.run([binary, "--mode", "validate", "-c", path, "-l", "critical"], capture_output=True, text=True)
    return got.returncode == 0, (got.stdout + got.stderr)[-300:]


def main():
    binary = envoy.binary()
    if not binary:
        print("no Envoy here\n0 passed, 0 failed, 1 skipped")
        return 0
    expressions = list(dict.fromkeys(e for e in WRITTEN + made(20221, 400) if e))[:300]
    asked = subprocess.run([PROGRAM], input="\n".join(expressions) + "\n", capture_output=True, text=True, check=True)
    sizes = [int(line.split("\t")[0]) for line in asked.stdout.splitlines()]
    assert len(sizes) == len(expressions)
    ours = {e: 0 <= size <= STOCK for e, size in zip(expressions, sizes)}
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        good = [e for e in expressions if ours[e] and e not in DIFFERENT]
        whole, words = taken(binary, folder, good)
        for e in expressions:
            if e in DIFFERENT:
                print(f"different: {e}: {DIFFERENT[e]}")
                continue
            theirs = True if whole and ours[e] else taken(binary, folder, [e])[0]
            if theirs == ours[e]:
                passed += 1
            else:
                failed += 1
                print(f"FAIL {e!r}: we {'take' if ours[e] else 'refuse'} it, Envoy does not agree (size {dict(zip(expressions, sizes))[e]})")
        if not whole:
            print(f"Envoy does not take all that we take together: {words}")
    print(f"{len(good)} of {len(expressions)} expressions are taken")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
