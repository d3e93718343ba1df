/*
 * CGI (RFC 3875): one request from the environment, its answer to standard
 * output. What to answer is for responder.
 */
#ifndef MTASTS_CGI_H
#define MTASTS_CGI_H

#include <stdbool.h>

#include "responder.h"

/* Whether a web server has called this process as a CGI program. */
bool cgi_is_called(void);

/*
 * Answers the request. A body is not read for its own sake, but taken off
 * standard input for at most a few seconds. False when the answer could not be
 * written.
 */
bool cgi_answer(const struct responder_source *source);

#endif
