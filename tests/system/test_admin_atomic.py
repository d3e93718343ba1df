"""
The verbs that write, interrupted by a kill at each system call in turn. What was
there before, or what was to be there after, is there; never anything else. What
else may stop them is in test_admin_refused.py.
"""

import collections
import os
import re
import shutil
import subprocess

import pytest

from command import (COMMAND, DONE, FINDINGS, SYSTEM, configure, days_ago, run,
                     write_history)
from harness import STRACE, Site, environment, is_sanitized, source
from writing import OLD, SET, files, history, written

NEW = source("enforce", ["mx1.example.com"], 604800)
NONE = source("none", [], 86400)

needs_strace = pytest.mark.skipif(not shutil.which("strace"),
                                  reason="strace is missing")

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \S+ \S+ \S+ \S+")

# Nothing that the command does for its policies goes through these, and they
# are many.
HARMLESS = {"mmap", "munmap", "mprotect", "brk", "execve", "arch_prctl",
            "exit_group", "rt_sigaction", "rt_sigprocmask", "getrandom",
            "set_tid_address", "set_robust_list", "rseq", "prlimit64",
            "ioctl", "geteuid", "alarm"}
if is_sanitized(COMMAND):
    # Slow, and at the next call the disk has what it has at these.
    HARMLESS |= {"newfstatat", "close", "read", "pread64", "lseek", "madvise"}


@pytest.fixture(name="site")
def _site():
    with written() as site:
        yield site


def served(site):
    """The same without a draft, links followed: what requests would see."""
    return {path.name: path.read_bytes() for path in site.policies.iterdir()
            if not path.name.startswith(".")}


def trace(site, args, *options):
    """The command under strace: exit status, and what strace wrote."""
    log = site.root / "strace"
    done = subprocess.run(
        [*STRACE, "-qq", "-o", log, *options, COMMAND, *args],
        env=environment({"MTA_STS_CONF": str(site.settings)}),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        check=False)
    return done, log.read_text()


def calls(site, args):
    """
    The command's system calls from its settings on: name and number among
    those of the name. What comes before is the loader's. It really runs.
    """
    done, log = trace(site, args)
    assert done.returncode == DONE, done.stderr
    counts, points, begun = collections.Counter(), [], False
    for name, rest in re.findall(r"^(\w+)\((.*)", log, re.MULTILINE):
        counts[name] += 1
        begun = begun or str(site.settings) in rest
        if begun and name not in HARMLESS:
            points.append((name, counts[name]))
    return points


def each_kill(prepare, args):
    """
    Kills the command on entering each of its system calls, every time on a
    site of its own, and yields the site.
    """
    with Site() as site:
        prepare(site)
        points = calls(site, args)
    names = {name for name, _ in points}
    assert {"fsync", "flock", "write"} <= names and len(points) > 50, names
    for name, number in points:
        with Site() as site:
            prepare(site)
            done, log = trace(site, args, "-e",
                              f"inject={name}:signal=SIGKILL:when={number}")
            assert done.returncode == -9, (name, number, done)
            assert "killed by SIGKILL" in log
            yield f"{name} {number}", site


def check_end(site, where, args, end):
    """The same command once more makes all well, and a third one nothing."""
    again = run(site, *args)
    assert again.returncode == DONE, (where, again)
    assert files(site) == end, where
    assert all(LINE.fullmatch(line) for line in history(site)), where
    third = run(site, *args)
    assert third.returncode == DONE and files(site) == end, (where, third)


@needs_strace
def test_kill_set():
    def prepare(site):
        configure(site)
        site.write("example.com", OLD)
        site.write("example.net", OLD)

    seen, drafts = set(), set()
    for where, site in each_kill(prepare, SET):
        now = served(site)
        assert now.pop("example.net.txt") == OLD, where
        assert set(now) == {"example.com.txt"}, where
        assert now["example.com.txt"] in (OLD, NEW), where
        mode = (site.policies / "example.com.txt").stat().st_mode & 0o7777
        assert mode == 0o644, where
        seen.add(now["example.com.txt"])
        drafts |= {name for name in files(site) if name.startswith(".")}
        check_end(site, where, SET, {"example.com.txt": NEW,
                                     "example.net.txt": OLD})
    # That such a file was seen at all, so that its going was.
    assert seen == {OLD, NEW} and drafts == {".mta-sts.new"}


@needs_strace
def test_kill_alias():
    args = ("alias", "alias.example", "other.example")

    def prepare(site):
        configure(site)
        site.write("example.com", OLD)
        site.write("other.example", NEW)
        site.alias("alias.example", "example.com")

    for where, site in each_kill(prepare, args):
        now = served(site)
        assert set(now) == {"example.com.txt", "other.example.txt",
                            "alias.example.txt"}, where
        assert now["alias.example.txt"] in (OLD, NEW), where
        check_end(site, where, args,
                  {"example.com.txt": OLD, "other.example.txt": NEW,
                   "alias.example.txt": "other.example.txt"})


@needs_strace
def test_kill_rename():
    args = ("rename", "example.com", "new.example")

    def prepare(site):
        configure(site)
        site.write("example.com", OLD)
        for name in ("a.example", "b.example"):
            site.alias(name, "example.com")

    for where, site in each_kill(prepare, args):
        now = served(site)
        assert {OLD} <= set(now.values()) <= {OLD, NONE}, where
        assert now["example.com.txt"] == OLD or "new.example.txt" in now, where
        assert {"a.example.txt", "b.example.txt"} < set(now), where
        check_end(site, where, args,
                  {"new.example.txt": OLD, "a.example.txt": "new.example.txt",
                   "b.example.txt": "new.example.txt",
                   "example.com.txt": NONE})


@needs_strace
def test_kill_rename_that_leaves_nothing():
    args = ("rename", "example.com", "new.example")

    def prepare(site):
        configure(site)
        site.write("example.com", NONE)
        site.alias("a.example", "example.com")
        ident = run(site, "id", "example.com").stdout.strip()
        write_history(site, f"{days_ago(2)} example.com {ident} none 86400")

    for where, site in each_kill(prepare, args):
        now = served(site)
        assert set(now.values()) == {NONE}, where
        assert "a.example.txt" in now and len(now) >= 2, where
        check_end(site, where, args, {"new.example.txt": NONE,
                                      "a.example.txt": "new.example.txt"})
        modes = [line.split()[3] for line in history(site)
                 if line.split()[1] == "example.com"]
        assert modes[-1] == "removed" and "renamed" in modes, (where, modes)


@needs_strace
@pytest.mark.parametrize("call, args", [
    ("renameat", SET), ("renameat", ("alias", "a.example", "other.example")),
    ("linkat", ("rename", "example.com", "new.example")),
    ("unlinkat", ("remove", "--force", "example.com")),
    ("renameat", ("retire", "example.com")),
    ("renameat", ("import", "--domain", "new.example"))],
    ids=lambda value: value if isinstance(value, str) else value[0])
def test_what_failed_is_not_in_the_history(site, call, args):
    """Neither is what it would have replaced, though nobody noted that."""
    run(site, "add", "other.example", "--mx", "mx.example.com")
    site.alias("a.example", "example.com")
    if args[0] == "import":
        (site.root / "mta-sts.txt").write_bytes(NEW)
        args = (*args, site.root / "mta-sts.txt")
    if args[0] in ("remove", "retire"):  # not before their aliases
        (site.policies / "a.example.txt").unlink()
    before, lines = files(site), history(site)
    done, log = trace(site, args, "-e", f"inject={call}:error=EPERM")
    assert "(INJECTED)" in log
    assert done.returncode == SYSTEM, done
    assert (files(site), history(site)) == (before, lines)


@needs_strace
def test_a_kill_is_known_to_the_history():
    """
    Whatever a killed `set` put in place, the next change leaves no policy
    unaccounted for: removal waits for the longest one that was ever served.
    """
    def prepare(site):
        configure(site)
        assert run(site, "add", "hosted.example", "--mx", "mx.example.com",
                   "--max-age", "1d").returncode == DONE

    args = ("set", "hosted.example", "--max-age", "300d")
    for where, site in each_kill(prepare, args):
        long = b"25920000" in served(site)["hosted.example.txt"]
        assert run(site, "retire", "hosted.example").returncode == DONE
        refused = run(site, "remove", "hosted.example")
        assert refused.returncode == FINDINGS, where
        until = re.search(r"until (\d{4}-\d\d-\d\d)", refused.stderr)[1]
        days = subprocess.run(["date", "-u", "-d", "+200 days", "+%F"],
                              capture_output=True, text=True, check=True)
        assert (until > days.stdout) == long, (where, until)


@needs_strace
def test_the_order(site):
    """On the disk before it has its name, and its name after that."""
    done, log = trace(site, SET, "-y", "-e", "trace=openat,write,fchmod,fsync,"
                      "renameat,rename,renameat2,flock,unlinkat")
    assert done.returncode == DONE, done
    steps = [re.escape(".lock") + ">, LOCK_EX", r"openat.*\.mta-sts\.new.*0600",
             r"write.*\.mta-sts\.new>", r"fchmod.*\.mta-sts\.new>, 0644",
             r"fsync.*\.mta-sts\.new>", r"renameat.*\"example\.com\.txt\"",
             r"fsync.*/conf\.d>", r"write.*/history>", r"fsync.*/history>"]
    at = 0
    for step in steps:
        found = re.compile(f"^.*{step}.*$", re.MULTILINE).search(log, at)
        assert found, (step, log)
        at = found.end()
    assert len(re.findall(r"renameat\(\d+<\S+/conf\.d>", log)) == 1


@needs_strace
@pytest.mark.root
def test_kill_the_first_one():
    """The lock and the history are the owner's whenever root was killed."""
    args = ("add", "example.com", "--mx", "mx1.example.com", "--mode",
            "testing", "--max-age", "1d")

    def prepare(site):
        configure(site)
        text = site.settings.read_text()
        site.settings.write_text(text.replace('owner = "root"',
                                              'owner = "65534"'))
        os.chown(site.policies, 65534, 65534)

    for where, site in each_kill(prepare, args):
        assert set(served(site)) <= {"example.com.txt"}, where
        check_end(site, where, args, {"example.com.txt": OLD})
        for path, mode in ((site.policies / "example.com.txt", 0o644),
                           (site.policies / ".lock", 0o600),
                           (site.root / "state", 0o755),
                           (site.root / "state" / "history", 0o644)):
            assert path.stat().st_uid == 65534, (where, path)
            assert path.stat().st_mode & 0o7777 == mode, (where, path)
        assert not (site.root / "state.new").exists(), where
