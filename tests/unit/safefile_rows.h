/*
 * Files, and what can happen to one while it is read, for test_safefile.c.
 */
#ifndef MTASTS_SAFEFILE_ROWS_H
#define MTASTS_SAFEFILE_ROWS_H

#include "fixture.h"

/* Where the rows are, for the messages about them. */
static const char rows_file[] = __FILE__;

#define TEXT63 "123456789012345678901234567890123456789012345678901234567890123"

enum kind { NOTHING, PLAIN, LINK, FOLDER, FIFO };

static const struct {
	int line;
	enum kind kind;
	const char *name;
	const char *is; /* what is in a file, or what a link names */
	mode_t mode;
	enum safefile_result want;
	const char *text; /* what is read, or the findings */
} files[] = {
	{ __LINE__, NOTHING, "absent", NULL, 0, ABSENT, "" },
	{ __LINE__, PLAIN, "plain", "text\n", 0644, OK, "text\n" },
	{ __LINE__, PLAIN, "empty", "", 0644, OK, "" },
	{ __LINE__, PLAIN, "owners", "x", 0600, OK, "x" },
	{ __LINE__, PLAIN, "readonly", "x", 0444, OK, "x" },
	{ __LINE__, PLAIN, "executable", "x", 0755, OK, "x" },
	{ __LINE__, PLAIN, "63", TEXT63, 0644, OK, TEXT63 },
	{ __LINE__, PLAIN, "64", TEXT63 "4", 0644, REFUSED,
	    "0:0: error: larger than 63 bytes" },
	{ __LINE__, PLAIN, "65", TEXT63 "45", 0644, REFUSED,
	    "0:0: error: larger than 63 bytes" },
	{ __LINE__, PLAIN, "group", "x", 0664, REFUSED,
	    "0:0: error: writable by its group (mode 0664); run chmod g-w on "
	    "it" },
	{ __LINE__, PLAIN, "others", "x", 0646, REFUSED,
	    "0:0: error: writable by everybody (mode 0646); run chmod o-w on "
	    "it" },
	{ __LINE__, PLAIN, "both", "x", 0666, REFUSED,
	    "0:0: error: writable by ~ (mode 0666)~run chmod go-w on it" },
	{ __LINE__, FOLDER, "folder", NULL, 0755, REFUSED,
	    "0:0: error: ~no regular file" },
	{ __LINE__, FIFO, "fifo", NULL, 0600, REFUSED,
	    "0:0: error: ~no regular file" },
	{ __LINE__, LINK, "alias", "plain", 0, OK, "text\n" },
	{ __LINE__, LINK, "to-group", "group", 0, REFUSED,
	    "0:0: error: writable by its group" },
	{ __LINE__, LINK, "to-64", "64", 0, REFUSED,
	    "0:0: error: larger than 63 bytes" },
	{ __LINE__, LINK, "to-link", "alias", 0, REFUSED,
	    "0:0: error: a link to another link" },
	{ __LINE__, LINK, "to-itself", "to-itself", 0, REFUSED,
	    "0:0: error: a link to another link" },
	{ __LINE__, LINK, "to-nothing", "nothing", 0, REFUSED,
	    "0:0: error: a link to a file that does not exist" },
	{ __LINE__, LINK, "to-folder", "folder", 0, REFUSED,
	    "0:0: error: ~no regular file" },
	{ __LINE__, LINK, "to-here", ".", 0, REFUSED,
	    "0:0: error: ~no regular file" },
	{ __LINE__, LINK, "to-fifo", "fifo", 0, REFUSED,
	    "0:0: error: ~no regular file" },
	{ __LINE__, LINK, "here", "./plain", 0, REFUSED,
	    "0:0: error: a link that leaves its directory" },
	{ __LINE__, LINK, "up", "../plain", 0, REFUSED,
	    "0:0: error: a link that leaves its directory" },
	{ __LINE__, LINK, "down", "folder/x", 0, REFUSED,
	    "0:0: error: a link that leaves its directory" },
	{ __LINE__, LINK, "away", "/etc/passwd", 0, REFUSED,
	    "0:0: error: a link that leaves its directory" },
};

/* What happens to a read, for once or for ever. */
static enum {
	AS_IT_IS,
	BY_BYTE,
	INTERRUPTED,
	FAILING,
	GROWING,
	SHRINKING,
	TOUCHING
} how;
static unsigned times, reads;
static const char *victim;

static const struct {
	int line;
	__typeof__(how) how;
	unsigned times, reads; /* reads: the least number of them */
	enum safefile_result want;
	const char *text;
} disturbed[] = {
	{ __LINE__, AS_IT_IS, 0, 1, OK, "0123456789" },
	{ __LINE__, BY_BYTE, 99, 10, OK, "0123456789" },
	{ __LINE__, INTERRUPTED, 3, 4, OK, "0123456789" },
	{ __LINE__, FAILING, 1, 1, LATER,
	    "0:0: error: it cannot be read: Input/output error" },
	{ __LINE__, SHRINKING, 1, 2, OK, "01" },
	{ __LINE__, TOUCHING, 1, 2, OK, "0123456789" },
	{ __LINE__, TOUCHING, 99, 2, REFUSED,
	    "0:0: error: it changed while it was read~rename" },
	{ __LINE__, GROWING, 99, 2, REFUSED,
	    "0:0: error: it changed while it was read~rename" },
};

#endif
