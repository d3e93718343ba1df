"""
The FastCGI side by itself, from a client that sends what no web server would:
what is broken or taken back, requests that are mixed, and peers that go away
or do not listen. Good requests are in test_fastcgi.py.
"""

import os
import time
from contextlib import suppress

import pytest

import cgi
import fastcgi
from cgi import check, variables
from fastcgi import (ABORT_REQUEST, BEGIN_REQUEST, DATA, END_REQUEST,
                     GET_VALUES, PARAMS, STDIN, Closed, Connection, begin,
                     pairs, params, record, request)
from harness import PATIENCE, POLICY_WIRE, wait_for
from test_fastcgi import (AT_ONCE, LARGE, LARGE_WIRE, OTHER, OTHER_WIRE,
                          UNKNOWN, fixture_connection, fixture_responder,
                          fixture_survival)

__all__ = ["fixture_connection", "fixture_responder", "fixture_survival"]

WHOLE = begin() + params(variables())

# None of it is a request: closed, unanswered.
BROKEN = {
    "http": b"GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: x\r\n\r\n",
    "zeros": bytes(100),
    "ones": b"\xff" * 100,
    "one byte": b"\x00",
    "version 0": record(BEGIN_REQUEST, b"\0\1\1" + bytes(5), version=0),
    "version 2": record(BEGIN_REQUEST, b"\0\1\1" + bytes(5), version=2),
    "version of params": begin() + record(PARAMS, b"\1\1aa", version=2),
    "id 0": begin(number=0) + params(variables(), number=0),
    "other id": begin() + params(variables(), number=2),
    "management": record(GET_VALUES, pairs({"FCGI_MAX_CONNS": b""}), 0),
    "management, large": record(
        GET_VALUES, b"\x80\0\xff\xff\xff\xff\xff\xff" + b"x" * 65000, 0),
    "management first": record(GET_VALUES, b"", 0) + WHOLE,
    "management inside": begin() + record(GET_VALUES, b"", 0) +
    params(variables()),
    "unknown type": record(99) + WHOLE,
    "unknown type inside": begin() + record(99) + params(variables()),
    "type 0": record(0) + WHOLE,
    "params first": params(variables()),
    "stdin in between": begin() + record(STDIN) + params(variables()),
    "full stdin first": record(STDIN, b"x") + WHOLE,
    "data": begin() + record(DATA, b"x") + params(variables()),
    "end request": record(END_REQUEST, bytes(8)) + WHOLE,
    "abort first": record(ABORT_REQUEST) + WHOLE,
    "abort inside": begin() + record(PARAMS, b"\1\1aa") +
    record(ABORT_REQUEST),
    "begin twice": begin() + begin() + params(variables()),
    "short begin": record(BEGIN_REQUEST, b"\0\1\1") + params(variables()),
    "long begin": record(BEGIN_REQUEST, b"\0\1\1" + bytes(6)) +
    params(variables()),
    "authorizer": begin(role=2) + params(variables()),
    "filter": begin(role=3) + params(variables()),
    "role 0": begin(role=0) + params(variables()),
    "role 257": begin(role=257) + params(variables()),
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
def test_broken(connection, data):
    start = time.monotonic()
    with suppress(ConnectionError):
        connection.send(data)
    assert connection.drain() == b""
    assert time.monotonic() - start < AT_ONCE


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
def test_broken_after_a_request(connection, data):
    """The same on a connection that was good so far."""
    check(connection.ask(variables(OTHER)), 200, OTHER_WIRE)
    with suppress(ConnectionError):
        connection.send(data)
    assert connection.drain() == b""


@pytest.mark.parametrize("data", [
    b"\x05", b"\x04abc", b"\x80\x00\x00", b"\xff\xff\xff\xff\x01a",
    b"\x01\xff\xff\xff\xffa", b"\x09\x01REQUEST"], ids=repr)
def test_broken_pairs(connection, data):
    """
    Whole records around pairs that claim more than there is. Nothing is made
    of such a pair: at most what stood before it counts.
    """
    head = pairs(variables(UNKNOWN))
    connection.send(begin() + record(PARAMS, head + data) + record(PARAMS) +
                    record(STDIN))
    try:
        check(connection.answer(), 404)
    except Closed as closed:
        assert closed.rest == b""


def test_abort_while_parameters_come(responder, connection):
    """No answer to what was taken back."""
    start = time.monotonic()
    connection.send(begin() + record(PARAMS, pairs(variables())))
    connection.send(record(ABORT_REQUEST))
    assert connection.drain() == b""
    assert time.monotonic() - start < AT_ONCE
    check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)


def test_abort_after_the_answer(connection):
    """It comes too late, and the answer before it is whole."""
    connection.send(request(stdin=None))
    check(connection.answer(), 200, POLICY_WIRE)
    connection.send(record(ABORT_REQUEST))
    assert connection.drain() == b""


def test_multiplexed(connection):
    """Two requests at a time: none is ever answered with the other's host."""
    one, two = variables(UNKNOWN), variables(OTHER)
    connection.send(
        begin(number=1) + begin(number=2) +
        record(PARAMS, pairs(two), 2) + record(PARAMS, pairs(one), 1) +
        record(PARAMS, b"", 2) + record(PARAMS, b"", 1))
    assert connection.drain() == b""


def test_multiplexed_after_the_parameters(connection):
    """
    The second begins when the first is whole but for its STDIN. The first is
    answered or not, the second is answered, refused or not; none is answered
    for the other, and nobody is left waiting.
    """
    connection.send(
        request(variables(OTHER), number=1, stdin=None, keep=False) +
        request(variables(UNKNOWN), number=2, stdin=None, keep=False) +
        record(STDIN, number=1) + record(STDIN, number=2))
    output = fastcgi.outputs(connection.drain())
    if output.get(1):
        check(cgi.parse(output[1]), 200, OTHER_WIRE)
    if output.get(2):
        check(cgi.parse(output[2]), 404)


def test_peer_goes_away(responder):
    """Before the answer, after some of it, or in the middle of a request."""
    data = request(variables(LARGE))
    for number in range(300):
        connection = Connection(responder.socket)
        connection.send(data[:len(data) if number % 3 else number])
        if number % 3 == 2:
            connection.socket.recv(100)
        connection.close()


def test_peer_that_does_not_read(responder):
    """
    Somebody asks on and on and reads nothing, so that answers cannot go out.
    Nobody else waits for that.
    """
    longest, sent, deaf = 0, 0, Connection(responder.socket)
    # More than any socket's buffer holds.
    enough = 1_000_000 // len(LARGE_WIRE) + 1
    with Connection(responder.socket) as other:
        begun = time.monotonic()
        while ((passed := time.monotonic() - begun) < PATIENCE / 2
               or sent < enough and passed < 30):
            try:
                deaf.socket.setblocking(False)
                deaf.send(request(variables(LARGE)))
                sent += 1
            except BlockingIOError:
                pass
            except ConnectionError:
                deaf.close()
                deaf = Connection(responder.socket)
            start = time.monotonic()
            check(other.ask(variables(OTHER)), 200, OTHER_WIRE)
            check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
            longest = max(longest, time.monotonic() - start)
    deaf.close()
    assert sent >= enough, sent
    assert longest < AT_ONCE, f"others waited {longest:.2f} seconds"


def test_peer_that_reads_late(connection):
    """A large answer that had to wait for its reader is whole."""
    connection.send(request(variables(LARGE), keep=False))
    time.sleep(0.2)
    check(connection.answer(), 200, LARGE_WIRE)
    assert connection.drain() == b""


def test_descriptors_are_closed(responder):
    """Nothing of all that is left open."""
    path = f"/proc/{responder.process.pid}/fd"
    wait_for(lambda: len(os.listdir(path)) <= 12)
