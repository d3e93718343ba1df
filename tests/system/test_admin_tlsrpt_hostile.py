#!/usr/bin/python3
"""
mta-sts report: what senders, or who claims to be one, write to do harm: to the
reader's terminal or shell, to his memory, or to learn that he reads.
"""

import csv
import gzip
import io
import json
import shutil
import subprocess

import pytest

from command import COMMAND, FINDINGS, rows, run
from harness import is_sanitized
from tlsreports import NAME, SAMPLES, mail, report, written

HOSTILE = "\x1b]0;x\x07\x1b[2J\x00\r\n\t\x9b\u202e"


@pytest.mark.parametrize("form", [[], ["--json"], ["--csv"]])
def test_terminal(site, tmp_path, form):
    """Nothing that a report has moves a cursor, wherever it stands."""
    text = report(HOSTILE, [(HOSTILE, 1)], **{
        "organization-name": HOSTILE, "report-id": HOSTILE,
        "contact-info": HOSTILE})
    text = text.replace("mx.example.com", json.dumps(HOSTILE)[1:-1])
    text = text.replace('"failed-session-count"',
                        f'"failure-reason-code": {json.dumps(HOSTILE)}, '
                        '"failed-session-count"')
    paths = [written(tmp_path, text, "one"),
             written(tmp_path, text + " ", "a\x1b[2J"),
             written(tmp_path, text.replace(": 1,", ": 2,", 1), "three"),
             written(tmp_path, '{"policies": [{}]} \x1b[2J\x07', "\x1b[31m")]
    done = run(site, "report", *form, *paths)
    assert done.returncode == FINDINGS
    for output in (done.stdout, done.stderr):
        assert output.isascii()
        assert all(c.isprintable() or c == "\n" for c in output)
        assert "x1b" in output
    if form == ["--json"]:
        json.loads(done.stdout)


def test_formulas(site, tmp_path):
    start = "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", '="a",b'
    for i, name in enumerate(start):
        written(tmp_path, report(name, [(name, 1)], **{
            "organization-name": name, "report-id": str(i)}), str(i))
    done = run(site, "report", "--csv", tmp_path)
    found = list(csv.reader(io.StringIO(done.stdout)))
    assert len(found) == 11 and all(len(row) == 12 for row in found)
    for row in found:
        assert not any(cell.startswith(tuple("=+-@")) for cell in row)
    assert {row[2] for row in found[1:]} == {"'" + name for name in start}


def test_formulas_behind_semicolons(site, tmp_path):
    """Where numbers have a comma, that is what divides cells."""
    path = written(tmp_path, report("a.example", [("x;=1", 1)], **{
        "organization-name": "a;=1;+2;@3;b"}))
    done = run(site, "report", "--csv", path)
    found = list(csv.reader(io.StringIO(done.stdout)))
    assert found[1][2] == "a;'=1;'+2;'@3;b"
    assert found[2][4] == "x;'=1"


def test_advice_is_safe_to_type(site, tmp_path):
    path = written(tmp_path, report("a.example; rm -rf ~",
                                    [("certificate-expired", 1)]))
    done = run(site, "report", path)
    assert "mta-sts verify DOMAIN\n" in done.stdout
    (row,) = rows(site, "report", path, expect=FINDINGS)
    assert row["failures"][0]["commands"] == ["mta-sts verify DOMAIN"]


def zeros():
    return gzip.compress(bytes(1 << 26), 9)


def nested():
    return PARTS + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i)
        for i in range(4000))


PARTS = b"Content-Type: multipart/mixed; boundary=b\n\n"
BOMBS = {
    "gzip": (zeros, "unpacks to more than 16 MiB"),
    "gzip in a mail": (lambda: mail(zeros(), "tlsrpt+gzip", NAME),
                       "unpacks to more than 16 MiB"),
    "members": (lambda: gzip.compress(b"") * 100000,
                "more than 1000 members"),
    "depth": (lambda: b'{"policies":' + b"[" * 500000, "nested more than 32"),
    "policies": (lambda: b'{"policies":[{}' + b",{}" * 5000000 + b"]}",
                 "more than 100000 objects"),
    "values": (lambda: b'{"policies":[0' + b",0" * 5000000 + b"]}",
               "1000000 values"),
    "as many as may be": (
        lambda: b'{"policies":[{}' + b",{}" * 99998 + b",0" * 800000 + b"]}",
        "more values that are wrong"),
    "a long file": (lambda: b" " * ((64 << 20) + 1), "a file of more than"),
    "a long text": (lambda: b'{"report-id":"' + b"x" * (17 << 20) + b'"}',
                    "a report of more than"),
    "parts": (lambda: PARTS + b"--b\n\n\n" * 1000000,
              "more than 10000 parts"),
    "headers": (lambda: b"a:b\n" * 2000000, "100000 headers"),
    "a long header": (lambda: b"X: " + b"1 " * (30 << 20),
                      "headers of more than 1048576 octets"),
    "a folded header": (lambda: b"Subject: x" + b"\n y" * (20 << 20),
                        "headers of more than 1048576 octets"),
    "parameters": (lambda: PARTS[:-2] + b";a=b" * ((1 << 18) - 99) + b"\n\n",
                   "without a TLS report"),
    "addresses": (lambda: b"To: " + b"a," * 500000, "without a TLS report"),
    "groups": (lambda: b"cc: " + b"a:" * 500000, "without a TLS report"),
    "groups in a part": (
        lambda: PARTS + b"--b\nContent-Type: message/rfc822\n\nReply-To : x\n"
        b"\t" + b"a:" * 200000, "without a TLS report"),
    "dates": (lambda: b"From: x\nDATE: " + b"1 " * 500000,
              "without a TLS report"),
    "nested parts": (nested, "without a TLS report"),
    "nested mails": (lambda: b"Content-Type: message/rfc822\n\n" * 30000,
                     "without a TLS report"),
}


# What a process takes at most is counted from what its parent has.
MEASURE = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL).returncode
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(usage.ru_maxrss, usage.ru_utime, file=sys.stderr)
sys.exit(status)
"""


def measured(*args):
    """The run, KiB of memory at most, seconds of work."""
    done = subprocess.run(
        ["/usr/bin/python3", "-c", MEASURE, COMMAND, "report", *args],
        capture_output=True, text=True, timeout=60, check=False)
    memory, seconds = done.stderr.splitlines()[-1].split()
    return done, int(memory), float(seconds)


@pytest.mark.parametrize("name", BOMBS)
def test_bombs(tmp_path, name):
    """Each is told of, in a second or two and in bounded memory."""
    make, message = BOMBS[name]
    done, memory, seconds = measured(written(tmp_path, make()))
    assert message in done.stderr
    assert done.returncode == FINDINGS
    assert is_sanitized(COMMAND) or memory < 160 * 1024
    assert seconds < 10


def test_what_only_looks_like_a_header():
    """A text has as many colons and indented lines as it likes."""
    text = report(failures=[("x", 1)] * 12000)
    for i, body in enumerate([text, text.replace(" ", "\n    ")]):
        done = subprocess.run(
            [COMMAND, "report", "--json", "-"], timeout=60, check=False,
            capture_output=True, input=b"Subject: a: b\nContent-Type: "
            b"application/tlsrpt+json\n\n" + body.encode())
        assert json.loads(done.stdout)[0]["failed"] == 12000, i


def test_memory(tmp_path):
    """It grows with the rows and not with the reports."""
    def peak(count):
        directory = tmp_path / str(count)
        directory.mkdir()
        for i in range(count):
            written(directory, report(failures=[("x", 1)],
                                      **{"report-id": str(i)}), str(i))
        done, memory, _ = measured(directory)
        assert f"example.com: {2 * count} sessions" in done.stdout
        return memory
    growth = peak(2000) - peak(100)
    assert is_sanitized(COMMAND) or growth < 2048


@pytest.mark.skipif(not shutil.which("strace"),
                    reason="strace is not installed: make deps")
def test_nobody_is_asked(tmp_path):
    log = tmp_path / "log"
    subprocess.run(["strace", "-f", "-o", log, "-e", "trace=%network,openat",
                    COMMAND, "report", SAMPLES], capture_output=True,
                   timeout=60, check=False)
    calls = log.read_text()
    assert "google.eml" in calls
    assert "socket(" not in calls and "connect(" not in calls
