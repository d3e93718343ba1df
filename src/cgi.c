/*
 * One request by CGI; see cgi.h.
 */
#include "cgi.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

#define PATIENCE_MS 5000 /* for a body */

bool
cgi_is_called(void)
{
	return getenv("GATEWAY_INTERFACE") != NULL ||
	       getenv("REQUEST_METHOD") != NULL;
}

static bool
write_all(const char *bytes, size_t length)
{
	struct pollfd output = { .fd = STDOUT_FILENO, .events = POLLOUT };

	while (length > 0) {
		ssize_t count = write(STDOUT_FILENO, bytes, length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 && errno == EAGAIN && poll(&output, 1, -1) == 1)
			continue;
		if (count <= 0)
			return false;
		bytes += count;
		length -= (size_t)count;
	}
	return true;
}

/*
 * Apache's mod_cgid has one socket for standard input and output: closed with
 * bytes unread it takes the answer with it.
 */
static void
discard_body(void)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	const uint64_t end = clock_ms() + PATIENCE_MS;
	char bytes[4096];

	(void)shutdown(STDOUT_FILENO, SHUT_WR);
	(void)close(STDOUT_FILENO);
	while (clock_ms() < end && poll(&input, 1, 1000) >= 0)
		if (input.revents != 0 &&
		    read(STDIN_FILENO, bytes, sizeof(bytes)) <= 0)
			break;
}

bool
cgi_answer(const struct responder_source *source)
{
	static char storage[RESPONDER_ANSWER_SIZE];
	struct responder_request request;
	struct text answer;

	responder_request_read(&request, environ);
	text_init(&answer, storage, sizeof(storage));
	responder_answer(&request, source, &answer);
	if (!write_all(answer.bytes, answer.length))
		return false;
	if (responder_request_has_body(&request))
		discard_body();
	return true;
}
