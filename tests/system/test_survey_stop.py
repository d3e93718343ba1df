"""
survey and the signals that end it: it prints what it has found, in good form,
and what --resume keeps goes on from there.
"""

import json
import signal
import struct
import subprocess
import termios
import time
from fcntl import F_GETPIPE_SZ, fcntl, ioctl

import pytest

from command import DONE, SYSTEM
from harness import wait_for
from surveying import (HEAD, NAMES, asked, command, fixture_dns,  # noqa: F401
                       fixture_journal, needs_internet, read_csv,
                       start, sums, survey)

pytestmark = needs_internet


def filled(pipe):
    """How many octets wait in it."""
    return struct.unpack("i", ioctl(pipe, termios.FIONREAD, bytes(4)))[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_to_a_full_pipe(journal, number):
    """Who reads slowly gets all that has been printed, and no more comes."""
    count = 20_000
    names = "".join(f"k{i}.example\n" for i in range(count))
    journal.write_text(",".join(HEAD) + "\n" + names.replace(
        "\n", ",,absent,,,,no,2026-11-22T04:51:52Z,,,\n"))
    with subprocess.Popen(
            command("--resume", journal, "--format", "csv"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True) as process:
        process.stdin.write(names)
        process.stdin.close()
        process.stdin = None
        # It writes until the pipe is full, and then waits.
        size = fcntl(process.stdout, F_GETPIPE_SZ)
        wait_for(lambda: filled(process.stdout) == size)
        time.sleep(0.2)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (128 + number, "")
    found = [it["domain"] for it in read_csv(out)]
    assert found == names.split()[:len(found)]
    assert 100 < len(found) < count


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_signal(dns, number, form):
    """At once, with all that there is, in good form."""
    before = len(dns.asked)
    with start("--format", form, "silent.example", *NAMES, "--timeout",
               "60s") as process:
        wait_for(lambda: len(asked(dns, before)) == 11)
        time.sleep(0.5)
        process.send_signal(number)
        begun = time.monotonic()
        out, err = process.communicate(timeout=60)
    assert time.monotonic() - begun < 2
    assert (process.returncode, err) == (128 + number, "")
    if form == "table":
        table, _, rest = out.partition("\n\n")
        found = [it.split()[0] for it in table.splitlines()[1:]]
        assert rest.startswith("10 of 11 domains, then it was stopped\n")
        assert sums(rest)["MTA-STS"] == {"broken": 10}
    else:
        rows = json.loads(out) if form == "json" else read_csv(out)
        found = [it["domain"] for it in rows]
    assert found == NAMES


def test_signal_again(dns, journal):
    """What is stopped by it goes on."""
    names = [f"d{i}.stopped.example" for i in range(3000)]
    before = len(dns.asked)
    with start("--resume", journal, "--format", "summary",
               *names) as process:
        wait_for(lambda: len(asked(dns, before)) > 800)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    kept = {it["domain"] for it in read_csv(journal.read_text())}
    assert out.startswith(f"{len(kept)} of 3000 domains, then it was stopped\n")
    before = len(dns.asked)
    done = survey("--resume", journal, "--format", "csv", *names)
    assert [it["domain"] for it in read_csv(done.stdout)] == names
    assert asked(dns, before) == set(names) - kept


def test_ignored_signal(dns):
    """With nohup and the like it goes on."""
    before = len(dns.asked)
    with start("--timeout", "1s", "--format", "summary", "silent.example",
               preexec_fn=lambda: signal.signal(signal.SIGINT,
                                                signal.SIG_IGN)) as process:
        wait_for(lambda: asked(dns, before))
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == DONE
    assert out.startswith("1 domain\n")


def test_nobody_reads(dns):
    """Where nothing can be printed, nobody is asked any more."""
    names = [f"d{i}.full.example" for i in range(2000)]
    before = len(dns.asked)
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run(
            command("--format", "csv", *names), stdin=subprocess.DEVNULL,
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
            timeout=60)
    assert (done.returncode, done.stderr) == (
        SYSTEM, "mta-sts: stdout cannot be written\n")
    assert 0 < len(asked(dns, before)) < 500
