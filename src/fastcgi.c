/*
 * FastCGI without waiting; see fastcgi.h.
 *
 * libfcgi alone blocks on a peer that sends half a request. So it sees the
 * connection only when a whole one waits there, and the descriptor does not
 * block: a read finds all it wants, and an answer fits the socket's buffer, or
 * the peer is one that does not read, and loses its connection. A request that
 * comes in pieces is put together here first.
 */
#include "fastcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "framing.h"

#define DISCARDS_MAX 16 /* reads of a body at a time */

struct fastcgi {
	FCGX_Request request;
	int descriptor; /* -1 when libfcgi has closed it */
	/* What came in pieces, taken off the socket, NULL for none. */
	unsigned char *held;
	size_t held_length;
	bool body; /* all that comes from now on, and is thrown away */
};

bool
fastcgi_init(void)
{
	return FCGX_Init() == 0;
}

struct fastcgi *
fastcgi_open(int descriptor)
{
	struct fastcgi *connection = calloc(1, sizeof(*connection));

	if (connection == NULL) {
		(void)close(descriptor);
		return NULL;
	}
	FCGX_InitRequest(&connection->request, -1, 0);
	connection->descriptor = descriptor;
	connection->request.ipcFd = descriptor;
	/* Or the first FCGX_Accept_r closes it. */
	connection->request.keepConnection = 1;
	return connection;
}

void
fastcgi_close(struct fastcgi *connection)
{
	if (connection->descriptor >= 0)
		(void)close(connection->descriptor);
	free(connection->held);
	free(connection);
}

int
fastcgi_descriptor(const struct fastcgi *connection)
{
	return connection->descriptor;
}

/*
 * Takes the empty record off that ends a request without a body: a kept
 * connection goes on only behind it. It may be still under way; then framing
 * takes it off. False when something else is there.
 */
static bool
input_ends(FCGX_Stream *in)
{
	if (FCGX_GetChar(in) != EOF)
		return false;
	if (FCGX_GetError(in) == EAGAIN)
		FCGX_ClearError(in);
	return FCGX_GetError(in) == 0;
}

/*
 * Answers the request that waits; false when libfcgi has closed ipcFd. Nobody
 * waits for a body: the answer goes out, and discard_body does the rest.
 */
static bool
answer_request(
    struct fastcgi *connection, const struct responder_source *source)
{
	static char storage[RESPONDER_ANSWER_SIZE];
	FCGX_Request *request = &connection->request;
	struct responder_request variables;
	struct text answer;

	/* Or libfcgi lingers up to two seconds on each connection it closes. */
	request->detached = 1;
	if (FCGX_Accept_r(request) != 0)
		return false;
	/* Cut-off parameters look like fewer parameters. */
	if (FCGX_GetError(request->in) != 0) {
		FCGX_Free(request, 1);
		return false;
	}
	responder_request_read(&variables, request->envp);
	text_init(&answer, storage, sizeof(storage));
	responder_answer(&variables, source, &answer);
	(void)FCGX_PutStr(answer.bytes, (int)answer.length, request->out);
	connection->body = responder_request_has_body(&variables);
	if (connection->body)
		request->keepConnection = 1;
	else if (!input_ends(request->in))
		request->keepConnection = 0;
	FCGX_Finish_r(request);
	return request->ipcFd >= 0;
}

/* Passes on to the peer what libfcgi has written. */
static bool
forward(int from, int to)
{
	char bytes[4096];
	ssize_t count;

	while ((count = recv(from, bytes, sizeof(bytes), 0)) > 0)
		if (send(to, bytes, (size_t)count, 0) != count)
			return false;
	return true;
}

/*
 * Answers a request that was taken off the socket: libfcgi reads from a
 * descriptor and nothing else, so it is given one that has just that request.
 */
static bool
answer_held(struct fastcgi *connection, size_t size,
    const struct responder_source *source)
{
	int pair[2];
	bool kept;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		pair) != 0)
		return false;
	if (send(pair[0], connection->held, size, 0) != (ssize_t)size) {
		(void)close(pair[0]);
		(void)close(pair[1]);
		return false;
	}
	connection->request.ipcFd = pair[1];
	kept = answer_request(connection, source);
	if (kept)
		(void)close(pair[1]);
	connection->request.ipcFd = connection->descriptor;
	kept = forward(pair[0], connection->descriptor) && kept;
	(void)close(pair[0]);
	return kept;
}

static void
held_drop(struct fastcgi *connection, size_t size)
{
	connection->held_length -= size;
	memmove(
	    connection->held, connection->held + size, connection->held_length);
	if (connection->held_length > 0)
		return;
	free(connection->held);
	connection->held = NULL;
}

/* Takes off the socket what there is room for; false at the peer's end. */
static bool
held_fill(struct fastcgi *connection)
{
	ssize_t count;

	if (connection->held == NULL)
		connection->held = malloc(FRAMING_SIZE_MAX);
	if (connection->held == NULL)
		return false;
	while (connection->held_length < FRAMING_SIZE_MAX) {
		count = recv(connection->descriptor,
		    connection->held + connection->held_length,
		    FRAMING_SIZE_MAX - connection->held_length, 0);
		if (count < 0)
			return errno == EAGAIN || errno == EINTR;
		if (count == 0)
			return false;
		connection->held_length += (size_t)count;
	}
	return true;
}

/*
 * After the answer to a request with a body: tells the peer that there will be
 * no more, and takes off what still comes. Closed at once, a peer that has not
 * sent it all would see its own failure and not the answer.
 */
static enum fastcgi_state
discard_body(struct fastcgi *connection)
{
	char bytes[4096];
	ssize_t count;
	int reads;

	/* A peer that sends without end must not keep the others waiting. */
	for (reads = 0; reads < DISCARDS_MAX; reads++) {
		count = recv(connection->descriptor, bytes, sizeof(bytes), 0);
		if (count < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (count <= 0)
			return FASTCGI_ENDED;
	}
	return FASTCGI_PARTIAL;
}

static enum fastcgi_state
after_answer(struct fastcgi *connection)
{
	if (!connection->body)
		return FASTCGI_ANSWERED;
	(void)shutdown(connection->descriptor, SHUT_WR);
	return discard_body(connection);
}

/* What came in pieces, or with something behind it. */
static enum fastcgi_state
serve_held(struct fastcgi *connection, const struct responder_source *source)
{
	enum fastcgi_state state = FASTCGI_QUIET;
	bool open = held_fill(connection);
	size_t size;

	while (connection->held != NULL && connection->held_length > 0)
		switch (framing_look(
		    connection->held, connection->held_length, &size)) {
		case FRAMING_READY:
			if (!answer_held(connection, size, source))
				return FASTCGI_ENDED;
			state = after_answer(connection);
			if (state != FASTCGI_ANSWERED)
				return state;
			held_drop(connection, size);
			break;
		case FRAMING_LEFTOVER:
			held_drop(connection, size);
			break;
		case FRAMING_PARTIAL:
			return open ? FASTCGI_PARTIAL : FASTCGI_ENDED;
		case FRAMING_BROKEN:
			return FASTCGI_ENDED;
		}
	return open ? state : FASTCGI_ENDED;
}

/*
 * Whether libfcgi can have the socket itself: it reads ahead, so nothing may
 * wait there but the request and the empty record behind it.
 */
static bool
is_alone(const unsigned char *rest, size_t length)
{
	size_t size;

	return length == 0 ||
	       (framing_look(rest, length, &size) == FRAMING_LEFTOVER &&
		   size == length);
}

enum fastcgi_state
fastcgi_serve(struct fastcgi *connection, const struct responder_source *source)
{
	static unsigned char peeked[FRAMING_SIZE_MAX];
	size_t length, size;
	ssize_t count;

	if (connection->body)
		return discard_body(connection);
	if (connection->held != NULL)
		return serve_held(connection, source);
	count = recv(connection->descriptor, peeked, sizeof(peeked), MSG_PEEK);
	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return FASTCGI_QUIET;
	if (count <= 0)
		return FASTCGI_ENDED;
	length = (size_t)count;
	if (framing_look(peeked, length, &size) != FRAMING_READY ||
	    !is_alone(peeked + size, length - size))
		return serve_held(connection, source);
	if (answer_request(connection, source))
		return after_answer(connection);
	connection->descriptor = -1;
	return FASTCGI_ENDED;
}
