"""
survey on many domains: 10,000 in an internet of the test's own, and a list of
many more that are known already. Memory is bounded, and what it costs is
printed (pytest -s).
"""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from command import COMMAND, DONE
from harness import TOP, environment, wire
from surveying import HEAD, NOTHING, command, read_csv, sums, survey

sys.path.insert(0, str(TOP / "tests"))

from lab import namespace  # noqa: E402
from lab.authority import Authority  # noqa: E402
from lab.hostile import Hostile, say  # noqa: E402
from lab.hostiledns import SILENT, HostileDns, address, text  # noqa: E402
from lab.namespace import Namespace  # noqa: E402

WHY_NOT = namespace.why_not()
# A sanitizer has memory and a pace of its own.
SANITIZED = COMMAND.parent.name == "sanitize"
pytestmark = pytest.mark.skipif(bool(WHY_NOT or SANITIZED),
                                reason=str(WHY_NOT or "sanitizers are slow"))

DOMAINS = [f"d{i}.example" for i in range(10_000)]
SERVED = DOMAINS[::50]
BROKEN = DOMAINS[25::500]
def high_water(process):
    """MiB, or 0 when it has gone."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0


def run(directory, *args, names):
    """Runs it on the names; its output, seconds, and MiB at the most."""
    list_, output = directory / "list", directory / "output"
    list_.write_text("".join(f"{it}\n" for it in names))
    begun, memory = time.monotonic(), 0
    with list_.open() as input_, output.open("w") as out, subprocess.Popen(
            [*map(str, command(*args))], stdin=input_, stdout=out,
            env=environment(NOTHING)) as process:
        while process.poll() is None and time.monotonic() - begun < 300:
            memory = max(memory, high_water(process))
            time.sleep(0.01)
        process.kill()
    assert process.returncode == DONE
    return output.read_text("ascii"), time.monotonic() - begun, memory


@pytest.fixture(name="authority", scope="module")
def _authority(tmp_path_factory):
    with Namespace():
        yield Authority(tmp_path_factory.mktemp("scale") / "authority")


def test_ten_thousand(authority, tmp_path):
    body = wire()
    answer = (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
              b"Content-Length: %d\r\n\r\n" % len(body) + body)
    certificate = authority.issue("all", [f"mta-sts.{it}" for it in SERVED])
    records = {it: [] for it in DOMAINS}
    for it in [*SERVED, *BROKEN]:
        records[f"_mta-sts.{it}"] = [text(b"v=STSv1; id=1;")]
    for it in SERVED:
        records[f"mta-sts.{it}"] = [address("127.0.1.1")]
    with HostileDns(records) as dns, \
            Hostile({("127.0.1.1", 443): (say(answer), certificate)}):
        out, seconds, memory = run(
            tmp_path, "--ca-file", authority.trusted, "--format", "csv",
            names=DOMAINS)
    rows = read_csv(out)
    assert [it["domain"] for it in rows] == DOMAINS
    found = {"enforce": SERVED, "broken": BROKEN}
    for status, them in found.items():
        assert [it["domain"] for it in rows if it["status"] == status] == them
    assert sum(it["status"] == "absent" for it in rows) == 10_000 - 220
    print(f"\n10,000 domains: {seconds:.1f} s, {memory:.0f} MiB, "
          f"{len(dns.asked)} questions")
    assert memory < 60


def test_many_known(tmp_path):
    """They take little memory each, even if the first one lags behind."""
    count = 200_000
    names = [f"known-{i}.shop.example" for i in range(count)]
    journal = tmp_path / "journal"
    row = ",,absent,,,,no,2026-11-22T04:51:52Z,,,\n"
    journal.write_text(",".join(HEAD) + "\n" +
                       "".join(it + row for it in names))
    with Namespace():
        options = tmp_path, "--format", "summary", "--timeout", "1s"
        _, _, least = run(*options, names=["a.example"])
        out, seconds, memory = run(*options, "--resume", journal,
                                   names=["first.example", *names])
    assert sums(out)["MTA-STS"] == {"absent": count, "unknown": 1}
    each = (memory - least) * 1024 * 1024 / count
    print(f"\n{count} known: {seconds:.1f} s, {memory:.0f} MiB, "
          f"{each:.0f} octets each")
    assert each < 160


def test_silent():
    """
    Names that nobody answers for, which mail logs are full of, take time, and
    no other domain's answers: it is asked about while they are waited for.
    """
    mute = [f"mute{i}.example" for i in range(300)]
    names, records = [], {"example": []}
    for i, name in enumerate(mute):
        records.update({name: SILENT, f"*.{name}": SILENT})
        names += [name, f"there{i}.example"] if i % 5 == 0 else [name]
    there = [it for it in names if it not in records]
    records.update({it: [] for it in there})
    records.update({f"_mta-sts.{it}": [text(b"v=STSv1; id=1;")]
                    for it in there})
    with Namespace(), HostileDns(records) as dns:
        begun = time.monotonic()
        done = survey("--format", "csv", "--timeout", "2s",
                      input="".join(f"{it}\n" for it in names))
        seconds = time.monotonic() - begun
    found = {it["domain"]: it["status"] for it in read_csv(done.stdout)}
    assert found == dict.fromkeys(mute, "unknown") | dict.fromkeys(
        there, "broken")
    # Nor is asked what there is only time for once the first has failed.
    asked = {name.partition(".")[0] for name, _ in dns.asked
             if name.partition(".")[2] in mute}
    assert asked == {"_mta-sts", "mta-sts"}
    print(f"\n{len(mute)} that nobody answers for: {seconds:.1f} s")
