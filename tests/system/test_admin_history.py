"""mta-sts history, and what writers do to the file."""

import json
import os
import re

import pytest

from command import DONE, FINDINGS, SYSTEM, configure, run
from harness import Site, source

STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
ADD = ("add", "a.example", "--mx", "mx.example", "--max-age", "1d")


@pytest.fixture(name="site")
def _site():
    with Site() as site:
        configure(site)
        yield site


def lines(site):
    return (site.root / "state" / "history").read_text().splitlines()


def everything(site):
    """A bit of each verb that writes."""
    for args in (ADD, ("set", "a.example", "--mode", "enforce"),
                 ("alias", "b.example", "a.example"),
                 ("rename", "a.example", "c.example"),
                 ("retire", "b.example"), ("remove", "b.example", "--force")):
        done = run(site, *args)
        assert done.returncode == DONE, done


def test_every_verb_leaves_its_line(site):
    everything(site)
    assert all(re.match(STAMP + " ", line) for line in lines(site))
    first, second, none = (lines(site)[i].split()[2] for i in (0, 1, -2))
    assert lines(site)[6].split()[2] == none
    assert [line.split(maxsplit=1)[1] for line in lines(site)] == [
        f"a.example {first} testing 86400", f"a.example {second} enforce 86400",
        "b.example a.example alias -", f"c.example {second} enforce 86400",
        "a.example c.example renamed -", "b.example c.example alias -",
        f"a.example {none} none 86400",
        f"b.example {none} none 86400", "b.example - removed -"]
    assert all(re.fullmatch("[0-9a-f]{32}", ident)
               for ident in (first, second, none))


def test_print(site):
    everything(site)
    done = run(site, "history", "b.example")
    assert done.returncode == DONE
    assert re.fullmatch(
        f"{STAMP} b.example alias of a.example\n"
        f"{STAMP} b.example alias of c.example\n"
        f"{STAMP} b.example none max_age 86400 id [0-9a-f]{{32}}\n"
        f"{STAMP} b.example removed\n", done.stdout), done.stdout
    assert run(site, "history", "x.example").stdout == ""


def test_json(site):
    everything(site)
    done = run(site, "history", "--json", "a.example", "b.example",
               "x.example")
    rows = json.loads(done.stdout)
    assert [row["domain"] for row in rows] == ["a.example", "b.example",
                                               "x.example"]
    assert [change["change"] for change in rows[0]["changes"]] == [
        "policy", "policy", "renamed", "policy"]
    assert rows[0]["changes"][2]["alias_of"] == "c.example"
    assert rows[0]["changes"][1]["mode"] == "enforce"
    assert rows[0]["changes"][1]["max_age"] == 86400
    assert rows[1]["changes"][0]["alias_of"] == "a.example"
    assert rows[2]["changes"] == []


def test_nothing_there(site):
    done = run(site, "history", "a.example")
    assert (done.returncode, done.stdout, done.stderr) == (DONE, "", "")
    assert not (site.root / "state").exists()


def test_half_a_line(site):
    """One that a killed writer left is never joined to, nor taken for whole."""
    run(site, *ADD)
    path = site.root / "state" / "history"
    whole = path.read_text()
    half = whole.rstrip("\n")[:-2]
    assert half.endswith(" testing 864")
    path.write_text(whole + half)
    assert run(site, "history", "a.example").stdout.count("\n") == 1
    assert run(site, "set", "a.example", "--mode", "enforce"
               ).returncode == DONE
    assert lines(site)[:2] == [whole.rstrip("\n"), half + " cut off"]
    assert re.fullmatch(STAMP + " a.example [0-9a-f]{32} enforce 86400",
                        lines(site)[2])
    done = run(site, "history", "a.example")
    assert done.stdout.count("\n") == 2
    assert "history:2: no line of a history" in done.stderr


def put_before(site, line):
    path = site.root / "state" / "history"
    path.write_text(line + "\n" + path.read_text())
    done = run(site, "history", "a.example", "--quiet")
    assert done.returncode == DONE
    assert "history:1: no line of a history" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("line", [
    "", "x", "2026-11-22T04:51:52Z", "2026-11-22T04:51:52Z a.example",
    "2026-11-22T04:51:52Z  a.example enforce 86400",
    "2026-11-22T04:51:52Z \x1b.example 1 enforce 86400",
    "\x1b[2J" * 30, "a" * 100000], ids=lambda line: line[:50])
def test_lines_of_nobody_are_passed_over(site, line):
    run(site, *ADD)
    only, = put_before(site, line)
    assert "testing" in only


@pytest.mark.parametrize("line", [
    "2026-11-22 a.example 1 enforce 86400",
    "2026-11-22T04:51:52Z a.example 1 enforced 86400",
    "2026-11-22T04:51:52Z a.example 1 enforce 31557601",
    "2026-11-22T04:51:52Z a.example 1 enforce -1",
    "2026-11-22T04:51:52Z a.example x-y enforce 86400",
    "2026-11-22T04:51:52Z a.example 1 enforce 86400 ",
    "2026-11-22T04:51:52Zz a.example 1 enforce 86400",
    "2026-11-22T04:51:52Z a.example " + "1" * 33 + " enforce 86400",
    "2026-11-22T04:51:52Z a.example " + "t" * 300 + " alias -",
    ], ids=lambda line: line[:50])
def test_a_spoilt_line_is_something_unknown(site, line):
    run(site, *ADD)
    spoilt, good = put_before(site, line)
    assert spoilt.endswith(" a.example unknown") and "testing" in good
    assert spoilt.startswith("2026-11-22T04:51:52Z" if "52Z " in line
                             else "1970-01-01T00:00:00Z")


def others_may_write(site, state):
    state.mkdir()
    state.chmod(0o777)


def state_is_elsewhere(site, state):
    elsewhere = site.root / "elsewhere"
    elsewhere.mkdir()
    elsewhere.chmod(0o777)
    state.symlink_to(elsewhere)


def state_is_a_file(site, state):
    state.write_text("a file")


def a_link(site, state):
    state.mkdir(mode=0o755)
    (state / "history").symlink_to(site.settings)


def a_hard_link(site, state):
    state.mkdir(mode=0o755)
    os.link(site.settings, state / "history")


def a_fifo(site, state):
    state.mkdir(mode=0o755)
    os.mkfifo(state / "history")


@pytest.mark.parametrize("spoil", [
    others_may_write, state_is_elsewhere, state_is_a_file, a_link, a_hard_link,
    a_fifo], ids=lambda spoil: spoil.__name__)
def test_an_untrusted_place_is_refused(site, spoil):
    """Before anything is changed."""
    before = site.settings.read_bytes()
    spoil(site, site.root / "state")
    done = run(site, *ADD)
    assert done.returncode == SYSTEM, done
    assert str(site.root) in done.stderr
    assert not list(site.policies.glob("*.txt"))
    assert site.settings.read_bytes() == before


def test_a_failed_change_leaves_no_line(site):
    site.write("a.example", source())
    (site.policies / "dir.example.txt").mkdir()
    done = run(site, "remove", "--force", "dir.example")
    assert done.returncode == FINDINGS and "a directory" in done.stderr
    assert run(site, "retire", "dir.example").returncode == SYSTEM
    for args in (ADD, ("alias", "a.example", "b.example"),
                 ("set", "b.example", "--mode", "none"),
                 ("remove", "a.example")):
        assert run(site, *args).returncode == FINDINGS, args
    assert lines(site) == []
