"""
What survey makes of domains, one for each fault, and its forms: a table, CSV,
JSON and the sums. Logs are in test_survey_logs.py, --resume in
test_survey_resume.py, many domains in test_survey_scale.py.
"""

import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from fcntl import ioctl

import pytest

from command import DONE, FINDINGS, SYSTEM, USAGE, read_terminal
from harness import TOP, environment
from surveying import NOTHING, command, read_csv, sums, survey

sys.path.insert(0, str(TOP / "tests"))

from lab import faulty  # noqa: E402
from lab.faulty import Faulty  # noqa: E402
from lab.faultydomains import DOMAINS  # noqa: E402
from lab.hostiledns import (SERVFAIL, HostileDns, address,  # noqa: E402
                            text)

WHY_NOT = faulty.why_not()
# That one server is so old is the point.
pytestmark = [pytest.mark.skipif(bool(WHY_NOT), reason=str(WHY_NOT)),
              pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1")]

# By label of faultydomains.py; of the others, those with one of these codes are
# broken, and all else enforce.
STATUS = {
    "testing": "testing", "ready": "testing", "testing-plain": "testing",
    "mode-none": "none", "no-mta-sts": "absent", "domain-missing": "gone",
    "dns-failed": "unknown"}
BREAKING = {
    "dns-bogus", "txt-missing", "txt-misplaced", "txt-several", "txt-long",
    "txt-invalid", "host-missing", "https-refused", "https-timeout",
    "https-tls", "https-broken", "https-large", "tls-old", "policy-missing",
    "https-redirect", "https-status", "media-type", "cert-expired",
    "cert-early", "cert-name", "cert-self-signed", "cert-untrusted",
    "cert-other", "policy-invalid"}
TLSRPT = {"tlsrpt-missing": "no", "tlsrpt-several": "broken",
          "tlsrpt-invalid": "broken", "no-mta-sts": "no",
          "domain-missing": "no", "dns-failed": "unknown"}
# Broken, and yet a policy is served.
SERVED = {"dns-bogus", "txt-missing", "txt-misplaced", "txt-misnamed",
          "txt-several", "txt-long", "txt-invalid", "media-type",
          "media-none"}


@pytest.fixture(name="world", scope="module")
def _world():
    with Faulty() as it:
        # Two of them are without MTA-STS, and nobody would look.
        for label, record in (("only-reports", "v=TLSRPTv1; rua=mailto:a@b.cc"),
                              ("bad-reports", "v=TLSRPTv1; rua=a@b.cc")):
            it.zone.add(f'{label}.example. IN MX 10 mx.good.example.',
                        f'_smtp._tls.{label}.example. IN TXT "{record}"')
        yield it


def ask(world, *args, **more):
    return survey("--trust-anchor", world.zone.anchor, "--ca-file",
                  world.authority.trusted, "--timeout", "6s", *args, **more)


@pytest.fixture(name="seen", scope="module")
def _seen(world):
    """
    The rows of all domains, by label; but those of several machines, where it
    depends on whose turn it is.
    """
    names = {label: name for label, name in world.names.items()
             if not label.startswith("nodes-")}
    done = ask(world, "--format", "csv", *names.values())
    assert (done.returncode, done.stderr) == (DONE, "")
    rows = read_csv(done.stdout)
    assert [it["domain"] for it in rows] == list(names.values())
    return dict(zip(names, rows))


def wanted(label):
    """Its status."""
    codes = DOMAINS[label].codes if label in DOMAINS else ()
    return STATUS.get(label, "broken" if BREAKING & set(codes) else "enforce")


def test_statuses(seen):
    assert {label: row["status"] for label, row in seen.items()} == {
        label: wanted(label) for label in seen}
    assert set(STATUS.values()) == {"testing", "none", "absent", "gone",
                                    "unknown"}
    found = {code for row in seen.values() for code in
             row["errors"].split() if row["status"] == "broken"}
    assert BREAKING <= found


def test_reports(seen, world):
    assert {label: row["tlsrpt"] for label, row in seen.items()} == {
        label: TLSRPT.get(label, "yes") for label in seen}
    # Where there is no MTA-STS, too.
    rows = read_csv(ask(world, "--format", "csv", "only-reports.example",
                        "bad-reports.example").stdout)
    assert [(it["status"], it["tlsrpt"], it["errors"], it["warnings"])
            for it in rows] == [("absent", "yes", "", ""),
                                ("absent", "broken", "", "tlsrpt-invalid")]
    assert rows[1]["what"].startswith("_smtp._tls.bad-reports.example: ")


def test_policies(seen):
    """Mode, max_age and id of what is served, even where nobody gets it."""
    good = seen["elsewhere"]
    assert (good["mode"], good["max_age"], good["id"]) == (
        "enforce", "1209600", "1")
    for label, row in seen.items():
        served = label in SERVED or row["status"] in ("enforce", "testing",
                                                      "none")
        assert bool(row["mode"]) == bool(row["max_age"]) == served, label
        assert row["mails"] == ""
        assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", row["looked"])
    assert seen["mode-none"]["mode"] == "none"
    assert seen["txt-missing"]["id"] == ""


def test_no_answer(world):
    """What the DNS keeps back, one by one, behind a host that is well."""
    host = [address(f"127.0.2.{list(DOMAINS).index('elsewhere') + 1}")]
    record = [text(b"v=STSv1; id=1;")]
    asked = {  # by label: the record, the host, the record about reports
        "elsewhere": (record, host, []),
        "txt-missing": (SERVFAIL, host, []),
        "host-missing": (record, SERVFAIL, []),
        "txt-ttl": (record, host, SERVFAIL),
        "txt-invalid": ([text(b"v=STSv1; id=;")], SERVFAIL, []),
        "https-broken": (SERVFAIL, [], [])}
    records = {}
    for label, them in asked.items():
        records[f"{label}.example"] = []
        records.update(zip((f"_mta-sts.{label}.example",
                            f"mta-sts.{label}.example",
                            f"_smtp._tls.{label}.example"), them))
    with HostileDns(records, "127.0.0.5"):
        done = ask(world, "--format", "csv", *(f"{it}.example"
                                               for it in asked),
                   resolver="127.0.0.5")
    assert [(it["status"], it["mode"], it["tlsrpt"])
            for it in read_csv(done.stdout)] == [
        ("enforce", "enforce", "no"), ("unknown", "enforce", "no"),
        ("unknown", "", "no"), ("enforce", "enforce", "unknown"),
        ("broken", "", "no"), ("unknown", "", "no")]


def test_findings(seen):
    """Each code once, and what the first one says."""
    row = seen["policy-html"]
    assert (row["errors"], row["warnings"]) == ("policy-invalid", "")
    assert seen["cert-expiring"]["warnings"] == "cert-expiring"
    assert seen["good"]["what"] == seen["no-mta-sts"]["what"] == ""
    for label, row in seen.items():
        assert (row["status"] in ("broken", "gone", "unknown")) == bool(
            row["errors"]), label
        assert bool(row["what"]) == bool(row["errors"] or row["warnings"])
        assert re.fullmatch("[ -~]*", row["what"])
        # What a spreadsheet would take for a formula.
        assert not [it for it in row.values() if it[:1] in tuple("=+-@")]


def test_json(world, seen):
    names = [world.names[it] for it in ("elsewhere", "policy-missing",
                                        "no-mta-sts")]
    for option in (["--json"], ["--format", "json"]):
        done = ask(world, *option, *names)
        assert (done.returncode, done.stderr) == (DONE, "")
        rows = json.loads(done.stdout)
        assert [it["domain"] for it in rows] == names
        assert list(rows[0]) == list(seen["elsewhere"])
    good, broken, absent = rows
    assert (good["status"], good["mode"], good["max_age"], good["id"],
            good["tlsrpt"], good["mails"], good["errors"], good["what"]) == (
        "enforce", "enforce", 1209600, "1", "yes", None, [], None)
    assert (broken["errors"], broken["warnings"]) == (["policy-missing"], [])
    assert (broken["mode"], broken["max_age"]) == (None, None)
    assert absent["id"] is None


def test_table_and_sums(world):
    names = [world.names[it] for it in (
        "good", "policy-missing", "policy-gone", "https-status", "mx-many")]
    done = ask(world, *names, "gone.example")
    assert (done.returncode, done.stderr) == (DONE, "")
    table, _, rest = done.stdout.partition("\n\n")
    head, *rows = table.splitlines()
    assert head.split() == ["DOMAIN", "STATUS", "MODE", "MAX", "AGE",
                            "TLSRPT", "FINDING"]
    assert [it.split()[0] for it in rows] == [*names, "gone.example"]
    assert rows[0].split()[1:] == ["enforce", "enforce", "14d", "yes"]
    assert rows[1].split()[1:4] == ["broken", "yes", "policy-missing:"]
    # Columns stand below each other.
    for row in rows:
        assert row[head.index("STATUS") - 2:].startswith("  " + row.split()[1])
    assert rows[1].index("policy-missing:") == head.index("FINDING")
    assert not [it for it in done.stdout.splitlines() if it != it.rstrip()]
    assert sums(rest) == {
        "MTA-STS": {"enforce": 2, "broken": 3, "gone": 1},
        "TLSRPT": {"yes": 5, "no": 1},
        "BROKEN BY": {"policy-missing": 2, "https-status": 1}}
    assert rest.startswith("6 domains\n")
    assert re.search(r"^enforce +2 +33\.3 %$", rest, re.MULTILINE)
    assert re.search(r"^policy-missing +2  policy-missing\.example, "
                     r"policy-gone\.example$", rest, re.MULTILINE)
    assert rest.index("policy-missing") < rest.index("https-status")
    assert ask(world, "--format", "summary", *names,
               "gone.example").stdout == rest


def test_first_three(world):
    done = ask(world, "--format", "summary", *(world.names[it] for it in (
        "cert-name", "policy-html", "policy-invalid", "media-type",
        "media-none")))
    lines = done.stdout.splitlines()
    assert lines[-3].split()[:2] == ["media-type", "2"]
    # More than three are named to the third.
    names = [f"n{i}.more.example" for i in range(5)]
    world.zone.add(*(f'_mta-sts.{it}. IN TXT "v=STSv1; id=1;"'
                     for it in names))
    done = ask(world, "--format", "summary", *names)
    assert done.stdout.splitlines()[-1].split()[:2] == ["host-missing", "5"]
    assert done.stdout.endswith("  " + ", ".join(names[:3]) + ", ...\n")


def test_only(world):
    names = [world.names[it] for it in ("good", "testing", "cert-name",
                                        "no-mta-sts")]
    done = ask(world, "--only", "broken", "--only", "testing", *names)
    table, _, rest = done.stdout.partition("\n\n")
    assert [it.split()[0] for it in table.splitlines()[1:]] == names[1:3]
    assert rest.startswith("4 domains\n")


def test_stdin(world):
    """Without operands, and in the place of one; each domain once."""
    text = ("# a list\n\ngood.example\n  Testing.Example \nno domain\n"
            "good.example\nb\u00fccher.example\n")
    for args in ((), ("-",)):
        done = ask(world, "--format", "csv", *args, input=text)
        assert [it["domain"] for it in read_csv(done.stdout)] == [
            "good.example", "testing.example", "xn--bcher-kva.example"]
        assert done.returncode == FINDINGS
        assert done.stderr == ('mta-sts: "no domain" is no domain: a '
                               "character that no host name has\n")
    done = ask(world, "--format", "csv")
    assert (done.returncode, read_csv(done.stdout)) == (DONE, [])
    assert ask(world).stdout.endswith("\n0 domains\n")
    assert json.loads(ask(world, "--json").stdout) == []


@pytest.mark.parametrize("args", [
    ["--format", "xml"], ["--json", "--format", "csv"], ["--jobs", "0"],
    ["--only", "good"], ["--maillog", "-", "-"], ["-", "-"],
    ["--maillog", "-", "--postfix-log", "-"],
    ["--maillog", "/dev/null", "a.example"]])
def test_misused(args):
    done = survey(*args)
    assert (done.returncode, done.stdout) == (USAGE, "")
    assert done.stderr.startswith("mta-sts survey: ")


def test_no_authorities():
    done = survey("--ca-file", "/nonexistent", "a.example")
    assert (done.returncode, done.stdout) == (SYSTEM, "")


def test_few_descriptors(world):
    """What may be raised is; else no host is blamed for it."""
    names = [f"{it}.example" for it in ("good", "cert-name")]
    done = ask(world, "--format", "csv", *names, before="ulimit -Sn 40")
    assert [it["status"] for it in read_csv(done.stdout)] == [
        "enforce", "broken"]
    done = ask(world, *names, before="ulimit -n 40")
    assert (done.returncode, done.stdout, done.stderr) == (
        SYSTEM, "", "mta-sts: no more than 40 files may be open; it takes "
        '"ulimit -n 640"\n')


def on_terminal(world, *args, columns=100, **env):
    """What a terminal gets on both streams."""
    terminal, end = pty.openpty()
    ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    with subprocess.Popen(
            command("--trust-anchor", world.zone.anchor, "--ca-file",
                    world.authority.trusted, "--timeout", "6s", *args),
            stdin=subprocess.DEVNULL, stdout=end, stderr=end, env=environment({
                **NOTHING, "TERM": "xterm", "NO_COLOR": "", **env})) as process:
        os.close(end)
        output = read_terminal(terminal)
        assert process.wait(60) == DONE
    return output.decode("ascii").replace("\r\n", "\n")


def test_terminal(world):
    """Colour, lines no longer than it is wide, and the bar in between."""
    names = [f"{it}.example" for it in ("good", "cert-name", "https-slow",
                                        "https-timeout")]
    shown = on_terminal(world, *names, columns=100)
    assert "\033[1;31mbroken \033[0m" in shown
    # The bar is drawn over, and never stands in a line of the table.
    bars = re.findall(r"\rlooking \[(.{30})\] (\d) of 4\033\[K", shown)
    assert bars[0] == ("#" * 22 + " " * 8, "3")
    assert not re.search(r"\rlooking [^\r\n]*\033\[K[^\r]", shown)
    rest = re.sub(r"\rlooking [^\r\n]*\033\[K|\r\033\[K", "", shown)
    plain = re.sub(r"\033\[[0-9;]*m", "", rest)
    assert "\033" not in plain and "looking" not in plain
    assert shown.index("cert-name.example") < shown.index("looking")
    assert max(map(len, plain.splitlines())) == 100
    # Nobody cuts what goes into a file.
    wide = ask(world, *names).stdout
    assert [it.rstrip() for it in plain.splitlines()] == [
        it[:100].rstrip() for it in wide.splitlines()]
    assert "\033[1" not in on_terminal(world, "good.example", NO_COLOR="1")
    # A domain that is wider than its column takes nothing but what is behind.
    long = "a-name.of-a-great-length.that-stands-out.gone.example"
    head, row = on_terminal(world, long, "--only", "gone",
                            NO_COLOR="1").splitlines()[:2]
    assert len(row) == 100 and row.startswith(long + "  gone     ")
    assert head.index("STATUS") == 42


def test_bar(world):
    """It is there all the time, whatever else is printed or not."""
    names = [f"d{i}.gone.example" for i in range(5000)]
    slow = "https-slow.example"
    shown = on_terminal(world, "--format", "summary", "--jobs", 2, slow,
                        *names)
    assert shown.count("\rlooking [") >= 3
    assert shown.count("\r\033[K") == 1
    shown = on_terminal(world, "--jobs", 2, slow, *names)
    assert shown.index("looking") < shown.index(slow)
    # Rows come with the bar below them, up to the last one.
    for part in shown.split("\r\033[K")[1:-1]:
        assert re.search(r"\n\rlooking \[[^\n]*\Z", part)
