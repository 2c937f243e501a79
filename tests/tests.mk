# SPDX-License-Identifier: MIT
#
# Testing, measuring and installing. Every test program speaks TAP; tests/run
# runs them and its last line is the sum.

DEB_BUILD := build-essential pkg-config libsqlite3-dev libzstd-dev \
	libxxhash-dev libssl-dev libgit2-dev libpcre2-dev libisal-dev \
	libarchive-dev
DEB_TEST := libcmocka-dev sqlite3 zstd strace python3 git patch pre-commit \
	libxml2-utils openssh-client
DEB_DOC := scdoc mandoc
DEB_LINT := clang-format shellcheck
DEB_BENCH := restic borgbackup fossil linux-source-6.1 xz-utils
DEBS := $(DEB_BUILD) $(DEB_TEST) $(DEB_DOC) $(DEB_LINT)

RUN := tests/run
# Inner builds use two processors unless make was told otherwise.
PARALLEL = $(if $(filter -j%,$(MAKEFLAGS)),,-j2)
E2E := $(filter-out tests/e2e/lib.sh,$(wildcard tests/e2e/*.sh))
LINT := $(wildcard tests/lint/*.sh)
CAMPAIGNS := $(wildcard tests/crash/*.py tests/fault/*.py)
CAMPAIGNS := $(filter-out %/oracle.py,$(CAMPAIGNS))
ASAN := build/asan
# Not those that run nothing in C that others do not.
ASAN_E2E := $(filter-out %/pre-commit.sh %/reader.sh %/model.sh,$(E2E))
ASAN_UNIT = $(UNIT_SRC:tests/unit/%.c=$(ASAN)/unit/%)
C_FILES = $(shell git ls-files --cached --others --exclude-standard '*.c' '*.h')
bindir := $(PREFIX)/bin
mandir := $(PREFIX)/share/man
bashdir := $(PREFIX)/share/bash-completion/completions
zshdir := $(PREFIX)/share/zsh/site-functions
fishdir := $(PREFIX)/share/fish/vendor_completions.d

deps: ## install the Debian packages (root), or print the line to type
	$(Q)tests/deps.sh $(DEBS)

bench-deps:
	$(Q)tests/deps.sh $(DEBS) $(DEB_BENCH)

unit: unit-build ## unit tests
	$(Q)$(RUN) $(UNIT)

e2e: all tools ## end-to-end tests of the program
	$(Q)$(RUN) DIG=$(DIG) PRELOAD=$(B)/preload TOOLS=$(B)/tools $(E2E)

crash: all tools ## the short crash and fault campaigns
	$(Q)$(RUN) DIG=$(DIG) PRELOAD=$(B)/preload TIMEOUT=400 $(CAMPAIGNS)

asan-build:
	$(Q)$(MAKE) $(PARALLEL) --no-print-directory CONFIG=asan all unit-build tools

asan: asan-build ## unit and end-to-end tests under ASan and UBSan
	$(Q)$(RUN) LABEL=asan DIG=$(ASAN)/dig TOOLS=$(ASAN)/tools TIMEOUT=600 \
		SANITIZED=1 $(ASAN_UNIT) $(ASAN_E2E)

lint: all ## layers, symbols, banned calls, headers, format, scripts
	$(Q)$(RUN) LIB=$(LIB) B=$(B) $(LINT)

format: ## rewrite the sources as .clang-format says
	$(Q)clang-format -i $(C_FILES)

format-check: ## say which sources .clang-format would change
	$(Q)clang-format --dry-run -Werror $(C_FILES)

# One run over everything, so that the last line is the sum of it. The long
# programs come first; the short ones fill the gaps.
check: deps ## all tests in their short form: under ten minutes on two cores
	$(Q)$(MAKE) $(PARALLEL) --no-print-directory all unit-build tools
	$(Q)$(MAKE) $(PARALLEL) --no-print-directory asan-build
	$(Q)$(RUN) --summary build/summary PRELOAD=$(B)/preload TOOLS=$(B)/tools \
		DIG=$(DIG) LIB=$(LIB) B=$(B) TIMEOUT=400 $(CAMPAIGNS) \
		TIMEOUT=200 $(E2E) $(UNIT) $(LINT) \
		LABEL=asan SANITIZED=1 QUICK=1 TIMEOUT=400 DIG=$(ASAN)/dig \
		TOOLS=$(ASAN)/tools $(ASAN_E2E) $(ASAN_UNIT)

# The full counts of every campaign, one after the other, each with its
# figures in build/soak/*.json; then the tables are written from them.
soak: deps ## full counts of every campaign; writes docs/reliability.md
	$(Q)$(MAKE) $(PARALLEL) --no-print-directory all unit-build tools
	$(Q)rm -rf build/soak && mkdir -p build/soak
	$(Q)status=0; SOAK=1 FIGURES=build/soak $(RUN) -j 2 \
		--summary build/summary PRELOAD=$(B)/preload TOOLS=$(B)/tools \
		DIG=$(DIG) TIMEOUT=86400 $(CAMPAIGNS) $(E2E) $(UNIT) || status=1; \
		python3 tests/tools/reliability.py build/soak $(DIG) \
		> docs/reliability.md.new && \
		mv docs/reliability.md.new docs/reliability.md; exit $$status

BENCH = python3 -B tests/bench/bench.py --dig $(DIG) --json build/bench.json \
	$(if $(ONLY),--only $(ONLY)) $(if $(filter 1,$(QUICK)),--quick) \
	$(if $(filter 1,$(COLD)),--cold) $(if $(RUNS),--runs $(RUNS))

bench: all ## dig beside git, restic, borg, fossil (QUICK=1, ONLY=S, COLD=1)
	$(Q)$(BENCH)

bench-history: all ## dig beside git on a history: GIT=/path/to/clone
	$(Q)[ -n "$(GIT)" ] || { echo "type: make $@ GIT=/path/to/clone" >&2; \
		exit 2; }
	$(Q)python3 -B tests/bench/history.py --dig $(DIG) --git $(GIT) \
		--json build/bench-history.json $(if $(RUNS),--runs $(RUNS))

perfcheck: all ## the bench's ratios against tests/bench/baseline.json
	$(Q)$(BENCH) --check tests/bench/baseline.json

demo: deps ## a minute with dig on a real tree of this machine
	$(Q)$(MAKE) $(PARALLEL) --no-print-directory all
	$(Q)tests/demo.sh $(DIG)

install: all man install-completion ## install under PREFIX (PROGRAM=name for another name)
	$(Q)install -d $(DESTDIR)$(bindir) $(DESTDIR)$(mandir)/man1 \
		$(DESTDIR)$(mandir)/man5 $(DESTDIR)$(mandir)/man7
	$(Q)install -m 755 $(DIG) $(DESTDIR)$(bindir)/$(PROGRAM)
	$(Q)install -d $(DESTDIR)$(plugindir)
	$(Q)install -m 644 $(PLUGINS) $(EXTENSION) $(DESTDIR)$(plugindir)
	$(Q)for page in $(MAN); do name=$${page##*/}; \
		install -m 644 $$page $(DESTDIR)$(mandir)/man$${name##*.}/$(PROGRAM)$${name#dig} \
		|| exit 1; done
	@echo "installed $(DESTDIR)$(bindir)/$(PROGRAM)"
	@if [ "$(PROGRAM)" = dig ] && [ -x /usr/bin/dig ]; then \
		echo "note: it hides the DNS tool /usr/bin/dig;" \
		"'make install PROGRAM=name' installs under another name"; fi

install-completion:
	$(Q)install -d $(DESTDIR)$(bashdir) $(DESTDIR)$(zshdir) \
		$(DESTDIR)$(fishdir)
	$(Q)sed 's/^complete -F _dig dig$$/complete -F _dig $(PROGRAM)/' \
		cmd/completion/dig.bash >$(DESTDIR)$(bashdir)/$(PROGRAM)
	$(Q)sed '1s/dig$$/$(PROGRAM)/' \
		cmd/completion/_dig >$(DESTDIR)$(zshdir)/_$(PROGRAM)
	$(Q)sed 's/^complete -c dig /complete -c $(PROGRAM) /' \
		cmd/completion/dig.fish >$(DESTDIR)$(fishdir)/$(PROGRAM).fish

uninstall: ## remove what install put there
	$(Q)rm -f $(DESTDIR)$(bindir)/$(PROGRAM)
	$(Q)for plugin in $(notdir $(PLUGINS) $(EXTENSION)); do \
		rm -f $(DESTDIR)$(plugindir)/$$plugin; done
	$(Q)rmdir $(DESTDIR)$(plugindir) 2>/dev/null || true
	$(Q)for page in $(notdir $(MAN)); do \
		rm -f $(DESTDIR)$(mandir)/man$${page##*.}/$(PROGRAM)$${page#dig}; done
	$(Q)rm -f $(DESTDIR)$(bashdir)/$(PROGRAM) \
		$(DESTDIR)$(zshdir)/_$(PROGRAM) \
		$(DESTDIR)$(fishdir)/$(PROGRAM).fish

.PHONY: deps install-completion bench-deps unit e2e crash asan-build asan \
	lint format \
	format-check check soak bench bench-history perfcheck demo install uninstall
