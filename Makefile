# terkait: `make help` lists the targets. SAN=address,undefined or SAN=thread
# builds with sanitizers, V=1 shows the commands.

SAN     :=
BUILD   := build
PREFIX  := /usr/local
SYSCONF := $(if $(filter /usr,$(PREFIX)),,$(PREFIX))/etc
ZSHDIR  := $(PREFIX)/share/zsh/$(if $(filter /usr,$(PREFIX)),vendor-completions,site-functions)
CFLAGS  ?= -O2 -g
VERSION := $(shell cat VERSION)
LIBS    := rdkafka hiredis jansson libconfuse libxxhash libmicrohttpd
T       := 60

OBJ     := $(BUILD)/obj$(SAN:%=-%)
WARN    := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
           -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings \
           -Wundef -Wformat=2 -Wvla -Wnull-dereference -Werror
COMPILE := $(CC) -std=c11 -D_GNU_SOURCE -DTERKAIT_VERSION='"$(VERSION)"' \
           -Iinclude $(shell pkg-config --cflags $(LIBS) 2>/dev/null) \
           -ffp-contract=off -fno-strict-aliasing -pthread $(WARN) $(CPPFLAGS) $(CFLAGS)
LINK    := $(CC) $(LDFLAGS) -pthread
LDLIBS  += $(shell pkg-config --libs $(LIBS) 2>/dev/null) -lm
ifneq ($(SAN),)
COMPILE += -fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all
LINK    += -fsanitize=$(SAN)
endif

OBJECTS := $(patsubst src/%.c,$(OBJ)/%.o,$(wildcard src/*.c)) $(OBJ)/page.o
ARCHIVE := $(OBJ)/libterkait.a
PROGRAM := $(if $(SAN),$(OBJ),$(BUILD))/terkait
UNITS   := $(patsubst tests/%.c,$(OBJ)/%,$(wildcard tests/unit/test_*.c))
BENCHES := $(patsubst tests/%.c,$(OBJ)/%,$(wildcard tests/bench/*.c))
FUZZERS := $(patsubst tests/%.c,$(OBJ)/%,$(wildcard tests/fuzz/fuzz_*.c))
SIMS    := $(patsubst tests/%.c,$(OBJ)/%.o,$(wildcard tests/sim/*.c))
SIM     := $(OBJ)/sim/sim
Q       := $(if $(V),,@)

all: $(PROGRAM) ## build/terkait

$(PROGRAM): $(OBJ)/main.o $(ARCHIVE)
	@echo "  link $@"
	$(Q)$(LINK) -o $@ $^ $(LDLIBS)

$(ARCHIVE): $(filter-out $(OBJ)/main.o,$(OBJECTS))
	$(Q)rm -f $@ && ar rcs $@ $^

$(OBJ)/%.o: src/%.c Makefile VERSION | $(BUILD)/libraries
	@mkdir -p $(@D) && echo "  cc   $<"
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

# The live page, as a C file.
$(OBJ)/page.c: scripts/page $(wildcard page/*.* page/vendor/*.*)
	@mkdir -p $(@D) && echo "  page $@"
	$(Q)scripts/page >$@

$(OBJ)/page.o: $(OBJ)/page.c Makefile
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

# The programs of tests/unit, tests/bench and tests/fuzz: one file each. (The
# compiler does not see that cmocka's assert_non_null() does not return.)
$(UNITS): EXTRA := -lcmocka
$(FUZZERS): EXTRA := -fsanitize=fuzzer
$(UNITS) $(BENCHES) $(FUZZERS): $(OBJ)/%: tests/%.c $(ARCHIVE)
	@mkdir -p $(@D) && echo "  cc   $<"
	$(Q)$(COMPILE) -Wno-null-dereference -I$(<D) -MMD -MP -MF $@.d -MT $@ \
	-c -o $@.o $<
	$(Q)$(LINK) -o $@ $@.o $(ARCHIVE) $(LDLIBS) $(EXTRA)

$(SIMS): $(OBJ)/%.o: tests/%.c Makefile
	@mkdir -p $(@D) && echo "  cc   $<"
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

$(SIM): $(SIMS) $(ARCHIVE)
	@echo "  link $@"
	$(Q)$(LINK) -o $@ $^ $(LDLIBS)

$(BUILD)/libraries:
	@pkg-config --exists $(LIBS) && $(CC) --version >/dev/null || \
	{ scripts/deps --check build; exit 1; }
	@mkdir -p $(@D) && touch $@

test: ## every test there is; installs what they need
	+@scripts/test

unit-programs: $(UNITS)
unit: $(UNITS) ## unit tests
	@set -e; for test in $(UNITS); do $$test; done

golden: all ## the replay of known events, compared with known lists
	+@scripts/test golden

check: lint unit golden ## lint, layers, unit and golden tests

lint: layers ## formatter, analysers, sizes; nothing is changed
	@scripts/lint

layers: ## who may include whom
	@scripts/layers

format: ## lay out the C files
	clang-format -i $(wildcard src/*.c include/*.h tests/*/*.[ch])

sim-program: $(SIM)
sim: $(SIM) ## SEED=1 N=1000: simulated years of faults; WITHOUT=kind,...
	@$(SIM) --seed $(or $(SEED),1) --count $(or $(N),1000) \
	$(WITHOUT:%=--without %)

mutants: $(SIM) ## faults planted in the protocol: does the simulation see them?
	@COMPILE='$(COMPILE)' LINK='$(LINK)' LDLIBS='$(LDLIBS)' \
	scripts/mutants $(OBJ) $(BUILD)/mutants $(ONLY)

demo: ## a simulated evening at a marketplace, through Kafka into Redis
	+@scripts/demo

pictures: all ## docs/page-*.png anew, after minutes of load
	@scripts/deps && scripts/stack up --name pictures
	@eval "$$(scripts/stack env --name pictures)"; PICTURES=docs \
	PICTURES_SECONDS=150 TERKAIT=$(PROGRAM) \
	python3 -B tests/integration/test_page_pictures.py; \
	result=$$?; scripts/stack down --name pictures; exit $$result

bench-programs: $(BENCHES)
bench: all $(BENCHES) ## PART=whole,.. RUNS=3 QUICK=1 COMPARE=old.json: how fast, how small
	@scripts/deps run kafka bench
	@TERKAIT=$(PROGRAM) PROGRAMS=$(OBJ)/bench scripts/bench \
	--out $(BUILD)/bench.json $(PART:%=--part %) $(RUNS:%=--runs %) \
	$(QUICK:%=--quick) $(COMPARE:%=--compare %)

fuzz-programs: $(FUZZERS)
fuzz: ## every fuzzer for T=60 seconds (clang)
	@scripts/deps fuzz
	$(Q)$(MAKE) CC=clang WARN= SAN=fuzzer-no-link,address,undefined \
	fuzz-programs
	@scripts/fuzz $(T) $(FUZZERS:$(OBJ)/%=$(BUILD)/obj-fuzzer-no-link,address,undefined/%)

torture: all ## T=600 seconds of kills, pauses, cuts, roll-backs; SEED=n
	@scripts/deps && TERKAIT=$(PROGRAM) \
	python3 -B tests/torture/torture.py $(T) $(SEED)

cover: ## lines covered by the unit tests, by file
	$(Q)$(MAKE) BUILD=$(BUILD)/cover CFLAGS="-O0 -g --coverage" \
	LDFLAGS=--coverage unit >$(BUILD)/cover.log || { cat $(BUILD)/cover.log; exit 1; }
	@scripts/cover $(BUILD)/cover/obj

install: all ## into PREFIX=/usr/local, below DESTDIR
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(SYSCONF)/terkait
	install -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/terkait
	for file in $(notdir $(wildcard conf/*.conf)); do \
	    test -e $(DESTDIR)$(SYSCONF)/terkait/$$file || install -m 644 \
	    conf/$$file $(DESTDIR)$(SYSCONF)/terkait/; done
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's#/usr/local/etc#$(SYSCONF)#; s#/usr/local/bin#$(PREFIX)/bin#' \
	    conf/terkait.service \
	    >$(DESTDIR)$(PREFIX)/lib/systemd/system/terkait.service
	for page in $(wildcard man/*.[1-8]); do \
	    install -D -m 644 $$page \
	    $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}; done
	install -D -m 644 completion/terkait.bash \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions/terkait
	install -D -m 644 completion/_terkait $(DESTDIR)$(ZSHDIR)/_terkait

documents: all ## what is made from the program: man pages, tables, sample file
	@scripts/documents $(PROGRAM)

deb: ## the Debian package, into build/deb
	@scripts/deps build deb && scripts/deb $(BUILD)/deb

deb-test: deb ## lintian, and a bare system to install it into
	@BUILD=$(abspath $(BUILD)) bash tests/deb/test_deb.sh

clean: ## remove what was built; ends the stacks that run below it
	@scripts/stack down --all
	rm -rf $(BUILD)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-9s %s\n", $$1, $$2}' Makefile

-include $(OBJECTS:.o=.d) $(wildcard $(OBJ)/*/*.d)

.PHONY: all documents deb deb-test test unit-programs unit golden check lint layers format demo \
        sim-program sim mutants bench-programs bench fuzz-programs fuzz torture \
        cover install clean help pictures
.DELETE_ON_ERROR:
