/*
 * framing.c: every beginning of a good request, and what never becomes one.
 */
#include "unit.h"

#include "framing.h"

enum { BEGIN = 1, ABORT, END, PARAMS, STDIN, STDOUT, STDERR, DATA, VALUES };

static unsigned char bytes[FRAMING_SIZE_MAX + 70000];
static size_t length;

/* Appends a record; its content is zeros but for what BEGIN has. */
static void
add(unsigned type, unsigned id, size_t content, size_t padding)
{
	const unsigned char header[8] = { 1, (unsigned char)type,
		(unsigned char)(id >> 8), (unsigned char)id,
		(unsigned char)(content >> 8), (unsigned char)content,
		(unsigned char)padding, 0 };

	assert_true(length + 8 + content + padding <= sizeof(bytes));
	memcpy(bytes + length, header, sizeof(header));
	memset(bytes + length + 8, 0, content + padding);
	if (type == BEGIN && content > 1)
		bytes[length + 9] = 1; /* the role: responder */
	length += 8 + content + padding;
}

struct record {
	unsigned type, id;
	size_t content, padding;
};

/* Looks at the first bytes, in memory that ends where they end. */
static enum framing
look(size_t first, size_t *skip)
{
	unsigned char *exact = malloc(first + 1);
	enum framing answer;

	assert_non_null(exact);
	memcpy(exact + 1, bytes, first);
	*skip = 4711;
	answer = framing_look(exact + 1, first, skip);
	free(exact);
	return answer;
}

static const struct {
	int line;
	struct record records[7]; /* up to one of type 0 */
	size_t ready;             /* bytes of it that are needed; 0: all */
} good[] = {
	{ __LINE__, { { BEGIN, 1, 8, 0 }, { PARAMS, 1, 0, 0 } }, 0 },
	{ __LINE__,
	    { { BEGIN, 1, 8, 0 }, { PARAMS, 1, 40, 0 }, { PARAMS, 1, 0, 0 } },
	    0 },
	{ __LINE__,
	    { { BEGIN, 65535, 8, 0 }, { PARAMS, 65535, 40, 7 },
		{ PARAMS, 65535, 0, 0 } },
	    0 },
	{ __LINE__,
	    { { BEGIN, 256, 8, 0 }, { PARAMS, 256, 2, 255 },
		{ PARAMS, 256, 300, 0 }, { PARAMS, 256, 2, 1 },
		{ PARAMS, 256, 0, 0 } },
	    0 },
	/* STDIN follows, or the next request */
	{ __LINE__,
	    { { BEGIN, 1, 8, 0 }, { PARAMS, 1, 10, 0 }, { PARAMS, 1, 0, 0 },
		{ STDIN, 1, 0, 0 } },
	    16 + 18 + 8 },
	{ __LINE__,
	    { { BEGIN, 1, 8, 0 }, { PARAMS, 1, 10, 0 }, { PARAMS, 1, 0, 0 },
		{ STDIN, 1, 20, 4 }, { STDIN, 1, 0, 0 } },
	    16 + 18 + 8 },
	{ __LINE__,
	    { { BEGIN, 1, 8, 0 }, { PARAMS, 1, 0, 0 }, { VALUES, 0, 5, 0 } },
	    16 + 8 },
};

static void
fill(const struct record records[7])
{
	size_t i;

	length = 0;
	for (i = 0; i < 7 && records[i].type != 0; i++)
		add(records[i].type, records[i].id, records[i].content,
		    records[i].padding);
}

static void
test_good(void **state)
{
	const __typeof__(good[0]) *row;

	(void)state;
	UNIT_EACH (row, good) {
		size_t first, skip, ready;

		fill(row->records);
		ready = row->ready ? row->ready : length;
		for (first = 0; first < ready; first++)
			UNIT_EXPECT(
			    row->line, look(first, &skip) == FRAMING_PARTIAL);
		for (; first <= length; first++)
			UNIT_EXPECT(
			    row->line, look(first, &skip) == FRAMING_READY &&
					   skip == ready);
	}
}

/* The empty STDIN of the request before, whatever follows it. */
static void
test_leftover(void **state)
{
	static const struct {
		int line;
		struct record records[7];
		size_t skip;
	} rows[] = {
		{ __LINE__, { { STDIN, 1, 0, 0 } }, 8 },
		{ __LINE__, { { STDIN, 7, 0, 8 } }, 16 },
		{ __LINE__, { { STDIN, 1, 0, 255 } }, 263 },
		{ __LINE__,
		    { { STDIN, 1, 0, 0 }, { BEGIN, 1, 8, 0 },
			{ PARAMS, 1, 0, 0 } },
		    8 },
		{ __LINE__, { { STDIN, 1, 0, 1 }, { STDIN, 1, 0, 0 } }, 9 },
		{ __LINE__, { { STDIN, 1, 0, 0 }, { VALUES, 0, 0, 0 } }, 8 },
	};
	const __typeof__(rows[0]) *row;

	(void)state;
	UNIT_EACH (row, rows) {
		size_t first, skip;

		fill(row->records);
		for (first = 0; first < row->skip; first++)
			UNIT_EXPECT(
			    row->line, look(first, &skip) == FRAMING_PARTIAL);
		for (; first <= length; first++)
			UNIT_EXPECT(
			    row->line, look(first, &skip) == FRAMING_LEFTOVER &&
					   skip == row->skip);
	}
}

static const struct {
	int line;
	struct record records[7];
	size_t until; /* from so many bytes on it is broken */
} bad[] = {
	/* not a BEGIN first */
	{ __LINE__, { { PARAMS, 1, 0, 0 } }, 8 },
	{ __LINE__, { { PARAMS, 1, 5, 0 } }, 8 },
	{ __LINE__, { { STDIN, 1, 5, 0 } }, 8 },
	{ __LINE__, { { ABORT, 1, 0, 0 } }, 8 },
	{ __LINE__, { { END, 1, 8, 0 } }, 8 },
	{ __LINE__, { { STDOUT, 1, 0, 0 } }, 8 },
	{ __LINE__, { { STDERR, 1, 0, 0 } }, 8 },
	{ __LINE__, { { DATA, 1, 0, 0 } }, 8 },
	{ __LINE__, { { 200, 1, 0, 0 } }, 8 },
	/* management records, first or within */
	{ __LINE__, { { VALUES, 0, 0, 0 } }, 8 },
	{ __LINE__, { { VALUES, 0, 17, 7 } }, 8 },
	{ __LINE__, { { 10, 0, 0, 0 } }, 8 },
	{ __LINE__, { { 11, 0, 8, 0 } }, 8 },
	{ __LINE__, { { BEGIN, 1, 8, 0 }, { VALUES, 0, 17, 7 } }, 24 },
	{ __LINE__,
	    { { BEGIN, 1, 8, 0 }, { PARAMS, 1, 4, 4 }, { VALUES, 0, 0, 0 } },
	    40 },
	/* BEGIN itself */
	{ __LINE__, { { BEGIN, 0, 8, 0 } }, 8 },
	{ __LINE__, { { BEGIN, 1, 0, 0 } }, 8 },
	{ __LINE__, { { BEGIN, 1, 7, 1 } }, 8 },
	{ __LINE__, { { BEGIN, 1, 9, 0 } }, 8 },
	{ __LINE__, { { BEGIN, 1, 65535, 0 } }, 8 },
	/* something else before the parameters are all there */
	{ __LINE__, { { BEGIN, 1, 8, 0 }, { BEGIN, 2, 8, 0 } }, 24 },
	{ __LINE__, { { BEGIN, 1, 8, 0 }, { BEGIN, 1, 8, 0 } }, 24 },
	{ __LINE__, { { BEGIN, 1, 8, 0 }, { ABORT, 1, 0, 0 } }, 24 },
	{ __LINE__, { { BEGIN, 1, 8, 0 }, { STDIN, 1, 0, 0 } }, 24 },
	{ __LINE__, { { BEGIN, 1, 8, 0 }, { PARAMS, 2, 0, 0 } }, 24 },
	{ __LINE__, { { BEGIN, 1, 8, 0 }, { PARAMS, 257, 4, 0 } }, 24 },
	{ __LINE__,
	    { { BEGIN, 1, 8, 0 }, { PARAMS, 1, 9, 7 }, { ABORT, 1, 0, 0 } },
	    48 },
	{ __LINE__,
	    { { BEGIN, 1, 8, 0 }, { PARAMS, 1, 9, 7 }, { BEGIN, 2, 8, 0 } },
	    48 },
};

static void
test_bad(void **state)
{
	const __typeof__(bad[0]) *row;

	(void)state;
	UNIT_EACH (row, bad) {
		size_t first, skip;

		fill(row->records);
		for (first = 0; first <= length && first < 100; first++)
			UNIT_EXPECT(row->line,
			    look(first, &skip) == (first < row->until
							  ? FRAMING_PARTIAL
							  : FRAMING_BROKEN));
	}
}

/* Every version but 1, in each record, as soon as it is there. */
static void
test_version(void **state)
{
	static const struct record records[7] = { { BEGIN, 1, 8, 0 },
		{ PARAMS, 1, 4, 4 }, { PARAMS, 1, 0, 0 } };
	static const size_t places[] = { 0, 16, 32 };
	size_t i, skip;
	unsigned version;

	(void)state;
	fill(records);
	for (i = 0; i < UNIT_COUNT(places); i++) {
		for (version = 0; version < 256; version++) {
			bytes[places[i]] = (unsigned char)version;
			assert_int_equal(look(length, &skip),
			    version == 1 ? FRAMING_READY : FRAMING_BROKEN);
			assert_int_equal(look(places[i] + 1, &skip),
			    version == 1 ? FRAMING_PARTIAL : FRAMING_BROKEN);
		}
		bytes[places[i]] = 1;
	}
}

/* The responder's role alone. */
static void
test_role(void **state)
{
	static const struct record records[7] = { { BEGIN, 1, 8, 0 },
		{ PARAMS, 1, 0, 0 } };
	unsigned role;
	size_t skip;

	(void)state;
	fill(records);
	for (role = 0; role < 65536; role += role < 300 ? 1 : 255) {
		bytes[8] = (unsigned char)(role >> 8);
		bytes[9] = (unsigned char)role;
		assert_int_equal(look(length, &skip),
		    role == 1 ? FRAMING_READY : FRAMING_BROKEN);
	}
}

/* Around the most bytes that a request may have. */
static void
test_size(void **state)
{
	static const struct {
		int line;
		size_t last, padding; /* of the last record with content */
		size_t seen;          /* bytes that are looked at */
		enum framing want;
	} rows[] = {
		/* 16 + 8 + 60000 + 8 + last + padding + 8 are 65536 */
		{ __LINE__, 5496, 0, 65536, FRAMING_READY },
		{ __LINE__, 5490, 6, 65536, FRAMING_READY },
		{ __LINE__, 5496, 0, 65535, FRAMING_PARTIAL },
		{ __LINE__, 5497, 0, 65536, FRAMING_BROKEN },
		{ __LINE__, 5490, 7, 65536, FRAMING_BROKEN },
		{ __LINE__, 5504, 0, 65536, FRAMING_BROKEN },
		{ __LINE__, 5505, 0, 65536, FRAMING_BROKEN },
		{ __LINE__, 65535, 255, 65536, FRAMING_BROKEN },
		/* told before it has all come */
		{ __LINE__, 65535, 255, 60100, FRAMING_BROKEN },
		/* and if somebody looks at more */
		{ __LINE__, 5497, 0, 65537, FRAMING_BROKEN },
		{ __LINE__, 65535, 255, 125830, FRAMING_BROKEN },
	};
	const __typeof__(rows[0]) *row;

	(void)state;
	UNIT_EACH (row, rows) {
		size_t skip;

		length = 0;
		add(BEGIN, 1, 8, 0);
		add(PARAMS, 1, 60000, 0);
		add(PARAMS, 1, row->last, row->padding);
		add(PARAMS, 1, 0, 0);
		UNIT_EXPECT(row->line, row->seen <= length);
		UNIT_EXPECT(row->line, look(row->seen, &skip) == row->want);
	}
}

/* Records of a body, whole or not, and what is none. */
static void
test_body(void **state)
{
	static const struct {
		int line;
		unsigned char bytes[8];
		size_t length;
		enum framing want;
		size_t size;
	} rows[] = {
		{ __LINE__, { 1, 5, 0, 1, 0, 0, 0 }, 8, FRAMING_READY, 8 },
		{ __LINE__, { 1, 5, 0, 1, 0, 0, 9 }, 8, FRAMING_READY, 17 },
		{ __LINE__, { 1, 5, 0, 1, 0, 1, 0 }, 8, FRAMING_LEFTOVER, 9 },
		{ __LINE__, { 1, 5, 0, 1, 255, 255, 255 }, 8, FRAMING_LEFTOVER,
		    65798 },
		/* the next request, or the end of this one */
		{ __LINE__, { 1, 1, 0, 1, 0, 8, 0 }, 8, FRAMING_READY, 0 },
		{ __LINE__, { 1, 2, 0, 1, 0, 0, 0 }, 8, FRAMING_READY, 0 },
		{ __LINE__, { 1, 5, 0, 1, 0, 0, 0 }, 7, FRAMING_PARTIAL, 0 },
		{ __LINE__, { 1 }, 1, FRAMING_PARTIAL, 0 },
		{ __LINE__, { 0 }, 0, FRAMING_PARTIAL, 0 },
		{ __LINE__, { 0, 5, 0, 1, 0, 0, 0 }, 8, FRAMING_BROKEN, 0 },
		{ __LINE__, { 2 }, 1, FRAMING_BROKEN, 0 },
	};
	const __typeof__(rows[0]) *row;
	size_t size;

	(void)state;
	UNIT_EACH (row, rows) {
		UNIT_EXPECT(row->line, framing_look_body(row->bytes,
					   row->length, &size) == row->want &&
					   size == row->size);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_leftover),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_role),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_body),
	};

	return UNIT_RUN(tests);
}
