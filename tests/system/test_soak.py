"""
A soak of a few seconds (tests/bench/soak.py): every client is served, each of
its answers is right, and the summary tells of all of them. Whether anything
grows takes longer to see: make soak.
"""

import re
import shutil
import subprocess
import sys

import pytest

from harness import PROGRAM, TOP, environment

BENCH = TOP / "tests" / "bench"
SECONDS = 6

CLIENTS = {"kept, nginx", "new, nginx", "kept, apache", "new, apache",
           "Reader", "Editor", "Commander", "Hostile", "Broken", "Slow"}
FIGURES = {"PSS, KiB", "private dirty, KiB", "descriptors"}


@pytest.fixture(scope="module", name="done")
def fixture_done(tmp_path_factory):
    """The soak with a load generator of its own, when it has ended."""
    if not shutil.which("cc"):
        pytest.skip("no cc to build the load generator with")
    root = tmp_path_factory.mktemp("soak")
    program = shutil.copy(PROGRAM, root)
    built = root / "bench"      # where the bench looks for its programs
    built.mkdir()
    subprocess.run(
        ["cc", "-std=c11", "-D_GNU_SOURCE", "-O1", "-o", built / "load",
         *(BENCH / name for name in ("load.c", "client.c", "mix.c"))],
        check=True)
    return subprocess.run(
        [sys.executable, BENCH / "soak.py", "--seconds", str(SECONDS)],
        env=environment({"MTA_STS_FCGI": program}),
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=120, check=False)


def rows(done):
    """The lines of its tables: name and numbers."""
    found = {}
    for line in done.stdout.splitlines():
        name, numbers = line[:22].strip(), line[22:]
        if name and re.fullmatch(r"[\d,. ]+", numbers):
            found[name] = [float(number.replace(",", ""))
                           for number in numbers.split()]
    return found


def test_all_are_served_and_right(done):
    found = rows(done)
    assert CLIENTS <= set(found), done
    for name in CLIENTS:
        count, wrong, *times = found[name]
        assert count > 0 and wrong == 0, done.stdout
        assert times and times[-1] < 10_000, done.stdout


def test_edits_go_on(done):
    match = re.search(r"^([\d,]+) edits in 6 s, ([\d,]+) samples$",
                      done.stdout, re.MULTILINE)
    assert match, done
    edits, samples = (int(word.replace(",", "")) for word in match.groups())
    assert edits > 20 and samples >= SECONDS // 2


def test_what_could_grow(done):
    """The verdict agrees with the figures that it is made of."""
    found = rows(done)
    assert FIGURES <= set(found), done
    grown = []
    for name in FIGURES:
        before, after, allowed = found[name]
        assert 0 < before < allowed
        grown += [name] if after > allowed else []
    assert "descriptors" not in grown, done.stdout
    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        (1, "NOT WELL") if grown else (0, "all well")), done
