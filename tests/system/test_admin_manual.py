"""
mta-sts(1) holds what it says: it has every verb and option that the command has
and no other, each of its examples is run, in the page's order and on the
settings that the page assumes, and each message that it explains is one of the
command's. Where the page shows output, that is what comes out, dates aside.
"""

import re
import shutil
import subprocess

import pytest

from command import COMMAND, configure, run
from harness import TOP, Site, environment, source

PAGE = TOP / "src" / "mta-sts.1"
TEXT = PAGE.read_text()

# What roff writes otherwise.
ESCAPES = {r"\e": "\\", r"\(:u": "ü", r"\&": "", r"\-": "-"}


def plain(text):
    """The text of a literal block, without roff's escapes."""
    return re.sub(r"\\(?:e|\(:u|&|-)", lambda match: ESCAPES[match[0]], text)


def blocks():
    """The literal blocks, in order."""
    return [plain(text) for text in
            re.findall(r"^\.Bd -literal.*\n((?:.*\n)*?)\.Ed$", TEXT,
                       re.MULTILINE)]


def examples():
    """(command, the output that the page shows) each, in order."""
    found = []
    for block in blocks():
        if not block.startswith("$ "):
            continue
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append([line[2:], ""])
            elif re.search(r"[\\|]$", found[-1][0]):
                found[-1][0] += "\n" + line
            else:
                found[-1][1] += line + "\n"
    return found


def documented():
    """The options of each verb, and whether they take an argument."""
    verbs, depth = {}, 0
    for line in TEXT.partition(".Ss Writing policies")[2].splitlines():
        depth += line.startswith(".Bl") - line.startswith(".El")
        verb = re.match(r"\.It Ic (\S+)", line)
        if verb and depth == 1:
            options = verbs.setdefault(verb[1], {})
        option = re.match(r"\.It Fl -(\S+)( Ar)?", line)
        if option and depth == 2:
            options[option[1]] = bool(option[2])
    return verbs


def options_in(text):
    return {name: bool(argument) for name, argument in
            re.findall(r"^  --(\S+)( \S+)?  ", text, re.MULTILINE)}


@pytest.fixture(scope="module")
def site():
    with Site() as it:
        yield it


def helps(site):
    """The verbs of --help, and what each one's --help says."""
    text = run(site, "-h").stdout
    names = re.findall(r"^  (\S+) ", text, re.MULTILINE)
    assert len(names) > 10
    return {name: run(site, name, "--help").stdout for name in names}


COMMON = {"config": True, "quiet": False, "help": False}


def test_the_page_and_the_help_have_the_same(site):
    told = {}
    for verb, text in helps(site).items():
        told[verb] = options_in(text)
        assert {name: told[verb].pop(name) for name in COMMON} == COMMON
    assert documented() == told


def test_the_page_has_what_every_verb_has():
    section = TEXT.partition("Every verb has these options")[2].partition(
        ".El")[0]
    assert {name: bool(argument) for name, argument in
            re.findall(r"Fl -(\S+)( Ar)?", section)} == COMMON


def test_every_verb_has_an_example():
    run_ = " ".join(command for command, _ in examples())
    for verb in documented():
        assert re.search(rf"mta-sts {verb}\b", run_), verb


@pytest.mark.skipif(not shutil.which("mandoc"),
                    reason="mandoc is not installed: make deps")
def test_lint():
    done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", PAGE],
                          capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def without_dates(text):
    return re.sub(r"\b20\d\d-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?", "DATE", text)


class Reader:
    """Somebody who types the examples."""

    def __init__(self, site, directory):
        self.root = directory
        (settings,) = [block for block in blocks()
                       if block.startswith("defaults =")]
        configure(site, settings)
        tools = directory / "tools"
        tools.mkdir()
        (tools / "mta-sts").symlink_to(COMMAND)
        self.env = environment({
            "PATH": f"{tools}:/usr/bin:/bin",
            "MTA_STS_CONF": str(site.settings)})
        self.status = None

    def publish(self, domain, *parts):
        """What a customer has in a document root."""
        path = self.root.joinpath(*parts, ".well-known")
        path.mkdir(parents=True)
        (path / "mta-sts.txt").write_bytes(source(mx=[f"mx.{domain}"]))

    def deliver(self, mail, *parts):
        """A maildir with a mail."""
        maildir = self.root.joinpath(*parts)
        for name in ("cur", "new", "tmp"):
            (maildir / name).mkdir(parents=True)
        shutil.copy(mail, maildir / "new")

    def type(self, command):
        """Runs a command; its standard output."""
        if command == "echo $?":
            return f"{self.status}\n"
        done = subprocess.run(
            ["sh", "-c", command.replace("/home/", f"{self.root}/home/")],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            env=self.env, timeout=60, check=False)
        self.status = done.returncode
        self.error = done.stderr
        return done.stdout.replace(f"{self.root}/home/", "/home/")


def test_the_examples(tmp_path):
    typed = examples()
    assert len(typed) > 15
    with Site() as site:
        reader = Reader(site, tmp_path)
        reader.publish("shop.example", "home", "shop", "htdocs")
        reader.publish("kiosk.example", "home", "me", "web", "kiosk.example")
        reader.deliver(TOP / "tests" / "system" / "tlsrpt" / "google.eml",
                       "home", "reports", "Maildir")
        for (command, shown), (after, _) in zip(typed, typed[1:] + [("", "")]):
            output = reader.type(command)
            if "echo $?" not in (command, after):
                assert reader.status == 0, (command, reader.error)
            if shown:
                assert without_dates(output) == without_dates(shown), command
        assert "kiosk.example" not in str(list(site.policies.iterdir()))


def test_the_settings_are_not_empty(tmp_path):
    """That is, the examples above have been run on what the page shows."""
    with Site() as site:
        reader = Reader(site, tmp_path)
        assert "mx1.hosting.example" in site.settings.read_text()
        assert reader.type("mta-sts add --dry-run a.example").splitlines()[2:] \
            == ["mx: mx1.hosting.example", "mx: mx2.hosting.example",
                "max_age: 86400"]


def strings():
    """The strings of the command, adjacent ones joined, formats as they are."""
    literal = r'"((?:[^"\\\n]|\\.)*)"'
    found = []
    for path in sorted((TOP / "src" / "admin").glob("*.c")):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        for match in re.finditer(rf"{literal}(\s*{literal})*", text):
            found.append("".join(re.findall(literal, match[0])))
    return "\n".join(found)


@pytest.mark.parametrize("message", re.findall(
    r"^\.It Li (.*)$", TEXT.partition(".Sh DIAGNOSTICS")[2], re.MULTILINE))
def test_the_command_has_the_message(message):
    assert message in strings()
