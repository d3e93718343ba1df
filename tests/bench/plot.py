"""
Draws what the tables ask for (see Table.plot in tables.py) with gnuplot: a PNG
and an SVG a picture, named after the table and the column.
"""

import shutil
import subprocess

import tables

_BARS = """
set style fill solid 0.6
set xtics rotate by -25 nomirror
set bmargin 9
set rmargin 14
plot '-' using 1:3:4:5:(0.7):xtic(2) with boxerrorbars notitle
"""

# Bars that differ by more than this are drawn on a logarithmic scale.
_FAR = 20

# What a file's name and gnuplot's text can have without a second thought.
_PLAIN = str.maketrans({"_": " ", '"': " ", "\\": " ", "\n": " "})


def quoted(text):
    """A string of gnuplot's."""
    return '"' + text.translate(_PLAIN) + '"'


def numbers(value):
    """Median, least and most of a value; None when it has none."""
    if value is None or isinstance(value, str) or value == []:
        return None
    values = value if isinstance(value, list) else [value]
    return tables.middle(value), min(values), max(values)


def bars(table, key):
    """Commands that draw a bar a row."""
    data = [(row["label"], *found) for row in table["rows"]
            if (found := numbers(row[key]))]
    if not data:
        return ""
    least, most = min(row[2] for row in data), max(row[3] for row in data)
    scale = "set yrange [0:]\n"
    if 0 < least * _FAR < most:
        scale = f"set logscale y\nset yrange [{least / 2}:]\n"
    return scale + _BARS + "".join(
        f"{x} {quoted(label)} {middle} {low} {high}\n"
        for x, (label, middle, low, high) in enumerate(data)) + "e\n"


def lines(table, key):
    """Commands that draw a line for each label over the column x."""
    series = {}
    for row in table["rows"]:
        found, x = numbers(row[key]), numbers(row[table["x"]])
        if found and x:
            series.setdefault(row["label"], []).append((x[0], *found))
    if not series:
        return ""
    head = next(column["head"] for column in table["columns"]
                if column["key"] == table["x"])
    text = f"set xlabel {quoted(head)}\nset key below\n"
    text += "set logscale xy\n" if table["log"] else "set yrange [0:]\n"
    text += "plot " + ", ".join(
        f"'-' using 1:2:3:4 with yerrorlines title {quoted(label)}"
        for label in series) + "\n"
    for points in series.values():
        text += "".join(" ".join(map(str, point)) + "\n"
                        for point in sorted(points)) + "e\n"
    return text


def draw(bench, directory):
    """All pictures of a run, into the directory."""
    if shutil.which("gnuplot") is None:
        bench.skip("pictures: gnuplot is not installed")
        return
    directory.mkdir(parents=True, exist_ok=True)
    for table in bench.tables:
        heads = {column["key"]: column["head"] for column in table["columns"]}
        for key in table["plot"]:
            commands = (lines if table["x"] else bars)(table, key)
            if not commands:
                continue
            name = f"{table['name']}-{key.replace(', ', '-')}"
            title = (f"set title {quoted(table['title'])}\n"
                     f"set ylabel {quoted(heads[key])}\nset grid ytics\n")
            for terminal, ending in (("pngcairo size 900,600", "png"),
                                     ("svg size 900,600", "svg")):
                path = directory / f"{name}.{ending}"
                script = (f"set terminal {terminal}\nset output '{path}'\n" +
                          title + commands)
                done = subprocess.run(["gnuplot"], input=script, text=True,
                                      capture_output=True, check=False)
                if done.returncode:
                    bench.fail(f"{path}: {done.stderr}")
    print(f"pictures: {directory}")
