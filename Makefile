# videur: the bouncer at the door of a small mail host.
#
#   make            build the programs in build/
#   make run        set up what is missing, build and run the services here
#   make demo       the same in front of a private Postfix, with a morning's
#                   traffic
#   make check      set up what the tests need and run them all
#   make unit       only the unit tests
#   make mta web    only the tests with a real Postfix, or of the page
#   make asan tsan  the tests under sanitizers
#   make lint       format, static analysis, layers, scripts, man pages
#   make bench      the benchmarks
#   make install    DESTDIR= PREFIX=
#   make clean

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
HARDEN = -fstack-protector-strong -fPIE
LDHARDEN = -Wl,-z,relro,-z,now -pie
ifdef SANITIZE
HARDEN = -fPIE -fno-omit-frame-pointer -fsanitize=$(SANITIZE) \
	-fno-sanitize-recover=all
LDHARDEN = -pie -fsanitize=$(SANITIZE)
FORTIFY =
endif
COMPILE = $(CC) -std=c17 -D_GNU_SOURCE -DVIDEUR_VERSION='"$(VERSION)"' -Isrc \
	$(FORTIFY) $(CFLAGS) $(WARNINGS) $(HARDEN) $(CPPFLAGS)
LINK = $(CC) $(CFLAGS) $(LDHARDEN) $(LDFLAGS)

# The house: lower floors make one library, each program is one folder.
LIBRARY_ROOMS = base core conf store engine
PROGRAM_ROOMS = milter web ctl
LIBRARY_LIBS = -lsqlite3 -lconfuse
LIBS_milter = -lmilter -lpthread
LIBS_web = -lmicrohttpd
LIBS_ctl =
PROGRAMS = $(BUILD)/videur $(BUILD)/videur-milter $(BUILD)/videur-web
MANUALS = $(wildcard src/*/*.[58])

objects = $(patsubst src/%.c,$(BUILD)/obj/%.o,$(wildcard src/$(1)/*.c))
parts = $(filter-out %/main.o,$(call objects,$(1)))

LIBRARY = $(BUILD)/libvideur.a
LIBRARY_OBJECTS = $(foreach room,$(LIBRARY_ROOMS),$(call objects,$(room))) \
	$(BUILD)/gen/schema_files.o $(BUILD)/gen/policy_files.o
# What tests may link of the programs: all but main().
PARTS = $(BUILD)/libparts.a
PARTS_OBJECTS = $(foreach room,$(PROGRAM_ROOMS),$(call parts,$(room))) \
	$(BUILD)/gen/web_files.o

UNIT_TESTS = $(patsubst tests/unit/%.c,$(BUILD)/tests/%,\
	$(wildcard tests/unit/*_test.c))
BENCHES = $(patsubst tests/bench/%.c,$(BUILD)/bench/%,\
	$(wildcard tests/bench/*.c))

all: $(PROGRAMS)

$(BUILD)/videur: $(call objects,ctl) $(LIBRARY)
	$(LINK) -o $@ $^ $(LIBRARY_LIBS) $(LIBS_ctl)
$(BUILD)/videur-milter: $(call objects,milter) $(LIBRARY)
	$(LINK) -o $@ $^ $(LIBRARY_LIBS) $(LIBS_milter)
$(BUILD)/videur-web: $(call objects,web) $(BUILD)/gen/web_files.o $(LIBRARY)
	$(LINK) -o $@ $^ $(LIBRARY_LIBS) $(LIBS_web)

$(LIBRARY): $(LIBRARY_OBJECTS)
	rm -f $@
	$(AR) rcs $@ $^
$(PARTS): $(PARTS_OBJECTS)
	rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/obj/%.o: src/%.c Makefile
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<

$(BUILD)/gen/schema_files.c: scripts/embed $(wildcard schema/*.sql)
	@mkdir -p $(@D)
	scripts/embed schema_files $(filter %.sql,$^) >$@
$(BUILD)/gen/policy_files.c: scripts/embed $(wildcard src/conf/policies/*.conf)
	@mkdir -p $(@D)
	scripts/embed policy_files $(filter %.conf,$^) >$@
$(BUILD)/gen/web_files.c: scripts/embed $(wildcard web/*)
	@mkdir -p $(@D)
	scripts/embed web_files $(filter web/%,$^) >$@
$(BUILD)/gen/%.o: $(BUILD)/gen/%.c
	$(COMPILE) -c -o $@ $<

$(BUILD)/tests/%: tests/unit/%.c $(wildcard tests/unit/*.h) $(PARTS) $(LIBRARY)
	@mkdir -p $(@D)
	$(COMPILE) -Itests/unit -o $@ $< $(LDHARDEN) $(PARTS) $(LIBRARY) \
		$(LIBRARY_LIBS) $(LIBS_milter) $(LIBS_web) -lcmocka

$(BUILD)/bench/%: tests/bench/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(COMPILE) -o $@ $< $(LDHARDEN) $(LIBRARY) $(LIBRARY_LIBS) \
		$(LIBS_milter)

unit: $(UNIT_TESTS)
	@set -e; for test in $(UNIT_TESTS); do $$test; done

.PHONY: all unit
.SECONDARY:
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
