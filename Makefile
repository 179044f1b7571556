# kduel: compare kernels, patched and unpatched.
#
#   make            build kduel, kduel-agent, kduel-bench
#   make run        packages, build, kernels, VMs, benchmarks, report
#   make check      packages, build, every test
#   make check-stats  measure the error rates of the statistics
#   make check-doctor  plant every cause of small pages in real boots
#   make check-faults  break what can be broken, many times
#   make deps       install the Debian packages that are missing
#   make deps-browser  install what tests of pages need: a browser, npm packages
#   make deps-readers  install programs that read exports, which tests feed
#   make deps-host  fetch what a test's host behind ssh is made of: a kernel, an ssh server
#   make install    PREFIX=/usr/local, DESTDIR=; make uninstall with the same
#   make deb        a Debian package; make check-deb tries it in a bare Debian
#
# O=dir objects elsewhere; V=1 show commands; SAN=address,undefined; CC=clang;
# WERROR=1 warnings are errors

O      ?= build
PREFIX ?= /usr/local
CONFIG ?= configs/dax-huge.yaml
V      ?= 0
SAN    ?=
CFLAGS ?= -O2 -g

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' '$(1)' '$(2)')

# A sanitizer build lives beside the plain one, never mixed with it.
B := $(O)$(if $(SAN),/san)

PKGS := yaml-0.1 jansson libarchive liburing hwloc numa papi libRmath libmd sqlite3

VERSION := $(shell cat VERSION)

all_cflags := -std=gnu11 -D_GNU_SOURCE -DKDUEL_VERSION='"$(VERSION)"' \
	-DMATHLIB_STANDALONE -I. -Ilib -Ihost-driver \
	-Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes -Wshadow -Wvla \
	$(if $(filter 1,$(WERROR)),-Werror) \
	-fno-omit-frame-pointer $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all) \
	$(if $(SAN),-fsanitize-coverage=trace-pc) \
	$(CFLAGS) -MMD -MP

pkg_cflags := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
pkg_libs   := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lpfm -lm -lpthread

# The agent is started in emulated machines, several times a boot, and lies in their
# images: what it is linked with is in it, at fixed addresses (-no-pie). libpfm4's tables
# alone would be 41,000 relocations, in 270 pages of each process.
agent_libs := -Wl,-Bstatic -lyaml -ljansson -luring -lhwloc -lnuma -lpapi -lpfm -lmd \
	-Wl,-Bdynamic -l:libudev.so.1 -lm -lpthread

src = $(sort $(wildcard $(addsuffix /*.c,$(1))))
obj = $(patsubst %.c,$(B)/%.o,$(1))

# The rooms, from the bottom up: each includes and calls only rooms before it.
# One archive a room, linked once in this order (the linker resolves downwards
# only), so that a call upwards does not link; tests/structure refuses the rest.
ROOMS := lib plugin vocab stats bench backing doctor agent kernel claim plan store compare \
	why report export dashboard foreign machine run cmd
dir_lib := lib
dir_plugin := plugin
dir_vocab := vocab
dir_bench := bench
dir_backing := backing
dir_doctor := doctor
dir_agent := guest-agent
$(foreach r,stats kernel claim plan store compare why report export dashboard foreign machine run cmd,\
	$(eval dir_$(r) := host-driver/$(r)))

# main.c of a room is a program, not a part of the room.
$(foreach r,$(ROOMS),$(eval $(r)_src := $(filter-out %/main.c,$(call src,$(dir_$(r))))))
unit_src := $(wildcard tests/unit/test-*.c)

# Archives of the named rooms in the linker's order: the highest first.
reverse = $(if $(1),$(call reverse,$(wordlist 2,$(words $(1)),$(1))) $(firstword $(1)))
archives = $(patsubst %,$(B)/lib%.a,$(call reverse,$(1)))
driver_rooms := $(filter-out agent plugin,$(ROOMS))
agent_rooms  := lib vocab bench backing doctor agent
bench_rooms  := lib vocab stats bench

PROGRAMS := $(B)/kduel $(B)/kduel-agent $(B)/kduel-bench
PLUGIN   := $(if $(SAN),,$(B)/kduel-why.so)
UNIT     := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(unit_src))

# Others' code for the dashboard: from npm, with its licence; see tools/deps.
UPLOT := $(addprefix $(B)/dashboard/,uPlot.iife.min.js uPlot.min.css uPlot-LICENSE.txt)

all: $(PROGRAMS) $(PLUGIN) $(UPLOT)

$(UPLOT) &: tools/uplot tools/npm/package-lock.json
	$(call say,NPM,$(B)/dashboard)
	$(Q)tools/uplot $(B)/dashboard

# --- objects and archives -----------------------------------------------

# The flags stamp: objects are rebuilt when the way to build them changes.
flags := $(CC) $(all_cflags)
$(B)/.flags: FORCE
	@mkdir -p $(@D); echo '$(flags)' | cmp -s - $@ || echo '$(flags)' > $@
FORCE:

$(B)/%.o: %.c $(B)/.flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(all_cflags) $(pkg_cflags) -c $< -o $@

# An archive is made again, too, when a file goes.
define archive
$(B)/.$(1).list: FORCE
	@mkdir -p $$(@D); echo '$($(1)_src)' | cmp -s - $$@ || echo '$($(1)_src)' > $$@
$(B)/lib$(1).a: $(call obj,$($(1)_src)) $(B)/.$(1).list
	$$(call say,AR,$$@)
	$(Q)rm -f $$@ && $(AR) rcs $$@ $$(filter %.o,$$^)
endef
$(foreach r,$(ROOMS),$(eval $(call archive,$(r))))

# What the branches of a sanitizer build call; tests/fuzz reads what it notes.
trace := $(if $(SAN),$(B)/tests/fuzz/trace.o)
$(trace) $(B)/tests/fuzz/drive.o: all_cflags := $(filter-out -fsanitize%,$(all_cflags))

libs = $(pkg_libs)
link = $(Q)$(CC) $(all_cflags) -o $@ $^ $(trace) -Wl,--as-needed $(libs) $(LDFLAGS) $(placed)

$(B)/kduel: $(B)/host-driver/cmd/main.o $(call archives,$(driver_rooms))
	$(call say,LINK,$@)
	$(link)
$(B)/kduel-agent: libs = $(if $(SAN),$(pkg_libs),$(agent_libs))
$(B)/kduel-agent: placed = $(if $(SAN),,-no-pie)
$(B)/kduel-agent: $(B)/guest-agent/main.o $(call archives,$(agent_rooms))
	$(call say,LINK,$@)
	$(link)
$(B)/kduel-bench: $(B)/bench/main.o $(call archives,$(bench_rooms))
	$(call say,LINK,$@)
	$(link)

# What QEMU loads to count instructions: none of our libraries goes in, for it
# is QEMU's process. Sanitizers stay out for the same reason.
$(call obj,$(call src,plugin)): all_cflags += -fPIC
$(B)/kduel-why.so: $(B)/plugin/main.o $(B)/libplugin.a
	$(call say,LINK,$@)
	$(Q)$(CC) -shared -pthread -o $@ $^ $(LDFLAGS)

# For tests/structure: the rooms and their folders, from the bottom up.
print-rooms:
	@$(foreach r,$(ROOMS),echo $(r) $(dir_$(r));)

# --- tests ----------------------------------------------------------------

$(B)/tests/unit/%: $(B)/tests/unit/%.o $(call archives,$(ROOMS))
	$(call say,LINK,$@)
	$(Q)$(CC) $(all_cflags) -o $@ $^ $(trace) -Wl,--as-needed $(pkg_libs) -lcmocka $(LDFLAGS)

# Simulated campaigns through the statistics: their error rates, as a table.
CHECK_STATS := $(B)/tests/stats/check-stats
$(CHECK_STATS): $(call obj,$(call src,tests/stats)) $(call archives,$(driver_rooms))
	$(call say,LINK,$@)
	$(link)

# Makes results folders with known effects for tests/cli.
PLANT := $(B)/tests/cli/plant
$(PLANT): $(B)/tests/cli/plant.o $(call archives,$(driver_rooms))
	$(call say,LINK,$@)
	$(link)

# A store of made-up campaigns for the tests of the dashboard.
MAKE_STORE := $(B)/tests/browser/make-store
$(MAKE_STORE): $(B)/tests/browser/make-store.o $(call archives,$(driver_rooms))
	$(call say,LINK,$@)
	$(link)

# What tests/faults runs other programs under.
FAULTS := $(patsubst %.c,$(B)/%,$(filter-out %/disturb.c,$(wildcard tests/faults/*.c)))
$(FAULTS): %: %.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(all_cflags) -o $@ $< $(trace)

# Any bytes into whatever reads bytes; they need the sanitizers and the trace.
FUZZ := $(if $(SAN),$(patsubst %.c,$(B)/%,$(wildcard tests/fuzz/fuzz-*.c)))
$(FUZZ): %: %.o $(B)/tests/fuzz/drive.o $(call archives,$(driver_rooms))
	$(call say,LINK,$@)
	$(link)
fuzz: $(FUZZ)

$(PROGRAMS) $(UNIT) $(CHECK_STATS) $(PLANT) $(MAKE_STORE) $(FAULTS) $(FUZZ): | $(trace)

# Preloaded into others, whatever they were built with.
DISTURB := $(B)/tests/faults/disturb.so
$(DISTURB): tests/faults/disturb.c tests/faults/no-tmpfile.h
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -shared -fPIC -o $@ $<

unit: $(UNIT) $(CHECK_STATS) $(PLANT) $(MAKE_STORE) $(FAULTS) $(DISTURB) $(FUZZ)

# Each header must stand alone: it is a manual that can be read by itself.
headers := $(wildcard $(foreach r,$(ROOMS),$(dir_$(r))/*.h))
headers: $(patsubst %.h,$(B)/%.hcheck,$(headers))
$(B)/%.hcheck: %.h $(B)/.flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -MMD -MP,$(all_cflags)) $(pkg_cflags) -Wno-unused-function -fsyntax-only -x c $< && touch $@

SANITIZE := SAN=address,undefined

# One job a processor where `make -j` was not asked; known only when a recipe runs, which
# starts with + since make sees no $(MAKE) in it.
parallel = $(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

check: deps deps-browser deps-readers deps-host
	@echo '== build: programs, headers, unit tests, and both again with sanitizers'
	+$(Q)$(parallel) all headers unit
	+$(Q)$(parallel) $(SANITIZE) all unit
	$(Q)O='$(O)' tests/run-tests all

# Not tests: what boots and the store cost on this machine.
# Boots to the first sample against bare boots of the same two kernels; N=10.
bench-boots: all
	$(Q)O=$(O) tests/bench-boots $(N)

bench-store: $(B)/tests/bench-store $(B)/kduel
	$(Q)$(B)/tests/bench-store $(or $(SAMPLES),1000000) $(B)/kduel
$(B)/tests/bench-store: $(B)/tests/bench-store.o $(call archives,$(driver_rooms))
	$(call say,LINK,$@)
	$(link)

# What needs neither root nor a VM: about a minute.
check-quick:
	+$(Q)$(parallel) all headers unit
	$(Q)O='$(O)' tests/run-tests structure unit cli

# The table of docs/statistics.md, in full: some minutes of simulation, and an
# hour of boots the first time. check-stats-simulated leaves the boots out.
REAL := $(B)/check-stats
check-stats: $(CHECK_STATS) $(B)/kduel $(B)/kduel-agent
	$(Q)O='$(B)' tests/stats/campaigns '$(REAL)'
	$(Q)$(CHECK_STATS) --aa '$(REAL)/aa' --inject '$(REAL)/inject'

check-stats-simulated: $(CHECK_STATS)
	$(Q)$(CHECK_STATS)

# The table of docs/reliability.md: every fault with all of its trials, some
# tens of minutes. make check runs a few trials of each.
check-faults: all unit
	$(Q)O='$(O)' tests/faults/table

# The table of docs/doctor.md: every cause that can be planted in a nested boot, and
# at least 20 healthy guests. Some minutes; make check plants a dozen.
check-doctor: all
	$(Q)DOCTOR=all O='$(O)' tests/vm/test-doctor

# --- users' targets -------------------------------------------------------

deps:
	$(Q)tools/deps

deps-browser:
	$(Q)O='$(O)' tools/deps-browser

deps-readers:
	$(Q)O='$(O)' tools/deps-readers

deps-host:
	$(Q)O='$(O)' tools/deps-host

run: deps
	+$(Q)$(parallel) all
	$(Q)$(B)/kduel run $(CONFIG)

bindir := $(DESTDIR)$(PREFIX)/bin
libdir := $(DESTDIR)$(PREFIX)/lib/kduel
share  := $(DESTDIR)$(PREFIX)/share/kduel
mandir := $(DESTDIR)$(PREFIX)/share/man
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
bashdir := $(DESTDIR)$(PREFIX)/share/bash-completion/completions

# Where things go is no part of how they are built: nothing is built again for it.
install: all
	$(Q)$(MAKE) --no-print-directory install-built

install-built:
	install -D -m 755 -t $(bindir) $(PROGRAMS)
	install -D -m 644 -t $(libdir) $(PLUGIN)
	install -d $(share) && cp -R kernels configs plots dashboard $(share)/
	$(foreach f,$(wildcard $(UPLOT)),install -m 644 -t $(share)/dashboard $(f);)
	install -D -m 644 -t $(mandir)/man1 $(wildcard docs/man/*.1)
	install -D -m 644 -t $(mandir)/man5 $(wildcard docs/man/*.5)
	install -D -m 644 completion/kduel.bash $(bashdir)/kduel
	ln -sf kduel $(bashdir)/kduel-bench
	install -D -m 644 -t $(DESTDIR)$(ZSHDIR) completion/_kduel

# With the PREFIX (and DESTDIR, ZSHDIR) of the installation.
uninstall:
	rm -f $(addprefix $(bindir)/,$(notdir $(PROGRAMS)))
	rm -rf $(libdir) $(share)
	rm -f $(addprefix $(mandir)/man1/,$(notdir $(wildcard docs/man/*.1)))
	rm -f $(addprefix $(mandir)/man5/,$(notdir $(wildcard docs/man/*.5)))
	rm -f $(bashdir)/kduel $(bashdir)/kduel-bench $(DESTDIR)$(ZSHDIR)/_kduel

# A Debian package in $(O)/deb, which lintian has nothing against.
deb: all
	$(Q)O='$(B)' tools/deb $(B)/deb

# Installs, runs and removes that package in a bare Debian: minutes, root, network.
check-deb: deb
	$(Q)tests/check-deb $(B)/deb

clean:
	rm -rf $(O)

.PHONY: all print-rooms check-doctor unit fuzz bench-boots bench-store headers check check-quick check-stats check-stats-simulated check-faults deps deps-browser deps-readers deps-host run clean install install-built uninstall deb check-deb FORCE
.SECONDARY:

-include $(shell find $(B) -name '*.d' 2>/dev/null)
