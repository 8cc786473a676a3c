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
LIBS    := $(shell pkg-config --libs $(DEPS) 2>/dev/null) -lev -ldl -lm
ifdef SAN
CFLAGS  += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -DCHECK_BUILD=1
endif
ifdef FUZZ
CFLAGS  += -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
endif
SRC     := $(wildcard server/*.c server/*/*.c tools/*.c)
OBJ     := $(SRC:%.c=$B/%.o) $B/assets.o
LIBOBJ  := $(filter-out $B/server/main.o,$(OBJ))
UNIT    := $(patsubst tests/unit/%.c,$B/%,$(wildcard tests/unit/test_*.c))

build: $B/$(NAME) ## builds the binary into build/

$B/$(NAME): $(OBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@
$B/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c $< -o $@
# Prompts, plugin catalogue and other data files, linked into the binary (see server/base/asset.h).
ASSETS := $(sort $(wildcard prompts/*.md server/mcp/assets/* server/embedded/assets/* server/embedded/plugins/*))
$B/assets.S: $(ASSETS) tests/setup/assets.sh Makefile
	@mkdir -p $(@D)
	sh tests/setup/assets.sh $(ASSETS) > $@
$B/assets.o: $B/assets.S
	$(CC) -c $< -o $@
$B/test_%: tests/unit/test_%.c $(LIBOBJ)
	$(CC) $(CFLAGS) -Itests/unit $^ $(LIBS) -lcmocka -o $@
$B/contract: $(wildcard tests/contract/*.c) $(LIBOBJ)
	$(CC) $(CFLAGS) -Itests/contract $^ $(LDFLAGS) $(LIBS) -o $@
$B/chaos: $(wildcard tests/chaos/*.c) $(LIBOBJ)
	$(CC) $(CFLAGS) -Itests/chaos $^ $(LDFLAGS) $(LIBS) -o $@
$B/load_server: tests/load/server.c $(LIBOBJ)
	$(CC) $(CFLAGS) $^ $(LDFLAGS) $(LIBS) -o $@
# The fixtures of the official conformance suite: the same program with other toolsets. CONFORMANCE=1 builds it too.
FIXTURES := $(patsubst tests/conformance/%.c,$B/tests/conformance/%.o,$(wildcard tests/conformance/*.c))
$B/conformance-server: $(filter-out $B/server/toolsets.o,$(OBJ)) $(FIXTURES)
	$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@
# libFuzzer targets that need the whole program, its fixtures as tools; what the target defines itself comes first.
$B/fuzz_%: tests/fuzz/fuzz_%.c $(filter-out %/main.o %/toolsets.o,$(filter $B/server/base/% $B/server/net/% \
                               $B/server/gateway/% $B/server/mcp/%,$(OBJ))) $(FIXTURES) $B/assets.o tests/fuzz/fuzz_server.h
	$(CC) $(CFLAGS) -Itests/conformance -fsanitize=fuzzer $(filter-out %.h,$^) $(LDFLAGS) -Wl,-z,muldefs $(LIBS) -o $@
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
lint: ## layers, sizes, complexity, bans, formatting, clang-tidy, cppcheck
	@bash tests/run lint
contract: ## replays the recorded exchanges with the real console: a line a file and a total
	@bash tests/parts/30-contract
fuzz: ## one libFuzzer target for long: T=post|rpc|state|uri|jwt|mask|scrub [FUZZ_SECONDS=3600]
	@FUZZ_SECONDS=$${FUZZ_SECONDS:-3600} bash tests/parts/18-fuzz-protocol $(T)
conformance: ## the official conformance suites, every check of every scenario
	@bash tests/run conformance
bench: ## prints figures beside their targets and peers; PART="http idle" runs some
	@bash tests/bench/run $(PART)
install: build ## DESTDIR= PREFIX=/usr/local
	install -D -m 755 $B/$(NAME) $(DESTDIR)$(PREFIX)/bin/$(NAME)
clean: ## removes build/
	rm -rf build
help: ## this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | sort | awk -F'\t' '{printf "%-10s %s\n", $$1, $$2}'

-include $(OBJ:.o=.d) $(FIXTURES:.o=.d)
.PHONY: build unit unit-programs run test lint contract fuzz conformance bench install clean help
.DEFAULT_GOAL := build
