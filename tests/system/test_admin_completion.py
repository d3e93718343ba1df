"""
What bash offers for a line that begins with mta-sts: its completion function is
called as readline calls it, with the words of the line and the one that the
cursor is on.
"""

import shutil
import subprocess

import pytest

from command import COMMAND, configure
from harness import TOP, Site, environment, source

SCRIPT = TOP / "src" / "mta-sts.bash-completion"

pytestmark = pytest.mark.skipif(not shutil.which("bash"),
                                reason="bash is not installed")

# What readline does: $1 the command, $2 the word, $3 the one before.
CALL = r"""
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
read -r _ _ function command < <(complete -p mta-sts)
[[ $command == mta-sts ]] || exit 1
"$function" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with Site() as it:
        configure(it)
        for name in ("example.com", "example.net", "xn--bcher-kva.example"):
            it.write(name, source())
        it.alias("example.org", "example.com")
        it.tools = tmp_path_factory.mktemp("tools")
        (it.tools / "mta-sts").symlink_to(COMMAND)
        (it.tools / "example.txt").touch()
        (it.tools / "directory").mkdir()
        yield it


def offered(site, *words, env=None):
    """What is offered for the last word."""
    done = subprocess.run(
        ["bash", "-c", CALL, "bash", SCRIPT, "mta-sts", *words],
        cwd=site.tools, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=60, check=False, env=environment({
            "PATH": f"{site.tools}:/usr/bin:/bin",
            "MTA_STS_CONF": str(site.settings), **(env or {})}))
    assert (done.returncode, done.stderr) == (0, "")
    return sorted(filter(None, done.stdout.split("\n")))


DOMAINS = ["example.com", "example.net", "example.org",
           "xn--bcher-kva.example"]


@pytest.mark.parametrize("words, wanted", [
    (["li"], ["lint-txt", "list"]),
    (["re"], ["remove", "rename", "report", "retire"]),
    (["dn"], ["dns"]),
    (["-"], ["-V", "-c", "-h"]),
    (["nothing"], []),
    (["list", "--m"], ["--mode"]),
    (["list", "--a"], ["--alias-of"]),
    (["dns", "--"], ["--config", "--format", "--help", "--json", "--quiet",
                     "--shared"]),
    (["set", "example.com", "--re"], ["--remove-mx"]),
    (["dns", "--format", ""], ["json", "nsupdate", "table", "zone"]),
    (["dns", "--format", "n"], ["nsupdate"]),
    (["dns", "--format", "=", "n"], ["nsupdate"]),
    (["dns", "--format", "="], ["json", "nsupdate", "table", "zone"]),
    (["hosts", "--format", "d"], ["dehydrated"]),
    (["add", "--mode", "e"], ["enforce"]),
    (["set", "--mode", ""], ["enforce", "none", "testing"]),
    (["set", "--max-age", "1"], ["1d", "1w", "1y"]),
    (["show", ""], DOMAINS),
    (["show", "example.com", "example.n"], ["example.net"]),
    (["set", "--mode", "enforce", "x"], ["xn--bcher-kva.example"]),
    (["list", "--alias-of", "example.c"], ["example.com"]),
    (["dns", "--shared", "example.o"], ["example.org"]),
    (["list", ""], []),
    (["hosts", ""], []),
    (["lint-txt", ""], []),
    (["add", "--mx", "e"], []),
    (["check", "ex"], ["example.com", "example.net", "example.org",
                       "example.txt"]),
    (["import", "ex"], ["example.txt"]),
    (["import", "--domain", "example.n"], ["example.net"]),
    (["import", "--docroots", "d"], ["directory"]),
    (["report", "ex"], ["example.txt"]),
    (["report", "--domain", "example.n"], ["example.net"]),
    (["report", "--since", ""], ["1d", "30d", "7d"]),
    (["-c", "ex"], ["example.txt"]),
    (["--config", "ex"], ["example.txt"]),
    (["--config", "=", "ex"], ["example.txt"]),
    (["show", "--config", "=", "ex"], ["example.txt"]),
    (["show", "--config", "ex"], ["example.txt"]),
], ids=" ".join)
def test_offered(site, words, wanted):
    assert offered(site, *words) == sorted(wanted)


def test_every_verb(site):
    help_ = subprocess.run([COMMAND, "-h"], capture_output=True, text=True,
                           check=True).stdout
    verbs = [line.split()[0] for line in help_.splitlines()
             if line.startswith("  ")]
    assert len(verbs) > 10
    assert offered(site, "") == sorted([*verbs, "-V", "-c", "-h"])


@pytest.mark.parametrize("option", [["-c"], ["--config"], ["--config", "="]],
                         ids="".join)
def test_the_settings_of_the_line(site, option):
    """Those that it names, before the verb or after, have other domains."""
    with Site() as other:
        other.write("elsewhere.example")
        named = [*option, str(other.settings)]
        assert offered(site, *named, "show", "") == ["elsewhere.example"]
        assert offered(site, "show", *named, "") == ["elsewhere.example"]
        assert offered(site, *named, "li") == ["lint-txt", "list"]
        assert offered(site, "dns", *named, "--f") == ["--format"]


def test_without_settings_nothing_is_said(site):
    assert offered(site, "show", "",
                   env={"MTA_STS_CONF": "/nonexistent/conf"}) == []
