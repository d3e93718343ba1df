/*
 * JSON, gzip, mail or mbox; see tlsrpt_unpack.h.
 */
#include "tlsrpt_unpack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "tlsrpt.h"
#include "tlsrpt_mail.h"
#include "tlsrpt_read.h"

#define PLACE_SIZE 5120 /* a path and the name of an attachment */
#define FROM       "From "

static bool
starts_with(struct text_span span, const char *start)
{
	return span.length >= strlen(start) &&
	       memcmp(span.at, start, strlen(start)) == 0;
}

/* The digits at the beginning, which the one of these ends; NULL otherwise. */
static const char *
skip_digits(const char *at, const char *ends)
{
	const size_t length = strspn(at, "0123456789");

	if (length == 0 || at[length] == '\0' ||
	    strchr(ends, at[length]) == NULL)
		return NULL;
	return at + length + 1;
}

void
tlsrpt_domain_of(const char *name, char domain[])
{
	const char *slash = strrchr(name, '/');
	const char *sender = strchr(slash != NULL ? slash : name, '!');
	const char *begin = sender != NULL ? strchr(sender + 1, '!') : NULL;
	const char *end = begin != NULL ? skip_digits(begin + 1, "!") : NULL;

	domain[0] = '\0';
	if (end != NULL && skip_digits(end, ".!") != NULL)
		tlsrpt_name((struct text_span){ sender + 1,
				(size_t)(begin - sender - 1) },
		    domain);
}

/* What is no report: passed over in a folder, and an error elsewhere. */
static void
is_stranger(struct tlsrpt_unpack *unpack, const char *message, const char *hint)
{
	if (unpack->folder)
		unpack->strangers++;
	else
		diag_error(unpack->sink, DIAG_WHOLE, hint, "%s", message);
}

static void
hand_on(struct tlsrpt_unpack *unpack, struct text_span text, const char *domain)
{
	unpack->stopped = !unpack->take(unpack->context, text, domain);
}

/* Of one mail. */
struct mail {
	struct tlsrpt_unpack *unpack;
	const char *path;
	size_t number; /* in an mbox; or 0 */
	bool is_report, found;
};

/* "path (name)", for lines and columns are those of the unpacked text. */
static void
name_part(const struct mail *mail, const char *name, char place[PLACE_SIZE])
{
	struct text text;

	text_init(&text, place, PLACE_SIZE);
	text_add_string(&text, mail->path);
	if (mail->number > 0)
		text_add_format(&text, " (mail %zu)", mail->number);
	if (name[0] != '\0')
		text_add_format(&text, " (%s)", name);
}

static void
take_text(
    struct mail *mail, const struct tlsrpt_part *part, struct text_span text)
{
	char domain[TLSRPT_NAME_SIZE];

	if (!part->declared && !tlsrpt_is_like(text))
		return;
	mail->found = true;
	tlsrpt_name(
	    text_trim((struct text_span){ part->domain, strlen(part->domain) }),
	    domain);
	if (domain[0] == '\0')
		tlsrpt_domain_of(part->name, domain);
	if (domain[0] == '\0')
		tlsrpt_domain_of(mail->path, domain);
	hand_on(mail->unpack, text, domain);
}

static bool
take_part(void *context, const struct tlsrpt_part *part)
{
	struct mail *mail = context;
	struct diag_sink *sink = mail->unpack->sink;
	char place[PLACE_SIZE], *unpacked = NULL;
	struct text_span text = part->bytes;
	const char *fault = NULL;

	name_part(mail, part->name, place);
	sink->file = place;
	if (tlsrpt_is_gzip(text)) {
		fault = tlsrpt_gunzip(part->bytes, &unpacked, &text.length);
		text.at = unpacked;
	}
	if (fault == NULL) {
		take_text(mail, part, text);
	} else if (part->declared || mail->is_report) {
		mail->found = true;
		diag_error(sink, DIAG_WHOLE, NULL, "the gzip data %s", fault);
	}
	free(unpacked);
	sink->file = mail->path;
	return !mail->unpack->stopped;
}

/* Whether a line could be a header's first, to GMime. */
static bool
is_header(struct text_span line)
{
	size_t i;

	for (i = 0; i < line.length && line.at[i] > ' ' && line.at[i] < 0x7f;
	     i++)
		if (line.at[i] == ':')
			return i > 0;
	return false;
}

/* Takes a line, its end included, off the beginning. */
static struct text_span
take_line(struct text_span *rest)
{
	const char *end = memchr(rest->at, '\n', rest->length);
	struct text_span line = { rest->at,
		end != NULL ? (size_t)(end + 1 - rest->at) : rest->length };

	rest->at += line.length;
	rest->length -= line.length;
	return line;
}

/* Whether it begins with a word and a colon; no JSON does. */
static bool
is_field(struct text_span line)
{
	size_t i = 0;

	while (i < line.length &&
	       (text_is_letter(line.at[i]) || (i > 0 && line.at[i] == '-')))
		i++;
	if (i == 0)
		return false;
	while (i < line.length && text_is_blank(line.at[i]))
		i++;
	return i < line.length && line.at[i] == ':';
}

static bool
is_bounded(const struct mail *mail, struct text_span rest)
{
	struct diag_sink *sink = mail->unpack->sink;
	size_t parts = 0, headers = 0, octets = 0;
	bool field = false;

	while (rest.length > 0) {
		const struct text_span line = take_line(&rest);

		parts += starts_with(line, "--");
		headers += is_header(line);
		field = (field && text_is_blank(line.at[0])) || is_field(line);
		octets += field ? line.length : 0;
	}
	if (parts > TLSRPT_PARTS_MAX || headers > TLSRPT_HEADERS_MAX)
		diag_error(sink, DIAG_WHOLE, NULL,
		    "a mail of more than %d parts or %d headers",
		    TLSRPT_PARTS_MAX, TLSRPT_HEADERS_MAX);
	else if (octets > TLSRPT_OCTETS_MAX)
		diag_error(sink, DIAG_WHOLE, NULL,
		    "a mail with headers of more than %zu octets",
		    TLSRPT_OCTETS_MAX);
	else
		return true;
	return false;
}

static void
unpack_mail(struct tlsrpt_unpack *unpack, struct text_span bytes,
    const char *path, size_t number)
{
	struct mail mail = { unpack, path, number, false, false };
	char place[PLACE_SIZE];

	name_part(&mail, "", place);
	unpack->sink->file = place;
	if (!is_bounded(&mail, bytes))
		goto out;
	switch (tlsrpt_mail_each(bytes, &mail.is_report, take_part, &mail)) {
	case TLSRPT_MAIL_NO_GMIME:
		unpack->no_gmime = true;
		goto out;
	case TLSRPT_MAIL_STOPPED:
		goto out;
	default:
		break;
	}
	unpack->sink->file = place;
	if (!mail.found && mail.is_report)
		diag_error(unpack->sink, DIAG_WHOLE, NULL,
		    "the mail is said to be a TLS report, and has none");
	else if (!mail.found)
		is_stranger(unpack, "a mail without a TLS report in it", NULL);
out:
	unpack->sink->file = path;
}

/* A line that begins with "From ", at the start or after a blank one, begins
 * the next mail. */
static void
unpack_mbox(
    struct tlsrpt_unpack *unpack, struct text_span rest, const char *path)
{
	struct text_span mail = { rest.at, 0 };
	size_t number = 0;
	bool blank = true;

	while (rest.length > 0 && !unpack->stopped) {
		const struct text_span line = take_line(&rest);

		if (blank && starts_with(line, FROM)) {
			if (number > 0)
				unpack_mail(unpack, mail, path, number);
			number++;
			mail = (struct text_span){ rest.at, 0 };
		} else {
			mail.length += line.length;
		}
		blank =
		    text_trim(line).length <= 1 || starts_with(line, "\r\n");
	}
	if (!unpack->stopped)
		unpack_mail(unpack, mail, path, number);
}

static void
unpack_plain(
    struct tlsrpt_unpack *unpack, struct text_span bytes, const char *path)
{
	const struct text_span text = tlsrpt_trim(bytes);
	struct text_span line = bytes;
	char domain[TLSRPT_NAME_SIZE];

	line.length = take_line(&line).length;
	line.at = bytes.at;
	if (text.length == 0 || text.at[0] == '{') {
		if (unpack->folder && !tlsrpt_is_like(bytes)) {
			unpack->strangers++;
			return;
		}
		tlsrpt_domain_of(path, domain);
		hand_on(unpack, bytes, domain);
	} else if (starts_with(bytes, FROM)) {
		unpack_mbox(unpack, bytes, path);
	} else if (is_header(line)) {
		unpack_mail(unpack, bytes, path, 0);
	} else {
		is_stranger(unpack, "no TLS report",
		    "it is JSON that begins with {, alone, in gzip or in a "
		    "mail");
	}
}

void
tlsrpt_unpack(
    struct tlsrpt_unpack *unpack, struct text_span bytes, const char *name)
{
	char *unpacked = NULL;
	const char *fault;

	unpack->sink->file = name;
	if (!tlsrpt_is_gzip(bytes)) {
		unpack_plain(unpack, bytes, name);
		return;
	}
	fault = tlsrpt_gunzip(bytes, &unpacked, &bytes.length);
	bytes.at = unpacked != NULL ? unpacked : "";
	if (fault != NULL)
		diag_error(
		    unpack->sink, DIAG_WHOLE, NULL, "the gzip data %s", fault);
	else
		unpack_plain(unpack, bytes, name);
	free(unpacked);
}
