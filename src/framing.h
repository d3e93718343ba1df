/*
 * Whether the bytes that wait on a connection are one whole FastCGI request
 * (FastCGI 1.0, sections 3.3 and 5), so that libfcgi can read it without ever
 * waiting for the peer. Looks at record headers alone; what is in the records
 * is for libfcgi.
 */
#ifndef MTASTS_FRAMING_H
#define MTASTS_FRAMING_H

#include <stddef.h>

/* The most bytes that a request may have before its body: 64 KiB. */
#define FRAMING_SIZE_MAX 65536

enum framing {
	FRAMING_READY,    /* a request: the parameters are all there */
	FRAMING_PARTIAL,  /* more has to come */
	FRAMING_LEFTOVER, /* the end of an earlier request goes first */
	FRAMING_BROKEN,   /* this will never be a request */
};

/*
 * Looks at the first length bytes that wait. A request is a BEGIN_REQUEST and
 * PARAMS up to an empty one; what comes after these is not looked at. A
 * leftover is one empty STDIN record, which ends a request without a body and
 * may come late. *size becomes the size of either, padding included.
 *
 * Management records are refused: no web server here sends any, and libfcgi is
 * careless about them (CVE-2025-23016). What a peer sends after the look is
 * libfcgi's to bear.
 */
enum framing
framing_look(const unsigned char *bytes, size_t length, size_t *size);

/*
 * Looks at the record that comes after a request which announced a body.
 * FRAMING_LEFTOVER: a part of that body, of *size bytes, which need not all be
 * there. FRAMING_READY: the body is over, by its last record, of *size bytes,
 * or by something else, with *size 0.
 */
enum framing
framing_look_body(const unsigned char *bytes, size_t length, size_t *size);

#endif
