"""mta-sts alias and rename."""

import os

import pytest

from command import DONE, FINDINGS, USAGE, configure, run
from harness import POLICY, Site, source

OTHER = source("testing", ["mx.other.example"], 86400)


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
    assert "example.com" not in names(site)
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
    assert ["example.com", "-", "removed", "-"] in lines


def test_rename_an_alias(site):
    site.alias("a.example", "example.com")
    assert run(site, "rename", "a.example", "b.example").returncode == DONE
    assert link(site, "b.example") == "example.com.txt"
    assert "a.example" not in names(site)
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


def test_rename_to_the_same_name(site):
    assert run(site, "rename", "example.com", "EXAMPLE.com").returncode == DONE
    assert (site.policies / "example.com.txt").read_bytes() == POLICY


def test_a_policy_of_the_same_text_is_no_renamed_one(site):
    site.write("new.example", POLICY)
    done = run(site, "rename", "example.com", "new.example")
    assert done.returncode == FINDINGS
    assert {"example.com", "new.example"} < names(site)
