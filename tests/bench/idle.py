"""
Idle connections: how long one more client waits for its answers, on a kept
connection and on new ones, while 1 up to 10,000 other connections have had
their request and are kept, and what each of those costs in memory. All of them
must still be there at the end.
"""

import contextlib

import common

import fastcgi
from cgi import variables
from common import KNOWN
from harness import Responder
from tables import Column, Table

COUNTS = (1, 10, 100, 1000, 10_000)
QUICK_COUNTS = (1, 20)
REQUESTS = 20_000       # of a round
PAGES = 1000            # fewer connections are lost in what a page has
SPARE = 200             # files of our own, and of the load generator


def open_connections(stack, responder, kept, count):
    """More of them, up to so many, each of which has had an answer."""
    values = variables(KNOWN.replace("{n}", "000000"))
    while len(kept) < count:
        connection = stack.enter_context(
            fastcgi.Connection(responder.socket))
        answer = connection.ask(values)
        if answer.body != common.policy(0):
            raise common.WrongAnswers(f"an idle connection: {answer}")
        kept.append(connection)


def run(bench):
    """See tables.py."""
    table = Table(
        "idle", "Idle connections, one client",
        [Column("idle", "idle", ",d"),
         Column("p50", "median us", ".1f"), Column("p99", "99 % us", ".1f"),
         Column("cpu", "CPU us", ".2f"), Column("dirty", "dirty KiB", ",d"),
         Column("each", "bytes each", ",.0f")],
        note="Bytes each: private dirty memory beyond that without any.",
        plot=["p50", "p99"], x="idle", log=True)
    most = common.raise_file_limit() - SPARE
    requests = REQUESTS // (100 if bench.quick else 1)
    rows = {"kept": [], "new": []}
    with common.Policies(100) as site, contextlib.ExitStack() as stack:
        responder = stack.enter_context(Responder(site))
        pid, mix, kept = responder.process.pid, site.mix(), []
        common.load(responder.socket, mix, requests=requests)
        empty = common.memory_kib(pid)["dirty"]
        for count in QUICK_COUNTS if bench.quick else COUNTS:
            if count > most:
                bench.skip(f"{count:,} idle connections: only {most:,} files "
                           "may be open, ulimit -Hn")
                break
            open_connections(stack, responder, kept, count)
            dirty = common.memory_kib(pid)["dirty"]
            for way, found in rows.items():
                row = {"idle": count, "dirty": dirty, "p50": [], "p99": [],
                       "cpu": [], "each": (dirty - empty) * 1024 / count
                       if count >= PAGES else None}
                for turn in range(bench.rounds):
                    before = common.cpu_ns(pid)
                    done = common.load(responder.socket, mix, seed=turn + 1,
                                       kept=way == "kept", requests=requests)
                    row["cpu"].append(
                        (common.cpu_ns(pid) - before) / 1000 / requests)
                    for key in ("p50", "p99"):
                        row[key].append(done["latency_us"][key])
                found.append(row)
        closed = sum(connection.is_closed() for connection in kept)
    for way, found in rows.items():
        for row in found:
            table.row({"kept": "a kept connection",
                       "new": "a new one each"}[way], **row)
    bench.show(table)
    if closed:
        bench.fail(f"{closed} of {len(kept)} idle connections were closed")
