"""
Which files a request can touch, as strace(1) sees it: the policy's file below
the open directory, and nothing else. Skipped where strace is not there or may
not trace.
"""

import re
import subprocess

import pytest

import cgi
import fastcgi
from cgi import check, variables
from harness import PATH, POLICY_WIRE, STRACE, Responder, wait_for

# Memory is not what this is about; a sanitizer has its own ways with it.
MEMORY = {"mmap", "munmap", "mremap", "mprotect", "madvise", "brk", "futex",
          "sched_yield"}

# A whole request on a connection of its own takes so many system calls at
# most, accept and close included.
CALLS_MAX = 16

CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\) += (-?\d+|\?)(?:<(.*?)>)?")


def can_trace():
    try:
        return subprocess.run(["strace", "-D", "-f", "-o", "/dev/null", "true"],
                              stderr=subprocess.DEVNULL, timeout=30,
                              check=False).returncode == 0
    except FileNotFoundError:
        return False


pytestmark = pytest.mark.skipif(not can_trace(), reason="strace cannot trace")


def read_trace(path):
    """The calls of a finished trace as (name, arguments, result)."""
    wait_for(lambda: path.exists() and "+++ exited" in path.read_text())
    found = [CALL.match(line) for line in path.read_text().splitlines()]
    return [(m[1], m[2], m[3]) for m in found if m]


def requests_of(calls):
    """Those of each connection, from its accept4 to its close."""
    current, descriptor = None, None
    for call in calls:
        name, arguments, result = call
        if name == "accept4" and int(result) >= 0:
            assert current is None, "one connection at a time is expected"
            current, descriptor = [], result
        if current is None:
            continue
        current.append(call)
        if name == "close" and re.match(rf"{descriptor}(<|$)", arguments):
            yield current
            current = None


def paths(calls):
    """
    What calls name: (call, directory, path) each, the directory as strace
    knows its descriptor; those of a descriptor alone are left out.
    """
    found = []
    for name, arguments, _ in calls:
        if (name in ("read", "write", "pread64", "recvfrom", "sendto") or
                "AT_EMPTY_PATH" in arguments):
            continue
        match = re.match(r'(?:(\w+)(?:<(.*?)>)?, )?"(.*?)"', arguments)
        if match and name not in ("execve",):
            found.append((name, match[2], match[3]))
    return found


@pytest.fixture(name="trace")
def fixture_trace(site):
    """A responder under strace; ask() gives the calls of one request."""
    path = site.root / "trace"
    prefix = [*STRACE, "-D", "-f", "-y", "-s", "300", "-o", str(path)]

    def ask(requests):
        with Responder(site, prefix=prefix) as responder:
            for values, status, body in requests:
                check(fastcgi.ask(responder.socket, values), status, body)
        found = list(requests_of(read_trace(path)))
        assert len(found) == len(requests)
        return found
    return ask


def without_watching(site, calls):
    """The look at whether the directory is still there is no request's."""
    return [entry for entry in paths(calls)
            if entry[0] == "openat" or entry[2] != str(site.policies)]


def test_policy(site, trace):
    """One openat, below the open directory, of that very name."""
    for calls in trace([(variables(), 200, POLICY_WIRE)] * 5):
        assert without_watching(site, calls) == [
            ("openat", str(site.policies), "example.com.txt")]
        flags = next(a for n, a, _ in calls if n == "openat")
        for flag in ("O_RDONLY", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC"):
            assert flag in flags, flags
        names = [name for name, _, _ in calls if name not in MEMORY]
        assert len(names) <= CALLS_MAX, names
        assert names.count("openat") == 1


def test_alias(site, trace):
    """Its target as well, in the same directory."""
    site.alias("alias.example", "example.com")
    calls, = trace([(variables("mta-sts.alias.example"), 200, POLICY_WIRE)])
    assert without_watching(site, calls) == [
        ("openat", str(site.policies), "alias.example.txt"),
        ("readlinkat", str(site.policies), "alias.example.txt"),
        ("openat", str(site.policies), "example.com.txt")]


def test_link_that_leaves(site, trace):
    """What it names is not even looked at."""
    (site.policies / "leaves.example.txt").symlink_to("/etc/passwd")
    (site.policies / "up.example.txt").symlink_to("../mta-sts.conf")
    for name, calls in zip(("leaves", "up"), trace(
            [(variables(f"mta-sts.{name}.example"), 500, None)
             for name in ("leaves", "up")])):
        assert {path for _, _, path in without_watching(site, calls)} == {
            f"{name}.example.txt"}


def test_no_policy(site, trace):
    calls, = trace([(variables("mta-sts.unknown.example"), 404, None)])
    assert without_watching(site, calls) == [
        ("openat", str(site.policies), "unknown.example.txt")]


def test_no_look_up(site, trace):
    """Whatever is refused for its path, method or host opens nothing."""
    requests = [
        (variables(uri="/../../etc/passwd"), 404, None),
        (variables(uri=PATH + "/../../conf.d/example.com.txt"), 404, None),
        (variables(method="POST"), 405, None),
        (variables("mta-sts.../../etc/passwd"), 400, None),
        (variables("mta-sts./etc/passwd"), 400, None),
        (variables("mta-sts._hosting"), 400, None),
        (variables("example.com"), 404, None),
        (variables(None), 400, None)]
    for calls in trace(requests):
        assert without_watching(site, calls) == []


def is_loader(path):
    """Libraries, the accounts (for the owner's name), the program itself."""
    return (path.startswith(("/lib/", "/lib64/", "/usr/lib/", "/etc/ld.so.",
                             "/proc/self/", "/sys/"))
            or path in ("/etc/nsswitch.conf", "/etc/passwd"))


def test_cgi(site):
    """
    The settings, the directory step by step from the root, and the policy. No
    file of the web server's user, no working directory, no locale.
    """
    path = site.root / "trace"
    prefix = [*STRACE, "-f", "-y", "-s", "300", "-e", "trace=%file",
              "-o", str(path)]
    check(cgi.run(site, variables(), prefix=prefix), 200, POLICY_WIRE)
    opened = [(directory if not name.startswith("/") else None, name)
              for call, directory, name in paths(read_trace(path))
              if call in ("open", "openat", "openat2", "creat")
              and not is_loader(name)]
    walk = [(None, "/")]
    for directory in reversed([site.policies, *site.policies.parents][:-1]):
        walk.append((str(directory.parent), directory.name))
    assert opened == [(None, str(site.settings)), *walk,
                      (str(site.policies), "example.com.txt")]
