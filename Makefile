# Tulou: see README.md. Everything that is made goes to build/, everything that
# is kept while it runs to var/ (TULOU_VAR).
.DEFAULT_GOAL := all
SHELL := /bin/bash
MAKEFLAGS += --no-builtin-rules -j$(shell nproc)

CC := gcc
PACKAGES := libpq json-c libjwt libsodium fcgi
BUILD := build

# Tables leave out what they do not need: the rest of an entry is zero.
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wconversion -Wno-missing-field-initializers
HARDENING := -fstack-protector-strong -fstack-clash-protection -fcf-protection -D_FORTIFY_SOURCE=2 -fPIE
CFLAGS := -std=c17 -D_GNU_SOURCE -O2 -g $(WARNINGS) $(HARDENING) -ffunction-sections -fdata-sections
CPPFLAGS := -Ilib $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
LDFLAGS := -pie -Wl,-z,relro,-z,now -Wl,--gc-sections
LDLIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lpthread -lm

ifdef SANITIZE
BUILD := build/asan
HARDENING := -fPIE -fsanitize=address,undefined -fno-omit-frame-pointer
LDFLAGS := -pie -fsanitize=address,undefined
endif

LIB_SOURCES := $(shell find lib -name '*.c')
OBJECTS := $(BUILD)/obj
LIB_OBJECTS := $(LIB_SOURCES:%.c=$(OBJECTS)/%.o)
AREAS := $(notdir $(patsubst %/,%,$(wildcard cgi-bin/*/)))
PROGRAMS := $(AREAS:%=$(BUILD)/cgi-bin/%) $(BUILD)/tulou
TOOL_OBJECTS := $(patsubst %.c,$(OBJECTS)/%.o,$(wildcard tools/*.c))
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))
SHARE := $(BUILD)/share

all: $(PROGRAMS) share

$(OBJECTS)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  cc $<"; $(CC) $(CFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

# Statements register themselves in a section that nothing refers to, so the
# library is a plain archive and each program keeps what it links.
$(BUILD)/libtulou.a: $(LIB_OBJECTS)
	@rm -f $@
	@ar rcs $@ $^

define area
$(BUILD)/cgi-bin/$(1): $$(patsubst %.c,$(OBJECTS)/%.o,$$(wildcard cgi-bin/$(1)/*.c)) $(BUILD)/libtulou.a
	@mkdir -p $$(@D)
	@echo "  ld $$@"; $(CC) $(LDFLAGS) -o $$@ $$^ $(LDLIBS)
endef
$(foreach name,$(AREAS),$(eval $(call area,$(name))))

$(BUILD)/tulou: $(TOOL_OBJECTS) $(BUILD)/libtulou.a
	@echo "  ld $@"; $(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/tests/unit/%: tests/unit/%.c $(BUILD)/libtulou.a
	@mkdir -p $(@D)
	@echo "  ld $@"; $(CC) $(CFLAGS) $(CPPFLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $(BUILD)/libtulou.a $(LDLIBS) \
	    $$(pkg-config --libs check)

unit-tests: $(UNIT_TESTS)

# ---- what the programs read: tables, templates, static files ----
share: $(SHARE)/areas.json $(SHARE)/openapi.json $(SHARE)/copies.stamp $(SHARE)/static.stamp

$(SHARE)/areas.json: $(AREAS:%=$(BUILD)/cgi-bin/%)
	@mkdir -p $(@D)
	@{ printf '{"areas":['; separator=; for program in $^; do \
	    printf '%s' "$$separator"; $$program --describe || exit 1; separator=,; done; printf ']}\n'; } > $@.new
	@mv $@.new $@

$(SHARE)/openapi.json: $(SHARE)/areas.json $(BUILD)/tulou
	@mkdir -p $(@D)
	$(BUILD)/tulou openapi $(SHARE)/areas.json > $@.new && mv $@.new $@

TEMPLATES := $(shell find templates -name '*.html')
$(SHARE)/copies.stamp: $(TEMPLATES) $(wildcard migrations/*.sql) nginx/tulou.conf
	@mkdir -p $(@D) && rm -rf $(SHARE)/templates $(SHARE)/migrations $(SHARE)/nginx
	@cp -r templates migrations nginx $(SHARE)/ && touch $@

STATIC := $(shell find static -type f)
$(SHARE)/static.stamp: $(STATIC) tools/vendor.mjs package-lock.json $(TEMPLATES) $(SHARE)/areas.json
	node tools/vendor.mjs $(SHARE)/static && touch $@

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

clean:
	rm -rf build

.PHONY: all share clean unit-tests
