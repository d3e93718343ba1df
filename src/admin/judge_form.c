/*
 * How the policy host answers to other forms of the Host header. All are the
 * same host (RFC 9110 section 4.2.3), but for the one that nobody has.
 */
#include <string.h>

#include "judge_part.h"

/* Whether an answer says what one to the plain header has said. */
static bool
is_alike(const struct facts_fetch *one, const struct facts_fetch *other)
{
	if (one->end != other->end || one->status != other->status)
		return false;
	if (!judge_is_served(one))
		return true;
	return strcmp(one->digest, other->digest) == 0 ||
	       (one->id[0] != '\0' && strcmp(one->id, other->id) == 0);
}

/*
 * Whether the form alone may be why the answer is what it is: that there is no
 * TLS is not because of it, nor that we ask too often; and what others had,
 * too, may be a machine's.
 */
static bool
is_odd(const struct facts *facts, const struct facts_fetch *form)
{
	const struct facts_fetch *fetch;
	size_t i;

	if (form->end != FACTS_FETCH_ANSWER &&
	    form->end != FACTS_FETCH_BROKEN && form->end != FACTS_FETCH_LARGE)
		return false;
	if (form->status == JUDGE_HTTP_OFTEN)
		return false;
	for (i = 0; (fetch = facts_fetch(facts, i)) != NULL; i++)
		if (is_alike(form, fetch))
			return false;
	return true;
}

static void
add_answer(struct judge_finding *finding, const struct facts_fetch *form)
{
	if (form->end == FACTS_FETCH_LARGE)
		judge_what(finding, "an answer beyond all bounds");
	else if (form->end == FACTS_FETCH_BROKEN)
		judge_what(finding, "no whole HTTP answer");
	else if (!judge_is_served(form))
		judge_what(finding, "status %u instead of 200", form->status);
	else if (form->id[0] == '\0')
		judge_what(finding, "a text that is no policy");
	else
		judge_what(finding, "another policy");
}

static void
send_odd(struct judging *judging, enum judge_code code, const char *header)
{
	const struct facts_fetch *form =
	    &judging->facts->forms[code == JUDGE_HOST_PORT ? FACTS_FORM_PORT
							   : FACTS_FORM_CASE];
	struct judge_finding finding;

	if (!is_odd(judging->facts, form))
		return;
	judge_begin(&finding, code);
	judge_what(&finding,
	    "%s, by %s, where the Host header is %s: ", judging->host,
	    form->address, header);
	add_answer(&finding, form);
	judge_mend(&finding, "%s",
	    code == JUDGE_HOST_PORT
		? "Have the web server know the host with its port, too:"
		: "Have the web server tell no upper case from lower in "
		  "hosts:");
	judge_paste(&finding, "curl -v -H 'Host: %s' %s", header, judging->url);
	judge_send(judging, &finding);
}

/* A server that knows of no hosts at all is a common one. */
static void
send_any(struct judging *judging)
{
	const struct facts_fetch *form = &judging->facts->forms[FACTS_FORM_ANY];
	struct judge_finding finding;

	if (!judge_is_served(form) || form->id[0] == '\0')
		return;
	judge_begin(&finding, JUDGE_HOST_ANY);
	judge_what(&finding,
	    "%s, by %s, hands out a policy for any name, such as %s",
	    judging->host, form->address, FACTS_FORM_STRANGER);
	judge_mend(&finding,
	    "Where it serves other names, too, have it answer 404 for those "
	    "without a policy, as mta-sts.fcgi does.");
	judge_send(judging, &finding);
}

void
judge_forms(struct judging *judging)
{
	char header[HOSTNAME_SIZE + 8];
	struct text text;
	size_t i;

	text_init(&text, header, sizeof(header));
	text_add_format(&text, "%s:%u", judging->host, judging->facts->port);
	send_odd(judging, JUDGE_HOST_PORT, header);
	text_init(&text, header, sizeof(header));
	text_add_string(&text, judging->host);
	for (i = 0; i < text.length; i++)
		if (header[i] >= 'a' && header[i] <= 'z')
			header[i] = (char)(header[i] - 'a' + 'A');
	send_odd(judging, JUDGE_HOST_CASE, header);
	send_any(judging);
}
