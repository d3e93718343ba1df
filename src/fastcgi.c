/*
 * FastCGI without waiting; see fastcgi.h.
 *
 * libfcgi alone blocks on a peer that sends half a request. So it sees the
 * connection only when a whole one waits there, and the descriptor does not
 * block: a read finds all it wants, and an answer fits the socket's buffer, or
 * the peer is one that does not read, and loses its connection.
 */
#include "fastcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "framing.h"

#define BODY_MAX 65536 /* of a body that has arrived, and is thrown away */

struct fastcgi {
	FCGX_Request request;
	int descriptor;
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
	/* libfcgi has closed it where it found the end of it. */
	if (connection->request.ipcFd >= 0)
		(void)close(connection->request.ipcFd);
	free(connection);
}

int
fastcgi_descriptor(const struct fastcgi *connection)
{
	return connection->descriptor;
}

/*
 * Takes off what came after the parameters, as far as it is there: a kept
 * connection goes on only behind the end of the body. Of a request without one
 * just the empty record that says so may still be under way; framing takes that
 * off later. False when the connection must end.
 */
static bool
body_drain(FCGX_Request *request, bool expected)
{
	char bytes[4096];
	size_t left = BODY_MAX;
	int count;

	do {
		count = FCGX_GetStr(bytes, sizeof(bytes), request->in);
		left -= count > 0 ? (size_t)count : 0;
	} while (count == sizeof(bytes) && left > 0);
	if (FCGX_GetError(request->in) == 0)
		return FCGX_HasSeenEOF(request->in) != 0;
	if (expected || FCGX_GetError(request->in) != EAGAIN)
		return false;
	FCGX_ClearError(request->in);
	return true;
}

/* Answers the request that waits; whether the connection goes on. */
static bool
request_answer(FCGX_Request *request, const struct fastcgi_handler *handler)
{
	static char storage[RESPONDER_ANSWER_SIZE];
	struct responder_request variables;
	struct text answer;
	bool body;

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
	body = responder_request_has_body(&variables);
	text_init(&answer, storage, sizeof(storage));
	handler->answer(handler->context, &variables, &answer);
	(void)FCGX_PutStr(answer.bytes, (int)answer.length, request->out);
	if (!body_drain(request, body))
		request->keepConnection = 0;
	FCGX_Finish_r(request);
	return request->ipcFd >= 0;
}

enum fastcgi_state
fastcgi_serve(struct fastcgi *connection, const struct fastcgi_handler *handler)
{
	static unsigned char peeked[FRAMING_SIZE_MAX];
	ssize_t count;
	size_t skip;

	for (;;) {
		count = recv(
		    connection->descriptor, peeked, sizeof(peeked), MSG_PEEK);
		if (count < 0 && (errno == EAGAIN || errno == EINTR))
			return FASTCGI_IDLE;
		if (count <= 0)
			return FASTCGI_ENDED;
		switch (framing_look(peeked, (size_t)count, &skip)) {
		case FRAMING_READY:
			return request_answer(&connection->request, handler)
				   ? FASTCGI_IDLE
				   : FASTCGI_ENDED;
		case FRAMING_PARTIAL:
			return FASTCGI_PARTIAL;
		case FRAMING_BROKEN:
			return FASTCGI_ENDED;
		case FRAMING_LEFTOVER:
			if (recv(connection->descriptor, peeked, skip, 0) < 0)
				return FASTCGI_ENDED;
		}
	}
}
