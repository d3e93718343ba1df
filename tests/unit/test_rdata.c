/*
 * rdata.c: what DNS records hold, whole, cut off and hostile; and facts.c's way
 * of keeping what strangers say.
 */
#include "unit.h"

#include "rdata.h"

#define BYTES(literal)                                                         \
	{                                                                      \
		(literal), sizeof(literal) - 1                                 \
	}

struct bytes {
	const char *at;
	size_t length;
};

/* In memory that ends where they end. */
static struct rdata
exact(struct bytes bytes)
{
	unsigned char *at = malloc(bytes.length + 1);

	assert_non_null(at);
	memcpy(at + 1, bytes.at, bytes.length);
	return (struct rdata){ at + 1, bytes.length };
}

static void
release(struct rdata rdata)
{
	free((void *)(uintptr_t)(rdata.at - 1));
}

static const struct {
	int line;
	struct bytes rdata;
	const char *want; /* NULL: none */
} addresses[] = {
	{ __LINE__, BYTES("\x7f\0\0\1"), "127.0.0.1" },
	{ __LINE__, BYTES("\xff\xff\xff\xff"), "255.255.255.255" },
	{ __LINE__, BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"), "::1" },
	{ __LINE__,
	    BYTES("\x20\x01\x0d\xb8\x11\x11\x22\x22\x33\x33\x44\x44\x55\x55\xff"
		  "\xff"),
	    "2001:db8:1111:2222:3333:4444:5555:ffff" },
	{ __LINE__, BYTES(""), NULL },
	{ __LINE__, BYTES("\1\2\3"), NULL },
	{ __LINE__, BYTES("\1\2\3\4\5"), NULL },
};

static void
test_address(void **state)
{
	const __typeof__(addresses[0]) *row;
	char got[FACTS_ADDRESS_SIZE];

	(void)state;
	UNIT_EACH (row, addresses) {
		struct rdata rdata = exact(row->rdata);
		bool good = rdata_address(rdata, got);

		UNIT_EXPECT(row->line, good == (row->want != NULL));
		if (good && row->want != NULL)
			UNIT_STRING(row->line, got, row->want);
		release(rdata);
	}
}

static const struct {
	int line;
	struct bytes rdata;
	size_t size, want;
	const char *kept;
} txts[] = {
	{ __LINE__, BYTES("\3abc"), 10, 3, "abc" },
	{ __LINE__, BYTES("\3abc\0\2de"), 10, 5, "abcde" },
	{ __LINE__, BYTES("\3abc\2de"), 4, 5, "abcd" },
	{ __LINE__, BYTES("\3abc\2de"), 3, 5, "abc" },
	{ __LINE__, BYTES("\3abc\2de"), 0, 5, "" },
	{ __LINE__, BYTES("\0"), 10, 0, "" },
	{ __LINE__, BYTES(""), 10, 0, "" },
	{ __LINE__, BYTES("\5abc"), 10, 3, "abc" },
	{ __LINE__, BYTES("\xff"), 10, 0, "" },
};

static void
test_txt(void **state)
{
	const __typeof__(txts[0]) *row;

	(void)state;
	UNIT_EACH (row, txts) {
		struct rdata rdata = exact(row->rdata);
		char *kept = malloc(row->size + 1);
		size_t length;

		assert_non_null(kept);
		memset(kept, 0, row->size + 1);
		length = rdata_txt(rdata, kept, row->size);
		UNIT_EXPECT(row->line, length == row->want);
		UNIT_STRING(row->line, kept, row->kept);
		free(kept);
		release(rdata);
	}
}

#define LABEL_63                                                               \
	"\x3f"                                                                 \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	int line;
	struct bytes rdata;
	unsigned preference;
	const char *want; /* NULL: none */
} exchangers[] = {
	{ __LINE__, BYTES("\0\12\2MX\7Example\3com\0"), 10, "mx.example.com" },
	{ __LINE__, BYTES("\xff\xff\1a\0"), 65535, "a" },
	{ __LINE__, BYTES("\0\0\0"), 0, "" },
	{ __LINE__, BYTES("\0\1\3a.b\1c\0"), 1, "a\\x2eb.c" },
	{ __LINE__, BYTES("\0\1\3\0/\x1b\0"), 1, "\\x00\\x2f\\x1b" },
	{ __LINE__, BYTES("\0\1\4_m-9\0"), 1, "_m-9" },
	{ __LINE__, BYTES("\0\1" LABEL_63 LABEL_63 LABEL_63 "\1b\0"), 1,
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
	    "b" },
	/* too long, once it is escaped; too long at all */
	{ __LINE__,
	    BYTES("\0\1" LABEL_63 LABEL_63 LABEL_63 "\20////////////////"
		  "\0"),
	    0, NULL },
	{ __LINE__, BYTES("\0\1" LABEL_63 LABEL_63 LABEL_63 LABEL_63 "\0"), 0,
	    NULL },
	/* no end, a length beyond it, a pointer, something after the end */
	{ __LINE__, BYTES(""), 0, NULL },
	{ __LINE__, BYTES("\0"), 0, NULL },
	{ __LINE__, BYTES("\0\1"), 0, NULL },
	{ __LINE__, BYTES("\0\1\2mx"), 0, NULL },
	{ __LINE__, BYTES("\0\1\5mx\0"), 0, NULL },
	{ __LINE__, BYTES("\0\1\xc0\x0c"), 0, NULL },
	{ __LINE__, BYTES("\0\1\2mx\0x"), 0, NULL },
};

static void
test_mx(void **state)
{
	const __typeof__(exchangers[0]) *row;
	char name[HOSTNAME_SIZE];

	(void)state;
	UNIT_EACH (row, exchangers) {
		struct rdata rdata = exact(row->rdata);
		unsigned preference = 4711;
		bool good = rdata_mx(rdata, &preference, name);

		UNIT_EXPECT(row->line, good == (row->want != NULL));
		UNIT_STRING(
		    row->line, name, row->want != NULL ? row->want : "?");
		UNIT_EXPECT(row->line,
		    preference == (row->want != NULL ? row->preference : 4711));
		release(rdata);
	}
}

#define HEAD(answers)                                                          \
	"\0\0\x81\x80\0\1\0" answers "\0\0\0\0"                                \
	"\1a\0\0\1\0\1"
#define CNAME  "\xc0\x0c\0\5\0\1\0\0\0\1\0\3\1b\0"
#define RECORD "\1b\0\0\1\0\1\0\0\0\1\0\4\1\2\3\4"

static const struct {
	int line;
	struct bytes message;
	size_t want;
} chains[] = {
	{ __LINE__, BYTES(HEAD("\0")), 0 },
	{ __LINE__, BYTES(HEAD("\1") RECORD), 0 },
	{ __LINE__, BYTES(HEAD("\2") CNAME RECORD), 1 },
	{ __LINE__, BYTES(HEAD("\3") CNAME CNAME RECORD), 2 },
	/* what the authority section has does not count */
	{ __LINE__, BYTES(HEAD("\1") CNAME CNAME), 1 },
	/* fewer than are said to be there, and cut off anywhere */
	{ __LINE__, BYTES(HEAD("\7") CNAME CNAME), 2 },
	{ __LINE__, BYTES(HEAD("\2") CNAME "\xc0"), 1 },
	{ __LINE__, BYTES(HEAD("\2") CNAME "\xc0\x0c\0\5\0\1\0\0\0\1\0"), 1 },
	{ __LINE__, BYTES(HEAD("\2") CNAME "\x3f"), 1 },
	{ __LINE__, BYTES("\0\0\x81\x80\0\1\0\1\0\0\0"), 0 },
	{ __LINE__, BYTES("\0\0\x81\x80\xff\xff\xff\xff\0\0\0\0"), 0 },
	{ __LINE__, BYTES(""), 0 },
};

static void
test_chain(void **state)
{
	const __typeof__(chains[0]) *row;

	(void)state;
	UNIT_EACH (row, chains) {
		struct rdata rdata = exact(row->message);

		UNIT_EXPECT(row->line, rdata_chain(rdata) == row->want);
		release(rdata);
	}
}

static const struct {
	int line;
	size_t size;
	struct bytes from;
	const char *want;
} cuts[] = {
	{ __LINE__, 10, BYTES("abc"), "abc" },
	{ __LINE__, 4, BYTES("abc"), "abc" },
	{ __LINE__, 3, BYTES("abc"), "ab" },
	{ __LINE__, 1, BYTES("abc"), "" },
	{ __LINE__, 10, BYTES(""), "" },
	{ __LINE__, 10, BYTES("a\0b"), "a\\x00b" },
	/* never half of an escape */
	{ __LINE__, 5, BYTES("a\x1b[31m"), "a" },
	{ __LINE__, 6, BYTES("a\x1b[31m"), "a\\x1b" },
};

static void
test_cut(void **state)
{
	const __typeof__(cuts[0]) *row;

	(void)state;
	UNIT_EACH (row, cuts) {
		char *to = malloc(row->size);

		assert_non_null(to);
		facts_cut(to, row->size, row->from.at, row->from.length);
		UNIT_STRING(row->line, to, row->want);
		free(to);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_txt),
		cmocka_unit_test(test_mx),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_cut),
	};

	return UNIT_RUN(tests);
}
