/*
 * tlsrpt_unpack.c, tlsrpt_gzip.c, tlsrpt_mail.c: which texts are found in what
 * a file holds, and what is told of the others. gzip is made by zlib here.
 */
#include "unit.h"

#include <zlib.h>

#include "text.h"
#include "tlsrpt.h"
#include "tlsrpt_read.h"
#include "tlsrpt_unpack.h"

#define JSON   "{\"policies\":[]}"
#define NAME   "dir/s.example!D.example!1!2!x.json.gz"
#define DOMAIN "TLS-Report-Domain: Mail.Example\n"
#define REPORT "Content-Type: application/tlsrpt+json\n\n" JSON "\n"
#define MULTI                                                                  \
	"Content-Type: multipart/report; report-type=TLSRPT; boundary=b\n\n"
#define BASE64 "Content-Transfer-Encoding: base64\n"
#define PLAIN  "Subject: hello\n\nhello\n"

static struct unit_findings found;

/* What was taken: a line each, "domain: text". */
static struct text taken;

static bool
take(void *context, struct text_span text, const char *domain)
{
	(void)context;
	text = tlsrpt_trim(text);
	text_add_format(&taken, "%s: ", domain);
	text_add_escaped(&taken, text.at, text.length);
	text_add_string(&taken, "\n");
	return true;
}

static struct diag_sink sink;

static struct tlsrpt_unpack
unpack(struct text_span bytes, const char *name, bool folder)
{
	static char storage[65536];
	struct tlsrpt_unpack unpack = {
		.take = take, .sink = &sink, .folder = folder
	};

	sink = unit_sink(&found);
	text_init(&taken, storage, sizeof(storage));
	tlsrpt_unpack(&unpack, bytes, name);
	return unpack;
}

/* folder: what is told, and how many were passed over, if in a folder. */
static const struct {
	int line;
	const char *text, *name, *taken, *findings;
	size_t strangers;
} texts[] = {
	{ __LINE__, JSON, NAME, "d.example: " JSON "\n", "", 0 },
	{ __LINE__, "\xef\xbb\xbf\n " JSON, "x", ": " JSON "\n", "", 0 },
	{ __LINE__, "{\"a\":1}", "x", ": {\"a\":1}\n", "", 1 },
	{ __LINE__, "", "x", ": \n", "", 1 },
	{ __LINE__, "<xml/>", "x", "", "0:0: error: no TLS report~begins with",
	    1 },
	{ __LINE__, "[]", "x", "", "0:0: error: no TLS report", 1 },
	{ __LINE__, "\1\2\3", "x", "", "0:0: error: no TLS report", 1 },
	/* mails */
	{ __LINE__, PLAIN, "x", "", "0:0: error: a mail without a TLS report",
	    1 },
	{ __LINE__, REPORT, "x", ": " JSON "\n", "", 0 },
	{ __LINE__, REPORT, NAME, "d.example: " JSON "\n", "", 0 },
	{ __LINE__, DOMAIN REPORT, NAME, "mail.example: " JSON "\n", "", 0 },
	{ __LINE__, DOMAIN MULTI "--b\n" REPORT "--b--\n", "x",
	    "mail.example: " JSON "\n", "", 0 },
	{ __LINE__, MULTI "--b\n" REPORT "--b\n" REPORT "--b--\n", "x",
	    ": " JSON "\n: " JSON "\n", "", 0 },
	{ __LINE__, MULTI "--b\n" REPORT, "x", ": " JSON "\n", "", 0 },
	{ __LINE__, MULTI "--b\n" PLAIN "--b--\n", "x", "",
	    "0:0: error: the mail is said to be a TLS report, and has none",
	    0 },
	{ __LINE__,
	    "Content-Type: application/tlsrpt+json\n"
	    "Content-Transfer-Encoding: quoted-printable\n\n"
	    "{\"policies\"=3A=\n[]}\n",
	    "x", ": " JSON "\n", "", 0 },
	{ __LINE__,
	    "Content-Type: application/octet-stream;\n"
	    " name=\"s!n.example!1!2.json\"\n" BASE64
	    "\neyJwb2xpY2llcyI6W119\n",
	    "x", "n.example: " JSON "\n", "", 0 },
	{ __LINE__, "Content-Type: message/rfc822\n\n" DOMAIN REPORT, "x",
	    ": " JSON "\n", "", 0 },
	/* what only may be one, and is none */
	{ __LINE__, "Content-Type: application/json\n\n{\"a\":1}\n", "x", "",
	    "0:0: error: a mail without a TLS report", 1 },
	{ __LINE__, "Content-Type: text/plain\n\n" JSON "\n", "x", "",
	    "0:0: error: a mail without a TLS report", 1 },
	{ __LINE__, "Content-Type: application/json\n\n" JSON "\n", "x",
	    ": " JSON "\n", "", 0 },
	{ __LINE__, "Content-Type: application/tlsrpt+json\n\nhello\n", "x",
	    ": hello\n", "", 0 },
	{ __LINE__,
	    "Content-Type: application/tlsrpt+gzip\n" BASE64 "\nH4sIAAAA\n",
	    "x", "", "0:0: error: the gzip data ends too soon", 0 },
	{ __LINE__, "Content-Type: application/gzip\n" BASE64 "\nH4sIAAAA\n",
	    "x", "", "0:0: error: a mail without a TLS report", 1 },
	/* mbox */
	{ __LINE__, "From a\n" REPORT "\nFrom b\n" DOMAIN REPORT, "x",
	    ": " JSON "\nmail.example: " JSON "\n", "", 0 },
	{ __LINE__, "From a\r\n" REPORT "\r\nFrom b\r\n" PLAIN, "x",
	    ": " JSON "\n", "0:0: error: a mail without a TLS report", 1 },
};

static void
test_texts(void **state)
{
	const __typeof__(texts[0]) *row;

	(void)state;
	UNIT_EACH (row, texts) {
		const struct text_span bytes = { row->text, strlen(row->text) };
		struct tlsrpt_unpack done = unpack(bytes, row->name, false);

		UNIT_STRING(row->line, taken.bytes, row->taken);
		UNIT_FINDINGS(row->line, &found, row->findings);
		UNIT_EXPECT(row->line, done.strangers == 0);
		done = unpack(bytes, row->name, true);
		UNIT_EXPECT(row->line, done.strangers == row->strangers);
		UNIT_FINDINGS(
		    row->line, &found, row->strangers > 0 ? "" : row->findings);
	}
}

/* Where a finding in a mail is said to be. */
static void
test_places(void **state)
{
	(void)state;
	(void)unpack((struct text_span){ "From a\nA: b\n\nFrom b\n" PLAIN, 40 },
	    "path", false);
	UNIT_STRING(__LINE__, found.file, "path (mail 2)");
	UNIT_STRING(__LINE__, sink.file, "path");
	UNIT_DONE();
}

static const struct {
	int line;
	const char *name, *domain;
} names[] = {
	{ __LINE__, "s.example!d.example!1!2.json", "d.example" },
	{ __LINE__, "/a!b!c/s.example!D.example.!1!2!id.json.gz", "d.example" },
	{ __LINE__, "s!d!1470013207!1470186007!001.json.gz", "d" },
	{ __LINE__, "s!d!1!2", "" },
	{ __LINE__, "s!d!1!2json", "" },
	{ __LINE__, "s!d!1!.json", "" },
	{ __LINE__, "s!d!!2.json", "" },
	{ __LINE__, "s!d!x!2.json", "" },
	{ __LINE__, "s!d!1.json", "" },
	{ __LINE__, "s.json", "" },
	{ __LINE__, "a!b!1!2/s.json", "" },
	{ __LINE__, "", "" },
};

static void
test_names(void **state)
{
	const __typeof__(names[0]) *row;
	char domain[TLSRPT_NAME_SIZE];

	(void)state;
	UNIT_EACH (row, names) {
		tlsrpt_domain_of(row->name, domain);
		UNIT_STRING(row->line, domain, row->domain);
	}
}

/* Appends a gzip member; returns the new length. */
static size_t
pack(char *out, size_t length, size_t size, const char *bytes, size_t count)
{
	z_stream stream = { .zalloc = Z_NULL };
	int code = deflateInit2(
	    &stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY);

	UNIT_EXPECT(__LINE__, code == Z_OK);
	stream.next_in = (z_const Bytef *)bytes;
	stream.avail_in = (uInt)count;
	stream.next_out = (Bytef *)out + length;
	stream.avail_out = (uInt)(size - length);
	code = deflate(&stream, Z_FINISH);
	UNIT_EXPECT(__LINE__, code == Z_STREAM_END);
	(void)deflateEnd(&stream);
	return size - stream.avail_out;
}

static char packed[1 << 20];

static void
expect_gunzip(int line, size_t length, const char *want, const char *fault)
{
	char *out;
	size_t got;
	const char *told =
	    tlsrpt_gunzip((struct text_span){ packed, length }, &out, &got);

	UNIT_STRING(line, told != NULL ? told : "", fault);
	if (told == NULL)
		UNIT_BYTES(line, out, got, want, strlen(want));
	free(out);
}

static void
test_gzip(void **state)
{
	size_t length = pack(packed, 0, sizeof(packed), JSON, strlen(JSON)), i;

	(void)state;
	expect_gunzip(__LINE__, length, JSON, "");
	for (i = 2; i < length; i++)
		expect_gunzip(__LINE__, i, "", "ends too soon");
	/* The check of what was unpacked. */
	packed[length - 5] ^= 1;
	expect_gunzip(__LINE__, length, "", "is damaged");
	packed[length - 5] ^= 1;
	/* Zeros and anything else after it are not looked at. */
	memcpy(packed + length, "\0\0\0more", 8);
	expect_gunzip(__LINE__, length + 8, JSON, "");
	length = pack(packed, length, sizeof(packed), "x", 1);
	expect_gunzip(__LINE__, length, JSON "x", "");
	expect_gunzip(__LINE__, length - 1, "", "ends too soon");
	UNIT_DONE();
}

static void
test_gzip_bounds(void **state)
{
	char *zeros, *out;
	size_t length, i, got;
	const char *fault;

	(void)state;
	UNIT_SKIP_LARGE();
	zeros = calloc(1, TLSRPT_TEXT_MAX + 1);
	length = pack(packed, 0, sizeof(packed), zeros, TLSRPT_TEXT_MAX);
	fault = tlsrpt_gunzip((struct text_span){ packed, length }, &out, &got);
	UNIT_EXPECT(__LINE__, fault == NULL && got == TLSRPT_TEXT_MAX);
	free(out);
	length = pack(packed, 0, sizeof(packed), zeros, TLSRPT_TEXT_MAX + 1);
	expect_gunzip(__LINE__, length, "", "unpacks to more than 16 MiB");
	/* In two members. */
	length = pack(packed, 0, sizeof(packed), zeros, TLSRPT_TEXT_MAX);
	length = pack(packed, length, sizeof(packed), zeros, 1);
	expect_gunzip(__LINE__, length, "", "unpacks to more than 16 MiB");
	free(zeros);
	for (i = length = 0; i < TLSRPT_MEMBERS_MAX; i++)
		length = pack(packed, length, sizeof(packed), "", 0);
	expect_gunzip(__LINE__, length, "", "");
	length = pack(packed, length, sizeof(packed), "", 0);
	expect_gunzip(__LINE__, length, "", "has more than 1000 members");
	UNIT_DONE();
}

static void
test_gzip_inside(void **state)
{
	size_t length = pack(packed, 0, sizeof(packed), JSON, strlen(JSON));
	char twice[4096];

	(void)state;
	(void)unpack((struct text_span){ packed, length }, NAME, true);
	UNIT_STRING(__LINE__, taken.bytes, "d.example: " JSON "\n");
	(void)unpack((struct text_span){ packed, length - 1 }, NAME, true);
	UNIT_STRING(__LINE__, taken.bytes, "");
	UNIT_FINDINGS(__LINE__, &found, "0:0: error: the gzip data ends");
	/* A mail, as some keep them; but no gzip in gzip. */
	length =
	    pack(twice, 0, sizeof(twice), DOMAIN REPORT, strlen(DOMAIN REPORT));
	(void)unpack((struct text_span){ twice, length }, "x", false);
	UNIT_STRING(__LINE__, taken.bytes, "mail.example: " JSON "\n");
	length = pack(packed, 0, sizeof(packed), twice, length);
	(void)unpack((struct text_span){ packed, length }, "x", false);
	UNIT_STRING(__LINE__, taken.bytes, "");
	UNIT_FINDINGS(__LINE__, &found, "0:0: error: no TLS report");
	UNIT_DONE();
}

/* A beginning and so many times a middle, as one mail. */
static void
unpack_much(const char *beginning, const char *middle, size_t times)
{
	const size_t length = strlen(middle);
	char *text = malloc(strlen(beginning) + times * length + 1), *at;
	size_t i;

	at = stpcpy(text, beginning);
	for (i = 0; i < times; i++)
		at = mempcpy(at, middle, length);
	*at = '\0';
	(void)unpack((struct text_span){ text, strlen(text) }, "x", false);
	free(text);
}

static void
test_mail_bounds(void **state)
{
	(void)state;
	UNIT_SKIP_LARGE();
	unpack_much(MULTI, "--b\n\n\n", TLSRPT_PARTS_MAX);
	UNIT_FINDINGS(__LINE__, &found, "0:0: error: the mail is said");
	unpack_much(MULTI, "--b\n\n\n", TLSRPT_PARTS_MAX + 1);
	UNIT_FINDINGS(__LINE__, &found, "0:0: error: a mail of more than");
	unpack_much("", "a:b\n", TLSRPT_HEADERS_MAX);
	UNIT_FINDINGS(__LINE__, &found, "0:0: error: a mail without");
	unpack_much("", "a:b\n", TLSRPT_HEADERS_MAX + 1);
	UNIT_FINDINGS(__LINE__, &found, "0:0: error: a mail of more than");
	/* Nested without an end: GMime has a limit of its own. */
	unpack_much("", "Content-Type: message/rfc822\n\n", 5000);
	UNIT_FINDINGS(__LINE__, &found, "0:0: error: a mail without");
	unpack_much(
	    "", "Content-Type: multipart/mixed; boundary=b\n\n--b\n", 2000);
	UNIT_FINDINGS(__LINE__, &found, "0:0: error: a mail without");
	UNIT_DONE();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_gzip),
		cmocka_unit_test(test_gzip_bounds),
		cmocka_unit_test(test_gzip_inside),
		cmocka_unit_test(test_mail_bounds),
	};

	return UNIT_RUN(tests);
}
