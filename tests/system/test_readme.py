"""
The README holds what it says: each of its snippets is run from its own text, or
compared with the file that it shows, and each message that it or a manual page
quotes is one of the programs'. The snippets from "Install" to "Fifty domains"
run one after the other, as a reader would type them, with a directory that stands
for the root and recorders in the place of what would change the machine. The demo
is run too. What the servers make of their files is in the servers' own tests,
"Certificates" in test_certificates*.py, "Look from outside" in
test_readme_outside.py and test_survey_logs.py, "Many machines" in
test_haproxy_machines.py, "Panels" in test_admin_panels_each.py, "make lab" in
test_lab.py, mta-sts(1) in test_admin_manual.py.
"""

import functools
import os
import re
import shlex
import signal as signals
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

import cgi
import test_install
from command import COMMAND
from harness import PATH, PROGRAM, TOP, Site, environment, wait_for, wire
from webservers import Nginx

README = (TOP / "README.md").read_text()
MANUALS = [TOP / "src" / name for name in
           ("mta-sts.fcgi.8", "mta-sts.conf.5", "mta-sts-policy.5")]
INSTALLED = "/usr/lib/cgi-bin/mta-sts.fcgi"

# What the recorders stand for.
MACHINE = ("systemctl", "a2enmod", "a2enconf", "lighty-enable-mod", "nginx")

SERVED = wire("testing", ["mx1.example.com", "mx2.example.com"], 86400)

# What the policies of "Add a domain" and "Fifty domains" have come to.
HOSTING = ["mx1.hosting.example", "mx2.hosting.example"]
IN_THE_END = {
    "example.com": wire("enforce", ["mx1.example.com", "mx2.example.com"],
                        1209600),
    "example.net": wire("testing", ["mx1.example.net"], 86400),
    "shop.example": wire("enforce", HOSTING, 1209600),
    "kiosk.example": wire("none", [], 86400),
    "xn--bcher-kva.example": wire("enforce", HOSTING, 1209600),
}
ALIASES = {"example.org": "example.com", "example.edu": "example.net",
           "store.example": "shop.example"}


@dataclass
class Block:
    """A fenced block: what stands behind the fence, and the text."""
    info: str
    text: str
    line: int

    def __str__(self):
        return f"line {self.line}"

    def kind(self):
        """The test that the block is for."""
        if self.info == "console" and self.text.startswith("$ "):
            return "session"
        if self.info in ("bash", "conf", "console", "dns"):
            return self.info
        if " " in self.info:
            return "shown"
        if self.info != "sh":
            return None
        if self.text.startswith("make deps "):
            return "goals"
        if self.text.startswith("make\n"):
            return "install"
        return "curl" if "curl " in self.text else "typed"


def blocks(kind=None):
    """The fenced blocks of the README, of that kind or all."""
    fence = re.compile(r"^( *)```(\S.*)\n((?:.*\n)*?)\1```$", re.MULTILINE)
    found = [Block(match[2], re.sub(f"^{match[1]}", "", match[3], flags=re.M),
                   README.count("\n", 0, match.start()) + 1)
             for match in fence.finditer(README)]
    return [block for block in found if kind in (None, block.kind())]


def test_every_block_has_its_test():
    assert README.count("```") == 2 * len(blocks())
    assert not [block for block in blocks() if block.kind() is None]
    kinds = [block.kind() for block in blocks()]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "goals": 2, "install": 1, "shown": 3, "conf": 1, "typed": 15,
        "curl": 1, "dns": 1, "console": 12, "session": 4, "bash": 11}


@pytest.mark.parametrize("block", blocks("shown"), ids=str)
def test_what_is_shown_stands_in_the_file(block):
    shown = (TOP / block.info.split()[1]).read_text()
    assert "\n" + block.text in shown


@pytest.mark.parametrize("block", blocks("goals"), ids=str)
def test_the_two_commands(block):
    words = block.text.split()
    assert words[:2] == ["make", "deps"] and words[2:] in (["demo"], ["check"])
    lines = test_install.by_hand([*words, "-n"]).splitlines()
    assert lines[0].startswith("tests/install-deps.sh ")
    packages = lines[0].split()[1:]
    assert {"libfcgi-dev", "libidn2-dev", "lighttpd"} < set(packages)
    # What only tests need comes with them.
    for name in ("bind9", "libcmocka-dev", "valgrind"):
        assert (name in packages) == (words[2] == "check"), name
    assert lines[-1].startswith(f"tests/{words[2]}.")


def test_install_brings_what_the_readme_says(tmp_path):
    (block,) = blocks("install")
    test_install.by_hand(["sh", "-eu", "-c", block.text],
                         DESTDIR=str(tmp_path))
    for name in ("usr/lib/cgi-bin", "usr/bin", "usr/share/mta-sts",
                 "usr/share/mta-sts/panels", "etc/mta-sts/mta-sts.conf",
                 "etc/mta-sts/conf.d"):
        assert f"/{name}`" in README and (tmp_path / name).exists()


class Machine:
    """
    A directory that stands for the root of the reader's machine; and below
    another one, where programs may run, the reader's tools and own directory.
    """

    def __init__(self, site, directory):
        self.site = site
        self.root = site.root / "machine"
        self.calls = directory / "calls"
        self.tools = directory / "tools"
        self.here = directory / "here"
        test_install.make("install", self.root)
        for name in ("lighttpd/conf-available", "nginx/conf.d",
                     "apache2/conf-available"):
            (self.root / "etc" / name).mkdir(parents=True)
        self.policies = self.root / "etc/mta-sts/conf.d"
        site.configure(policies=self.policies)
        self.here.mkdir()
        self.tools.mkdir()
        (self.tools / "mta-sts").symlink_to(COMMAND)
        for name in MACHINE:
            tool = self.tools / name
            tool.write_text('#!/bin/sh\necho "${0##*/} $*" >>'
                            f"{shlex.quote(str(self.calls))}\n")
            tool.chmod(0o755)

    def type(self, text):
        """Runs a snippet; what it prints, and the recorded calls."""
        for name in ("/etc/", "/usr/share/mta-sts/"):
            text = text.replace(name, f"{self.root}{name}")
        text = text.replace(INSTALLED, str(PROGRAM))
        self.calls.write_text("")
        # As from a terminal: with a socket for its input it would be FastCGI.
        done = subprocess.run(
            ["sh", "-eu", "-c", "umask 022\n" + text], cwd=self.here,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
            check=False, env=environment({
                "PATH": f"{self.tools}:{os.environ['PATH']}",
                "MTA_STS_CONF": str(self.site.settings)}))
        assert done.returncode == 0, (text, done.stderr)
        return done, [call.split() for call in
                      self.calls.read_text().splitlines()]

    def set(self, text):
        """Appends a snippet to the settings."""
        with self.site.settings.open("a") as settings:
            settings.write(text)


def check_call(machine, call, shipped):
    """Whether a recorded call fits the tree and the file that was copied."""
    if call[0] == "systemctl":
        assert call[1:] == ["daemon-reload"] or (
            call[1] in ("enable", "restart", "reload") and
            ((TOP / "cgi-bin" / call[-1]).is_file() or
             call[-1] in ("lighttpd", "nginx", "apache2"))), call
    elif call[0] == "a2enmod":
        (needs,) = re.findall(r"^# Needs: .*(?:\n#   .*)*", shipped,
                              re.MULTILINE)
        assert f"mod_{call[1]}" in needs, call
    elif call[0] == "a2enconf":
        conf = machine.root / "etc/apache2/conf-available" / f"{call[1]}.conf"
        assert conf.is_file(), call
    elif call[0] == "lighty-enable-mod":
        found = list((machine.root / "etc/lighttpd/conf-available")
                     .glob(f"*{call[1]}.conf"))
        assert [path.name for path in found] == [f"99-{call[1]}.conf"], call
    else:
        assert call == ["nginx", "-t"]


def check_copy(machine, text):
    """Whether what a snippet copies is a shipped file; its text."""
    copies = re.findall(r"^cp /usr/share/mta-sts/(\S+) (\S+)$", text,
                        re.MULTILINE)
    for name, place in copies:
        shipped = (TOP / "cgi-bin" / name).read_text()
        assert (machine.root / place[1:]).read_text() == shipped
        # The file itself says the same of its place.
        assert place in shipped
        return shipped
    return ""


# What snippets with these words in them are there to print.
OUTPUT = {
    f"{INSTALLED} -n\n": ": 0 errors, 0 warnings\n",
    "mta-sts check\n": ": 0 errors, 0 warnings\n",
    "mta-sts show ": SERVED.decode(),
    "| grep CNAME": "\nmta-sts.store.example. 3600 IN CNAME "
                    "www.hosting.example.\n",
    "mta-sts hosts ": "-d mta-sts.store.example\n",
    "mta-sts explain ": "store.example",
    "--format table": "mta-sts.shop.example ",
    "mta-sts list ": "kiosk.example ",
    "mta-sts retire ": "\n_mta-sts.kiosk.example. ",
    "mta-sts history ": " kiosk.example none max_age 86400 id ",
}


def type_everything(machine):
    """Types the snippets in order; the names of the recorders called."""
    enabled = set()
    printed = ""
    for words in OUTPUT:
        assert [block for block in blocks("typed") if words in block.text]
    for block in blocks():
        if block.kind() == "conf":
            machine.set(block.text)
        elif block.kind() == "dns":
            for line in block.text.splitlines():
                assert line in printed.splitlines(), (block, line)
        elif block.kind() == "typed":
            done, calls = machine.type(block.text)
            printed = done.stdout.decode()
            for words, output in OUTPUT.items():
                assert words not in block.text or (
                    output in printed + done.stderr.decode()), words
            shipped = check_copy(machine, block.text)
            for call in calls:
                check_call(machine, call, shipped)
                enabled.add(call[0])
    return enabled


def test_the_snippets_typed_one_after_the_other(tmp_path):
    with Site() as site:
        machine = Machine(site, tmp_path)
        assert type_everything(machine) == set(MACHINE)
        names = {path.stem for path in machine.policies.glob("*.txt")}
        assert names == set(IN_THE_END) | set(ALIASES)
        for domain in names:
            answer = cgi.run(site, cgi.variables(host=f"mta-sts.{domain}"))
            cgi.check(answer, 200, IN_THE_END[ALIASES.get(domain, domain)])
        records = (machine.here / "records").read_text()
        for domain in (machine.here / "domains.txt").read_text().split():
            name = domain.encode("idna").decode()
            assert f"update add _mta-sts.{name}. " in records


def test_the_check_of_the_snippets_sees_a_broken_policy(tmp_path):
    """That is, -n in a snippet is not asked in vain."""
    with Site() as site:
        machine = Machine(site, tmp_path)
        (block,) = [block for block in blocks("typed")
                    if "mode: testing" in block.text]
        with pytest.raises(AssertionError, match="no such mode"):
            machine.type(block.text.replace("mode: testing", "mode: test"))


def test_curl_as_senders_ask():
    (block,) = blocks("curl")
    if not Nginx.path():
        pytest.skip("nginx is not installed: make deps")
    with Site() as site:
        site.write("example.com", SERVED)
        with Nginx(site) as nginx:
            there = f"--noproxy '*' --connect-to ::127.0.0.1:{nginx.port}"
            trusted = nginx.root / "tls/mta-sts.example.com/fullchain.pem"
            done = subprocess.run(
                ["sh", "-c", block.text.replace("curl ", f"curl {there} ")],
                env=environment({"CURL_CA_BUNDLE": str(trusted)}),
                stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                check=False)
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    assert b" 200" in head.split(b"\r\n")[0], (done.stdout, done.stderr)
    assert body == SERVED


def test_the_line_of_the_log():
    (line,) = re.findall(r"^    (example\.com: .*)$", README, re.MULTILINE)
    with Site() as site:
        site.write("example.com", SERVED.replace(b"mx1.example.com",
                                                 b"mx1.example.com."))
        answer = cgi.run(site)
        cgi.check(answer, 500)
        logged = answer.log.replace(str(site.policies), "/etc/mta-sts/conf.d")
    assert f"mta-sts.fcgi: {line}" in logged.splitlines()


@functools.cache
def source_strings():
    """Every string of the programs, adjacent ones joined, a line each."""
    literal = r'"((?:[^"\\\n]|\\.)*)"'
    strings = []
    for path in sorted((TOP / "src").rglob("*.[ch]")):
        source = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        source = re.sub(r"\bNAME\b", '"mta-sts.fcgi"', source)
        for match in re.finditer(rf"{literal}(\s*{literal})*", source):
            strings.append("".join(re.findall(literal, match[0])))
    return "\n".join(strings)


def quoted_messages():
    """What the README's table and the manual pages say the programs write."""
    table = README.partition("| the log says |")[2].partition("\n\n")[0]
    for row in table.splitlines()[2:]:
        for message in re.findall(r"`([^`]+)`", row.split("|")[1]):
            yield "README.md", message
    for manual in MANUALS:
        section = manual.read_text().partition(".Sh DIAGNOSTICS")[2]
        for message in re.findall(r"^\.It Li (.*)$", section.partition("\n.Sh")
                                  [0], re.MULTILINE):
            yield manual.name, message


@pytest.mark.parametrize("where, message", quoted_messages())
def test_the_programs_have_the_message(where, message):
    del where
    # Numbers and names are put into formats; "writable by" has its own table.
    words = message.replace("writable by ", "").replace("64000", "%d")
    assert words in source_strings()


def demo(*arguments):
    return subprocess.Popen([TOP / "tests/demo.sh", *arguments],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True,
                            env=environment(), process_group=0)


def left_behind(output):
    """The demo's directory as its own text has it, if it is still there."""
    bases = set(re.findall(r"/\S*/mta-sts-demo\.\w+", output))
    assert len(bases) == 1, output
    base = bases.pop()
    running = [entry for entry in Path("/proc").glob("[0-9]*/cmdline")
               if base.encode() in _read(entry)]
    return running or os.path.exists(base)


def _read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.mark.skipif(not (TOP / "cgi-bin/mta-sts.fcgi").exists(),
                    reason="the demo serves with cgi-bin/mta-sts.fcgi: make")
class TestDemo:
    """make demo, in both its forms."""

    def test_oneshot(self):
        done = demo("--oneshot")
        output, _ = done.communicate(timeout=60)
        assert done.returncode == 0, output
        for text in ("HTTP/1.1 200 OK\\r\\n", "version: STSv1\\r\\n",
                     "HTTP/1.1 404 ", "HTTP/1.1 500 ",
                     ':2:7: error: mode "enforced"', "mta-sts.example.org"):
            assert text in output, text
        assert "\r" not in output and "\033" not in output
        assert not left_behind(output)

    def test_ctrl_c(self):
        running = demo()
        output = ""
        while "What the responder logs" not in output:
            line = running.stdout.readline()
            assert line, output
            output += line
        # Somebody follows the advice that it gives.
        (command,) = re.findall(r"^ +(curl .*)$", output, re.MULTILINE)
        done = subprocess.run(["sh", "-c", command], capture_output=True,
                              timeout=30, check=True)
        assert b"200 OK" in done.stdout and PATH in command
        os.killpg(running.pid, signals.SIGINT)
        rest, _ = running.communicate(timeout=30)
        assert running.returncode == 0, output + rest
        wait_for(lambda: not left_behind(output))
