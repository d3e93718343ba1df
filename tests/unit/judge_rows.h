/*
 * Facts with one fault each, and all that is found. Included once for the
 * functions and once for the table, with ROW defined.
 *
 * ROW(findings, words, fault): each finding is its severity (E, W, N), its code
 * and what a sender does: D delivers, U unprotected, I ignores the policy, L
 * delays, R refuses. words is part of what is said of them.
 */
ROW("", "", (void)f)

/* DNS */
ROW("E:domain-missing:R", "no domain example.com",
    f->apex.answer.dns = f->mx_answer.dns = FACTS_DNS_NO_NAME;)
ROW("E:dns-failed:I", "_mta-sts.example.com: the look-up failed: SERVFAIL",
    lose(&f->sts.answer, FACTS_DNS_FAILED, "SERVFAIL");)
ROW("W:dns-failed:D", "  dig +trace TXT _smtp._tls.example.com",
    lose(&f->tlsrpt.answer, FACTS_DNS_FAILED, "");)
ROW("W:dns-failed:I", "AAAA of mta-sts.example.com: the look-up failed",
    lose(&f->host6, FACTS_DNS_FAILED, "");
    f->fetch6.end = FACTS_FETCH_UNASKED;)
ROW("W:dns-failed:I", "  dig +trace AAAA mta-sts.example.com",
    lose(&f->host6, FACTS_DNS_FAILED, "");
    f->fetch6.end = FACTS_FETCH_UNASKED;)
ROW("W:dns-bogus:I", "A of mta-sts.example.com: DNSSEC does not hold",
    lose(&f->host4, FACTS_DNS_BOGUS, "");
    f->fetch4.end = FACTS_FETCH_UNASKED;)
ROW("E:dns-failed:I", "It has no policy from here",
    lose(&f->host4, FACTS_DNS_FAILED, "");
    lose(&f->host6, FACTS_DNS_NO_DATA, ""); unserve(f);)
ROW("E:dns-bogus:L",
    "_smtp._tls.example.com, MX of example.com: DNSSEC does not",
    lose(&f->tlsrpt.answer, FACTS_DNS_BOGUS, "signature expired");
    lose(&f->mx_answer, FACTS_DNS_BOGUS, ""); f->mx_count = 0;)
ROW("E:dns-failed:I", "_mta-sts.example.com, mta-sts.example.com: the",
    lose(&f->sts.answer, FACTS_DNS_FAILED, "");
    lose(&f->host4, FACTS_DNS_FAILED, "");
    lose(&f->host6, FACTS_DNS_FAILED, ""); unserve(f);)
ROW("E:txt-missing:U",
    "  _mta-sts.example.com. 3600 IN TXT \"v=STSv1; id=" GOOD_ID ";\"",
    f->sts.count = 0;
    f->sts.answer.dns = FACTS_DNS_NO_NAME;)
ROW("E:txt-missing:U N:txt-doubtful:D", "v=spf1 -all", f->sts.count = 0;
    txt(&f->sts, "v=spf1 -all");)
ROW("E:txt-missing:U E:policy-missing:I", "id=20261122045152Z", unserve(f);
    f->fetch4.status = f->fetch6.status = 404; know(f);
    strcpy(f->local.id, "20261122045152Z"); f->sts.count = 0;
    f->sts.answer.dns = FACTS_DNS_NO_DATA;)
ROW("E:txt-missing:U",
    "_mta-sts.example.com is an alias (CNAME) that leads to _x.gone.example",
    f->sts.answer.dns = FACTS_DNS_NO_NAME;
    f->sts.answer.chain = 1; f->sts.count = 0;
    strcpy(f->sts.answer.canonical, "_x.gone.example");)
ROW("W:txt-id:I", "put this in its place, or", know(f);
    strcpy(f->local.id, "20261122045152Z"); f->sts.answer.chain = 1;
    strcpy(f->sts.answer.canonical, "_mta-sts.hosting.example");)
ROW("E:txt-misplaced:U", "stands at example.com and belongs at _mta-sts.",
    f->sts.answer.dns = FACTS_DNS_NO_NAME;
    f->sts.count = 0; txt(&f->apex, "v=STSv1; id=1;");)
ROW("E:txt-misplaced:U", "stands at _mta_sts.example.com and belongs at",
    f->sts.answer.dns = FACTS_DNS_NO_NAME;
    f->sts.count = 0; txt(&f->misnamed, "v=STSv1; id=1;");)
ROW("N:txt-misplaced:D", "Delete that record.",
    txt(&f->apex, "v=STSv1; id=1;");)
ROW("E:txt-several:I", "2 records begin with", txt(&f->sts, "v=STSv1; id=2;");)
ROW("E:txt-several:I E:txt-invalid:I", "letters and digits alone",
    txt(&f->sts, "v=STSv1; id=2-3;");)
ROW("E:txt-long:I", "more than 1023 octets", f->sts.at[0].length = 60000;)
ROW("E:txt-invalid:I", "octet 8 of \"v=STSv1 ; id=1;\": white space before",
    f->sts.count = 0;
    txt(&f->sts, "v=STSv1 ; id=1;");)
ROW("E:txt-invalid:I", "the id is missing", f->sts.count = 0;
    txt(&f->sts, "v=STSv1;");)
ROW("E:txt-invalid:I", "id=\\x1b[31m", f->sts.count = 0;
    txt(&f->sts, "v=STSv1; id=\033[31m;");)
ROW("W:txt-doubtful:D", "twice", f->sts.count = 0;
    txt(&f->sts, "v=STSv1; id=1; id=2;");)
ROW("N:txt-doubtful:D", "no such field", f->sts.count = 0;
    txt(&f->sts, "v=STSv1; id=1; a=b;");)
ROW("W:txt-id:I", "IN TXT \"v=STSv1; id=20261122045152Z;\"", know(f);
    strcpy(f->local.id, "20261122045152Z");)
ROW("N:txt-ttl:D", "a TTL of 2d", f->sts.answer.ttl = 172800;)
ROW("N:cname-chain:D", "_mta-sts.example.com. 3600 IN CNAME end.example.",
    f->sts.answer.chain = 4;
    strcpy(f->sts.answer.canonical, "end.example");)
ROW("N:cname-chain:D", "up to _end.example", f->host4.chain = 5;
    strcpy(f->host4.canonical, "_end.example");)
ROW("E:host-missing:I",
    "  mta-sts.example.com. 3600 IN CNAME mta-sts.hosting.example.", unserve(f);
    f->host4.dns = FACTS_DNS_NO_NAME; f->host6.dns = FACTS_DNS_NO_NAME;)
ROW("E:host-missing:I", "nor has gone.example", unserve(f);
    f->host4.dns = FACTS_DNS_NO_DATA; f->host6.dns = FACTS_DNS_NO_DATA;
    strcpy(f->host4.canonical, "gone.example");)
ROW("E:host-missing:I", "mta-sts.example.com is an alias (CNAME) that leads to",
    unserve(f);
    f->host4.dns = FACTS_DNS_NO_NAME; f->host6.dns = FACTS_DNS_NO_NAME;
    f->host4.chain = 1; strcpy(f->host4.canonical, "gone.example");)
ROW("W:host-no-ipv4:I", "an A record", f->host4.dns = FACTS_DNS_NO_DATA;
    f->fetch4.end = FACTS_FETCH_UNASKED;)
ROW("N:tlsrpt-missing:D",
    "_smtp._tls.example.com. 3600 IN TXT \"v=TLSRPTv1; "
    "rua=mailto:tls-reports@example.com\"",
    f->tlsrpt.count = 0;
    f->tlsrpt.answer.dns = FACTS_DNS_NO_NAME;)
ROW("N:tlsrpt-missing:D",
    "_smtp._tls.example.com is an alias (CNAME) that leads to gone.example",
    f->tlsrpt.count = 0;
    f->tlsrpt.answer.dns = FACTS_DNS_NO_NAME; f->tlsrpt.answer.chain = 1;
    strcpy(f->tlsrpt.answer.canonical, "gone.example");)
ROW("W:tlsrpt-missing:D", "testing brings no reports", f->tlsrpt.count = 0;
    f->tlsrpt.answer.dns = FACTS_DNS_NO_NAME; serve(f, TESTING);)
ROW("W:tlsrpt-several:D", "2 records",
    txt(&f->tlsrpt, "v=TLSRPTv1;rua=mailto:a@example.com");)
ROW("W:tlsrpt-invalid:D", "no rua=", f->tlsrpt.count = 0;
    txt(&f->tlsrpt, "v=TLSRPTv1; ");)
ROW("W:tlsrpt-invalid:D", "neither mailto: nor https://", f->tlsrpt.count = 0;
    txt(&f->tlsrpt, "v=TLSRPTv1; rua=mailto:a@example.com, ftp://b.example");)
ROW("W:tlsrpt-invalid:D", "a byte that a TXT record needs encoded",
    f->tlsrpt.count = 0;
    txt(&f->tlsrpt, "v=TLSRPTv1; rua=mailto:a@example.com!10m");)
ROW("W:tlsrpt-invalid:D", "an empty field", f->tlsrpt.count = 0;
    txt(&f->tlsrpt, "v=TLSRPTv1;; rua=mailto:a@example.com");)

/* HTTPS */
ROW("E:https-refused:I", "by 192.0.2.1 and 2001:db8::1: no connection",
    unserve(f);
    f->fetch4.end = f->fetch6.end = FACTS_FETCH_REFUSED;)
ROW("W:https-refused:I", "by IPv6 alone, 2001:db8::1: no connection",
    f->fetch6.end = FACTS_FETCH_REFUSED;)
ROW("E:https-timeout:I", "no answer in time", unserve(f);
    f->fetch4.end = f->fetch6.end = FACTS_FETCH_TIMEOUT;)
ROW("E:https-refused:I E:https-status:I", "status 500", unserve(f);
    f->fetch4.end = FACTS_FETCH_REFUSED; f->fetch6.status = 500;)
ROW("E:https-tls:I", "no TLS: handshake failure", unserve(f);
    f->fetch4.end = f->fetch6.end = FACTS_FETCH_TLS;
    strcpy(f->fetch4.why, "handshake failure");
    f->fetch4.tls.certificate = f->fetch6.tls.certificate =
	FACTS_CERTIFICATE_UNSEEN;)
ROW("E:https-broken:I", "no whole HTTP answer", unserve(f);
    f->fetch4.end = f->fetch6.end = FACTS_FETCH_BROKEN;)
ROW("E:https-large:I", "at most 64000 octets", unserve(f);
    f->fetch4.end = f->fetch6.end = FACTS_FETCH_LARGE;)
ROW("E:cert-expired:I", "has expired, on 2026-11-20",
    certify(f, FACTS_CERTIFICATE_EXPIRED);
    f->fetch4.tls.expires = NOW - 2 * DAY;)
ROW("E:cert-early:I", "not valid yet", certify(f, FACTS_CERTIFICATE_TOO_EARLY);)
ROW("E:cert-name:I", "other names than mta-sts.example.com: for a.example",
    certify(f, FACTS_CERTIFICATE_NAME);
    strcpy(f->fetch4.tls.why, "for a.example");)
ROW("E:cert-self-signed:I", "self-signed",
    certify(f, FACTS_CERTIFICATE_SELF_SIGNED);)
ROW("E:cert-untrusted:I", "no known authority",
    certify(f, FACTS_CERTIFICATE_UNTRUSTED);)
ROW("E:cert-other:I", "does not hold: odd", certify(f, FACTS_CERTIFICATE_OTHER);
    strcpy(f->fetch4.tls.why, "odd");)
ROW("W:cert-expiring:D", "expires on 2026-11-25, in 3 days",
    f->fetch4.tls.expires = f->fetch6.tls.expires = NOW + 3 * DAY;)
ROW("", "", f->fetch4.tls.begins = f->fetch6.tls.begins = NOW - 3 * DAY;
    f->fetch4.tls.expires = f->fetch6.tls.expires = NOW + 3 * DAY;)
ROW("W:cert-expiring:D", "in 1 day",
    f->fetch4.tls.begins = f->fetch6.tls.begins = NOW - 5 * DAY;
    f->fetch4.tls.expires = f->fetch6.tls.expires = NOW + DAY;)
ROW("E:tls-old:I", "it speaks TLSv1.1;",
    strcpy(f->fetch4.tls.protocol, "TLSv1.1");
    strcpy(f->fetch6.tls.protocol, "TLSv1.1");)
ROW("E:tls-old:I", "it knows nothing as new as TLS 1.2",
    certify(f, FACTS_CERTIFICATE_UNSEEN);
    f->fetch4.tls.old = f->fetch6.tls.old = true;)
ROW("E:policy-missing:I", "  mta-sts add example.com", unserve(f);
    f->fetch4.status = f->fetch6.status = 404;)
ROW("E:policy-missing:I", "IN CNAME mta-sts.hosting.example.", unserve(f);
    know(f); f->fetch4.status = f->fetch6.status = 410;)
ROW("E:https-redirect:I", "no sender follows: https://www.example.com/",
    unserve(f);
    f->fetch4.status = f->fetch6.status = 301;
    strcpy(f->fetch4.location, "https://www.example.com/");)
ROW("E:https-status:I", "status 503", unserve(f);
    f->fetch4.status = f->fetch6.status = 503;)
ROW("E:media-type:I", "Content-Type text/html; it has to be text/plain",
    media(f, "text/html");)
ROW("E:media-type:I", "no Content-Type", media(f, "");)
ROW("W:media-charset:I", "charset=latin1",
    media(f, "text/plain;charset=latin1");)
ROW("", "", media(f, "Text/Plain; a=b; charset=\"UTF-8\"");)
ROW("W:https-slow:I", "took 4.5 seconds",
    f->fetch4.milliseconds = f->fetch6.milliseconds = 4500;)

/* policy */
ROW("E:local-broken:I", "  mta-sts check example.com", unserve(f);
    f->local.broken = true; f->fetch4.status = f->fetch6.status = 500;)
ROW("W:local-broken:D", "goes by what is served", f->local.broken = true;)
ROW("W:families-differ:I", "serves one text by 192.0.2.1 and another",
    free(f->fetch6.body);
    serve_one(&f->fetch6, TESTING);)
ROW("E:text-differs:I", "by 192.0.2.1 and 2001:db8::1, does not serve", know(f);
    free(f->local.text); f->local.text = strdup(TESTING);
    f->local.length = strlen(TESTING);)
ROW("E:text-differs:I", "by 2001:db8::1, does not serve", know(f);
    free(f->fetch6.body); serve_one(&f->fetch6, TESTING);)
ROW("E:text-differs:I", "what it serves is none",
    serve(f, "<html>\n<p>Welcome\n");
    know(f); free(f->local.text); f->local.text = strdup(TESTING);
    f->local.length = strlen(TESTING);)
ROW("E:policy-invalid:I", "; some read it all the same, each in its own way",
    serve(f, ENFORCE "mode: none\r\n");)
ROW("E:policy-invalid:I", "mta-sts.txt:2:7: mode \"Enforce\"",
    serve(f, "version: STSv1\r\nmode: Enforce\r\nmx: *.example.com\r\n"
	     "max_age: 1209600\r\n");)
ROW("E:policy-invalid:I E:policy-invalid:I E:policy-invalid:I "
    "E:policy-invalid:I E:policy-invalid:I E:policy-invalid:I",
    "mta-sts.txt: 4 more errors", serve(f, "a\na\na\na\na\na\n");)
ROW("W:policy-doubtful:D N:listed-unused:D", "top-level domain",
    serve(f, "version: STSv1\r\nmode: enforce\r\nmx: *.example.com\r\n"
	     "mx: *.com\r\nmax_age: 1209600\r\n");)
ROW("W:text-mark:I", "byte order mark", serve(f, "\xef\xbb\xbf" ENFORCE);)
ROW("W:text-bare-cr:I", "CR alone",
    serve(f, "version: STSv1\rmode: enforce\r\nmx: *.example.com\r\n"
	     "max_age: 1209600\r\n");)
ROW("W:text-comment:I", "a comment", serve(f, ENFORCE "# end\r\n");)
ROW("W:text-blank:I", "a blank line", serve(f, ENFORCE "\r\n");)
ROW("N:text-line-ends:D", "mixes lines",
    serve(f, "version: STSv1\nmode: enforce\r\nmx: *.example.com\r\n"
	     "max_age: 1209600\r\n");)
ROW("N:text-line-ends:D", "something in front of it changes the text", know(f);
    serve(f, "version: STSv1\nmode: enforce\nmx: *.example.com\n"
	     "max_age: 1209600\n");)
ROW("W:text-order:I", "begin with the version",
    serve(f, "mode: enforce\r\nversion: STSv1\r\nmx: *.example.com\r\n"
	     "max_age: 1209600\r\n");)
ROW("N:text-extension:D", "RFC 8461 does not know",
    serve(f, ENFORCE "nmx: a.example\r\n");)
ROW("N:max-age-short:D", "max_age: 1209600",
    serve(f, "version: STSv1\r\nmode: enforce\r\nmx: *.example.com\r\n"
	     "max_age: 604800\r\n");)
ROW("E:max-age-short:U", "a max_age of 1h in mode enforce",
    serve(f, "version: STSv1\r\nmode: enforce\r\nmx: *.example.com\r\n"
	     "max_age: 3600\r\n");)
ROW("W:max-age-short:U", "in mode testing",
    serve(f, "version: STSv1\r\nmode: testing\r\nmx: *.example.com\r\n"
	     "max_age: 3600\r\n");)

/* MX */
ROW("W:mx-missing:R", "no MX record, and no address", implicit(f);
    f->mx[0].addresses.dns = FACTS_DNS_NO_DATA;)
ROW("N:mx-implicit:D E:mx-uncovered:R N:listed-unused:D", "no MX record",
    implicit(f);)
ROW("W:mx-null:R", "mta-sts retire example.com", f->mx_count = 1;
    f->mx[0].name[0] = '\0';)
ROW("N:mx-many:D", "has 20 MX hosts; the first 16", many(f, 20);)
ROW("N:mx-many:D", "", many(f, 20); serve(f, LISTED); list(f, FACTS_DNS_FOUND);)
ROW("E:mx-name:L", "\"192.0.2.7\" is no host name",
    strcpy(f->mx[1].name, "192.0.2.7");)
ROW("E:mx-name:L", "\"$(reboot).example.com\" is no host name",
    strcpy(f->mx[1].name, "$(reboot).example.com");)
ROW("E:mx-uncovered:L", "  mx: mx.other.example",
    strcpy(f->mx[1].name, "mx.other.example");)
ROW("E:mx-uncovered:L", "  mta-sts set example.com --add-mx mx.other.example",
    know(f);
    strcpy(f->mx[1].name, "mx.other.example");)
ROW("E:mx-uncovered:L", "  mta-sts set _hosting --add-mx mx.other.example",
    know(f);
    strcpy(f->local.alias, "_hosting");
    strcpy(f->mx[1].name, "mx.other.example");)
ROW("E:mx-uncovered:L", "  mta-sts set example.com --add-mx mx.other.example",
    know(f);
    strcpy(f->local.alias, "a;reboot");
    strcpy(f->mx[1].name, "mx.other.example");)
ROW("E:mx-uncovered:L", "in *.example.com, * is one label",
    strcpy(f->mx[1].name, "a.b.example.com");)
ROW("W:mx-uncovered:U", "in mode enforce it would not", serve(f, TESTING);
    strcpy(f->mx[1].name, "mx.other.example");)
ROW("E:mx-uncovered:R N:listed-unused:D", "No MX passes", f->mx_count = 1;
    strcpy(f->mx[0].name, "mx.other.example");)
ROW("E:mx-dns-failed:L", "mx2.example.com: the look-up failed",
    lose(&f->mx[1].addresses, FACTS_DNS_FAILED, "");)
ROW("E:mx-no-address:L", "mx2.example.com has no address",
    lose(&f->mx[1].addresses, FACTS_DNS_NO_NAME, "");
    f->mx[1].end = FACTS_PROBE_NO_ADDRESS;)
ROW("W:mx-unreachable:L", "the MX mx2.example.com: no answer in time",
    probe(f, 1, FACTS_PROBE_TIMEOUT);)
ROW("W:mx-unreachable:L", "every MX, such as mx1.example.com: no connection",
    probe(f, 0, FACTS_PROBE_REFUSED);
    probe(f, 1, FACTS_PROBE_TIMEOUT);)
ROW("W:mx-greeting:L", "no SMTP for us: 554 go away",
    probe(f, 0, FACTS_PROBE_GREETING);
    strcpy(f->mx[0].why, "554 go away");)
ROW("E:mx-no-starttls:L", "passes over this MX",
    probe(f, 0, FACTS_PROBE_NO_STARTTLS);)
ROW("E:mx-no-starttls:R", "gives it back", f->mx_count = 1;
    probe(f, 0, FACTS_PROBE_NO_STARTTLS);)
ROW("W:mx-no-starttls:U", "delivers all the same", serve(f, TESTING);
    probe(f, 0, FACTS_PROBE_NO_STARTTLS);)
ROW("E:mx-tls:L", "which fails: no cipher", probe(f, 0, FACTS_PROBE_TLS);
    strcpy(f->mx[0].tls.why, "no cipher");)
ROW("E:mx-cert-expired:L", "has expired",
    f->mx[0].tls.certificate = FACTS_CERTIFICATE_EXPIRED;)
ROW("E:mx-cert-early:L", "not valid yet",
    f->mx[0].tls.certificate = FACTS_CERTIFICATE_TOO_EARLY;)
ROW("E:mx-cert-name:L", "other names than mx1.example.com",
    f->mx[0].tls.certificate = FACTS_CERTIFICATE_NAME;)
ROW("W:mx-cert-name:U", "in mode enforce it would not", serve(f, TESTING);
    f->mx[0].tls.certificate = FACTS_CERTIFICATE_NAME;)
ROW("E:mx-cert-self-signed:L", "self-signed",
    f->mx[0].tls.certificate = FACTS_CERTIFICATE_SELF_SIGNED;)
ROW("E:mx-cert-untrusted:L", "an intermediate one is not sent",
    f->mx[0].tls.certificate = FACTS_CERTIFICATE_UNTRUSTED;)
ROW("E:mx-cert-other:L", "does not hold",
    f->mx[0].tls.certificate = FACTS_CERTIFICATE_OTHER;)
ROW("W:mx-cert-expiring:D", "in 1 day", f->mx[1].tls.expires = NOW + DAY;)
ROW("W:mx-cert-expiring:D", "From that day on it would not take that MX if",
    serve(f, TESTING);
    f->mx[1].tls.expires = NOW + DAY;)
ROW("E:mx-tls-old:L", "it speaks TLSv1;",
    strcpy(f->mx[1].tls.protocol, "TLSv1");)
ROW("E:mx-tls-old:L", "it knows nothing", probe(f, 1, FACTS_PROBE_TLS);
    f->mx[1].tls.old = true;)
ROW("N:mx-alias:D", "an alias of real.example", f->mx[1].addresses.chain = 1;
    strcpy(f->mx[1].addresses.canonical, "real.example");)
ROW("N:mx-dane:D", "DANE goes first: mx1.example.com, mx2.example.com",
    f->mx[0].tlsa.dns = f->mx[1].tlsa.dns = FACTS_DNS_FOUND;
    f->mx[0].tlsa.secure = f->mx[1].tlsa.secure = true;)
ROW("N:mx-dane-unsigned:D", "TLSA records without DNSSEC: mx1.example.com",
    f->mx[0].tlsa.dns = FACTS_DNS_FOUND;)
ROW("", "", f->mx[0].tlsa.dns = FACTS_DNS_FOUND; f->dnssec = false;)
ROW("W:listed-missing:D", "lists old.example.com, which does not exist",
    serve(f, LISTED);
    list(f, FACTS_DNS_NO_NAME);)
ROW("W:listed-missing:D", "  mta-sts set example.com --remove-mx old.example",
    serve(f, LISTED);
    list(f, FACTS_DNS_NO_NAME); know(f);)
ROW("N:listed-unused:D", "goes with these of the policy: old.example.com",
    serve(f, LISTED);
    list(f, FACTS_DNS_FOUND);)

/* state */
ROW("N:mode-none:U", "mode none", serve(f, NONE);)
ROW("N:mode-none:U", "  mode: testing\n  mx: mx1.example.com\n  mx: mx2.",
    serve(f, NONE);)
ROW("W:local-broken:D N:mode-none:U", "\n  mta-sts dns example.com\n\n",
    serve(f, NONE);
    f->local.broken = true;)
ROW("N:mode-none:U",
    "  mta-sts set example.com --mode testing --add-mx mx1.example.com "
    "--add-mx mx2.example.com\n",
    serve(f, NONE);
    know(f);)
ROW("W:policy-doubtful:D N:mode-none:U",
    "  mta-sts set example.com --mode testing\n",
    serve(f, "version: STSv1\r\nmode: none\r\nmx: a.example\r\n"
	     "max_age: 86400\r\n");
    know(f);)
ROW("N:mode-none:U", "  mta-sts remove example.com", serve(f, NONE); know(f);
    f->tlsrpt.count = 0; f->tlsrpt.answer.dns = FACTS_DNS_NO_NAME;
    strcpy(f->mx[0].name, "mx.other.example");)
ROW("N:ready:U", "  mta-sts set example.com --mode enforce", serve(f, TESTING);
    know(f); f->local.testing_since = NOW - 30 * DAY;)
ROW("N:ready:U",
    "  mta-sts set good.example --mode enforce\n"
    "  mta-sts dns example.com",
    serve(f, TESTING);
    know(f); strcpy(f->local.alias, "good.example");
    f->local.testing_since = NOW - 30 * DAY;)
ROW("", "", serve(f, TESTING); know(f);
    f->local.testing_since = NOW - 29 * DAY;)
ROW("W:mx-no-starttls:U", "", serve(f, TESTING); know(f);
    f->local.testing_since = NOW - 90 * DAY;
    probe(f, 1, FACTS_PROBE_NO_STARTTLS);)
ROW("N:no-mta-sts:U", "  mta-sts add example.com", nothing(f);)
ROW("N:no-mta-sts:U", "", nothing(f); txt(&f->sts, "v=spf1 -all");
    serve(f, "<html>Welcome</html>"); media(f, "text/html");)
ROW("E:txt-missing:U N:tlsrpt-missing:D E:policy-invalid:I", "mode is missing",
    nothing(f);
    serve(f, "version: STSv1\nmx: a.example\nmax_age: 604800\n");)
