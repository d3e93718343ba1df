/*
 * What a server's certificate is, seen while TLS checks it. Told of every one,
 * good or not; whether a connection goes on is for its owner.
 */
#ifndef MTASTS_CERTIFICATE_H
#define MTASTS_CERTIFICATE_H

#include "facts.h"
#include "looklib.h"

/*
 * Checks the chain in store, and that its first certificate has host among the
 * DNS names of its subjectAltName (RFC 8461 sections 3.3 and 4.1: the common
 * name does not count). Sets certificate, expires, protocol and why of tls. The
 * answer is that of X509_verify_cert: 1 when all is well.
 */
int certificate_check(const struct looklib *lib, X509_STORE_CTX *store,
    const char *host, struct facts_tls *tls);

#endif
