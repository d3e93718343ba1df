"""
What verify finds: for each fault a domain that has just this one, and none for
domains without. How it is told is in test_verify_output.py.
"""

import json
import re
import sys

import pytest

from command import FINDINGS
from harness import TOP

sys.path.insert(0, str(TOP / "tests"))

from lab import faulty  # noqa: E402
from lab.faulty import Faulty  # noqa: E402
from lab.faultydomains import BARE, DOMAINS, NOT_HERE  # noqa: E402

WHY_NOT = faulty.why_not()
# That one server is so old is the point.
pytestmark = [pytest.mark.skipif(bool(WHY_NOT), reason=str(WHY_NOT)),
              pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1")]

EXPECTED = {label: it.codes for label, it in DOMAINS.items()} | BARE
VERDICTS = {"error": "broken", "warning": "doubtful", "note": "good"}


def codes():
    """All that there are, by the program's own list: by code, its severity."""
    text = (TOP / "src/admin/judge_code.c").read_text()
    return dict(re.findall(
        r'\{\s*"([a-z0-9-]+)",\s*[A-Z]+,\s*JUDGE_(ERROR|WARNING|NOTE)', text))


@pytest.fixture(name="seen", scope="module")
def _seen():
    """What is found of all the domains: by label."""
    with Faulty() as world:
        done = world.verify("--json", *world.names.values())
        assert (done.returncode, done.stderr) == (FINDINGS, "")
        rows = json.loads(done.stdout)
    assert [it["domain"] for it in rows] == list(world.names.values())
    return dict(zip(world.names, rows))


@pytest.mark.parametrize("label", EXPECTED)
def test_finding(seen, label):
    row = seen[label]
    found = row["findings"]
    assert tuple(it["code"] for it in found) == EXPECTED[label], found
    severities = {it["severity"] for it in found}
    worst = next((it for it in VERDICTS if it in severities), "note")
    if label == "no-mta-sts":
        assert row["verdict"] == "nothing"
    else:
        assert row["verdict"] == VERDICTS[worst]


@pytest.mark.parametrize("label", [it for it in EXPECTED if EXPECTED[it]])
def test_words(seen, label):
    """Each says what is wrong and what a sender does, in printable words."""
    for it in seen[label]["findings"]:
        assert it["severity"] in VERDICTS
        assert it["effect"] in (
            "delivers", "delivers without protection", "ignores the policy",
            "delays the mail", "refuses the mail")
        assert it["what"]
        for words in (it["what"], it["sender"] or "", it["mend"] or ""):
            assert re.fullmatch(r"[ -~\n]*", words)
        # What there is nothing to mend about.
        if it["code"] not in ("mx-many", "mx-dane"):
            assert it["mend"], it


def test_weight(seen):
    """What a mail host that is wrong means, by what else there is."""
    def effect(label):
        it, = seen[label]["findings"]
        return it["severity"], it["effect"]

    # The only one, and one of two.
    assert effect("mx-no-starttls") == ("error", "refuses the mail")
    assert effect("mx-uncovered") == ("error", "delays the mail")
    # The only one, too, but nothing is enforced.
    assert effect("testing-plain") == ("warning",
                                       "delivers without protection")
    # No sender has both texts; no sender has any.
    assert effect("families-differ") == ("warning", "ignores the policy")
    # Another policy; another mode.
    assert effect("nodes-differ") == ("warning", "ignores the policy")
    assert effect("nodes-mode") == ("error", "ignores the policy")
    assert effect("cert-name") == ("error", "ignores the policy")


def test_facts(seen):
    """What is told besides the findings."""
    row = seen["elsewhere"]
    assert (row["id"], row["ttl"], row["mode"], row["max_age"], row["mx"]) == (
        "1", 300, "enforce", 1209600, ["mx.good.example"])
    assert row["dnssec"] is False
    assert len(row["fetches"]) == 3
    for fetch in row["fetches"]:
        assert (fetch["status"], fetch["media_type"]) == (200, "text/plain")
        assert fetch["id"] == row["fetches"][0]["id"]
        assert fetch["mode"] == "enforce"
    host, = row["mx_hosts"]
    assert (host["name"], host["preference"], host["address"], host["end"],
            host["dane"]) == ("mx.good.example", 10, "127.0.0.11", "done",
                              False)
    row = seen["mx-dane"]
    assert row["dnssec"] is True
    assert row["mx_hosts"][0]["dane"] is True
    assert seen["mx-null"]["mx_hosts"][0]["name"] == "."
    assert [":" in it["address"] for it in
            seen["families-differ"]["fetches"]] == [False, True, False]
    assert sorted(it["status"] for it in seen["nodes-fail"]["fetches"]) == [
        200, 200, 503]
    assert len({it["id"] for it in seen["nodes-differ"]["fetches"]}) == 2


def test_all_codes():
    """Each is found in a domain here, or is listed with the reason."""
    known = codes()
    assert len(known) >= 80
    found = {code for them in EXPECTED.values() for code in them}
    assert found | set(NOT_HERE) == set(known)
    assert not found & set(NOT_HERE)
    assert all(NOT_HERE.values())
