"""
Policies that change while they are read: rewritten in place, replaced, removed.
Each answer is one version, whole, or an error.
"""

import os
import shutil
import signal
import subprocess
import time

import pytest

import cgi
import fastcgi
from cgi import check
from fastcgi import Connection
from harness import (POLICY_WIRE, PROGRAM, STRACE, environment, source,
                     wait_for, wire)
from test_trust import NAME, VALUES, fixture_path, fixture_place, put

__all__ = ["fixture_path", "fixture_place"]



class Rewriter:
    """A process of its own that rewrites a file in place, again and again."""

    def __init__(self, path, versions, how, times=1000):
        self.pid = os.fork()
        if self.pid:
            return
        try:
            file = os.open(path, os.O_WRONLY)
            for number in range(times):
                how(file, versions[number % len(versions)])
            os._exit(0)
        finally:
            os._exit(1)

    def is_running(self):
        if self.pid:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                assert status == 0
        return self.pid != 0

    def stop(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


def at_once(file, content):
    """In one write over the old text, which has the same length."""
    os.pwrite(file, content, 0)
    time.sleep(0.0005)


def truncated(file, content):
    """As the shell's > does: nothing, then all of it."""
    os.ftruncate(file, 0)
    os.pwrite(file, content, 0)
    time.sleep(0.0005)


def in_pieces(file, content):
    """As an editor or a slow program: block by block."""
    os.ftruncate(file, 0)
    for at in range(0, len(content), 4096):
        os.pwrite(file, content[at:at + 4096], at)
        time.sleep(0.0001)


SHORT = [["one.example.com"], ["two.example.com"]]
LONG = [[f"{word}{number:04}.example.com" for number in range(1500)]
        for word in ("old", "new")]
MIXED = [LONG[0], LONG[1][:1000], SHORT[0]]


@pytest.mark.parametrize("how, lists", [
    (at_once, SHORT), (truncated, SHORT), (truncated, LONG),
    (truncated, MIXED), (in_pieces, LONG), (in_pieces, MIXED)])
def test_rewritten_while_read(place, path, how, lists):
    """
    Somebody rewrites a policy a thousand times where it is, while it is asked
    for. Each 200 is one of the versions, whole; everything else is 500. (What
    nobody can see from outside is half of a write over a text of the same
    length: long texts begin from nothing here.)
    """
    put(path, source(mx=lists[0]))
    bodies = [wire(mx=mx) for mx in lists]
    writer = Rewriter(path, [source(mx=mx) for mx in lists], how)
    seen = {200: 0, 500: 0}
    try:
        with Connection(place[1].socket) as connection:
            while writer.is_running():
                answer = connection.ask(VALUES)
                seen[answer.status] += 1
                assert answer.status == 500 or answer.body in bodies, (
                    f"torn, after {seen}")
    finally:
        writer.stop()
    assert sum(seen.values()) > 20, seen
    ask_again = fastcgi.ask(place[1].socket, VALUES)
    assert ask_again.body in bodies


def ask_stopped(site, path, changes):
    """
    Asks through CGI, stopped by strace after each of its first looks at the
    file, when the next change is made: a text, or None.
    """
    env = environment({"MTA_STS_CONF": str(site.settings)})
    env.update((name, value.decode()) for name, value in VALUES.items())
    trace = site.root / "trace"
    trace.write_text("")
    command = [*STRACE, "-D", "-f", "-o", trace, "-P", str(path), "-e",
               f"inject=%fstat:signal=SIGSTOP:when=1..{len(changes)}", PROGRAM]
    with subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        for number, change in enumerate(changes):
            wait_for(lambda number=number: trace.read_text().count(
                "--- stopped by SIGSTOP ---") > number)
            if change is not None:
                with open(path, "r+b") as file:
                    file.write(change)
                    file.truncate()
            process.send_signal(signal.SIGCONT)
        output, log = process.communicate(timeout=30)
    answer = cgi.parse(output)
    answer.log = log.decode()
    return answer


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
@pytest.mark.parametrize("longer", [True, False])
def test_changed_while_read(place, path, longer):
    """
    Changed between the look at the file and the read: read again. Changed
    once more: refused. The text is a good policy wherever it is cut between
    two lines, so that the length of one and the words of another would pass.
    """
    bodies, versions = [], []
    for word, count in (("old", 40), ("new", 80 if longer else 40),
                        ("mid", 60)):
        mx = [f"{word}{number:04}.example.com" for number in range(count)]
        bodies.append(wire(mx=mx))
        lines = source(mx=mx).splitlines(keepends=True)
        versions.append(b"".join(lines[:2] + lines[-1:] + lines[2:-1]))
    put(path, versions[0])
    check(ask_stopped(place[0], path, [None]), 200, bodies[0])
    put(path, versions[0])
    check(ask_stopped(place[0], path, versions[1:2]), 200, bodies[1])
    put(path, versions[0])
    # It has looked after the first read, too, and before the second.
    answer = ask_stopped(place[0], path, [versions[1], None, versions[2]])
    check(answer, 500)
    assert f"{path}: error: " in answer.log and "changed" in answer.log


def test_replaced_while_read(place, path):
    """The right way, by renaming a new file: every answer is 200."""
    site, responder = place
    bodies = [wire(mx=mx) for mx in LONG]
    with Connection(responder.socket) as connection:
        site.write(NAME, source(mx=LONG[0]))
        for number in range(300):
            connection.send(fastcgi.request(VALUES))
            site.write(NAME, source(mx=LONG[number % 2]))
            answer = connection.answer()
            assert answer.body in bodies
    assert path.exists()


def test_removed_while_served(site, responder):
    """All policies gone, the directory still there: 404, honestly."""
    with Connection(responder.socket) as connection:
        check(connection.ask(), 200, POLICY_WIRE)
        shutil.move(site.policies / "example.com.txt", site.root / "kept.txt")
        check(connection.ask(), 404)
        shutil.move(site.root / "kept.txt", site.policies / "example.com.txt")
        check(connection.ask(), 200, POLICY_WIRE)
