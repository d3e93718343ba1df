"""
The FastCGI side by itself: requests as web servers send them, however they are
cut into records and writes, late or cut off, with a body or without one. What
is no request, and peers that misbehave, are in test_fastcgi_peers.py.
"""

import time
from contextlib import suppress

import pytest

import cgi
import fastcgi
from cgi import check, variables
from fastcgi import (STDIN, PARAMS, Closed, Connection, begin, pairs, params,
                     record, request)
from harness import PATIENCE, POLICY_WIRE, Responder, Site, source, wire

# Answered "at once", with room for a busy machine: less than the two seconds
# for which libfcgi lingers, and than PATIENCE.
AT_ONCE = 1.8

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
    with suppress(ConnectionError):
        connection.send(request(values))
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
        except ConnectionError:
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
            except ConnectionError:
                assert size >= 60_000  # more than the kernel takes at once
            check(connection.answer(), 405)
            with suppress(ConnectionError, Closed):
                check(connection.ask(keep=False), 200, POLICY_WIRE)
            assert connection.drain() == b""


def test_content_length_of_nothing(connection):
    """Some servers say 0 or nothing where there is no body."""
    for length in ("0", "", "00"):
        values = variables(CONTENT_LENGTH=length)
        check(connection.ask(values), 200, POLICY_WIRE)
