#!/usr/bin/python3
"""mta-sts list and mta-sts hosts: all policies, and the certificates that they
want."""

import os
import time

import pytest

from command import DONE, FINDINGS, SYSTEM, USAGE, configure, rows, run
from harness import POLICY, source

# sha256sum of harness.POLICY_WIRE, the first 32 digits.
POLICY_ID = "07508c875a291ef7aca406beb1e6bb76"


@pytest.fixture(autouse=True)
def policies(site):
    """One of each kind, beside example.com in enforce."""
    configure(site)
    site.write("_shared", source(mode="testing", max_age=31557600))
    site.write("none.example", source(mode="none", mx=(), max_age=90))
    site.alias("alias.example", "_shared")
    site.alias("b.alias.example", "example.com")
    site.write("Unreachable", POLICY)
    for path in site.policies.iterdir():
        os.utime(path, (1, 1), follow_symlinks=False)
    os.utime(site.policies / "_shared.txt", (1795323112, 1795323112))


def table(done):
    return [line.split() for line in done.stdout.splitlines()]


def domains(done):
    return [row[0] for row in table(done)[1:]]


def test_table(site):
    done = run(site, "list")
    assert (done.returncode, done.stderr) == (DONE, "")
    found = table(done)
    assert found[0] == ["DOMAIN", "MODE", "MAX_AGE", "MX", "ALIAS", "OF",
                        "ID", "CHANGED"]
    assert [row[:5] + row[6:] for row in found[1:]] == [
        ["alias.example", "testing", "1y", "1", "_shared", "2026-11-22"],
        ["b.alias.example", "enforce", "7d", "2", "example.com",
         "1970-01-01"],
        ["example.com", "enforce", "7d", "2", "-", "1970-01-01"],
        ["none.example", "none", "90s", "0", "-", "1970-01-01"]]
    assert found[3][5] == POLICY_ID == found[2][5]


def test_table_is_aligned(site):
    site.write("a-much-longer-name.than-the-others.example", POLICY)
    site.alias("short.example", "a-much-longer-name.than-the-others.example")
    lines = run(site, "list").stdout.splitlines()
    for name in ("MODE", "ALIAS OF", "ID", "CHANGED"):
        column = lines[0].index(name)
        assert all(line[column - 1] == " " and line[column] != " "
                   for line in lines[1:])
    assert len({len(line) for line in lines[1:]}) == 1


def test_quiet_has_no_heading(site):
    assert run(site, "list", "-q").stdout.startswith("alias.example ")


@pytest.mark.parametrize("args, want", [
    (["--mode", "testing"], ["alias.example"]),
    (["--mode", "enforce"], ["b.alias.example", "example.com"]),
    (["--mode", "none"], ["none.example"]),
    (["--alias-of", "_shared"], ["alias.example"]),
    (["--alias-of", "EXAMPLE.com"], ["b.alias.example"]),
    (["--alias-of", "example.com", "--mode", "none"], []),
    (["--broken"], []),
])
def test_filters(site, args, want):
    done = run(site, "list", *args)
    assert done.returncode == DONE
    assert domains(done) == want
    assert ("no such policies" in done.stderr) == (not want)


def test_broken(site):
    path = site.write("bad.example", "version: STSv1\nmode: x\n")
    site.alias("dangling.example", "nowhere")
    done = run(site, "list")
    assert done.returncode == FINDINGS
    assert done.stderr == "mta-sts: 2 broken policies; run: mta-sts check\n"
    assert [row[1:5] for row in table(done) if row[0] == "bad.example"] == [
        ["broken", "-", "-", "-"]]
    assert len(domains(done)) == 6
    done = run(site, "list", "--broken")
    assert done.returncode == FINDINGS
    assert domains(done) == ["bad.example", "dangling.example"]
    found = rows(site, "list", "--broken", expect=FINDINGS)
    assert found[0].pop("changed")
    assert found == [
        {"domain": "bad.example", "broken": True, "mode": None,
         "max_age": None, "mx": None, "alias_of": None, "id": None,
         "error": f'{path}:2:7: error: mode "x": there is no such mode; '
                  "write enforce, testing or none, in lower case"},
        {"domain": "dangling.example", "broken": True, "mode": None,
         "max_age": None, "mx": None, "alias_of": "nowhere", "id": None,
         "changed": None, "error": found[1]["error"]}]
    assert "does not exist" in found[1]["error"]


def test_json(site):
    found = rows(site, "list")
    assert [row["domain"] for row in found] == [
        "alias.example", "b.alias.example", "example.com", "none.example"]
    assert found[1] == {
        "domain": "b.alias.example", "broken": False, "mode": "enforce",
        "max_age": 604800, "mx": ["mx1.example.com", "*.mx.example.com"],
        "alias_of": "example.com", "id": POLICY_ID,
        "changed": "1970-01-01T00:00:01Z", "error": None}
    # Of an alias the later one counts: the link's or the file's.
    assert found[0]["changed"] == "2026-11-22T04:51:52Z"


def test_date_ids(site):
    configure(site, 'dns = { id = "date"; };\n')
    assert [row["id"] for row in rows(site, "list")] == [
        "20261122045152Z", "19700101000001Z", "19700101000001Z",
        "19700101000001Z"]


def test_empty(site):
    for path in site.policies.iterdir():
        path.unlink()
    done = run(site, "list")
    assert (done.returncode, domains(done)) == (DONE, [])
    assert "no such policies" in done.stderr
    assert rows(site, "list") == []


@pytest.mark.parametrize("args", [["--mode", "x"], ["--mode"], ["operand"],
                                  ["operand\x1b"], ["--mode", "Testing"]])
def test_usage(site, args):
    done = run(site, "list", *args)
    assert (done.returncode, done.stdout) == (USAGE, "")
    assert "usage: mta-sts list" in done.stderr
    assert "\x1b" not in done.stderr


def test_alias_of_no_domain(site):
    done = run(site, "list", "--alias-of", "a b")
    assert (done.returncode, done.stdout) == (FINDINGS, "")
    assert '"a b" is no domain' in done.stderr


def test_refused_directory(site):
    site.policies.chmod(0o777)
    for verb in ("list", "hosts"):
        done = run(site, verb)
        assert (done.returncode, done.stdout) == (FINDINGS, "")
        assert "writable by" in done.stderr
    site.policies.chmod(0o755)
    site.policies.rename(site.root / "away")
    assert run(site, "list").returncode == SYSTEM


HOSTS = ["mta-sts." + name for name in (
    "alias.example", "b.alias.example", "example.com", "none.example")]


@pytest.mark.parametrize("args, line", [
    ([], "{}"),
    (["--format", "plain"], "{}"),
    (["--format", "certbot"], "--cert-name {0} -d {0}"),
    (["--format", "dehydrated"], "{}"),
    (["--format", "acme.sh"], "-d {}"),
    (["--format", "md"], "Use mta_sts_host {}"),
])
def test_hosts(site, args, line):
    done = run(site, "hosts", *args)
    assert (done.returncode, done.stderr) == (DONE, "")
    assert done.stdout.splitlines() == [line.format(name) for name in HOSTS]


def test_hosts_json(site):
    assert rows(site, "hosts") == [
        {"domain": name.split(".", 1)[1], "host": name} for name in HOSTS]


@pytest.mark.parametrize("args", [[], ["--json"], ["-q"]])
def test_broken_host(site, args):
    site.write("bad.example", "nonsense")
    done = run(site, "hosts", *args)
    assert done.returncode == FINDINGS
    assert "mta-sts.bad.example" in done.stdout
    assert HOSTS[3] in done.stdout
    assert ("mta-sts: bad.example: its policy is broken; its certificate is "
            "still wanted" in done.stderr.splitlines())


def test_hosts_usage(site):
    assert run(site, "hosts", "--format", "x").returncode == USAGE


def test_nothing_is_written(site):
    """These verbs only read."""
    def state():
        return sorted((path.name, path.lstat().st_mtime_ns,
                       path.lstat().st_ctime_ns)
                      for path in [site.root, *site.root.rglob("*")])
    before = state()
    time.sleep(0.01)
    for args in (["check"], ["list"], ["hosts"], ["show", "example.com"],
                 ["explain", "example.com"], ["id", "example.com"]):
        run(site, *args)
    assert state() == before
