"""
A soak that is told to stop, as by timeout(1) or a terminal that is closed: no
responder and no file of it is left.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness import TOP, environment, wait_for

sys.path.append(str(TOP / "tests" / "bench"))

import common  # noqa: E402

needs_load = pytest.mark.skipif(
    not (common.BUILT / "load").exists(),
    reason="no load generator: make bench-programs")


def started(parent):
    """Its process and the site of it, once that serves."""
    for it in Path("/proc").glob("[0-9]*"):
        try:
            status = (it / "status").read_text()
            words = (it / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if (re.search(rf"^PPid:\s+{parent}$", status, re.MULTILINE) and
                words[1:2] == ["-c"]):
            return int(it.name), Path(words[2]).parent
    return None


def runs(pid):
    """Whether it does; one that nobody has waited for does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


@needs_load
@pytest.mark.parametrize("seconds, by", [
    (1, signal.SIGHUP), (5, signal.SIGTERM)])
def test_nothing_is_left(seconds, by):
    """While it is measured what it can do, and when the clients are at work."""
    with subprocess.Popen(
            [sys.executable, TOP / "tests/bench/soak.py", "--seconds", "60"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env=environment()) as soak:
        try:
            pid, site = wait_for(lambda: started(soak.pid))
            try:
                soak.wait(seconds)
            except subprocess.TimeoutExpired:
                pass
            soak.send_signal(by)
            status = soak.wait(60)
        finally:
            soak.kill()
    left = runs(pid), site.exists()
    if left[0]:
        os.kill(pid, signal.SIGTERM)
    shutil.rmtree(site, ignore_errors=True)
    assert (status, left) == (128 + by, (False, False))
