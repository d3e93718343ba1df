/*
 * How the policy host answers, by IPv4 and by IPv6: what they have in common is
 * told once, and what one of them alone has is no more than a warning.
 */
#include <string.h>

#include "judge_part.h"

#define PHRASE_SIZE   400
#define MEDIA         "text/plain"
#define SLOW          4000 /* milliseconds; what the most impatient wait */
#define HTTP_OK       200
#define HTTP_REDIRECT 300
#define HTTP_CLIENT   400
#define HTTP_NONE     404
#define HTTP_GONE     410

/* What one fetch has that it should not have. */
struct fault {
	enum judge_code code;
	struct text phrase;
	char storage[PHRASE_SIZE];
};

static bool
is_fault(struct fault *fault, enum judge_code code)
{
	fault->code = code;
	return true;
}

bool
judge_has_text(const struct facts_fetch *fetch)
{
	return fetch->end == FACTS_FETCH_ANSWER && fetch->status == HTTP_OK &&
	       fetch->body != NULL;
}

static bool
read_why(struct fault *fault, const struct facts_fetch *fetch,
    enum judge_code code, const char *phrase)
{
	text_add_string(&fault->phrase, phrase);
	if (fetch->why[0] != '\0')
		text_add_format(&fault->phrase, ": %s", fetch->why);
	return is_fault(fault, code);
}

/* What became of the connection. */
static bool
read_end(const struct judging *judging, const struct facts_fetch *fetch,
    struct fault *fault)
{
	const char *why = fetch->tls.why;

	if (judge_certificate(&fetch->tls, judging->host, false, &fault->code,
		&fault->phrase))
		return true;
	switch (fetch->end) {
	case FACTS_FETCH_REFUSED:
		return read_why(
		    fault, fetch, JUDGE_HTTPS_REFUSED, "no connection");
	case FACTS_FETCH_TIMEOUT:
		return read_why(
		    fault, fetch, JUDGE_HTTPS_TIMEOUT, "no answer in time");
	case FACTS_FETCH_TLS:
		if (judge_is_old(&fetch->tls))
			break; /* read_old's */
		text_add_format(&fault->phrase, "no TLS%s%s",
		    why[0] != '\0' || fetch->why[0] != '\0' ? ": " : "",
		    why[0] != '\0' ? why : fetch->why);
		return is_fault(fault, JUDGE_HTTPS_TLS);
	case FACTS_FETCH_BROKEN:
		return read_why(
		    fault, fetch, JUDGE_HTTPS_BROKEN, "no whole HTTP answer");
	case FACTS_FETCH_LARGE:
		text_add_format(&fault->phrase,
		    "an answer beyond all bounds; a policy has at most %d "
		    "octets",
		    POLICY_SIZE_MAX);
		return is_fault(fault, JUDGE_HTTPS_LARGE);
	case FACTS_FETCH_UNASKED:
	case FACTS_FETCH_ANSWER:
		break;
	}
	return false;
}

static bool
read_status(const struct judging *judging, const struct facts_fetch *fetch,
    struct fault *fault)
{
	const unsigned status = fetch->status;

	if (fetch->end != FACTS_FETCH_ANSWER || status == HTTP_OK)
		return false;
	/* The file here is why, and is told with the policy. */
	if (judging->facts->local.broken && status >= HTTP_CLIENT)
		return false;
	if (status == HTTP_NONE || status == HTTP_GONE) {
		text_add_format(&fault->phrase,
		    "status %u: there is no policy, though there should be one",
		    status);
		return is_fault(fault, JUDGE_POLICY_MISSING);
	}
	if (status >= HTTP_REDIRECT && status < HTTP_CLIENT) {
		text_add_format(&fault->phrase,
		    "status %u leads elsewhere, and no sender follows%s%s",
		    status, fetch->location[0] != '\0' ? ": " : "",
		    fetch->location);
		return is_fault(fault, JUDGE_HTTPS_REDIRECT);
	}
	text_add_format(&fault->phrase, "status %u instead of 200", status);
	return is_fault(fault, JUDGE_HTTPS_STATUS);
}

static bool
read_old(const struct judging *judging, const struct facts_fetch *fetch,
    struct fault *fault)
{
	(void)judging;
	if (!judge_is_old(&fetch->tls))
		return false;
	judge_add_old(&fault->phrase, &fetch->tls);
	return is_fault(fault, JUDGE_TLS_OLD);
}

static bool
read_media(const struct judging *judging, const struct facts_fetch *fetch,
    struct fault *fault)
{
	struct text_span media = { fetch->media_type,
		strcspn(fetch->media_type, ";") };

	(void)judging;
	if (!judge_has_text(fetch) || text_equals_fold(text_trim(media), MEDIA))
		return false;
	if (fetch->media_type[0] == '\0')
		text_add_string(&fault->phrase, "no Content-Type");
	else
		text_add_format(
		    &fault->phrase, "Content-Type %s", fetch->media_type);
	text_add_string(&fault->phrase, "; it has to be " MEDIA);
	return is_fault(fault, JUDGE_MEDIA_TYPE);
}

/* Whether a parameter is one that changes how the text is read. */
static bool
is_odd_charset(struct text_span parameter)
{
	static const char name[] = "charset=";
	const size_t length = sizeof(name) - 1;
	struct text_span value;

	parameter = text_trim(parameter);
	if (parameter.length < length ||
	    !text_equals_fold((struct text_span){ parameter.at, length }, name))
		return false;
	value = (struct text_span){ parameter.at + length,
		parameter.length - length };
	if (value.length >= 2 && value.at[0] == '"' &&
	    value.at[value.length - 1] == '"')
		value = (struct text_span){ value.at + 1, value.length - 2 };
	return !text_equals_fold(value, "utf-8") &&
	       !text_equals_fold(value, "us-ascii");
}

static bool
read_charset(const struct judging *judging, const struct facts_fetch *fetch,
    struct fault *fault)
{
	const char *at = fetch->media_type + strcspn(fetch->media_type, ";");

	(void)judging;
	if (!judge_has_text(fetch))
		return false;
	while (*at == ';') {
		struct text_span parameter = { at + 1, strcspn(at + 1, ";") };

		if (is_odd_charset(parameter)) {
			text_add_format(&fault->phrase,
			    "Content-Type %s: utf-8 and us-ascii alone will do",
			    fetch->media_type);
			return is_fault(fault, JUDGE_MEDIA_CHARSET);
		}
		at = parameter.at + parameter.length;
	}
	return false;
}

static bool
read_time(const struct judging *judging, const struct facts_fetch *fetch,
    struct fault *fault)
{
	(void)judging;
	if (fetch->end != FACTS_FETCH_ANSWER || fetch->milliseconds <= SLOW)
		return false;
	text_add_format(&fault->phrase, "took %u.%u seconds",
	    fetch->milliseconds / 1000, fetch->milliseconds % 1000 / 100);
	return is_fault(fault, JUDGE_HTTPS_SLOW);
}

static bool
read_expiry(const struct judging *judging, const struct facts_fetch *fetch,
    struct fault *fault)
{
	return judge_expiring(judging, &fetch->tls, &fault->phrase) &&
	       is_fault(fault, JUDGE_CERT_EXPIRING);
}

/* One of each kind at most for one fetch. */
static bool (*const readers[])(const struct judging *,
    const struct facts_fetch *, struct fault *) = { read_end, read_status,
	read_old, read_media, read_charset, read_time, read_expiry };

static void
mend_certificate(const struct judging *judging, struct judge_finding *finding)
{
	judge_mend(finding,
	    "Get a certificate of a public authority for %s, have the web "
	    "server send it with its intermediates, and renew it in time. All "
	    "names that need one:",
	    judging->host);
	judge_paste(finding, "mta-sts hosts");
}

/* There should be a policy, or else no record. */
static void
mend_missing(const struct judging *judging, struct judge_finding *finding)
{
	const char *domain = judging->facts->domain;

	if (judging->facts->local.known) {
		judge_mend(finding,
		    "The policy is on this machine: let the name lead to it, "
		    "and the web server pass on the path "
		    "/.well-known/mta-sts.txt.");
		judge_paste_host(judging, finding);
		return;
	}
	judge_mend(finding, "Where mta-sts.fcgi serves that host:");
	judge_paste(finding, "mta-sts add %s", domain);
	judge_mend(finding,
	    "If there is to be none and no sender can still hold one, delete "
	    "the record at _mta-sts.%s.",
	    domain);
}

static void
mend(const struct judging *judging, struct judge_finding *finding,
    enum judge_code code)
{
	if (code >= JUDGE_CERT_EXPIRED && code <= JUDGE_CERT_EXPIRING)
		mend_certificate(judging, finding);
	else if (code == JUDGE_POLICY_MISSING)
		mend_missing(judging, finding);
	else if (code == JUDGE_TLS_OLD)
		judge_mend(
		    finding, "Offer TLS 1.2 and TLS 1.3 in the web server.");
	else if (code == JUDGE_MEDIA_TYPE || code == JUDGE_MEDIA_CHARSET)
		judge_mend(finding,
		    "Have the web server send \"Content-Type: " MEDIA "\", as "
		    "mta-sts.fcgi does.");
	else {
		judge_mend(finding, "%s",
		    code == JUDGE_HTTPS_REDIRECT
			? "Exempt that host and path from all redirects:"
			: "See what the web server does, and its log:");
		judge_paste(finding,
		    "curl -v https://%s/.well-known/mta-sts.txt",
		    judging->host);
	}
}

/* addresses: of those that have the fault. */
static void
send_fault(struct judging *judging, const struct fault *fault,
    const char *addresses, const char *only)
{
	struct judge_finding finding;

	judge_begin(&finding, fault->code);
	if (only != NULL && finding.severity == JUDGE_ERROR)
		finding.severity = JUDGE_WARNING;
	judge_what(&finding, "%s, by %s%s: %s", judging->host,
	    only != NULL ? only : "", addresses, fault->storage);
	mend(judging, &finding, fault->code);
	judge_send(judging, &finding);
}

/* Whether a sender that comes this way gets a policy. */
static bool
is_fine(const struct facts_fetch *fetch)
{
	return judge_has_text(fetch) &&
	       (fetch->tls.certificate == FACTS_CERTIFICATE_GOOD ||
		   fetch->tls.certificate == FACTS_CERTIFICATE_UNSEEN);
}

static bool
read_fault(const struct judging *judging, size_t reader,
    const struct facts_fetch *fetch, struct fault *fault)
{
	text_init(&fault->phrase, fault->storage, sizeof(fault->storage));
	return fetch->end != FACTS_FETCH_UNASKED &&
	       readers[reader](judging, fetch, fault);
}

void
judge_https(struct judging *judging)
{
	const struct facts_fetch *four = &judging->facts->fetch4;
	const struct facts_fetch *six = &judging->facts->fetch6;
	char addresses[2 * FACTS_ADDRESS_SIZE + 8];
	struct fault fault4, fault6;
	struct text text;
	size_t i;

	for (i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		const bool bad4 = read_fault(judging, i, four, &fault4);
		const bool bad6 = read_fault(judging, i, six, &fault6);

		if (bad4 && bad6 && fault4.code == fault6.code) {
			text_init(&text, addresses, sizeof(addresses));
			text_add_format(
			    &text, "%s and %s", four->address, six->address);
			send_fault(judging, &fault4, addresses, NULL);
			continue;
		}
		if (bad4)
			send_fault(judging, &fault4, four->address,
			    is_fine(six) ? "IPv4 alone, " : NULL);
		if (bad6)
			send_fault(judging, &fault6, six->address,
			    is_fine(four) ? "IPv6 alone, " : NULL);
	}
}
