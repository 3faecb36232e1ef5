# Tulou: see README.md. Everything that is made goes to build/, everything that
# is kept while it runs to var/ (TULOU_VAR).
.DEFAULT_GOAL := all
SHELL := /bin/bash
MAKEFLAGS += --no-builtin-rules
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif

# Node for the tests, where the system's is too old (tools/install-packages.sh).
NODE := $(CURDIR)/tools/node/node_modules/node-linux
export PATH := $(NODE)-x64/bin:$(NODE)-arm64/bin:$(PATH)

CC := gcc
PACKAGES := libpq json-c libjwt libsodium fcgi libcurl liboath libqrencode libfido2 libcares libidn2 libpsl libcrypto libmagic xlsxwriter libcmark-gfm libzip expat
BUILD := build

# Tables leave out what they do not need: the rest of an entry is zero.
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wconversion -Wno-missing-field-initializers
HARDENING := -fstack-protector-strong -fstack-clash-protection -fcf-protection -D_FORTIFY_SOURCE=2 -fPIE
LDFLAGS := -pie -Wl,-z,relro,-z,now -Wl,--gc-sections -Wl,--as-needed
# A fault ends the process: what is undefined by a trap, which the address sanitizer
# reports (tests/lib/sanitizer.mjs). Without _FORTIFY_SOURCE, which would hide calls
# from it, and without a warning that is wrong about code made for it.
ifdef SANITIZE
BUILD := build/asan
HARDENING := -fPIE -fsanitize=address,undefined -fsanitize-undefined-trap-on-error -fno-omit-frame-pointer \
    -U_FORTIFY_SOURCE -Wno-maybe-uninitialized
LDFLAGS := -pie -fsanitize=address,undefined
endif
CFLAGS := -std=c17 -D_GNU_SOURCE -O2 -g $(WARNINGS) $(HARDENING) -ffunction-sections -fdata-sections
CPPFLAGS := -Ilib $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
LDLIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lunistring -lcrypt -lpthread -lm

LIB_SOURCES := $(shell find lib -name '*.c')
OBJECTS := $(BUILD)/obj
LIB_OBJECTS := $(LIB_SOURCES:%.c=$(OBJECTS)/%.o)
AREAS := $(notdir $(patsubst %/,%,$(wildcard cgi-bin/*/)))
HELPERS := $(patsubst helpers/%.c,$(BUILD)/helpers/%,$(wildcard helpers/*.c))
PROGRAMS := $(AREAS:%=$(BUILD)/cgi-bin/%) $(HELPERS) $(BUILD)/tulou
TOOL_OBJECTS := $(patsubst %.c,$(OBJECTS)/%.o,$(wildcard tools/*.c))
UNIT_OBJECTS := $(patsubst %.c,$(OBJECTS)/%.o,$(wildcard tests/unit/*.c))
SHARE := $(BUILD)/share

all: $(PROGRAMS) share
	@:

# Objects are made anew when what they are made with changes.
COMPILED_WITH := $(strip $(CC) $(CFLAGS) $(CPPFLAGS))
ifneq ($(COMPILED_WITH),$(strip $(file <$(BUILD)/flags)))
$(shell mkdir -p $(BUILD))
$(file >$(BUILD)/flags,$(COMPILED_WITH))
endif
$(OBJECTS)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  cc $<"; $(CC) $(CFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

# Statements register themselves in a section that nothing refers to, so the
# library is a plain archive and each program keeps what it links. It names its
# objects and holds no copies.
$(BUILD)/libtulou.a: $(LIB_OBJECTS)
	@rm -f $@
	@ar rcsT $@ $^

# Libraries that one area alone uses.
LDLIBS_realtime := -lwebsockets -luv

define area
$(BUILD)/cgi-bin/$(1): $$(patsubst %.c,$(OBJECTS)/%.o,$$(wildcard cgi-bin/$(1)/*.c)) $(BUILD)/libtulou.a
	@mkdir -p $$(@D)
	@echo "  ld $$@"; $(CC) $(LDFLAGS) -o $$@ $$^ $(LDLIBS) $(LDLIBS_$(1))
endef
$(foreach name,$(filter-out worker,$(AREAS)),$(eval $(call area,$(name))))

# The worker is linked of all areas, to do the jobs of each. An area becomes one
# object that keeps its names to itself: every area has a main() and an "area".
# Realtime has no jobs, and libraries that the worker can do without.
define part
$(OBJECTS)/parts/$(1).o: $$(patsubst %.c,$(OBJECTS)/%.o,$$(wildcard $(2)/*.c))
	@mkdir -p $$(@D)
	@ld -r -o $$@.open $$^ && objcopy --keep-global-symbol=none $$@.open $$@ && rm $$@.open
endef
PARTS := $(filter-out worker realtime,$(AREAS))
$(foreach name,$(PARTS),$(eval $(call part,$(name),cgi-bin/$(name))))
WORKER_OBJECTS := $(patsubst %.c,$(OBJECTS)/%.o,$(wildcard cgi-bin/worker/*.c)) \
    $(PARTS:%=$(OBJECTS)/parts/%.o)
# The same with an area of the tests besides.
$(eval $(call part,tests,tests/worker))
$(BUILD)/cgi-bin/worker: $(WORKER_OBJECTS) $(BUILD)/libtulou.a
	@mkdir -p $(@D)
	@echo "  ld $@"; $(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/tulou: $(TOOL_OBJECTS) $(BUILD)/libtulou.a
	@echo "  ld $@"; $(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Programs that areas start, each with libraries of its own.
LDLIBS_image := $(shell pkg-config --libs gdlib libseccomp 2>/dev/null)
$(BUILD)/helpers/%: $(OBJECTS)/helpers/%.o $(BUILD)/libtulou.a
	@mkdir -p $(@D)
	@echo "  ld $@"; $(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS_$*)

$(BUILD)/tests/units: $(UNIT_OBJECTS) $(BUILD)/libtulou.a
	@mkdir -p $(@D)
	@echo "  ld $@"; $(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) $$(pkg-config --libs check)

$(BUILD)/tests/worker: $(WORKER_OBJECTS) $(OBJECTS)/parts/tests.o $(BUILD)/libtulou.a
	@mkdir -p $(@D)
	@echo "  ld $@"; $(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

unit-tests: $(BUILD)/tests/units $(BUILD)/tests/worker

# ---- what the programs read: tables, templates, catalogues, static files ----
CATALOGUES := $(patsubst locale/%.po,$(SHARE)/locale/%.mo,$(wildcard locale/*.po))
$(SHARE)/locale/%.mo: locale/%.po
	@mkdir -p $(@D)
	@msgfmt --check-format -o $@ $<

# Every text of the program, its tables, templates and scripts into the catalogues: what is new
# stands there with an empty translation, and what is gone is taken out.
texts: all
	@node tools/texts.mjs

share: $(CATALOGUES) $(SHARE)/areas.json $(SHARE)/openapi.json $(SHARE)/errors.html $(SHARE)/copies.stamp $(SHARE)/static.stamp $(SHARE)/passwords.bin

# Replaced only when they say something else, so that what is made of them is not
# made again for nothing.
replace = if cmp -s $(1).new $(1); then rm $(1).new; else mv $(1).new $(1); fi
$(SHARE)/areas.stamp: $(AREAS:%=$(BUILD)/cgi-bin/%) $(BUILD)/tulou
	@mkdir -p $(@D)
	@{ printf '{"areas":['; separator=; for program in $(filter-out $(BUILD)/tulou,$^); do \
	    printf '%s' "$$separator"; $$program --describe || exit 1; separator=,; done; printf ']}\n'; } > $(SHARE)/areas.json.new
	@$(BUILD)/tulou model $(SHARE)/areas.json.new
	@$(call replace,$(SHARE)/areas.json) && touch $@
$(SHARE)/areas.json: $(SHARE)/areas.stamp
	@[ -e $@ ] || { rm $<; $(MAKE) --no-print-directory $<; }

$(SHARE)/openapi.stamp: $(SHARE)/areas.json $(BUILD)/tulou
	@mkdir -p $(@D)
	@$(BUILD)/tulou openapi $(SHARE)/areas.json > $(SHARE)/openapi.json.new
	@$(call replace,$(SHARE)/openapi.json) && touch $@
$(SHARE)/openapi.json: $(SHARE)/openapi.stamp
	@[ -e $@ ] || { rm $<; $(MAKE) --no-print-directory $<; }

$(SHARE)/errors.html: docs/errors.md tools/errors_page.awk
	@mkdir -p $(@D)
	@awk -f tools/errors_page.awk $< > $@.new && mv $@.new $@

TEMPLATES := $(shell find templates -name '*.html')
$(SHARE)/copies.stamp: $(TEMPLATES) $(wildcard migrations/*.sql) nginx/tulou.conf
	@mkdir -p $(@D) && rm -rf $(SHARE)/templates $(SHARE)/migrations $(SHARE)/nginx
	@cp -r templates migrations nginx $(SHARE)/ && touch $@

STATIC := $(shell find static -type f)
$(SHARE)/static.stamp: $(STATIC) $(wildcard locale/*.po) tools/vendor.mjs package-lock.json $(TEMPLATES) $(SHARE)/areas.json
	node tools/vendor.mjs $(SHARE)/static && touch $@

$(SHARE)/passwords.bin: tools/passwords.mjs package-lock.json
	@mkdir -p $(@D)
	node tools/passwords.mjs $@

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

clean:
	rm -rf build

.PHONY: all share clean unit-tests

# ---- commands ----
install-packages:
	@tools/install-packages.sh run
install-test-packages:
	@tools/install-packages.sh test

# Packages first, then a make of its own: what pkg-config says is read anew.
ready: install-packages
	@$(MAKE) --no-print-directory all

run: ready
	@exec $(BUILD)/tulou serve
watch: ready
	@exec node tools/watch.mjs
start: ready
	@$(BUILD)/tulou start
stop:
	@if [ -x $(BUILD)/tulou ]; then $(BUILD)/tulou stop; else echo "Tulou was never built."; fi
demo: ready
	@node tools/demo.mjs
# T=api/leads runs one file of the tests, T=unit/money one unit test, T=pages a folder,
# T=api/leads,security/walk several.
comma := ,
TESTS := $(subst $(comma), ,$(T))
TEST_PROGRAMS := $(if $(T),$(if $(filter unit unit/%,$(TESTS)),$(BUILD)/tests/units) $(if $(filter fuzz fuzz/%,$(TESTS)),fuzz-targets) \
    $(if $(filter-out unit/% fuzz fuzz/%,$(TESTS)),$(BUILD)/tests/worker),unit-tests fuzz-targets)
test: install-test-packages
	@$(MAKE) --no-print-directory all $(TEST_PROGRAMS)
	@node tests/run.mjs $(if $(T),--only $(T))
# make test and make lint at once.
check: install-test-packages
	@$(MAKE) --no-print-directory all unit-tests fuzz-targets
	@node tests/run.mjs --lint
sanitized: install-test-packages
	@$(MAKE) --no-print-directory SANITIZE=1 all unit-tests
	@node tests/run.mjs --sanitized
fuzz: install-test-packages
	@$(MAKE) --no-print-directory fuzz-targets
	@node tests/run.mjs --fuzz 300
bench: install-test-packages
	@$(MAKE) --no-print-directory all $(BUILD)/tests/worker
	@node tests/bench/bench.mjs $(BENCH)

# ---- fuzzing: clang's libFuzzer, the library built with its sanitizers ----
FUZZ_TARGETS := $(patsubst tests/fuzz/%.c,build/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_FLAGS := -std=gnu17 -D_GNU_SOURCE -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -Ilib
FUZZED_WITH := $(strip clang $(FUZZ_FLAGS) $(CPPFLAGS))
ifneq ($(FUZZED_WITH),$(strip $(file <build/fuzz/flags)))
$(shell mkdir -p build/fuzz)
$(file >build/fuzz/flags,$(FUZZED_WITH))
endif
build/fuzz/obj/%.o: %.c build/fuzz/flags
	@mkdir -p $(@D)
	@echo "  fuzz cc $<"; clang $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link $(CPPFLAGS) -MMD -MP -c -o $@ $<
# What of the library the targets use, as the linker finds out with the ordinary objects:
# the rest is not compiled a second time.
build/fuzz/needed: $(wildcard tests/fuzz/fuzz_*.c) $(BUILD)/libtulou.a
	@mkdir -p $(@D)
	@for target in $(filter %.c,$^); do \
	    $(CC) -std=gnu17 -D_GNU_SOURCE -Ilib -r -nostdlib -Wl,--trace -o build/fuzz/needed.o \
	        $$target $(BUILD)/libtulou.a || exit 1; \
	done | grep -oE 'lib/[a-z/_0-9]+\.o' | sort -u > $@.new
	@rm -f build/fuzz/needed.o; mv $@.new $@
FUZZ_OBJECTS = $(addprefix build/fuzz/obj/,$(file <build/fuzz/needed))
build/fuzz/libtulou.a: $(FUZZ_OBJECTS)
	@rm -f $@
	@ar rcsT $@ $^
build/fuzz/fuzz_%: tests/fuzz/fuzz_%.c build/fuzz/libtulou.a
	@echo "  fuzz ld $@"; clang $(FUZZ_FLAGS) -fsanitize=fuzzer $(CPPFLAGS) -o $@ $< build/fuzz/libtulou.a $(LDLIBS)
fuzz-targets: build/fuzz/needed
	@$(MAKE) --no-print-directory $(FUZZ_TARGETS)

# ---- lint ----
# From the ground up: a floor of lib includes only itself and those before it.
FLOORS := base client db http access file job resource oidc page mail notify account comment import api
floors:
	@below=; for floor in $(FLOORS); do below="$$below $$floor"; \
	    for used in $$(grep -rhoE '^#include "[a-z]+/' lib/$$floor | cut -d'"' -f2 | tr -d / | sort -u); do \
	        [[ " $$below " == *" $$used "* ]] || { echo "lib/$$floor includes lib/$$used, which lies above it"; exit 1; }; \
	    done; done
C_FILES := $(shell git ls-files '*.c' '*.h' 2>/dev/null)
TIDY_STAMPS := $(patsubst %.c,build/tidy/%.stamp,$(filter lib/%.c cgi-bin/%.c helpers/%.c tools/%.c,$(C_FILES)))
# The analyzer goes through much memory at random: larger pages cost it a seventh less time.
build/tidy/%.stamp: %.c .clang-tidy
	@mkdir -p $(@D)
	@GLIBC_TUNABLES=glibc.malloc.hugetlb=1 clang-tidy --quiet $< -- -std=c17 -D_GNU_SOURCE $(CPPFLAGS) 2>/dev/null && touch $@
tidy: $(TIDY_STAMPS)
	@:
lint: install-test-packages
	@clang-format --dry-run -Werror $(C_FILES)
	@shellcheck tools/*.sh .ci/run
	@cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
	    --suppress=missingIncludeSystem --error-exitcode=1 -Ilib -j$(shell nproc) lib cgi-bin helpers tools
	@$(MAKE) --no-print-directory tidy floors readme-is-current openapi-lint
	@echo "lint: clean"
# The document under two linters that know nothing of each other, strictly.
openapi-lint: $(SHARE)/openapi.json
	@node_modules/.bin/spectral lint --quiet --fail-severity=hint -r tests/lib/spectral.mjs $<
	@REDOCLY_TELEMETRY=off node_modules/.bin/redocly lint --config tests/lib/redocly.yaml $< >/dev/null 2>build/redocly.log || { cat build/redocly.log; exit 1; }
format:
	@clang-format -i $(C_FILES)

# ---- production files ----
PREFIX ?= /usr
install: ready
	install -d $(DESTDIR)$(PREFIX)/lib/tulou/cgi-bin $(DESTDIR)$(PREFIX)/lib/tulou/helpers $(DESTDIR)$(PREFIX)/share/tulou $(DESTDIR)$(PREFIX)/bin
	install $(BUILD)/tulou $(DESTDIR)$(PREFIX)/lib/tulou/tulou
	install $(AREAS:%=$(BUILD)/cgi-bin/%) $(DESTDIR)$(PREFIX)/lib/tulou/cgi-bin/
	install $(HELPERS) $(DESTDIR)$(PREFIX)/lib/tulou/helpers/
	cp -r $(filter-out %.stamp,$(wildcard $(SHARE)/*)) $(DESTDIR)$(PREFIX)/share/tulou/
	ln -sf ../lib/tulou/tulou $(DESTDIR)$(PREFIX)/bin/tulou

.PHONY: install-packages install-test-packages ready run watch start stop demo test check sanitized fuzz bench fuzz-targets tidy floors lint openapi-lint format install

# The table of variables stands in README.md between its marks; docs/errors.md is
# made of the sources.
readme: $(BUILD)/tulou
	@node tools/errors.mjs > docs/errors.md
	@{ sed '/^<!-- config:/q' README.md; $(BUILD)/tulou config --markdown; sed -n '/^<!-- \/config -->/,$$p' README.md; } > README.new
	@mv README.new README.md
readme-is-current: $(BUILD)/tulou
	@{ sed '/^<!-- config:/q' README.md; env -i $(BUILD)/tulou config --markdown; sed -n '/^<!-- \/config -->/,$$p' README.md; } | cmp -s - README.md || \
	    { echo "README.md: the table of variables is old: make readme"; exit 1; }
	@node tools/errors.mjs | cmp -s - docs/errors.md || { echo "docs/errors.md is old: make readme"; exit 1; }
.PHONY: readme readme-is-current
