# mta-sts-responder
#
#   make deps      install from Debian what building, serving and testing need
#                  (make deps demo: without what only tests need)
#   make           build cgi-bin/mta-sts.fcgi and the command mta-sts
#   make demo      serve the samples of conf.d with lighttpd and fetch them
#                  (ONESHOT=1: do not wait for Ctrl-C)
#   make lab       as root: a shell in a network of its own, with domains that
#                  are right or wrong in every way that mta-sts verify knows
#                  (ONESHOT=1: try it all and end; RUN='COMMAND': run that)
#   make check     every test (SANITIZE=1: under ASan and UBSan)
#   make memcheck  the unit tests under valgrind
#   make bench     measure it, beside what people would use instead
#                  (QUICK=1: roughly; JSON=FILE, PLOT=1: also in a file, drawn)
#   make soak      in use for 20 minutes, or SECONDS=60: does anything grow, is
#                  any answer wrong
#   make fuzz      fuzz every parser, FUZZ_SECONDS (60) each
#   make lint      clang-format, cppcheck, clang-tidy, mandoc
#   make install   DESTDIR, prefix and the directories below can be set
#
# DEV=1 makes warnings errors.

VERSION = 0.1.0

prefix      = /usr
bindir      = $(prefix)/bin
cgibindir   = $(prefix)/lib/cgi-bin
mandir      = $(prefix)/share/man
datadir     = $(prefix)/share/mta-sts
sysconfdir  = /etc
unitdir     = /lib/systemd/system

CC         ?= cc
CFLAGS     ?= -O2 -g
INSTALL    ?= install
PKG_CONFIG ?= pkg-config
CLANG_TIDY ?= clang-tidy
VALGRIND   ?= valgrind

# The sanitizers and valgrind do not go with _FORTIFY_SOURCE.
ifdef SANITIZE
variant   = sanitize
hardening = -fsanitize=address,undefined -fno-sanitize-recover=all \
            -fno-omit-frame-pointer
linking   = -fsanitize=address,undefined
else
variant   = plain
hardening = -fstack-protector-strong $(fortify) -fPIE
linking   = -pie -Wl,-z,relro,-z,now
endif
ifdef DEV
werror    = -Werror
endif

# A distribution's own level counts.
fortify   = $(if $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),, \
            -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)

build   = .build/$(variant)
program = $(build)/mta-sts.fcgi
command = $(build)/mta-sts

warnings = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
           -Wwrite-strings -Wpointer-arith -Wformat=2 -Wvla -Wconversion \
           $(werror)
flags    = -std=c11 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' $(warnings) \
           $(hardening) -Isrc -MMD -MP
compile  = $(CC) $(flags) $(CPPFLAGS) $(CFLAGS)
link     = $(CC) $(CFLAGS) $(linking) $(LDFLAGS)

libconfig = $(shell $(PKG_CONFIG) --libs libconfig)
libfcgi   = $(shell $(PKG_CONFIG) --libs fcgi 2>/dev/null || echo -lfcgi)
seccomp   = $(shell $(PKG_CONFIG) --libs libseccomp)
cmocka    = $(shell $(PKG_CONFIG) --libs cmocka)

# The layers, from the bottom up: each name stands for what a module links.
text      = text
diag      = diag $(text)
hostname  = hostname $(text)
mxpattern = mxpattern $(hostname)
lines     = lines $(text)
policy    = policy policy_field policy_parse lines mxpattern $(hostname) \
            $(diag)
responder = responder $(policy)
framing   = framing
safefile  = safefile safefile_directory trust $(diag)
log       = log clock $(text)
sandbox   = sandbox sandbox_landlock sandbox_seccomp $(log)
settings  = settings settings_key settings_scan settings_value reporturi \
            heap $(safefile) $(policy)
record    = record $(policy)
edit      = admin_edit $(policy)
store     = store $(safefile) $(policy)
tlsrpt    = admin_tlsrpt admin_tlsrpt_fields admin_tlsrpt_read \
            admin_tlsrpt_result admin_tlsrpt_time $(diag)
tlsrpt_words  = $(tlsrpt)
tlsrpt_unpack = admin_tlsrpt_unpack admin_tlsrpt_gzip admin_tlsrpt_mail \
            $(tlsrpt)
facts     = admin_facts $(text)
rdata     = admin_rdata $(facts)
detour    = admin_detour $(hostname)
looking   = admin_examine admin_examine_job admin_lookup admin_lookup_reply \
            admin_peer admin_peer_call admin_certificate admin_looklib \
            admin_probe admin_fetch admin_examine_fetch clock $(detour) \
            $(rdata) $(record)
judge     = admin_judge admin_judge_code admin_judge_dns admin_judge_fetch \
            admin_judge_finding admin_judge_form admin_judge_https \
            admin_judge_mx admin_judge_nodes admin_judge_probe \
            admin_judge_record admin_judge_state admin_judge_text \
            admin_judge_tls admin_judge_tlsrpt admin_human reporturi \
            $(facts) $(record)
maillog   = admin_maillog admin_maillog_scan $(text)
modules   = text diag hostname mxpattern policy responder framing safefile \
            log sandbox settings store record edit \
            tlsrpt tlsrpt_words tlsrpt_unpack rdata detour judge \
            maillog

objects = $(addprefix $(build)/,$(addsuffix .o,$(sort $(1))))
units   = $(addprefix $(build)/test_,$(modules))

all: $(program) $(command) $(if $(SANITIZE),,cgi-bin/mta-sts.fcgi)

cgi-bin/mta-sts.fcgi: $(program)
	$(INSTALL) -m 0755 $< $@

$(program): $(call objects,responder_main server signals fastcgi framing cgi \
    heap $(sandbox) $(responder) $(settings) $(store))
	$(link) -o $@ $^ $(libfcgi) $(libconfig) $(seccomp)

# The command: everything in src/admin, on the same layers.
command_libs  = $(shell $(PKG_CONFIG) --libs libmd libidn2 json-c zlib)
admin_objects = $(patsubst src/admin/%.c,$(build)/admin_%.o, \
                $(sort $(wildcard src/admin/*.c)))

$(command): $(admin_objects) $(call objects,$(settings) $(store) $(record) \
    $(responder) $(log))
	$(link) -o $@ $^ $(libconfig) $(command_libs)

$(build)/admin_%.o: src/admin/%.c Makefile | $(build)
	$(compile) -Isrc/admin -c -o $@ $<

$(build)/%.o: src/%.c Makefile | $(build)
	$(compile) -c -o $@ $<

$(build)/test_%.o: tests/unit/test_%.c Makefile | $(build)
	$(compile) -Isrc/admin -c -o $@ $<

$(build):
	mkdir -p $@

# GMime is loaded when a mail is read, libunbound and libcurl when a domain is
# looked at; only their headers are needed here.
gmime = $(subst -I,-isystem ,$(shell $(PKG_CONFIG) --cflags gmime-3.0))
$(build)/admin_tlsrpt_mail.o: private compile += $(gmime)

libs_settings = $(libconfig)
libs_sandbox  = $(seccomp)
libs_record   = $(shell $(PKG_CONFIG) --libs libmd)
libs_judge    = $(libs_record)
libs_tlsrpt   = $(shell $(PKG_CONFIG) --libs libmd json-c zlib)
libs_tlsrpt_words  = $(libs_tlsrpt)
libs_tlsrpt_unpack = $(libs_tlsrpt)

# A unit test links its module and the layers below it, and nothing else.
define unit
$(build)/test_$(1): $(build)/test_$(1).o $(call objects,$($(1)))
	$$(link) -o $$@ $$^ $$(cmocka) $(libs_$(1))
endef
$(foreach module,$(modules),$(eval $(call unit,$(module))))

-include $(wildcard $(build)/*.d)
.SECONDARY:

# Fuzzing: a harness a parser, built with clang's libFuzzer. Two at a time.
FUZZ_SECONDS = 60
fuzzers      = host policy settings record request fastcgi loop edit tlsrpt \
               maillog
fuzz         = .build/fuzz
fuzz_clang   = clang -g -O1 -fno-omit-frame-pointer -fno-sanitize-recover=all
fuzz_objects = $(addprefix $(fuzz)/,$(addsuffix .o,$(sort $(fuzz_$(1)))))

# What each links; store is given its files by the harness.
fuzz_host     = $(hostname)
fuzz_policy   = store $(responder)
fuzz_settings = $(settings)
fuzz_record   = $(record)
fuzz_request  = $(responder)
fuzz_fastcgi  = fastcgi framing heap $(responder)
fuzz_edit     = $(edit)
fuzz_loop     = server fastcgi framing heap $(log) $(responder)
fuzz_tlsrpt   = $(tlsrpt_unpack)
fuzz_maillog  = $(maillog)
libs_fastcgi  = $(libfcgi)
libs_loop     = $(libfcgi)
max_tlsrpt    = -max_len=20000
max_fastcgi   = -max_len=70000
max_loop      = -max_len=70000

fuzz_compile = $(fuzz_clang) -std=c11 -D_GNU_SOURCE $(warnings) -Isrc \
               -Isrc/admin -fsanitize=fuzzer-no-link,address,undefined \
               -MMD -MP -c -o $@ $<

$(fuzz)/admin_%.o: src/admin/%.c Makefile | $(fuzz)
	$(fuzz_compile)

$(fuzz)/admin_tlsrpt_mail.o: private warnings += $(gmime)

$(fuzz)/fuzz_%.o: tests/fuzz/%.c Makefile | $(fuzz)
	$(fuzz_compile)

$(fuzz)/%.o: src/%.c Makefile | $(fuzz)
	$(fuzz_compile)

$(fuzz):
	mkdir -p $@

define fuzzer
$(fuzz)/fuzz_$(1): $(fuzz)/fuzz_$(1).o $(call fuzz_objects,$(1))
	$(fuzz_clang) -fsanitize=fuzzer,address,undefined -o $$@ $$^ \
	    $(libs_$(1))
endef
$(foreach name,$(fuzzers),$(eval $(call fuzzer,$(name))))

# An input that fails is left in .build/fuzz, its story in the log beside it.
fuzz-%: $(fuzz)/fuzz_%
	mkdir -p $(fuzz)/corpus/$*
	$< -max_total_time=$(FUZZ_SECONDS) -timeout=10 -malloc_limit_mb=64 \
	    -dict=tests/fuzz/dict/$*.dict -artifact_prefix=$(fuzz)/$*- \
	    $(max_$*) $(fuzz)/corpus/$* tests/fuzz/seeds/$* >$(fuzz)/$*.log 2>&1 || \
	    { tail -n 40 $(fuzz)/$*.log; exit 1; }
	@echo "$*: $$(grep DONE $(fuzz)/$*.log)"

fuzz:
	$(MAKE) --no-print-directory -k -j2 $(addprefix fuzz-,$(fuzzers))

-include $(wildcard $(fuzz)/*.d)

packages      = gcc libc6-dev pkg-config libfcgi-dev libconfig-dev \
                libgmime-3.0-dev libidn2-dev libjson-c-dev libmd-dev \
                libseccomp-dev zlib1g-dev libunbound-dev libssl-dev \
                libcurl4-openssl-dev ca-certificates dns-root-data lighttpd \
                curl
test_packages = libcmocka-dev python3 python3-pytest python3-pytest-xdist \
                nginx-light apache2-bin \
                libapache2-mod-fcgid openssl bind9 bind9-utils bind9-dnsutils \
                nsd php-cli perl procps strace valgrind mandoc wrk \
                php-fpm fcgiwrap gnuplot-nox postfix \
                postfix-mta-sts-resolver chasquid lighttpd-mod-openssl \
                iproute2 caddy certbot dehydrated haproxy pebble rsync \
                clang clang-format clang-tidy cppcheck libclang-rt-14-dev

# Whoever just wants to see it run, or to run it, needs no name server.
ifneq ($(filter demo all install,$(MAKECMDGOALS)),)
ifeq ($(filter check memcheck bench soak fuzz lint,$(MAKECMDGOALS)),)
test_packages =
endif
endif

# "make -j deps demo": the one before the other.
ifneq ($(filter deps,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif

deps:
	tests/install-deps.sh $(packages) $(test_packages)

demo: cgi-bin/mta-sts.fcgi
	tests/demo.sh $(if $(ONESHOT),--oneshot)

# RUN goes to a shell as it was typed.
lab: all
	MTA_STS=$(command) MTA_STS_FCGI=$(program) \
	    tests/lab/play.py $(if $(ONESHOT),--oneshot) \
	    $(if $(value RUN),--run '$(subst ','\'',$(value RUN))')

check: all bench-programs $(build)/look $(units)
	tests/check.py --build $(build) $(units)

memcheck: $(units)
	for unit in $(units); do \
	    UNIT_SMALL=1 $(VALGRIND) -q --error-exitcode=1 --leak-check=full \
	    --errors-for-leak-kinds=all \
	    --suppressions=tests/unit/valgrind.supp $$unit || exit 1; done

# The load generator, and the programs that the responder is compared with.
bench   = $(build)/bench
rivals  = constant naive bare least

$(bench)/%.o: tests/bench/%.c Makefile | $(bench)
	$(compile) -c -o $@ $<

$(bench)/%.o: tests/bench/rivals/%.c Makefile | $(bench)
	$(compile) -c -o $@ $<

$(bench):
	mkdir -p $@

$(bench)/load: $(addprefix $(bench)/,load.o client.o mix.o)
	$(link) -o $@ $^

$(bench)/constant $(bench)/naive: $(bench)/%: $(bench)/%.o
	$(link) -o $@ $^ $(libfcgi)

$(bench)/bare: $(bench)/bare.o
	$(link) -o $@ $^

$(bench)/least: $(bench)/least.o
	$(link) -o $@ $^ $(libfcgi)

$(bench)/bare $(bench)/least: $(bench)/source.o \
    $(call objects,$(responder) $(store))

-include $(wildcard $(bench)/*.d)

# The facts about domains, as the tests of what is looked at want them.
$(build)/look.o: tests/lab/look.c Makefile | $(build)
	$(compile) -Isrc/admin -c -o $@ $<

$(build)/look: $(build)/look.o $(call objects,$(looking))
	$(link) -o $@ $^ $(shell $(PKG_CONFIG) --libs json-c libmd)

bench-programs: $(bench)/load $(addprefix $(bench)/,$(rivals))

bench: all bench-programs
	tests/bench/bench.py $(if $(QUICK),--quick) \
	    $(if $(JSON),--json $(JSON)) $(if $(PLOT),--plot .build/plots)

soak: all bench-programs
	tests/bench/soak.py $(if $(SECONDS),--seconds $(SECONDS))

sources = src/*.[ch] src/admin/*.[ch] tests/unit/*.[ch] tests/fuzz/*.[ch] \
          tests/bench/*.[ch] tests/bench/rivals/*.[ch] tests/faults/*.c \
          tests/lab/*.c

lint: all
	clang-format --dry-run -Werror $(sources)
	cppcheck --quiet --std=c11 --enable=warning,portability,performance \
	    --inline-suppr --error-exitcode=1 --suppress=missingIncludeSystem \
	    -D_GNU_SOURCE -DVERSION='""' -Isrc -Isrc/admin src
	printf '%s\n' src/*.c src/admin/*.c | xargs -P 2 -n 6 sh -c \
	    '$(CLANG_TIDY) --quiet "$$@" -- -std=c11 -D_GNU_SOURCE \
	    -DVERSION=\"\" -Isrc -Isrc/admin $(gmime)' clang-tidy
	mandoc -Tlint -Wwarning src/*.[158]

completions = $(prefix)/share/bash-completion/completions
panels      = $(wildcard src/panels/*.* src/panels/*/*) src/panels/hook

configs     = $(wildcard cgi-bin/*.conf) cgi-bin/Caddyfile cgi-bin/haproxy.cfg
shared      = $(configs:cgi-bin/%=%) deploy-certificate.sh $(panels:src/%=%)
places      = $(bindir) $(cgibindir) $(mandir)/man1 $(mandir)/man5 \
              $(mandir)/man8 $(unitdir) $(completions) \
              $(sysconfdir)/mta-sts/conf.d

# A program may be asked for meanwhile, and without room for the new one the old
# one stays: beside and renamed.
put = $(INSTALL) -m 0755 $(1) "$(DESTDIR)$(2)/.$(notdir $(1)).new" && \
    mv -f "$(DESTDIR)$(2)/.$(notdir $(1)).new" \
    "$(DESTDIR)$(2)/$(notdir $(1))" || \
    { rm -f "$(DESTDIR)$(2)/.$(notdir $(1)).new"; exit 1; }

# What is there is left as it is: $(INSTALL) -d would set its mode.
install: all
	for place in $(places); do \
	    test -d "$(DESTDIR)$$place" || test -h "$(DESTDIR)$$place" || \
	    $(INSTALL) -d "$(DESTDIR)$$place" || exit 1; done
	$(call put,$(command),$(bindir))
	$(call put,cgi-bin/mta-sts.fcgi,$(cgibindir))
	$(INSTALL) -m 0644 src/mta-sts.1 "$(DESTDIR)$(mandir)/man1/"
	$(INSTALL) -m 0644 src/mta-sts.conf.5 src/mta-sts-policy.5 \
	    "$(DESTDIR)$(mandir)/man5/"
	$(INSTALL) -m 0644 src/mta-sts.fcgi.8 "$(DESTDIR)$(mandir)/man8/"
	$(INSTALL) -m 0644 cgi-bin/mta-sts.socket cgi-bin/mta-sts.service \
	    "$(DESTDIR)$(unitdir)/"
	$(INSTALL) -m 0644 src/mta-sts.bash-completion \
	    "$(DESTDIR)$(completions)/mta-sts"
	for file in $(configs); do \
	    $(INSTALL) -D -m 0644 $$file \
	    "$(DESTDIR)$(datadir)/$${file#cgi-bin/}" || exit 1; done
	$(INSTALL) -m 0755 cgi-bin/deploy-certificate.sh "$(DESTDIR)$(datadir)/"
	for file in $(panels); do \
	    mode=0755; case $$file in *.php) mode=0644;; esac; \
	    $(INSTALL) -D -m $$mode $$file \
	    "$(DESTDIR)$(datadir)/$${file#src/}" || exit 1; done
	settings="$(DESTDIR)$(sysconfdir)/mta-sts/mta-sts.conf"; \
	    test -e "$$settings" || test -h "$$settings" || \
	    $(INSTALL) -m 0644 conf.d/mta-sts.conf "$$settings"

# The settings, the policies and their history are the administrator's and stay,
# and so does whatever else is in a directory.
uninstall:
	for file in $(bindir)/mta-sts $(cgibindir)/mta-sts.fcgi \
	    $(mandir)/man1/mta-sts.1 $(mandir)/man5/mta-sts.conf.5 \
	    $(mandir)/man5/mta-sts-policy.5 $(mandir)/man8/mta-sts.fcgi.8 \
	    $(unitdir)/mta-sts.socket $(unitdir)/mta-sts.service \
	    $(completions)/mta-sts $(shared:%=$(datadir)/%); do \
	    rm -f "$(DESTDIR)$$file" || exit 1; done
	for place in /panels/directadmin /panels/hestiacp /panels ''; do \
	    rmdir "$(DESTDIR)$(datadir)$$place" 2>/dev/null || :; done

# What could not be made whole, as on a full disk, is made again.
.DELETE_ON_ERROR:

clean:
	rm -rf .build cgi-bin/mta-sts.fcgi

.PHONY: all deps demo lab check memcheck bench bench-programs soak fuzz lint \
    install uninstall clean
