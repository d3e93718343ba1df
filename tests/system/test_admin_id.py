#!/usr/bin/python3
"""mta-sts id."""

import os

import pytest

from command import DONE, FINDINGS, configure, rows, run
from harness import POLICY, source

# sha256sum of harness.POLICY_WIRE, the first 32 digits.
POLICY_ID = "07508c875a291ef7aca406beb1e6bb76"


@pytest.fixture(autouse=True)
def settings(site):
    """Settings with a history of the site's own."""
    configure(site)


def test_alone(site):
    done = run(site, "id", "example.com")
    assert (done.returncode, done.stdout, done.stderr) == (
        DONE, POLICY_ID + "\n", "")


def test_follows_the_policy_and_nothing_else(site):
    def the_id():
        return run(site, "id", "example.com").stdout
    site.write("example.com", b"#\n\n" + POLICY.upper()
               .replace(b"VERSION: STSV1", b"version:STSv1")
               .replace(b"MODE: ENFORCE", b"mode:enforce")
               .replace(b"MX:", b"mx:").replace(b"MAX_AGE", b"max_age"))
    assert the_id() == POLICY_ID + "\n"
    seen = {the_id()}
    for policy in (source(), source(max_age=604801), source(mode="testing"),
                   source(mx=["mx.example.com", "b.example"])):
        site.write("example.com", policy)
        seen.add(the_id())
    assert len(seen) == 5


def test_several(site):
    site.alias("xn--bcher-kva.example", "example.com")
    done = run(site, "id", "example.com", "bücher.example")
    assert done.stdout == (f"example.com {POLICY_ID}\n"
                           f"xn--bcher-kva.example {POLICY_ID}\n")
    assert run(site, "id", "-", input="example.com\n").stdout == (
        f"example.com {POLICY_ID}\n")


def test_json(site):
    assert rows(site, "id", "example.com") == [
        {"domain": "example.com", "id": POLICY_ID}]


def test_date(site):
    configure(site, 'dns = { id = "date"; };\n')
    path = site.policies / "example.com.txt"
    os.utime(path, (1795323112, 1795323112))
    assert run(site, "id", "example.com").stdout == "20261122045152Z\n"
    # For an alias a new link is a new policy.
    link = site.alias("alias.example", "example.com")
    os.utime(link, (1795323113, 1795323113), follow_symlinks=False)
    assert run(site, "id", "alias.example").stdout == "20261122045153Z\n"
    os.utime(path, (1795323114, 1795323114))
    assert run(site, "id", "alias.example").stdout == "20261122045154Z\n"


@pytest.mark.parametrize("content", ["nonsense", None])
def test_broken_or_absent(site, content):
    if content:
        site.write("bad.example", content)
    done = run(site, "id", "bad.example", "example.com")
    assert done.returncode == FINDINGS
    assert done.stdout == f"example.com {POLICY_ID}\n"
    assert "bad.example.txt" in done.stderr
