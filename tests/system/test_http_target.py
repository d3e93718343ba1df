"""
What the wire sees (DESIGN.md) of a request besides its host: path, absolute
form, script name, method, and headers that change nothing. In one table for
CGI and FastCGI alike, on the site of test_http.py.
"""

import pytest

from cgi import check, variables
from harness import PATH, POLICY_WIRE
from test_http import (LONGEST, OF_LONGEST, TOO_LONG, UNKNOWN, fixture_ask,
                       fixture_responder, fixture_site, shown)

__all__ = ["fixture_ask", "fixture_responder", "fixture_site"]

ABSOLUTE = "https://mta-sts.example.com" + PATH

# REQUEST_URI, status; the Host is that of example.com.
TARGETS = [
    (PATH, 200),
    (PATH + "?", 200),
    (PATH + "?x=y", 200),
    (PATH + "?../../etc/passwd", 200),
    (PATH + "??#", 200),
    ("/", 404),
    ("*", 404),
    ("?", 404),
    ("/.well-known/", 404),
    ("/.well-known/mta-sts", 404),
    ("/.well-known/mta-sts.tx", 404),
    (PATH + "/", 404),
    (PATH + "/x", 404),
    (PATH + "x", 404),
    (PATH + ".bak", 404),
    (PATH + "~", 404),
    (PATH + ";x", 404),
    (PATH + " ", 404),
    (PATH + "#x", 404),
    (PATH + "%00", 404),
    (PATH + "%3Fx", 404),
    ("/" + PATH, 404),
    ("/." + PATH, 404),
    ("/x/.." + PATH, 404),
    ("/.." + PATH, 404),
    ("/.well-known//mta-sts.txt", 404),
    ("/.well-known/./mta-sts.txt", 404),
    ("/.well-known/x/../mta-sts.txt", 404),
    ("/%2ewell-known/mta-sts.txt", 404),
    ("/%2Ewell-known/mta-sts.txt", 404),
    ("/.well-known%2fmta-sts.txt", 404),
    ("/.well-known/mta-sts%2etxt", 404),
    ("/.well-known\\mta-sts.txt", 404),
    ("/.WELL-KNOWN/MTA-STS.TXT", 404),
    ("/.well-known/MTA-STS.txt", 404),
    ("/prefix" + PATH, 404),
    (PATH[1:], 404),
    (" " + PATH, 404),
    ("//mta-sts.example.com" + PATH, 404),
    ("/?" + PATH, 404),
    ("/" + "x" * 30000, 404),
]


@pytest.mark.parametrize("uri, status", TARGETS,
                         ids=[shown(row[0]) for row in TARGETS])
def test_path(ask, uri, status):
    check(ask(variables(uri=uri)), status,
          POLICY_WIRE if status == 200 else None)


# REQUEST_URI, Host, status: the authority counts (RFC 9112 section 3.2.2).
AUTHORITIES = [
    (ABSOLUTE, "mta-sts.example.com", 200),
    (ABSOLUTE, UNKNOWN, 200),
    (ABSOLUTE, "192.0.2.7", 200),
    (ABSOLUTE, None, 200),
    (ABSOLUTE + "?x", UNKNOWN, 200),
    ("http://mta-sts.example.com" + PATH, UNKNOWN, 200),
    ("HTTP://mta-sts.example.com" + PATH, UNKNOWN, 200),
    ("HttpS://MTA-STS.example.COM" + PATH, UNKNOWN, 200),
    ("https://mta-sts.example.com:443" + PATH, UNKNOWN, 200),
    ("https://mta-sts.example.com:" + PATH, UNKNOWN, 200),
    ("https://mta-sts.example.com.:443" + PATH, UNKNOWN, 200),
    ("https://mta-sts.unknown.example" + PATH, "mta-sts.example.com", 404),
    ("https://example.com" + PATH, "mta-sts.example.com", 404),
    ("https://" + PATH, "mta-sts.example.com", 400),
    ("https://:443" + PATH, "mta-sts.example.com", 400),
    ("https://[::1]" + PATH, "mta-sts.example.com", 400),
    ("https://user@mta-sts.example.com" + PATH, "mta-sts.example.com", 400),
    ("https://mta-sts." + TOO_LONG + PATH, "mta-sts.example.com", 400),
    ("https://mta-sts." + "x" * 3000 + PATH, "mta-sts.example.com", 400),
    ("https://mta-sts.broken.example" + PATH, "mta-sts.example.com", 500),
    ("https://mta-sts.example.com", "mta-sts.example.com", 404),
    ("https://mta-sts.example.com/", "mta-sts.example.com", 404),
    ("https://mta-sts.example.com?" + PATH, "mta-sts.example.com", 404),
    ("https://mta-sts.example.com//" + PATH, "mta-sts.example.com", 404),
    ("ftp://mta-sts.example.com" + PATH, "mta-sts.example.com", 404),
    ("https:/mta-sts.example.com" + PATH, "mta-sts.example.com", 404),
    ("https:" + PATH, "mta-sts.example.com", 404),
]


@pytest.mark.parametrize("uri, host, status", AUTHORITIES,
                         ids=[shown(row[0]) + "-" + str(row[1])
                              for row in AUTHORITIES])
def test_absolute_form(ask, uri, host, status):
    check(ask(variables(host, uri=uri)), status,
          POLICY_WIRE if status == 200 else None)


def test_longest_authority(ask):
    """Final dot and port fit beside the longest name."""
    uri = f"https://mta-sts.{LONGEST}.:65535{PATH}"
    check(ask(variables(UNKNOWN, uri=uri)), 200, OF_LONGEST)


# REQUEST_URI, SCRIPT_NAME, PATH_INFO, status.
SCRIPTS = [
    (None, PATH, None, 200),
    (None, PATH, "", 200),
    (None, "", PATH, 200),
    (None, None, PATH, 200),
    (None, "/.well-known", "/mta-sts.txt", 200),
    (None, PATH[:-1], PATH[-1:], 200),
    ("", PATH, None, 200),
    (PATH, "/cgi-bin/mta-sts.fcgi", PATH, 200),
    (None, None, None, 404),
    (None, "", "", 404),
    (None, PATH, PATH, 404),
    (None, PATH, "/", 404),
    (None, "/", PATH, 404),
    (None, PATH + "?x", None, 404),
    (None, "/cgi-bin/mta-sts.fcgi", PATH, 404),
    (None, "/cgi-bin/mta-sts.fcgi", None, 404),
    ("/other", PATH, None, 404),
]


@pytest.mark.parametrize("uri, script, info, status", SCRIPTS)
def test_script_name(ask, uri, script, info, status):
    """Where the server gives no REQUEST_URI, or that gives way to it."""
    answer = ask(variables(uri=uri, SCRIPT_NAME=script, PATH_INFO=info))
    check(answer, status, POLICY_WIRE if status == 200 else None)


@pytest.mark.parametrize("method", [
    "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "get",
    "Head", "GETX", "GE", "HEAD ", "", None])
def test_method(ask, method):
    check(ask(variables(method=method)), 405)


@pytest.mark.parametrize("method, uri, host, status", [
    ("POST", "/other", "bad_host", 404),
    ("GET", "/other", "bad_host", 404),
    ("POST", "/other", "mta-sts.example.com", 404),
    ("POST", PATH, "bad_host", 405),
    ("POST", PATH, UNKNOWN, 405),
    ("POST", PATH, "mta-sts.broken.example", 405),
    ("GET", PATH, "bad_host", 400),
])
def test_precedence(ask, method, uri, host, status):
    """The path decides before the method, and that before the host."""
    check(ask(variables(host, method, uri)), status)


@pytest.mark.parametrize("name, value", [
    ("HTTP_RANGE", "bytes=0-3"),
    ("HTTP_IF_MODIFIED_SINCE", "Fri, 01 Jan 2038 00:00:00 GMT"),
    ("HTTP_IF_NONE_MATCH", "*"),
    ("HTTP_ACCEPT_ENCODING", "gzip"),
    ("HTTP_ACCEPT", "text/html"),
    ("HTTP_EXPECT", "100-continue"),
    ("HTTP_X_FORWARDED_HOST", UNKNOWN),
    ("HTTP_FORWARDED", "host=" + UNKNOWN),
    ("SERVER_NAME", UNKNOWN),
    ("HTTPS", "off"),
    ("PATH_TRANSLATED", "/etc/passwd"),
    ("DOCUMENT_ROOT", "/etc"),
    ("HTTP_HOST_", UNKNOWN),
])
def test_what_else_is_told(ask, name, value):
    """Never 206, 304 or another host: the rest of a request is not read."""
    check(ask(variables(**{name: value})), 200, POLICY_WIRE)
