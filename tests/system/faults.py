"""
Faults made on purpose: a heap that fails (../faults/heap.c), system calls that
fail by strace(1), limits of a running process. Each can be made and unmade
while the responder serves. What must come of them is in test_faults_*.py.
"""

import math
import mmap
import os
import resource
import shutil
import struct
import subprocess
import tempfile
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness import PROGRAM, TOP, Responder, is_sanitized, wait_for

SHIMS = TOP / "tests" / "faults"

# ASan has an allocator of its own, which ends the program for want of memory,
# and lets no library be loaded before it.
needs_heap = pytest.mark.skipif(
    is_sanitized(PROGRAM), reason="the sanitizer has an allocator of its own")


def can_trace():
    """
    Whether strace is here and may tamper with the responder, which nobody but
    root may look into.
    """
    try:
        return os.getuid() == 0 and subprocess.run(
            ["strace", "-o", "/dev/null", "-e", "inject=getppid:retval=1",
             "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            check=False).returncode == 0
    except OSError:
        return False


needs_strace = pytest.mark.skipif(not can_trace(),
                                  reason="strace cannot trace")


@contextmanager
def shim(name):
    """Builds a library for LD_PRELOAD from tests/faults/; gives its path."""
    directory = Path(tempfile.mkdtemp(prefix="mta-sts-shim-"))
    try:
        directory.chmod(0o755)
        library = directory / (name + ".so")
        subprocess.run([os.environ.get("CC", "cc"), "-std=c11", "-O2",
                        "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
                        "-shared", "-fPIC", "-o", library,
                        SHIMS / (name + ".c")], check=True)
        yield library
    finally:
        shutil.rmtree(directory)


def sandbox_off(site):
    """A library that is preloaded may do what the program may not."""
    if b"sandbox" in PROGRAM.read_bytes():
        site.configure("sandbox = false;\n")


class Heap:
    """
    What heap.c is told, and what it tells. plain() ends what another began,
    at the program's next call of malloc.
    """

    PLAIN, OWN, EACH, FULL, LOG = range(5)
    HEAD = 5 * 4
    LOG_MAX = 65536
    SIZE = HEAD + LOG_MAX * 8

    def __init__(self, directory):
        self.path = Path(directory) / "heap"
        self.path.write_bytes(bytes(self.SIZE))
        with open(self.path, "r+b") as file:
            self._map = mmap.mmap(file.fileno(), self.SIZE)

    def environment(self, library):
        return {"LD_PRELOAD": str(library), "FAULTS_HEAP": str(self.path)}

    def _field(self, number):
        return struct.unpack_from("=I", self._map, 4 * number)[0]

    def set(self, mode, n=0):
        """From now on, calls being counted from here."""
        struct.pack_into("=III", self._map, 4, n, 0, 0)
        struct.pack_into("=I", self._map, 0, mode)

    def plain(self):
        self.set(self.PLAIN)

    calls = property(lambda self: self._field(2))
    failed = property(lambda self: self._field(3))
    is_full = property(lambda self: self._field(4) != 0)

    def log(self):
        """The calls noted in LOG: (by the program itself, size) each."""
        assert self.calls <= self.LOG_MAX, "not all were noted"
        return [struct.unpack_from("=II", self._map, self.HEAD + 8 * i)
                for i in range(self.calls)]


def status_of(pid, key):
    """A value of /proc/PID/status."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return line.split(":", 1)[1].strip()
    raise KeyError(key)


def address_space(pid):
    """The size of a process as RLIMIT_AS sees it."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()


@contextmanager
def no_more_memory(pid, size=None):
    """The process can have so many bytes, or what it has, and nothing more."""
    size = address_space(pid) if size is None else size
    limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
    before = next(line.split()[3] for line in limits
                  if line.startswith("Max address space"))
    set_limit(pid, "as", size)
    try:
        yield
    finally:
        set_limit(pid, "as", before)


def set_limit(pid, name, soft):
    """As the user whom the process belongs to: root alone may not, here."""
    # Not those of /proc/PID, which are root's where nobody may look into it.
    user, group = (int(status_of(pid, key).split()[0])
                   for key in ("Uid", "Gid"))
    as_owner = ({"user": user, "group": group, "extra_groups": []}
                if os.getuid() == 0 else {})
    subprocess.run(["prlimit", f"--pid={pid}", f"--{name}={soft}:"],
                   check=True, **as_owner)


def descriptors(pid):
    """How many descriptors a process has."""
    return len(os.listdir(f"/proc/{pid}/fd"))


class Injection:
    """
    strace on a running process, with an inject expression for each fault, as
    strace(1) has them: "openat:error=EIO:when=1". On leaving the process is on
    its own again. traced: what else is in calls(). paths: calls that name none
    of them, also by a descriptor, are neither seen nor touched.
    """

    def __init__(self, pid, *faults, traced=(), paths=()):
        self.pid = pid
        self._directory = tempfile.TemporaryDirectory(prefix="mta-sts-strace-")
        self._log = Path(self._directory.name) / "log"
        names = [name for fault in faults
                 for name in fault.split(":")[0].split(",")] + list(traced)
        self._command = ["strace", "-o", self._log, "-p", str(pid),
                         "-e", "trace=" + ",".join(names)]
        for fault in faults:
            self._command += ["-e", "inject=" + fault]
        for path in paths:
            self._command += ["-P", str(path)]
        self._strace = None

    def __enter__(self):
        self._strace = subprocess.Popen(self._command, text=True,
                                        stdin=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE)
        line = self._strace.stderr.readline()
        if "attached" not in line:
            self.__exit__()
            raise RuntimeError(f"strace: {line}")
        return self

    def __exit__(self, *_):
        # It lets go of the process before it ends.
        self._strace.terminate()
        self._strace.communicate(timeout=60)
        self.text = self._log.read_text() if self._log.exists() else ""
        self._directory.cleanup()

    def calls(self):
        """The lines that it has written so far."""
        return self._log.read_text().splitlines() if self._log.exists() else []

    def wait_for_faults(self, count=1):
        """Waits until as many faults have been made."""
        wait_for(lambda: sum("(INJECTED" in line for line in self.calls())
                 >= count)


class InNamespace(Responder):
    """
    The responder in a mount namespace of its own, whose mounts nobody else
    sees. shell: what is done there, as root, before it starts.
    """

    def __init__(self, site, shell, **more):
        super().__init__(site, prefix=[
            "unshare", "-m", "sh", "-ec", shell + '\nexec "$@"', "sh"], **more)

    def run(self, *command):
        """A command in that namespace."""
        return subprocess.run(
            ["nsenter", "-m", "-r", "-t", str(self.process.pid),
             *map(str, command)],
            check=True, capture_output=True, text=True)


class Supervisor:
    """
    Stands for systemd's Restart=always and RestartSec=100ms: starts a
    responder again whenever it has left. codes: how it did.
    """

    PAUSE = 0.1

    def __init__(self, responder):
        self.responder = responder
        self.codes = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _watch(self):
        while not self._stop.wait(0.005):
            code = self.responder.process.poll()
            if code is not None:
                self.codes.append(code)
                time.sleep(self.PAUSE)
                self.responder.start()


class Load:
    """
    Clients who ask again and again, each in a thread; ask() is one request and
    returns what counts as its outcome. A failure counts by the name of its
    exception.
    """

    def __init__(self, ask, clients=4):
        self._ask = ask
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run)
                         for _ in range(clients)]
        self.outcomes = []  # (begin, end, outcome)

    def _run(self):
        while not self._stop.is_set():
            begin = time.monotonic()
            try:
                outcome = self._ask()
            except Exception as error:  # pylint: disable=broad-except
                outcome = type(error).__name__
            self.outcomes.append((begin, time.monotonic(), outcome))

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Waits until each has its last answer."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def count(self):
        """How often there was which outcome."""
        return Counter(outcome for _, _, outcome in self.outcomes)

    def longest_gap(self, good):
        """The longest time without the end of a good answer, in seconds."""
        ends = sorted(end for _, end, outcome in self.outcomes
                      if outcome == good)
        return max((b - a for a, b in zip(ends, ends[1:])), default=math.inf)

    def slowest(self, good):
        """How long the slowest good answer took, in seconds."""
        return max(end - begin for begin, end, outcome in self.outcomes
                   if outcome == good)
