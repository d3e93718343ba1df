"""
The systemd units: that systemd understands them, that they keep what they
promise, and that the program runs the way they start it. systemd itself does
not run here.
"""

import os
import re
import shlex
import shutil
import socket
import stat
import subprocess

import pytest

import fastcgi
from command import COMMAND
from harness import POLICY_WIRE, PROGRAM, STRACE, TOP, Responder

UNITS = ("mta-sts.socket", "mta-sts.service")
INSTALLED = "/usr/lib/cgi-bin/mta-sts.fcgi"

needs_analyze = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="no systemd-analyze here")


def read(unit):
    """Section -> key -> all its values, in the file's order."""
    sections, section = {}, None
    for line in (TOP / "cgi-bin" / unit).read_text().splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            key, equals, value = line.partition("=")
            assert equals and key == key.strip(), line
            section.setdefault(key, []).append(value)
    return sections


def analyze(*args, **more):
    return subprocess.run(["systemd-analyze", *args], text=True, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          **more)


@pytest.fixture
def installed(tmp_path):
    """Copies of the units that name the program where it is now."""
    for unit in UNITS:
        text = (TOP / "cgi-bin" / unit).read_text()
        if unit.endswith(".service"):
            assert INSTALLED in text
            text = text.replace(INSTALLED, str(PROGRAM))
        (tmp_path / unit).write_text(text)
    return tmp_path


@needs_analyze
def test_verify(installed):
    """No unknown key, section or value, and the program is there."""
    done = analyze("verify", "--man=no",
                   *(str(installed / unit) for unit in UNITS))
    ours = [line for line in done.stdout.splitlines() if "mta-sts" in line]
    assert (done.returncode, ours) == (0, []), done.stdout


@needs_analyze
def test_verify_can_fail(installed):
    """Or the test before proves nothing."""
    unit = installed / "mta-sts.service"
    unit.write_text(unit.read_text().replace("StandardInput=", "StandadInput="))
    done = analyze("verify", "--man=no", str(unit))
    assert "StandadInput" in done.stdout


def crosses(unit):
    """What systemd-analyze marks, each as its line begins."""
    done = analyze("security", "--offline=true", "--no-pager", str(unit),
                   env=dict(os.environ, LC_ALL="C.UTF-8"))
    return [line.split()[1] for line in done.stdout.splitlines()
            if line.startswith("\u2717 ")]


def justified():
    """What the unit's comments have a reason for."""
    text = (TOP / "cgi-bin" / "mta-sts.service").read_text()
    _, _, reasons = text.partition('# What "systemd-analyze security"')
    return re.findall(r"^# ([A-Z][A-Za-z]+=\S*)", reasons, re.MULTILINE)


@needs_analyze
def test_exposure(installed):
    """systemd's own measure, from 0.0 (safe) to 10.0: no worse than 0.4."""
    done = analyze("security", "--offline=true", "--threshold=4",
                   "--no-pager", str(installed / "mta-sts.service"))
    assert done.returncode == 0, done.stdout


@needs_analyze
def test_exposure_is_justified(installed):
    """Each line that is still marked has its reason, and no other has."""
    marked = [mark.replace("/RootImage=", "")
              for mark in crosses(installed / "mta-sts.service")]
    assert sorted(marked) == sorted(justified())
    assert len(marked) > 0


@needs_analyze
def test_exposure_can_fail(installed):
    """Or the two before prove nothing."""
    unit = installed / "mta-sts.service"
    unit.write_text(unit.read_text().replace("PrivateNetwork=", "#"))
    done = analyze("security", "--offline=true", "--threshold=4",
                   "--no-pager", str(unit))
    assert done.returncode != 0
    assert "PrivateNetwork=" in crosses(unit)


def syscall_filter():
    """The names that the unit's filter comes to, by systemd's own sets."""
    allowed = set()
    for line in read("mta-sts.service")["Service"]["SystemCallFilter"]:
        deny, names = line.startswith("~"), line.lstrip("~").split()
        while names:
            name = names.pop()
            if name.startswith("@"):
                lines = analyze("syscall-filter", name).stdout.split("\n")
                names += [it.strip() for it in lines[1:]
                          if it.strip() and "#" not in it]
            elif deny:
                allowed.discard(name)
            else:
                allowed.add(name)
    return allowed


@needs_analyze
@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
def test_every_call_is_allowed(site):
    """
    The filter lets through what the responder calls from its start to its end,
    its own sandbox included. capset is for those who have capabilities.
    """
    trace = site.root / "trace"
    with Responder(site, prefix=[*STRACE, "-D", "-o", trace]) as responder:
        assert fastcgi.ask(responder.socket).body == POLICY_WIRE
    called = set(re.findall(r"^(?:\d+ +)?(\w+)\(", trace.read_text(),
                            re.MULTILINE))
    assert "epoll_pwait" in called
    allowed = syscall_filter()
    assert called - allowed <= {"capset"}
    assert "mount" not in allowed and "seccomp" in allowed


@pytest.mark.parametrize("unit, section, key, value", [
    ("mta-sts.socket", "Socket", "ListenStream", "/run/mta-sts/fcgi.sock"),
    ("mta-sts.socket", "Socket", "SocketMode", "0660"),
    ("mta-sts.socket", "Socket", "SocketUser", "root"),
    ("mta-sts.socket", "Socket", "SocketGroup", "www-data"),
    ("mta-sts.socket", "Socket", "Accept", "no"),
    ("mta-sts.socket", "Socket", "TriggerLimitIntervalSec", "0"),
    ("mta-sts.socket", "Install", "WantedBy", "sockets.target"),
    ("mta-sts.service", "Unit", "Requires", "mta-sts.socket"),
    ("mta-sts.service", "Unit", "StartLimitIntervalSec", "0"),
    ("mta-sts.service", "Service", "ExecStart", INSTALLED),
    ("mta-sts.service", "Service", "StandardInput", "socket"),
    ("mta-sts.service", "Service", "StandardOutput", "journal"),
    ("mta-sts.service", "Service", "StandardError", "journal"),
    ("mta-sts.service", "Service", "Restart", "always"),
    ("mta-sts.service", "Service", "DynamicUser", "yes"),
    ("mta-sts.service", "Service", "NoNewPrivileges", "yes"),
    ("mta-sts.service", "Service", "CapabilityBoundingSet", ""),
    ("mta-sts.service", "Service", "ProtectSystem", "strict"),
    ("mta-sts.service", "Service", "PrivateMounts", "yes"),
    ("mta-sts.service", "Service", "PrivateNetwork", "yes"),
    ("mta-sts.service", "Service", "RestrictAddressFamilies", "AF_UNIX"),
])
def test_promise(unit, section, key, value):
    assert read(unit)[section][key] == [value]


def test_every_server_has_the_socket():
    """The files that connect to it name the one that the unit makes."""
    path, = read("mta-sts.socket")["Socket"]["ListenStream"]
    for name in ("nginx.conf", "apache-proxy-fcgi.conf", "lighttpd.conf"):
        assert path in (TOP / "cgi-bin" / name).read_text(), name


def test_limits():
    """Room for ten thousand connections, and time for those that have begun."""
    service = read("mta-sts.service")["Service"]
    assert int(service["LimitNOFILE"][0]) > 10000
    assert int(service["TimeoutStopSec"][0]) > 5
    # Whose files they are is what the responder checks: it must see it.
    assert "PrivateUsers" not in service


class Unit:
    """
    Starts the program as systemd does: the listening socket on descriptor 0
    and no other, the journal's socket on 1 and 2, systemd's environment.
    """

    def __init__(self, site):
        self.path = site.root / "unit.sock"
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(self.path))
        os.chmod(self.path, 0o660)
        self.socket.listen(4096)
        self.journal, self._stderr = socket.socketpair()
        self.environment = {
            "LANG": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin",
            "INVOCATION_ID": "0" * 32, "JOURNAL_STREAM": "8:1",
            "SYSTEMD_EXEC_PID": "1", "MTA_STS_CONF": str(site.settings)}
        self.process = None

    def __enter__(self):
        return self.start()

    def start(self):
        self.process = subprocess.Popen(
            [PROGRAM], stdin=self.socket, stdout=self._stderr,
            stderr=self._stderr, env=self.environment, cwd="/")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        for it in (self.socket, self.journal, self._stderr):
            it.close()

    def ask(self):
        return fastcgi.ask(self.path)


def test_started_as_by_systemd(site):
    with Unit(site) as unit:
        assert unit.ask().body == POLICY_WIRE
        said = unit.journal.recv(65536).decode()
        assert str(site.policies) in said
        mode = os.stat(unit.path).st_mode
        assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o660


def reload(unit, prefix=()):
    """Types ExecReload's lines as systemd does, to the first that fails."""
    for line in read("mta-sts.service")["Service"]["ExecReload"]:
        line = line.replace("$MAINPID", str(unit.process.pid))
        assert "/usr/bin/mta-sts " in line or "/bin/kill" in line
        done = subprocess.run(
            [*prefix, *shlex.split(line.replace("/usr/bin/mta-sts",
                                                shlex.quote(str(COMMAND))))],
            env=unit.environment, stdin=unit.socket, capture_output=True,
            text=True, timeout=30, check=False)
        if done.returncode:
            return done.stderr
    return None


def test_reload(site):
    """ExecReload's SIGHUP: it leaves with success; who waits is served."""
    with Unit(site) as unit:
        assert unit.ask().body == POLICY_WIRE
        assert reload(unit) is None
        assert unit.process.wait(10) == 0
        # The socket stays: a client that comes now is answered by the next.
        with fastcgi.Connection(unit.path) as client:
            client.send(fastcgi.request())
            unit.start()
            assert client.answer().body == POLICY_WIRE


@pytest.mark.parametrize("settings, reason", [
    ("polices = 1;\n", "polices"), ('policies = "/nowhere";\n', "/nowhere")])
def test_a_reload_that_would_end_it_fails(site, settings, reason):
    """It says why, and what is there serves on."""
    with Unit(site) as unit:
        assert unit.ask().body == POLICY_WIRE
        site.settings.write_text(settings)
        assert reason in (reload(unit) or "")
        assert unit.process.poll() is None
        assert unit.ask().body == POLICY_WIRE


def test_a_broken_policy_keeps_nobody_from_a_reload(site):
    site.write("broken.example", "broken\n")
    with Unit(site) as unit:
        assert unit.ask().body == POLICY_WIRE
        assert reload(unit) is None
        assert unit.process.wait(10) == 0


@needs_analyze
@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
def test_a_reload_has_its_calls(site):
    """They are under the unit's filter as well."""
    trace = site.root / "trace"
    with Unit(site) as unit:
        assert unit.ask().body == POLICY_WIRE
        assert reload(unit, [*STRACE, "-f", "-A", "-o", str(trace)]) is None
        assert unit.process.wait(10) == 0
    called = set(re.findall(r"^(?:\d+ +)?(\w+)\(", trace.read_text(),
                            re.MULTILINE))
    assert {"kill", "openat"} <= called <= syscall_filter()


def test_broken_settings_are_told(site):
    """It ends with failure and says why, each time it is started."""
    site.settings.write_text("polices = 1;\n")
    with Unit(site) as unit:
        assert unit.process.wait(10) == 1
        said = unit.journal.recv(65536).decode()
        assert f"{site.settings}:1" in said and "polices" in said
