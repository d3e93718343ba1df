/*
 * The parts of a mail that may be TLS reports. Read with GMime, since what
 * senders make of MIME (boundaries, encodings, folded and encoded parameters)
 * is not worth a second parser. GMime brings GLib and a dozen other libraries,
 * twice the command's time to start; so it is loaded when the first mail is
 * read, and the other verbs know nothing of it.
 */
#ifndef MTASTS_TLSRPT_MAIL_H
#define MTASTS_TLSRPT_MAIL_H

#include <stdbool.h>

#include "text.h"

/* Valid during the call that brings it. */
struct tlsrpt_part {
	struct text_span bytes; /* decoded */
	const char *name;       /* of the attachment, or "" */
	const char *domain;     /* TLS-Report-Domain of the mail, or "" */
	bool declared;          /* its media type or its name is a report's */
};

enum tlsrpt_mail {
	TLSRPT_MAIL_READ,
	TLSRPT_MAIL_BROKEN,   /* no mail */
	TLSRPT_MAIL_NO_GMIME, /* libgmime-3.0-0 is not installed */
	TLSRPT_MAIL_STOPPED,  /* by take */
};

/*
 * Calls take with each part of a mail, mails within it included, that may be a
 * report by its media type or its name; false ends it. *is_report tells whether
 * the mail says that it is one (multipart/report; report-type=tlsrpt).
 * Pre: the mail is within the bounds of tlsrpt_unpack.h.
 */
enum tlsrpt_mail tlsrpt_mail_each(struct text_span mail, bool *is_report,
    bool (*take)(void *context, const struct tlsrpt_part *part), void *context);

#endif
