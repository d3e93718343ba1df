"""mta-sts alias and rename."""

import calendar
import os
import re
import subprocess
import time

import pytest

from command import (COMMAND, DONE, FINDINGS, USAGE, configure, days_ago, run,
                     write_history)
from faults import needs_strace
from harness import POLICY, STRACE, Site, environment, source

OTHER = source("testing", ["mx.other.example"], 86400)
NONE = source("none", [], 86400)
RETIRED = b"# The policy of a test\n" + NONE


@pytest.fixture(name="site")
def _site():
    with Site() as site:
        configure(site)
        site.write("example.com", POLICY)
        site.write("other.example", OTHER)
        site.write("_hosting", OTHER)
        yield site


def link(site, name):
    return os.readlink(site.policies / f"{name}.txt")


def names(site):
    return {path.name[:-4] for path in site.policies.glob("[!.]*.txt")}


@pytest.mark.parametrize("target", ["example.com", "_hosting"])
def test_alias(site, target):
    for words in ("now an alias", "already"):
        done = run(site, "alias", "a.example", target)
        assert done.returncode == DONE and words in done.stderr, done
        assert link(site, "a.example") == f"{target}.txt"


def test_alias_of_an_alias(site):
    assert run(site, "alias", "a.example", "example.com").returncode == DONE
    assert run(site, "alias", "b.example", "a.example").returncode == DONE
    assert link(site, "b.example") == "example.com.txt"


def test_alias_of_another(site):
    assert run(site, "alias", "a.example", "example.com").returncode == DONE
    done = run(site, "alias", "a.example", "other.example")
    assert done.returncode == DONE and "was one of example.com" in done.stderr
    assert link(site, "a.example") == "other.example.txt"


def test_alias_mends_a_dangling_one(site):
    site.alias("a.example", "gone.example")
    assert run(site, "alias", "a.example", "example.com").returncode == DONE
    assert link(site, "a.example") == "example.com.txt"


def test_links_to_the_new_alias_follow(site):
    """They dangled before, and would be links to a link now."""
    site.alias("b.example", "a.example")
    assert run(site, "alias", "a.example", "example.com").returncode == DONE
    assert link(site, "b.example") == "example.com.txt"


def test_alias_refuses(site):
    site.write("broken.example", b"mode: x\n")
    site.alias("dangling.example", "gone.example")
    site.alias("a.example", "example.com")
    for alias, target in (("other.example", "example.com"),
                          ("b.example", "gone.example"),
                          ("b.example", "broken.example"),
                          ("b.example", "dangling.example"),
                          ("b.example", "b.example"),
                          ("example.com", "a.example"),
                          ("_other", "example.com"),
                          ("b.example", "../other"),
                          ("../b", "example.com")):
        done = run(site, "alias", alias, target)
        assert done.returncode == FINDINGS, done
    assert names(site) == {"example.com", "other.example", "_hosting",
                           "broken.example", "dangling.example", "a.example"}
    assert not (site.policies / "example.com.txt").is_symlink()
    assert (site.policies / "other.example.txt").read_bytes() == OTHER


def test_operands(site):
    for args in (("alias", "a.example"), ("rename", "a.example"),
                 ("alias", "a.example", "b.example", "c.example")):
        assert run(site, *args).returncode == USAGE


def test_rename(site):
    for name in ("a.example", "b.example"):
        site.alias(name, "example.com")
    site.alias("c.example", "other.example")
    done = run(site, "rename", "example.com", "bücher.example")
    assert done.returncode == DONE, done
    assert (site.policies / "example.com.txt").read_bytes() == RETIRED
    new = "xn--bcher-kva.example"
    path = site.policies / f"{new}.txt"
    assert path.read_bytes() == POLICY and path.stat().st_nlink == 1
    assert link(site, "a.example") == link(site, "b.example") == f"{new}.txt"
    assert link(site, "c.example") == "other.example.txt"
    again = run(site, "rename", "example.com", "bücher.example")
    assert again.returncode == DONE and "already" in again.stderr
    lines = [line.split()[1:] for line in
             (site.root / "state/history").read_text().splitlines()]
    assert [new, "enforce"] in [[line[0], line[2]] for line in lines]
    assert ["a.example", f"{new}", "alias", "-"] in lines
    assert ["example.com", new, "renamed", "-"] in lines
    assert lines[-1][0] == "example.com" and lines[-1][2] == "none"


def test_rename_an_alias(site):
    site.alias("a.example", "example.com")
    assert run(site, "rename", "a.example", "b.example").returncode == DONE
    assert link(site, "b.example") == "example.com.txt"
    path = site.policies / "a.example.txt"
    assert not path.is_symlink() and path.read_bytes() == RETIRED
    assert (site.policies / "example.com.txt").read_bytes() == POLICY


def test_rename_refuses(site):
    before = names(site)
    for old, new in (("example.com", "other.example"),
                     ("gone.example", "new.example"),
                     ("example.com", "_new"), ("_hosting", "new.example")):
        done = run(site, "rename", old, new)
        assert done.returncode == FINDINGS, done
    assert names(site) == before
    assert (site.policies / "other.example.txt").read_bytes() == OTHER


def noted(site, domain):
    return [line.split()[3] for line in
            (site.root / "state/history").read_text().splitlines()
            if line.split()[1] == domain]


def moment(pattern, done):
    """The time that its messages name."""
    return calendar.timegm(time.strptime(
        re.search(pattern, done.stderr)[1], "%Y-%m-%dT%H:%M:%SZ"))


def test_what_rename_leaves_is_told_and_may_go_in_time(site):
    run(site, "add", "a.example", "--mx", "m.example", "--max-age", "1d")
    dry = run(site, "rename", "a.example", "b.example", "--dry-run")
    assert "mode none would stay" in dry.stderr
    done = run(site, "rename", "a.example", "b.example")
    at = moment(r"hold its policy until (\S+Z): .* stays", done)
    assert abs(at - time.time() - 86400) < 60
    assert (site.policies / "a.example.txt").read_bytes() == NONE
    assert (site.policies / "b.example.txt").stat().st_nlink == 1
    assert noted(site, "a.example") == ["testing", "renamed", "none"]
    refused = run(site, "remove", "a.example")
    # From when it was written, which may be a second after it was told.
    assert refused.returncode == FINDINGS
    assert 0 <= moment(r"an older policy until (\S+Z);", refused) - at <= 5
    # Another time finds all done; one that is somebody else's does not.
    assert "already" in run(site, "rename", "a.example", "b.example").stderr
    other = run(site, "rename", "a.example", "other.example")
    assert other.returncode == FINDINGS and "not replaced" in other.stderr


@pytest.mark.parametrize("old, days", [
    (NONE, 2), (source("enforce", ["m.example"], 0), 2)],
    ids=["mode none", "forgotten"])
def test_rename_leaves_nothing_that_nobody_holds(site, old, days):
    site.write("a.example", old)
    mode = "none" if old == NONE else "enforce"
    ident = run(site, "id", "a.example").stdout.strip()
    write_history(site, f"{days_ago(days)} a.example {ident} {mode} "
                  f"{86400 if mode == 'none' else 0}")
    done = run(site, "rename", "a.example", "b.example")
    assert done.returncode == DONE and "stay" not in done.stderr
    assert "a.example" not in names(site)
    assert noted(site, "a.example") == [mode, "renamed", "removed"]
    again = run(site, "rename", "a.example", "b.example")
    assert again.returncode == DONE and "already" in again.stderr
    assert noted(site, "a.example") == [mode, "renamed", "removed"]


def test_rename_leaves_a_retired_policy_while_it_is_wanted(site):
    """Senders may still hold what it was before it was retired."""
    run(site, "add", "a.example", "--mx", "m.example", "--mode", "enforce",
        "--max-age", "4w")
    retired = run(site, "retire", "a.example")
    at = re.search(r"may go from (\S+Z)", retired.stdout)[1]
    done = run(site, "rename", "a.example", "b.example")
    assert done.returncode == DONE and f"until {at}: " in done.stderr
    assert (site.policies / "a.example.txt").read_bytes() == NONE
    assert (site.policies / "b.example.txt").read_bytes() == NONE
    assert at in run(site, "remove", "a.example").stderr
    again = run(site, "rename", "a.example", "b.example")
    assert again.returncode == DONE and "already" in again.stderr


@needs_strace
@pytest.mark.parametrize("args, last", [
    (("rename", "example.com", "new.example"), "new.example.txt"),
    (("set", "-", "--mode", "testing"), "example.com.txt")])
def test_many_are_changed_at_once(site, args, last):
    """Dates as ids or not, the directory is not read for each of them."""
    configure(site, 'dns = { id = "date"; };\n')
    numbers, log = range(50), site.root / "strace.log"
    for i in numbers:
        site.alias(f"a{i}.example", "example.com")
        site.write(f"d{i}.example")
    done = subprocess.run(
        [*STRACE, "-o", log, "-e", "trace=readlinkat", COMMAND, *args],
        input="".join(f"d{i}.example\n" for i in numbers), timeout=120,
        env=environment({"MTA_STS_CONF": site.settings}), text=True,
        capture_output=True, check=False)
    assert done.returncode == DONE, done
    assert {link(site, f"a{i}.example") for i in numbers} == {last}
    looks = log.read_text().count("readlinkat(")
    assert len(numbers) < looks < 20 * len(numbers)


def test_rename_of_what_never_was(site):
    site.alias("a.example", "example.com")
    done = run(site, "rename", "typo.example", "example.com")
    assert done.returncode == FINDINGS
    assert "typo.example has no policy to rename" in done.stderr
    # Links that were left behind follow.
    site.alias("b.example", "gone.example")
    assert run(site, "rename", "gone.example", "example.com"
               ).returncode == DONE
    assert link(site, "b.example") == "example.com.txt"


def test_testing_goes_on_under_a_new_name(site):
    site.write("a.example", OTHER)
    ident = run(site, "id", "a.example").stdout.strip()
    write_history(site, f"{days_ago(60)} a.example {ident} testing 86400")
    assert run(site, "rename", "a.example", "b.example").returncode == DONE
    assert "in testing since" in run(site, "check", "b.example").stderr


def test_testing_goes_on_after_something_unknown(site):
    site.write("a.example", OTHER)
    write_history(site, f"{days_ago(60)} a.example 1 testing 86400",
                  f"{days_ago(5)} a.example - unknown 31557600")
    assert "in testing since" in run(site, "check", "a.example").stderr


def test_a_link_to_itself_can_go(site):
    site.alias("loop.example", "loop.example")
    done = run(site, "remove", "--force", "loop.example")
    assert done.returncode == DONE, done
    assert "loop.example" not in names(site)


def test_rename_to_the_same_name(site):
    assert run(site, "rename", "example.com", "EXAMPLE.com").returncode == DONE
    assert (site.policies / "example.com.txt").read_bytes() == POLICY


def test_a_policy_of_the_same_text_is_no_renamed_one(site):
    site.write("new.example", POLICY)
    done = run(site, "rename", "example.com", "new.example")
    assert done.returncode == FINDINGS
    assert {"example.com", "new.example"} < names(site)
