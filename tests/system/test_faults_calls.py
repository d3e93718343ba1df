"""
System calls that fail while it serves, by strace(1)'s fault injection and by
lowered limits: the request at hand gets the right status, or its connection is
closed; the next one is answered by the same process, which has lost nothing.
"""

import os
import resource
import signal
import time
from contextlib import ExitStack

import pytest

import fastcgi
from cgi import check, variables
from fastcgi import Closed, Connection, request
from faults import Injection, descriptors, needs_strace
from harness import POLICY, POLICY_WIRE, Responder, Site, wait_for

# Nobody but root can count another's descriptors.
pytestmark = pytest.mark.root

HALF = request()[:50]
FIRST = POLICY[:25].hex()
# Seconds: a tick comes twice in one, on a machine that is not busy.
AT_LAST = 5


@pytest.fixture(scope="module")
def served():
    """A responder for all tests here: it is to survive each of them."""
    with Site() as site:
        site.write("example.com", POLICY)
        site.alias("alias.example", "example.com")
        with Responder(site) as responder:
            check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
            yield responder


@pytest.fixture(autouse=True)
def back_to_normal(served):
    """After each: the same process answers, and has as many descriptors."""
    pid, before = served.process.pid, descriptors(served.process.pid)
    yield
    check(fastcgi.ask(served.socket), 200, POLICY_WIRE)
    assert served.process.poll() is None
    wait_for(lambda: descriptors(pid) <= before)


def read_with(served, *faults, domain="example.com"):
    """The status of a request during whose look-up these faults happen."""
    paths = (served.site.policies / "example.com.txt", "example.com.txt",
             "alias.example.txt")
    with Injection(served.process.pid, *faults, paths=paths) as injection:
        answer = fastcgi.ask(served.socket, variables("mta-sts." + domain))
        injection.wait_for_faults(len(faults))
    if answer.status == 200:
        check(answer, 200, POLICY_WIRE)
    else:
        assert b"STSv1" not in answer.body
    return answer.status


READS = [
    # What will not pass by itself is a 500, what may is a 503.
    ("openat:error=EACCES", 500), ("openat:error=EPERM", 500),
    ("openat:error=ENAMETOOLONG", 500), ("openat:error=ENOTDIR", 500),
    ("openat:error=EIO", 503), ("openat:error=ESTALE", 503),
    ("openat:error=EMFILE", 503), ("openat:error=ENFILE", 503),
    ("openat:error=ENOMEM", 503), ("openat:error=ETIMEDOUT", 503),
    # Not a link, as it turns out: looked at again.
    ("openat:error=ELOOP", 200),
    ("openat:error=EINTR", 200), ("openat:error=ENOENT", 404),
    ("newfstatat:error=EIO", 503), ("newfstatat:error=EACCES", 500),
    ("newfstatat:error=ESTALE", 503), ("newfstatat:error=ENOMEM", 503),
    ("pread64:error=EIO", 503), ("pread64:error=ESTALE", 503),
    ("pread64:error=EINTR", 200), ("pread64:error=EACCES", 500),
    # It ends early once: read again.
    ("pread64:retval=0", 200),
]


@needs_strace
@pytest.mark.parametrize("fault, status", READS,
                         ids=[fault for fault, _ in READS])
def test_read(served, fault, status):
    assert read_with(served, fault + ":when=1") == status


@needs_strace
def test_second_look_fails(served):
    """After it was read the file cannot be looked at."""
    assert read_with(served, "newfstatat:error=EIO:when=2") == 503


@needs_strace
def test_always_shorter_than_it_says(served):
    """What ends early each time is refused, though its size never changes."""
    assert read_with(served, "pread64:retval=0:when=1+") == 500


@needs_strace
@pytest.mark.parametrize("count", [1, 7, 25])
def test_short_read(served, count):
    """A read that gives some bytes of what was asked for is gone on with."""
    poke = f"poke_exit=@arg2={FIRST[:2 * count]}"
    assert read_with(served, f"pread64:retval={count}:{poke}:when=1") == 200


@needs_strace
@pytest.mark.parametrize("error, status", [("EIO", 503), ("EACCES", 500)])
def test_link(served, error, status):
    assert read_with(served, f"readlinkat:error={error}:when=1",
                     domain="alias.example") == status


@needs_strace
@pytest.mark.parametrize("error", ["EIO", "EINTR", "ENOMEM", "ESTALE"])
def test_directory_cannot_be_looked_at(served, error):
    """That says nothing of where it is: no reason to leave."""
    with Injection(served.process.pid, f"newfstatat:error={error}:when=1..2",
                   paths=(served.site.policies,)) as injection:
        injection.wait_for_faults(2)


@needs_strace
@pytest.mark.parametrize("error", [
    "EMFILE", "ENFILE", "ENOMEM", "ENOBUFS", "ECONNABORTED", "EINTR", "EPERM"])
def test_accept(served, error):
    """Who waits is accepted with the next tick at the latest."""
    with Connection(served.socket) as kept:
        check(kept.ask(), 200, POLICY_WIRE)
        with Injection(served.process.pid, f"accept4:error={error}:when=1"):
            start = time.monotonic()
            check(fastcgi.ask(served.socket), 200, POLICY_WIRE)
            assert time.monotonic() - start < AT_LAST
        if error in ("ECONNABORTED", "EINTR", "EPERM"):
            check(kept.ask(), 200, POLICY_WIRE)
        else:
            # For want of room the one idle longest went.
            assert kept.is_closed()


@needs_strace
@pytest.mark.parametrize("error", ["ENFILE", "ENOMEM"])
def test_accept_fails_for_long(served, error):
    """It does not spin, keeps the busy ones, and comes back by itself."""
    with ExitStack() as stack:
        half = stack.enter_context(Connection(served.socket))
        half.send(HALF)
        with Injection(served.process.pid, f"accept4:error={error}:when=1+"
                       ) as injection:
            waiting = stack.enter_context(Connection(served.socket))
            waiting.send(request(keep=False))
            time.sleep(1.2)
            injection.wait_for_faults(2)
            tries = sum("accept4" in line for line in injection.calls())
        check(waiting.answer(), 200, POLICY_WIRE)
        # Three ticks, and once more for each connection that makes room.
        assert tries < 10, injection.text


@needs_strace
def test_listener_cannot_be_watched_again(served):
    """Accepting fails, and so does the end of the pause after it: twice."""
    with Injection(served.process.pid, "accept4:error=EPERM:when=1",
                   "epoll_ctl:error=ENOMEM:when=2..3") as injection:
        with Connection(served.socket) as waiting:
            waiting.send(request(keep=False))
            injection.wait_for_faults(3)
            check(waiting.answer(), 200, POLICY_WIRE)


@needs_strace
@pytest.mark.parametrize("error", ["ENOMEM", "ENOSPC"])
def test_connection_cannot_be_watched(served, error):
    """It is not kept, and has its answer if it brought its request along."""
    pid = served.process.pid
    with Injection(pid, f"epoll_ctl:error={error}:when=1"):
        os.kill(pid, signal.SIGSTOP)
        with Connection(served.socket) as connection:
            connection.send(request())
            os.kill(pid, signal.SIGCONT)
            check(connection.answer(), 200, POLICY_WIRE)
            assert connection.drain() == b""


@needs_strace
@pytest.mark.parametrize("error", ["EMFILE", "ENFILE", "ENOMEM", "ENOBUFS"])
def test_no_pair_of_sockets(served, error):
    """For a request in pieces: it alone is lost, and nothing odd is sent."""
    with ExitStack() as stack:
        other = stack.enter_context(Connection(served.socket))
        other.send(HALF)
        with Injection(served.process.pid, f"socketpair:error={error}:when=1"
                       ) as injection:
            connection = stack.enter_context(Connection(served.socket))
            connection.send(HALF)
            connection.settle()
            connection.send(request()[50:])
            assert connection.drain() == b""
            injection.wait_for_faults()
        other.send(request()[50:])
        check(other.answer(), 200, POLICY_WIRE)


@needs_strace
@pytest.mark.parametrize("fault, kept", [
    ("recvfrom:error=EINTR", True), ("recvfrom:error=EAGAIN", True),
    ("recvfrom:error=ECONNRESET", False), ("recvfrom:error=ENOMEM", False),
    ("read:error=EIO", False), ("write:error=EPIPE", False),
    ("write:error=ENOBUFS", False), ("epoll_pwait:error=EINTR", True)])
def test_talking(served, fault, kept):
    """An error on one connection is that connection's alone."""
    with Connection(served.socket) as other, \
            Connection(served.socket) as connection:
        for it in (other, connection):
            check(it.ask(), 200, POLICY_WIRE)
        with Injection(served.process.pid, fault + ":when=1"):
            connection.send(request())
            try:
                check(connection.answer(), 200, POLICY_WIRE)
                assert kept
            except Closed as closed:
                assert not kept and closed.rest == b""
        check(other.ask(), 200, POLICY_WIRE)


def test_fewer_descriptors_than_it_has(served):
    """
    A hundred clients are idle when the limit is lowered far below that: who
    comes now is served, with a policy if it can be, and all is well later.
    """
    pid, path = served.process.pid, served.socket
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    with ExitStack() as stack:
        for _ in range(100):
            it = stack.enter_context(Connection(path))
            check(it.ask(), 200, POLICY_WIRE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (12, before[1]))
        try:
            seen = set()
            for _ in range(30):
                it = stack.enter_context(Connection(path))
                seen.add(it.ask().status)
            assert seen <= {200, 503}, seen
        finally:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        for _ in range(30):
            it = stack.enter_context(Connection(path))
            check(it.ask(), 200, POLICY_WIRE)
