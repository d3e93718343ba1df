"""
Where the time of a request goes: the instructions that the program executes
for it in user space, as valgrind's callgrind counts them, by function; and its
system calls, as strace counts them. Each figure is the difference of two runs,
one with twice the requests, so that the start and the end are not in it.
Without the sandbox, which neither tool can work in.
"""

import os
import re
import shutil
import subprocess
import time
from collections import Counter

import common
import programs
from tables import Column, Table

# A line of callgrind_annotate: instructions, file, function, object.
_LINE = re.compile(
    r"^\s*([\d,]+) \([^)]*\)\s+(?:.*?:)?(\S.*?)(?: \[(.*)\])?$")
# What the compiler and valgrind add to a function's name.
_ADDED = re.compile(r"(\.(constprop|part|isra|cold)(\.\d+)?)*('\d+)?$")
_TOTALS = "PROGRAM TOTALS"

# The ways of asking that are counted: a name, kept, unknown.
WAYS = (("kept, known", True, "known"), ("kept, unknown", True, "unknown"),
        ("new, known", False, "known"), ("new, unknown", False, "unknown"))

# Whose system calls are counted.
CALLERS = (programs.Unsandboxed, programs.Least, programs.Bare)


def missing():
    """What of valgrind and strace is not installed, or None."""
    for tool in ("valgrind", "callgrind_annotate", "strace"):
        if shutil.which(tool) is None:
            return tool
    return None


def under(kind, prefix):
    """The same kind of program, started by a command."""
    class Under(kind):
        """See under()."""
        def command(self):
            program, *rest = super().command()
            return [*prefix, self.site.place(program), *rest]

        def __exit__(self, *_):
            # What a tool has to write takes its time.
            self.process.terminate()
            self.process.wait(60)
    return Under


def ask(program, kept, which, requests):
    """That many requests, to known Hosts or to unknown ones alone."""
    site = program.site
    if which == "known":
        mix = site.mix("counted", body=program.body)
    else:
        mix = site.root / "unknown.mix"
        mix.write_text(f"1\thosts\t1000\t{common.UNKNOWN}\t404\t-\n")
    program.load(mix, kept=kept, requests=requests)


def place_for_output(site):
    """A directory that user() can write to."""
    path = site.root / "output"
    path.mkdir(exist_ok=True)
    who = common.user()
    os.chown(path, who.pw_uid, who.pw_gid)
    return path


def count_twice(run, requests):
    """run(n) gives a Counter; what one request adds to it."""
    once, twice = run(requests), run(2 * requests)
    each = {key: (twice[key] - once[key]) / requests for key in twice}
    return {key: value for key, value in each.items() if value > 0}


def read_listing(path, inclusive=False, within=""):
    """
    Instructions by function. within: only functions of objects (programs,
    libraries) whose path ends so.
    """
    done = subprocess.run(
        ["callgrind_annotate", "--threshold=100", "--auto=no",
         f"--inclusive={'yes' if inclusive else 'no'}", path],
        capture_output=True, text=True, check=True)
    found = Counter()
    for line in done.stdout.splitlines():
        match = _LINE.match(line)
        if not match or match[2] == _TOTALS or \
                not (match[3] or "").endswith(within):
            continue
        name, count = _ADDED.sub("", match[2]), int(match[1].replace(",", ""))
        # A function with inlined parts of another file has a line for each,
        # and all that it calls in every one of them.
        found[name] = max(found[name], count) if inclusive else (
            found[name] + count)
    return found


def instructions(site, kind, kept, which, requests=200, **how):
    """Instructions of one request by function; how: see read_listing."""
    path = place_for_output(site) / "callgrind.out"

    def run(count):
        prefix = ["valgrind", "--tool=callgrind", "-q",
                  f"--callgrind-out-file={path}"]
        path.unlink(missing_ok=True)
        with under(kind, prefix)(site) as program:
            ask(program, kept, which, count)
        return read_listing(path, **how)

    return count_twice(run, requests)


def system_calls(site, kind, kept, which, requests=200):
    """System calls of one request by name."""
    path = place_for_output(site) / "strace.out"

    def run(count):
        with kind(site) as program:
            ask(program, False, which, 1)
            tracer = subprocess.Popen(
                ["strace", "-qq", "-c", "-U", "calls,name", "-o", path, "-p",
                 str(program.worker())], stdin=subprocess.DEVNULL)
            time.sleep(0.3)
            ask(program, kept, which, count)
            tracer.terminate()
            tracer.wait(10)
        found = Counter()
        for line in path.read_text().splitlines():
            words = line.split()
            if len(words) == 2 and words[0].isdigit() and words[1] != "total":
                found[words[1]] = int(words[0])
        return found

    return count_twice(run, requests)


def show_instructions(bench, site, requests):
    """Totals of every way, of the responder and of what it is compared with."""
    kinds = (programs.Unsandboxed, programs.Least, programs.Bare,
             programs.Constant, programs.Naive)
    ways = WAYS
    if bench.quick:
        kinds, ways = kinds[:2], WAYS[:1]
    table = Table("listing-instructions",
                  "Instructions in user space, for a request",
                  [Column(way[0], way[0], ",.0f") for way in ways],
                  plot=[way[0] for way in ways[:1]])
    for kind in kinds:
        values = {}
        for way, kept, which in ways:
            # This one answers 200 to whatever is asked.
            if kind is not programs.Constant or which == "known":
                values[way] = sum(instructions(
                    site, kind, kept, which, requests).values())
        table.row(kind.name, **values)
    bench.show(table)


def show_functions(bench, site, requests):
    """A kept request for a policy, function by function."""
    kind = programs.Unsandboxed
    exclusive = instructions(site, kind, True, "known", requests)
    inclusive = instructions(site, kind, True, "known", requests,
                             inclusive=True)
    whole = sum(exclusive.values())
    table = Table("listing-functions",
                  "Instructions of a kept request, known Host, by function",
                  [Column("all", "with what it calls", ",.0f"),
                   Column("own", "its own", ",.0f"),
                   Column("part", "its own, %")],
                  "Left out: less than half a percent of its own and less than "
                  "five with what it calls. 0x...: libfcgi's own, whose names "
                  "are not in the library.")
    for name, value in sorted(inclusive.items(), key=lambda item: -item[1]):
        own = exclusive.get(name, 0)
        if own >= whole / 200 or value >= whole / 20:
            table.row(name, all=value, own=own, part=100 * own / whole)
    bench.show(table)


def show_system_calls(bench, site, requests):
    """The responder's beside those of the limits."""
    for kept in (True, False):
        calls = {kind.name: system_calls(site, kind, kept, "known", requests)
                 for kind in CALLERS}
        way = "kept" if kept else "new"
        table = Table(f"listing-calls-{way}",
                      f"System calls of a request, {way} connections",
                      [Column(name, name, ".2f") for name in calls])
        for name in sorted(set().union(*calls.values())):
            table.row(name, **{kind: each.get(name)
                               for kind, each in calls.items()})
        table.row("all", **{kind: sum(each.values())
                            for kind, each in calls.items()})
        bench.show(table)


def run(bench):
    """Every table of this topic."""
    if missing():
        bench.skip(f"where the time goes: {missing()} is not installed")
        return
    requests = 20 if bench.quick else 500
    with common.Policies(50 if bench.quick else 1000) as site:
        show_system_calls(bench, site, requests)
        show_instructions(bench, site, requests)
        show_functions(bench, site, requests)
