# higress-ops: `make run` and `make test` are the two commands of the README; `make help` lists all.
NAME    := higress-ops
PREFIX  ?= /usr/local
VERSION := $(shell sed -n 's/^\#define HIGRESS_OPS_VERSION "\(.*\)"/\1/p' server/version.h)
CC      ?= gcc
ifeq ($(origin CC),default)
CC      := gcc
endif
B       := build/$(notdir $(CC))$(if $(SAN),-san)$(if $(FUZZ),-fuzz)
DEPS    := libcjson yaml-0.1
HEADERS := libwebsockets libcurl sqlite3 libcrypto
WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings \
           -Wvla -Wframe-larger-than=8192 -Wno-missing-field-initializers -Werror
CFLAGS  += -std=gnu17 -O2 -g $(WARN) -fcf-protection=none -D_GNU_SOURCE -Iserver \
           -include server/base/banned.h $(shell pkg-config --cflags $(DEPS) $(HEADERS) 2>/dev/null) -MMD -MP
CXXFLAGS += -std=c++17 -O2 -g -Wall -Wextra -Werror -fcf-protection=none -Iserver -MMD -MP
# RE2 and C++ are linked statically: dynamically they double the start of an empty process.
LIBS    := -Wl,--as-needed $(shell pkg-config --libs $(DEPS) 2>/dev/null) -lev -ldl -lm -Wl,-Bstatic -lre2 -lstdc++ -Wl,-Bdynamic -static-libgcc
ifdef SAN
CFLAGS  += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -DCHECK_BUILD=1
endif
ifdef FUZZ
CFLAGS  += -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
endif
SRC     := $(sort $(shell find server tools -name '*.c' -o -name '*.cc'))
# What every start runs is linked side by side: it is then read and mapped in few pieces.
FIRST   := $(filter server/main.c $(addprefix server/,config/% mcp/% cmd/mark.c cmd/options.c cmd/rotate.c cmd/server.c \
           cmd/ship.c cmd/stdio.c cmd/webhook.c call/c%g.c call/map.c call/repeat.c call/service.c chat/bot.c console/gateway.c \
           net/fetch.c net/loop.c net/stdio.c policy/policy.c policy/rules.c signal/accesslog_mask.c store/store.c \
           $(addprefix base/,arena.c buf.c err.c fiber.c field.c json% log.c secret.c text.c trace.c utf8.c when.c)),$(SRC))
OBJ     := $(addprefix $B/,$(addsuffix .o,$(basename $(FIRST) $(filter-out $(FIRST),$(SRC))))) $B/assets.o
LIBOBJ  := $(filter-out $B/server/main.o,$(OBJ))
UNIT    := $(patsubst tests/unit/%.c,$B/%,$(wildcard tests/unit/test_*.c))
# Test programs are linked often and shipped never: gold is four times as fast, where it is installed (not with clang).
GOLD    := $(if $(filter gcc,$(notdir $(CC))),$(if $(shell command -v ld.gold),-fuse-ld=gold))
objects  = $(patsubst %.c,$B/%.o,$(wildcard tests/$1/*.c))

build: $B/$(NAME) ## builds the binary into build/

# The tables hold 12,000 pointers: packed, their relocations are 4 kB instead of 300 that each start would read.
$B/$(NAME): $(OBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) -Wl,-z,pack-relative-relocs $^ $(LIBS) -o $@
$B/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c $< -o $@
$B/%.o: %.cc
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) -c $< -o $@
# Prompts, plugin catalogue and other data files, linked into the binary (see server/base/asset.h).
ASSETS := $(sort $(wildcard prompts/*.md prompts/*.txt server/mcp/assets/* server/page/assets/* server/picture/assets/* server/embedded/assets/* server/embedded/plugins/*))
$B/assets.S: $(ASSETS) tests/setup/assets.sh Makefile
	@mkdir -p $(@D)
	sh tests/setup/assets.sh $(ASSETS) > $@
$B/assets.o: $B/assets.S
	$(CC) -c $< -o $@
# The unit tests are one program, tests/unit/unit.c; build/gcc/test_NAME is a link to it.
$B/tests/unit/test_%.o: tests/unit/test_%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Wno-missing-prototypes -Dmain=test_$*_main -c $< -o $@
$B/unit: $(call objects,unit) $(LIBOBJ)
	$(CC) $(CFLAGS) $(GOLD) -rdynamic $^ $(LIBS) -lcmocka -o $@
$(UNIT): $B/unit
	@ln -sf unit $@
# Calls without a protocol: what they need of the program, and no more.
ALONE := $(filter-out $B/tools/% $B/server/chat/% $B/server/mcp/% $B/server/web/% $B/server/auth/% $B/server/cmd/% $B/server/toolsets.o,$(LIBOBJ))
$B/alone: $B/tests/alone/call.o $(ALONE)
	$(CC) $(CFLAGS) $(GOLD) $^ $(LDFLAGS) $(LIBS) -lcmocka -o $@
$B/tests/alone/%.o: CFLAGS += -Itests/unit
$B/contract: $(call objects,contract) $(LIBOBJ)
	$(CC) $(CFLAGS) $(GOLD) $^ $(LDFLAGS) $(LIBS) -o $@
$B/chaos: $(call objects,chaos) $(LIBOBJ)
	$(CC) $(CFLAGS) $(GOLD) $^ $(LDFLAGS) $(LIBS) -o $@
$B/load_server: $B/tests/load/server.o $(LIBOBJ)
	$(CC) $(CFLAGS) $(GOLD) $^ $(LDFLAGS) $(LIBS) -o $@
$B/ws_talk: $B/tests/ws/talk.o $(LIBOBJ)
	$(CC) $(CFLAGS) $(GOLD) $^ $(LDFLAGS) $(LIBS) -o $@
# Its own ears take the place of a bot's.
$B/chat_line: $B/tests/ws/line.o $(LIBOBJ)
	$(CC) $(CFLAGS) $(GOLD) $^ $(LDFLAGS) -Wl,-z,muldefs $(LIBS) -o $@
$B/kube_ask: $B/tests/kube/ask.o $(LIBOBJ)
	$(CC) $(CFLAGS) $(GOLD) $^ $(LDFLAGS) $(LIBS) -o $@
$B/regex_size: $B/tests/routing/regex_size.o $B/server/rule/regex.o
	$(CC) $(CFLAGS) $^ $(LDFLAGS) $(LIBS) -o $@
$B/explain: $B/tests/routing/explain.o $(LIBOBJ)
	$(CC) $(CFLAGS) $(GOLD) $^ $(LDFLAGS) $(LIBS) -o $@
$B/platforms: $(call objects,chat) $(LIBOBJ)
	$(CC) $(CFLAGS) $(GOLD) $^ $(LDFLAGS) $(LIBS) -o $@
# The fixtures of the official conformance suite: the same program with other toolsets. CONFORMANCE=1 builds it too.
FIXTURES := $(call objects,conformance)
$B/conformance-server: $(filter-out $B/server/toolsets.o,$(OBJ)) $(FIXTURES)
	$(CC) $(CFLAGS) $(GOLD) $(LDFLAGS) $^ $(LIBS) -o $@
# A libFuzzer target takes what it needs of the program, its fixtures as tools; what it defines itself comes first.
$B/fuzzed.a: $(filter-out %/main.o %/toolsets.o,$(LIBOBJ)) $(FIXTURES)
	@rm -f $@
	ar qcsT $@ $^
$B/fuzz_%: $B/tests/fuzz/fuzz_%.o $B/fuzzed.a
	$(CC) $(CFLAGS) $(GOLD) -fsanitize=fuzzer $^ $(LDFLAGS) -Wl,-z,muldefs $(LIBS) -o $@
$B/tests/fuzz/%.o: CFLAGS += -Itests/conformance
fuzz-programs: $(patsubst tests/fuzz/%.c,$B/%,$(wildcard tests/fuzz/fuzz_*.c))
ifdef CONFORMANCE
build: $B/conformance-server
endif
unit-programs: $(UNIT)
unit: $(UNIT) ## unit tests of this build (SAN=1: under the sanitizers)
	@for t in $^; do $$t || exit 1; done

run: ## installs what is missing, builds, and runs the shop demo on the embedded control plane (DEMO=once: and ends)
	@bash tests/setup/install.sh run
	@bash tests/setup/envoy.sh || echo "continuing without Envoy"
	@$(MAKE) -s -j2 build
	@build/gcc/$(NAME) demo --dir build/demo $(if $(filter once,$(DEMO)),--once)
test: ## everything CI runs; closes with `N passed, N failed`; PART=name runs one part
	@bash tests/setup/install.sh test
	@bash tests/run $(PART)
quick: ## in a minute: builds, unit tests, rules, lint of what changed, a handful of scenarios
	@QUICK=1 bash tests/run 00-build 10-unit 14-lint 15-golden 35-scenarios
t: ## one test: T=store:lease a unit case, T=52-manifest[:stdio][:2026-07-28] scenarios, T=fuzz:uri a part
	@bash tests/one "$(T)"
lint: ## layers, sizes, complexity, bans, formatting, clang-tidy, cppcheck
	@bash tests/run lint
contract: ## replays the recorded exchanges with the real console; URL= [DATA= CONSOLE_USER= ALLOW_WRITES=1]: any console
	@$(if $(URL),$(MAKE) -s CC=gcc build/gcc/contract && build/gcc/contract --url '$(URL)' \
	  $(if $(DATA),--data '$(DATA)') $(if $(CONSOLE_USER),--user '$(CONSOLE_USER)') $(if $(ALLOW_WRITES),--writes) \
	  $(NAMES),bash tests/parts/30-contract)
fuzz: ## one libFuzzer target for long: T=NAME, any tests/fuzz/fuzz_NAME.c [FUZZ_SECONDS=3600]
	@FUZZ_SECONDS=$${FUZZ_SECONDS:-3600} bash tests/parts/16-fuzz $(T)
conformance: ## the official conformance suites, every check of every scenario
	@bash tests/run conformance
kube: ## builds a kube-apiserver for 59-kube into the cache, once a machine (12 minutes of CPU)
	@bash tests/setup/kube.sh
bench: ## prints figures beside their targets and peers; PART="http idle" runs some
	@bash tests/bench/run $(PART)
soak: build ## an hour of 64 clients, a console that breaks, changes applied and undone; MINUTES=10 is shorter
	@python3 tests/bench/soak.py $(or $(MINUTES),60)
install: build ## DESTDIR= PREFIX=/usr/local
	install -D -m 755 $B/$(NAME) $(DESTDIR)$(PREFIX)/bin/$(NAME)
clean: ## removes build/
	rm -rf build
help: ## this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | sort | awk -F'\t' '{printf "%-10s %s\n", $$1, $$2}'

-include $(shell find $B -name '*.d' 2>/dev/null)
.PHONY: kube build unit unit-programs fuzz-programs run test quick t lint contract fuzz conformance bench soak install clean help
.DEFAULT_GOAL := build
