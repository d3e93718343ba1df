"""
What DNSSEC makes of the facts: a signed zone in BIND, a record of it that was
changed afterwards, and a resolver that hands no signatures on.
"""

import subprocess
import sys

import pytest

from harness import TOP
from nameserver import Named, find, needs

sys.path.insert(0, str(TOP / "tests"))

from lab.looking import look  # noqa: E402
from lab.zone import GLUE  # noqa: E402

pytestmark = needs("named", "dnssec-signzone", "dnssec-keygen")

RECORDS = GLUE["example"] + """
_mta-sts.good TXT "v=STSv1; id=1;"
_25._tcp.mx TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000000
mx A 127.0.0.9
good MX 10 mx
forged A 127.0.0.9
_mta-sts.forged TXT "v=STSv1; id=before;"
"""


def tool(name, *args):
    return subprocess.run([find(name), *map(str, args)], check=True,
                          capture_output=True, text=True, timeout=60).stdout


@pytest.fixture(name="signed", scope="module")
def _signed(tmp_path_factory):
    """A BIND with the zone example, signed, and its key's file."""
    directory = tmp_path_factory.mktemp("dnssec")
    named = Named(directory, {"example": RECORDS, "test": ""})
    keys = [directory / f"{name}.key" for name in tool(
        "dnssec-keygen", "-q", "-K", directory, "-a", "ECDSAP256SHA256",
        "-f", "KSK", "example").split()]
    tool("dnssec-keygen", "-q", "-K", directory, "-a", "ECDSAP256SHA256",
         "example")
    zone = directory / "example.zone"
    tool("dnssec-signzone", "-S", "-K", directory, "-d", directory, "-o",
         "example", "-f", zone, zone)
    text = zone.read_text()
    assert "RRSIG" in text and "id=before" in text
    zone.write_text(text.replace("id=before", "id=after"))
    with named:
        yield f"127.0.0.1@{named.port}", keys[0]


def test_signed(signed):
    resolver, key = signed
    # Nobody listens at port 1: MX are not what this is about.
    seen = look("-r", resolver, "-a", key, "-m", "-s", 1, "-w", 5,
                domains=["good.example", "forged.example", "other.test"])
    good, forged, other = (seen.facts[it] for it in (
        "good.example", "forged.example", "other.test"))
    assert good["dnssec"] and forged["dnssec"]
    assert (good["sts"]["dns"], good["sts"]["secure"]) == ("found", True)
    assert good["mx_answer"]["secure"]
    tlsa = good["mx"][0]["tlsa"]
    assert (tlsa["dns"], tlsa["secure"]) == ("found", True)
    # That there is none is signed, too.
    assert (good["tlsrpt"]["dns"], good["tlsrpt"]["secure"]) == (
        "no name", True)
    assert (forged["sts"]["dns"], forged["sts"]["secure"]) == ("bogus", False)
    assert forged["sts"]["count"] == 0
    assert "_mta-sts.forged.example" in forged["sts"]["why"]
    # Below no key that is known.
    assert (other["sts"]["dns"], other["sts"]["secure"]) == ("no name", False)


def test_unchecked(signed):
    """
    By Debian's anchor nothing here could be checked, since this resolver has no
    root: it is seen, and nothing is called forged.
    """
    resolver, _ = signed
    for args in ((), ("-a", "")):
        seen = look("-r", resolver, *args, domains=["forged.example"])
        it = seen.facts["forged.example"]
        assert not it["dnssec"]
        assert (it["sts"]["dns"], it["sts"]["secure"]) == ("found", False)
        assert it["sts"]["values"][0]["bytes"] == "v=STSv1; id=after;"
