#!/usr/bin/python3
"""
soak.py [--seconds N]: the responder for a long time at half of what this
machine can do, its log as it is by default, while policies are edited and
while half of the clients are broken or hostile. Counts wrong answers, samples
memory and descriptors, and exits 1 when an answer was wrong, a client was not
served, or something grew. What the clients do is in soak_work.py.
"""

import argparse
import os
import signal
import statistics
import sys
import threading
import time

sys.dont_write_bytecode = True

import common  # noqa: E402
import soak_work as work  # noqa: E402
from harness import PROGRAM, Responder, Site, source, wire  # noqa: E402
from webservers import ApacheProxy, Nginx  # noqa: E402

FIXED = 1000            # policies that nobody edits
CLIENTS = 8             # of the load generator
# How it asks: connections, and whose writes; each has a slice in turns.
WAYS = [("kept", "nginx"), ("new", "nginx"), ("kept", "apache"),
        ("new", "apache")]

# By how much the medians at the end may be above those at the beginning. PSS
# counts a part of what is shared with others, who come and go.
DIRTY_MORE = 128        # KiB
PSS_MORE = 1024
FILES_MORE = 8

WORKERS = [(work.Reader, 2), (work.Editor, 1), (work.Commander, 1),
           (work.Hostile, 1), (work.Broken, 1), (work.Slow, 4)]
SERVERS = {"nginx": Nginx, "apache": ApacheProxy}


class Soak:
    """A site in use, its clients, and what became of it."""

    def __init__(self, site, server):
        self.site = site
        self.server = server
        self.responder = server.responder if server else Responder(site)
        self.socket = self.responder.socket
        self.truth = work.Truth()
        self.fixed = [wire(mx=self.mx(number)) for number in range(FIXED)]
        self.targets = []
        self.samples = []   # time, KiB, KiB, files
        self.slices = []    # what the load generator said
        self.workers = []

    @staticmethod
    def mx(number):
        return (f"mx1.fixed{number:06}.example",)

    # The policies, and what the load generator asks.

    def furnish(self):
        site, truth = self.site, self.truth
        site.settings.write_text(
            "".join(line + "\n" for line in site.settings.read_text()
                    .splitlines() if not line.startswith("log =")))
        for number in range(FIXED):
            site.write(f"fixed{number:06}.example",
                       source(mx=self.mx(number)))
        for number, domain in enumerate(work.TARGETS):
            age = 500_000 + number
            site.write(domain, source(max_age=age))
            self.targets.append((200, wire(max_age=age)))
        for domain in work.EDITED:
            site.write(domain, source())
            truth.begin(domain, (200, wire()))
        for domain in work.ALIASES:
            site.alias(domain, work.TARGETS[0].removesuffix(".txt"))
            truth.begin(domain, self.targets[0])

    def write_mix(self):
        """The file for the load generator; its path."""
        root = self.site.root / "mix"
        root.mkdir()
        body = wire(mx=("mx1.fixed{n}.example",))
        whole = work.fastcgi.request(work.cgi.variables(work.NAME))
        for name, data in (("body", body), ("half", whole[:50]),
                           ("garbage", b"GET / HTTP/1.1\r\n\r\n")):
            (root / name).write_bytes(data)
        rows = [(60, "hosts", FIXED, "mta-sts.fixed{n}.example", 200,
                 root / "body"),
                (20, "hosts", FIXED, "mta-sts.unknown{n}.example", 404, "-"),
                (5, "host", "../../etc/passwd", 400, "-"),
                (5, "host", "mta-sts." + "a." * 240 + "b", 400, "-"),
                (5, "host", "mta-sts.fixed000000.example/", 400, "-"),
                (2, "raw", root / "half", "drop"),
                (3, "raw", root / "garbage", "close")]
        mix = root / "mix"
        mix.write_text("".join("\t".join(map(str, row)) + "\n"
                               for row in rows))
        return mix

    def load(self, mix, way, seconds, rate=None):
        """One slice by the load generator."""
        kept, server = way
        return common.load(
            self.socket.path, mix, kept=kept == "kept", clients=CLIENTS,
            seconds=seconds, rate=rate, seed=len(self.slices) + 1,
            server=server, strict=False)

    # What is looked at all the while.

    def sample(self):
        pid = self.responder.process.pid
        memory = common.memory_kib(pid)
        self.samples.append((time.monotonic(), memory["pss"], memory["dirty"],
                             len(os.listdir(f"/proc/{pid}/fd"))))

    def watch(self, load, progress):
        """Samples until the load generator is done with its slice."""
        while load.is_alive():
            begun = time.monotonic()
            self.sample()
            if progress:
                progress(self)
            load.join(max(0, begun + 1 - time.monotonic()))

    def serve(self, seconds, progress=None):
        """All of it, for so many seconds; what the load generator could do."""
        mix = self.write_mix()
        slice_ = max(0.5, min(15.0, seconds / 20))
        most = [self.load(mix, way, min(3, slice_))["rate"] for way in WAYS]
        kinds = WORKERS + ([(work.WebReader, 1)] if self.server else [])
        self.workers = [kind(self, number) for kind, count in kinds
                        for number in range(count)]
        for worker in self.workers:
            worker.start()
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                turn = len(self.slices) % len(WAYS)
                load = threading.Thread(target=lambda turn=turn: (
                    self.slices.append(self.load(
                        mix, WAYS[turn], slice_, most[turn] / 2))))
                load.start()
                self.watch(load, progress)
                if len(self.slices) % len(WAYS) == turn:
                    raise RuntimeError("the load generator failed")
        finally:
            for worker in self.workers:
                worker.stopping.set()
            for worker in self.workers:
                worker.join(30)
        return most


def windows(samples, seconds):
    """The samples after the first minute, and those of the last one."""
    start, end = samples[0][0], samples[-1][0]
    length = min(60, seconds / 5)
    first = [row for row in samples if start + length <= row[0]
             <= start + 2 * length]
    last = [row for row in samples if row[0] >= end - length]
    return first or samples[:1], last


def growth_rows(soak, seconds):
    """Of each figure: its name, before, after, what more is allowed."""
    first, last = windows(soak.samples, seconds)
    rows = []
    for column, name, more in ((1, "PSS, KiB", PSS_MORE),
                               (2, "private dirty, KiB", DIRTY_MORE),
                               (3, "descriptors", FILES_MORE)):
        before = statistics.median(row[column] for row in first)
        after = statistics.median(row[column] for row in last)
        rows.append((name, before, after, more))
    return rows


def worker_rows(soak):
    """Of each kind of worker: name, done, wrong, median, 99 %, longest."""
    rows = []
    for kind in dict.fromkeys(type(worker) for worker in soak.workers):
        them = [worker for worker in soak.workers if type(worker) is kind]
        times = sorted(t * 1000 for worker in them for t in worker.times)
        rows.append((kind.__name__, sum(worker.done for worker in them),
                     sum(worker.wrongs for worker in them),
                     *(times[min(len(times) - 1, int(len(times) * part))]
                       if times else 0 for part in (0.5, 0.99, 1))))
    return rows


def load_rows(soak, most):
    """Of each way of the load generator, its slices together."""
    rows = []
    for turn, way in enumerate(WAYS):
        them = soak.slices[turn::len(WAYS)]
        if not them:
            continue
        total = {key: sum(one[key] for one in them) for key in (
            "requests", "wrong", "errors", "failed", "raw", "raw_wrong")}
        bad = sum(total[key] for key in ("wrong", "errors", "failed",
                                         "raw_wrong"))
        times = [one["latency_us"] for one in them]
        rows.append((", ".join(way), total["requests"] + total["raw"], bad,
                     most[turn],
                     statistics.median(one["p50"] for one in times) / 1000,
                     statistics.median(one["p99"] for one in times) / 1000,
                     max(one["max"] for one in times) / 1000))
    return rows


def report(soak, most, seconds):
    """Prints it all; whether all was well."""
    well = True
    print(f"{'load generator':22}{'requests':>12}{'wrong':>7}"
          f"{'most a s':>10}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}")
    for name, count, bad, rate, *times in load_rows(soak, most):
        print(f"{name:22}{count:>12,}{bad:>7}{rate:>10,.0f}"
              + "".join(f"{one:>9.2f}" for one in times))
        well &= count > 0 and bad == 0
    print(f"\n{'client':22}{'turns':>12}{'wrong':>7}{'':10}{'p50 ms':>9}"
          f"{'p99 ms':>9}{'max ms':>9}")
    for name, count, bad, *times in worker_rows(soak):
        print(f"{name:22}{count:>12,}{bad:>7}{'':10}"
              + "".join(f"{one:>9.2f}" for one in times))
        well &= count > 0 and bad == 0
    for worker in soak.workers:
        for words in worker.wrong:
            print(f"  {type(worker).__name__}: {words}")
    print(f"\n{'':22}{'before':>12}{'at the end':>12}{'allowed':>10}")
    for name, before, after, more in growth_rows(soak, seconds):
        print(f"{name:22}{before:>12,.0f}{after:>12,.0f}"
              f"{before + more:>10,.0f}")
        well &= after <= before + more
    print(f"\n{soak.truth.edits:,} edits in {seconds:,} s, "
          f"{len(soak.samples):,} samples")
    return well


def progress(soak):
    """A line on the terminal."""
    _, pss, dirty, files = soak.samples[-1]
    wrong = sum(worker.wrongs for worker in soak.workers)
    asked = sum(one["requests"] for one in soak.slices)
    print(f"\r{soak.samples[-1][0] - soak.samples[0][0]:6.0f} s "
          f"{asked:>13,} requests {soak.truth.edits:>7,} edits {wrong:>4} "
          f"wrong {pss:>6} KiB {dirty:>6} dirty {files:>4} files", end="",
          file=sys.stderr, flush=True)


def main():
    """Returns the exit code."""
    parser = argparse.ArgumentParser(
        description="the responder in use, for long")
    parser.add_argument("--seconds", type=int, default=1200, metavar="N",
                        help="for how long (%(default)s)")
    parser.add_argument("--server", choices=SERVERS,
                        help="one more client, through that web server")
    options = parser.parse_args()
    # What was started is stopped and removed on the way out.
    for it in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(it, lambda number, _: sys.exit(128 + number))
    print(f"{PROGRAM}, {os.cpu_count()} processors, {options.seconds} s\n")
    with Site() as site:
        server = SERVERS[options.server](site) if options.server else None
        soak = Soak(site, server)
        soak.furnish()
        with server or soak.responder:
            most = soak.serve(options.seconds,
                              progress if sys.stderr.isatty() else None)
            left = soak.responder.process.poll()
        code = soak.responder.process.returncode
    if sys.stderr.isatty():
        print(file=sys.stderr)
    well = report(soak, most, options.seconds)
    if left is not None or code != 0:
        print(f"the responder: exit code {code}"
              + (", too early" if left is not None else ""))
        well = False
    print("all well" if well else "NOT WELL")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
