/*
 * The limit of a design with libfcgi: what bare.c does, but that libfcgi reads
 * the request and writes the answer. It is not asked to do anything that it
 * need not: no look whether the request is whole, no limits, no time-outs, no
 * sandbox. A peer that sends half a request stops it all.
 *
 *   least DIRECTORY OWNER
 *
 * Between bare and this lies libfcgi, between this and the responder what makes
 * one fit to be served. It is here to be measured.
 */
#include <fcgiapp.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "source.h"

#define LISTENER        0
#define EVENTS_MAX      64
#define ACCEPTS_MAX     64
#define DESCRIPTORS_MAX 20000

static FCGX_Request *requests[DESCRIPTORS_MAX];
/* Answers one request; whether the connection goes on. libfcgi closes it. */
static bool
serve(FCGX_Request *request)
{
	static char storage[RESPONDER_ANSWER_SIZE];
	struct responder_request variables;
	struct text answer;

	request->detached = 1; /* no lingering */
	if (FCGX_Accept_r(request) != 0)
		return false;
	responder_request_read(&variables, request->envp);
	text_init(&answer, storage, sizeof(storage));
	responder_answer(&variables, &rival_source, &answer);
	(void)FCGX_PutStr(answer.bytes, (int)answer.length, request->out);
	FCGX_Finish_r(request);
	return request->ipcFd >= 0;
}

static void
serve_descriptor(int descriptor)
{
	if (serve(requests[descriptor]))
		return;
	free(requests[descriptor]);
	requests[descriptor] = NULL;
}

/* Whether there is a request of libfcgi's for a new connection. */
static bool
take(int descriptor)
{
	FCGX_Request *request = NULL;

	if (descriptor < DESCRIPTORS_MAX)
		request = calloc(1, sizeof(*request));
	if (request == NULL)
		return false;
	FCGX_InitRequest(request, -1, 0);
	request->ipcFd = descriptor;
	request->keepConnection = 1;
	requests[descriptor] = request;
	return true;
}

/* Most bring their request along; libfcgi waits for the others'. */
static void
accept_all(int watch)
{
	struct epoll_event event = { .events = EPOLLIN };
	int i;

	for (i = 0; i < ACCEPTS_MAX; i++) {
		event.data.fd = accept4(LISTENER, NULL, NULL, SOCK_CLOEXEC);
		if (event.data.fd < 0)
			return;
		if (!take(event.data.fd)) {
			(void)close(event.data.fd);
			continue;
		}
		serve_descriptor(event.data.fd);
		if (requests[event.data.fd] != NULL)
			(void)epoll_ctl(
			    watch, EPOLL_CTL_ADD, event.data.fd, &event);
	}
}

int
main(int argc, char **argv)
{
	struct epoll_event events[EVENTS_MAX], event = { .events = EPOLLIN };
	int watch = epoll_create1(EPOLL_CLOEXEC), count, i;

	if (argc != 3 || watch < 0 || FCGX_Init() != 0 ||
	    !rival_open(argv[1], argv[2]) ||
	    fcntl(LISTENER, F_SETFL, O_NONBLOCK) != 0 ||
	    epoll_ctl(watch, EPOLL_CTL_ADD, LISTENER, &event) != 0)
		return 1;
	/* libfcgi takes it to end its own loop. */
	(void)signal(SIGTERM, SIG_DFL);
	for (;;) {
		count = epoll_wait(watch, events, EVENTS_MAX, -1);
		for (i = 0; i < count; i++)
			if (events[i].data.fd == LISTENER)
				accept_all(watch);
			else
				serve_descriptor(events[i].data.fd);
	}
}
