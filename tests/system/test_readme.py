"""
The README holds what it says: each of its snippets is run from its own text, or
compared with the file that it shows, and each message that it or a manual page
quotes is one of the program's. The snippets of "Web servers" and "Add a domain"
run one after the other, as a reader would type them, in a directory that stands
for the root, with recorders in the place of what would change the machine. The
demo is run too. What the servers make of their files is in test_servers.py.
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
from harness import PATH, PROGRAM, TOP, Site, environment, wait_for
from webservers import Nginx

README = (TOP / "README.md").read_text()
MANUALS = [TOP / "src" / name for name in
           ("mta-sts.fcgi.8", "mta-sts.conf.5", "mta-sts-policy.5")]
INSTALLED = "/usr/lib/cgi-bin/mta-sts.fcgi"

# What the recorders stand for.
MACHINE = ("systemctl", "a2enmod", "a2enconf", "lighty-enable-mod", "nginx")

SERVED = ("version: STSv1\r\nmode: testing\r\nmx: mx1.example.com\r\n"
          "mx: mx2.example.com\r\nmax_age: 86400\r\n").encode()


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
        if self.info == "dns":
            return "dns"
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
        "goals": 2, "install": 1, "shown": 7, "typed": 10, "curl": 1, "dns": 2}


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
    assert "libfcgi-dev" in lines[0]
    assert lines[-1].startswith(f"tests/{words[2]}.")


def test_install_brings_what_the_readme_says(tmp_path):
    (block,) = blocks("install")
    test_install.by_hand(["sh", "-eu", "-c", block.text],
                         DESTDIR=str(tmp_path))
    for name in ("usr/lib/cgi-bin", "usr/share/mta-sts",
                 "etc/mta-sts/mta-sts.conf", "etc/mta-sts/conf.d"):
        assert f"/{name}`" in README and (tmp_path / name).exists()


class Machine:
    """A directory that stands for the root of the reader's machine."""

    def __init__(self, site):
        self.site = site
        self.root = site.root / "machine"
        self.calls = site.root / "calls"
        self.tools = site.root / "tools"
        test_install.make("install", self.root)
        for name in ("lighttpd/conf-available", "nginx/conf.d",
                     "apache2/conf-available"):
            (self.root / "etc" / name).mkdir(parents=True)
        self.policies = self.root / "etc/mta-sts/conf.d"
        site.configure(policies=self.policies)
        self.tools.mkdir()
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
            ["sh", "-eu", "-c", "umask 022\n" + text],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
            check=False, env=environment({
                "PATH": f"{self.tools}:{os.environ['PATH']}",
                "MTA_STS_CONF": str(self.site.settings)}))
        assert done.returncode == 0, (text, done.stderr)
        return done, [call.split() for call in
                      self.calls.read_text().splitlines()]


def names_a_unit(unit):
    """Whether systemctl would know it, or it is a server's."""
    return ((TOP / "cgi-bin" / unit).is_file() or
            unit in ("lighttpd", "nginx", "apache2"))


def check_call(machine, call, shipped):
    """Whether a recorded call fits the tree and the file that was copied."""
    if call[0] == "systemctl":
        assert call[1:] == ["daemon-reload"] or (
            call[1] in ("enable", "restart", "reload") and
            names_a_unit(call[-1])), call
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


def test_the_snippets_typed_one_after_the_other():
    enabled = set()
    with Site() as site:
        machine = Machine(site)
        for block in blocks("typed"):
            done, calls = machine.type(block.text)
            shipped = check_copy(machine, block.text)
            for call in calls:
                check_call(machine, call, shipped)
                enabled.add(call[0])
            if INSTALLED + " -n" in block.text:
                assert b": 0 errors, 0 warnings\n" in done.stderr
            if "REQUEST_METHOD" in block.text:
                cgi.check(cgi.parse(done.stdout), 200, SERVED)
        assert enabled == set(MACHINE)
        answer = cgi.run(site, cgi.variables(host="mta-sts.example.org"))
        cgi.check(answer, 200, SERVED)


def test_the_check_of_the_snippets_sees_a_broken_policy():
    """That is, -n in a snippet is not asked in vain."""
    with Site() as site:
        machine = Machine(site)
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


def test_the_records():
    records = {}
    for block in blocks("dns"):
        for line in block.text.splitlines():
            name, kind, value = line.split(None, 2)
            records[name] = (kind, value)
    assert records["mta-sts.example.com."][0] == "CNAME"
    # RFC 8461 section 3.1, RFC 8460 section 3.
    kind, value = records["_mta-sts.example.com."]
    assert kind == "TXT"
    assert re.fullmatch(r'"v=STSv1; id=[A-Za-z0-9]{1,32}"', value)
    kind, value = records["_smtp._tls.example.com."]
    assert kind == "TXT"
    assert re.fullmatch(r'"v=TLSRPTv1; rua=mailto:[^@,!;"]+@[a-z.-]+"', value)


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
    """Every string of the program, adjacent ones joined, a line each."""
    literal = r'"((?:[^"\\\n]|\\.)*)"'
    strings = []
    for path in sorted((TOP / "src").glob("*.[ch]")):
        source = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        source = re.sub(r"\bNAME\b", '"mta-sts.fcgi"', source)
        for match in re.finditer(rf"{literal}(\s*{literal})*", source):
            strings.append("".join(re.findall(literal, match[0])))
    return "\n".join(strings)


def quoted_messages():
    """What the README's table and the manual pages say the program writes."""
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
def test_the_program_has_the_message(where, message):
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
