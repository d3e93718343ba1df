/*
 * Links that somebody replaces between two looks at them, for test_safefile.c.
 */
#ifndef MTASTS_SAFEFILE_LINKS_H
#define MTASTS_SAFEFILE_LINKS_H

#include "fixture.h"

/* Where the rows are, for the messages about them. */
static const char links_file[] = __FILE__;

/* What becomes of "link", whose target is "old". */
enum change {
	A_FILE,       /* takes its place */
	NOTHING_MORE, /* it goes */
	ANOTHER,      /* it names a new file, and the one it named goes */
	TURNED_ROUND, /* it is the file, and old a link to it */
};

static const struct {
	int line;
	enum change change;
	bool late;      /* after the link was read, else before */
	unsigned times; /* how many looks are disturbed */
	enum safefile_result want;
	const char *text;
} replaced[] = {
	{ __LINE__, A_FILE, false, 0, OK, "old" },
	{ __LINE__, A_FILE, false, 1, OK, "new" },
	{ __LINE__, A_FILE, true, 1, OK, "old" },
	{ __LINE__, NOTHING_MORE, false, 1, ABSENT, "" },
	{ __LINE__, NOTHING_MORE, true, 1, OK, "old" },
	{ __LINE__, ANOTHER, false, 1, OK, "new" },
	{ __LINE__, ANOTHER, true, 1, OK, "new" },
	{ __LINE__, ANOTHER, true, 2, OK, "new" },
	{ __LINE__, ANOTHER, true, 99, REFUSED,
	    "0:0: error: a link to a file that does not exist" },
	{ __LINE__, TURNED_ROUND, false, 1, OK, "new" },
	{ __LINE__, TURNED_ROUND, true, 1, OK, "new" },
};

static enum change change;
static bool change_late;
static unsigned changes_left, changes;
static char change_target[16]; /* of the link */

static void
links_make(void)
{
	(void)unlink(in_base("link"));
	(void)unlink(in_base("old"));
	put("old", "old", 0644);
	make_link("old", "link");
	(void)strcpy(change_target, "old");
}

/* Each is how an administrator's tools do it: beside it, then rename(2). */
static void
links_change(void)
{
	char target[sizeof(change_target)];

	switch (change) {
	case A_FILE:
	case TURNED_ROUND:
		put("next", "new", 0644);
		assert_int_equal(rename(in_base("next"), in_base("link")), 0);
		if (change == A_FILE)
			return;
		make_link("link", "next");
		assert_int_equal(rename(in_base("next"), in_base("old")), 0);
		return;
	case NOTHING_MORE:
		assert_int_equal(unlink(in_base("link")), 0);
		return;
	case ANOTHER:
		(void)snprintf(target, sizeof(target), "new%u", changes);
		put(target, "new", 0644);
		make_link(target, "next");
		assert_int_equal(rename(in_base("next"), in_base("link")), 0);
		assert_int_equal(unlink(in_base(change_target)), 0);
		(void)strcpy(change_target, target);
	}
}

#endif
