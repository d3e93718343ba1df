#!/usr/bin/python3
"""
mta-sts check, list and hosts in a large policy directory: time and memory.
5,000 policies, or 100,000 with MTA_STS_SCALE=1 in the environment; pytest-3 -s
prints the figures.
"""

import json
import os
import re
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from command import COMMAND, DONE, configure, on_terminal
from harness import Site, environment, is_sanitized

LARGE = os.environ.get("MTA_STS_SCALE") == "1"
COUNT = 100000 if LARGE else 5000

# Each tenth domain is an alias of the one before it.
SOURCE = (b"version: STSv1\nmode: %s\nmx: mx%d.example.com\n"
          b"mx: *.mx.example.com\nmax_age: 604800\n")

# Kilobytes: the program with its libraries, and what a domain may cost, which
# is its name, where that is, and 16 bytes for its history. Its policy would be
# 230.
BASE = 6144
PER_DOMAIN = 0.12


def name(i):
    return f"customer-{i:06}.hosting-domains.example"


def fill(site, count):
    """Policies without the care of Site.write."""
    directory = os.open(site.policies, os.O_RDONLY)
    try:
        for i in range(count):
            if i % 10 == 9:
                os.symlink(f"{name(i - 1)}.txt", f"{name(i)}.txt",
                           dir_fd=directory)
                continue
            file = os.open(f"{name(i)}.txt",
                           os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644,
                           dir_fd=directory)
            os.write(file, SOURCE % (
                b"testing" if i % 3 == 0 else b"enforce", i))
            os.close(file)
    finally:
        os.close(directory)


def fill_history(site, count):
    state = site.root / "state"
    state.mkdir()
    state.chmod(0o755)
    with (state / "history").open("w", encoding="ascii") as history:
        for i in range(count):
            history.write(f"2026-01-01T00:00:00Z {name(i)} "
                          f"{i:032x} enforce 604800\n")
    (state / "history").chmod(0o644)


@pytest.fixture(scope="module", name="large")
def fixture_large():
    """All policies, with a history."""
    with Site() as site:
        configure(site)
        fill(site, COUNT)
        fill_history(site, COUNT)
        yield site


def peak(pid):
    """
    The most memory that a process has had so far, in kilobytes; 0 when it is
    over. Its rusage would count what it was before it began (execve(2)).
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) if found else 0


def measure(site, *args):
    """Its output, seconds, and peak memory in kilobytes."""
    memory = 0
    begin = time.monotonic()
    with tempfile.TemporaryFile() as output, subprocess.Popen(
            [COMMAND, *args], stdin=subprocess.DEVNULL, stdout=output,
            env=environment({"MTA_STS_CONF": str(site.settings)})) as process:
        while process.poll() is None:
            memory = max(memory, peak(process.pid))
            time.sleep(0.0005)
        seconds = time.monotonic() - begin
        assert process.returncode == DONE
        assert memory > 0
        output.seek(0)
        return output.read(), seconds, memory


@pytest.mark.parametrize("args", [
    ["check", "--quiet"], ["list"], ["list", "--json"], ["hosts"]],
    ids=" ".join)
def test_time_and_memory(large, args):
    output, seconds, memory = measure(large, *args)
    print(f"\nmta-sts {' '.join(args)}: {COUNT} policies, {seconds:.2f} s, "
          f"{memory} kB")
    if args[0] == "check":
        assert output == b""
    elif "--json" in args:
        found = json.loads(output)
        assert len(found) == COUNT
        assert found[-1]["domain"] == name(COUNT - 1)
        assert found[-1]["alias_of"] == name(COUNT - 2)
    else:
        lines = output.decode().splitlines()
        assert len(lines) == COUNT + (args[0] == "list")
        assert lines[-1].startswith(("mta-sts." if args[0] == "hosts" else "")
                                    + name(COUNT - 1))
    assert is_sanitized(COMMAND) or memory < BASE + PER_DOMAIN * COUNT
    assert seconds < 60


def test_files_by_name(large):
    """As a shell has them for conf.d/*.txt: the directory is listed once."""
    paths = sorted(large.policies.glob("*.txt"))[:5000]
    whole = measure(large, "check", "--quiet")[1]
    seconds = measure(large, "check", "--quiet", *paths)[1]
    print(f"\nmta-sts check *.txt: {len(paths)} policies, {seconds:.2f} s, "
          f"all {COUNT} of the directory {whole:.2f} s")
    assert seconds < 10 * whole + 1


@pytest.mark.skipif(not LARGE, reason="takes MTA_STS_SCALE=1")
def test_bar(large):
    """A bar that comes, grows, and is gone at the end."""
    code, output = on_terminal(large, "check")
    assert code == DONE
    frames = [frame for frame in output.split("\r") if "checking [" in frame]
    assert frames
    assert all(f" of {COUNT}\x1b[K" in frame for frame in frames)
    counts = [int(frame.split("] ")[1].split()[0]) for frame in frames]
    assert counts == sorted(counts) and counts[-1] <= COUNT
    bars = [frame.count("#") for frame in frames]
    assert bars == sorted(bars)
    assert f"\r\x1b[Kmta-sts: {COUNT} policies checked" in output
