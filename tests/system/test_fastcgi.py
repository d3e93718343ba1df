"""
The FastCGI side by itself, from a client that also sends what no web server
would: how requests are cut into records and writes, what is cut off, broken or
late, and peers that go away or do not listen.
"""

import os
import time

import pytest

import cgi
import fastcgi
from cgi import check, variables
from fastcgi import (ABORT_REQUEST, BEGIN_REQUEST, DATA, END_REQUEST,
                     GET_VALUES, PARAMS, STDIN, Closed, Connection, begin,
                     pairs, params, record, request)
from harness import (PATIENCE, POLICY_WIRE, Responder, Site, source, wait_for,
                     wire)

# Answered "at once", with room for a busy machine.
AT_ONCE = 1.0

UNKNOWN = "mta-sts.unknown.example"
OTHER = "mta-sts.example.org"
OTHER_WIRE = wire(mx=["other.example.org"])
LARGE = "mta-sts.large.example"
LARGE_MX = [f"mx{number}.large.example" for number in range(2500)]
LARGE_WIRE = wire(mx=LARGE_MX)


@pytest.fixture(scope="module", name="responder")
def fixture_responder():
    """One process for the whole file: it outlives everything done here."""
    with Site() as site:
        site.write("example.com")
        site.write("example.org", source(mx=["other.example.org"]))
        site.write("large.example", source(mx=LARGE_MX))
        with Responder(site) as it:
            yield it
            assert it.process.poll() is None, it.log()
            assert it.stop() == 0


@pytest.fixture(autouse=True)
def fixture_survival(responder):
    """After every test the same process answers others, and at once."""
    pid = responder.process.pid
    yield
    start = time.monotonic()
    check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
    assert time.monotonic() - start < AT_ONCE
    assert responder.process.pid == pid
    assert responder.process.poll() is None, responder.log()


@pytest.fixture(name="connection")
def fixture_connection(responder):
    with Connection(responder.socket) as it:
        yield it


def test_kept_connection(connection):
    """Many requests on one connection, each with an answer of its own."""
    for number in range(500):
        values, status, body = [
            (variables(), 200, POLICY_WIRE), (variables(UNKNOWN), 404, None),
            (variables(OTHER), 200, OTHER_WIRE),
            (variables(method="HEAD"), 200, POLICY_WIRE),
            (variables(LARGE), 200, LARGE_WIRE)][number % 5]
        check(connection.ask(values), status, body,
              head=values["REQUEST_METHOD"] == b"HEAD")


def test_new_connections(responder):
    """Without FCGI_KEEP_CONN the connection is closed after the answer."""
    for _ in range(200):
        check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)


def test_last_of_kept_connection(connection):
    """The flag counts for each request anew."""
    check(connection.ask(), 200, POLICY_WIRE)
    check(connection.ask(keep=False), 200, POLICY_WIRE)
    assert connection.drain() == b""


def test_pipelined(connection):
    """
    No web server sends a request before the answer to the last one. Whoever
    does gets each answer or loses the connection, and is never left waiting.
    """
    hosts = [(OTHER, 200, OTHER_WIRE), ("mta-sts.example.com", 200,
                                        POLICY_WIRE), (UNKNOWN, 404, None)]
    connection.send(b"".join(request(variables(host)) for host, _, _ in hosts))
    try:
        for _, status, body in hosts:
            check(connection.answer(), status, body)
    except Closed as closed:
        assert closed.rest == b""


@pytest.mark.parametrize("number", [1, 2, 255, 256, 65535])
def test_request_id(connection, number):
    check(connection.ask(number=number), 200, POLICY_WIRE)


def test_params_in_two_records(connection):
    """Cut at every offset of the pairs."""
    values = variables()
    for cut in range(1, len(pairs(values))):
        check(connection.ask(values, pieces=[cut]), 200, POLICY_WIRE)


def test_params_in_records_of_a_byte(connection):
    values = variables()
    pieces = range(len(pairs(values)))
    check(connection.ask(values, pieces=pieces), 200, POLICY_WIRE)
    check(connection.ask(values, pieces=pieces, padding=255), 200, POLICY_WIRE)


@pytest.mark.parametrize("padding", [1, 7, 8, 255])
def test_padding(connection, padding):
    for _ in range(3):
        check(connection.ask(padding=padding), 200, POLICY_WIRE)


def test_padding_where_no_server_pads(responder):
    """
    libfcgi does not skip the padding of BEGIN_REQUEST and of the empty PARAMS
    record. Such a request is answered rightly or not at all, and at once.
    """
    first = begin()
    content = record(PARAMS, pairs(variables()))
    odd = first[:6] + b"\x08" + first[7:] + bytes(8)
    for data in (odd + content + record(PARAMS) + record(STDIN),
                 first + content + record(PARAMS, padding=8) + record(STDIN),
                 first + content + record(PARAMS, padding=255)):
        with Connection(responder.socket) as connection:
            connection.send(data)
            try:
                check(connection.answer(), 200, POLICY_WIRE)
            except Closed as closed:
                assert closed.rest == b""


def test_byte_by_byte(connection):
    """A write of its own for each byte."""
    for values, body in ((variables(), POLICY_WIRE),
                         (variables(OTHER), OTHER_WIRE)):
        for byte in request(values):
            connection.send(bytes([byte]))
        check(connection.answer(), 200, body)


def test_writes_in_two(connection):
    """Written in two parts, at every offset of the request."""
    data = request()
    for cut in range(1, len(data)):
        connection.send(data[:cut])
        if cut % 8 == 0:
            time.sleep(0.001)
        connection.send(data[cut:])
        check(connection.answer(), 200, POLICY_WIRE)


def test_late_half(responder):
    """A request whose second half comes later, cut at every fifth byte."""
    data, halves = request(), []
    try:
        for cut in range(1, len(data), 5):
            halves.append((Connection(responder.socket), cut))
            halves[-1][0].send(data[:cut])
        time.sleep(0.2)
        for connection, cut in halves:
            connection.send(data[cut:])
        for connection, _ in halves:
            check(connection.answer(), 200, POLICY_WIRE)
            check(connection.ask(), 200, POLICY_WIRE)
    finally:
        for connection, _ in halves:
            connection.close()


@pytest.mark.parametrize("size", [1000, 10_000, 30_000, 60_000])
def test_large_params(connection, size):
    """Long values, as cookies and client certificates are."""
    values = variables(HTTP_COOKIE="c" * size)
    check(connection.ask(values), 200, POLICY_WIRE)
    check(connection.ask(values, padding=3,
                         pieces=range(0, size, 999)), 200, POLICY_WIRE)
    many = {f"HTTP_X_{number}": "v" * 90 for number in range(size // 100)}
    check(connection.ask(variables(**many)), 200, POLICY_WIRE)
    check(connection.ask(), 200, POLICY_WIRE)


@pytest.mark.parametrize("values", [
    variables(HTTP_COOKIE="c" * 65_536), variables(HTTP_COOKIE="c" * 300_000),
    variables(HTTP_COOKIE="c" * 65_000, HTTP_X="x" * 1_000)])
def test_too_large_params(connection, values):
    """Over 64 KiB: closed at once, unanswered."""
    start = time.monotonic()
    try:
        connection.send(request(values))
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert connection.drain() == b""
    assert time.monotonic() - start < AT_ONCE


def test_every_pair_of_lengths(connection):
    """Names and values around 127 and 128, where the encoding changes."""
    for length in (0, 1, 126, 127, 128, 129, 255, 256, 257):
        values = {"X" * max(1, length): b"", "Y": b"y" * length,
                  **variables()}
        check(connection.ask(values), 200, POLICY_WIRE)


def test_cut_off(responder):
    """
    A half close after every byte of a request. As long as the parameters are
    not whole there is no answer, since variables are missing; then there is
    the right one or none. The connection is closed in any case.
    """
    values = {"HTTP_HOST": b"mta-sts.example.com",
              "HTTP_X_AUTHORITY": OTHER.encode(), **variables()}
    data = pairs(values)
    # A record for each pair, and all in one: a cut between pairs must not
    # make a request of what was there before it.
    starts = [len(pairs(dict(list(values.items())[:count])))
              for count in range(len(values))]
    for pieces in (starts, None, range(0, len(data), 7)):
        whole = begin() + params(values, pieces=pieces)
        both = whole + record(STDIN)
        for start in range(0, len(both), 100):
            cut_off_at(responder, both, len(whole),
                       range(start, min(start + 100, len(both))))


def cut_off_at(responder, data, whole, cuts):
    """Half closes a connection after each of these numbers of bytes."""
    connections = []
    try:
        for cut in cuts:
            connections.append(Connection(responder.socket))
            connections[-1].send(data[:cut])
            connections[-1].finish()
        for cut, connection in zip(cuts, connections):
            got = connection.drain(PATIENCE + 3)
            if cut < whole:
                assert got == b"", (cut, got)
            elif got:
                answer = fastcgi.outputs(got)[1]
                check(cgi.parse(answer), 200, POLICY_WIRE)
    finally:
        for connection in connections:
            connection.close()


def test_whole_and_half_closed(connection):
    """A whole request is answered although nothing more can come."""
    connection.send(request())
    connection.finish()
    check(connection.answer(), 200, POLICY_WIRE)
    assert connection.drain() == b""


def test_late_stdin(connection):
    """
    The empty STDIN comes after the answer has gone: the connection survives
    (pitfall F17), and the next request is answered, however the two are cut.
    """
    for padding in (0, 1, 8, 255):
        late = record(STDIN, padding=padding)
        connection.send(request(stdin=None))
        check(connection.answer(), 200, POLICY_WIRE)
        time.sleep(0.1)
        connection.send(late)
        check(connection.ask(variables(OTHER)), 200, OTHER_WIRE)
        connection.send(request(stdin=None))
        check(connection.answer(), 200, POLICY_WIRE)
        connection.send(late + request(variables(OTHER), stdin=None))
        check(connection.answer(), 200, OTHER_WIRE)
        for byte in late:
            connection.send(bytes([byte]))
            time.sleep(0.001)
        check(connection.ask(), 200, POLICY_WIRE)
    time.sleep(0.1)
    assert not connection.is_closed()


def test_stdin_never_comes(connection):
    """Answered at once all the same, and so is the next request."""
    for _ in range(3):
        start = time.monotonic()
        connection.send(request(stdin=None))
        check(connection.answer(), 200, POLICY_WIRE)
        assert time.monotonic() - start < AT_ONCE
    connection.send(request(variables(OTHER), stdin=None, keep=False))
    check(connection.answer(), 200, OTHER_WIRE)
    assert connection.drain() == b""


@pytest.mark.parametrize("more", [
    {"CONTENT_LENGTH": "1"}, {"CONTENT_LENGTH": "1000000"},
    {"CONTENT_LENGTH": "18446744073709551617"}, {"CONTENT_LENGTH": "x"},
    {"HTTP_TRANSFER_ENCODING": "chunked"}])
@pytest.mark.parametrize("method, status, body", [
    ("POST", 405, None), ("GET", 200, POLICY_WIRE)])
def test_body_never_comes(responder, connection, method, status, body, more):
    """
    A body is never waited for: answered at once. A connection that is not kept
    ends there; a kept one goes on behind the body, whenever that comes.
    """
    values = variables(method=method, **more)
    start = time.monotonic()
    connection.send(request(values, stdin=None, keep=False))
    check(connection.answer(), status, body)
    assert connection.drain() == b""
    with Connection(responder.socket) as kept:
        kept.send(request(values, stdin=None))
        check(kept.answer(), status, body)
        assert time.monotonic() - start < AT_ONCE
        time.sleep(0.05)
        kept.send(record(STDIN, b"x" * 70) + record(STDIN))
        check(kept.ask(variables(OTHER)), 200, OTHER_WIRE)


def test_body_comes_slowly(responder, connection):
    """What still arrives of a body after the answer disturbs nobody."""
    connection.send(request(variables(method="POST", CONTENT_LENGTH="10"),
                            stdin=None))
    check(connection.answer(), 405)
    for _ in range(10):
        try:
            connection.send(record(STDIN, b"x"))
        except (BrokenPipeError, ConnectionResetError):
            break
        check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
    assert connection.drain() == b""


@pytest.mark.parametrize("size", [1, 8, 9, 100, 8192, 60_000, 200_000])
@pytest.mark.parametrize("keep", [False, True])
def test_whole_body(responder, size, keep):
    """
    A body that is there with the request: answered, and no part of it is ever
    taken for a request, not even where it looks like one.
    """
    values = variables(method="POST", CONTENT_LENGTH=str(size))
    fake = request(variables(UNKNOWN))
    for body in (b"x" * size, (fake * (size // len(fake) + 1))[:size]):
        with Connection(responder.socket) as connection:
            try:
                connection.send(begin(keep) + params(values) + b"".join(
                    record(STDIN, body[at:at + 40_000])
                    for at in range(0, size + 40_000, 40_000)))
            except (BrokenPipeError, ConnectionResetError):
                assert size > 65_536
            check(connection.answer(), 405)
            try:
                check(connection.ask(keep=False), 200, POLICY_WIRE)
            except (BrokenPipeError, Closed):
                pass
            assert connection.drain() == b""


def test_content_length_of_nothing(connection):
    """Some servers say 0 or nothing where there is no body."""
    for length in ("0", "", "00"):
        values = variables(CONTENT_LENGTH=length)
        check(connection.ask(values), 200, POLICY_WIRE)


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
    try:
        connection.send(data)
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert connection.drain() == b""
    assert time.monotonic() - start < AT_ONCE


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
def test_broken_after_a_request(connection, data):
    """The same on a connection that was good so far."""
    check(connection.ask(variables(OTHER)), 200, OTHER_WIRE)
    try:
        connection.send(data)
    except (BrokenPipeError, ConnectionResetError):
        pass
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
    with Connection(responder.socket) as other:
        end = time.monotonic() + PATIENCE / 2
        while time.monotonic() < end:
            try:
                deaf.socket.setblocking(False)
                deaf.send(request(variables(LARGE)))
                sent += 1
            except BlockingIOError:
                pass
            except (BrokenPipeError, ConnectionResetError):
                deaf.close()
                deaf = Connection(responder.socket)
            start = time.monotonic()
            check(other.ask(variables(OTHER)), 200, OTHER_WIRE)
            check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
            longest = max(longest, time.monotonic() - start)
    deaf.close()
    # More than any socket's buffer holds.
    assert sent * len(LARGE_WIRE) > 1_000_000, sent
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
