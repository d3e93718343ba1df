"""
Whoever answers the look from outside may do his worst: it costs bounded time
and memory, and the facts say what he did. All of them are looked at side by
side, in a network namespace, as the command does it.
"""

import gzip
import sys
import time

import pytest

from harness import TOP, wire

sys.path.insert(0, str(TOP / "tests"))

from lab import namespace  # noqa: E402
from lab.authority import Authority  # noqa: E402
from lab.hostile import (EHLO, EHLO_PLAIN, READY, Hostile,  # noqa: E402
                         ask, endlessly, say, silent, smtp)
from lab.hostiledns import (GARBAGE, SERVFAIL, SILENT,  # noqa: E402
                            HostileDns, address, alias, exchange, text)
from lab.looking import SANITIZED, look, unescaped  # noqa: E402
from lab.namespace import Namespace  # noqa: E402

WHY_NOT = namespace.why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=str(WHY_NOT))

# Seconds that a step may take, and what all steps of a domain come to: DNS,
# HTTPS, DNS of what the policy lists; or DNS, DNS of an MX, SMTP.
STEP = 3
PATIENCE = 3 * STEP + 3
# MiB that it may take. Most of it is libunbound's and libcurl's own.
MEMORY = 60

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
MOVED = (b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: "
         b"https://mta-sts.moved.example/.well-known/mta-sts.txt\r\n\r\n")
BOMB = gzip.compress(bytes(20_000_000))


def answer(body, more=b""):
    return HEAD + more + b"Content-Length: %d\r\n\r\n" % len(body) + body


def hang_up(link):
    ask(link)


def trickle(head):
    """A server that says an octet a second after that."""
    return endlessly(head, b"x", 1)


# By the label of a domain: what its policy host does, and how the fetch ends.
# The third is the host without TLS.
FETCHES = {
    "good": (say(answer(wire())), "answer"),
    "endless": (endlessly(HEAD + b"\r\n", b"x" * 60000), "large"),
    "chunks": (endlessly(HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
                         b"1\r\nx\r\n" * 2000), "large"),
    "dripping": (trickle(HEAD + b"\r\n"), "timeout"),
    "slow-head": (trickle(HEAD), "timeout"),
    "head": (endlessly(HEAD, b"X-More: " + b"y" * 1000 + b"\r\n"), "large"),
    "head-line": (endlessly(HEAD, b"X-More: " * 1000), "large"),
    "continue": (endlessly(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "large"),
    "moved": (say(MOVED), "answer"),
    "mute": (silent, "timeout"),
    "gone": (hang_up, "broken"),
    "half": (say(HEAD + b"Content-Length: 1000\r\n\r\nversion: STSv1"),
             "broken"),
    "bad-chunks": (say(HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n"),
                   "broken"),
    "no-head": (say(b"version: STSv1\r\n"), "broken"),
    "bomb": (say(answer(BOMB, b"Content-Encoding: gzip\r\n")), "answer"),
    "escapes": (say(b"HTTP/1.1 301 \x1b[31m\r\nContent-Type: \x1b[31mred\r\n"
                    b"Location: /\x1b]0;x\r\nContent-Length: 0\r\n\r\n"),
                "answer"),
}
PLAIN = {
    "no-tls": (say(answer(wire()), ask_first=False), "tls"),
    "mute-tls": (silent, "timeout"),
    "garbage-tls": (say(b"\x16\x03\x01\xff\xff" + b"z" * 70000,
                        ask_first=False), "tls"),
    "reset": (lambda link: None, "tls"),
}

# By the label of an MX: what it does, and how the look at it ends.
EXCHANGERS = {
    "greets": (endlessly(b"", b"220-hello\r\n", ask_first=False), "greeting"),
    "line": (endlessly(b"220-", b"x" * 1000, ask_first=False), "greeting"),
    "mx-mute": (silent, "timeout"),
    "mx-drips": (endlessly(b"220", b"-", 1, ask_first=False), "timeout"),
    "turned-away": (say(b"554 no\x1b[2J\r\n", ask_first=False), "greeting"),
    "no-smtp": (say(b"SSH-2.0-OpenSSH_9.2\r\n", ask_first=False), "greeting"),
    "ehlo": (smtp(then=endlessly(b"", b"250-X\r\n")), "greeting"),
    "plain": (smtp(EHLO_PLAIN), "no starttls"),
    "denied": (smtp(EHLO, b"454 not now\r\n"), "tls"),
    "no-handshake": (smtp(EHLO, READY), "timeout"),
    "bad-handshake": (smtp(EHLO, READY + b"hello, this is no TLS\r\n"), "tls"),
}


class World:
    """All of them, and what was seen of them."""

    def __init__(self, directory):
        self.authority = Authority(directory / "authority")
        labels = [*FETCHES, *PLAIN]
        self.certificate = self.authority.issue(
            "all", [f"mta-sts.{it}.example" for it in labels] +
            [f"{it}.mx.example" for it in ("stays", "stalls")])
        self.exchangers = {
            **EXCHANGERS,
            # QUIT is not answered, and nobody waits for it.
            "stays": (smtp(EHLO, (READY, True), EHLO_PLAIN,
                           tls=self.certificate), "done"),
            "stalls": (smtp(EHLO, (READY, True), tls=self.certificate),
                       "timeout"),
        }
        self.records, behaviours = {}, {}
        for number, label in enumerate(labels, 1):
            behave, _ = {**FETCHES, **PLAIN}[label]
            place = f"127.0.2.{number}"
            self.records[f"mta-sts.{label}.example"] = [address(place)]
            behaviours[place, 443] = (
                behave, self.certificate if label in FETCHES else None)
        for number, label in enumerate(self.exchangers, 1):
            place = f"127.0.3.{number}"
            self.records[f"{label}.mx.example"] = [address(place)]
            self.records[f"{label}.example"] = [
                exchange(10, f"{label}.mx.example")]
            behaviours[place, 25] = self.exchangers[label][0], None
        self.records.update(odd_records())
        self.hostile = Hostile(behaviours)
        self.dns = HostileDns(self.records)
        self.seen = None

    def look(self):
        domains = [it for it in self.records
                   if it.count(".") == 1 and not it.startswith("_")]
        domains += [f"{it}.example" for it in (*FETCHES, *PLAIN)]
        with self.hostile, self.dns:
            self.seen = look("-r", "127.0.0.1@53", "-c",
                             self.authority.trusted, "-w", STEP, "-m", "-f",
                             "-j", 100, domains=domains)
        return self


def odd_records():
    """What only the DNS does."""
    long = b"v=STSv1; id=" + b"1" * 59_988
    them = {
        "_mta-sts.long.example": [text(long)],
        "_mta-sts.many.example": [text(b"v=STSv1; id=%d;" % i)
                                  for i in range(300)],
        "_mta-sts.loop.example": [alias("_mta-sts.loop2.example")],
        "_mta-sts.loop2.example": [alias("_mta-sts.loop.example")],
        "_mta-sts.self.example": [alias("_mta-sts.self.example")],
        "_mta-sts.silent.example": SILENT,
        "_mta-sts.garbage.example": GARBAGE,
        "_mta-sts.servfail.example": SERVFAIL,
        "_mta-sts.raw.example": [text(b"\x00\xff\x1b[31m")],
        # More than a message holds would be none.
        "crowd.example": [exchange(i, f"a{i}.c") for i in range(2700)],
        "null.example": [exchange(0, "")],
        "odd.example": [exchange(1, [b"a.b", b"example"]),
                        exchange(2, [b"\x1b[2J", b"example"]),
                        exchange(3, [b"x" * 63] * 3 + [b"y" * 61])],
    }
    for label in ("long", "many", "loop", "self", "silent", "garbage",
                  "servfail", "raw"):
        them[f"{label}.example"] = []
    for length in (5, 10):
        them[f"chain{length}.example"] = []
        names = [f"_mta-sts.chain{length}.example"] + [
            f"c{i}.chain{length}.example" for i in range(length)]
        for one, other in zip(names, names[1:]):
            them[one] = [alias(other)]
        them[names[-1]] = [text(b"v=STSv1; id=1;")]
    return them


@pytest.fixture(name="world", scope="module")
def _world(tmp_path_factory):
    with Namespace():
        yield World(tmp_path_factory.mktemp("hostile")).look()


def facts(world, label):
    return world.seen.facts[f"{label}.example"]


def test_time(world):
    """All of them together take no longer than one may."""
    assert world.seen.seconds < PATIENCE
    assert world.seen.processor < 4


def test_memory(world):
    assert SANITIZED or world.seen.memory < MEMORY


def test_each_once(world):
    assert len(world.seen.order) == len(world.seen.facts)
    assert set(world.seen.facts) >= {f"{it}.example" for it in
                                     (*FETCHES, *PLAIN, *world.exchangers)}
    assert world.seen.complaint == ""


def test_called_once(world):
    """No redirect is followed, nothing is tried again after a connection."""
    assert set(world.hostile.calls.values()) == {1}


@pytest.mark.parametrize("label", [*FETCHES, *PLAIN])
def test_fetch(world, label):
    it = facts(world, label)
    fetch = it["fetch4"]
    assert fetch["end"] == {**FETCHES, **PLAIN}[label][1], fetch
    assert it["fetch6"]["end"] == "unasked"
    assert fetch["tls"]["certificate"] == (
        "good" if label in FETCHES else "unseen")
    assert (fetch["why"] == "") == (fetch["end"] == "answer")
    assert fetch["milliseconds"] < STEP * 1000 + 1000
    assert fetch["length"] <= 65536


def test_good_fetch(world):
    """What is good is seen to be, in such company."""
    fetch = facts(world, "good")["fetch4"]
    assert unescaped(fetch["body"]) == wire()
    assert (fetch["status"], fetch["media_type"]) == (200, "text/plain")
    assert fetch["tls"]["protocol"] == "TLSv1.3"
    assert abs(fetch["tls"]["expires"] - time.time() - 2 * 86400) < 1000


def test_redirect(world):
    fetch = facts(world, "moved")["fetch4"]
    assert fetch["status"] == 302
    assert fetch["location"] == \
        "https://mta-sts.moved.example/.well-known/mta-sts.txt"


def test_bomb_stays_packed(world):
    assert facts(world, "bomb")["fetch4"]["length"] == len(BOMB)


def test_escaped(world):
    fetch = facts(world, "escapes")["fetch4"]
    assert fetch["media_type"] == r"\x1b[31mred"
    assert "\x1b" not in fetch["location"] and fetch["location"]


@pytest.mark.parametrize("label", [*EXCHANGERS, "stays", "stalls"])
def test_exchanger(world, label):
    mx, = facts(world, label)["mx"]
    assert mx["name"] == f"{label}.mx.example"
    assert mx["end"] == world.exchangers[label][1], mx
    tls = "good" if label in ("stays", "stalls") else "unseen"
    assert mx["tls"]["certificate"] == tls


def test_reply_is_told(world):
    assert facts(world, "turned-away")["mx"][0]["why"] == r"554 no\x1b[2J"
    assert facts(world, "denied")["mx"][0]["why"] == "454 not now"


def test_long_txt(world):
    txt = facts(world, "long")["sts"]
    assert txt["count"] == 1
    value, = txt["values"]
    assert value["length"] == 60_000
    assert value["bytes"] == "v=STSv1; id=" + "1" * (1023 - 12)


def test_many_txt(world):
    txt = facts(world, "many")["sts"]
    assert (txt["count"], len(txt["values"])) == (300, 8)


@pytest.mark.parametrize("label", ["loop", "self", "silent", "garbage",
                                   "servfail", "chain10"])
def test_dns_fails(world, label):
    txt = facts(world, label)["sts"]
    assert (txt["dns"], txt["count"]) == ("failed", 0)
    assert txt["why"]


def test_chain(world):
    txt = facts(world, "chain5")["sts"]
    assert (txt["dns"], txt["chain"]) == ("found", 5)
    assert txt["canonical"] == "c4.chain5.example"


def test_crowd(world):
    """Thousands of MX: the best are looked at."""
    it = facts(world, "crowd")
    assert it["mx_count"] == 2700
    assert [mx["name"] for mx in it["mx"]] == [f"a{i}.c" for i in range(16)]
    assert {mx["end"] for mx in it["mx"]} == {"no address"}


def test_null_mx(world):
    mx, = facts(world, "null")["mx"]
    assert (mx["name"], mx["end"]) == ("", "unasked")


def test_odd_mx(world):
    """What is no host name is not called, and shown without its bytes."""
    them = facts(world, "odd")["mx"]
    assert [mx["name"] for mx in them[:2]] == [
        r"a\x2eb.example", r"\x1b\x5b2j.example"]
    assert {mx["end"] for mx in them} == {"no address"}
    assert all("no host name" in mx["why"] for mx in them[:2])
