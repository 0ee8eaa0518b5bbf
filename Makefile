# terkait: `make help` lists the targets.

SAN      ?=
CC       ?= cc
BUILD    := build
OBJ      := $(BUILD)/obj$(if $(SAN),-$(subst $(empty) $(empty),-,$(subst $(comma),-,$(SAN))))
comma    := ,
VERSION  := $(shell cat VERSION)

LIBS     := rdkafka hiredis jansson libconfuse libxxhash
CFLAGS   ?= -O2 -g
CFLAGS   += -std=c11 -D_GNU_SOURCE -DTERKAIT_VERSION='"$(VERSION)"' \
            -Iinclude -ffp-contract=off -fno-strict-aliasing -pthread -MMD -MP
WARN     := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
            -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings \
            -Wundef -Wformat=2 -Wvla -Wnull-dereference -Werror
LDLIBS   += $(shell pkg-config --libs $(LIBS)) -lm -pthread
CPPFLAGS += $(shell pkg-config --cflags $(LIBS))
ifneq ($(SAN),)
CFLAGS   += -fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all
LDFLAGS  += -fsanitize=$(SAN)
endif

SOURCES  := $(wildcard src/*.c)
OBJECTS  := $(SOURCES:src/%.c=$(OBJ)/%.o)
ARCHIVE  := $(OBJ)/libterkait.a
PROGRAM  := $(if $(SAN),$(OBJ)/terkait,$(BUILD)/terkait)
UNITS    := $(patsubst tests/unit/%.c,$(OBJ)/unit/%,$(wildcard tests/unit/test_*.c))

all: $(PROGRAM) ## build build/terkait

$(PROGRAM): $(OBJ)/main.o $(ARCHIVE)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(ARCHIVE): $(filter-out $(OBJ)/main.o,$(OBJECTS))
	@rm -f $@
	ar rcs $@ $^

$(OBJ)/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(WARN) -c -o $@ $<

$(OBJ)/unit/%: tests/unit/%.c $(ARCHIVE)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(WARN) -Itests/unit $(LDFLAGS) -o $@ $< $(ARCHIVE) $(LDLIBS) -lcmocka

unit: $(UNITS) ## unit tests
	@set -e; for test in $(UNITS); do $$test; done

clean: ## remove what was built
	rm -rf $(BUILD)

-include $(OBJECTS:.o=.d) $(UNITS:=.d)

.PHONY: all unit clean
.DEFAULT_GOAL := all
