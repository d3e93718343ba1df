"""
Memory that cannot be had. A web server whose request cannot be answered for
want of it sees its connection closed, and tells its client of an error;
nothing else is lost, and with the memory the answers come back, from the same
process.
"""

import signal
from collections import Counter
from contextlib import ExitStack, suppress

import pytest

import fastcgi
from cgi import check, variables
from fastcgi import Closed, Connection, begin, record, request
from faults import (Heap, Injection, address_space, needs_heap, needs_strace,
                    no_more_memory, sandbox_off, shim, status_of)
from harness import (POLICY_WIRE, Listener, Responder, Site,
                     wait_for)

pytestmark = needs_heap

# As libfcgi is fed: with the most pairs, in a record; and as a server does it.
PAIRS = 32_700
LARGEST = (begin() + record(fastcgi.PARAMS, 2 * PAIRS * b"\0")
           + record(fastcgi.PARAMS) + record(fastcgi.STDIN))
USUAL = request()
LONG = request(variables(HTTP_COOKIE="c" * 60_000))


@pytest.fixture(scope="module")
def heap_library():
    with shim("heap") as library:
        yield library


class Faulty:
    """A responder whose heap can be made to fail."""

    def __init__(self, library):
        self._stack = ExitStack()
        self._library = library

    def __enter__(self):
        site = self._stack.enter_context(Site())
        sandbox_off(site)
        site.write("example.com")
        self.heap = Heap(site.root)
        self.responder = self._stack.enter_context(Responder(
            site, env=self.heap.environment(self._library)))
        self.pid = self.responder.process.pid
        return self

    def __exit__(self, *exception):
        return self._stack.__exit__(*exception)

    def is_well(self):
        """The same process answers, with nothing the matter any more."""
        self.heap.plain()
        check(fastcgi.ask(self.responder.socket), 200, POLICY_WIRE)
        assert self.responder.process.poll() is None, self.responder.log()


@pytest.fixture
def faulty(heap_library):
    with Faulty(heap_library) as it:
        yield it


def ask(path, *pieces):
    """
    Sends the pieces of a request and reads the answer: its status, or None
    when the connection was closed instead.
    """
    with Connection(path) as connection:
        try:
            for piece in pieces[:-1]:
                connection.send(piece)
                connection.settle()  # it is seen to be a part
            connection.send(pieces[-1])
            return connection.answer().status
        except (Closed, BrokenPipeError, ConnectionResetError) as closed:
            assert not getattr(closed, "rest", b""), "half an answer"
            return None


def chunk(size):
    """What glibc takes of the heap for so many bytes."""
    return max(32, (size + 8 + 15) // 16 * 16)


def pairs_of(count, length):
    """A request with so many pairs of so many bytes."""
    values = {f"{number:x}".rjust(length // 2, "_"): b"v" * (length // 2)
              for number in range(count)}
    return request({**variables(), **values})


SHAPES = {
    "usual": USUAL,
    "long": LONG,
    "largest": LARGEST,
    "every variable": pairs_of(900, 40),
    "none": begin() + record(fastcgi.PARAMS) + record(fastcgi.STDIN),
    "body": request(variables(CONTENT_LENGTH="5", REQUEST_METHOD="POST"),
                    stdin=b"12345"),
    "a table just grown": (begin() + record(fastcgi.PARAMS, 2 * 15_359 * b"\0")
                           + record(fastcgi.PARAMS) + record(fastcgi.STDIN)),
    "records of 7 bytes": request(variables(), pieces=range(7, 400, 7)),
}


@pytest.mark.parametrize("data", SHAPES.values(), ids=SHAPES.keys())
def test_libfcgi_takes_no_more_than_was_looked_for(faulty, data):
    """The program asks for the most, frees it, and libfcgi takes of that."""
    check(fastcgi.ask(faulty.responder.socket), 200, POLICY_WIRE)
    faulty.heap.set(Heap.LOG)
    assert ask(faulty.responder.socket, data) is not None
    log = faulty.heap.log()
    faulty.is_well()
    looked = [i for i, (own, _) in enumerate(log) if own][-1]
    taken = [chunk(size) for own, size in log[looked + 1:] if not own]
    assert len(taken) >= 10, log
    assert sum(taken) <= log[looked][1], (sum(taken), log[looked][1])


def halves(data):
    return data[:len(data) // 2], data[len(data) // 2:]


@pytest.mark.parametrize("pieces", [(USUAL,), halves(USUAL)],
                         ids=["whole", "halves"])
def test_every_call_of_the_program(faulty, pieces):
    """
    The n-th call that the program makes for a connection fails, for every n:
    calls of its own, that is; libfcgi's are below.
    """
    path = faulty.responder.socket
    for n in range(1, 20):
        faulty.heap.set(Heap.OWN, n)
        status = ask(path, *pieces)
        failed = faulty.heap.failed
        faulty.is_well()
        if not failed:
            break
        assert status is None, f"call {n}"
    # The connection twice, what is held, and libfcgi's need.
    assert n == 3 + len(pieces)
    assert status == 200


@pytest.mark.parametrize("data, step", [(USUAL, 1024), (LONG, 65536),
                                        (LARGEST, 131072)],
                         ids=["usual", "long", "largest"])
def test_full_heap(faulty, data, step):
    """
    A heap with so many bytes left cannot grow, for more and more of them: the
    first that libfcgi would miss is another one each time. Here nothing fails
    by decree; glibc is refused memory by the kernel.
    """
    path = faulty.responder.socket
    seen = []
    for left in range(0, 34 * len(data) + 65536, step):
        faulty.heap.set(Heap.FULL, left)
        seen.append(ask(path, data))
        assert faulty.heap.is_full
        faulty.is_well()
        if seen[-1] == seen[-2:][0] == 200:
            break
    good = 404 if data is LARGEST else 200
    assert set(seen) == {None, good}, seen
    # Once there was enough, there always was.
    assert seen == sorted(seen, key=lambda status: status is not None)


def test_system_refuses_memory(responder):
    """
    The system gives it more and more: the largest requests, many at a time and
    in halves, are answered or closed; afterwards all are answered.
    """
    path, pid = responder.socket, responder.process.pid
    data = [LARGEST, LONG, USUAL]
    check(fastcgi.ask(path), 200, POLICY_WIRE)
    size, seen = address_space(pid), []
    for more in range(0, 8 << 20, 128 << 10):
        with no_more_memory(pid, size + more), ExitStack() as stack:
            # Half a request each makes the heap larger, 64 KiB at a time.
            held = [stack.enter_context(Connection(path)) for _ in range(40)]
            for connection in held:
                connection.send(LONG[:100])
            seen.append([ask(path, piece) for piece in data])
            for connection in held:
                try:
                    connection.send(LONG[100:])
                    check(connection.answer(), 200, POLICY_WIRE)
                except (OSError, Closed):
                    seen[-1].append(None)
        for piece, status in zip(data, (404, 200, 200)):
            assert ask(path, piece) == status, responder.log()
        assert responder.process.poll() is None, responder.log()
        if None not in seen[-1]:
            break
    # There was a shortage at first, and in the end it had what it needs.
    assert None in seen[0] and seen[-1] == [404, 200, 200], seen


@pytest.mark.parametrize("pieces", [
    (LARGEST,), (LONG,), (LONG[:-9], LONG[-9:])],
    ids=["largest", "long", "in two"])
def test_address_space(responder, pieces):
    """The limit of a running process is lowered to its size, and lifted."""
    path, pid = responder.socket, responder.process.pid
    check(fastcgi.ask(path), 200, POLICY_WIRE)
    good = 404 if pieces[0] is LARGEST else 200
    with no_more_memory(pid), ExitStack() as stack:
        clients = [stack.enter_context(Connection(path)) for _ in range(100)]
        for piece in pieces:
            for client in clients:
                with suppress(OSError):
                    client.send(piece)
        closed = 0
        for client in clients:
            try:
                assert client.answer().status == good
            except Closed as end:
                assert end.rest == b""
                closed += 1
        # There was a shortage, and what needed little was served all the same.
        assert closed == 100 if len(pieces) == 1 else closed > 50
        check(fastcgi.ask(path), 200, POLICY_WIRE)
    for _ in range(3):
        assert ask(path, *pieces) == good
    check(fastcgi.ask(path), 200, POLICY_WIRE)
    assert responder.process.poll() is None


@needs_strace
def test_it_takes_no_memory_when_it_has_enough(responder):
    """Looking for memory costs no call of the system."""
    path = responder.socket
    for data in (LARGEST, USUAL) * 10:
        ask(path, data)
    size = address_space(responder.process.pid)
    with Injection(responder.process.pid, traced=("brk", "mmap")) as trace:
        for _ in range(50):
            assert ask(path, USUAL) == 200
            assert ask(path, LARGEST) == 404
    assert trace.text.count("brk") + trace.text.count("mmap") == 0, trace.text
    assert address_space(responder.process.pid) == size


def serves(responder):
    """Whether it has come so far; False when it has left."""
    pid = responder.process.pid
    bit = 1 << (signal.SIGHUP - 1)
    return wait_for(lambda: responder.process.poll() is not None and "left"
                    or int(status_of(pid, "SigCgt"), 16) & bit) != "left"


@pytest.mark.parametrize("left", [2 ** n for n in range(8, 21)])
def test_little_memory_at_start(heap_library, site, left):
    """With so many octets left it serves, or says why not; it never crashes."""
    heap = Heap(site.root)
    sandbox_off(site)
    heap.set(Heap.FULL, left)
    with Listener(site.root / "fcgi.sock") as listener:
        with Responder(site, listener,
                       env=heap.environment(heap_library)) as it:
            served = serves(it)
            assert served or it.process.poll() in (1, 3), it.log()
            assert served or "memory" in it.log(), it.log()
            heap.plain()
            if served:
                fastcgi.ask(listener)  # fills the heap no more
                check(fastcgi.ask(listener), 200, POLICY_WIRE)


def test_every_call_at_start(heap_library, site):
    """
    The n-th call of the start fails, whoever makes it. It serves all the same,
    or leaves, to be started again. Once it has read its settings, which takes
    libconfig and the data base of users, it never leaves by a signal.
    """
    heap, codes, n = Heap(site.root), [], 0
    sandbox_off(site)
    failed = True
    with Listener(site.root / "fcgi.sock") as listener:
        while failed and n < 1000:
            n += 1
            heap.set(Heap.EACH, n)
            with Responder(site, listener, log=f"log{n}",
                           env=heap.environment(heap_library)) as it:
                if serves(it):
                    failed = heap.failed
                    heap.plain()
                    check(fastcgi.ask(listener), 200, POLICY_WIRE)
                codes.append(it.process.poll())
                if codes[-1] is not None and "serving" in it.log():
                    assert codes[-1] == 3, it.log()
        with Responder(site, listener):
            check(fastcgi.ask(listener), 200, POLICY_WIRE)
    assert codes[-1] is None and 3 in codes and 1 in codes, codes
    print(f"{n - 1} calls; exits:", Counter(codes))
