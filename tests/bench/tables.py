"""
What every topic of the bench hands its figures to.

A topic is a module with

    def run(bench): ...

that measures, and for each table does

    table = Table("alone-kept", "Kept connections, four clients",
                  [Column("rate", "a second", ",.0f"),
                   Column("cpu", "CPU us", ".2f")],
                  note="How to read it, in a sentence.", plot=["cpu"])
    table.row("mta-sts.fcgi", rate=[81000.0, 80100.0, ...], cpu=12.5)
    bench.show(table)

A value is a number; a list of numbers, one a round, shown as their median and
range; a string; or None, which is shown as "-". What is wrong (a program that
did not answer, a goal about right and wrong answers) goes to
bench.fail("what"), and a program that is not installed to bench.skip("what"):
both are printed, and the first makes the exit code 1. A missed goal of speed is
no failure. bench.quick asks for tiny numbers, bench.rounds how often to repeat.
bench.load, bench.programs: see common.py.

plot: the columns to be drawn, each as a picture of its own: bars, one a row; or
with x="key" a line over that column's numbers, one line for each distinct label.
"""

import datetime
import json
import os
import platform
import re
import shlex
import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass, field


@dataclass
class Column:
    """key in the row; its heading; a format of Python's for its numbers."""
    key: str
    head: str
    form: str = ".1f"


@dataclass
class Table:
    """name: for files and scripts. x: see above; log: both axes of the plot."""
    name: str
    title: str
    columns: list
    note: str = ""
    plot: list = field(default_factory=list)
    x: str = ""
    log: bool = False
    rows: list = field(default_factory=list)

    def row(self, label, **values):
        """Adds a line; a column without a value is None."""
        unknown = set(values) - {column.key for column in self.columns}
        assert not unknown, unknown
        self.rows.append({"label": label, **{
            column.key: values.get(column.key) for column in self.columns}})


def middle(value):
    """The median of a list, a single number as it is."""
    return statistics.median(value) if isinstance(value, list) else value


def ratios(values, base):
    """The ratios round by round of two lists; None where one is missing."""
    if values is None or base is None:
        return None
    return [a / b for a, b in zip(values, base)]


def shown(value, form):
    """A value as text."""
    if value is None or value == []:
        return "-"
    if isinstance(value, str):
        return value
    text = format(middle(value), form)
    if isinstance(value, list) and len(value) > 1:
        text += f" ({min(value):{form}}-{max(value):{form}})"
    return text


def cells(table):
    """The heading and all lines of a table (as in the JSON), as text."""
    yield ["", *(column["head"] for column in table["columns"])]
    for row in table["rows"]:
        yield [row["label"], *(shown(row[column["key"]], column["form"])
                               for column in table["columns"])]


def as_text(table):
    """For a terminal."""
    lines = list(cells(table))
    widths = [max(map(len, column)) for column in zip(*lines)]
    text = [table["title"], ""]
    for line in lines:
        first, *others = (cell.rjust(width)
                          for cell, width in zip(line, widths))
        text.append("  ".join([line[0].ljust(len(first)), *others]).rstrip())
    return "\n".join(text + ([table["note"]] if table["note"] else [])) + "\n"


def as_markdown(table):
    """For the README: the heading is whose section it stands in."""
    head, *lines = cells(table)
    text = [f"**{table['title']}**", "",
            "| " + " | ".join(head) + " |",
            "| --- |" + " ---: |" * (len(head) - 1)]
    text += ["| " + " | ".join(line) + " |" for line in lines]
    if table["note"]:
        text += ["", table["note"]]
    return "\n".join(text) + "\n"


def first_line(*command):
    """Of what a command prints; "" when there is no such command."""
    try:
        done = subprocess.run(command, capture_output=True, text=True,
                              check=False, stdin=subprocess.DEVNULL)
    except OSError:
        return ""
    return (done.stdout.splitlines() or [""])[0]


def processor():
    """Its name, as the kernel tells it."""
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


class Bench:
    """One run: its options, its tables, what went wrong."""

    def __init__(self, quick=False, rounds=5):
        self.quick = quick
        self.rounds = rounds
        self.tables = []
        self.failures = []
        self.skipped = []

    def show(self, table):
        """Prints a table and keeps it."""
        self.tables.append(asdict(table))
        print(as_text(self.tables[-1]), flush=True)

    def fail(self, what):
        """Something is wrong; the run goes on."""
        self.failures.append(what)
        print(f"WRONG: {what}\n", flush=True)

    def skip(self, what):
        """Something cannot be measured here."""
        self.skipped.append(what)
        print(f"left out: {what}\n", flush=True)

    def document(self):
        """All of it, for a file."""
        return {
            "command": shlex.join(sys.argv),
            "date": datetime.date.today().isoformat(),
            "quick": self.quick, "rounds": self.rounds,
            "machine": {"processor": processor(), "cpus": os.cpu_count(),
                        "kernel": platform.release(),
                        "system": first_line("lsb_release", "-ds"),
                        "compiler": first_line("cc", "--version")},
            "tables": self.tables, "failures": self.failures,
            "skipped": self.skipped}

    def write(self, path):
        """Writes the document as JSON."""
        with open(path, "w", encoding="utf-8") as file:
            json.dump(self.document(), file, indent=1)
            file.write("\n")


def machine_line(document):
    """On what the run was, and how."""
    machine = document["machine"]
    return (f"{document['date']}: {machine['processor']}, {machine['cpus']} "
            f"processors, Linux {machine['kernel']}, {machine['compiler']}; "
            f"medians of {document['rounds']} rounds (least and most).\n")


def render(document, names=()):
    """
    Tables of a document as Markdown. names: of the tables; "machine" stands for
    the line that tells about it; none for everything.
    """
    parts = {"machine": machine_line(document)}
    for table in document["tables"]:
        parts[table["name"]] = as_markdown(table)
    return "\n".join(parts[name] for name in names or parts if name in parts)


def read(path):
    """The document of a JSON file."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def update(readme, document):
    """
    Puts the document's tables into a file of Markdown, between a line
    "<!-- tables: NAME... -->" and the next "<!-- end -->". What the document
    has none of stays.
    """
    def replaced(match):
        text = render(document, match[1].split())
        return (f"<!-- tables: {match[1]} -->\n{text}\n" if text
                else match[0])

    text = readme.read_text(encoding="utf-8")
    readme.write_text(re.sub(r"<!-- tables: (.*?) -->\n(.*?)(?=<!-- end -->)",
                             replaced, text,
                             flags=re.DOTALL), encoding="utf-8")
