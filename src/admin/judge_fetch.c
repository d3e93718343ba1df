/*
 * What is wrong with one fetch of the policy, whichever of several it is. What
 * comes of that is in judge_https.c and judge_nodes.c.
 */
#include <string.h>

#include "judge_part.h"

#define SLOW          4000 /* milliseconds; what the most impatient wait */
#define HTTP_OK       200
#define HTTP_REDIRECT 300
#define HTTP_CLIENT   400
#define HTTP_NONE     404
#define HTTP_GONE     410

static bool
is_fault(struct judge_fault *fault, enum judge_code code)
{
	fault->code = code;
	return true;
}

bool
judge_is_served(const struct facts_fetch *fetch)
{
	return fetch->end == FACTS_FETCH_ANSWER && fetch->status == HTTP_OK;
}

bool
judge_has_text(const struct facts_fetch *fetch)
{
	return judge_is_served(fetch) && fetch->body != NULL;
}

static bool
read_why(struct judge_fault *fault, const struct facts_fetch *fetch,
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
    struct judge_fault *fault)
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
    struct judge_fault *fault)
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
    struct judge_fault *fault)
{
	(void)judging;
	if (!judge_is_old(&fetch->tls))
		return false;
	judge_add_old(&fault->phrase, &fetch->tls);
	return is_fault(fault, JUDGE_TLS_OLD);
}

static bool
read_media(const struct judging *judging, const struct facts_fetch *fetch,
    struct judge_fault *fault)
{
	(void)judging;
	if (!judge_is_served(fetch) || facts_is_plain(fetch))
		return false;
	if (fetch->media_type[0] == '\0')
		text_add_string(&fault->phrase, "no Content-Type");
	else
		text_add_format(
		    &fault->phrase, "Content-Type %s", fetch->media_type);
	text_add_string(&fault->phrase, "; it has to be " FACTS_MEDIA_TYPE);
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
    struct judge_fault *fault)
{
	const char *at = fetch->media_type + strcspn(fetch->media_type, ";");

	(void)judging;
	if (!judge_is_served(fetch))
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
    struct judge_fault *fault)
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
    struct judge_fault *fault)
{
	return judge_expiring(judging, &fetch->tls, &fault->phrase) &&
	       is_fault(fault, JUDGE_CERT_EXPIRING);
}

static bool (*const readers[JUDGE_READERS])(const struct judging *,
    const struct facts_fetch *, struct judge_fault *) = { read_end, read_status,
	read_old, read_media, read_charset, read_time, read_expiry };

bool
judge_read_fault(const struct judging *judging, size_t reader,
    const struct facts_fetch *fetch, struct judge_fault *fault)
{
	text_init(&fault->phrase, fault->storage, sizeof(fault->storage));
	return fetch->end != FACTS_FETCH_UNASKED &&
	       readers[reader](judging, fetch, fault);
}
