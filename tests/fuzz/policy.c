/*
 * A policy's text, which is the input, by way of store to the whole answer,
 * with both values of unknown_fields. The file that store reads is in memory.
 */
#include "fuzz.h"

#include "../unit/policy_grammar.h"
#include "responder.h"
#include "safefile.h"
#include "store.h"

static struct policy policy;
static struct text_span file;
static struct store store;

enum safefile_result
safefile_read(int directory, const char *name, uid_t owner, char *buffer,
    size_t size, size_t *length, struct diag_sink *sink)
{
	(void)directory, (void)name, (void)owner, (void)sink;
	if (file.length >= size)
		return SAFEFILE_REFUSED;
	memcpy(buffer, file.at, file.length);
	*length = file.length;
	return SAFEFILE_OK;
}

int
safefile_open_directory(const char *path, uid_t owner, struct diag_sink *sink)
{
	(void)path, (void)owner, (void)sink;
	return -1;
}

static enum responder_found
find(void *context, const char *domain, const struct policy **found)
{
	struct diag_sink sink = fuzz_sink();

	(void)context;
	*found = &policy;
	return store_policy(&store, domain, &policy, &sink) == SAFEFILE_OK
		   ? RESPONDER_FOUND
		   : RESPONDER_REFUSED;
}

/* The rendering, "" for none: canonical, and read again still the same. */
static const char *
check(struct text_span source, enum policy_unknown unknown)
{
	static char answer_storage[RESPONDER_ANSWER_SIZE], storage[2][65536];
	static const struct responder_request request = { .method = "GET",
		.host = "mta-sts.a.example",
		.uri = RESPONDER_PATH };
	static const struct responder_source responder_source = { find, NULL };
	const bool accepted = fuzz_accepts(&policy, source, unknown);
	struct text answer, text, again;
	const char *body;

	text_init(&text, storage[unknown], sizeof(storage[unknown]));
	if (accepted)
		policy_render(&policy, &text);
	file = source;
	store.unknown = unknown;
	text_init(&answer, answer_storage, sizeof(answer_storage));
	responder_answer(&request, &responder_source, &answer);
	body = strstr(answer.bytes, "\r\n\r\n") + 4;
	FUZZ_EXPECT(!answer.overflow);
	FUZZ_EXPECT(
	    accepted == (strncmp(answer.bytes, "Status: 200 ", 12) == 0));
	FUZZ_EXPECT(
	    strcmp(body,
		accepted ? text.bytes : "500 Internal Server Error\r\n") == 0);
	if (!accepted)
		return text.bytes;
	FUZZ_EXPECT(text.length <= 64000);
	FUZZ_EXPECT(is_canonical(text.bytes, text.length));
	FUZZ_EXPECT(fuzz_accepts(
	    &policy, (struct text_span){ text.bytes, text.length }, unknown));
	text_init(&again, answer_storage, sizeof(answer_storage));
	policy_render(&policy, &again);
	FUZZ_EXPECT(strcmp(again.bytes, text.bytes) == 0);
	return text.bytes;
}

/* The same source with a field that brings it close to the largest size. */
static void
check_large(struct text_span source)
{
	static char bytes[64064];
	const size_t length =
	    63936 + (unsigned char)source.at[source.length / 2] % 128;

	if (source.length > 60000)
		return;
	memset(bytes, 'y', length);
	memcpy(bytes, source.at, source.length);
	memcpy(bytes + source.length, "\ny: ", 4);
	(void)check((struct text_span){ bytes, length }, POLICY_UNKNOWN_PASS);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct text_span source = { (const char *)data, size };
	const char *passed = check(source, POLICY_UNKNOWN_PASS);
	const char *strict = check(source, POLICY_UNKNOWN_REFUSE);

	FUZZ_EXPECT(strict[0] == '\0' || strcmp(strict, passed) == 0);
	if (passed[0] != '\0' && size % 16 == 0)
		check_large(source);
	return 0;
}
