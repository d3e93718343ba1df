"""
What the wire sees (DESIGN.md): which policy a host gets, to the byte, for CGI
and FastCGI alike, and what the log says of a bad one. What else of a request
decides is in test_http_target.py.
"""

import os
import re
import resource
import shutil

import pytest

import cgi
import fastcgi
from cgi import check, variables
from faults import status_of
from harness import (POLICY_WIRE, STRACE, Responder, Site, source, wait_for,
                     wire)

LABEL = "l" * 63
# With "mta-sts." before it, 253 octets: the longest name there is.
LONGEST = ".".join([LABEL] * 3 + ["x" * 45, "example"])
TOO_LONG = ".".join([LABEL] * 3 + ["x" * 46, "example"])

OF_LONGEST = wire(mx=["longest.example.com"])
OF_NESTED = wire(mx=["nested.example.com"])
OF_ALABEL = wire(mode="testing", mx=["alabel.example.com"])
OF_NONE = wire(mode="none", mx=[], max_age=86400)

UNKNOWN = "mta-sts.unknown.example"
BROKEN = b"version: STSv1\nmode: enforced\nmx: mx.example.com.\nmax_age: 1d\n"


@pytest.fixture(scope="module", name="site")
def fixture_site():
    """Policies of every kind; the tests of this file do not change them."""
    assert len(LONGEST) == 245 and len(TOO_LONG) == 246
    with Site() as it:
        it.write("example.com")
        it.write(LONGEST, source(mx=["longest.example.com"]))
        it.write(TOO_LONG, source(mx=["too-long.example.com"]))
        it.write("mta-sts.example.com", source(mx=["nested.example.com"]))
        it.write("xn--bcher-kva.example",
                 source("testing", mx=["alabel.example.com"]))
        it.write("none.example", source("none", mx=[], max_age=86400))
        it.write("_hosting")
        it.write("bad_name.example")
        it.write("192.0.2.7")
        it.write("UPPER.example")
        it.write("broken.example", BROKEN)
        it.write("writable.example", mode=0o664)
        it.alias("alias.example", "example.com")
        it.alias("shared.example", "_hosting")
        it.alias("dangling.example", "missing.example")
        it.alias("twice.example", "alias.example")
        (it.root / "outside.txt").write_bytes(b"version: STSv1\n")
        it.alias("outside.example", "../outside")
        it.alias("absolute.example", str(it.root / "outside"))
        it.alias("inside.example", "./example.com")
        it.alias("self.example", "self.example")
        (it.policies / "directory.example.txt").mkdir()
        yield it


@pytest.fixture(scope="module", name="responder")
def fixture_responder(site):
    with Responder(site) as it:
        yield it


@pytest.fixture(scope="module", params=["cgi", "fastcgi", "kept"], name="ask")
def fixture_ask(request, site, responder):
    """The three ways to put a request: each takes variables."""
    if request.param == "cgi":
        yield lambda values: cgi.run(site, values)
    elif request.param == "fastcgi":
        yield lambda values: fastcgi.ask(responder.socket, values)
    else:
        with fastcgi.Connection(responder.socket) as connection:
            yield connection.ask


# Host header, status, policy.
HOSTS = [
    ("mta-sts.example.com", 200, POLICY_WIRE),
    ("MTA-STS.EXAMPLE.COM", 200, POLICY_WIRE),
    ("Mta-Sts.eXample.coM", 200, POLICY_WIRE),
    ("mta-sts.example.com:443", 200, POLICY_WIRE),
    ("mta-sts.example.com:8443", 200, POLICY_WIRE),
    ("mta-sts.example.com:", 200, POLICY_WIRE),
    ("mta-sts.example.com.", 200, POLICY_WIRE),
    ("mta-sts.example.com.:443", 200, POLICY_WIRE),
    ("MTA-STS.example.com.:", 200, POLICY_WIRE),
    ("mta-sts.mta-sts.example.com", 200, OF_NESTED),
    ("mta-sts.xn--bcher-kva.example", 200, OF_ALABEL),
    ("mta-sts.XN--BCHER-KVA.example", 200, OF_ALABEL),
    ("mta-sts.none.example", 200, OF_NONE),
    ("mta-sts.alias.example", 200, POLICY_WIRE),
    ("mta-sts.shared.example", 200, POLICY_WIRE),
    ("mta-sts." + LONGEST, 200, OF_LONGEST),
    ("mta-sts." + LONGEST.upper(), 200, OF_LONGEST),
    ("mta-sts." + LONGEST + ".:65535", 200, OF_LONGEST),
    # A host name, and no policy for it.
    ("mta-sts.unknown.example", 404, None),
    ("mta-sts.sub.example.com", 404, None),
    ("mta-sts.com", 404, None),
    ("mta-sts.example.com.txt", 404, None),
    ("mta-sts.upper.example", 404, None),
    ("mta-sts." + LABEL + ".example", 404, None),
    # A host name without the label.
    ("example.com", 404, None),
    ("mta-sts", 404, None),
    ("mta-sts.", 404, None),
    ("mta-sts:443", 404, None),
    ("mta-stsexample.com", 404, None),
    ("xmta-sts.example.com", 404, None),
    ("mta-st.example.com", 404, None),
    ("www.mta-sts.example.com", 404, None),
    ("localhost", 404, None),
    # No host name.
    (None, 400, None),
    ("", 400, None),
    (".", 400, None),
    (":", 400, None),
    (":443", 400, None),
    ("mta-sts..", 400, None),
    ("mta-sts.example.com..", 400, None),
    (".mta-sts.example.com", 400, None),
    ("mta-sts..example.com", 400, None),
    ("mta-sts.example..com", 400, None),
    ("mta-sts." + TOO_LONG, 400, None),
    ("mta-sts." + TOO_LONG + ".", 400, None),
    ("mta-sts." + "l" * 64 + ".example", 400, None),
    ("mta-sts." + "a." * 20000 + "example", 400, None),
    ("192.0.2.7", 400, None),
    ("192.0.2.7:443", 400, None),
    ("mta-sts.192.0.2.7", 400, None),
    ("[::1]", 400, None),
    ("[::1]:443", 400, None),
    ("mta-sts.[::1]", 400, None),
    ("::1", 400, None),
    ("mta-sts.bad_name.example", 400, None),
    ("mta-sts._hosting", 400, None),
    ("_mta-sts.example.com", 400, None),
    ("mta-sts.b\u00fccher.example", 400, None),
    (b"mta-sts.b\xfccher.example", 400, None),
    ("mta-sts.-example.com", 400, None),
    ("mta-sts.example-.com", 400, None),
    ("mta-sts.*.com", 400, None),
    ("*.example.com", 400, None),
    ("mta-sts.../example.com", 400, None),
    ("mta-sts.example.com/", 400, None),
    ("mta-sts./etc/passwd", 400, None),
    ("mta-sts.example.com\\", 400, None),
    ("mta-sts.example%2ecom", 400, None),
    ("%6dta-sts.example.com", 400, None),
    (" mta-sts.example.com", 400, None),
    ("mta-sts.example.com ", 400, None),
    ("mta-sts.example.com\t", 400, None),
    ("mta-sts.example.com\n", 400, None),
    ("mta-sts.example.com\r\nX: y", 400, None),
    ("mta-sts.example.com, mta-sts.example.com", 400, None),
    ("mta-sts.example.com?x", 400, None),
    ("mta-sts.example.com#x", 400, None),
    ("https://mta-sts.example.com", 400, None),
    ("user@mta-sts.example.com", 400, None),
    ("mta-sts.example.com:x", 400, None),
    ("mta-sts.example.com:443x", 400, None),
    ("mta-sts.example.com:-1", 400, None),
    ("mta-sts.example.com:+443", 400, None),
    ("mta-sts.example.com:443:443", 400, None),
    ("mta-sts.example.com::", 400, None),
    ("mta-sts.example.com:443.", 400, None),
    # The file breaks a rule or cannot be trusted.
    ("mta-sts.broken.example", 500, None),
    ("mta-sts.writable.example", 500, None),
    ("mta-sts.dangling.example", 500, None),
    ("mta-sts.twice.example", 500, None),
    ("mta-sts.outside.example", 500, None),
    ("mta-sts.absolute.example", 500, None),
    ("mta-sts.inside.example", 500, None),
    ("mta-sts.self.example", 500, None),
    ("mta-sts.directory.example", 500, None),
]


def shown(value):
    """A short name for a case; the over-long ones by their length."""
    return (repr(value) if len(repr(value)) < 60
            else f"{value[:20]!r}...{len(value)}")


@pytest.mark.parametrize("host, status, body", HOSTS,
                         ids=[shown(row[0]) for row in HOSTS])
def test_host(ask, host, status, body):
    check(ask(variables(host)), status, body)


HEADS = [row for row in HOSTS if row[0] in (
    "mta-sts.example.com", "mta-sts.unknown.example", None,
    "mta-sts.broken.example", "mta-sts." + LONGEST)]


@pytest.mark.parametrize("host, status, body", HEADS,
                         ids=[shown(row[0]) for row in HEADS])
def test_head(ask, host, status, body):
    """HEAD is GET without the body: Content-Length stays."""
    check(ask(variables(host, "HEAD")), status, body, head=True)


def test_every_byte_of_a_host(ask):
    """Letters, digits, hyphen and dot make a name; ":" a port; no other."""
    for byte in range(1, 256):
        host = b"mta-sts.exam" + bytes([byte]) + b"ple.com"
        good = re.match(rb"[A-Za-z0-9.-]\Z", bytes([byte]))
        check(ask(variables(host)), 404 if good else 400)


@pytest.mark.parametrize("domain, finding", [
    ("broken.example", r"{path}:2:7: error: .*enforced"),
    ("broken.example", r"{path}:3:\d+: error: .*dot"),
    ("broken.example", r"{path}:4:10: error: .*max_age"),
    ("writable.example", r"{path}: error: .*0664"),
    ("dangling.example", r"{path}: error: .*does not exist"),
    ("twice.example", r"{path}: error: .*link to another link"),
    ("outside.example", r"{path}: error: .*leaves its directory"),
    ("absolute.example", r"{path}: error: .*leaves its directory"),
    ("directory.example", r"{path}: error: .*no regular file"),
])
def test_finding(site, domain, finding):
    """The reason of a 500 is in the log: domain, place, what is wrong."""
    path = re.escape(str(site.policies / (domain + ".txt")))
    pattern = rf"(^|: ){re.escape(domain)}: " + finding.format(path=path)
    log = cgi.run(site, variables("mta-sts." + domain)).log
    assert re.search(pattern, log, re.MULTILINE), log


def test_good_policies_are_silent(site):
    assert cgi.run(site, variables()).log == ""


@pytest.mark.parametrize("domain, count", [
    ("broken.example", 3), ("writable.example", 1), ("dangling.example", 1),
    ("outside.example", 1), ("directory.example", 1)])
def test_findings_are_told_once(site, domain, count):
    """A thousand requests for a broken domain leave one line a finding."""
    with Responder(site, site.root / "flood.sock", log="flood-" + domain) as it:
        with fastcgi.Connection(it.socket) as connection:
            for _ in range(1000):
                check(connection.ask(variables("mta-sts." + domain)), 500)
        lines = [line for line in it.log().splitlines()
                 if "error: " in line]
    assert len(lines) == len(set(lines)) == count, lines
    assert all(f" {domain}: " in line for line in lines)


def test_bad_requests_do_not_flood(site):
    """Requests alone, however many and various, cannot fill the log."""
    with Responder(site, site.root / "flood.sock", log="flood-hosts") as it:
        with fastcgi.Connection(it.socket) as connection:
            for number in range(3000):
                host = f"mta-sts.x{number}_\x1b[31m"
                check(connection.ask(variables(host)), 400)
        log = it.log()
    assert "\x1b" not in log
    assert len(log.splitlines()) < 400


def test_unavailable_in_fastcgi(site):
    """No descriptor left for the policy's file: 503, and 200 once there is."""
    with Responder(site, site.root / "limit.sock", log="limit") as it:
        with fastcgi.Connection(it.socket) as connection:
            check(connection.ask(), 200, POLICY_WIRE)
            # Until it waits again: a limit in the middle of accepting would
            # make it close this very connection to make room.
            pid = it.process.pid
            wait_for(lambda: status_of(pid, "State").startswith("S"))
            limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, limits[1]))
            check(connection.ask(), 503)
            check(connection.ask(variables(method="HEAD")), 503, head=True)
            check(connection.ask(variables(UNKNOWN)), 503)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
            check(connection.ask(), 200, POLICY_WIRE)
        assert "example.com: " in it.log()


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
@pytest.mark.parametrize("call, error, status", [
    ("openat", "EMFILE", 503), ("openat", "ENFILE", 503),
    ("openat", "EIO", 503), ("openat", "ENOMEM", 503),
    ("openat", "EACCES", 500), ("openat", "ENOENT", 404)])
def test_system_errors(site, call, error, status):
    """Errors of the system at the policy's file, put there by strace."""
    prefix = [*STRACE, "-f", "-o", os.devnull, "-P", "example.com.txt",
              "-e", f"inject={call}:error={error}"]
    answer = cgi.run(site, variables(), prefix=prefix)
    check(answer, status)
    assert status == 404 or re.search(r"example\.com\.txt: error: ",
                                      answer.log), answer.log
