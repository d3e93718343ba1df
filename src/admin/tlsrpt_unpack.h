/*
 * The JSON texts in what a file holds: JSON as it is, gzip (zlib), a mail or an
 * mbox of mails. Told by what it begins with, whatever its name.
 */
#ifndef MTASTS_TLSRPT_UNPACK_H
#define MTASTS_TLSRPT_UNPACK_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

struct diag_sink;

/*
 * gzip is unpacked up to TLSRPT_TEXT_MAX, which is the most that it can take of
 * memory, of so many members.
 */
#define TLSRPT_MEMBERS_MAX 1000

/*
 * Of a mail: GMime takes some 1300 octets for a part and 500 for a header.
 * Lines that begin with -- count as parts, those like headers as headers.
 * Those that begin with a word and a colon count with the lines folded into
 * them, for 40 octets may be what an octet of a header takes (in a list of
 * parameters).
 */
#define TLSRPT_PARTS_MAX   10000
#define TLSRPT_HEADERS_MAX 100000
#define TLSRPT_OCTETS_MAX  ((size_t)1 << 20) /* of headers */

/* Where what is found goes, and how things stand. */
struct tlsrpt_unpack {
	/*
	 * A text that ought to be a report. domain is the one that the mail's
	 * header (RFC 8460 section 5.3) or the file's name (5.1) tells, or "".
	 * Both are valid during the call. False ends it all.
	 */
	bool (*take)(void *context, struct text_span text, const char *domain);
	void *context;
	struct diag_sink *sink;
	bool folder;      /* what is no report is passed over, not an error */
	size_t strangers; /* what was passed over */
	bool stopped;     /* take said so */
	bool no_gmime;    /* there are mails and no library to read them */
};

/* Finds the reports in some bytes of a file of that name. */
void tlsrpt_unpack(
    struct tlsrpt_unpack *unpack, struct text_span bytes, const char *name);

/*
 * Unpacks gzip into *out, which is allocated and the caller's to free whatever
 * is returned: NULL, or what is wrong, in words. What follows the last member
 * is ignored, as gzip does.
 */
const char *tlsrpt_gunzip(struct text_span packed, char **out, size_t *length);

/* Whether the bytes begin as gzip does. */
bool tlsrpt_is_gzip(struct text_span bytes);

/*
 * The domain of a file's name as RFC 8460 section 5.1 has it
 * (sender!domain!begin!end.json.gz), in rows' form; "" if it is none.
 */
void tlsrpt_domain_of(const char *name, char domain[]);

#endif
