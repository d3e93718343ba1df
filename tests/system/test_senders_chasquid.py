"""
The policies that we serve, read by a second sender that Debian has, chasquid:
the same as test_senders.py asks of the first, and where it is the stricter one.
"""

import sys

import pytest

from command import DONE, rows, run
from harness import TOP, source

sys.path.insert(0, str(TOP / "tests"))

from lab import chasquid, internet as internets  # noqa: E402
from lab.internet import Internet  # noqa: E402
from lab.policies import ACCEPTED  # noqa: E402

WHY_NOT = (internets.why_not() if chasquid.PROGRAM else
           "chasquid not installed")
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=str(WHY_NOT))

# It has no more than 10 KiB of a policy.
MOST = 10 * 1024

WRONG = {
    "absent": "HTTP response status code: 404",
    "broken": "HTTP response status code: 500",
    "moved": "redirects not allowed",
    "other": "certificate is valid for mta-sts.example.com, not",
    "expired": "certificate has expired",
    "unknown-ca": "certificate signed by unknown authority",
}


def odd(authority):
    """The policy hosts that are wrong in another way than by their policy."""
    return [
        ("mta-sts.moved.odd.example", 'url.redirect = ( "" => '
         '"https://mta-sts.example.com/.well-known/mta-sts.txt" )'),
        *((f"mta-sts.{label}.odd.example", f'ssl.pemfile = "{it.both}"')
          for label, it in (
              ("other", authority.issue("other", ["mta-sts.example.com"])),
              ("expired", authority.issue(
                  "expired", ["mta-sts.expired.odd.example"], days=-1)),
              ("unknown-ca", authority.self_signed(
                  "unknown", ["mta-sts.unknown-ca.odd.example"])))),
        ("mta-sts.absent.odd.example", ""),
    ]


@pytest.fixture(name="internet", scope="module")
def _internet():
    policies = {**ACCEPTED, "broken.odd.example": b"mode: enforced\n"}
    policies.update((f"{name}.odd.example", source()) for name in
                    ("moved", "other", "expired", "unknown-ca", "edited"))
    with Internet(policies, odd) as it:
        it.zone.publish(it.site, *ACCEPTED, "edited.odd.example")
        for name in WRONG:
            domain = f"{name}.odd.example"
            it.zone.add(f"mta-sts.{domain}. IN A 127.0.0.1",
                        f'_mta-sts.{domain}. IN TXT "v=STSv1; id=1"')
        yield it


def read(internet, domain):
    return chasquid.read(internet.zone, internet.authority, domain)


@pytest.mark.parametrize("domain", ACCEPTED)
def test_accepted(internet, domain):
    """What it reads is what the command says; it refuses what it must."""
    ours, = rows(internet.site, "show", domain)
    reading = read(internet, domain)
    whole = ours["mode"], ours["mx"], ours["max_age"]
    if len(ours["text"]) > MOST:
        # max_age comes last, and so what is cut off is never taken for whole.
        assert reading.verdict == "Invalid: invalid max_age"
        return
    assert reading.fields == whole
    if not ours["max_age"]:
        assert reading.verdict == "Invalid: invalid max_age"
    elif not ours["mx"]:
        # The draft had no exception for mode none.
        assert reading.verdict == "Invalid: invalid mx"
    else:
        assert reading.verdict == "OK"


@pytest.mark.parametrize("name", WRONG)
def test_policy_host_is_wrong(internet, name):
    """It finds no policy, and says why."""
    reading = read(internet, f"{name}.odd.example")
    assert reading.fields is None
    assert reading.verdict.startswith("Not available (")
    assert WRONG[name] in reading.verdict


def test_edited(internet):
    """It keeps to no id: an edit is what it reads next."""
    domain = "edited.odd.example"
    assert read(internet, domain).fields[0] == "enforce"
    done = run(internet.site, "set", domain, "--mode", "testing")
    assert done.returncode == DONE
    assert read(internet, domain).fields[0] == "testing"
