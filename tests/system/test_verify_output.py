"""
What verify prints, for people and for programs, and what it ends with. What it
finds is in test_verify.py; that its mends do mend, in test_verify_mends.py.
"""

import json
import os
import pty
import re
import subprocess
import sys

import pytest

from command import (COMMAND, DONE, FINDINGS, SYSTEM, USAGE, read_terminal,
                     run)
from harness import TOP, Site, environment

sys.path.insert(0, str(TOP / "tests"))

from lab import faulty  # noqa: E402
from lab.faulty import Faulty  # noqa: E402
from lab.faultydomains import DOMAINS  # noqa: E402

WHY_NOT = faulty.why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=str(WHY_NOT))

OK, WARNING, CRITICAL, UNKNOWN = range(4)
ESCAPE = "\033["


@pytest.fixture(name="world", scope="module")
def _world():
    with Faulty() as it:
        yield it


def colours(world, domain, **env):
    """Its standard output, on a terminal."""
    terminal, end = pty.openpty()
    done = subprocess.run(
        [COMMAND, *map(str, world.arguments(domain))], stdout=end,
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60,
        check=False, env=environment({
            "MTA_STS_CONF": str(world.site.settings), "TERM": "xterm",
            "NO_COLOR": "", **env}))
    os.close(end)
    output = read_terminal(terminal)
    assert done.returncode == FINDINGS
    return output.decode().replace("\r\n", "\n")


def test_all_of_none():
    with Site() as site:
        done = run(site, "verify", "--all")
    assert (done.returncode, done.stdout, done.stderr) == (
        DONE, "", "mta-sts: no domain has a policy here\n")


def test_human(world):
    done = world.verify("good.example", "mx-uncovered.example",
                        "no-mta-sts.example", "txt-missing.example")
    assert (done.returncode, done.stderr) == (FINDINGS, "")
    lines = done.stdout.splitlines()
    verdicts = [it for it in lines if not it.startswith(" ")]
    assert re.fullmatch(r"good\.example: good: mode enforce for \S.*, 1 MX, "
                        r"certificates for (59|60) days", verdicts[0])
    assert re.fullmatch(r"mx-uncovered\.example: broken: mode enforce .*, "
                        r"2 MX, .*; 1 error", verdicts[1])
    assert verdicts[2] == ("no-mta-sts.example: no MTA-STS (no record at "
                           "_mta-sts.no-mta-sts.example, no policy)")
    assert verdicts[3].startswith("txt-missing.example: broken: ")
    assert len(verdicts) == 4
    assert [it for it in lines if re.match(r"  \S", it)] == ["  MX", "  DNS"]
    told = " ".join(done.stdout.split())
    assert "error: no mx of the policy covers the MX" in told
    assert "[mx-uncovered] A sender delays the mail." in told
    # A line to paste is a line of its own.
    record = next(it for it in lines if " IN TXT " in it)
    assert re.fullmatch(r'\s+_mta-sts\.txt-missing\.example\. 300 IN TXT '
                        r'"v=STSv1; id=\w+;"', record)
    assert all(len(it) < 80 for it in lines if it not in (
        record, *verdicts)), lines
    assert ESCAPE not in done.stdout


def test_colour(world):
    """On a terminal alone, and not where it is not wanted."""
    domain = "txt-missing.example"
    plain = world.verify(domain).stdout
    coloured = colours(world, domain)
    assert ESCAPE + "1;31mbroken" in coloured
    assert ESCAPE + "1;31merror" in coloured
    assert re.sub(r"\033\[[0-9;]*m", "", coloured) == plain
    assert colours(world, domain, NO_COLOR="1") == plain
    assert colours(world, domain, TERM="dumb") == plain


def test_quiet(world):
    """Those that are well are not told, nor notes."""
    done = world.verify("-q", "good.example", "tlsrpt-missing.example",
                        "no-mta-sts.example")
    assert (done.returncode, done.stdout, done.stderr) == (DONE, "", "")
    done = world.verify("-q", "good.example", "txt-missing.example")
    assert done.returncode == FINDINGS
    assert done.stdout.startswith("txt-missing.example: broken")


@pytest.mark.parametrize("domains, strict, usual", [
    (["good"], DONE, DONE),
    (["tlsrpt-missing"], DONE, DONE),      # a note
    (["no-mta-sts"], DONE, DONE),
    (["listed-missing"], FINDINGS, DONE),  # a warning
    (["mx-uncovered"], FINDINGS, FINDINGS),
    (["good", "mx-uncovered", "good"], FINDINGS, FINDINGS),
])
def test_exit(world, domains, strict, usual):
    names = [f"{it}.example" for it in domains]
    assert world.verify(*names).returncode == usual
    assert world.verify("--strict", *names).returncode == strict


@pytest.mark.parametrize("args", [
    [], ["--all", "good.example"], ["--timeout", "0s", "good.example"],
    ["--timeout", "601s", "good.example"], ["--jobs", "0", "good.example"],
    ["--port", "65536", "good.example"], ["--format", "xml", "good.example"],
    ["--fetches", "0", "good.example"], ["--fetches", "21", "good.example"],
    ["--format", "prometheus", "--json", "good.example"],
    ["--json", "--monitor", "good.example"],
    ["--bogus", "--monitor", "good.example"], ["--monitor", "--jobs"]])
def test_misused(site, args):
    done = run(site, "verify", *args)
    wanted = UNKNOWN if "--monitor" in args else USAGE
    assert done.returncode == wanted
    assert done.stdout.startswith("MTA-STS UNKNOWN - ") == (wanted == UNKNOWN)
    assert done.stderr.startswith("mta-sts: verify: ") or "usage" in \
        done.stderr


@pytest.mark.parametrize("path, why", [
    ("/nonexistent", "No such file or directory"),
    ("/etc/passwd", "no certificates of authorities")])
def test_no_authorities(world, path, why):
    done = world.verify("--ca-file", path, "good.example")
    assert (done.returncode, done.stdout, done.stderr) == (
        SYSTEM, "", f"mta-sts: {path}: {why}\n")


def test_no_authorities_of_the_system():
    """Nobody else is to blame for that."""
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-ec",
         'mount -t tmpfs none /etc/ssl/certs; exec "$0" "$@"', COMMAND,
         "verify", "good.example"], stdin=subprocess.DEVNULL, timeout=60,
        capture_output=True, text=True, check=False, env=environment())
    assert (done.returncode, done.stdout, done.stderr) == (
        SYSTEM, "", "mta-sts: /etc/ssl/certs/ca-certificates.crt: No such file "
        "or directory; install ca-certificates, or name a --ca-file\n")


def test_order(world):
    """That of the operands, and each once, however slow."""
    names = ["https-slow.example", "good.example", "txt-missing.example",
             "no-mta-sts.example", "elsewhere.example"]
    done = world.verify("--json", *names, *reversed(names))
    assert [it["domain"] for it in json.loads(done.stdout)] == names


def test_stdin(world):
    done = world.verify("--json", "-", input="wild.example\ngood.example\n")
    assert [it["domain"] for it in json.loads(done.stdout)] == [
        "wild.example", "good.example"]


def monitor(world, *args):
    """The status, the words and the numbers."""
    done = world.verify("--monitor", *args)
    first, bar, rest = done.stdout.partition(" | ")
    assert done.stdout.count("\n") == 1 and done.stdout.count("|") == len(
        bar.strip())
    data = {}
    for it in rest.split():
        label, value, more = re.fullmatch(
            r"([a-z_]+)=(-?[0-9.]+)s?((?:;[0-9]*){0,4})", it).groups()
        assert label not in data and len(more) <= 6
        data[label] = float(value)
    return done.returncode, first, data


def test_monitor(world):
    status, words, data = monitor(world, "good.example", "elsewhere.example")
    assert (status, words) == (OK, "MTA-STS OK - 2 domains")
    assert data.pop("certificate_days") in (59, 60)
    assert 0 < data.pop("fetch") < 6
    assert data == {"domains": 2, "broken": 0, "doubtful": 0, "errors": 0,
                    "warnings": 0}

    status, words, data = monitor(world, "good.example",
                                  "listed-missing.example")
    assert status == WARNING
    assert words.startswith("MTA-STS WARNING - 2 domains, 0 broken, 1 "
                            "doubtful: listed-missing.example: "
                            "listed-missing, ")
    assert (data["doubtful"], data["warnings"]) == (1, 1)

    status, words, data = monitor(world, "no-mta-sts.example",
                                  "mx-uncovered.example")
    assert status == CRITICAL
    assert words.startswith("MTA-STS CRITICAL - 2 domains, 1 broken, 1 ")
    assert "mx-uncovered.example: mx-uncovered, " in words
    assert (data["broken"], data["doubtful"], data["errors"]) == (1, 1, 1)
    assert monitor(world, "cert-expiring.example")[2][
        "certificate_days"] in (4, 5)


@pytest.mark.parametrize("args", [["no domain"],
                                  ["--ca-file", "/nonexistent", "a.example"]])
def test_monitor_unknown(world, args):
    status, words, data = monitor(world, *args)
    assert (status, data) == (UNKNOWN, {})
    assert words.startswith("MTA-STS UNKNOWN - ")


def prometheus(text):
    """By metric and labels, the value; what is not well-formed is told."""
    values, described, current, ended = {}, set(), None, set()
    for line in text.splitlines():
        head = re.fullmatch(r"# (HELP|TYPE) ([a-z_]+) (\S.*)", line)
        if head:
            assert (head[1], head[2]) not in described
            assert head[1] != "TYPE" or head[3] == "gauge"
            described.add((head[1], head[2]))
            name = head[2]
        else:
            name, labels, value = re.fullmatch(
                r"([a-z_]+)\{(.*)\} (-?[0-9.]+)", line).groups()
            pairs = re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"(?:,|$)', labels)
            assert ",".join(f'{it[0]}="{it[1]}"' for it in pairs) == labels
            assert {("HELP", name), ("TYPE", name)} <= described
            key = name, frozenset(pairs)
            assert key not in values
            values[key] = float(value)
        if name != current:
            assert name not in ended, f"{name} is in two places"
            ended.add(name)
            current = name
    return values


def test_prometheus(world):
    done = world.verify("--format", "prometheus", "good.example",
                        "listed-missing.example", "policy-html.example",
                        "no-mta-sts.example", "families-differ.example",
                        "mx-many.example", "nodes-refuse.example")
    assert (done.returncode, done.stderr) == (FINDINGS, "")
    values = prometheus(done.stdout)

    def value(name, domain, **labels):
        return values.get((f"mta_sts_{name}", frozenset(
            {"domain": f"{domain}.example", **labels}.items())))

    assert [value("verdict", it) for it in (
        "good", "listed-missing", "policy-html", "no-mta-sts")] == [0, 1, 2, 3]
    assert value("findings", "listed-missing", severity="warning") == 1
    assert value("findings", "listed-missing", severity="error") == 0
    assert value("finding", "listed-missing", severity="warning",
                 code="listed-missing") == 1
    # The same code five times is one line.
    assert value("findings", "policy-html", severity="error") == 5
    assert value("finding", "policy-html", severity="error",
                 code="policy-invalid") == 1
    assert value("policy_mode", "good", mode="enforce") == 1
    assert value("policy_max_age_seconds", "good") == 1209600
    looked = value("verify_time_seconds", "good")
    for left in (value("policy_certificate_expiry_seconds", "good",
                       address="127.0.0.1"),
                 value("mx_certificate_expiry_seconds", "good",
                       mx="mx.good.example")):
        assert 59 * 86400 < left - looked <= 60 * 86400
    assert value("policy_fetch_seconds", "families-differ",
                 address="::1") < 6
    assert value("policy_mode", "no-mta-sts", mode="enforce") is None
    # One line for an address, however often it was asked.
    assert value("finding", "nodes-refuse", severity="warning",
                 code="nodes-fail") == 1
    assert len([it for it in values if it[0] == "mta_sts_policy_fetch_seconds"
                and ("domain", "nodes-refuse.example") in it[1]]) == 1


def test_all(world):
    """Every domain that has a file here."""
    here = {world.names[label] for label, it in DOMAINS.items()
            if it.file is not None}
    done = world.verify("--all", "--json")
    assert done.returncode == FINDINGS
    rows = json.loads(done.stdout)
    assert {it["domain"] for it in rows} == here
    assert len(rows) == len(here)


def test_no_mx(world):
    """The mail hosts are left alone, and nothing is said of them."""
    before = dict(world.peers.calls)
    done = world.verify("--no-mx", "--json", "mx-no-starttls.example",
                        "mx-unreachable.example")
    assert (done.returncode, done.stderr) == (DONE, "")
    for row in json.loads(done.stdout):
        assert (row["verdict"], row["findings"]) == ("good", []), row
    called = {port for (place, port), calls in world.peers.calls.items()
              if calls != before.get((place, port), 0)}
    assert called == {443}


def test_fetches(world):
    """Once alone is once, and without other forms of the Host header."""
    def called(*args):
        before = dict(world.peers.calls)
        done = world.verify("--no-mx", "--json", *args, "host-case.example")
        row, = json.loads(done.stdout)
        return ({place: calls - before.get(place, 0) for place, calls in
                 world.peers.calls.items() if calls != before.get(place, 0)},
                len(row["fetches"]), [it["code"] for it in row["findings"]])

    for args, fetches, found in ((("--fetches", 1), 1, []),
                                 ((), 3, ["host-case"]),
                                 (("--fetches", 20), 20, ["host-case"])):
        calls, told, codes = called(*args)
        assert (told, codes) == (fetches, found)
        # The form that is answered otherwise, three times.
        assert list(calls.values()) == [fetches + (5 if fetches > 1 else 0)]
