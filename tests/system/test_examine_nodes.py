"""
The policy fetched more than once: from all addresses, from machines that share
one, and with other forms of the Host header; and what that costs where the
peers are hostile. The first fetch is in test_examine.py.
"""

import itertools
import re
import ssl
import subprocess
import sys
import time
from collections import Counter

import pytest

from harness import TOP, wire

sys.path.insert(0, str(TOP / "tests"))

from lab import namespace  # noqa: E402
from lab.authority import Authority  # noqa: E402
from lab.faultydomains import answer, reply, turns  # noqa: E402
from lab.hostile import (Hostile, ask, endlessly, say,  # noqa: E402
                         silent)
from lab.hostiledns import HostileDns, address  # noqa: E402
from lab.looking import SANITIZED, look  # noqa: E402
from lab.namespace import Namespace  # noqa: E402

WHY_NOT = namespace.why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=str(WHY_NOT))

HOST = "mta-sts.node.example"
DOMAIN = "node.example"
STRANGER = "mta-sts.no-such-domain.invalid"
# How often the policy is asked for with another Host header.
FORMS = 3
BAD = reply(b"", status="503 Service Unavailable")
NO_TLS = say(b"HTTP/1.1 400 No TLS\r\n\r\n", ask_first=False)
GOOD, OTHER = wire(), wire("testing")


@pytest.fixture(name="certificate", scope="module")
def _certificate(tmp_path_factory):
    """One for HOST; beside it the authority's."""
    with Namespace():
        authority = Authority(tmp_path_factory.mktemp("nodes") / "authority")
        it = authority.issue("node", [HOST])
        it.trusted = authority.trusted
        yield it


def gather(certificate, places, behaviours, *args, tls=True):
    """
    What is seen of DOMAIN, at those addresses, and the peers, which begin with
    TLS.
    """
    them = {(place, 443): (behave, certificate if tls else None)
            for place, behave in behaviours.items()}
    with Hostile(them) as peers, \
            HostileDns({HOST: [address(it) for it in places]}):
        seen = look("-r", "127.0.0.1@53", "-c", certificate.trusted, *args,
                    domains=[DOMAIN])
    return seen.facts[DOMAIN], seen, peers


def brought(facts):
    """What the fetches brought: the first ones, then the others."""
    def one(it):
        return it["status"] or it["end"]

    return ([one(facts[it]) for it in ("fetch4", "fetch6")],
            [one(it) for it in facts["further"]])


@pytest.mark.parametrize("args, plain, forms", [
    ((), 1, 0), (("-x", 0), 1, 0), (("-x", 1), 1, 0), (("-x", 2), 2, FORMS),
    (("-x", 3), 3, FORMS), (("-x", 20), 20, FORMS), (("-x", 99), 20, FORMS)])
def test_how_often(certificate, args, plain, forms):
    facts, _, peers = gather(certificate, ["127.0.1.1"],
                             {"127.0.1.1": answer(GOOD)}, "-f", *args)
    assert brought(facts) == ([200, "unasked"], [200] * (plain - 1))
    assert peers.calls["127.0.1.1", 443] == plain + forms
    assert [it["end"] for it in facts["forms"]] == [
        "answer" if forms else "unasked"] * FORMS
    first = facts["fetch4"]
    assert first["mode"] == "enforce" and len(first["id"]) == 32
    # What is served is the canonical text, from which the id follows.
    assert {(it["id"], it["digest"]) for it in (first, *facts["further"])} == {
        (first["id"], first["id"])}


@pytest.mark.parametrize("count, fetches, asked", [
    (2, 3, [1, 1, 1]), (2, 7, [3, 2, 2]), (4, 3, [1] * 5),
    (12, 3, [1] * 8), (12, 20, [3] * 4 + [2] * 4)])
def test_places(certificate, count, fetches, asked):
    """
    Each is asked, as often as the others, and at most eight; those of IPv6 are
    among them.
    """
    places = [f"127.0.1.{i}" for i in range(1, count + 1)] + ["::1"]
    facts, _, peers = gather(certificate, places,
                             {it: answer(GOOD) for it in places},
                             "-f", "-x", fetches)
    first = facts["fetch4"]["address"]
    calls = Counter({place: number for (place, _), number in
                     peers.calls.items()})
    calls[first] -= FORMS
    assert sorted(calls.values(), reverse=True) == asked
    assert calls["::1"] >= 1
    told = Counter(it["address"] for it in (
        facts["fetch4"], facts["fetch6"], *facts["further"]))
    assert told == calls


def test_one_of_two_places_is_dead(certificate):
    """The first that answers is the first; the other is told besides."""
    facts, _, _ = gather(certificate, ["127.0.1.9", "127.0.1.1"],
                         {"127.0.1.1": answer(GOOD)}, "-f", "-x", 2)
    assert facts["fetch4"]["address"] == "127.0.1.1"
    other, = facts["further"]
    assert (other["address"], other["end"]) == ("127.0.1.9", "refused")
    assert "127.0.1.9" in other["why"]


def test_the_first_is_one_that_is_good(certificate):
    """Whichever machine came first, what is known of the domain is the same."""
    for replies, first, others in (
            ([BAD, reply(GOOD)], 200, [503, 503]),
            ([reply(GOOD, "text/html"), reply(GOOD)], 200, [200, 200]),
            ([reply(b"<html>"), reply(GOOD)], 200, [200, 200]),
            ([BAD, BAD, BAD], 503, [503, 503])):
        facts, _, _ = gather(certificate, ["127.0.1.1"],
                             {"127.0.1.1": turns(*replies)}, "-f", "-x", 3,
                             "-m")
        one, rest = brought(facts)
        assert (one, sorted(rest)) == ([first, "unasked"], others)
        good = first == 200
        assert facts["fetch4"]["media_type"] == "text/plain"
        assert facts["fetch4"].get("body", "").startswith(
            "version" if good else "")
        assert (facts["fetch4"]["id"] != "") == good
        # The names that it lists are looked up all the same.
        assert (len(facts["listed"]) > 0) == good


def test_machines_that_differ(certificate):
    facts, _, _ = gather(certificate, ["127.0.1.1"], {"127.0.1.1": turns(
        reply(GOOD), reply(OTHER), reply(GOOD.replace(b"\r\n", b"\n")))},
        "-f", "-x", 6)
    ids = Counter(it["id"] for it in (facts["fetch4"], *facts["further"]))
    assert sorted(ids.values()) == [2, 4]
    digests = {it["digest"] for it in (facts["fetch4"], *facts["further"])}
    assert len(digests) == 3
    assert all("body" not in it for it in facts["further"])
    assert {it["mode"] for it in facts["further"]} == {"enforce", "testing"}


def test_forms(certificate):
    """What is asked for; TLS is for the policy host, whatever the header."""
    heard = []

    def behave(link):
        names = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.chain, certificate.key)
        context.sni_callback = lambda it, name, _: names.append(name)
        link = context.wrap_socket(link, server_side=True)
        request = ask(link)
        heard.append((re.findall(rb"\r\nHost: (.*)\r\n", request), names,
                      request.partition(b"\r\n")[0]))
        link.sendall(reply(GOOD))

    with Hostile({("127.0.1.1", 8443): (behave, None)}), \
            HostileDns({HOST: [address("127.0.1.1")]}):
        look("-r", "127.0.0.1@53", "-c", certificate.trusted, "-f", "-x", 2,
             "-h", 8443, domains=[DOMAIN])
    assert {tuple(names) for _, names, _ in heard} == {(HOST,)}
    assert {line for _, _, line in heard} == {
        b"GET /.well-known/mta-sts.txt HTTP/1.1"}
    assert sorted(hosts for hosts, _, _ in heard) == sorted(
        [it.encode()] for it in (
            f"{HOST}:8443", f"{HOST}:8443", f"{HOST}:8443", HOST.upper(),
            STRANGER))


@pytest.mark.parametrize("bad, alike", [(0, True), (1, True), (4, False)])
def test_forms_are_asked_again(certificate, bad, alike):
    """
    Behind an address are four machines that answer in turn. What one of them
    has is not the Host header's fault, which all that have it share.
    """
    machines = [BAD] * bad + [reply(GOOD)] * (4 - bad)
    turn = itertools.cycle(machines)

    def behave(link):
        host = re.search(rb"\r\nHost: ([^\r\n]*)", ask(link))[1].decode()
        if host == HOST:
            link.sendall(reply(GOOD))
        else:
            link.sendall(next(turn))

    facts, _, peers = gather(certificate, ["127.0.1.1"],
                             {"127.0.1.1": behave}, "-f", "-x", 2)
    port, case, _ = facts["forms"]
    assert (port["status"] == case["status"] == 200) == alike
    # The name that nobody has is asked for once.
    again = peers.calls["127.0.1.1", 443] - 2 - FORMS
    assert again <= 2 * bad if alike else again == 4
    assert all("body" not in it for it in facts["forms"])


def turning_away(certificate, number):
    """
    A server without certificates yet: so many handshakes end by an alert, and
    all that come later are good.
    """
    turn = itertools.count()

    def behave(link):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.chain, certificate.key)
        if next(turn) < number:
            context.sni_callback = lambda *_: (
                ssl.ALERT_DESCRIPTION_INTERNAL_ERROR)
        answer(GOOD)(context.wrap_socket(link, server_side=True))
    return behave


@pytest.mark.parametrize("number, args, plain, tls", [
    (1, (), 2, 0), (2, (), 3, 0), (99, (), 3, 1), (1, ("-x", 3), 4, 0),
    # The third try fails, too, and is one of several machines'.
    (3, ("-x", 3), 5, 1)])
def test_certificates_on_demand(certificate, number, args, plain, tls):
    """The first fetch, and no other one, is tried again."""
    facts, _, peers = gather(
        certificate, ["127.0.1.1"],
        {"127.0.1.1": turning_away(certificate, number)}, "-f", *args,
        tls=False)
    ends = Counter(it["end"] for it in (facts["fetch4"], *facts["further"]))
    assert ends["tls"] == tls
    assert sum(ends.values()) == (args or ("-x", 1))[1]
    forms = [it for it in facts["forms"] if it["end"] != "unasked"]
    assert peers.calls["127.0.1.1", 443] == plain + len(forms)


@pytest.mark.parametrize("place, other", [
    ("2001:db8::1", "127.0.1.1"), ("192.0.2.1", "::1")])
def test_no_way(certificate, place, other):
    """
    This machine has no way to one family: nobody's fault there, unless there is
    no other.
    """
    facts, _, _ = gather(certificate, [place, other],
                         {other: answer(GOOD)}, "-f", "-x", 3)
    assert sorted(brought(facts)[0], key=str) == [200, "unasked"]
    assert {it["address"] for it in facts["further"]} == {other}
    # That the other one has no TLS changes nothing.
    facts, _, _ = gather(certificate, [place, other], {other: NO_TLS},
                             "-f", "-x", 3, tls=False)
    assert sorted(brought(facts)[0]) == ["tls", "unasked"]
    facts, _, _ = gather(certificate, [place], {}, "-f", "-x", 2)
    assert "refused" in brought(facts)[0]


@pytest.mark.parametrize("policy, end", [(True, "answer"), (False, "refused")])
def test_without_ipv6(certificate, policy, end):
    """The same on a machine where IPv6 is switched off."""
    def switch(value):
        subprocess.run(["sysctl", "-qw", f"net.ipv6.conf.lo.disable_ipv6="
                        f"{value}"], check=True, capture_output=True)

    try:
        switch(1)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"IPv6 cannot be switched off: {error}")
    try:
        facts, _, _ = gather(
            certificate, ["2001:db8::1", "::1", "127.0.1.1"],
            {"127.0.1.1": answer(GOOD)} if policy else {}, "-f", "-x", 2)
    finally:
        switch(0)
    assert facts["fetch4"]["end"] == end
    assert (facts["fetch6"]["end"] == "unasked") == policy


STEP = 2
# The first fetch, and 19 others, six at a time; DNS; and time to breathe.
PATIENCE = STEP * (1 + 4 + 1) + 3
MEMORY = 40


def test_hostile_everywhere(certificate):
    """At each of eight addresses, and otherwise each time."""
    turn = itertools.cycle([
        silent, endlessly(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 60000),
        endlessly(b"HTTP/1.1 200 OK\r\n\r\n", b"x", pause=1),
        endlessly(b"HTTP/1.1 200 OK\r\n", b"X: " + b"y" * 1000 + b"\r\n"),
        answer(GOOD), endlessly(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        answer(b"", status="301 Moved Permanently",
               more=f"Location: https://{HOST}/\r\n" * 100)])
    places = [f"127.0.1.{i}" for i in range(1, 20)] + ["::1"]
    begun = time.monotonic()
    facts, seen, peers = gather(
        certificate, places,
        {it: lambda link: next(turn)(link) for it in places}, "-f", "-x", 20,
        "-w", STEP)
    # At each address two or three at once; and the forms, and again.
    assert time.monotonic() - begun < STEP * (1 + 2 + 2) + 3
    assert SANITIZED or seen.memory < MEMORY
    assert len({it["address"] for it in facts["further"]}) == 8
    assert len(facts["further"]) >= 18
    assert sum(peers.calls.values()) <= 20 + FORMS + 4


@pytest.mark.parametrize("behave, end", [
    (silent, "timeout"),
    (endlessly(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 60000), "large"),
    (endlessly(b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"y" * 1000 + b"\r\n"),
     "large"),
    (answer(b"version: STSv1\r\n" * 4000), "answer")])
def test_hostile(certificate, behave, end):
    """Twenty times the worst is bounded, too."""
    begun = time.monotonic()
    facts, seen, peers = gather(certificate, ["127.0.1.1"],
                                {"127.0.1.1": behave}, "-f", "-x", 20,
                                "-w", STEP)
    assert time.monotonic() - begun < PATIENCE
    assert SANITIZED or seen.memory < MEMORY
    assert {it["end"] for it in (facts["fetch4"], *facts["further"])} == {end}
    assert len(facts["further"]) == 19
    # Six, and six that the server has yet to see closed; not all twenty.
    assert peers.together["127.0.1.1", 443] <= 6 + 6
