"""
What we serve is read by senders as it is meant: postfix-mta-sts-resolver, as
Debian has it, fetches the policies over HTTPS from lighttpd, in a network
namespace with a DNS and a certification authority of its own. Delivery is in
test_delivery.py.
"""

import json
import random
import re
import sys
from collections import Counter

import pytest

from command import DONE, FINDINGS, rows, run
from harness import TOP, source, wait_for

sys.path.insert(0, str(TOP / "tests"))

from lab import internet as internets  # noqa: E402
from lab.internet import Internet  # noqa: E402
from lab.policies import (ACCEPTED, GOOD, REAL, REFUSED,  # noqa: E402
                          SAMPLES, VERDICTS, shaken)
from lab.sender import Daemon, Resolver, allowed, query  # noqa: E402

WHY_NOT = internets.why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=str(WHY_NOT))

# What is wrong of the policy hosts that are not as they should be.
MOVED = ('url.redirect = ( "" => '
         '"https://mta-sts.example.com/.well-known/mta-sts.txt" )')
TYPE = 'setenv.set-response-header = ( "Content-Type" => "{}" )'


def policies():
    """All the files, by domain."""
    them = {**ACCEPTED, **REFUSED}
    them.update((f"{name}.odd.example", source()) for name in
                ("moved", "html", "typed", "other", "expired", "unknown-ca",
                 "edited", "cached", "shaken",
                 "txt"))
    them["broken.odd.example"] = b"version: STSv1\nmode: enforced\n"
    return them


def odd(authority):
    """The policy hosts that lighttpd is to treat in another way."""
    def tls(label, it):
        return (f"mta-sts.{label}.odd.example",
                f'ssl.pemfile = "{it.both}"')
    own = ["mta-sts.expired.odd.example"]
    return [
        ("mta-sts.moved.odd.example", MOVED),
        ("mta-sts.html.odd.example", TYPE.format("text/html")),
        ("mta-sts.typed.odd.example",
         TYPE.format("Text/Plain; charset=utf-8")),
        tls("other", authority.issue("other", ["mta-sts.example.com"])),
        tls("expired", authority.issue("expired", own, days=-1)),
        tls("unknown-ca", authority.self_signed(
            "unknown", ["mta-sts.unknown-ca.odd.example"])),
        ("mta-sts.absent.odd.example", ""),
    ]


@pytest.fixture(name="internet", scope="module")
def _internet():
    with Internet(policies(), odd) as it:
        ours = [path.stem for path in it.site.policies.glob("[!_.]*.txt")]
        it.zone.publish(it.site, *valid(it.site, ours))
        yield it


@pytest.fixture(name="resolver", scope="module")
def _resolver(internet):
    with Resolver(internet.zone, internet.authority,
                  internet.directory) as it:
        yield it


def valid(site, domains):
    """Those of which the command says that they are served."""
    return [domain for domain in domains
            if run(site, "show", domain).returncode == DONE]


def fields(policy):
    """What counts of a policy that the resolver has read."""
    return policy["mode"], policy["mx"], int(policy["max_age"])


def read_raw(text):
    """
    How the resolver reads the file itself: the names as it gives them, without
    those given twice, in lower case.
    """
    from postfix_mta_sts_resolver.utils import parse_mta_sts_policy
    read = parse_mta_sts_policy(text.decode("utf-8-sig"))
    assert read["version"] == "STSv1"
    mode, mx, max_age = fields(read)
    return mode, list(dict.fromkeys(name.lower() for name in mx)), max_age


def accepts(internet, resolver, domain, text):
    """
    The resolver reads what we serve as our command does, and as it would
    have read the file, had that been published as it is.
    """
    ours, = rows(internet.site, "show", domain)
    # Compared apart from the assertion: telling how two long texts differ
    # takes minutes.
    same = internet.web.ask(f"mta-sts.{domain}").body == ours["text"].encode()
    assert same, "not what the command shows"
    result, id_, policy = resolver.ask(domain)
    assert result == "VALID", (ours, resolver.log())
    assert id_ == ours["id"]
    assert fields(policy) == fields(ours) == read_raw(text)
    assert set(policy) == {"version", "mode", "mx", "max_age"}
    assert resolver.ask(domain, id_) == ["NOT_CHANGED", None, None]


@pytest.mark.parametrize("domain", ACCEPTED)
def test_accepted(internet, resolver, domain):
    accepts(internet, resolver, domain, ACCEPTED[domain])


@pytest.mark.parametrize("domain", REFUSED)
def test_refused(internet, resolver, domain):
    """Nothing of them gets out, though there is a TXT record."""
    assert run(internet.site, "show", domain).returncode == FINDINGS
    publish(internet, domain, "v=STSv1; id=1")
    assert internet.web.ask(f"mta-sts.{domain}").status == 500
    assert resolver.ask(domain)[0] == "FETCH_ERROR"


@pytest.mark.skipif(not VERDICTS, reason=f"no policies of people in {REAL}")
def test_policies_of_people():
    """All that are at hand are among those above."""
    assert {path.name for path in (REAL / "real").glob("*.txt")} == \
        set(VERDICTS)


def publish(internet, domain, *values):
    """TXT records of our writing, for a domain whose policy may be missing."""
    internet.zone.add(f"mta-sts.{domain}. IN A 127.0.0.1")
    internet.zone.replace_txt(domain, *values)


def test_shaken(internet, resolver):
    """
    Files of all kinds, good and bad: it is either served, and read as the
    command says, or it is not served at all.
    """
    site, domain = internet.site, "shaken.odd.example"
    publish(internet, domain, "v=STSv1; id=1")
    seed, verdicts = random.Random(8461), Counter()
    for _ in range(300):
        text = shaken(seed)
        site.write(domain, text)
        done = run(site, "show", "--json", domain)
        result, _, policy = resolver.ask(domain)
        verdicts[done.returncode, result] += 1
        if done.returncode == DONE:
            ours, = json.loads(done.stdout)
            assert result == "VALID", text
            assert fields(policy) == fields(ours) == read_raw(text), text
        else:
            assert result == "FETCH_ERROR", text
    assert set(verdicts) == {(DONE, "VALID"), (FINDINGS, "FETCH_ERROR")}
    assert min(verdicts.values()) > 75, verdicts


# What is wrong, the status that a client sees who does not mind, and what the
# resolver gives as its reason.
WRONG = {
    "absent": (404, "failed with error: \n"),
    "broken": (500, "failed with error: \n"),
    "moved": (301, "failed with error: \n"),
    "html": (200, "failed with error: \n"),
    "other": (None, "doesn't match|Hostname mismatch"),
    "expired": (None, "certificate has expired"),
    "unknown-ca": (None, "self-signed certificate"),
}


@pytest.mark.parametrize("name", WRONG)
def test_policy_host_is_wrong(internet, resolver, name):
    """Senders find no policy, and go by no other: they deliver as before."""
    domain, (status, reason) = f"{name}.odd.example", WRONG[name]
    publish(internet, domain, "v=STSv1; id=1")
    if status:
        reply = internet.web.ask(f"mta-sts.{domain}")
        assert reply.status == status, reply
    assert resolver.ask(domain) == ["FETCH_ERROR", None, None]
    told = resolver.log().split(f"for domain '{domain}' ")
    assert re.search(reason, told[-1]), told


def test_charset(internet, resolver):
    """The media type counts, in any case and with a charset it knows."""
    assert ("content-type", "Text/Plain; charset=utf-8") in \
        internet.web.ask("mta-sts.typed.odd.example").headers
    accepts(internet, resolver, "typed.odd.example", source())


# The TXT records at _mta-sts, and the id that a sender takes from them.
RECORDS = [
    ((), None),
    (("v=STSv1; id=1",), "1"),
    (("v=STSv1;id=1;",), "1"),
    (("v=STSv1; id=1", "v=STSv1; id=2"), None),
    (("v=STSv1; id=1", "v=spf1 -all"), "1"),
    (("v=STSv1;  id=abcXYZ0123456789abcXYZ0123456789",),
     "abcXYZ0123456789abcXYZ0123456789"),
    (("v=STSv1; id=1; more=things",), "1"),
    (("v=STSv1; more=things; id=1",), "1"),
    (("id=1; v=STSv1",), None),
    (("v=STSv1",), None),
    (("v=STSv2; id=1",), None),
    (("V=STSv1; id=1",), None),
    (("v=spf1 -all",), None),
]


@pytest.mark.parametrize("values, id_", RECORDS)
def test_txt(internet, resolver, values, id_):
    """What senders take of TXT records, and that lint-txt says the same."""
    internet.zone.replace_txt("txt.odd.example", *values)
    result, found, _ = resolver.ask("txt.odd.example")
    assert (result, found) == (("VALID", id_) if id_ else ("NONE", None))
    if values:
        said = run(internet.site, "lint-txt", "--json", *values)
        verdict, = json.loads(said.stdout)
        assert (verdict["valid"], verdict["id"]) == (id_ is not None, id_)


def test_edited(internet, resolver):
    """An edit is seen once the id is new, which the command sees to."""
    site, domain = internet.site, "edited.odd.example"
    old = resolver.ask(domain)[1]
    run(site, "set", domain, "--mode", "testing", "--add-mx", "new.example.com")
    assert resolver.ask(domain, old) == ["NOT_CHANGED", None, None]
    internet.zone.publish(site, domain)
    assert resolver.ask(domain, old)[1] != old
    ours, = rows(site, "show", domain)
    result, id_, policy = resolver.ask(domain, old)
    assert (result, id_) == ("VALID", ours["id"])
    assert fields(policy) == ("testing", ["mx.example.com", "new.example.com"],
                              604800)


def test_passed_through():
    """
    A field that RFC 8461 does not know costs nobody his policy. Not ASCII, it
    would: the resolver reads no other, and so it is not served.
    """
    value = "things, and: others"
    text = source() + f"x_more: {value}\n".encode()
    cafe = source() + "x_more: caf\u00e9\n".encode()
    with Internet({"more.example": text, "cafe.example": cafe},
                  settings='unknown_fields = "pass";\n') as internet:
        assert valid(internet.site, ["more.example", "cafe.example"]) == \
            ["more.example"]
        internet.zone.publish(internet.site, "more.example")
        with Resolver(internet.zone, internet.authority,
                      internet.directory) as resolver:
            result, _, policy = resolver.ask("more.example")
            assert result == "VALID", resolver.log()
        assert fields(policy) == read_raw(text)
        assert policy["x_more"] == value


class TestDaemon:
    """mta-sts-daemon, asked as Postfix asks it."""

    @pytest.fixture(name="daemon", scope="class")
    def _daemon(self, internet):
        with Daemon(internet.zone, internet.authority,
                    internet.directory) as it:
            yield it

    @pytest.mark.parametrize("domain", [*SAMPLES, "many.layout.example"])
    def test_policy(self, internet, daemon, domain):
        ours, = rows(internet.site, "show", domain)
        names = {name.removeprefix("*") for name in ours["mx"]}
        for zone, strict in (("postfix", ["enforce"]),
                             ("strict", ["enforce", "testing"])):
            answer = daemon.ask(domain, zone)
            if ours["mode"] in strict:
                assert allowed(answer) == names
            else:
                assert answer == "NOTFOUND "

    @pytest.mark.parametrize("name", WRONG)
    def test_no_policy(self, internet, daemon, name):
        domain = f"{name}.odd.example"
        publish(internet, domain, "v=STSv1; id=1")
        assert daemon.ask(domain) == daemon.ask(domain, "strict") == "NOTFOUND "
        # Its log is written by another thread.
        wait_for(lambda: f"_mta-sts.{domain}, known_id=None" in daemon.log())

    def test_cached(self, internet, daemon):
        """The old policy counts until there is a new one that can be had."""
        site, domain = internet.site, "cached.odd.example"

        def write(text, id_):
            site.write(domain, text)
            if id_:
                publish(internet, domain, f"v=STSv1; id={id_}")
            return daemon.ask(domain)

        assert allowed(write(source(), "1")) == {"mx.example.com"}
        assert allowed(write(GOOD, None)) == {"mx.example.com"}
        assert allowed(write(GOOD, "2")) == {"mx1.example.com",
                                             ".mx.example.com"}
        old = daemon.ask(domain)
        assert write(b"mode: none\n", "3") == old, "served with 500"
        internet.zone.replace_txt(domain)
        assert daemon.ask(domain) == old
        assert write(source(mode="none", mx=()), "4") == "NOTFOUND "


def test_daemon_waits(internet):
    """Within its grace, of a minute as Debian has it, it asks nobody."""
    site, domain = internet.site, "cached.odd.example"
    with Daemon(internet.zone, internet.authority, internet.directory,
                grace=60) as daemon:
        for id_, name in (("5", "old.example.com"), ("6", "new.example.com")):
            site.write(domain, source(mx=[name]))
            publish(internet, domain, f"v=STSv1; id={id_}")
            assert allowed(daemon.ask(domain)) == {"old.example.com"}


def test_query(internet):
    """mta-sts-query, the administrator's tool."""
    ours, = rows(internet.site, "show", "example.com")
    printed = query(internet.zone, internet.authority, "example.com")
    assert "STSFetchResult.VALID" in printed and repr(ours["id"]) in printed
    assert repr(ours["mx"]) in printed
