#!/usr/bin/python3
"""
bench.py [--quick] [--rounds N] [--json FILE] [--plot DIRECTORY] [topic...]:
how fast the responder is, how small, and how it grows, beside what people would
use instead. The topics (all of them unless named) are the modules of TOPICS,
and each tells what it measures at its head. --quick measures hardly anything,
to see that it all works. How to read the tables: README.md here. Exits 1 when a
program gave a wrong answer. What is right and wrong is in ../system.

bench.py --render FILE [table...] prints tables of such a JSON file as Markdown;
bench.py --update FILE puts them into README.md.
"""

import argparse
import importlib
import signal
import sys
from pathlib import Path

sys.dont_write_bytecode = True

import tables  # noqa: E402

TOPICS = ("alone", "servers", "growth", "idle", "memory", "listing", "oneshot")


def read_options():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, metavar="N",
                        help="measurements of each figure (5; quick: 1)")
    parser.add_argument("--json", metavar="FILE", type=Path)
    parser.add_argument("--plot", metavar="DIRECTORY", type=Path)
    parser.add_argument("--render", metavar="FILE", type=Path)
    parser.add_argument("--update", metavar="FILE", type=Path)
    parser.add_argument("names", nargs="*", metavar="topic",
                        help=", ".join(TOPICS))
    options = parser.parse_args()
    if not options.render and set(options.names) - set(TOPICS):
        parser.error(f"the topics are {', '.join(TOPICS)}")
    return options


def main():
    """Returns the exit code."""
    # What was started is stopped and removed on the way out.
    for it in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(it, lambda number, _: sys.exit(128 + number))
    options = read_options()
    if options.render:
        print(tables.render(tables.read(options.render), options.names))
        return 0
    if options.update:
        tables.update(Path(__file__).with_name("README.md"),
                      tables.read(options.update))
        return 0
    bench = tables.Bench(options.quick,
                         options.rounds or (1 if options.quick else 5))
    for topic in TOPICS:
        if not options.names or topic in options.names:
            importlib.import_module(topic).run(bench)
    if options.json:
        bench.write(options.json)
    if options.plot:
        importlib.import_module("plot").draw(bench, options.plot)
    for failure in bench.failures:
        print(f"WRONG: {failure}", file=sys.stderr)
    return 1 if bench.failures else 0


if __name__ == "__main__":
    sys.exit(main())
