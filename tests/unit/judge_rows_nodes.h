/*
 * Rows as those of judge_rows.h, of several fetches of one policy and of other
 * forms of the Host header.
 */
ROW("", "", again(f, "192.0.2.1", NULL); again(f, "2001:db8::1", NULL);)
ROW("W:nodes-fail:I",
    "of 4 fetches 1 failed: status 503 instead of 200, from 192.0.2.2\n",
    again(f, "192.0.2.1", NULL);
    fails(f, "192.0.2.2", FACTS_FETCH_ANSWER, 503);)
ROW("W:nodes-fail:I",
    "  curl -v --connect-to '::[2001:db8::2]:' "
    "https://mta-sts.example.com/.well-known/mta-sts.txt",
    fails(f, "2001:db8::2", FACTS_FETCH_ANSWER, 404);)
ROW("W:nodes-fail:I",
    "of 7 fetches 4 failed: no connection: refused, from 192.0.2.2, "
    "192.0.2.1; no answer in time, from 2001:db8::2; its certificate is "
    "self-signed, from 192.0.2.3\n",
    strcpy(fails(f, "192.0.2.2", FACTS_FETCH_REFUSED, 0)->why, "refused");
    fails(f, "192.0.2.1", FACTS_FETCH_REFUSED, 0);
    fails(f, "2001:db8::2", FACTS_FETCH_TIMEOUT, 0);
    again(f, "192.0.2.1", NULL);
    fails(f, "192.0.2.3", FACTS_FETCH_TLS, 0)->tls.certificate =
	FACTS_CERTIFICATE_SELF_SIGNED;)
/* The same address twice is told once, and is not part of another. */
ROW("W:nodes-fail:I", "200, from 192.0.2.22, 192.0.2.2\n",
    fails(f, "192.0.2.22", FACTS_FETCH_ANSWER, 500);
    fails(f, "192.0.2.2", FACTS_FETCH_ANSWER, 500);
    fails(f, "192.0.2.2", FACTS_FETCH_ANSWER, 500);)
ROW("W:nodes-fail:I", "200, from 110.0.0.1, 10.0.0.1\n",
    fails(f, "110.0.0.1", FACTS_FETCH_ANSWER, 500);
    fails(f, "10.0.0.1", FACTS_FETCH_ANSWER, 500);)
/* What one says is not said of another. */
ROW("W:nodes-fail:I",
    "status 503 instead of 200, from 192.0.2.1; status 500 instead of 200, "
    "from 192.0.2.2\n",
    fails(f, "192.0.2.1", FACTS_FETCH_ANSWER, 503);
    fails(f, "192.0.2.2", FACTS_FETCH_ANSWER, 500);)
/* It is we who ask too often. */
ROW("W:nodes-fail:I", "exempt that path",
    fails(f, "192.0.2.1", FACTS_FETCH_ANSWER, 429);
    ask(f, FACTS_FORM_PORT, 200, ENFORCE);)
ROW("", "", ask(f, FACTS_FORM_PORT, 429, ""); ask(f, FACTS_FORM_CASE, 429, "");)
ROW("W:nodes-fail:I",
    "'::192.0.2.1:' https://mta-sts.example.com:8443/.well-known/mta-sts.txt",
    fails(f, "192.0.2.1", FACTS_FETCH_REFUSED, 0);
    f->port = 8443;)
ROW("W:host-port:I",
    "'Host: mta-sts.example.com:8443' https://mta-sts.example.com:8443/",
    ask(f, FACTS_FORM_PORT, 404, "");
    f->port = 8443;)
/* More kinds of failures than are told apart. */
ROW("W:nodes-fail:I", "200, from 192.0.2.1; and 2 more\n",
    fails(f, "192.0.2.1", FACTS_FETCH_REFUSED, 0);
    fails(f, "192.0.2.1", FACTS_FETCH_TIMEOUT, 0);
    fails(f, "192.0.2.1", FACTS_FETCH_BROKEN, 0);
    fails(f, "192.0.2.1", FACTS_FETCH_ANSWER, 500);
    fails(f, "192.0.2.1", FACTS_FETCH_ANSWER, 404);
    fails(f, "192.0.2.1", FACTS_FETCH_LARGE, 0);)
/* All of a family fail: that is told of its first. */
ROW("W:https-status:I", "by IPv6 alone, 2001:db8::1: status 503",
    free(f->fetch6.body);
    f->fetch6.body = NULL; f->fetch6.status = 503;
    fails(f, "2001:db8::2", FACTS_FETCH_REFUSED, 0);)
ROW("E:https-status:I", "status 503", unserve(f);
    f->fetch4.status = f->fetch6.status = 503;
    fails(f, "192.0.2.2", FACTS_FETCH_ANSWER, 503);)
/* So is what all of them have. */
ROW("E:media-type:I", "", media(f, "text/html");
    strcpy(again(f, "192.0.2.1", NULL)->media_type, "text/html");)
ROW("W:nodes-fail:I", "Content-Type text/html; it has",
    strcpy(again(f, "192.0.2.1", NULL)->media_type, "text/html");)
ROW("W:cert-expiring:D",
    "mta-sts.example.com, by 192.0.2.2: its certificate expires on 2026-11-25",
    again(f, "192.0.2.2", NULL)->tls.expires = NOW + 3 * DAY;)
ROW("W:media-charset:I W:https-slow:I", "by 192.0.2.2: took 4.5 seconds",
    again(f, "192.0.2.2", NULL)->milliseconds = 4500;
    strcpy(f->further[0].media_type, "text/plain; charset=latin1");)
ROW("", "", ask(f, FACTS_FORM_PORT, 200, ENFORCE);
    ask(f, FACTS_FORM_CASE, 200, BARE); ask(f, FACTS_FORM_ANY, 404, "");)
ROW("W:host-port:I",
    "where the Host header is mta-sts.example.com:8443: status 404 instead",
    ask(f, FACTS_FORM_PORT, 404, "");
    f->port = 8443;)
ROW("W:host-port:I",
    "  curl -v -H 'Host: mta-sts.example.com:443' https://mta-sts.example.com",
    ask(f, FACTS_FORM_PORT, 200, "<html>");)
ROW("W:host-case:I",
    "by 192.0.2.1, where the Host header is MTA-STS.EXAMPLE.COM: another",
    ask(f, FACTS_FORM_CASE, 200, TESTING);)
ROW("W:host-case:I", "MTA-STS.EXAMPLE.COM: no whole HTTP answer",
    ask(f, FACTS_FORM_CASE, 200, "")->end = FACTS_FETCH_BROKEN;)
ROW("W:host-case:I", "MTA-STS.EXAMPLE.COM: an answer beyond",
    ask(f, FACTS_FORM_CASE, 200, "")->end = FACTS_FETCH_LARGE;)
/* Of what no Host header is the reason. */
ROW("", "", ask(f, FACTS_FORM_CASE, 200, "")->end = FACTS_FETCH_TIMEOUT;
    ask(f, FACTS_FORM_PORT, 0, "")->end = FACTS_FETCH_REFUSED;)
ROW("W:nodes-fail:I", "", ask(f, FACTS_FORM_CASE, 503, "");
    fails(f, "192.0.2.1", FACTS_FETCH_ANSWER, 503);)
ROW("W:nodes-differ:I", "", ask(f, FACTS_FORM_CASE, 200, LONGER);
    again(f, "192.0.2.1", LONGER);)
ROW("N:host-any:D", "for any name, such as mta-sts.no-such-domain.invalid",
    ask(f, FACTS_FORM_ANY, 200, TESTING);)
ROW("", "", ask(f, FACTS_FORM_ANY, 200, "<html>Welcome</html>");)

/* policy */
ROW("W:nodes-differ:I",
    "of 6 fetches 2 brought another policy: id "
    "148b0fcace00be4b425717e22f506a1f "
    "instead of " GOOD_ID ", from 192.0.2.2\n",
    again(f, "192.0.2.1", NULL);
    again(f, "192.0.2.2", LONGER); again(f, "192.0.2.2", LONGER);
    again(f, "192.0.2.1", BARE);)
ROW("E:nodes-differ:I",
    "1 brought another policy: mode testing instead of "
    "enforce (id ",
    again(f, "2001:db8::1", TESTING);)
ROW("W:nodes-differ:I", "a text that is no policy, from 192.0.2.1\n",
    again(f, "192.0.2.1", "<html>");)
ROW("N:nodes-differ:D",
    "of 4 fetches 2 brought the policy laid out otherwise, "
    "from 192.0.2.2\n",
    again(f, "192.0.2.2", BARE);
    again(f, "192.0.2.2", BARE);)
ROW("W:nodes-differ:I", "; the policy on this machine has id " GOOD_ID "\n",
    know(f);
    again(f, "192.0.2.1", LONGER);)
ROW("W:nodes-differ:I", "  mta-sts id example.com", know(f);
    free(f->local.text); f->local.text = strdup(LONGER);
    f->local.length = strlen(LONGER); again(f, "192.0.2.1", LONGER);)
ROW("E:nodes-differ:I", "; the policy on this machine is none of these\n",
    know(f);
    free(f->local.text); f->local.text = strdup(TESTING);
    f->local.length = strlen(TESTING); again(f, "192.0.2.1", LONGER);)
/* All agree, but not with what is here. */
ROW("E:text-differs:I", "by 192.0.2.1 and 2001:db8::1, does not serve", know(f);
    free(f->local.text); f->local.text = strdup(TESTING);
    f->local.length = strlen(TESTING); again(f, "192.0.2.1", NULL);)
/* The same policy is no other one. */
ROW("N:families-differ:D", "the same policy, laid out otherwise",
    free(f->fetch6.body);
    serve_one(&f->fetch6, BARE);)
/* Each family agrees with itself; or one does not. */
ROW("W:families-differ:I", "", free(f->fetch6.body);
    serve_one(&f->fetch6, TESTING); again(f, "192.0.2.2", NULL);
    again(f, "2001:db8::2", TESTING);)
ROW("E:nodes-differ:I", "of 3 fetches 2 brought another policy: mode testing",
    free(f->fetch6.body);
    serve_one(&f->fetch6, TESTING); again(f, "192.0.2.2", TESTING);)
