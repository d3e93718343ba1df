#!/usr/bin/python3
"""The command line of mta-sts: the verbs, the help, and what is neither."""

import re
import subprocess

import pytest

from command import (COMMAND, DONE, FINDINGS, SYSTEM, USAGE, configure,
                     run)
from harness import TOP

VERBS = ["check", "list", "hosts", "show", "explain", "add", "set", "alias",
         "rename", "import", "retire", "remove", "history", "dns", "id",
         "lint-txt", "report", "verify", "survey"]


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(site, option):
    done = run(site, option)
    assert (done.returncode, done.stderr) == (DONE, "")
    assert re.findall(r"^  (\S+) ", done.stdout, re.MULTILINE) == VERBS
    assert all(len(line) < 80 for line in done.stdout.splitlines())


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_of_a_verb(site, verb, option):
    done = run(site, verb, option)
    assert (done.returncode, done.stderr) == (DONE, "")
    assert done.stdout.startswith(f"usage: mta-sts {verb} ")
    assert "\n  --config FILE " in done.stdout
    assert all(len(line) < 80 for line in done.stdout.splitlines())


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_version(site, option):
    wanted = re.search(r"^VERSION = (\S+)$", (TOP / "Makefile").read_text(),
                       re.MULTILINE)[1]
    done = run(site, option)
    assert (done.returncode, done.stdout) == (DONE, f"mta-sts {wanted}\n")


@pytest.mark.parametrize("args, message", [
    ([], None),
    (["nothing"], 'there is no verb "nothing"'),
    (["\x1b[31m"], 'there is no verb "\\x1b[31m"'),
    (["--json", "list"], 'this cannot stand before a verb: "--json"'),
    (["-\x1b"], 'this cannot stand before a verb: "-\\x1b"'),
    (["-c"], 'this cannot stand before a verb: "-c"'),
])
def test_usage(site, args, message):
    done = run(site, *args)
    assert (done.returncode, done.stdout) == (USAGE, "")
    assert "usage: mta-sts [-c FILE] VERB" in done.stderr
    assert message is None or done.stderr.startswith(f"mta-sts: {message}\n")
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize("args, message", [
    (["show"], "DOMAIN... is missing"),
    (["list", "x\x1b"], '"x\\x1b" is one too many'),
    (["list", "--nothing"], 'option "--nothing" is none of its options'),
    (["list", "-\x1b"], 'option "-\\x1b" is none of its options'),
    (["list", "--mode"], 'option "--mode" wants a value'),
    (["set", "example.com", "--m", "enforce"],
     'option "--m" is none of its options'),
    (["list", "--json=1"], 'option "--json=1" is none of its options'),
    (["list", *["--mode=x"] * 129], "too many options"),
])
def test_usage_of_a_verb(site, args, message):
    done = run(site, *args)
    assert (done.returncode, done.stdout) == (USAGE, "")
    assert done.stderr.startswith(f"mta-sts {args[0]}: {message}\nusage: ")
    assert "\x1b" not in done.stderr


def test_settings(site):
    """By option before or after the verb, else by the environment."""
    nowhere = {"MTA_STS_CONF": str(site.root / "nowhere")}
    for option in ("-c", "--config"):
        for args in ([option, site.settings, "id"],
                     ["id", option, site.settings]):
            done = run(site, *args, "example.com", env=nowhere)
            assert done.returncode == DONE
    assert run(site, "id", "example.com").returncode == DONE
    done = run(site, "id", "example.com", env=nowhere)
    assert done.returncode == FINDINGS
    assert "nowhere: error: there is no such file" in done.stderr


def test_settings_that_the_system_refuses(site):
    (site.root / "loop").symlink_to("loop")
    done = run(site, "-c", site.root / "loop", "list")
    assert (done.returncode, done.stdout) == (SYSTEM, "")
    assert "loop: error: it cannot be opened: " in done.stderr


def test_options_after_operands_are_options_everywhere(site):
    """Else --dry-run would be a name, and all before it be done."""
    configure(site)
    before = (site.policies / "example.com.txt").read_bytes()
    done = run(site, "retire", "example.com", "--dry-run",
               env={"POSIXLY_CORRECT": "1"})
    assert done.returncode == DONE and "mode: none" in done.stdout
    assert (site.policies / "example.com.txt").read_bytes() == before


@pytest.mark.parametrize("line", [
    "x" * 1024, "example.com\0.example", "example.com" + " " * 2000, "\0"],
    ids=range(4))
def test_a_line_that_is_no_domain(site, line):
    """It is one error, and the next line is read."""
    done = run(site, "show", "-", input=f"{line}\n# {line}\nexample.com\n")
    assert done.returncode == FINDINGS
    assert done.stdout.startswith("version: STSv1\n")
    assert done.stdout.count("STSv1") == 1
    assert done.stderr.count("is no domain: the line is too long") == 1
    assert done.stderr.count("is no domain") == 1


@pytest.mark.parametrize("verb, message", [
    ("show", "the line is too long"), ("lint-txt", "more than an answer")])
def test_an_endless_line(site, verb, message):
    """It takes no memory; without any, it would be taken for the end."""
    script = 'ulimit -v 65536; "$0" -V >&2 || exit 99; exec "$0" "$@"'
    done = subprocess.run(
        ["sh", "-c", script, COMMAND, "-c", site.settings, verb, "-"],
        input=b"x" * 100_000_000, timeout=60, capture_output=True, check=False)
    if done.returncode == 99:
        pytest.skip("a sanitizer wants more memory")
    assert done.returncode == FINDINGS and message in done.stderr.decode()


def test_messages_do_not_follow_the_locale(site):
    done = run(site, "check", "./nothing", env={"LC_ALL": "de_DE.UTF-8"})
    assert "No such file or directory" in done.stderr


@pytest.mark.parametrize("verb, code", [
    (["list"], SYSTEM), (["show", "example.com"], SYSTEM), (["check"], DONE),
    (["show", "nothing.example"], FINDINGS), (["check", "-"], SYSTEM)])
def test_no_standard_streams(site, verb, code):
    """What cannot be written is no success, and goes into no other file."""
    before = (site.policies / "example.com.txt").read_bytes()
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", str(COMMAND), "-c",
         str(site.settings), *verb], timeout=30, check=False)
    assert done.returncode == code
    assert (site.policies / "example.com.txt").read_bytes() == before
