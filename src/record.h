/*
 * The TXT records beside a policy: _mta-sts.<domain> with the id (RFC 8461
 * section 3.1) and _smtp._tls.<domain> with where reports go (RFC 8460 section
 * 3): what to publish, and what a sender makes of what is published. Asks no
 * DNS.
 */
#ifndef MTASTS_RECORD_H
#define MTASTS_RECORD_H

#include <stdbool.h>
#include <time.h>

#include "diag.h"
#include "policy.h"
#include "text.h"

#define RECORD_ID_MAX  32
#define RECORD_ID_SIZE (RECORD_ID_MAX + 1)

/*
 * The id that follows from the policy alone: the first 32 hex digits of the
 * SHA-256 of its canonical text. It changes exactly when the policy does, and
 * every host that has the policy comes to the same. Pre: no error was found.
 */
void record_id_of_policy(const struct policy *policy, char id[RECORD_ID_SIZE]);

/* The id that tells when: YYYYMMDDhhmmssZ, in UTC. */
void record_id_of_time(time_t time, char id[RECORD_ID_SIZE]);

/* Whether the span is 1 to 32 letters and digits. */
bool record_id_is_valid(struct text_span id);

/* Appends "v=STSv1; id=<id>;". Pre: record_id_is_valid. */
void record_add_sts(struct text *text, const char *id);

/*
 * Appends "v=TLSRPTv1; rua=<uri>,<uri>". The URIs are mailto: or https:, with
 * ',', '!' and ';' percent-encoded (settings has seen to it).
 */
void
record_add_tlsrpt(struct text *text, const char *const *uris, size_t count);

/*
 * What a sender makes of the TXT records found at _mta-sts.<domain>, each span
 * the joined strings of one. Findings go to the sink, line being the number of
 * the record, from 1, and column the octet in it. True with the id when they
 * come to exactly one valid record beginning "v=STSv1;", else false: a sender
 * sees no MTA-STS at all (RFC 8461 section 3.1).
 */
bool record_read_sts(const struct text_span *values, size_t count,
    char id[RECORD_ID_SIZE], struct diag_sink *sink);

#endif
