# videur: protects a small mail host from clients that misbehave.
#
#   make            build the programs in build/
#   make run        install what is missing, build and run the services here
#   make demo       the same in front of a private Postfix, with a morning's
#                   traffic
#   make check      install what the tests need and run them all
#   make unit       only the unit tests
#   make mta web    only the tests with a real Postfix, or of the page; also
#                   cli, faults, share, miltertest, browser
#   make sendmail   the tests with a real Sendmail, in roots of Debian 12 and 13
#   make asan tsan  the tests under sanitizers
#   make lint       format, static analysis, layers, scripts, man pages
#   make deb        Debian packages in build/deb
#   make package    those, built, installed, upgraded and purged in fresh roots
#                   of Debian 12 and 13
#   make fuzz       parsers of foreign text, and the running milter, against
#                   made-up bytes (a minute each; FUZZ_SECONDS=)
#   make soak       services killed, disks that fail (5 minutes; SOAK_SECONDS=)
#   make bench      the benchmarks, in 15 minutes; bench-quick in 2
#   make reproducible   build again elsewhere and compare
#   make sbom       what the programs are made of (SPDX)
#   make pictures   take the README's pictures again
#   make measure    lines, files and lengths of functions, by folder
#   make install    DESTDIR= PREFIX=
#   make uninstall  the same
#   make clean      remove build/; scripts/setup undo removes the packages that
#                   were installed

VERSION = 0.1.0
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
BUILD ?= build

CFLAGS ?= -O2 -g
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
	-Wformat=2 -Wundef -Wvla -Wcast-qual -Wwrite-strings \
	-Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum \
	-Wimplicit-fallthrough -Wnull-dereference
ifeq ($(findstring clang,$(CC)),)
WARNINGS += -Wlogical-op -Wduplicated-cond -Wduplicated-branches
endif
# A newer compiler must not break a user's build: errors in CI only.
ifdef CI
WARNINGS += -Werror
endif
FORTIFY = -D_FORTIFY_SOURCE=2
# All symbols are bound at the start (-z now): calls go there at once.
HARDEN = -fstack-protector-strong -fPIE -fno-plt
LDHARDEN = -Wl,-z,relro,-z,now -pie
ifdef SANITIZE
HARDEN = -fPIE -fno-omit-frame-pointer -fsanitize=$(SANITIZE) \
	-fno-sanitize-recover=all
LDHARDEN = -pie -fsanitize=$(SANITIZE)
FORTIFY =
ifeq ($(SANITIZE),thread)
HARDEN += -include tests/tsan.h
endif
endif
# Two builds of one commit are the same: no program knows its build's folder.
SAME = -ffile-prefix-map=$(CURDIR)=.
COMPILE = $(CC) -std=c17 -D_GNU_SOURCE -DVIDEUR_VERSION='"$(VERSION)"' -Isrc \
	$(FORTIFY) $(SAME) $(CFLAGS) $(WARNINGS) $(HARDEN) $(ROOM_FLAGS) $(CPPFLAGS)
LINK = $(CC) $(CFLAGS) $(LDHARDEN) $(LDFLAGS)

# One short line a step; V=1 shows the whole command.
ifdef V
say = @:
Q =
else
say = @printf '  %-5s %s\n' $(1) $@
Q = @
endif

# The house: lower floors make one library, each program is one folder.
LIBRARY_ROOMS = base core dns bounce logs conf store engine rules chart intake \
	replay doctor export
PROGRAM_ROOMS = milter web watch ctl
LIBRARY_LIBS = -lsqlite3 -lpcre2-8 -lz -lresolv
LIBS_milter = -lmilter -lpthread
LIBS_web = -lmicrohttpd -lgnutls
LIBS_watch = -lsystemd
# Its headers lie in folders of their own.
CFLAGS_feedback := $(patsubst -I%,-isystem%,\
	$(shell pkg-config --cflags gmime-3.0 2>/dev/null))
CFLAGS_share := $(patsubst -I%,-isystem%,\
	$(shell pkg-config --cflags libpq 2>/dev/null))
LIBS_share = -lpq -lpthread
LIBS_feedback = -lgmime-3.0 -lgobject-2.0 -lglib-2.0
PROGRAMS = $(BUILD)/videur $(BUILD)/videur-feedback $(BUILD)/videur-milter \
	$(BUILD)/videur-share $(BUILD)/videur-watch $(BUILD)/videur-web
# The others are for administrators, and for programs that they name.
SERVICES = $(filter-out %/videur %/videur-feedback,$(PROGRAMS))
COMMANDS = $(filter-out $(SERVICES),$(PROGRAMS))
MANUALS = $(sort $(wildcard src/*/*.[58]))
MANDIR = $(PREFIX)/share/man
# In /usr/local, too, systemd looks there.
UNITDIR ?= $(PREFIX)/lib/systemd/system
UNITS = $(sort $(wildcard systemd/*))
BASH_COMPLETION = $(PREFIX)/share/bash-completion/completions/videur
ZSH_COMPLETION ?= $(PREFIX)/share/zsh/site-functions/_videur
# What an administrator copies to $(SYSCONFDIR)/videur; nothing of it is
# put there by itself.
EXAMPLES = $(PREFIX)/share/doc/videur/examples
SAMPLES = $(sort $(wildcard docs/grafana.json src/conf/videur.conf src/conf/policies/*.conf \
	src/conf/scanners/*.conf src/rules/*.rule))

objects = $(patsubst src/%.c,$(BUILD)/obj/%.o,\
	$(sort $(wildcard src/$(1)/*.c)))
parts = $(filter-out %/main.o,$(call objects,$(1)))

LIBRARY = $(BUILD)/libvideur.a
LIBRARY_OBJECTS = $(foreach room,$(LIBRARY_ROOMS),$(call objects,$(room))) \
	$(BUILD)/gen/schema_files.o $(BUILD)/gen/policy_files.o \
	$(BUILD)/gen/scanner_files.o \
	$(BUILD)/gen/phrase_files.o \
	$(BUILD)/gen/rule_files.o $(BUILD)/gen/bounce_files.o \
	$(BUILD)/gen/doctor_files.o
# What tests may link of the programs: all but main().
PARTS = $(BUILD)/libparts.a
PARTS_OBJECTS = $(foreach room,$(PROGRAM_ROOMS),$(call parts,$(room))) \
	$(BUILD)/gen/web_files.o

UNIT_TESTS = $(patsubst tests/unit/%.c,$(BUILD)/tests/%,\
	$(wildcard tests/unit/*_test.c))
FUZZERS = $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))
# How long each of them runs, in seconds.
FUZZ_SECONDS ?= 60
BENCHES = $(addprefix $(BUILD)/bench/,null_milter milter_load fill rules_parse)

all: $(PROGRAMS)
	@:

help:
	@sed -n '/^$$/q; s/^# \{0,1\}//p' Makefile

# Whether there is what a step needs.
$(BUILD)/has/%: scripts/need
	@mkdir -p $(@D)
	@scripts/need "$(CC) $(CPPFLAGS) $(CFLAGS_feedback) $(CFLAGS_share)" $*
	@touch $@

$(BUILD)/videur: $(call objects,ctl) $(LIBRARY)
	$(call say,link)
	$(Q)$(LINK) -o $@ $^ $(LIBRARY_LIBS)
$(BUILD)/videur-feedback: $(call objects,feedback) $(LIBRARY)
	$(call say,link)
	$(Q)$(LINK) -o $@ $^ $(LIBRARY_LIBS) $(LIBS_feedback)
$(BUILD)/videur-milter: $(call objects,milter) $(LIBRARY)
	$(call say,link)
	$(Q)$(LINK) -o $@ $^ $(LIBRARY_LIBS) $(LIBS_milter)
$(BUILD)/videur-share: $(call objects,share) $(BUILD)/gen/share_files.o $(LIBRARY)
	$(call say,link)
	$(Q)$(LINK) -o $@ $^ $(LIBRARY_LIBS) $(LIBS_share)
$(BUILD)/videur-watch: $(call objects,watch) $(LIBRARY)
	$(call say,link)
	$(Q)$(LINK) -o $@ $^ $(LIBRARY_LIBS) $(LIBS_watch)
$(BUILD)/videur-web: $(call objects,web) $(BUILD)/gen/web_files.o $(LIBRARY)
	$(call say,link)
	$(Q)$(LINK) -o $@ $^ $(LIBRARY_LIBS) $(LIBS_web)

$(LIBRARY): $(LIBRARY_OBJECTS)
	$(call say,ar)
	@rm -f $@
	$(Q)$(AR) rcsD $@ $^
$(PARTS): $(PARTS_OBJECTS)
	$(call say,ar)
	@rm -f $@
	$(Q)$(AR) rcsD $@ $^

$(call objects,share): ROOM_FLAGS = $(CFLAGS_share)
$(call objects,feedback): ROOM_FLAGS = $(CFLAGS_feedback)
$(BUILD)/obj/%.o: src/%.c Makefile | $(BUILD)/has/build
	$(call say,cc)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

$(BUILD)/gen/schema_files.c: scripts/embed $(sort $(wildcard schema/*.sql))
	$(call say,embed)
	@mkdir -p $(@D)
	$(Q)scripts/embed schema_files $(filter %.sql,$^) >$@
$(BUILD)/gen/share_files.c: scripts/embed $(sort $(wildcard schema/postgresql/*.sql))
	$(call say,embed)
	@mkdir -p $(@D)
	$(Q)scripts/embed share_files $(filter %.sql,$^) >$@
$(BUILD)/gen/policy_files.c: scripts/embed $(sort $(wildcard src/conf/policies/*.conf))
	$(call say,embed)
	@mkdir -p $(@D)
	$(Q)scripts/embed policy_files $(filter %.conf,$^) >$@
$(BUILD)/gen/scanner_files.c: scripts/embed $(sort $(wildcard src/conf/scanners/*.conf))
	$(call say,embed)
	@mkdir -p $(@D)
	$(Q)scripts/embed scanner_files $(filter %.conf,$^) >$@
$(BUILD)/gen/rule_files.c: scripts/embed $(sort $(wildcard src/rules/*.rule))
	$(call say,embed)
	@mkdir -p $(@D)
	$(Q)scripts/embed rule_files $(filter %.rule,$^) >$@
$(BUILD)/gen/bounce_files.c: scripts/embed $(sort $(wildcard src/bounce/*.conf))
	$(call say,embed)
	@mkdir -p $(@D)
	$(Q)scripts/embed bounce_files $(filter %.conf,$^) >$@
$(BUILD)/gen/doctor_files.c: scripts/embed $(sort $(wildcard src/doctor/*.table))
	$(call say,embed)
	@mkdir -p $(@D)
	$(Q)scripts/embed doctor_files $(filter %.table,$^) >$@
# The languages, which the configuration names, apart from the pages.
$(BUILD)/gen/phrase_files.c: scripts/embed $(sort $(wildcard web/*.phrases))
	$(call say,embed)
	@mkdir -p $(@D)
	$(Q)scripts/embed phrase_files $(filter %.phrases,$^) >$@
$(BUILD)/gen/web_files.c: scripts/embed $(filter-out %.phrases,$(sort $(wildcard web/*)))
	$(call say,embed)
	@mkdir -p $(@D)
	$(Q)scripts/embed web_files $(filter web/%,$^) >$@
$(BUILD)/gen/%.o: $(BUILD)/gen/%.c Makefile | $(BUILD)/has/build
	$(call say,cc)
	$(Q)$(COMPILE) -c -o $@ $<

$(BUILD)/tests/%: tests/unit/%.c $(wildcard tests/unit/*.h) $(PARTS) $(LIBRARY) \
		| $(BUILD)/has/unit
	$(call say,cc)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -Itests/unit -o $@ $< $(LDHARDEN) $(PARTS) $(LIBRARY) \
		$(LIBRARY_LIBS) $(LIBS_milter) $(LIBS_web) $(LIBS_watch) -lcmocka

$(BUILD)/bench/milter_load: tests/bench/wire.c
$(BUILD)/bench/%: tests/bench/%.c $(wildcard tests/bench/*.h) $(LIBRARY)
	$(call say,cc)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -o $@ $(filter %.c,$^) $(LDHARDEN) $(LIBRARY) \
		$(LIBRARY_LIBS) $(LIBS_milter)

# Each test is a target of its own, so that make -j runs them side by side.
unit: $(UNIT_TESTS:%=%.run)
$(UNIT_TESTS:%=%.run): %.run: %
	@$<

# Set up what is missing, then build: nothing above may need a compiler.
run:
	@scripts/setup build
	@$(MAKE) --no-print-directory all
	@scripts/run

demo:
	@scripts/setup demo
	@$(MAKE) --no-print-directory all
	@scripts/demo

# The outside suites find the programs by this, and what drives a browser.
export VIDEUR_BUILD = $(abspath $(BUILD))
NODE ?= build/node
export VIDEUR_NODE = $(abspath $(NODE))
EXIM ?= build/exim
export VIDEUR_EXIM = $(abspath $(EXIM))
FAIL2BAN ?= build/fail2ban
export VIDEUR_FAIL2BAN = $(abspath $(FAIL2BAN))
# The longest first: the others run beside it.
SUITES = browser mta web faults share cli miltertest unit
# Those of them that also run under the sanitizers: a browser asks our programs
# nothing that the others do not.
SANITIZED = $(filter-out browser,$(SUITES))

PYTEST = /usr/bin/python3 -B -m pytest -q -p no:cacheprovider

check:
	@scripts/setup all
	@$(MAKE) --no-print-directory suites

# All that they run is built before them: two would build the same at a time.
# Where npm cannot have what drives the browser, the others run all the same.
suites:
	@$(MAKE) --no-print-directory -j$(shell nproc) \
		all $(UNIT_TESTS) $(EXIM)/ready $(FAIL2BAN)/ready
	@$(if $(filter web browser,$(SUITES)),\
		$(MAKE) --no-print-directory $(NODE)/ready || true)
	+@scripts/suites $(SUITES)

cli: all $(BUILD)/has/pytest $(EXIM)/ready $(FAIL2BAN)/ready
	$(PYTEST) tests/cli

# The real watcher, killed, starved and lied to.
faults: all $(BUILD)/has/pytest
	$(PYTEST) tests/faults

# Several hosts, real PostgreSQL clusters between them.
share: all $(BUILD)/has/pytest
	$(PYTEST) tests/share

web: all $(BUILD)/has/pytest $(NODE)/ready
	$(PYTEST) $(BROWSER:%=--ignore=%) tests/web

# What needs a real browser for nearly all it does.
BROWSER = $(addprefix tests/web/,test_browser.py test_script.py \
	test_ten_seconds.py)
browser: all $(BUILD)/has/pytest $(NODE)/ready
	$(PYTEST) $(BROWSER)

$(NODE)/ready: tests/web/browser/package.json tests/web/browser/package-lock.json
	$(call say,npm)
	@mkdir -p $(@D)
	$(Q)cp $^ $(@D)
	$(Q)npm ci --prefix $(@D) --ignore-scripts --no-audit --no-fund \
		--loglevel=error
	$(Q)touch $@

# Debian's Exim, which could not be installed beside Postfix, and fail2ban, which
# would start.  Where they cannot be had their tests are skipped.
$(EXIM)/ready: DOWNLOADED = exim4-daemon-light libidn12
$(FAIL2BAN)/ready: DOWNLOADED = fail2ban
$(EXIM)/ready $(FAIL2BAN)/ready:
	$(call say,apt)
	@rm -rf $(@D) && mkdir -p $(@D)
	$(Q)cd $(@D) && apt-get download -q -q -o APT::Sandbox::User=root \
		$(DOWNLOADED) && \
		for package in *.deb; do dpkg-deb -x "$$package" .; done || \
		echo "  apt   $(DOWNLOADED) cannot be had: its test will be skipped"
	$(Q)touch $@

# The real milter before an MTA that does what no MTA should.
miltertest: $(BUILD)/videur-milter $(BUILD)/has/pytest
	$(PYTEST) tests/milter

mta: all $(BUILD)/has/pytest
	$(PYTEST) tests/mta

# A real Sendmail, whose packages exclude Postfix: in a root of its own of each
# release.  Where no such root can be made it says so, and that is all.
SENDMAIL_ON = bookworm trixie
sendmail:
	@set -e; for release in $(SENDMAIL_ON); do \
		echo "== Sendmail, on $$release"; \
		result=0; scripts/on-debian $$release:sendmail \
			make --no-print-directory sendmail-inside || result=$$?; \
		[ $$result -ne 75 ] || echo "== Sendmail, on $$release: SKIPPED," \
			"as no root of Debian can be made here"; \
		[ $$result -eq 0 ] || [ $$result -eq 75 ]; done
sendmail-inside: $(BUILD)/has/pytest
	@$(MAKE) --no-print-directory -s -j$(shell nproc) \
		$(filter-out %-web %-feedback %-share,$(PROGRAMS))
	$(PYTEST) tests/sendmail

asan:
	@scripts/setup all
	@scripts/sanitized asan address,undefined $(SANITIZED)

# What has threads: the milter. The load has clients that offend.
tsan:
	@scripts/setup all
	@scripts/sanitized tsan thread unit miltertest load

load: all $(BENCHES)
	tests/bench/milter --quick --load '-g 50 -o 200'
	tests/bench/milter --limits --quick --load '-g 50 -o 200'

lint:
	@scripts/setup all
	@scripts/lint

# What the programs are made of, as SPDX 2.3.
sbom: all
	@scripts/sbom $(BUILD)

deb:
	@scripts/setup deb
	@scripts/deb

# In roots of their own, with systemd and Postfix; for root.
package:
	@scripts/setup test
	$(PYTEST) -s tests/package

# Built once more elsewhere, by another user in another way: the same?
reproducible: all
	@scripts/reproducible $(BUILD)

# Those of the README, in docs/.
pictures: all
	@scripts/setup test
	@scripts/pictures

measure:
	@scripts/setup test
	@scripts/measure

# The lower floors, built by themselves with what finds faults. What a run
# comes upon is left in the build folder; fuzz-merge keeps what is worth it.
define fuzz_build
	$(call say,fuzz)
	@mkdir -p $(@D)
	$(Q)clang -std=c17 -D_GNU_SOURCE -DVIDEUR_VERSION='"$(VERSION)"' \
		-Isrc -O1 -g \
		-fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all -o $@ $(filter %.c,$^) \
		$(FUZZ_FLAGS) $(LIBRARY_LIBS) $(LIBS_web) -lpthread
endef
$(BUILD)/fuzz/%: tests/fuzz/%_fuzz.c $(wildcard $(addprefix src/,\
		$(addsuffix /*.[ch],base core bounce logs conf rules))) \
		$(patsubst %,$(BUILD)/gen/%_files.c,rule policy scanner bounce phrase)
	$(fuzz_build)
# The page: all it stands on, and what it is made of.
$(addprefix $(BUILD)/fuzz/,request template): $(BUILD)/fuzz/%: \
		tests/fuzz/%_fuzz.c $(filter-out src/web/main.c,$(wildcard \
		$(foreach room,$(LIBRARY_ROOMS) web,src/$(room)/*.[ch]))) \
		$(patsubst %,$(BUILD)/gen/%_files.c,schema policy scanner rule bounce \
		doctor phrase web)
	$(fuzz_build)

# What asks the DNS: its answers, and what a domain's records say.
$(BUILD)/fuzz/dns $(BUILD)/fuzz/spf: FUZZ_FLAGS = -lresolv
$(BUILD)/fuzz/dns $(BUILD)/fuzz/spf: $(BUILD)/fuzz/%: tests/fuzz/%_fuzz.c \
		src/dns/%.c $(wildcard $(addprefix src/,dns/*.h base/*.[ch] \
		core/*.[ch]))
	$(fuzz_build)

# What reads the mail of strangers.
$(BUILD)/fuzz/feedback: FUZZ_FLAGS = $(CFLAGS_feedback) $(LIBS_feedback)
$(BUILD)/fuzz/feedback: tests/fuzz/feedback_fuzz.c $(addprefix src/feedback/,\
		arf.c aggregate.c feedback.h) $(wildcard $(addprefix src/,\
		$(addsuffix /*.[ch],base core)))
	$(fuzz_build)

# Each is a target of its own, and they run side by side.  A loop without end
# is found as well after a minute as after five seconds, and a machine that
# stood still for a while is not taken for one.
fuzz:
	@$(MAKE) --no-print-directory -j$(shell nproc) BUILD=build/asan \
		SANITIZE=address,undefined "CFLAGS=-O1 -g" \
		build/asan/videur-milter
	@$(MAKE) --no-print-directory -j$(shell nproc) -O \
		$(FUZZERS:%=%.fuzz) milter.fuzz
$(FUZZERS:%=%.fuzz): %.fuzz: $(BUILD)/fuzz/%
	@echo "== $*"
	@mkdir -p $<.found
	@$< -max_total_time=$(FUZZ_SECONDS) -max_len=9000 -timeout=60 \
		-print_final_stats=1 -artifact_prefix=$<- \
		$<.found $(wildcard tests/fuzz/corpus/$* tests/data/$*) \
		>$<.log 2>&1 || \
		{ cat $<.log; exit 1; }
	@grep 'executed_units\|slowest' $<.log
# The milter as it runs, spoken to in its protocol.
milter.fuzz:
	@echo '== milter, while it runs'
	@tests/fuzz/milter build/asan --seconds $(FUZZ_SECONDS) \
		--kept $(BUILD)/fuzz/milter.kept

# Leave of each corpus, and of what was found, what reaches something that
# nothing else does.
fuzz-merge: $(addprefix $(BUILD)/fuzz/,$(FUZZERS))
	@set -e; for name in $(FUZZERS); do rm -rf $(BUILD)/fuzz/$$name.least; \
		mkdir -p $(BUILD)/fuzz/$$name.least $(BUILD)/fuzz/$$name.found; \
		$(BUILD)/fuzz/$$name -merge=1 -max_len=9000 \
			$(BUILD)/fuzz/$$name.least \
			$$(ls -d tests/fuzz/corpus/$$name tests/data/$$name \
			2>/dev/null) $(BUILD)/fuzz/$$name.found >$(BUILD)/fuzz/$$name.log 2>&1; \
		rm -rf tests/fuzz/corpus/$$name; \
		cp -R $(BUILD)/fuzz/$$name.least tests/fuzz/corpus/$$name; done

# A VFS whose changes fail, preloaded into the programs.
$(BUILD)/soak/faulty.so: tests/soak/faulty.c Makefile
	$(call say,cc)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -fPIC -shared -o $@ $< -lsqlite3

# Services killed and disks that fail, for so many seconds; an hour by hand.
SOAK_SECONDS ?= 300
soak: all $(BUILD)/soak/faulty.so
	@tests/soak/soak $(BUILD) --seconds $(SOAK_SECONDS)

# One table; each bench of tests/bench tells more of its own part.
bench: all $(BENCHES)
	@tests/bench/table
bench-quick: all $(BENCHES)
	@tests/bench/table --quick

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/sbin
	install -m 755 $(COMMANDS) $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(SERVICES) $(DESTDIR)$(PREFIX)/sbin
	install -d $(addprefix $(DESTDIR)$(MANDIR)/man,5 8) $(DESTDIR)$(EXAMPLES)
	set -e; for page in $(MANUALS); do \
		install -m 644 $$page $(DESTDIR)$(MANDIR)/man$${page##*.}; done
	install -m 644 $(SAMPLES) $(DESTDIR)$(EXAMPLES)
	install -d $(DESTDIR)$(UNITDIR)
	set -e; for unit in $(UNITS); do sed 's:/usr/\(s\?bin/videur\):$(PREFIX)/\1:' \
		$$unit >$(DESTDIR)$(UNITDIR)/$${unit##*/}; \
		chmod 644 $(DESTDIR)$(UNITDIR)/$${unit##*/}; done
	install -d $(DESTDIR)$(EXAMPLES)/web
	install -m 644 $(wildcard web/*) $(DESTDIR)$(EXAMPLES)/web
	install -D -m 644 completions/videur.bash $(DESTDIR)$(BASH_COMPLETION)
	install -D -m 644 completions/_videur $(DESTDIR)$(ZSH_COMPLETION)

uninstall:
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,$(notdir $(COMMANDS))) \
		$(addprefix $(DESTDIR)$(PREFIX)/sbin/,$(notdir $(SERVICES)))
	rm -f $(foreach page,$(MANUALS),\
		$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(page)))/$(notdir $(page)))
	rm -f $(addprefix $(DESTDIR)$(EXAMPLES)/,$(notdir $(SAMPLES)))
	rm -f $(addprefix $(DESTDIR)$(UNITDIR)/,$(notdir $(UNITS)))
	rm -rf $(DESTDIR)$(EXAMPLES)/web
	rm -f $(DESTDIR)$(BASH_COMPLETION) $(DESTDIR)$(ZSH_COMPLETION)

clean:
	rm -rf $(BUILD)

# Never a file: a test runs whenever it is asked for.
.PHONY: $(UNIT_TESTS:%=%.run) $(FUZZERS:%=%.fuzz)
.PHONY: all help run demo check suites sendmail sendmail-inside asan tsan lint soak sbom deb package reproducible measure pictures load bench bench-quick fuzz fuzz-merge milter.fuzz install uninstall clean $(SUITES)
.SECONDARY:
.DELETE_ON_ERROR:
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
