"""
The FastCGI program alone: the load generator on its unix socket, known Hosts
chosen at random, and a mix of which half is unknown; kept connections and a new
one for each request; one client and four. In each round every program has its
turn, one after the other. Further: new connections which the program, not the
client, closes first, where libfcgi's own loop waits for its client; and the many
parameters of Apache, in pieces.
"""

import contextlib
from collections import defaultdict

import common
import programs
from tables import Column, Table, ratios

COLUMNS = [Column("rate", "requests/s", ",.0f"),
           Column("cpu", "CPU us", ".2f"),
           Column("limit", "CPU, the limit = 1", ".2f"),
           Column("p50", "50 % us", ".0f"), Column("p99", "99 % us", ".0f"),
           Column("client", "client's CPU us", ".1f")]

NOTE = ("CPU: processor time of the program for a request, user space and "
        "kernel. The limit is the hand-written one, round by round.")


WAYS = {"kept": ("Kept connections", {"kept": True}),
        "new": ("A new connection each", {"kept": False}),
        "wait": ("A new connection each, closed by the program first",
                 {"kept": False, "wait": True}),
        "apache": ("Kept connections, Apache's parameters and writes",
                   {"kept": True, "server": "apache"})}
# What is of interest where libfcgi is.
NATIVE = (programs.Responder, programs.Bare, programs.Constant,
          programs.Naive)


def measure(bench, started, mix, way, clients, requests):
    """By program, the figures of all rounds."""
    figures = {}
    mixes = {program.name: program.mixes()[mix] for program in started}
    for number in range(bench.rounds):
        for program in started:
            result = program.load(
                mixes[program.name], clients=clients, seed=number + 1,
                requests=max(1, requests // program.slowness), **WAYS[way][1])
            row = figures.setdefault(program.name, defaultdict(list))
            for key, value in (("rate", result["rate"]),
                               ("cpu", result["server_us"]),
                               ("p50", result["latency_us"]["p50"]),
                               ("p99", result["latency_us"]["p99"]),
                               ("client", result["cpu_us"])):
                if value is not None:
                    row[key].append(value)
    return figures


def tabulate(bench, started, mix, way, clients, requests):
    """Measures and shows one table; its figures."""
    if WAYS[way][1]["kept"] and clients > 1:
        started = [program for program in started if program.concurrent]
    figures = measure(bench, started, mix, way, clients, requests)
    table = Table(
        f"alone-{way}-{clients}-{mix.replace(' ', '-')}",
        f"{WAYS[way][0]}, {clients} client{'s' if clients > 1 else ''}, {mix}",
        COLUMNS, NOTE, plot=["cpu", "rate"])
    limit = figures.get(programs.Bare.name, {}).get("cpu")
    for name, row in figures.items():
        table.row(name, limit=ratios(row["cpu"] or None, limit), **row)
    bench.show(table)
    return figures


def goals(bench, tables):
    """What was promised, beside what came out, by the tables' figures."""
    table = Table("alone-goals", "Goals, all Hosts known",
                  [Column("goal", "goal"), Column("is", "is", ".2f"),
                   Column("bare", "without the sandbox", ".2f"),
                   Column("least", "the least with libfcgi", ".2f")],
                  "The last two: mta-sts.fcgi with sandbox = false, and what "
                  "libfcgi alone costs.")

    def line(label, goal, key, which, rival, turned=False):
        def ratio(name):
            rows = tables[which]
            if name not in rows or rival.name not in rows:
                return None
            ours, theirs = rows[name][key], rows[rival.name][key]
            return ratios(theirs, ours) if turned else ratios(ours, theirs)
        table.row(label, goal=goal, **{
            "is": ratio(programs.Responder.name),
            "bare": ratio(programs.Unsandboxed.name),
            "least": ratio(programs.Least.name)})

    for way in ("kept", "new"):
        for clients in (1, 4):
            line(f"CPU beside the limit, {way}, "
                 f"{clients} client{'s' if clients > 1 else ''}",
                 "at most 1.15", "cpu", (way, clients), programs.Bare)
    for clients in (1, 4):
        for rival, goal in ((programs.Constant, 2), (programs.PhpFpm, 4),
                            (programs.Fcgiwrap, 30)):
            line(f"requests/s beside {rival.name}, new, "
                 f"{clients} client{'s' if clients > 1 else ''}",
                 f"at least {goal}", "rate", ("new", clients), rival)
    line(f"requests/s beside {programs.Constant.name}, new, closed by the "
         "program first, 4 clients", "at least 2", "rate", ("wait", 4),
         programs.Constant)
    bench.show(table)


def run(bench):
    """Every table, then the goals."""
    policies, requests = (200, 200) if bench.quick else (100_000, 20_000)
    known = {}
    with common.Policies(policies) as site, contextlib.ExitStack() as stack:
        started = programs.start(bench, site, stack)
        for number in range(policies):  # into the page cache
            (site.policies / f"d{number:06}.example.txt").read_bytes()
        for mix in ("known", "half unknown"):
            for way in ("kept", "new"):
                for clients in (1, 4):
                    figures = tabulate(bench, started, mix, way, clients,
                                       requests)
                    if mix == "known":
                        known[way, clients] = figures
        native = [program for program in started
                  if isinstance(program, NATIVE)]
        for way in ("wait", "apache"):
            known[way, 4] = tabulate(bench, native, "known", way, 4, requests)
    goals(bench, known)
