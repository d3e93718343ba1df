"""
survey --resume: what has been found is not lost, whatever ends the run, and is
not asked for again; what is no such file is left alone. The end by a signal is
in test_survey_stop.py.
"""

import gzip
import json
import os
import resource
import signal
import subprocess

import pytest

from command import DONE, FINDINGS, SYSTEM
from harness import wait_for
from surveying import (HEAD, NAMES, asked, command, fixture_dns,  # noqa: F401
                       fixture_journal, needs_internet, read_csv,
                       start, sums, survey)

pytestmark = needs_internet


def test_again(dns, journal):
    """The second time nobody is asked, and the output is the same."""
    names = ["servfail.example", *NAMES, "gone.example"]
    first = survey("--resume", journal, "--format", "csv", *names)
    assert (first.returncode, first.stderr) == (DONE, "")
    rows = read_csv(first.stdout)
    assert [it["domain"] for it in rows] == names
    assert [it["status"] for it in rows] == ["unknown", *["broken"] * 10,
                                             "gone"]
    # In whatever order; but the one that is not known.
    kept = read_csv(journal.read_text())
    assert sorted(map(str, kept)) == sorted(map(str, rows[1:]))
    assert journal.stat().st_mode & 0o777 == 0o644
    before, content = len(dns.asked), journal.read_bytes()
    again = survey("--resume", journal, "--format", "csv", *names)
    assert read_csv(again.stdout)[1:] == rows[1:]
    assert asked(dns, before) == {"servfail.example"}
    assert journal.read_bytes() == content
    # It counts in every form.
    done = survey("--resume", journal, *names)
    assert sums(done.stdout)["MTA-STS"] == {"broken": 10, "gone": 1,
                                            "unknown": 1}
    assert sums(done.stdout)["BROKEN BY"] == {"host-missing": 10}
    row, = json.loads(survey("--resume", journal, "--json",
                             NAMES[3]).stdout)
    assert (row["id"], row["errors"]) == ("3", ["host-missing"])


def test_other_domains(dns, journal):
    """More of them are asked for; of others it says nothing, and keeps them."""
    survey("--resume", journal, *NAMES[:5])
    before = len(dns.asked)
    done = survey("--resume", journal, "--format", "csv", *NAMES[3:8])
    assert [it["domain"] for it in read_csv(done.stdout)] == NAMES[3:8]
    assert asked(dns, before) == set(NAMES[5:8])
    assert sorted(it["domain"] for it in read_csv(journal.read_text())) == \
        sorted(NAMES[:8])


def test_output_of_another_run(dns, journal):
    """--format csv prints such a file; who was not known is asked again."""
    done = survey("--format", "csv", *NAMES, "servfail.example")
    journal.write_text(done.stdout)
    before = len(dns.asked)
    survey("--resume", journal, *NAMES, "servfail.example")
    assert asked(dns, before) == {"servfail.example"}


def test_mails(journal, tmp_path):
    """Those of the log at hand count, not those of the file."""
    log = tmp_path / "log"
    line = ("Jul  6 06:01:46 m postfix/smtp[1]: 4W: to=<a@r1.example>, "
            "relay=mx[192.0.2.1]:25, delay=1, status=sent (250)\n")
    for count in (2, 5):
        log.write_text(line * count)
        done = survey("--postfix-log", log, "--resume", journal, "--format",
                      "csv")
        assert read_csv(done.stdout)[0]["mails"] == str(count)


def test_killed(dns, journal):
    """Somebody pulls the plug in the middle."""
    names = [f"d{i}.many.example" for i in range(4000)]
    with start("--resume", journal, "--jobs", 16, "--format", "summary",
               *names) as process:
        wait_for(lambda: journal.exists() and
                 journal.read_bytes().count(b"\n") > 500)
        process.kill()
        process.communicate()
    content = journal.read_bytes()
    kept = {it["domain"] for it in read_csv(content.decode())}
    assert 500 <= len(kept) < len(names)
    before = len(dns.asked)
    done = survey("--resume", journal, "--format", "csv", *names)
    assert [it["domain"] for it in read_csv(done.stdout)] == names
    again = asked(dns, before)
    assert not kept & again
    assert again == set(names) - kept
    assert journal.read_bytes().startswith(content)
    assert sorted(it["domain"] for it in read_csv(journal.read_text())) == \
        sorted(names)


def test_torn(dns, journal):
    """Wherever the last line was cut off, it goes, and what is missing comes.
    """
    names = NAMES[:4]
    survey("--resume", journal, *names)
    whole = journal.read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    for size in (0, 1, whole.index(b"\n"), whole.index(b"\n") + 1, last - 1,
                 last, last + 1, len(whole) - 1):
        journal.write_bytes(whole[:size])
        left = whole[:size].count(b"\n") - 1
        before = len(dns.asked)
        done = survey("--resume", journal, "--format", "csv", *names)
        assert done.returncode == DONE
        assert [it["domain"] for it in read_csv(done.stdout)] == names
        assert len(asked(dns, before)) == 4 - max(left, 0), size
        torn = size > 0 and whole[size - 1:size] != b"\n"
        assert done.stderr == torn * (
            f"mta-sts: {journal}: the last line was cut off, and goes\n")
        assert sorted(it["domain"] for it in
                      read_csv(journal.read_text())) == names


def test_blank_end(journal):
    """What a file system may make of the end when the power goes."""
    survey("--resume", journal, *NAMES)
    whole = journal.read_bytes()
    for count in (1, 5000, 100_000):
        journal.write_bytes(whole + bytes(count))
        done = survey("--resume", journal, *NAMES)
        assert done.returncode == DONE
        assert journal.read_bytes() == whole


ROW = ("r1.example,,broken,,,1,no,2026-11-22T04:51:52Z,host-missing,,"
       "\"a \"\"b\"\", c\"\n")
HEADER = ",".join(HEAD) + "\n"


def test_row_by_hand(journal):
    """That is, what follows is refused for its one fault."""
    journal.write_text(HEADER + ROW)
    done = survey("--resume", journal, "--format", "csv", "r1.example")
    assert read_csv(done.stdout)[0]["what"] == 'a "b", c'
    assert done.stdout == HEADER + ROW
    # What begins a formula does so behind an apostrophe, and nowhere else.
    journal.write_text(HEADER + ROW.replace('"a', "\"'=a"))
    done = survey("--resume", journal, "--format", "csv", "r1.example")
    assert done.stdout == journal.read_text()
    row, = json.loads(survey("--resume", journal, "--json",
                             "r1.example").stdout)
    assert row["what"] == '=a "b", c'


def test_formulas(journal):
    """Nor does it in countries where cells end with a semicolon."""
    journal.write_text(HEADER + ROW.replace('"a', '"a;\'=1;\'@b;c;\'d'))
    done = survey("--resume", journal, "--format", "csv", "r1.example")
    assert done.stdout == journal.read_text()
    row, = json.loads(survey("--resume", journal, "--json",
                             "r1.example").stdout)
    assert row["what"] == 'a;=1;@b;c;\'d "b", c'


@pytest.mark.parametrize("content, line", [
    ("root:x:0:0:root:/root:/bin/sh\n", 1), ("root", 1), ("domain;", 1),
    ("\n", 1), ("\0" * 20, 1), ("\0" * 20000, 1), ("x" * 20000, 1),
    (HEADER.replace(",id,", ",ID,") + ROW, 1), (HEADER.strip() + "\r\n", 1),
    (HEADER + ROW + "\n", 3), (HEADER + "x" * 20000 + "\n" + ROW, 2),
    (HEADER + ROW + "x" * 20000, 3),
    (HEADER + ROW + ROW.replace(",no,", ",maybe,"), 3),
    (HEADER + ROW.replace("r1.example", "r1.example."), 2),
    (HEADER + ROW.replace("r1.example", "R1.example"), 2),
    (HEADER + ROW.replace("r1.example", "=1+1"), 2),
    (HEADER + ROW.replace("r1.example", "a." * 125 + "example"), 2),
    (HEADER + ROW.replace("broken", "fine"), 2),
    (HEADER + ROW.replace("broken,,,", "broken,enforce,,"), 2),
    (HEADER + ROW.replace("broken,,,", "broken,,9,"), 2),
    (HEADER + ROW.replace("broken,,,", "broken,maybe,9,"), 2),
    (HEADER + ROW.replace("broken,,,", "broken,none,999999999,"), 2),
    (HEADER + ROW.replace(",1,no", ",1-1,no"), 2),
    (HEADER + ROW.replace(",1,no", "," + "1" * 33 + ",no"), 2),
    (HEADER + ROW.replace("2026", "today"), 2),
    (HEADER + ROW.replace("2026-", "2026-" * 9), 2),
    (HEADER + ROW.replace("host-", "host;"), 2),
    (HEADER + ROW.replace("host-", "host-" * 200), 2),
    (HEADER + ROW.replace("a ", "a " * 300), 2),
    (HEADER + ROW.replace("a ", "a\x1b "), 2),
    (HEADER + ROW.replace("a ", "a\x7f"), 2),
    (HEADER + ROW.replace("a ", "a\0"), 2),
    (HEADER + ROW.replace("c\"\n", "c\n"), 2),
    (HEADER + ROW.replace("c\"\n", "c\"x\n"), 2),
    (HEADER + ROW.replace("c\"\n", "c\",\n"), 2),
    (HEADER + ROW.replace(",no,", ","), 2),
    (gzip.compress((HEADER + ROW).encode()), 3)], ids=range(37))
def test_something_else(journal, content, line):
    """It is refused, with the line, and left as it is."""
    content = content.encode() if isinstance(content, str) else content
    journal.write_bytes(content)
    done = survey("--resume", journal, "--format", "csv", "r1.example")
    assert (done.returncode, done.stdout) == (FINDINGS, "")
    assert done.stderr.startswith(f"{journal}:{line}: error: ")
    assert journal.read_bytes() == content


def test_no_file(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("made")
    for path, message in (
            (tmp_path, "Is a directory"),
            (tmp_path / "fifo", "this is no regular file"),
            (tmp_path / "no" / "where", "No such file or directory"),
            (tmp_path / "link", "this is a symbolic link, which is not "
             "followed")):
        done = survey("--resume", path, "r1.example")
        assert (done.returncode, done.stdout) == (SYSTEM, "")
        assert done.stderr == f"mta-sts: {path}: {message}\n"
    assert not (tmp_path / "made").exists()


def test_two_at_once(journal):
    """The second one is refused, as long as the first one is there."""
    with start("--resume", journal, "r1.example", "silent.example") as first:
        wait_for(lambda: journal.exists() and
                 b"r1.example" in journal.read_bytes())
        second = survey("--resume", journal, "r1.example")
        assert (second.returncode, second.stdout) == (SYSTEM, "")
        assert second.stderr == (
            f"mta-sts: {journal}: another survey is writing to it\n")
        first.kill()
        first.communicate()
    assert survey("--resume", journal, "r1.example").returncode == DONE


def test_full_disk(journal):
    """Half a row is not left behind, and what is known is printed."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (700, 700))

    done = subprocess.run(
        command("--resume", journal, "--format", "csv", "--jobs", 1, *NAMES),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, check=False, preexec_fn=limit,
        timeout=60)
    assert done.returncode == SYSTEM
    assert done.stderr == (f"mta-sts: {journal}: " + (
        "No space left on device\n" if "space" in done.stderr else
        "File too large\n"))
    kept = read_csv(journal.read_text())
    shown = read_csv(done.stdout)
    assert 1 <= len(kept) < len(shown) < len(NAMES)
    assert shown[:len(kept)] == kept


def empty(journal):
    os.truncate(journal, 0)


def turn(journal):
    """Each row in the place of another one, which is as long."""
    head, *rows = journal.read_bytes().splitlines(keepends=True)
    with journal.open("r+b") as file:
        file.write(head + b"".join([*rows[1:], rows[0]]))


@pytest.mark.parametrize("change", [empty, turn])
def test_changed_meanwhile(journal, change):
    """Somebody writes to it: it is said, and nothing wrong is printed."""
    with start("--resume", journal, "--format", "csv", "--timeout", "1s",
               "silent.example", *NAMES) as process:
        wait_for(lambda: journal.exists() and
                 journal.read_bytes().count(b"\n") == 11)
        change(journal)
        out, err = process.communicate(timeout=60)
    assert process.returncode == SYSTEM
    assert err == f"mta-sts: {journal}: somebody else has changed it\n"
    assert [it["domain"] for it in read_csv(out)] == ["silent.example"]


def test_deleted_meanwhile(journal):
    """What would not be there for the next one is not kept in silence."""
    with start("--resume", journal, "--format", "csv", "--timeout", "1s",
               "silent.example", *NAMES) as process:
        wait_for(lambda: journal.exists() and
                 journal.read_bytes().count(b"\n") == 11)
        journal.unlink()
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (
        SYSTEM, f"mta-sts: {journal}: No such file or directory\n")
    assert len(read_csv(out)) == 11


def test_no_dns(journal):
    """Nobody is well there: it is said, and not where somebody is."""
    message = ("mta-sts: no domain could be looked up: is there a network? "
               "--resolver asks another server\n")
    for names, wanted in ((["servfail.example"], message),
                          (["servfail.example", NAMES[0]], ""), ([], "")):
        done = survey("--resume", journal, "--format", "csv", *names)
        assert (done.returncode, done.stderr) == (DONE, wanted)
