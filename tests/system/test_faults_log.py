"""
A log that cannot be written: a full pipe, one whose reader is gone, no
descriptor at all, a full disk. Nobody waits for it; where it can be written
again it goes on. (Syslog: tests/unit/test_log.c.)
"""

import fcntl
import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

import fastcgi
from cgi import check, variables
from fastcgi import Connection
from harness import POLICY_WIRE, PROGRAM, Listener, environment

BROKEN = b"mode: " + b"x" * 50 + b"\n"
COUNT = 40


@pytest.fixture
def broken(site):
    """A site where each of COUNT domains is good for a line in the log."""
    for number in range(COUNT):
        site.write(f"broken{number}.example", BROKEN)
    with Listener(site.root / "fcgi.sock") as listener:
        yield site, listener


@contextmanager
def responder(site, listener, stderr, close=False):
    """The program with that as its standard error, or without one."""
    command = [PROGRAM, "-c", site.settings]
    if close:
        command = ["sh", "-c", 'exec "$@" 2>&-', "sh", *command]
    with subprocess.Popen(command, stdin=listener, stderr=stderr,
                          env=environment()) as process:
        try:
            yield process
            process.terminate()
            assert process.wait(10) == 0
        finally:
            process.kill()


def ask_all(listener, first=0, last=COUNT):
    """Each of them is refused, and between them the good one is not."""
    for number in range(first, last):
        host = f"mta-sts.broken{number}.example"
        check(fastcgi.ask(listener, variables(host)), 500)
        check(fastcgi.ask(listener), 200, POLICY_WIRE)


def test_full_pipe(broken):
    """Nobody reads: lines are left out; somebody does: it says how many."""
    site, listener = broken
    reading, writing = os.pipe()
    try:
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 8192)
        os.set_blocking(reading, False)
        with responder(site, listener, writing):
            ask_all(listener, 0, 35)
            text = os.read(reading, 65536).decode()
            assert "broken0.example" in text
            assert "broken34.example" not in text
            ask_all(listener, 35)
            text = os.read(reading, 65536).decode()
            assert "more messages were left out" in text
            assert "broken39.example" in text
    finally:
        os.close(reading)
        os.close(writing)


def test_reader_killed(broken):
    """The reader of the pipe is killed: no SIGPIPE ends the responder."""
    site, listener = broken
    reader = subprocess.Popen(["cat"], stdin=subprocess.PIPE,
                              stdout=subprocess.DEVNULL)
    with responder(site, listener, reader.stdin) as process:
        reader.stdin.close()
        ask_all(listener, 0, 5)
        reader.kill()
        reader.wait()
        ask_all(listener, 5)
        assert process.poll() is None


@pytest.mark.root
def test_closed(broken):
    """No standard error: no line ends up in a connection or a policy."""
    site, listener = broken
    with responder(site, listener, None, close=True) as process:
        ask_all(listener)
        assert process.poll() is None
        with Connection(listener) as connection:
            check(connection.ask(), 200, POLICY_WIRE)
            error = Path(f"/proc/{process.pid}/fd/2")
            assert not error.is_socket()
    for number in range(COUNT):
        path = site.policies / f"broken{number}.example.txt"
        assert path.read_bytes() == BROKEN


def test_full_disk(broken):
    site, listener = broken
    with open("/dev/full", "wb") as full, \
            responder(site, listener, full) as process:
        ask_all(listener)
        assert process.poll() is None


def test_file_is_moved(broken):
    """Its file is renamed, then removed: it goes on with what it has open."""
    site, listener = broken
    log = site.root / "stderr"
    with open(log, "ab") as file, responder(site, listener, file) as process:
        ask_all(listener, 0, 5)
        log.rename(site.root / "stderr.1")
        ask_all(listener, 5, 10)
        assert "broken9.example" in (site.root / "stderr.1").read_text()
        (site.root / "stderr.1").unlink()
        ask_all(listener, 10)
        assert process.poll() is None
