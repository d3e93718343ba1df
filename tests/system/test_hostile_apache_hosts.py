"""
Tricks with the Host header, on Apache all three ways, in a virtual host of the
customer's that answers 200 with a forged policy to whatever reaches it.

The host that selects the policy is the one that selects the virtual host: a
target in absolute form before the header, as RFC 9112 section 3.2.2 has it. Of
two policies never the wrong one goes out. "Apache" is Apache's own refusal
(HttpProtocolOptions Strict, the default), before any virtual host is known.
"""

import pytest

from customer import INVENTED_HOST, NAME, VICTIM, VICTIM_HOST, Program
from harness import PATH
from hostedapache import (ERRORS, FORGING, WAYS, answers, front_controller,
                          host)

P = PATH.encode()
V = VICTIM_HOST.encode()
O = b"mta-sts.other.example"    # noqa: E741: the other policy
POLICY, OTHER, NONE = "200 policy", "200 other", "404 ours"
APACHE, OURS = "400 Apache", "400 ours"


def head(*lines, target=P, version=b"HTTP/1.1"):
    return b"\r\n".join([b"GET " + target + b" " + version, *lines,
                         b"Connection: close", b"", b""])


def named(octets):
    """With that as the value of Host."""
    return head(b"Host: " + octets)


def absolute(authority, *lines, scheme=b"http://", path=P):
    return head(*(lines or [b"Host: " + O]), target=scheme + authority + path)


SIMPLE = {
    "as it should be": (named(V), POLICY),
    "another's": (named(O), OTHER),
    "no policy": (named(INVENTED_HOST.encode()), NONE),
    "the virtual host's name": (named(NAME.encode()), NONE),
    "the domain itself": (named(VICTIM.encode()), NONE),
    "upper case": (named(V.upper()), POLICY),
    "spaces around": (named(b"  " + V + b"  "), POLICY),
    "tabs around": (head(b"Host:\t" + V + b"\t"), POLICY),
    "a port": (named(V + b":443"), POLICY),
    "a padded port": (named(V + b":00443"), POLICY),
    "a final dot": (named(V + b"."), POLICY),
    "an empty port": (named(V + b":"), APACHE),
    "too high a port": (named(V + b":99999"), APACHE),
    "a named port": (named(V + b":abc"), APACHE),
    "a negative port": (named(V + b":-1"), APACHE),
    "port 0": (named(V + b":0"), APACHE),
    "two ports": (named(V + b":443:443"), APACHE),
    "a name after the port": (named(V + b":443." + O), APACHE),
    "two final dots": (named(V + b".."), APACHE),
    "two dots inside": (named(b"mta-sts..victim.example"), APACHE),
    "a first dot": (named(b"." + V), OURS),
    "an underscore": (named(b"mta-sts.vic_tim.example"), OURS),
    "a shared text": (named(b"mta-sts._hosting"), APACHE),
    "an underscore in the label": (named(b"mta_sts.victim.example"), OURS),
    "U-label, UTF-8": (named("mta-sts.b\u00fccher.example".encode()), APACHE),
    "U-label, Latin 1": (named(b"mta-sts.b\xfccher.example"), APACHE),
    "full width": (named("mta-sts.\uff56ictim.example".encode()), APACHE),
    "A-label": (named(b"mta-sts.xn--bcher-kva.example"), NONE),
    "IPv6": (named(b"[::1]"), OURS),
    "IPv6 and a port": (named(b"[::1]:443"), OURS),
    "a name in brackets": (named(b"[" + V + b"]"), APACHE),
    "IPv4": (named(b"127.0.0.1"), OURS),
    "300 octets": (named(b"mta-sts." + b"a." * 146 + b"example"), OURS),
    "8,000 octets": (named(b"mta-sts." + b"a" * 7992), OURS),
    "64 KiB": (named(b"mta-sts." + b"a" * 65536), APACHE),
    "empty": (head(b"Host:"), APACHE),
    "missing": (head(), APACHE),
    "missing, HTTP/1.0": (head(version=b"HTTP/1.0"), OURS),
    "empty, HTTP/1.0": (head(b"Host:", version=b"HTTP/1.0"), OURS),
    "HTTP/1.0": (head(b"Host: " + V, version=b"HTTP/1.0"), POLICY),
    "HTTP/1.2": (head(b"Host: " + V, version=b"HTTP/1.2"), POLICY),
    "HTTP/2.0 in words": (head(b"Host: " + V, version=b"HTTP/2.0"), POLICY),
    "HTTP/01.1": (head(b"Host: " + V, version=b"HTTP/01.1"), APACHE),
    "HTTP/0.9": (b"GET " + P + b"\r\n\r\n", "400 bare"),
}

NAMES = {
    "NUL and another": V + b"\0" + O, "NUL": V + b"\0", "NUL first": b"\0" + V,
    "up": b"mta-sts.../../etc", "slash": b"mta-sts./victim.example",
    "slash after": V + b"/x", "backslash": b"mta-sts.\\victim.example",
    "space": b"mta-sts. victim.example", "tab": V + b"\t" + O,
    "list": V + b"," + O, "list with space": V + b", " + O,
    "semicolon": V + b";" + O, "user": O + b"@" + V, "query": V + b"?x",
    "percent": b"mta-sts%2evictim.example", "quotes": b'"' + V + b'"',
    "star": b"mta-sts.*", "carriage return": V + b"\rHost: " + O,
    "line feed": V + b"\nHost: " + O}

TWO = {
    "two equal": (head(b"Host: " + V, b"Host: " + V), APACHE),
    "two": (head(b"Host: " + V, b"Host: " + O), APACHE),
    "two, the other first": (head(b"Host: " + O, b"Host: " + V), APACHE),
    "absolute before the header": (absolute(V), POLICY),
    "absolute, the other": (absolute(O, b"Host: " + V), OTHER),
    "absolute, https": (absolute(V, scheme=b"https://"), POLICY),
    "absolute, upper case": (absolute(V.upper(), scheme=b"HTTP://"), POLICY),
    "absolute and a bad header": (absolute(V, b"Host: a b"), POLICY),
    "absolute without header": (absolute(V, b"X: y"), APACHE),
    "absolute, HTTP/1.0": (head(target=b"http://" + V + P,
                                version=b"HTTP/1.0"), POLICY),
    "absolute, a final dot": (absolute(V + b"."), POLICY),
    "absolute, an empty port": (absolute(V + b":"), POLICY),
    "absolute, too high a port": (absolute(V + b":99999"), POLICY),
    "absolute, no port": (absolute(V + b":x"), APACHE),
    "absolute, two ports": (absolute(V + b":80:80"), APACHE),
    "absolute, a user": (absolute(V + b"@" + O), APACHE),
    "absolute, a password": (absolute(b"x:" + V + b"@" + O), APACHE),
    "absolute, backslash": (absolute(V + b"\\@" + O), APACHE),
    "absolute, fragment": (absolute(V + b"#@" + O), APACHE),
    "absolute, encoded": (absolute(b"mta-sts%2evictim.example"), APACHE),
    "absolute, a tab": (absolute(V + b"\t"), APACHE),
    "absolute, another scheme": (absolute(V, scheme=b"x://"), APACHE),
    "absolute, IPv6": (absolute(b"[::1]"), OURS),
    "absolute, empty": (absolute(b"", b"Host: " + V), OURS),
    "folded": (head(b"Host: " + V, b" " + O), APACHE),
    "folded before": (head(b"Host:", b" " + V), POLICY),
    "folded inside": (head(b"Host: mta-sts.", b"\tvictim.example"), APACHE),
    "folded first": (head(b" Host: " + O, b"Host: " + V), APACHE),
    "folded into another": (head(b"X: y", b" Host: " + O, b"Host: " + V),
                            POLICY),
    "a space before the colon": (head(b"Host : " + V), APACHE),
}

# Beside the Host of the victim; what is not told here is 200 and his policy.
BESIDE = {
    "forwarded": [b"X-Forwarded-Host: " + O, b"X-Forwarded-Server: " + O,
                  b"X-Host: " + O, b"X-HTTP-Host-Override: " + O,
                  b"X-Original-Host: " + O],
    "forwarded, RFC 7239": [b"Forwarded: host=" + O + b";proto=https"],
    "another URL": [b"X-Original-URL: /x", b"X-Rewrite-URL: /x",
                    b"X-Forwarded-Prefix: /x", b"X-Accel-Redirect: /x"],
    "another method": [b"X-HTTP-Method-Override: DELETE",
                       b"X-HTTP-Method: PUT", b"X-Method-Override: PUT"],
    "httpoxy": [b"Proxy: http://evil.example:1"],
    "settings": [b"Mta-Sts-Conf: /tmp/x", b"MTA_STS_CONF: /tmp/x"],
    "CGI": [b"Gateway-Interface: x", b"Request-Method: POST",
            b"Request-Uri: /x", b"Script-Name: /x", b"Path-Info: /x",
            b"Content_Length: 9", b"Transfer_Encoding: chunked"],
    "its variable": [b"Http_Host: " + O, b"HTTP_HOST: " + O],
    "its variable's variable": [b"Http-Host: " + O],
    "underscores": [b"Host_: " + O, b"Ho_st: " + O, b"_Host: " + O],
    "loader": [b"Ld-Preload: /x.so", b"LD_PRELOAD: /x.so", b"Ifs: x"],
    "a password": [b"Authorization: Basic eDp5"],
    "large": [b"Cookie%d: " % i + b"x" * 8000 for i in range(7)],
}


@pytest.fixture(scope="module", params=WAYS)
def server(request):
    for it in host(request.param):
        front_controller(it)
        yield it


@pytest.mark.parametrize("name", SIMPLE)
def test_host(server, name):
    octets, expected = SIMPLE[name]
    assert answers(server, octets) == expected


@pytest.mark.parametrize("name", NAMES)
def test_no_host(server, name):
    """What is no host name is refused by Apache, and selects nothing."""
    assert answers(server, named(NAMES[name])) == APACHE


@pytest.mark.parametrize("name", TWO)
def test_two(server, name):
    """Which of them wins selects the policy as well, or there is none."""
    octets, expected = TWO[name]
    assert answers(server, octets) == expected


@pytest.mark.parametrize("name", BESIDE)
def test_beside(server, name):
    """No other header counts, neither before Host nor after it."""
    host_line = b"Host: " + V
    for lines in ([host_line, *BESIDE[name]], [*BESIDE[name], host_line]):
        assert answers(server, head(*lines)) == POLICY


@pytest.mark.parametrize("line", [b"Ho\0st: x", b"X(y): z", b": z", b"abc",
                                  b"X: y\0z", b"\xff: y"])
def test_bad_header(server, line):
    """A header that is none: Apache's 400, whatever Host says."""
    assert answers(server, head(b"Host: " + V, line)) == APACHE


def test_too_large(server):
    """What is too large for the responder is an error, and no other policy."""
    lines = [b"Cookie%d: " % i + b"x" * 8000 for i in range(20)]
    assert answers(server, head(b"Host: " + V, *lines)) in (
        POLICY, "500 Apache", "503 Apache")
    assert answers(server, named(V)) == POLICY


def test_error_page_of_a_bad_request(server):
    """
    The first virtual host's page for 400 goes out for what is no request, with
    the status that a program gives it. That is no answer to a sender: it sends
    one Host, which is a host name.
    """
    server.account.furnish({
        "error/.htaccess": "SetHandler cgi-script\nOptions +ExecCGI\n",
        **{f"error/{status}.html": Program(FORGING) for status in ERRORS}})
    try:
        assert answers(server, head()) == "200 customer"
        assert answers(server, named(V)) == POLICY
        assert answers(server, named(INVENTED_HOST.encode())) == NONE
        assert answers(server, named(b"127.0.0.1")) == OURS
    finally:
        front_controller(server)
