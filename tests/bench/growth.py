"""
What more policies cost: CPU time of a request, memory, and the time from the
start to the first answer, of responders with 10 up to 1,000,000 policies that
are asked in turns. What one more domain costs is in adding.py, which has the
same responders. As root, all files lie in a file system in memory of the
bench's own: the responder reads from memory in any case, and there are disks
from which it takes an hour to remove a million files.
"""

import contextlib
import ctypes
import subprocess
import tempfile
import time
from pathlib import Path

import adding
import common
from common import harness
from servers import host

import fastcgi
from cgi import variables
from harness import PROGRAM, Listener, Responder, environment
from tables import Column, Table, ratios

SIZES = (10, 1000, 100_000, 1_000_000)
QUICK_SIZES = (10, 100)
DISK_SIZES = SIZES[:3]  # where there is no file system in memory
REQUESTS = 100_000      # of a round
TURNS = 3               # a round has so many, or noise would hide what is flat
CLONE_NEWNS = 0x00020000


@contextlib.contextmanager
def in_memory():
    """
    Sites and servers made inside lie in a tmpfs that this process and its
    children alone see; whether that could be had.
    """
    base, place = harness._base, tempfile.mkdtemp(
        prefix="mta-sts-", dir=harness._base())
    try:
        mounted = (ctypes.CDLL(None).unshare(CLONE_NEWNS) == 0 and all(
            subprocess.run(["mount", *words], check=False,
                           capture_output=True).returncode == 0
            for words in (["--make-rprivate", "/"],
                          ["-t", "tmpfs", "-o", "mode=755,nr_inodes=0",
                           "none", place])))
        if mounted:
            harness._base = lambda: place
            tempfile.tempdir = place
        yield mounted
    finally:
        harness._base, tempfile.tempdir = base, None
        if mounted:
            subprocess.run(["umount", place], check=True)
        Path(place).rmdir()


def first_answer(site):
    """Seconds from the start of a responder to its first answer."""
    with Listener(site.root / "first.sock") as listener:
        begun = time.perf_counter()
        process = subprocess.Popen(
            [PROGRAM, "-c", site.settings], stdin=listener,
            stderr=subprocess.DEVNULL, env=environment())
        try:
            answer = fastcgi.ask(listener, variables(host(0)))
            spent = time.perf_counter() - begun
        finally:
            process.terminate()
            process.wait()
    if answer.body != common.policy(0):
        raise common.WrongAnswers(f"the first answer: {answer}")
    return spent


class Size:
    """A responder with that many policies, and its figures, one a round."""

    def __init__(self, stack, count, least):
        self.count = count
        self.site = stack.enter_context(common.Policies(count))
        with open(self.site.settings, "a", encoding="ascii") as file:
            file.write(f'state = "{self.site.root}/state";\n')
        self.responder = stack.enter_context(Responder(self.site))
        self.mixes = {"same": self.site.mix("same", least),
                      "all": self.site.mix("all")}
        self.figures = {"same": [], "all": [], "start": []}
        for mix in self.mixes.values():
            self.ask(mix, REQUESTS // 10)

    def ask(self, mix, requests):
        """The CPU time of a request in microseconds."""
        pid = self.responder.process.pid
        before = common.cpu_ns(pid)
        common.load(self.responder.socket, mix, clients=4, requests=requests)
        return (common.cpu_ns(pid) - before) / 1000 / requests

    def measure(self, name, requests):
        """A round of one of the figures."""
        self.figures[name].append(
            first_answer(self.site) * 1000 if name == "start" else
            self.ask(self.mixes[name], requests))


def show_sizes(bench, sizes):
    """The first table."""
    requests = REQUESTS // (100 if bench.quick else 1)
    for turn in range(TURNS * bench.rounds):
        # Each size comes first once in a while.
        first = turn % len(sizes)
        for name in ("same", "all", "start"):
            for size in sizes[first:] + sizes[:first]:
                size.measure(name, requests)
    table = Table(
        "growth", "More policies in one directory, four kept connections",
        [Column("policies", "policies", ",d"),
         Column("cpu", "CPU us", ".2f"),
         Column("flat", f"CPU, {sizes[0].count} policies = 1", ".2f"),
         Column("pss", "PSS KiB", ",d"), Column("dirty", "dirty KiB", ",d"),
         Column("start", "start ms", ".1f")],
        note="CPU: of a request, the responder alone. start: until the first "
        "answer.", plot=["cpu"], x="policies", log=True)
    for name, label in (("same", f"the same {sizes[0].count} asked for"),
                        ("all", "all asked for")):
        for size in sizes:
            memory = common.memory_kib(size.responder.process.pid)
            start = size.figures["start"] if name == "same" else None
            table.row(label, policies=size.count, cpu=size.figures[name],
                      flat=ratios(size.figures[name], sizes[0].figures[name]),
                      pss=memory["pss"], dirty=memory["dirty"], start=start)
    bench.show(table)


def run(bench):
    """See tables.py."""
    with in_memory() as mounted, contextlib.ExitStack() as stack:
        counts = SIZES if mounted else DISK_SIZES
        if not mounted:
            bench.skip(f"{SIZES[-1]:,} policies: no file system in memory")
        if bench.quick:
            counts = QUICK_SIZES
        sizes = [Size(stack, count, counts[0]) for count in counts]
        show_sizes(bench, sizes)
        adding.show(bench, sizes)
