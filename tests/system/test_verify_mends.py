"""
What verify says to be pasted: that it mends what was found.
"""

import re
import shlex
import sys

import pytest

from command import DONE, run
from harness import TOP, source

sys.path.insert(0, str(TOP / "tests"))

from lab import faulty  # noqa: E402
from lab.faulty import Faulty  # noqa: E402

WHY_NOT = faulty.why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=str(WHY_NOT))

# What stands before each line to paste.
PASTE = "  "


@pytest.fixture(name="world", scope="module")
def _world():
    with Faulty() as it:
        yield it


def paste(world, line):
    """Does what an administrator would with the line."""
    if line.startswith("mta-sts "):
        done = run(world.site, *shlex.split(line)[1:])
        assert done.returncode == DONE, (line, done)
        return
    name, ttl, record = re.fullmatch(r"(\S+) (\d+) IN (TXT .*)",
                                     line).groups()
    world.zone.update(f"update delete {name} TXT\n"
                      f"update add {name} {ttl} {record}\nsend\n")


def mend(world, domain, found):
    """Pastes all that is said to be, until nothing is found any more."""
    rounds = 0
    while found and rounds < 4:
        for it in found:
            for line in it["mend"].split("\n"):
                if line.startswith(PASTE):
                    paste(world, line.strip())
        found = world.found(domain)
        rounds += 1
    assert found == []
    assert rounds <= 2


def test_mends(world):
    """All that is said to be pasted is, until nothing is found any more."""
    domain = "mend.example"
    world.site.write(domain, source("enforce", ["mx.gone.example"], 3600))
    world.zone.add(f"mta-sts.{domain}. IN A 127.0.0.1",
                   f"{domain}. IN MX 10 mx.good.example.",
                   f'_mta-sts.{domain}. IN TXT "v=STSv1; id=;"',
                   f'_mta-sts.{domain}. IN TXT "v=STSv1; id=2;"')
    found = world.found(domain)
    assert {it["code"] for it in found} == {
        "txt-several", "txt-invalid", "tlsrpt-missing", "max-age-short",
        "mx-uncovered", "listed-missing"}
    mend(world, domain, found)


def test_mends_alias(world):
    """
    By link and by CNAME: what is to be changed is the policy that it has from
    elsewhere, and no record is to be put beside a CNAME.
    """
    domain = "linked.example"
    world.site.write("target.example",
                     source("enforce", ["mx.gone.example"], 1209600))
    link = world.site.policies / f"{domain}.txt"
    link.symlink_to("target.example.txt")
    world.zone.add(f"mta-sts.{domain}. IN A 127.0.0.1",
                   f"{domain}. IN MX 10 mx.good.example.",
                   f"_smtp._tls.{domain}. IN CNAME _smtp._tls.good.example.",
                   f"_mta-sts.{domain}. IN CNAME _mta-sts.nowhere.example.")
    found = {it["code"]: it for it in world.found(domain)}
    assert set(found) == {"txt-missing", "mx-uncovered", "listed-missing"}
    assert f"_mta-sts.{domain} is an alias (CNAME) that leads to " \
        "_mta-sts.nowhere.example" in found["txt-missing"]["mend"]
    world.zone.update(f"update delete _mta-sts.{domain} CNAME\nsend\n")
    mend(world, domain, found.values())
    assert link.is_symlink()


def test_mends_none(world):
    """A policy without any mx gets one for each MX, or it could not be one."""
    domain = "off.example"
    world.site.write(domain, source("none", (), 1209600))
    world.zone.add(f"mta-sts.{domain}. IN A 127.0.0.1",
                   f"{domain}. IN MX 10 mx.good.example.",
                   f"_smtp._tls.{domain}. IN CNAME _smtp._tls.good.example.")
    world.zone.publish(world.site, domain)
    it, = world.found(domain)
    assert it["code"] == "mode-none"
    # To have it on, not to take it away.
    assert [line.split()[:2] for line in it["mend"].split("\n")
            if line.startswith(PASTE)] == [
                ["mta-sts", verb] for verb in ("set", "dns", "remove")]
    it["mend"] = it["mend"].partition("  mta-sts remove")[0]
    mend(world, domain, [it])


def test_not_ready(world):
    """Nobody is sent to enforce whose mail hosts have not been looked at."""
    domain = world.names["ready"]
    it, = world.found(domain)
    assert it["code"] == "ready"
    assert world.found("--no-mx", domain) == []
