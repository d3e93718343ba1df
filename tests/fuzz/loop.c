/*
 * The whole loop: server.c, fastcgi.c and libfcgi, with several peers at once.
 * The first octet of the input has what the look-up finds; then come steps, of
 * which one is taken each time the loop waits: somebody connects, sends, shuts,
 * reads or closes, or time goes by. The clock is the harness's own. Each peer
 * gets what it would have got alone, and in the end nothing is left.
 */
#include "conversation.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "server.h"
#include "signals.h"

#define PEERS  4
#define ENDING 30 /* rounds to wind up, half a second each */

enum step { CONNECT, SEND, SEND_ALL, SHUT, CLOSE, READ, WAIT, END };

static struct peer {
	int descriptor; /* -1 for none */
	bool late;      /* it may have been closed for its slowness */
	bool shut;
	size_t sent;
	unsigned char bytes[1 << 20];
	struct output output;
} peers[PEERS];

static struct script {
	const uint8_t *at, *end;
	unsigned ending; /* rounds since the last step */
	bool running;
	struct found found;
} script;

static int64_t now_ms = 1000000; /* the server's: it never goes back */

static struct policy policies[2];
static struct output alone;

/* The end is the harness's to tell, by way of tick. */
void
signals_block(sigset_t *unblocked)
{
	sigemptyset(unblocked);
}

void
signals_handle(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
}

void
signals_let_in(const sigset_t *unblocked)
{
	(void)unblocked;
}

int
signals_caught(void)
{
	return 0;
}

static bool
goes_on(void)
{
	return script.ending < 2;
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	/* libFuzzer's own time-out goes by the other clock. */
	if (!script.running || clock != CLOCK_MONOTONIC)
		return (int)syscall(SYS_clock_gettime, clock, now);
	now->tv_sec = now_ms / 1000;
	now->tv_nsec = now_ms % 1000 * 1000000;
	return 0;
}

int
setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
	(void)resource, (void)limit;
	return 0;
}

/* Whether a peer leaves so much unread that its connection may be lost. */
static bool
is_too_much(const struct output *output)
{
	return output->length >= 2 * 65536;
}

/* What one connection with the same bytes gets, all at once and at leisure. */
static void
ask_alone(const struct peer *peer)
{
	const struct responder_source source = { found_find, &script.found };
	struct fastcgi *connection;
	size_t at = 0, n;
	bool answered, open = true;
	int pair[2];

	alone.length = 0;
	FUZZ_EXPECT(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
	connection = fastcgi_open(pair[1]);
	for (; open && at < peer->sent; at += n) {
		n = peer->sent - at < 32768 ? peer->sent - at : 32768;
		FUZZ_EXPECT(send(pair[0], peer->bytes + at, n, MSG_NOSIGNAL) ==
			    (ssize_t)n);
		open = fastcgi_serve(connection, &source, &answered) !=
		       FASTCGI_ENDED;
		output_collect(pair[0], &alone);
	}
	fastcgi_close(connection);
	output_collect(pair[0], &alone);
	(void)close(pair[0]);
}

static void
check(struct peer *peer)
{
	output_collect(peer->descriptor, &peer->output);
	(void)close(peer->descriptor);
	peer->descriptor = -1;
	ask_alone(peer);
	if (is_too_much(&peer->output) || is_too_much(&alone))
		return;
	FUZZ_EXPECT(output_is_whole(&peer->output));
	FUZZ_EXPECT(peer->output.length <= alone.length);
	FUZZ_EXPECT(peer->late || peer->output.length == alone.length);
	FUZZ_EXPECT(
	    memcmp(peer->output.bytes, alone.bytes, peer->output.length) == 0);
}

static void
peer_connect(struct peer *peer)
{
	struct sockaddr_un address;
	socklen_t size = sizeof(address);

	if (peer->descriptor >= 0)
		return;
	memset(&address, 0, sizeof(address));
	FUZZ_EXPECT(getsockname(0, (struct sockaddr *)&address, &size) == 0);
	peer->descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	FUZZ_EXPECT(
	    connect(peer->descriptor, (struct sockaddr *)&address, size) == 0);
	peer->late = peer->shut = false;
	peer->sent = peer->output.length = 0;
}

/*
 * Sends so many octets of the script. Those that a closed connection does not
 * take count as sent: alone, too, it must have been closed by then.
 */
static void
peer_send(struct peer *peer, size_t size)
{
	ssize_t count;

	if (size > (size_t)(script.end - script.at))
		size = (size_t)(script.end - script.at);
	if (peer->descriptor >= 0 && !peer->shut &&
	    peer->sent + size <= sizeof(peer->bytes)) {
		count = send(peer->descriptor, script.at, size, MSG_NOSIGNAL);
		if (count >= 0 && count != (ssize_t)size)
			peer->late = true;
		if (count < 0 && errno != EPIPE && errno != ECONNRESET)
			peer->late = true;
		memcpy(peer->bytes + peer->sent, script.at, size);
		peer->sent += size;
	}
	script.at += size;
}

static unsigned
next_octet(void)
{
	return script.at < script.end ? *script.at++ : 0;
}

static void
let_time_pass(unsigned milliseconds)
{
	size_t i;

	now_ms += milliseconds;
	for (i = 0; i < PEERS; i++)
		peers[i].late = true;
}

static void
take_step(void)
{
	const unsigned octet = next_octet();
	struct peer *peer = &peers[octet >> 3 & 3];

	switch ((enum step)(octet & 7)) {
	case CONNECT:
		peer_connect(peer);
		break;
	case SEND:
		peer_send(peer, next_octet());
		break;
	case SEND_ALL:
		peer_send(peer, (size_t)-1);
		break;
	case SHUT:
		if (peer->descriptor >= 0)
			(void)shutdown(peer->descriptor, SHUT_WR);
		peer->shut = true;
		break;
	case CLOSE:
		if (peer->descriptor >= 0)
			(void)close(peer->descriptor);
		peer->descriptor = -1;
		break;
	case READ:
		if (peer->descriptor >= 0)
			output_collect(peer->descriptor, &peer->output);
		break;
	case WAIT:
		let_time_pass(next_octet() * 50);
		break;
	case END:
		break;
	}
}

/* The loop waits: its peers move. When they are done time flies. */
int
epoll_pwait(int epoll, struct epoll_event *events, int max, int timeout,
    const sigset_t *mask)
{
	FUZZ_EXPECT(timeout >= 0 && timeout <= 500);
	if (script.at < script.end) {
		take_step();
	} else {
		FUZZ_EXPECT(++script.ending < ENDING);
		now_ms += 500;
	}
	return (int)syscall(
	    SYS_epoll_pwait, epoll, events, max, 0, mask, sizeof(long));
}

/* File descriptor 0 is to be a listening socket, with a name of the kernel's.
 */
static void
set_up(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	size_t i;

	FUZZ_EXPECT(bind(listener, (struct sockaddr *)&address,
			sizeof(address.sun_family)) == 0);
	FUZZ_EXPECT(listen(listener, PEERS) == 0 && dup2(listener, 0) == 0);
	(void)close(listener);
	found_policies(policies);
	for (i = 0; i < PEERS; i++)
		peers[i].descriptor = -1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct responder_source source = { found_find, &script.found };
	const struct server_service service = { &source, goes_on };
	static bool ready;
	const unsigned before = open_descriptors();
	size_t i;

	if (!ready)
		set_up();
	else
		FUZZ_EXPECT(before > 0);
	ready = true;
	if (size == 0)
		return 0;
	script = (struct script){ .at = data + 1,
		.end = data + size,
		.running = true,
		.found = { data[0] & 3, &policies[data[0] >> 2 & 1] } };
	FUZZ_EXPECT(server_open());
	server_run(&service);
	script.running = false;
	for (i = 0; i < PEERS; i++)
		if (peers[i].descriptor >= 0)
			check(&peers[i]);
	FUZZ_EXPECT(open_descriptors() == before);
	return 0;
}
