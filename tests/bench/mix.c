/*
 * What is asked and what is expected; see mix.h.
 */
#include "mix.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS      6
#define NUMBERS_MAX 1000000
#define FIELDS_MAX  6
#define HEADER_SIZE 8
#define HOST_MAX    1024

enum { BEGIN_REQUEST = 1, PARAMS = 4, STDIN = 5 };

#define PATH "/.well-known/mta-sts.txt"

static const char *const nginx_params[][2] = {
	{ "REQUEST_METHOD", "GET" },
	{ "REQUEST_URI", PATH },
};

/* As Apache 2.4 sent them, after HTTP_HOST, asked by curl over TLS. */
static const char *const apache_params[][2] = {
	{ "HTTPS", "on" },
	{ "ap_trust_cgilike_cl", "1" },
	{ "HTTP_USER_AGENT", "curl/7.88.1" },
	{ "HTTP_ACCEPT", "*/*" },
	{ "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin" },
	{ "SERVER_SIGNATURE", "" },
	{ "SERVER_SOFTWARE", "Apache/2.4.62 (Debian)" },
	{ "SERVER_NAME", "mta-sts.example.com" },
	{ "SERVER_ADDR", "192.0.2.1" },
	{ "SERVER_PORT", "443" },
	{ "REMOTE_ADDR", "198.51.100.7" },
	{ "DOCUMENT_ROOT", "/var/www/html" },
	{ "REQUEST_SCHEME", "https" },
	{ "CONTEXT_PREFIX", "" },
	{ "CONTEXT_DOCUMENT_ROOT", "/var/www/html" },
	{ "SERVER_ADMIN", "webmaster@localhost" },
	{ "SCRIPT_FILENAME", "proxy:fcgi://mta-sts" PATH },
	{ "REMOTE_PORT", "50123" },
	{ "GATEWAY_INTERFACE", "CGI/1.1" },
	{ "SERVER_PROTOCOL", "HTTP/1.1" },
	{ "REQUEST_METHOD", "GET" },
	{ "QUERY_STRING", "" },
	{ "REQUEST_URI", PATH },
	{ "SCRIPT_NAME", PATH },
};

/* splitmix64 */
static uint64_t
next_random(uint64_t *seed)
{
	uint64_t z = (*seed += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static char *
read_file(const char *path, size_t *length)
{
	FILE *file = fopen(path, "rb");
	char *bytes = malloc(MIX_REQUEST_MAX + 1);

	if (file == NULL)
		err(2, "%s", path);
	if (bytes == NULL)
		err(2, "malloc");
	*length = fread(bytes, 1, MIX_REQUEST_MAX + 1, file);
	if (ferror(file) || *length > MIX_REQUEST_MAX)
		errx(2, "%s: unreadable, or more than %d bytes", path,
		    MIX_REQUEST_MAX);
	(void)fclose(file);
	return bytes;
}

static uint32_t
number_of(const char *field, uint32_t most)
{
	char *end;
	unsigned long number = strtoul(field, &end, 10);

	if (*field == '\0' || *end != '\0' || number > most)
		errx(2, "\"%s\": no number up to %u", field, (unsigned)most);
	return (uint32_t)number;
}

static enum mix_end
end_of(const char *field)
{
	if (strcmp(field, "close") == 0)
		return MIX_CLOSE;
	if (strcmp(field, "drop") == 0)
		return MIX_DROP;
	if (strcmp(field, "any") != 0)
		errx(2, "\"%s\": not close, drop or any", field);
	return MIX_ANY;
}

/* The fields after the weight: their meaning stands in load.c. */
static void
read_entry(struct mix_entry *entry, char **fields, size_t count)
{
	const char *kind = fields[0];

	memset(entry, 0, sizeof(*entry));
	if (strcmp(kind, "raw") == 0 && count == 3) {
		entry->raw = true;
		entry->bytes = read_file(fields[1], &entry->length);
		entry->end = end_of(fields[2]);
		return;
	}
	entry->numbers = 1;
	if (strcmp(kind, "hosts") == 0 && count == 5)
		entry->numbers = number_of(*++fields, NUMBERS_MAX);
	else if (strcmp(kind, "host") != 0 || count != 4)
		errx(2, "a line of kind \"%s\" with %zu fields", kind, count);
	if (entry->numbers == 0 || strlen(fields[1]) > HOST_MAX / 2)
		errx(2, "no host, or a long one");
	entry->host = strdup(fields[1]);
	entry->status = number_of(fields[2], 999);
	if (strcmp(fields[3], "-") != 0)
		entry->bytes = read_file(fields[3], &entry->length);
}

void
mix_load(struct mix *mix, const char *path)
{
	FILE *file = fopen(path, "r");
	char line[8192], *fields[FIELDS_MAX], *rest;
	uint64_t weights = 0;
	size_t count;

	*mix = (struct mix){ NULL, 0 };
	if (file == NULL)
		err(2, "%s", path);
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '\0' || line[0] == '#')
			continue;
		rest = line;
		for (count = 0; count < FIELDS_MAX && rest != NULL; count++)
			fields[count] = strsep(&rest, "\t");
		if (count < 2 || rest != NULL)
			errx(2, "%s: too many fields, or too few", path);
		mix->entries = reallocarray(
		    mix->entries, mix->count + 1, sizeof(*mix->entries));
		if (mix->entries == NULL)
			err(2, "realloc");
		read_entry(&mix->entries[mix->count], fields + 1, count - 1);
		weights += number_of(fields[0], 1000000);
		mix->entries[mix->count++].weights = weights;
	}
	if (weights == 0)
		errx(2, "%s: nothing to ask", path);
	(void)fclose(file);
}

void
mix_choose(const struct mix *mix, uint64_t *seed, struct mix_pick *pick)
{
	uint64_t random = next_random(seed);
	size_t low = 0, high = mix->count - 1, middle;
	uint64_t at = (random >> 32) % mix->entries[high].weights;

	while (low < high) {
		middle = (low + high) / 2;
		if (at < mix->entries[middle].weights)
			high = middle;
		else
			low = middle + 1;
	}
	pick->entry = &mix->entries[low];
	pick->number = 0;
	if (pick->entry->numbers > 1)
		pick->number = (uint32_t)random % pick->entry->numbers;
}

/* The number's digits, with leading zeros. */
static void
digits_of(uint32_t number, char digits[DIGITS])
{
	size_t i;

	for (i = DIGITS; i-- > 0; number /= 10)
		digits[i] = (char)('0' + number % 10);
}

/* The host with its number put in; its length. */
static size_t
host_of(const struct mix_pick *pick, char host[HOST_MAX])
{
	const char *mark = strstr(pick->entry->host, MIX_NUMBER);
	size_t length = strlen(pick->entry->host), before;

	memcpy(host, pick->entry->host, length);
	if (mark == NULL)
		return length;
	before = (size_t)(mark - pick->entry->host);
	digits_of(pick->number, host + before);
	memcpy(host + before + DIGITS, mark + strlen(MIX_NUMBER),
	    length - before - strlen(MIX_NUMBER));
	return length - strlen(MIX_NUMBER) + DIGITS;
}

static size_t
put_length(unsigned char *bytes, size_t length)
{
	if (length < 128) {
		bytes[0] = (unsigned char)length;
		return 1;
	}
	bytes[0] = (unsigned char)(length >> 24 | 0x80);
	bytes[1] = (unsigned char)(length >> 16);
	bytes[2] = (unsigned char)(length >> 8);
	bytes[3] = (unsigned char)length;
	return 4;
}

static size_t
put_param(unsigned char *bytes, const char *name, const char *value,
    size_t value_length)
{
	size_t length = strlen(name), at = put_length(bytes, length);

	at += put_length(bytes + at, value_length);
	memcpy(bytes + at, name, length);
	memcpy(bytes + at + length, value, value_length);
	return at + length + value_length;
}

static size_t
put_header(unsigned char *bytes, unsigned type, size_t content, size_t padding)
{
	const unsigned char header[HEADER_SIZE] = { 1, (unsigned char)type, 0,
		1, (unsigned char)(content >> 8), (unsigned char)content,
		(unsigned char)padding, 0 };

	memcpy(bytes, header, sizeof(header));
	return HEADER_SIZE;
}

void
mix_form_add(struct mix_form *form, const char *name, const char *value)
{
	size_t length = strlen(value);

	if (form->length + strlen(name) + length + 8 > sizeof(form->params))
		errx(2, "too many parameters");
	form->length +=
	    put_param(form->params + form->length, name, value, length);
}

void
mix_form_init(struct mix_form *form, enum mix_server server, bool kept)
{
	const size_t nginx = sizeof(nginx_params) / sizeof(nginx_params[0]);
	const size_t apache = sizeof(apache_params) / sizeof(apache_params[0]);
	size_t i, count = server == MIX_NGINX ? nginx : apache;

	*form = (struct mix_form){ .server = server, .kept = kept };
	for (i = 0; i < count; i++)
		if (server == MIX_NGINX)
			mix_form_add(
			    form, nginx_params[i][0], nginx_params[i][1]);
		else
			mix_form_add(
			    form, apache_params[i][0], apache_params[i][1]);
}

size_t
mix_request(const struct mix_form *form, const struct mix_pick *pick,
    unsigned char *bytes, struct mix_pieces *pieces)
{
	char host[HOST_MAX];
	size_t at, content, padding = 0;
	unsigned char *header;

	pieces->count = 1;
	if (pick->entry->raw) {
		memcpy(bytes, pick->entry->bytes, pick->entry->length);
		return pieces->ends[0] = pick->entry->length;
	}
	at = put_header(bytes, BEGIN_REQUEST, HEADER_SIZE, 0);
	memset(bytes + at, 0, HEADER_SIZE);
	bytes[at + 1] = 1; /* FCGI_RESPONDER */
	bytes[at + 2] = form->kept;
	pieces->ends[0] = at += HEADER_SIZE;
	header = bytes + at;
	at += HEADER_SIZE;
	content = put_param(bytes + at, "HTTP_HOST", host, host_of(pick, host));
	memcpy(bytes + at + content, form->params, form->length);
	content += form->length;
	if (form->server == MIX_NGINX)
		padding = (HEADER_SIZE - content % HEADER_SIZE) % HEADER_SIZE;
	(void)put_header(header, PARAMS, content, padding);
	memset(bytes + at + content, 0, padding);
	pieces->ends[1] = at += content + padding;
	pieces->ends[2] = at += put_header(bytes + at, PARAMS, 0, 0);
	pieces->ends[3] = at += put_header(bytes + at, STDIN, 0, 0);
	if (form->server == MIX_NGINX)
		pieces->ends[0] = at;
	else
		pieces->count = MIX_PIECES_MAX;
	return at;
}

static bool
is_body(const struct mix_pick *pick, const char *body, size_t length)
{
	const char *wanted = pick->entry->bytes, *end, *mark;
	char digits[DIGITS];
	size_t run;

	digits_of(pick->number, digits);
	for (end = wanted + pick->entry->length;; wanted = mark + 3) {
		mark = memmem(wanted, (size_t)(end - wanted), MIX_NUMBER, 3);
		run = (size_t)((mark ? mark : end) - wanted);
		if (run > length || memcmp(wanted, body, run) != 0)
			return false;
		body += run;
		length -= run;
		if (mark == NULL)
			return length == 0;
		if (length < DIGITS || memcmp(body, digits, DIGITS) != 0)
			return false;
		body += DIGITS;
		length -= DIGITS;
	}
}

bool
mix_is_right(const struct mix_pick *pick, const char *answer, size_t length)
{
	const char *end = answer + length, *line = answer, *next;
	unsigned status = 200;

	for (;; line = next + 1) {
		next = memchr(line, '\n', (size_t)(end - line));
		if (next == NULL)
			return false;
		if (next == line || (next == line + 1 && *line == '\r'))
			break;
		if (next - line >= 11 && strncasecmp(line, "Status: ", 8) == 0)
			status = (unsigned)atoi(line + 8);
	}
	if (pick->entry->status != 0 && pick->entry->status != status)
		return false;
	return pick->entry->bytes == NULL ||
	       is_body(pick, next + 1, (size_t)(end - next - 1));
}
