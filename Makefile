# higress-ops: `make run` and `make test` are the two commands of the README; `make help` lists all.
NAME    := higress-ops
VERSION := $(shell sed -n 's/^\#define HIGRESS_OPS_VERSION "\(.*\)"/\1/p' server/version.h)
CC      ?= gcc
ifeq ($(origin CC),default)
CC      := gcc
endif
B       := build/$(notdir $(CC))$(if $(SAN),-san)
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
ASSETS := $(sort $(wildcard prompts/*.md server/embedded/assets/* server/embedded/plugins/*))
$B/assets.S: $(ASSETS) tests/setup/assets.sh Makefile
	@mkdir -p $(@D)
	sh tests/setup/assets.sh $(ASSETS) > $@
$B/assets.o: $B/assets.S
	$(CC) -c $< -o $@
$B/test_%: tests/unit/test_%.c $(LIBOBJ)
	$(CC) $(CFLAGS) -Itests/unit $^ $(LIBS) -lcmocka -o $@
unit: $(UNIT) ## unit tests of this build
	@for t in $^; do $$t || exit 1; done

-include $(OBJ:.o=.d)
.PHONY: build unit
.DEFAULT_GOAL := build
