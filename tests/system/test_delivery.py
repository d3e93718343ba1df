"""
The whole road: a Postfix that asks Debian's postfix-mta-sts-resolver sends to
domains whose policies we serve, each to an MX that is right or wrong in its own
way. It all happens in a network namespace; what is read of policies is in
test_senders.py.
"""

import re
import sys
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from command import DONE, run
from harness import TOP, source, wait_for

sys.path.insert(0, str(TOP / "tests"))

from lab import internet as internets, postfix  # noqa: E402
from lab.internet import Internet  # noqa: E402
from lab.mailhost import Delivery, Mx, Receiver, Sender, outcome  # noqa: E402
from lab.sender import Daemon  # noqa: E402

WHY_NOT = (internets.why_not() if postfix.available() else
           "postfix not installed: make deps")
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=str(WHY_NOT))

MODES = ("enforce", "testing", "none")

# What is wrong with the MX, why Postfix then keeps the mail, and what its log
# has to say of the certificate.
UNVERIFIED = "Server certificate not verified"
WRONG = {
    "plain": ("TLS is required, but was not offered", None),
    "other": (UNVERIFIED, "hostname mismatch"),
    "expired": (UNVERIFIED, "certificate has expired"),
    "self": (UNVERIFIED, "self-signed certificate"),
    # It has a good certificate, but the policy names another host.
    "unlisted": (UNVERIFIED, "hostname mismatch"),
}
# What Postfix says of TLS to them where no policy asks for it.
OPPORTUNISTIC = {"good": "Trusted", "plain": None, "other": "Trusted",
                 "expired": "Untrusted", "self": "Untrusted",
                 "unlisted": "Trusted"}


def mx_of(kind):
    return f"mx.{kind}.example"


def certificate_of(authority, kind):
    """None is no TLS."""
    if kind == "plain":
        return None
    if kind == "other":
        return authority.issue(kind, ["mx.elsewhere.example"])
    if kind == "self":
        return authority.self_signed(kind, [mx_of(kind)])
    return authority.issue(kind, [mx_of(kind)],
                           days=-1 if kind == "expired" else 2)


KINDS = ("good", *WRONG)
ALL = [f"{mode}.{kind}.example" for kind in KINDS for mode in MODES]
# Further domains: their policies, and their MX.
MORE = {
    "wild.example": (source(mx=["*.good.example"]), [mx_of("good")]),
    "backup.example": (source(mx=[mx_of("plain"), mx_of("good")]),
                       [mx_of("plain"), mx_of("good")]),
    "silent.example": (source(mx=[mx_of("plain")]), [mx_of("plain")]),
    "changing.example": (source("testing", [mx_of("plain")]),
                         [mx_of("plain")]),
    "unserved.example": (None, [mx_of("plain")]),
}
# Those whose TXT record the command does not print for us.
BY_HAND = ("silent.example", "unserved.example")


def policies():
    """The policies by domain."""
    them = {}
    for domain in ALL:
        mode, kind, _ = domain.split(".")
        mx = "mx.elsewhere.example" if kind == "unlisted" else mx_of(kind)
        them[domain] = source(mode, [mx])
    them.update((domain, text) for domain, (text, _) in MORE.items() if text)
    return them


def publish(internet, exchangers):
    """All records: of the policies, and of the mail."""
    zone = internet.zone
    zone.publish(internet.site, *(domain for domain in policies()
                                  if domain not in BY_HAND))
    zone.add("mta-sts.silent.example. IN A 127.0.0.1",
             "mta-sts.unserved.example. IN A 127.0.0.1",
             '_mta-sts.unserved.example. IN TXT "v=STSv1; id=1"')
    zone.add(*(f"{mx.name}. IN A {mx.address}" for mx in exchangers))
    zone.add(*(f"{domain}. IN MX 10 mx.{domain.split('.')[1]}.example."
               for domain in ALL))
    zone.add(*(f"{domain}. IN MX {10 * number} {mx}."
               for domain, (_, them) in MORE.items()
               for number, mx in enumerate(them, 1)))


@pytest.fixture(name="mail", scope="module")
def _mail():
    """Everything runs, and a message to each domain is on its way."""
    with ExitStack() as stack:
        internet = stack.enter_context(Internet(
            policies(), lambda _: [("mta-sts.unserved.example", "")]))
        exchangers = [
            Mx(mx_of(kind), f"127.0.0.{number}",
               certificate_of(internet.authority, kind))
            for number, kind in enumerate(KINDS, 11)]
        publish(internet, exchangers)
        resolv_conf = internet.zone.resolv_conf
        receiver = stack.enter_context(Receiver(
            internet.directory / "receiver", exchangers, resolv_conf))
        daemon = stack.enter_context(Daemon(
            internet.zone, internet.authority, internet.directory))
        sender = stack.enter_context(Sender(
            internet.directory / "sender", internet.authority, resolv_conf))
        sender.send(*(f"all@{domain}" for domain in [*ALL, *MORE]))
        yield SimpleNamespace(internet=internet, sender=sender,
                              receiver=receiver, daemon=daemon)


def delivered(mail, recipient, kind, trust):
    """
    It is, to that MX. trust is what Postfix says of TLS: None for none, and
    "Verified" only when it was told by a policy what to verify.
    """
    it = outcome(mail.sender, mail.receiver, recipient)
    assert isinstance(it, Delivery), (it, mail.sender.log(), mail.daemon.log())
    assert (it.mx, it.tls) == (mx_of(kind), trust is not None), it
    assert it.subject == recipient
    assert mail.sender.trust(recipient) == trust


def kept(mail, recipient, reason):
    """It is in the queue, for that reason, and has not come."""
    it = outcome(mail.sender, mail.receiver, recipient)
    assert isinstance(it, str), it
    assert reason in it
    assert recipient not in mail.receiver.delivered()


@pytest.mark.parametrize("kind", WRONG)
def test_enforce(mail, kind):
    """Not to an MX that is wrong."""
    reason, told = WRONG[kind]
    kept(mail, f"all@enforce.{kind}.example", reason)
    if told:
        assert re.search(f"certificate verification failed for {mx_of(kind)}"
                         rf"\S+ .*{told}", mail.sender.log())


def test_enforce_good(mail):
    """To the MX that the policy names, verified."""
    delivered(mail, "all@enforce.good.example", "good", "Verified")


@pytest.mark.parametrize("mode", ["testing", "none"])
@pytest.mark.parametrize("kind", KINDS)
def test_not_enforced(mail, kind, mode):
    """As before, and over TLS where there is any."""
    delivered(mail, f"all@{mode}.{kind}.example", kind, OPPORTUNISTIC[kind])


def test_wildcard(mail):
    delivered(mail, "all@wild.example", "good", "Verified")


def test_next_mx(mail):
    """The first has no TLS and is passed over."""
    delivered(mail, "all@backup.example", "good", "Verified")


@pytest.mark.parametrize("domain", BY_HAND)
def test_no_policy(mail, domain):
    """No TXT record, or none of a policy: nobody is held up."""
    delivered(mail, f"all@{domain}", "plain", None)


def test_changes(mail):
    """From testing to enforce, by the command, and all the way back."""
    domain, internet = "changing.example", mail.internet

    def change(*verb, new_id):
        done = run(internet.site, *verb)
        assert done.returncode == DONE, done.stderr
        if new_id:
            internet.zone.publish(internet.site, domain)

    def send(name):
        mail.sender.send(f"{name}@{domain}")
        return f"{name}@{domain}"

    delivered(mail, f"all@{domain}", "plain", None)
    change("set", domain, "--mode", "enforce", new_id=False)
    delivered(mail, send("old-id"), "plain", None)
    change("set", domain, "--max-age", "2d", new_id=True)
    kept(mail, send("enforced"), WRONG["plain"][0])
    change("retire", domain, new_id=True)
    delivered(mail, send("retired"), "plain", None)
    # What had to wait goes on its way when Postfix tries again.
    mail.sender.flush()
    wait_for(lambda: f"enforced@{domain}" in mail.receiver.delivered(), 30)
