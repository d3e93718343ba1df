"""
Spellings of the policy's path, on Apache all three ways, in a virtual host of
the customer's that answers 200 with a forged policy to whatever reaches it.

A sender asks for exactly /.well-known/mta-sts.txt: that is the responder's,
with or without a query, because the shipped file gives Apache's merged and
decoded form of the path to the responder before any document root is walked.
The responder then looks at the path as it was sent, so that another spelling of
the same is its 404. What is another path to Apache is the customer's to answer,
and no sender asks for it.
"""

import pytest

from harness import PATH
from hostedapache import WAYS, answers, front_controller, host

POLICY, OURS, APACHE = "200 policy", "404 ours", "400 Apache"
ENCODED = "404 Apache"      # AllowEncodedSlashes Off, or a NUL
CUSTOMER = "200 customer"
P = PATH.encode()
HOST = b"mta-sts.victim.example"

SPELLINGS = [
    # What senders ask, and what means the same to HTTP.
    (P, POLICY), (P + b"?", POLICY), (P + b"?x=y", POLICY),
    (P + b"?/../x", POLICY), (P + b"?%00", POLICY),
    (b"http://" + HOST + P, POLICY), (b"HTTPS://" + HOST + P, POLICY),
    (b"http://" + HOST + b":443" + P + b"?x", POLICY),
    # The same file to Apache, not the same path.
    (b"/" + P, OURS), (b"/.well-known//mta-sts.txt", OURS),
    (b"///.well-known///mta-sts.txt", OURS), (b"/." + P, OURS),
    (b"/.well-known/./mta-sts.txt", OURS), (b"/x/.." + P, OURS),
    (b"/.well-known/x/../mta-sts.txt", OURS), (b"/.well-known/.." + P, OURS),
    (b"/%2ewell-known/mta-sts.txt", OURS), (b"/%2e" + P, OURS),
    (b"/.well-known/mta-sts%2etxt", OURS),
    (b"/.well-known/%6dta-sts.txt", OURS),
    (b"/.well-known/mta-sts.tx%74", OURS), (P + b"/", OURS),
    (P + b"//", OURS), (P + b"/more", OURS), (P + b"/.", OURS),
    (P + b"/../mta-sts.txt", OURS), (P * 300, OURS),
    (b"http://" + HOST + b"/" + P, OURS), (b"http:" + P, OURS),
    # No path at all, or one out of the tree.
    (b"/.." + P, APACHE), (b"/%2e%2e" + P, APACHE), (b"%2F" + P[1:], APACHE),
    (P + b"#x", APACHE), (P + b"?x#y", APACHE), (P + b"\0", APACHE),
    (P + b" ", APACHE), (P[1:], APACHE), (b"*", APACHE), (b"", APACHE),
    (b"ftp://" + HOST + P, APACHE), (P + b"%", APACHE), (b"/%", APACHE),
    (b"/%u002ewell-known/mta-sts.txt", APACHE),
    (b"http:///.well-known/mta-sts.txt", "400 ours"),
    (b"/.well-known%2Fmta-sts.txt", ENCODED), (P + b"%2f", ENCODED),
    (P + b"%2f..%2fmta-sts.txt", ENCODED), (P + b"%00", ENCODED),
    (P + b"%00.html", ENCODED),
    # Other paths.
    (P.upper(), CUSTOMER), (b"/.Well-Known/mta-sts.txt", CUSTOMER),
    (b"/.well-known/mta-sts.TXT", CUSTOMER), (P + b";x=y", CUSTOMER),
    (b"/.well-known;x/mta-sts.txt", CUSTOMER), (P + b"%20", CUSTOMER),
    (P + b"%0a", CUSTOMER), (P + b"%0d%0aX:y", CUSTOMER),
    (P + b".", CUSTOMER), (P + b"%2e", CUSTOMER), (P + b"~", CUSTOMER),
    (P + b".bak", CUSTOMER), (P + b".html", CUSTOMER),
    (P + b"::$DATA", CUSTOMER), (P + b"\xc2\xa0", CUSTOMER),
    (P + b"/..", CUSTOMER), (P[:-1], CUSTOMER), (P[:-4], CUSTOMER),
    (b"/.well-known/", CUSTOMER), (b"/.well-known%5cmta-sts.txt", CUSTOMER),
    (b"/.well-known\\mta-sts.txt", CUSTOMER),
    (b"/.well-known/mta-sts.tx%2574", CUSTOMER),
    (b"/%252ewell-known/mta-sts.txt", CUSTOMER),
    ("/.well-known/mta\N{HYPHEN}sts.txt".encode(), CUSTOMER),
    (b"/.well-known/%ef%bc%8e%ef%bc%8e/mta-sts.txt", CUSTOMER),
    (b"//" + HOST + P, CUSTOMER), (b"/cgi-bin/mta-sts.fcgi", CUSTOMER),
    (b"/cgi-bin/mta-sts.fcgi" + P, CUSTOMER),
]


@pytest.fixture(scope="module", params=WAYS)
def server(request):
    for it in host(request.param):
        front_controller(it)
        yield it


def request(method, path, name=HOST):
    return b"%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (
        method, path, name)


@pytest.mark.parametrize("path, expected", SPELLINGS,
                         ids=[path[:40] for path, _ in SPELLINGS])
def test_spelling(server, path, expected):
    """GET, and HEAD with the same status."""
    assert answers(server, request(b"GET", path)) == expected
    status = server.raw(request(b"HEAD", path)).split()[1]
    assert status.decode() == expected.split()[0]


def test_policy_of_the_own_host_name(server):
    """The names of the customer that are no policy hosts have none."""
    for name in (b"www.customer.example", HOST[8:], b"www." + HOST[8:]):
        assert answers(server, request(b"GET", P, name)) == OURS
