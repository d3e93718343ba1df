"""
The memory of the responder, idle and after many requests on kept and on new
connections, and that of the others, idle. PSS shares out what several processes
have in common; private is what ending the process would give back.
"""

import contextlib

import common
import programs
from tables import Column, Table

COLUMNS = [Column("pss", "PSS KiB", ",.0f"),
           Column("dirty", "private dirty KiB", ",.0f"),
           Column("uss", "private KiB", ",.0f")]

NOTE = "Goal: under 512 KiB private, no growth. Idle: after ten requests."


def pids(program):
    """All processes of a program: some have a master and a worker."""
    return {program.process.pid, program.worker()}


def sizes(program):
    """The sums over its processes; nothing of those that let only root look."""
    try:
        parts = [common.memory_kib(pid) for pid in pids(program)]
    except PermissionError:
        return {}
    return {key: sum(part[key] for part in parts) for key in parts[0]}


def run(bench):
    """One table."""
    requests = 500 if bench.quick else 500_000
    table = Table("memory", "Memory", COLUMNS, NOTE, plot=["uss"])
    with common.Policies(100 if bench.quick else 10_000) as site, \
            contextlib.ExitStack() as stack:
        started = programs.start(bench, site, stack)
        for program in started:
            table.row(f"{program.name}, idle", **sizes(program))
        for program in started:
            if not isinstance(program, programs.Responder):
                continue
            mix = program.mixes()["half unknown"]
            for kept in (True, False):
                program.load(mix, kept=kept, clients=4, requests=requests)
            table.row(f"{program.name}, after {2 * requests:,} requests",
                      **sizes(program))
    bench.show(table)
