#!/usr/bin/python3
"""
How findings are shown, by mta-sts check: the line and the caret, colour, JSON,
and the bar of long work.
"""

import json
import os

import pytest

from command import DONE, FINDINGS, SYSTEM, configure, on_terminal, rows, run
from harness import POLICY, source


@pytest.fixture(autouse=True)
def settings(site):
    """Settings with a history of the site's own."""
    configure(site)


def test_finding_with_line_and_caret(site):
    path = site.write("bad.example", "version: STSv1\nmode: enforcing\n"
                                     "mx: a.example.\nmax_age: 604800\n")
    done = run(site, "check")
    assert done.returncode == FINDINGS
    assert done.stderr.splitlines() == [
        f'{path}:2:7: error: mode "enforcing": there is no such mode; '
        "write enforce, testing or none, in lower case",
        "    mode: enforcing",
        "          ^",
        f'{path}:3:14: error: mx "a.example.": a final dot; '
        "leave the final dot out",
        "    mx: a.example.",
        "                 ^",
        "mta-sts: 2 policies checked: 2 errors, 0 warnings"]


def test_quiet_shows_errors_without_lines(site):
    site.write("bad.example", "version: STSv1\nmode: x\nmx: a\nmax_age: 1\n")
    done = run(site, "check", "-q")
    assert done.returncode == FINDINGS
    assert [line.split(":")[3] for line in done.stderr.splitlines()] == [
        " error"]


def test_line_is_escaped_and_tabs_stand(site):
    site.write("bad.example", b"version: STSv1\nmode:\tx\x1b[31m\n"
                              b"mx: a.example\nmax_age: 604800\n")
    done = run(site, "check")
    assert "\x1b" not in done.stderr
    lines = done.stderr.splitlines()
    at = lines.index("    mode:   x\\x1b[31m")
    assert lines[at + 1] == "    " + " " * 9 + "^"


@pytest.mark.parametrize("before, cut", [(10, False), (200, True)])
def test_long_line_is_cut_around_the_column(site, before, cut):
    mx = "a" * before + "_" + "b" * 200
    site.write("bad.example", f"version: STSv1\nmode: enforce\nmx: {mx}\n"
                              "max_age: 604800\n")
    lines = run(site, "check").stderr.splitlines()
    line, caret = lines[1], lines[2]
    assert len(line) <= 80
    assert line[caret.index("^")] == "_"
    assert line.startswith("    ...") == cut
    assert line.endswith("...")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_count_as_the_parser_counts(site, end):
    text = end.join(["\ufeff# x", "", "version: STSv1", "mode: x",
                     "mx: a.example", "max_age: 604800", ""])
    path = site.write("bad.example", text)
    lines = run(site, "check").stderr.splitlines()
    assert lines[0].startswith(f"{path}:4:7: error: ")
    assert lines[1:3] == ["    mode: x", "          ^"]


def test_column_past_the_end_has_a_caret(site):
    site.write("bad.example", "version: STSv1\nmode: none\nmax_age:\n")
    lines = run(site, "check").stderr.splitlines()
    assert lines[1] == "    max_age:"
    assert lines[2] == "            ^"


def test_json(site):
    path = site.write("bad.example", source(mode="x", max_age=1))
    site.write("Example.org", POLICY)
    assert rows(site, "check", expect=FINDINGS) == [
        {"file": str(site.policies / "Example.org.txt"), "line": None,
         "column": None, "severity": "warning",
         "message": "no request ever asks for this name",
         "hint": "name it after a domain in lower-case A-labels, or let it "
                 "begin with _ if it is there to be linked to"},
        {"file": str(path), "line": 2, "column": 7, "severity": "error",
         "message": 'mode "x": there is no such mode',
         "hint": "write enforce, testing or none, in lower case"}]


def test_json_of_nothing(site):
    done = run(site, "check", "--json")
    assert (done.returncode, done.stderr) == (DONE, "")
    assert json.loads(done.stdout) == []


def test_json_of_hostile_names(site, tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff\x1b"
    with open(path, "wb") as file:
        file.write(b"x\n")
    found = rows(site, "check", os.fsdecode(path), expect=FINDINGS)
    assert found[0]["file"].endswith("\\xff\\x1b")


def test_colour_on_a_terminal(site):
    site.write("bad.example", source(mode="x", max_age=3600))
    code, output = on_terminal(site, "check")
    assert code == FINDINGS
    assert "\x1b[1;31m error\x1b[0m" in output
    assert "\x1b[1;32m^\x1b[0m" in output
    site.write("bad.example", source(max_age=1))
    assert "\x1b[1;35m warning\x1b[0m" in on_terminal(site, "check")[1]


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colour(site, env):
    site.write("bad.example", source(mode="x"))
    code, output = on_terminal(site, "check", env=env)
    assert code == FINDINGS
    assert "\x1b" not in output
    assert "^" in output


def test_no_colour_in_a_log(site):
    site.write("bad.example", source(mode="x"))
    assert "\x1b" not in run(site, "check").stderr


def test_progress(site):
    """A list that comes slowly: a bar is drawn, wiped for what is found and
    drawn again, and wiped at the end."""
    site.write("bad.example", source(mode="x"))
    feed = [("example.com", 0.8), ("example.com", 0.2), ("bad.example", 0.2),
            ("example.com", 0.2)]
    code, output = on_terminal(site, "check", "-", feed=feed,
                               env={"NO_COLOR": "1"})
    assert code == FINDINGS
    assert "\rchecking: 2\x1b[K" in output
    assert "\r\x1b[K/" in output  # wiped, then the finding
    assert "\rchecking: 4\x1b[K\r\x1b[Kmta-sts: 4 policies" in output


@pytest.mark.parametrize("env", [None, {"TERM": "dumb"}])
def test_no_progress(site, env):
    """Not for short work, and never for a terminal that cannot go back."""
    feed = [("example.com", 0.8 if env else 0.15), ("example.com", 0)]
    code, output = on_terminal(site, "check", "-", feed=feed, env=env)
    assert code == DONE
    assert "checking" not in output


def test_full_output(site):
    """A full disk is not success."""
    with open("/dev/full", "w", encoding="ascii") as full:
        done = run(site, "check", "--json", stdout=full)
    assert done.returncode == SYSTEM
