/*
 * The part of test_policy.c that draws by lot, the same lots each time.
 */
#ifndef MTASTS_POLICY_RANDOM_H
#define MTASTS_POLICY_RANDOM_H

static uint32_t random_state;

static uint32_t
pick(uint32_t below)
{
	random_state = random_state * 1664525U + 1013904223U;
	return (random_state >> 8) % below;
}

/* The layout that is normalised, drawn by lot; always the same rendering. */
static void
test_layouts(void **state)
{
	static const char *const fields[] = { "version:#STSv1", "mode:#testing",
		"mx:#B.example", "mx:#*.a.EXAMPLE", "mx:#b.Example",
		"max_age:#00123456" };
	static const char *const blanks[] = { "", " ", "\t", " \t " };
	static const char *const between[] = { "", "", "\n", " \r\n", "# x\r",
		"\t\r\r" };
	static const char *const ends[] = { "\n", "\r\n", "\r" };
	static const char want[] =
	    RV "mode: testing\r\nmx: b.example\r\nmx: *.a.example\r\n"
	       "max_age: 123456\r\n";
	unsigned run, i;

	(void)state;
	for (run = 0; run < 3000; run++) {
		char storage[1024];
		struct text text;
		size_t order[] = { 0, 1, 2, 2, 2, 5 }, mx = 2;

		text_init(&text, storage, sizeof(storage));
		for (i = 5; i > 0; i--) {
			size_t other = pick(i + 1), held = order[i];

			order[i] = order[other];
			order[other] = held;
		}
		text_add_string(&text, pick(2) ? "\xef\xbb\xbf" : "");
		for (i = 0; i < UNIT_COUNT(fields); i++) {
			const char *field =
			    fields[order[i] == 2 ? mx++ : order[i]];
			const char *value = strchr(field, '#');

			text_add_string(&text, between[pick(6)]);
			text_add(&text, field, (size_t)(value - field));
			text_add_string(&text, blanks[pick(4)]);
			text_add_string(&text, value + 1);
			text_add_string(&text, blanks[pick(4)]);
			if (i < 5 || pick(2))
				text_add_string(&text, ends[pick(3)]);
		}
		assert_false(text.overflow);
		assert_true(read_policy(storage, text.length, REFUSE));
		assert_string_equal(rendered, want);
	}
	assert_true(is_stable(REFUSE));
}

/* Good texts with pieces put in and taken out; whatever passes is canonical. */
static void
test_mutations(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
	} pieces[] = { { TEXT("\n") }, { TEXT("\r") }, { TEXT(" ") },
		{ TEXT("\t") }, { TEXT(":") }, { TEXT("#") }, { TEXT("\0") },
		{ TEXT("\xef\xbb\xbf") }, { TEXT("\xc3\xbc") },
		{ TEXT("\xe2\x80\xa8") }, { TEXT("\xc2\x85") },
		{ TEXT("\x80") }, { TEXT("\\r\\n") }, { TEXT("*.") },
		{ TEXT(".") }, { TEXT("-") }, { TEXT("0") }, { TEXT("a") },
		{ TEXT("a: b") }, { TEXT("mx: c") }, { TEXT("mode: none\n") },
		{ TEXT("") } };
	unsigned run, times, accepted = 0;

	(void)state;
	for (run = 0; run < 20000; run++) {
		const struct row *row = &good[run % UNIT_COUNT(good)];
		enum policy_unknown unknown = pick(2) ? PASS : REFUSE;
		char storage[2048];
		size_t length = row->length;

		memcpy(storage, row->source, length);
		for (times = pick(4); times > 0 && length < 1000; times--) {
			size_t piece = pick(UNIT_COUNT(pieces));
			size_t at = pick((uint32_t)length + 1);
			size_t cut = pick(3) ? 0 : pick(8);

			cut = cut > length - at ? length - at : cut;
			memmove(storage + at + pieces[piece].length,
			    storage + at + cut, length - at - cut);
			memcpy(storage + at, pieces[piece].bytes,
			    pieces[piece].length);
			length += pieces[piece].length - cut;
		}
		if (read_policy(storage, length, unknown)) {
			accepted++;
			assert_true(is_stable(unknown));
		}
	}
	assert_in_range(accepted, 3000, 19000);
}

#endif
