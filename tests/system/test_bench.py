"""
The bench itself, with tiny numbers: that every program answers rightly, and that
its figures can be read. What the figures are is no matter here.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness import Responder, environment

BENCH = Path(__file__).resolve().parents[1] / "bench"
sys.path.append(str(BENCH))

import common  # noqa: E402

pytestmark = pytest.mark.skipif(
    not (common.BUILT / "load").exists(),
    reason="the load generator is not built: make bench-programs")


def run(*arguments):
    """bench.py with these."""
    return subprocess.run(
        [str(BENCH / "bench.py"), *map(str, arguments)], text=True,
        stdin=subprocess.DEVNULL, capture_output=True, env=environment(),
        check=False, timeout=120)


def test_bench(tmp_path):
    path = tmp_path / "figures.json"
    done = run("--quick", "--json", path, "alone", "memory", "oneshot")
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(path.read_text())
    assert document["failures"] == []
    tables = {table["name"]: table for table in document["tables"]}
    for way in ("kept", "new"):
        for mix in ("known", "half-unknown"):
            rows = {row["label"]: row for row in
                    tables[f"alone-{way}-1-{mix}"]["rows"]}
            assert len(rows) >= 5
            for label, row in rows.items():
                assert row["rate"][0] > 0 and row["p50"][0] > 0, label
            assert rows["mta-sts.fcgi"]["cpu"][0] > 0
            assert rows["mta-sts.fcgi"]["limit"][0] > 0
    for row in tables["memory"]["rows"]:
        if os.getuid() == 0 or "sandbox = false" in row["label"]:
            assert row["uss"] > 0, row["label"]
    assert all(row["time"] > 0 for row in tables["oneshot"]["rows"])
    rendered = run("--render", path)
    assert rendered.returncode == 0, rendered.stderr
    assert rendered.stdout.count("| mta-sts.fcgi |") >= 8


@pytest.mark.parametrize("expected, wrong", [
    (common.POLICY, 0), (common.POLICY.replace("604800", "604801"), 50)],
    ids=["right", "wrong"])
def test_load_counts_wrong_answers(expected, wrong):
    """Were it to count none, all else here would mean nothing."""
    with common.Policies(20) as site:
        site.body.write_text(expected, newline="")
        with Responder(site) as responder:
            for kept in (True, False):
                found = common.load(responder.socket, site.mix(), kept=kept,
                                    clients=2, requests=50, strict=False)
                assert (found["requests"], found["wrong"]) == (50, wrong)
            found = common.load(responder.socket, site.mix(unknown=100),
                                requests=50, strict=False)
            assert found["errors"] == found["failed"] == 0
        found = common.load(responder.socket, site.mix(), requests=3,
                            strict=False)
        assert found["failed"] == 3 and found["requests"] == 0
