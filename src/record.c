/*
 * The TXT records beside a policy; see record.h.
 */
#include "record.h"

#include <string.h>
#include <sys/types.h>

#include <sha2.h>

#define VERSION_FIELD "v=STSv1"
#define NAME_MAX_SIZE 32 /* of an extension field, RFC 8461 section 3.1 */

void
record_id_of_policy(const struct policy *policy, char id[RECORD_ID_SIZE])
{
	static char storage[POLICY_SIZE_MAX + 1];
	char digest[SHA256_DIGEST_STRING_LENGTH];
	struct text text, out;

	text_init(&text, storage, sizeof(storage));
	policy_render(policy, &text);
	(void)SHA256Data((const uint8_t *)text.bytes, text.length, digest);
	text_init(&out, id, RECORD_ID_SIZE);
	text_add(&out, digest, RECORD_ID_MAX);
}

void
record_id_of_time(time_t time, char id[RECORD_ID_SIZE])
{
	struct tm utc;

	id[0] = '\0';
	if (gmtime_r(&time, &utc) != NULL)
		(void)strftime(id, RECORD_ID_SIZE, "%Y%m%d%H%M%SZ", &utc);
}

static bool
is_alphanumeric(char c)
{
	return text_is_letter(c) || text_is_digit(c);
}

/* The length of the part that is letters and digits. */
static size_t
alphanumeric_length(struct text_span span)
{
	size_t i = 0;

	while (i < span.length && is_alphanumeric(span.at[i]))
		i++;
	return i;
}

bool
record_id_is_valid(struct text_span id)
{
	return id.length >= 1 && id.length <= RECORD_ID_MAX &&
	       alphanumeric_length(id) == id.length;
}

void
record_add_sts(struct text *text, const char *id)
{
	text_add_format(text, VERSION_FIELD "; id=%s;", id);
}

void
record_add_tlsrpt(struct text *text, const char *const *uris, size_t count)
{
	size_t i;

	text_add_string(text, "v=TLSRPTv1; rua=");
	for (i = 0; i < count; i++) {
		text_add_string(text, i > 0 ? "," : "");
		text_add_string(text, uris[i]);
	}
}

/* One record being read. */
struct reader {
	struct diag_sink *sink;
	struct text_span value;
	unsigned number;
	bool valid; /* no rule of the ABNF is broken so far */
	bool meant; /* an id stands there that is none */
	size_t ids;
	struct text_span id; /* the first one, which counts */
};

static struct diag_place
place_of(const struct reader *reader, const char *at)
{
	return (struct diag_place){ reader->number,
		(unsigned)(at - reader->value.at) + 1 };
}

/* What keeps the record from being one. */
static void
fault(struct reader *reader, const char *at, const char *hint,
    const char *message)
{
	reader->valid = false;
	diag_error(reader->sink, place_of(reader, at), hint, "%s", message);
}

static const char *
id_fault(struct text_span id, size_t *at, const char **hint)
{
	*at = 0;
	*hint = "write 1 to 32 letters and digits, such as 20261122045152Z";
	if (id.length == 0)
		return "no id after \"id=\"";
	*at = alphanumeric_length(id);
	if (*at < id.length)
		return "an id is of letters and digits alone";
	*at = RECORD_ID_MAX;
	*hint = "cut it to 32";
	return id.length > RECORD_ID_MAX ? "an id longer than 32 octets" : NULL;
}

static void
read_id(struct reader *reader, const char *field, struct text_span id)
{
	const char *hint, *message;
	size_t at;

	if (++reader->ids == 1)
		reader->id = id;
	else
		diag_error(reader->sink, place_of(reader, field),
		    "keep one of the two",
		    "id is given twice; senders take the first");
	message = id_fault(id, &at, &hint);
	if (message != NULL)
		fault(reader, id.at + at, hint, message);
}

static bool
is_extension_name(struct text_span name)
{
	size_t i;

	if (name.length == 0 || name.length > NAME_MAX_SIZE ||
	    !is_alphanumeric(name.at[0]))
		return false;
	for (i = 1; i < name.length; i++)
		if (!is_alphanumeric(name.at[i]) &&
		    memchr("_-.", name.at[i], 3) == NULL)
			return false;
	return true;
}

/* A field that is not the id: to the ABNF "ID" and "v" are extensions, too. */
static void
read_extension(
    struct reader *reader, struct text_span name, struct text_span value)
{
	const char *equals = memchr(value.at, '=', value.length);

	if (!is_extension_name(name))
		fault(reader, name.at, "write id=, or leave the field out",
		    "not the name of a field: 1 to 32 letters, digits, \"_\", "
		    "\"-\" and \".\"");
	else if (value.length == 0)
		fault(reader, value.at, "leave the field out",
		    "no value after the \"=\"");
	else if (equals != NULL)
		fault(reader, equals, "put \"; \" between two fields",
		    "a second \"=\" in one field");
	else if (text_equals_fold(name, "id")) {
		reader->meant = true;
		diag_error(reader->sink, place_of(reader, name.at),
		    "write id= in lower case",
		    "senders ignore it: names are case-sensitive");
	} else if (text_equals_fold(name, "v"))
		diag_error(reader->sink, place_of(reader, name.at),
		    "keep the first", "the version is given twice");
	else
		diag_warning(reader->sink, place_of(reader, name.at),
		    "leave it out", "senders know no such field and ignore it");
}

/* Visible ASCII alone; blanks have been trimmed off the field's end. */
static bool
check_bytes(struct reader *reader, struct text_span field)
{
	const char *at = field.at, *end = field.at + field.length;

	while (at<end && * at> ' ' && *at < 0x7f)
		at++;
	if (at == end)
		return true;
	if (text_is_blank(*at))
		fault(reader, at, "delete it; write \";\" between two fields",
		    "white space within a field");
	else
		fault(reader, at, "delete it",
		    text_is_control(*at) ? "a control character"
					 : "a byte outside ASCII");
	return false;
}

static void
read_field(struct reader *reader, struct text_span field)
{
	const char *equals = memchr(field.at, '=', field.length);
	struct text_span name = { field.at, 0 }, value;

	if (!check_bytes(reader, field))
		return;
	if (equals == NULL) {
		fault(reader, field.at, "write name=value", "no \"=\" in it");
		return;
	}
	name.length = (size_t)(equals - field.at);
	value.at = equals + 1;
	value.length = field.length - name.length - 1;
	if (text_equals(name, "id"))
		read_id(reader, field.at, value);
	else
		read_extension(reader, name, value);
}

static size_t
skip_blanks(struct text_span value, size_t at)
{
	while (at < value.length && text_is_blank(value.at[at]))
		at++;
	return at;
}

/*
 * One delimiter (*WSP ";" *WSP) and the field after it, if any; how far that
 * is. Blanks before a ";" belong to the delimiter, not to the field.
 */
static size_t
read_part(struct reader *reader, size_t start)
{
	const struct text_span value = reader->value;
	size_t at = skip_blanks(value, start), end;
	struct text_span field;

	if (at == value.length) {
		fault(reader, value.at + start, "delete it, or write \";\"",
		    "white space at the end");
		return at;
	}
	at =
	    skip_blanks(value, at + 1); /* the ";" that ended what was before */
	for (end = at; end < value.length && value.at[end] != ';'; end++)
		;
	while (end > at && text_is_blank(value.at[end - 1]))
		end--;
	field = (struct text_span){ value.at + at, end - at };
	if (field.length > 0)
		read_field(reader, field);
	else if (at < value.length)
		fault(reader, field.at, "delete one \";\"", "an empty field");
	return end;
}

/* Pre: the value begins with "v=STSv1;". */
static bool
read_record(struct reader *reader)
{
	size_t at = strlen(VERSION_FIELD);

	reader->valid = true;
	while (at < reader->value.length)
		at = read_part(reader, at);
	if (reader->valid && reader->ids == 0 && !reader->meant)
		fault(reader, reader->value.at + at,
		    "add id= and 1 to 32 letters and digits",
		    "the id is missing");
	return reader->valid && reader->ids > 0;
}

static bool
begins_with(struct text_span span, const char *string)
{
	return span.length >= strlen(string) &&
	       memcmp(span.at, string, strlen(string)) == 0;
}

/* Where the version stands, in whatever case; NULL when it does not. */
static const char *
find_version(struct text_span value)
{
	const size_t length = strlen(VERSION_FIELD);
	size_t i;

	for (i = 0; i + length <= value.length; i++)
		if (text_equals_fold((struct text_span){ value.at + i, length },
			VERSION_FIELD))
			return value.at + i;
	return NULL;
}

/* What begins with "v=STSv1" and has no ";" right after it. */
static void
refuse_version(struct reader *reader)
{
	const char *end = reader->value.at + strlen(VERSION_FIELD);
	struct text_span rest = text_trim((struct text_span){
	    end, reader->value.length - strlen(VERSION_FIELD) });

	if (rest.length > 0 && rest.at[0] == ';')
		fault(reader, end, "write \"v=STSv1;\"",
		    "white space before the first \";\": the ABNF allows it, "
		    "and senders that look for \"v=STSv1;\" pass the record "
		    "over (erratum 6285)");
	else
		fault(reader, end, "write \"v=STSv1; id=...;\"",
		    "no \";\" right after \"v=STSv1\": senders pass the record "
		    "over");
}

/*
 * A record that senders pass over: either somebody meant it for this, or it is
 * another one that has come this way, by a wildcard for example.
 */
static bool
refuse_record(struct reader *reader)
{
	const struct text_span value = reader->value;
	const char *version = find_version(value);

	if (begins_with(value, VERSION_FIELD))
		refuse_version(reader);
	else if (version == value.at)
		fault(reader, version, "write \"v=STSv1;\" as it stands here",
		    "the version is case-sensitive");
	else if (version != NULL)
		fault(reader, value.at, "begin with \"v=STSv1;\"",
		    "something before the version: senders pass the record "
		    "over");
	else if (begins_with(value, "id="))
		fault(reader, value.at, "begin with \"v=STSv1;\"",
		    "the version is missing: senders pass the record over");
	else
		return false;
	return true;
}

/* What the records come to, one by one. */
struct tally {
	size_t records; /* that begin with "v=STSv1;" */
	size_t refused; /* that were meant to */
};

static void
read_value(struct reader *reader, struct tally *tally, struct text *id)
{
	bool valid;

	if (!begins_with(reader->value, VERSION_FIELD ";")) {
		if (refuse_record(reader))
			tally->refused++;
		else
			diag_warning(reader->sink,
			    place_of(reader, reader->value.at),
			    "leave it out unless something else needs it",
			    "no MTA-STS record; senders ignore it");
		return;
	}
	valid = read_record(reader);
	if (++tally->records > 1)
		fault(reader, reader->value.at, "keep one",
		    "a second record that begins with \"v=STSv1;\": senders "
		    "then see none");
	else if (valid)
		text_add(id, reader->id.at, reader->id.length);
}

bool
record_read_sts(const struct text_span *values, size_t count,
    char id[RECORD_ID_SIZE], struct diag_sink *sink)
{
	struct tally tally = { 0, 0 };
	struct text out;
	size_t i;

	text_init(&out, id, RECORD_ID_SIZE);
	for (i = 0; i < count; i++) {
		struct reader reader = { .sink = sink,
			.value = values[i],
			.number = (unsigned)i + 1 };

		read_value(&reader, &tally, &out);
	}
	if (tally.records == 0 && tally.refused == 0)
		diag_error(sink, DIAG_WHOLE, "write \"v=STSv1; id=...;\"",
		    "no record begins with \"v=STSv1;\"");
	if (tally.records != 1)
		id[0] = '\0';
	return id[0] != '\0';
}
