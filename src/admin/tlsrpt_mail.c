/*
 * Mails, by GMime; see tlsrpt_mail.h. GMime goes no deeper than 1024 parts and
 * decodes into memory no more than a mail's size; but what it makes of
 * addresses has no bounds, so that it does not get to see any.
 */
#include "tlsrpt_mail.h"

#include <dlfcn.h>
#include <string.h>
#include <strings.h>

#include <gmime/gmime.h>

#define LIBRARY "libgmime-3.0.so.0"

/* The functions that are used, of GMime and of the GObject below it. */
#define FUNCTIONS(each)                                                        \
	each(g_mime_init);                                                     \
	each(g_mime_stream_mem_new);                                           \
	each(g_mime_stream_mem_new_with_buffer);                               \
	each(g_mime_stream_mem_get_byte_array);                                \
	each(g_mime_parser_new_with_stream);                                   \
	each(g_mime_parser_construct_message);                                 \
	each(g_mime_object_get_header);                                        \
	each(g_mime_object_get_content_type);                                  \
	each(g_mime_object_get_content_type_parameter);                        \
	each(g_mime_content_type_is_type);                                     \
	each(g_mime_message_get_mime_part);                                    \
	each(g_mime_part_iter_new);                                            \
	each(g_mime_part_iter_free);                                           \
	each(g_mime_part_iter_next);                                           \
	each(g_mime_part_iter_get_current);                                    \
	each(g_mime_part_get_type);                                            \
	each(g_mime_part_get_filename);                                        \
	each(g_mime_part_get_content);                                         \
	each(g_mime_data_wrapper_write_to_stream);                             \
	each(g_type_check_instance_is_a);                                      \
	each(g_object_unref)

#define DECLARE(name) __typeof__(&(name)) name##_

static struct {
	bool tried, loaded;
	FUNCTIONS(DECLARE);
} lib;

/* POSIX has it that a pointer to data can be one to a function. */
#define LOAD(name)                                                             \
	*(void **)&lib.name##_ = dlsym(library, #name);                        \
	lib.loaded = lib.loaded && lib.name##_ != NULL

static bool
load(void)
{
	void *library;

	if (lib.tried)
		return lib.loaded;
	lib.tried = true;
	library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (library == NULL)
		return false;
	lib.loaded = true;
	FUNCTIONS(LOAD);
	if (lib.loaded)
		lib.g_mime_init_();
	return lib.loaded;
}

static bool
ends_with(const char *name, const char *end)
{
	const size_t length = strlen(name);

	return length >= strlen(end) &&
	       strcasecmp(name + length - strlen(end), end) == 0;
}

/* Whether a part may be a report, and whether it must. */
static bool
is_candidate(GMimeObject *object, const char *name, bool *declared)
{
	static const char *const subtypes[] = { "json", "gzip", "x-gzip",
		"octet-stream" };
	GMimeContentType *type = lib.g_mime_object_get_content_type_(object);
	size_t i;

	*declared = ends_with(name, ".json.gz");
	if (type == NULL)
		return *declared;
	if (lib.g_mime_content_type_is_type_(
		type, "application", "tlsrpt+gzip") ||
	    lib.g_mime_content_type_is_type_(
		type, "application", "tlsrpt+json"))
		*declared = true;
	if (*declared || ends_with(name, ".json") || ends_with(name, ".gz"))
		return true;
	for (i = 0; i < sizeof(subtypes) / sizeof(subtypes[0]); i++)
		if (lib.g_mime_content_type_is_type_(
			type, "application", subtypes[i]))
			return true;
	return false;
}

struct reading {
	const char *domain;
	bool (*take)(void *context, const struct tlsrpt_part *part);
	void *context;
};

static bool
take_part(const struct reading *reading, GMimeObject *object)
{
	struct tlsrpt_part part = { .domain = reading->domain };
	GMimeDataWrapper *content;
	GMimeStream *stream;
	GByteArray *bytes;
	bool more = true;

	if (!lib.g_type_check_instance_is_a_(
		(GTypeInstance *)object, lib.g_mime_part_get_type_()))
		return true;
	part.name = lib.g_mime_part_get_filename_((GMimePart *)object);
	if (part.name == NULL)
		part.name = "";
	content = lib.g_mime_part_get_content_((GMimePart *)object);
	if (!is_candidate(object, part.name, &part.declared) || content == NULL)
		return true;
	stream = lib.g_mime_stream_mem_new_();
	(void)lib.g_mime_data_wrapper_write_to_stream_(content, stream);
	bytes = lib.g_mime_stream_mem_get_byte_array_((GMimeStreamMem *)stream);
	part.bytes = (struct text_span){ "", 0 };
	if (bytes != NULL && bytes->data != NULL)
		part.bytes =
		    (struct text_span){ (const char *)bytes->data, bytes->len };
	more = reading->take(reading->context, &part);
	lib.g_object_unref_(stream);
	return more;
}

static bool
says_report(GMimeMessage *message)
{
	GMimeObject *root = lib.g_mime_message_get_mime_part_(message);
	const char *type;

	if (root == NULL)
		return false;
	type =
	    lib.g_mime_object_get_content_type_parameter_(root, "report-type");
	return type != NULL && strcasecmp(type, "tlsrpt") == 0;
}

/* Whether a line begins with that name, perhaps blanks, and a colon. */
static bool
is_called(const char *line, size_t length, const char *name)
{
	const size_t word = strlen(name);
	size_t i = word;

	if (length < word || strncasecmp(line, name, word) != 0)
		return false;
	while (i < length && text_is_blank(line[i]))
		i++;
	return i < length && line[i] == ':';
}

/*
 * Calls other names what GMime reads of each mail although nobody asks for it:
 * of a header with n addresses it looks at n * n octets, of groups of addresses
 * within groups the stack has to hold all. Whether a line is in a header cannot
 * be told here; in a body it is no report's.
 */
static void
hide_addresses(char *bytes, size_t length)
{
	static const char *const names[] = { "from", "sender", "reply-to", "to",
		"cc", "bcc", "date", "subject", "message-id" };
	size_t i, at, line;
	const char *feed;

	for (at = 0; at < length; at += line) {
		feed = memchr(bytes + at, '\n', length - at);
		line = feed != NULL ? (size_t)(feed + 1 - bytes) - at
				    : length - at;
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (is_called(bytes + at, line, names[i])) {
				bytes[at] = 'X';
				break;
			}
	}
}

/* The mail as GMime is to read it. */
static GMimeStream *
open_mail(struct text_span mail)
{
	GMimeStream *stream =
	    lib.g_mime_stream_mem_new_with_buffer_(mail.at, mail.length);
	GByteArray *bytes =
	    lib.g_mime_stream_mem_get_byte_array_((GMimeStreamMem *)stream);

	hide_addresses((char *)bytes->data, bytes->len);
	return stream;
}

static enum tlsrpt_mail
read_message(GMimeMessage *message, struct reading *reading)
{
	enum tlsrpt_mail result = TLSRPT_MAIL_READ;
	GMimePartIter *parts;
	GMimeObject *part;

	reading->domain = lib.g_mime_object_get_header_(
	    (GMimeObject *)message, "TLS-Report-Domain");
	if (reading->domain == NULL)
		reading->domain = "";
	parts = lib.g_mime_part_iter_new_((GMimeObject *)message);
	do {
		part = lib.g_mime_part_iter_get_current_(parts);
		if (part != NULL && !take_part(reading, part))
			result = TLSRPT_MAIL_STOPPED;
	} while (
	    result == TLSRPT_MAIL_READ && lib.g_mime_part_iter_next_(parts));
	lib.g_mime_part_iter_free_(parts);
	return result;
}

enum tlsrpt_mail
tlsrpt_mail_each(struct text_span mail, bool *is_report,
    bool (*take)(void *context, const struct tlsrpt_part *part), void *context)
{
	struct reading reading = { "", take, context };
	enum tlsrpt_mail result = TLSRPT_MAIL_BROKEN;
	GMimeMessage *message;
	GMimeStream *stream;
	GMimeParser *parser;

	*is_report = false;
	if (!load())
		return TLSRPT_MAIL_NO_GMIME;
	stream = open_mail(mail);
	parser = lib.g_mime_parser_new_with_stream_(stream);
	message = lib.g_mime_parser_construct_message_(parser, NULL);
	if (message != NULL) {
		*is_report = says_report(message);
		result = read_message(message, &reading);
		lib.g_object_unref_(message);
	}
	lib.g_object_unref_(parser);
	lib.g_object_unref_(stream);
	return result;
}
