"""
Methods, conditions and request smuggling, on Apache all three ways, in a
virtual host of the customer's that answers 200 with a forged policy to whatever
reaches it. Each request is answered as its own: what is smuggled into a body is
no request, and one that is pipelined behind another has its own host's policy.
"""

import pytest

from customer import VICTIM_HOST
from harness import PATH
from hostedapache import WAYS, answers, front_controller, host

P = PATH.encode()
V = VICTIM_HOST.encode()
O = b"mta-sts.other.example"    # noqa: E741: the other policy
POLICY, OTHER, BAD, REFUSED = ("200 policy", "200 other", "400 Apache",
                               "405 ours")
CLOSE = b"Connection: close"


def request(method, *lines, name=V, body=b"", version=b"HTTP/1.1"):
    return b"\r\n".join([method + b" " + P + b" " + version, b"Host: " + name,
                         *lines, b"", body])


def last(method, *lines, **more):
    return request(method, *lines, CLOSE, **more)


SECOND = last(b"GET", name=O)

METHODS = [b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"PROPFIND",
           b"MKCOL", b"LOCK", b"COPY", b"BREW", b"get", b"Get", b"GETS",
           b"HEADER", b"A" * 5000]

# Each to a GET; the answer is the whole policy, with 200.
CONDITIONS = {
    "range": [b"Range: bytes=0-3"],
    "ranges": [b"Range: bytes=0-3,5-9,-1"],
    "no such range": [b"Range: bytes=9999-"],
    "range of a version": [b"Range: bytes=0-3", b"If-Range: x"],
    "modified": [b"If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT"],
    "unmodified": [b"If-Unmodified-Since: Fri, 01 Jan 1999 00:00:00 GMT"],
    "none match": [b"If-None-Match: *"],
    "match": [b'If-Match: "x"'],
    "continue": [b"Expect: 100-continue"],
    "coding": [b"TE: trailers, chunked"],
    "no coding": [b"Accept-Encoding: identity;q=0"],
    "another type": [b"Accept: image/png", b"Accept-Language: de",
                     b"Accept-Charset: x"],
    "HTTP/2": [b"Upgrade: h2c", b"HTTP2-Settings: AAA"],
    "WebSocket": [b"Upgrade: websocket", b"Sec-WebSocket-Key: x"],
    "no cache": [b"Cache-Control: no-cache", b"Pragma: no-cache"],
    "only cached": [b"Cache-Control: only-if-cached"],
    "a hop": [b"Connection: Host"],
}

CHUNKED = b"Transfer-Encoding: chunked"

# Followed by the request for another policy on the same connection, where what
# comes first is well-formed.
WELL_FORMED = {
    "GET": (request(b"GET"), POLICY),
    "no body": (request(b"GET", b"Content-Length: 0"), POLICY),
    "a body": (request(b"GET", b"Content-Length: 3", body=b"abc"), POLICY),
    "a chunked body": (
        request(b"GET", CHUNKED, body=b"3\r\nabc\r\n0\r\n\r\n"), POLICY),
    "a request as body": (
        request(b"GET", b"Content-Length: %d" % len(SECOND), body=SECOND),
        POLICY),
    "a request as body of POST": (
        request(b"POST", b"Content-Length: %d" % len(SECOND), body=SECOND),
        REFUSED),
    "a request as chunk": (
        request(b"POST", CHUNKED, body=b"%x\r\n%s\r\n0\r\n\r\n" % (
            len(SECOND), SECOND)), REFUSED),
    "an extension": (
        request(b"POST", CHUNKED, body=b"3;a=b\r\nabc\r\n0\r\n\r\n"), REFUSED),
    "a trailer": (
        request(b"POST", CHUNKED, body=b"3\r\nabc\r\n0\r\nHost: %s\r\n\r\n"
                % O), REFUSED),
    "folded": (request(b"POST", b"Transfer-Encoding:", b" chunked",
                       body=b"0\r\n\r\n"), REFUSED),
    "upper case": (request(b"POST", CHUNKED.upper(), body=b"0\r\n\r\n"),
                   REFUSED),
    "underscores": (request(b"POST", b"Transfer_Encoding: chunked",
                            b"Content_Length: 99", b"Content-Length: 0"),
                    REFUSED),
    "HTTP/1.0": (request(b"POST", b"Connection: keep-alive", CHUNKED,
                         body=b"0\r\n\r\n", version=b"HTTP/1.0"), REFUSED),
    "empty lines before": (b"\r\n\r\n" + request(b"GET"), POLICY),
    "hops": (request(b"GET", b"Connection: keep-alive, Host, Content-Length",
                     b"Content-Length: 0"), POLICY),
}

# Each is the only one that is answered, for the connection is closed after it.
AMBIGUOUS = {
    "both lengths": ([b"Content-Length: 6", CHUNKED], b"0\r\n\r\n", REFUSED),
    "both, chunked first": ([CHUNKED, b"Content-Length: 3"],
                            b"8\r\nSMUGGLED\r\n0\r\n\r\n", REFUSED),
    "two lengths": ([b"Content-Length: 0", b"Content-Length: 9"], b"", BAD),
    "two lengths, larger first": (
        [b"Content-Length: 9", b"Content-Length: 0"], b"", BAD),
    "one length twice": ([b"Content-Length: 3"] * 2, b"abc", BAD),
    "lengths": ([b"Content-Length: 3, 3"], b"abc", BAD),
    "plus": ([b"Content-Length: +3"], b"abc", BAD),
    "minus": ([b"Content-Length: -3"], b"abc", BAD),
    "hexadecimal": ([b"Content-Length: 0x3"], b"abc", BAD),
    "space before the colon": ([b"Content-Length : 3"], b"abc", BAD),
    "huge": ([b"Content-Length: 99999999999999999999"], b"abc", BAD),
    "empty": ([b"Content-Length:"], b"", BAD),
    "no coding": ([b"Transfer-Encoding: x"], b"", BAD),
    "nearly chunked": ([b"Transfer-Encoding: xchunked"], b"", BAD),
    "not last": ([b"Transfer-Encoding: chunked, identity"], b"0\r\n\r\n", BAD),
    "identity": ([b"Transfer-Encoding: identity", b"Content-Length: 3"],
                 b"abc", BAD),
    "two codings": ([CHUNKED, b"Transfer-Encoding: identity"],
                    b"0\r\n\r\n", BAD),
    "vertical tab": ([b"Transfer-Encoding: \vchunked"], b"0\r\n\r\n", BAD),
    "chunked, space before": ([b"Transfer-Encoding : chunked"],
                              b"0\r\n\r\n", BAD),
}

# mod_fcgid answers before it reads the body; the others read it first.
BAD_CHUNKS = {
    "line feeds": b"3\nabc\n0\n\n", "no number": b"x\r\nabc\r\n0\r\n\r\n",
    "negative": b"-1\r\nabc\r\n0\r\n\r\n",
    "a prefix": b"0x3\r\nabc\r\n0\r\n\r\n",
    "huge": b"FFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n"}


@pytest.fixture(scope="module", params=WAYS)
def server(request):
    for it in host(request.param):
        front_controller(it)
        yield it


@pytest.mark.parametrize("method", METHODS, ids=range(len(METHODS)))
def test_method(server, method):
    """The responder's 405, and never the customer's word."""
    body = [b"Content-Length: 0"] if method in (b"POST", b"PUT") else []
    assert answers(server, last(method, *body)) == REFUSED


@pytest.mark.parametrize("lines", [[], [b"Max-Forwards: 0"]])
def test_trace(server, lines):
    """Apache's 405 (TraceEnable Off): it echoes nothing."""
    assert answers(server, last(b"TRACE", *lines)) == "405 Apache"


@pytest.mark.parametrize("octets, expected", [
    (last(b"CONNECT"), BAD),
    (b"CONNECT " + V + b":443 HTTP/1.1\r\nHost: " + V + b"\r\n" + CLOSE
     + b"\r\n\r\n", "200 customer"),
    (last(b"A" * 9000), "414 Apache"), (last(b""), BAD),
    (last(b"GET").replace(b"\r\n", b"\n"), BAD),
    (b"OPTIONS * HTTP/1.1\r\nHost: " + V + b"\r\n" + CLOSE + b"\r\n\r\n",
     "200 Apache"),
    (last(b"GET", b"Expect: x"), "417 Apache")],
    ids=["CONNECT", "CONNECT to a port", "long", "none", "line feeds",
         "OPTIONS *", "Expect"])
def test_no_request_for_the_path(server, octets, expected):
    """Apache's business, or another target, which is the customer's."""
    assert answers(server, octets) == expected


@pytest.mark.parametrize("name", CONDITIONS)
def test_condition(server, name):
    """Never a part, never "not modified": the whole policy."""
    assert answers(server, last(b"GET", *CONDITIONS[name])) == POLICY
    assert answers(server, last(b"HEAD", *CONDITIONS[name]),
                   ["HEAD"]) == "200 head"


def test_continue(server):
    """Nobody waits for the body of a request that is refused."""
    octets = last(b"POST", b"Expect: 100-continue", b"Content-Length: 3",
                  body=b"abc")
    assert answers(server, octets) == REFUSED


@pytest.mark.parametrize("name", WELL_FORMED)
def test_well_formed(server, name):
    """Both are answered, each for its own host."""
    octets, expected = WELL_FORMED[name]
    assert answers(server, octets + SECOND) == f"{expected}, {OTHER}"


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_ambiguous(server, name):
    """What follows it on the connection is not looked at."""
    lines, body, expected = AMBIGUOUS[name]
    assert answers(server, request(b"POST", *lines, body=body)
                   + SECOND) == expected
    assert answers(server, SECOND) == OTHER


@pytest.mark.parametrize("name", BAD_CHUNKS)
def test_bad_chunks(server, name):
    octets = request(b"POST", CHUNKED, body=BAD_CHUNKS[name])
    assert answers(server, octets + SECOND) in (REFUSED, BAD, "413 Apache")
    assert answers(server, SECOND) == OTHER


def test_many_on_a_connection(server):
    """A hundred, alternating between two hosts and HEAD."""
    octets = (request(b"GET") + request(b"HEAD") + request(b"GET", name=O)) * 30
    methods = ["GET", "HEAD", "GET"] * 30 + ["GET"]
    expected = ", ".join([POLICY, "200 head", OTHER] * 30 + [OTHER])
    assert answers(server, octets + SECOND, methods) == expected


def test_unfinished_body(server):
    """A body that never ends keeps nobody else from his answer."""
    it = server.connection()
    it.connect()
    try:
        it.sock.sendall(request(b"POST", b"Content-Length: 1000000",
                                body=b"x" * 1000))
        for _ in range(5):
            assert answers(server, SECOND) == OTHER
    finally:
        it.close()
