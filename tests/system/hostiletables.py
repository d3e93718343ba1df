"""
What a hostile client or customer sends to lighttpd and nginx, byte for byte,
and what must come back from each: see hostilecases.py.

An outcome has a word for each reply: "policy" is the victim's, whole; "his" is
the customer's text; a number is any other reply with that status.
"""

from customer import INVENTED_HOST, NAME, VICTIM_HOST
from harness import PATH
from http2 import fields


def request(host, target=PATH, method="GET", headers=(), version="1.1"):
    """
    A request after which the server closes. What it is made of goes out as it
    is; host None: no such line.
    """
    lines = [f"{method} {target} HTTP/{version}"]
    lines += [] if host is None else [f"Host: {host}"]
    return "\r\n".join([*lines, *headers, "Connection: close", "",
                        ""]).encode()


# Other spellings of the path. The responder compares what the client wrote
# (REQUEST_URI), so that what the server makes of it does not matter: no other
# spelling has a policy. nginx's block has no document root, so that none has
# anything else. With lighttpd other paths are left to the customer's host, who
# has files of such names here; no sender asks for them.
ONE_WORD = [
    # target, lighttpd, nginx
    (PATH + "?", "policy", "policy"),
    (PATH + "?a=b", "policy", "policy"),
    (PATH + "?/../../x", "policy", "policy"),
    ("/" + PATH, "404", "404"),
    ("/." + PATH, "404", "404"),
    ("/.well-known/./mta-sts.txt", "404", "404"),
    ("/.well-known//mta-sts.txt", "404", "404"),
    ("/x/.." + PATH, "404", "404"),
    ("/../.." + PATH, "400|404", "400"),
    ("/.well-known/x/../mta-sts.txt", "404", "404"),
    ("/%2ewell-known/mta-sts.txt", "404", "404"),
    ("/.well-known/%6dta-sts.txt", "404", "404"),
    ("/.well-known/mta%2dsts.txt", "404", "404"),
    ("/.well-known%2Fmta-sts.txt", "404", "404"),
    ("/.well-known%2fmta-sts.txt", "404", "404"),
    ("/.well-known%5cmta-sts.txt", "his", "404"),
    ("/.well-known\\mta-sts.txt", "his", "404"),
    ("/.well-known/%256dta-sts.txt", "404", "404"),
    ("/%252ewell-known/mta-sts.txt", "404", "404"),
    ("/.well-known/%c0%aemta-sts.txt", "400", "404"),
    (PATH.upper(), "his", "404"),
    ("/.Well-Known/mta-sts.txt", "404", "404"),
    (PATH + ";x", "404", "404"),
    ("/.well-known;x/mta-sts.txt", "404", "404"),
    (PATH + "/", "404", "404"),
    (PATH + "/info", "404", "404"),
    (PATH + ".", "404", "404"),
    (PATH + "%20", "404", "404"),
    (PATH + "%00", "400", "400"),
    (PATH + "%00.html", "400", "400"),
    (PATH + "#x", "404", "404"),
    (PATH + "%23", "404", "404"),
    (PATH + "%3f", "404", "404"),
    ("/~his" + PATH, "404", "404"),
    (PATH[1:], "400", "400"),
    ("*", "400", "400"),
    (VICTIM_HOST + ":443", "400", "400"),
    ("/" + "x" * 7000 + "/.." + PATH, "404", "404"),
    # The absolute form. lighttpd wants Host to be the same; nginx goes by the
    # request line, and hands on that name ($host).
    (f"http://{VICTIM_HOST}{PATH}", "policy", "policy"),
    (f"HTTPS://{VICTIM_HOST}{PATH}", "policy", "policy"),
    (f"https://{INVENTED_HOST}{PATH}", "400", "404"),
    (f"http://{NAME}{PATH}", "400", "his"),
    (f"http://{VICTIM_HOST}:80{PATH}", "400", "policy"),
    (f"http://x@{VICTIM_HOST}{PATH}", "400", "400"),
    (f"ftp://{VICTIM_HOST}{PATH}", "400", "policy"),
]

# What stands in Host. Whatever a server makes of it, the responder has the
# last word on what is a host name; who is not "mta-sts.<domain>" is none of
# ours, and comes to the customer's host, which is the server's default here.
HOSTS = [
    (VICTIM_HOST.upper(), "policy", "policy"),
    (VICTIM_HOST + ":443", "policy", "policy"),
    (VICTIM_HOST + ":", "policy", "policy"),
    (VICTIM_HOST + ".", "policy", "policy"),
    (VICTIM_HOST + ".:443", "policy", "policy"),
    (VICTIM_HOST + "..", "400", "400"),
    # No port; nginx leaves it out of $host, with all that follows.
    (VICTIM_HOST + ":99999", "400", "policy"),
    (VICTIM_HOST + ":abc", "400", "policy"),
    (VICTIM_HOST + ":443:443", "400", "policy"),
    (VICTIM_HOST + ":80@x", "400", "policy"),
    (VICTIM_HOST + "/", "400", "400"),
    (VICTIM_HOST + "/..", "400", "400"),
    (VICTIM_HOST + "\\", "400", "400"),
    (VICTIM_HOST + " x", "400", "400"),
    (VICTIM_HOST + ", x", "400", "400"),
    (VICTIM_HOST + ";", "400", "400"),
    (VICTIM_HOST + "%2e", "400", "400"),
    (VICTIM_HOST + "?x", "400", "400"),
    (VICTIM_HOST + "#x", "400", "400"),
    (VICTIM_HOST + "@x", "400", "400"),
    (VICTIM_HOST + "\0.x", "400", "400"),
    ("mta-sts.\0victim.example", "400", "400"),
    ("mta-sts./victim.example", "400", "400"),
    ("mta-sts...victim.example", "400", "400"),
    ("../" + VICTIM_HOST, "400", "400"),
    ("..", "400", "400"),
    ("/etc/passwd", "400", "400"),
    ("", "400", "400"),
    ("mta-sts.a_b.example", "400", "400"),
    ("mta-sts.b\u00fccher.example", "400", "400"),
    ("mta-sts.*", "400", "400"),
    ("mta-sts.$host", "400", "400"),
    ("mta-sts." + "a" * 300, "400", "400"),
    ("mta-sts." + "a." * 4000, "400", "400"),
    ("mta-sts." + "a" * 64000, "431", "400"),
    # A text that is nobody's policy host, but could be made to look so.
    ("x@" + VICTIM_HOST, "400", "his"),
    (f'"{VICTIM_HOST}"', "400", "his"),
    (f"[{VICTIM_HOST}]", "400", "his"),
    ("mta_sts.victim.example", "400", "his"),
    ("mta-sts", "his", "his"),
    ("mta-sts.", "his", "his"),
    ("[::1]:443", "his", "his"),
    ("127.0.0.1", "his", "his"),
]


def lines(*headers, target=PATH, version="1.1"):
    """A request of these lines, which need not have a Host."""
    return request(None, target, headers=headers, version=version)


V, N, I = f"Host: {VICTIM_HOST}", f"Host: {NAME}", f"Host: {INVENTED_HOST}"

# More than one Host, none, and headers that others take for it.
HEADERS = [
    ("two Hosts", lines(V, N), "400", "400"),
    ("two Hosts, his first", lines(N, V), "400", "400"),
    ("the same twice", lines(V, V), "policy", "400"),
    ("another by the request line", lines(V, target="http://" + INVENTED_HOST
                                          + PATH), "400", "404"),
    ("his and ours by the line", lines(N, target="http://" + VICTIM_HOST
                                       + PATH), "400", "policy"),
    ("none", lines(), "400", "400"),
    ("none, by the line", lines(target=f"http://{VICTIM_HOST}{PATH}"),
     "policy", "400"),
    # Without a name it is the server's default host.
    ("none, HTTP/1.0", lines(version="1.0"), "his", "his"),
    ("HTTP/1.0", lines(V, version="1.0"), "policy", "policy"),
    ("HTTP/1.0, by the line", lines(target=f"http://{VICTIM_HOST}{PATH}",
                                    version="1.0"), "policy", "policy"),
    ("HTTP/1.2", lines(V, version="1.2"), "505", "policy"),
    ("HTTP/2.0", lines(V, version="2.0"), "505", "505"),
    ("folded after", lines(V + "\r\n .x"), "400", "400"),
    ("folded before", lines(f"Host:\r\n {VICTIM_HOST}"), "400", "400"),
    ("a Host folded away", lines(f"X-A: b\r\n {I}", V), "policy", "400"),
    ("a space before the colon", lines(f"Host : {VICTIM_HOST}"), "400", "400"),
    ("and one without", lines(V, f"Host : {INVENTED_HOST}"), "400", "400"),
    ("a bare CR", lines(V + "\rHost: x"), "400", "400"),
    ("bare LFs", lines(V).replace(b"\r\n", b"\n"), "400", "policy"),
    ("NUL in another", lines(V, "X: a\0b"), "400", "400"),
    # nginx hands on no client's header. lighttpd does, each as HTTP_ and the
    # name: none but Host becomes HTTP_HOST, and none another variable.
    ("HTTP_HOST", lines(V, f"Http_Host: {INVENTED_HOST}",
                        f"HTTP_HOST: {INVENTED_HOST}",
                        f"HTTP-HOST: {INVENTED_HOST}"), "policy", "policy"),
    ("HTTP_HOST, unknown", lines(I, f"Http_Host: {VICTIM_HOST}",
                                 f"Host_: {VICTIM_HOST}",
                                 f"Http-Host: {VICTIM_HOST}"), "404", "404"),
    ("forwarded", lines(I, f"X-Forwarded-Host: {VICTIM_HOST}",
                        f"Forwarded: host={VICTIM_HOST}", "X-Host: x",
                        f"X-Forwarded-Server: {VICTIM_HOST}"), "404", "404"),
    ("forwarded elsewhere", lines(V, f"X-Forwarded-Host: {INVENTED_HOST}",
                                  f"Forwarded: host={INVENTED_HOST}",
                                  "X-Forwarded-Prefix: /x"),
     "policy", "policy"),
    ("another path", lines(V, "X-Original-URL: /x", "X-Rewrite-URL: /x",
                           "X-Accel-Redirect: /x", "X-Sendfile: /etc/passwd",
                           "X-HTTP-Method-Override: POST"),
     "policy", "policy"),
    ("CGI's variables", lines(V, "Request-Uri: /x", "Request_Method: POST",
                              "Script_Name: /x", "MTA_STS_CONF: /x",
                              "Status: 404", "Proxy: http://127.0.0.1:1"),
     "policy", "policy"),
]

# Methods that are none of ours. What a server does not know, or does not hand
# on (TRACE and CONNECT with nginx), it refuses itself.
METHODS = [("OPTIONS", "405", "405"), ("TRACE", "405", "405"),
           ("CONNECT", "405", "405"), ("PUT", "405", "405"),
           ("PROPFIND", "405", "405"), ("BREW", "501", "405"),
           ("get", "501", "400"), ("G E T", "501", "400"), ("", "501", "400")]

# Never a part, never "not modified", never a switch of protocols.
CONDITIONS = [
    "Range: bytes=0-3", "Range: bytes=0-3,5-7", 'If-Match: "x"',
    "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT", "If-None-Match: *",
    "If-Unmodified-Since: Fri, 01 Jan 1990 00:00:00 GMT",
    "Expect: 100-continue", "Expect: x", "TE: trailers", "Accept: image/png",
    "Accept-Encoding: gzip", "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ",
    "Cache-Control: only-if-cached", "Cookie: " + "x" * 6000]


def post(*headers, body=b"", method="POST", host=VICTIM_HOST):
    """A request that leaves the connection open, and what follows it."""
    return "\r\n".join([f"{method} {PATH} HTTP/1.1", f"Host: {host}", *headers,
                        "", ""]).encode() + body


# A second request that a body may hide: seen as one by who takes the other of
# two lengths. Then its reply, "his", would be somebody else's.
HIDDEN = request(NAME)
NEXT = request(VICTIM_HOST)
CHUNKED = "Transfer-Encoding: chunked"
END = b"0\r\n\r\n"

FRAMING = [
    ("length and chunks", post("Content-Length: 5", CHUNKED,
                               body=END + HIDDEN), "400", "400"),
    ("chunks and length", post(CHUNKED, f"Content-Length: {len(HIDDEN) + 5}",
                               body=END + HIDDEN), "400", "400"),
    ("two lengths", post("Content-Length: 0", f"Content-Length: {len(HIDDEN)}",
                         body=HIDDEN), "400", "400"),
    ("a list of lengths", post(f"Content-Length: 0, {len(HIDDEN)}",
                               body=HIDDEN), "400", "400"),
    ("below zero", post("Content-Length: -1", body=HIDDEN), "400", "400"),
    ("a plus", post("Content-Length: +0", body=HIDDEN), "400", "400"),
    ("hexadecimal", post("Content-Length: 0x0", body=HIDDEN), "400", "400"),
    ("another coding", post("Transfer-Encoding: xchunked", body=END + HIDDEN),
     "501", "501"),
    ("two codings", post(CHUNKED, "Transfer-Encoding: identity",
                         body=END + HIDDEN), "501", "400"),
    ("gzip", post("Transfer-Encoding: gzip, chunked", body=END + HIDDEN),
     "501", "501"),
    ("a space before the colon", post("Transfer-Encoding : chunked",
                                      body=END + HIDDEN), "400", "400"),
    ("a line end in an extension", post(
        CHUNKED, body=b'1;x="\r\n"\r\nx\r\n' + END + HIDDEN), "400", "400"),
    ("an overflow", post(CHUNKED, body=b"fffffffffffffffff\r\nx"),
     "400", "400"),
    # Good framing: each request has its own reply, and no other.
    ("an extension", post(CHUNKED, body=b"1;x=y\r\nx\r\n" + END + NEXT),
     "405 policy", "405 policy"),
    ("a trailer", post(CHUNKED, body=b"0\r\n%s\r\n\r\n" % I.encode() + NEXT),
     "405 policy", "405 policy"),
    ("GET with a body", post(f"Content-Length: {len(HIDDEN)}", method="GET",
                             body=HIDDEN + NEXT), "400", "policy policy"),
    ("GET in chunks", post(CHUNKED, method="GET", body=END + NEXT), "400",
     "policy policy"),
    ("bodies in a row", post("Content-Length: 3", body=b"abc") * 2 + NEXT,
     "405 405 policy", "405 405 policy"),
    ("pipelined", b"".join(
        post(method="GET", host=host) for host in
        (VICTIM_HOST, INVENTED_HOST, NAME, VICTIM_HOST, NAME)) + NEXT,
     "policy 404 his policy his policy", "policy 404 his policy his policy"),
]

A, HOST = (":authority", VICTIM_HOST), ("host", VICTIM_HOST)
OTHER_A, OTHER_HOST = (":authority", INVENTED_HOST), ("host", INVENTED_HOST)

# fields, lighttpd, nginx. "reset": the stream or connection is broken off.
HTTP2 = [
    (fields(A), "policy", "policy"),
    (fields(HOST), "policy", "policy"),
    (fields(A, HOST), "policy", "400"),
    (fields(OTHER_A), "404", "404"),
    # Both, or one twice.
    (fields(A, OTHER_HOST), "400", "400"),
    (fields(OTHER_A, HOST), "400", "400"),
    (fields(A, (":authority", NAME)), "400", "400"),
    (fields(A, HOST, OTHER_HOST), "400", "400"),
    (fields(), "400", "400"),
    (fields((":authority", VICTIM_HOST + "/x")), "400", "400"),
    (fields((":authority", "x@" + VICTIM_HOST)), "400", "his"),
    (fields((":authority", VICTIM_HOST + "\0")), "400", "reset"),
    (fields((":authority", "")), "400", "400"),
    (fields(A, path="/." + PATH), "404", "404"),
    (fields(A, path=f"https://{INVENTED_HOST}{PATH}"), "400", "400"),
    (fields(A, path=""), "400", "400"),
    (fields(A, method="CONNECT"), "400", "405"),
    (fields(A, method="get"), "501", "400"),
    (fields(A, ("x-a", "b\r\nhost: " + INVENTED_HOST)), "400", "reset"),
    (fields(A, ("Host", INVENTED_HOST)), "400", "reset"),
    (fields(A, ("transfer-encoding", "chunked")), "400", "policy"),
    (fields(A, ("content-length", "5")), "400", "400"),
]
