# SPDX-License-Identifier: MIT
#
# One non-recursive makefile. Sources are found by folder, so a new .c file
# needs no edit here. `make help` lists what can be typed.

.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

PREFIX  ?= /usr/local
PROGRAM ?= dig
CC      ?= cc
CFLAGS  ?= -O2 -g
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)

VERSION := 0.1.0
, := ,
PACKAGES := sqlite3 libzstd libxxhash libcrypto libisal

# CONFIG chooses the folder under build/; the release is build/ itself.
CONFIG ?= release
ifeq ($(CONFIG),release)
B := build
OUR_CFLAGS := -D_FORTIFY_SOURCE=2
OUR_LDFLAGS := -pie -Wl,-z,relro,-z,now
else ifeq ($(CONFIG),asan)
B := build/asan
CFLAGS := -O1 -g
OUR_CFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
OUR_LDFLAGS := -fsanitize=address,undefined
else ifeq ($(CONFIG),tsan)
B := build/tsan
CFLAGS := -O1 -g
OUR_CFLAGS := -fsanitize=thread -fno-omit-frame-pointer
OUR_LDFLAGS := -fsanitize=thread
else
$(error CONFIG is release, asan or tsan)
endif

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wredundant-decls \
	-Wwrite-strings -Wcast-qual -Wpointer-arith -Wformat=2 -Wundef -Wvla \
	-Wswitch-enum -Wimplicit-fallthrough -Wnull-dereference
ifeq ($(W),error)
WARN += -Werror
endif

PKG_CFLAGS = $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
# From their archives where Debian has them: each shared library costs every
# command a part of a millisecond at start (docs/adr/0012-static-libraries.md).
# STATIC=0 links the shared ones.
STATIC ?= 1
LIBDIR := $(shell pkg-config --variable=libdir sqlite3 2>/dev/null)
archive = $(if $(filter 1,$(STATIC)),$(if $(wildcard $(LIBDIR)/lib$(1).a),\
	$(LIBDIR)/lib$(1).a,-l$(1)),-l$(1))
PKG_LIBS = $(call archive,sqlite3) $(call archive,zstd) \
	$(call archive,crypto) -lxxhash -lisal -lpthread -ldl -lm

ALL_CFLAGS = -std=c11 -D_POSIX_C_SOURCE=200809L -D_FILE_OFFSET_BITS=64 \
	-DDIG_VERSION='"$(VERSION)"' -I. -I$(B)/gen $(WARN) \
	-fno-common -fvisibility=hidden -fstack-protector-strong -fPIC \
	$(OUR_CFLAGS) $(PKG_CFLAGS) $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(OUR_LDFLAGS) $(LDFLAGS)

LIB_SRC := $(wildcard merkle/*.c objects/base/*.c objects/db/*.c objects/*.c \
	staging/*.c repo/*.c repo/bridge/*.c)
CMD_SRC := $(wildcard cmd/*.c)
SQL_SRC := $(wildcard objects/db/schema/*.sql objects/sql/*.sql \
	staging/sql/*.sql repo/sql/*.sql repo/sql/queries/*.sql)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
TOOL_SRC := $(wildcard tests/tools/*.c)
PRELOAD_SRC := $(wildcard tests/preload/*.c)

LIB_OBJ := $(LIB_SRC:%.c=$(B)/obj/%.o)
CMD_OBJ := $(CMD_SRC:%.c=$(B)/obj/%.o)
LIB     := $(B)/libdig.a
DIG     := $(B)/dig
UNIT    := $(UNIT_SRC:tests/unit/%.c=$(B)/unit/%)
TOOLS   := $(TOOL_SRC:tests/tools/%.c=$(B)/tools/%)
PRELOADS := $(PRELOAD_SRC:tests/preload/%.c=$(B)/preload/%.so)
GEN     := $(B)/gen/dig_sql.h $(B)/gen/dig_sql.c $(B)/gen/plugin_dir.h
PLUGINS := $(B)/dig-text.so $(B)/dig-perl.so $(B)/dig-tar.so
# For other programs' SQLite: what speaks to it is compiled a second time.
EXTENSION := $(B)/dig.so
EXTENSION_OBJ := $(patsubst %.c,$(B)/extension/%.o,$(wildcard objects/db/*.c) \
	plugins/sqlite_extension.c)
MAN     := $(patsubst docs/man/%.scd,$(B)/man/%,$(wildcard docs/man/*.scd))

all: $(DIG) $(PLUGINS) $(EXTENSION) ## build build/dig (installs nothing)

# Flags in a stamp: another compiler or flag rebuilds.
$(B)/flags: FORCE
	$(Q)mkdir -p $(B)
	$(Q)echo '$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS)' | cmp -s - $@ || \
		echo '$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS)' > $@
FORCE:

$(B)/gen/dig_sql.c $(B)/gen/dig_sql.h &: objects/db/embed.awk $(SQL_SRC)
	$(Q)mkdir -p $(B)/gen
	$(Q)awk -v out_h=$(B)/gen/dig_sql.h -v out_c=$(B)/gen/dig_sql.c \
		-f objects/db/embed.awk $(SQL_SRC)

# Where the installed plugins are: only what includes it is built again.
plugindir = $(PREFIX)/lib/$(PROGRAM)
$(B)/gen/plugin_dir.h: FORCE
	$(Q)mkdir -p $(B)/gen
	$(Q)echo '#define DIG_PLUGIN_DIR "$(plugindir)"' | cmp -s - $@ || \
		echo '#define DIG_PLUGIN_DIR "$(plugindir)"' > $@

$(B)/obj/%.o: %.c $(B)/flags | $(GEN)
	@$(if $(filter 1,$(V)),,echo "  CC    $<")
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/obj/gen/dig_sql.o: $(B)/gen/dig_sql.c $(B)/flags
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(LIB_OBJ) $(B)/obj/gen/dig_sql.o
	$(Q)rm -f $@ && ar rcs $@ $^

$(DIG): $(CMD_OBJ) $(LIB)
	@$(if $(filter 1,$(V)),,echo "  LD    $@")
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(CMD_OBJ) $(LIB) $(PKG_LIBS)

# Loaded by the program when it is first needed, never linked to it: what
# libgit2 brings along would cost every command its start.
$(B)/dig-text.so: plugins/text_git2.c $(B)/flags
	@$(if $(filter 1,$(V)),,echo "  LD    $@")
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) \
		$(shell pkg-config --cflags libgit2) -MMD -MP \
		$(filter-out -pie,$(ALL_LDFLAGS)) -shared -o $@ $< \
		$(shell pkg-config --libs libgit2)

$(B)/dig-perl.so: plugins/perl_pcre2.c $(B)/flags
	@$(if $(filter 1,$(V)),,echo "  LD    $@")
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) \
		$(shell pkg-config --cflags libpcre2-8) -MMD -MP \
		$(filter-out -pie,$(ALL_LDFLAGS)) -shared -o $@ $< \
		$(shell pkg-config --libs libpcre2-8)

$(B)/dig-tar.so: plugins/tar_archive.c $(B)/flags
	@$(if $(filter 1,$(V)),,echo "  LD    $@")
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -fPIE,$(ALL_CFLAGS)) -fPIC \
		$(shell pkg-config --cflags libarchive) -MMD -MP \
		$(filter-out -pie,$(ALL_LDFLAGS)) -shared -o $@ $< \
		$(shell pkg-config --libs libarchive)

# Its SQLite is that of the program which loads it; the archive gives only
# what has no object here. Symbols stay inside, but for the one that SQLite
# looks for.
$(B)/extension/%.o: %.c $(B)/flags | $(GEN)
	@$(if $(filter 1,$(V)),,echo "  CC    $@")
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -DDIG_EXTENSION $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(EXTENSION): $(EXTENSION_OBJ) $(LIB)
	@$(if $(filter 1,$(V)),,echo "  LD    $@")
	$(Q)$(CC) $(filter-out -pie,$(ALL_LDFLAGS)) -shared \
		$(if $(filter release,$(CONFIG)),-Wl$(,)-z$(,)defs) \
		-o $@ $(EXTENSION_OBJ) $(LIB) -lzstd -lcrypto -lxxhash -lisal \
		-lpthread -ldl -lm

# Tests of the terminal's manners link what is below the verbs in cmd/.
CMD_PARTS := $(B)/libcmd.a
$(CMD_PARTS): $(filter-out $(B)/obj/cmd/cmd_% %/cmd/main.o,$(CMD_OBJ))
	$(Q)rm -f $@ && ar rcs $@ $^
$(B)/unit/test_opt $(B)/unit/test_json: $(CMD_PARTS)
# A test that loads the plugin finds it beside itself.
$(B)/unit/dig-text.so: $(B)/dig-text.so
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@
$(B)/unit/test_text: | $(B)/unit/dig-text.so

$(B)/unit/%: tests/unit/%.c $(LIB) $(B)/flags | $(GEN)
	@$(if $(filter 1,$(V)),,echo "  TEST  $@")
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP $(ALL_LDFLAGS) -o $@ $< \
		$(filter $(CMD_PARTS),$^) $(LIB) $(PKG_LIBS) -lcmocka

$(B)/tools/%: tests/tools/%.c $(LIB) $(B)/flags | $(GEN)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(LIB) $(PKG_LIBS)

$(B)/preload/%.so: tests/preload/%.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -g -Wall -Wextra -shared -fPIC -o $@ $< -ldl -lpthread

$(B)/man/%: docs/man/%.scd
	$(Q)mkdir -p $(@D)
	$(Q)scdoc < $< > $@

unit-build: $(UNIT)
tools: $(TOOLS) $(PRELOADS)
man: $(MAN) ## build the manual pages

help: ## list the targets
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  %-12s %s\n",$$1,$$2}' $(MAKEFILE_LIST)

clean: ## remove build/
	$(Q)rm -rf build

.PHONY: all unit-build tools man help clean FORCE

-include $(EXTENSION_OBJ:.o=.d)
-include $(LIB_OBJ:.o=.d) $(CMD_OBJ:.o=.d) $(UNIT:=.d) $(PLUGINS:.so=.d)
-include tests/tests.mk
