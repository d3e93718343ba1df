"""
survey on mail logs: which domains it takes from the logs of four mail servers,
and from files that are none. What it makes of one line is in
unit/test_maillog.c.
"""

import bz2
import gzip
import lzma
import re
import subprocess
import sys
from pathlib import Path

import pytest

from command import COMMAND, DONE, FINDINGS, SYSTEM
from harness import TOP, environment
from surveying import NOTHING, read_csv, sums, survey

sys.path.insert(0, str(TOP / "tests"))

from lab import namespace  # noqa: E402
from lab.hostiledns import HostileDns  # noqa: E402
from lab.namespace import Namespace  # noqa: E402

WHY_NOT = namespace.why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=str(WHY_NOT))

SAMPLES = Path(__file__).with_name("maillogs")

# The domains of each sample, most mails first.
WANTED = {
    "postfix": [("shop.example", 3), ("kiosk.example", 2),
                ("relayed.example", 1), ("xn--bcher-kva.example", 1),
                ("old.example", 1)],
    "sendmail": [("shop.example", 3), ("kiosk.example", 1),
                 ("smart.example", 1)],
    "exim": [("shop.example", 2), ("kiosk.example", 1), ("odd.example", 1),
             ("cut.example", 1), ("syslog.example", 1)],
    "opensmtpd": [("shop.example", 2), ("kiosk.example", 1)],
}


@pytest.fixture(name="dns", scope="module", autouse=True)
def _dns():
    """An internet in which there is none of them."""
    with Namespace(), HostileDns({}) as dns:
        yield dns


def read(*args, **more):
    """The domains of the logs with their mails, and what it ends with."""
    done = survey("--format", "csv", *args, **more)
    return [(it["domain"], int(it["mails"])) for it in
            read_csv(done.stdout)], done


@pytest.mark.parametrize("name", WANTED)
def test_samples(name):
    found, done = read("--maillog", SAMPLES / f"{name}.log")
    assert found == WANTED[name]
    assert done.returncode == DONE
    # By standard input it is the same.
    again, _ = read("--maillog", "-",
                    input=(SAMPLES / f"{name}.log").read_bytes())
    assert again == found


def test_postfix_alone(tmp_path):
    """--postfix-log does not take the others' lines."""
    found, done = read("--postfix-log", SAMPLES / "postfix.log")
    assert found == WANTED["postfix"]
    assert done.stderr == (
        f"mta-sts: {SAMPLES}/postfix.log: passed over 2 recipients whose "
        "domain nobody can ask for\n")
    log = tmp_path / "all.log"
    log.write_bytes(b"".join((SAMPLES / f"{it}.log").read_bytes()
                             for it in WANTED))
    assert read("--postfix-log", log)[0] == found
    everything = dict(read("--maillog", log)[0])
    assert everything["shop.example"] == 10
    assert len(everything) == 9


def test_several(tmp_path):
    """Their mails are added up; rotated logs are read as they are."""
    packed = tmp_path / "mail.log.2.gz"
    text = (SAMPLES / "postfix.log").read_bytes()
    half = text.index(b"\n", len(text) // 2) + 1
    packed.write_bytes(gzip.compress(text[:half]) + gzip.compress(text[half:]))
    found, done = read("--postfix-log", packed, "--postfix-log",
                       SAMPLES / "postfix.log", "--maillog",
                       SAMPLES / "exim.log")
    assert done.returncode == DONE
    assert found[:3] == [("shop.example", 8), ("kiosk.example", 5),
                         ("relayed.example", 2)]


def test_sums():
    done = survey("--postfix-log", SAMPLES / "postfix.log")
    table, _, rest = done.stdout.partition("\n\n")
    assert table.splitlines()[0].split()[:3] == ["DOMAIN", "MAILS", "STATUS"]
    assert table.splitlines()[1].split()[:3] == ["shop.example", "3", "gone"]
    assert rest.startswith("5 domains, 8 mails\n")
    assert sums(rest)["MTA-STS"] == {"gone": 5}
    assert re.search(r"^gone +5  100\.0 % +8  100\.0 %$", rest, re.MULTILINE)


def line(domain, before=b""):
    """One of Postfix."""
    return (b"Jul  6 06:01:46 mail postfix/smtp[1]: 4W: " + before + b"to=<a@" +
            domain + b">, relay=mx[192.0.2.1]:25, delay=1, status=sent (250)")


def test_hostile_lines(tmp_path):
    """Of any bytes and any length; the others are read all the same."""
    log = tmp_path / "log"
    log.write_bytes(b"\n".join([
        line(b"first.example"), line(b"a\0b.example"), b"\0" * 3000,
        line(b"long.example") + b" " + b"x" * 16384,
        line(b"x" * 64 + b".example"), line(b"fits.example").ljust(16384, b"x"),
        line(b"-.example"), line(b"under_score.example"), line(b"host"),
        line(b"\x1b[31m.example"), line(b"=cmd.example"), line(b"1.2.3.4"),
        line(b"no\xffutf8.example"),
        line(b"a." * 130 + b"example"), b"\xff" * 100, b"", b"\r",
        line(b"crlf.example") + b"\r", line(b"last.example")]))
    found, done = read("--postfix-log", log)
    assert [it for it, _ in found] == [
        "first.example", "fits.example", "crlf.example", "last.example"]
    assert done.returncode == DONE
    assert done.stderr == (
        f"mta-sts: {log}: passed over 1 line of more than 16384 octets\n"
        f"mta-sts: {log}: passed over 10 recipients whose domain nobody can "
        "ask for\n")
    assert read("--quiet", "--postfix-log", log)[1].stderr == ""


def test_folded_headers():
    """Exim's reject log has those of strangers' mails as they are."""
    delivery = (SAMPLES / "exim.log").read_bytes().splitlines()[2]
    found, done = read("--maillog", "-", input=b"\n".join([
        b"2026-11-22 04:00:01 1oxAbc-0000Aa-02 H=x rejected after DATA",
        b"P Received: from x", b"  Subject: hello", b" " + delivery,
        b"\t" + delivery, b"\t" + line(b"a.example"), b""]))
    assert (found, done.returncode) == ([], FINDINGS)
    assert read("--maillog", "-", input=delivery)[0] == [("shop.example", 1)]


def test_a_host_like_a_message():
    """Its name has the form of an id of Exim's."""
    text = b"2026-11-22 04:00:01 mailgw-server-01 " + line(
        b"a.example").partition(b" mail ")[2]
    assert read("--maillog", "-", input=text)[0] == [("a.example", 1)]


@pytest.mark.parametrize("packed, tool", [
    (lzma.compress(line(b"a.example")), "xz -dc"),
    (bz2.compress(line(b"a.example")), "bzip2 -dc"),
    # A frame of one raw block.
    (b"\x28\xb5\x2f\xfd\x20\x01\x09\x00\x00a", "zstd -dc"),
    (b"LPKSHHRH" + bytes(232), "journalctl --file")],
    ids=["xz", "bzip2", "zstd", "journal"])
def test_packed_otherwise(tmp_path, packed, tool):
    """It is told what unpacks the log."""
    log = tmp_path / "log"
    log.write_bytes(packed)
    done = survey("--postfix-log", log, "--format", "csv")
    assert done.returncode == FINDINGS
    assert done.stderr == (f'mta-sts: {log}: not the text of a log; "{tool}" '
                           'prints that, for --postfix-log - to read\n')


def test_an_endless_line():
    """It takes no memory, and does not hide what comes behind it."""
    found, done = read(
        "--postfix-log", "-", input=line(b"a.example") + b"x" * 50_000_000 +
        b"\n" + line(b"b.example") + b"\n")
    assert [it for it, _ in found] == ["b.example"]
    assert done.returncode == DONE


@pytest.mark.parametrize("content, status, message", [
    (b"", FINDINGS, "none of its 0 lines tells of mail that was sent to "),
    (b"a.example\nb.example\n", FINDINGS, "none of its 2 lines tells of "),
    (gzip.compress(line(b"a.example") * 99)[:-20], SYSTEM,
     "the gzip data ends too soon"),
    (gzip.compress(line(b"a.example"))[:12] + b"\xff" * 99, SYSTEM,
     "the gzip data is damaged"),
], ids=["empty", "no mail", "cut", "damaged"])
def test_no_log(tmp_path, content, status, message):
    log = tmp_path / "log"
    log.write_bytes(content)
    done = survey("--postfix-log", log, "--format", "csv")
    assert done.returncode == status
    assert done.stderr.startswith(f"mta-sts: {log}: {message}")


@pytest.mark.parametrize("name, message", [
    ("nothing", "No such file or directory"), (".", "Is a directory")])
def test_no_file(tmp_path, name, message):
    done = survey("--maillog", tmp_path / name)
    assert (done.returncode, done.stdout) == (SYSTEM, "")
    assert done.stderr == f"mta-sts: {tmp_path / name}: {message}\n"


def test_readme(tmp_path):
    """Its snippet, on a log of this machine's."""
    snippet, = re.findall(r"^```console\n(mta-sts survey .*\n)```$",
                          (TOP / "README.md").read_text(), re.MULTILINE)
    assert " /var/log/mail.log " in snippet
    tool = tmp_path / "mta-sts"
    tool.write_text(f'#!/bin/sh\nexec {COMMAND} "$@" --resolver 127.0.0.1\n')
    tool.chmod(0o755)
    typed = snippet.replace("/var/log/mail.log", f"{SAMPLES}/postfix.log")
    done = subprocess.run(
        ["sh", "-eu", "-c", typed], cwd=tmp_path, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, text=True, check=True, timeout=60,
        env=environment({**NOTHING, "PATH": f"{tmp_path}:/usr/bin:/bin"}))
    assert "\n5 domains, 8 mails\n" in done.stdout
    assert len(read_csv((tmp_path / "survey.csv").read_text())) == 5
