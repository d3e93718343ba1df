"""
make lab: what it shows comes out as it should, a person can work in it, and
however it ends nothing of it is left.
"""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from command import COMMAND
from harness import PROGRAM, TOP, environment, wait_for
from test_install import by_hand

sys.path.insert(0, str(TOP / "tests"))

from lab import playground  # noqa: E402

PLAY = TOP / "tests/lab/play.py"
WHY_NOT = playground.why_not()
needs_lab = pytest.mark.skipif(bool(WHY_NOT), reason=str(WHY_NOT))
SECONDS = 60
PROMPT = "(lab) # "


class Ground:
    """Where a lab is to put its files; whoever works in it is told so."""

    def __init__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="mta-sts-play-"))
        # The servers' users pass through.
        self.directory.chmod(0o755)

    def env(self, **more):
        return environment({
            "TMPDIR": str(self.directory), "MTA_STS": str(COMMAND),
            "MTA_STS_FCGI": str(PROGRAM), "TERM": "dumb", **more})

    def processes(self):
        """Those that were started there: their command lines."""
        word = f"TMPDIR={self.directory}".encode()
        return [_read(it / "cmdline").replace(b"\0", b" ")
                for it in Path("/proc").glob("[0-9]*")
                if word in _read(it / "environ").split(b"\0")]

    def site(self, text):
        """The site of the lab that has said that, if it has said it."""
        found = re.search(r"(/run/mta-sts-\w+)/", text)
        return found and Path(found[1])

    def left(self, site):
        """What is left of the lab that had that site."""
        return [*self.processes(), *self.directory.iterdir(),
                *([site] if site.exists() else [])]


def _read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.fixture(name="ground")
def _ground():
    it = Ground()
    yield it
    shutil.rmtree(it.directory)


def play(ground, *args, **more):
    return subprocess.run(
        [PLAY, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=2 * SECONDS, check=False,
        env=ground.env(**more))


class Person:
    """Somebody at a terminal, in the lab's shell: sh, as it comes."""

    def __init__(self, ground, *args):
        self.heard = ""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execve(PLAY, [str(PLAY), *args],
                      ground.env(SHELL="/bin/sh", ENV="", HISTFILE=""))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.pid:    # a test has failed
            os.kill(self.pid, signal.SIGTERM)
            self.status()
        self.hang_up()

    def hang_up(self):
        """Closes the terminal."""
        if self.terminal is not None:
            os.close(self.terminal)
            self.terminal = None

    def listen(self, seconds):
        """Hears what comes, if anything does in that time."""
        if self.terminal is None:
            time.sleep(seconds)
        elif select.select([self.terminal], [], [], seconds)[0]:
            try:
                self.heard += os.read(self.terminal, 65536).decode(
                    errors="backslashreplace")
            except OSError:     # EIO: nobody has the other end any more
                time.sleep(seconds)

    def read(self, until):
        """What comes, to the end of what that is an expression for."""
        begun, end = len(self.heard), time.monotonic() + SECONDS
        while not (found := re.search(until, self.heard[begun:])):
            assert time.monotonic() < end, self.heard
            self.listen(1)
        return self.heard[begun:begun + found.end()].replace("\r", "")

    def prompt(self):
        """The shell waits for a line; what has come until then."""
        return self.read(rf"{re.escape(PROMPT)}$")

    def type(self, line):
        """A line; what comes until the next prompt."""
        os.write(self.terminal, line.encode() + b"\n")
        return self.prompt()

    def status(self):
        """Waits until all has ended; the exit status."""
        end = time.monotonic() + SECONDS
        while not (done := os.waitpid(self.pid, os.WNOHANG))[0]:
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                raise TimeoutError(self.heard)
            self.listen(0.05)
        self.pid = None
        return os.waitstatus_to_exitcode(done[1])


@needs_lab
def test_oneshot(ground):
    """Everything that it shows is tried."""
    done = play(ground, "--oneshot")
    assert done.returncode == 0, done.stdout
    shown, _, tried = done.stdout.partition("\n$ ")
    commands = re.findall(r"^  (.*)$", shown.partition(
        "\nLook from outside")[2].partition("\nAnd\n")[0], re.M)
    assert len(commands) >= 16
    assert re.findall(r"^\$ (.*)$", f"$ {tried}", re.M) == commands
    assert tried.count("\n  as expected\n") == len(commands)
    assert " mx-no-starttls" in shown and "\033" not in done.stdout
    assert not ground.left(ground.site(shown))


@needs_lab
def test_oneshot_sees_what_is_wrong(ground, tmp_path):
    """A command that looks at no mail host, and says nothing to a monitor."""
    command = tmp_path / "mta-sts"
    command.write_text(f"""#!/bin/sh
verb=$1
[ $# -eq 0 ] || shift
case "$verb $*" in
*--monitor*) exit 2 ;;
verify*) set -- --no-mx "$@" ;;
esac
exec {COMMAND} "$verb" "$@"
""")
    command.chmod(0o755)
    done = play(ground, "--oneshot", MTA_STS=str(command))
    assert done.returncode == 1, done.stdout
    failed = [it for it in done.stdout.split("\n$ ")[1:] if "EXPECTED" in it]
    assert [it.split("\n")[0].split(" | ")[-1] for it in failed] == [
        "mta-sts verify mx-no-starttls.example cert-expired.example",
        "mta-sts verify --monitor -"], done.stdout
    assert not ground.left(ground.site(done.stdout))


@needs_lab
def test_shell(ground):
    """A good domain, a faulty one, and one that is added; then Ctrl-D."""
    with Person(ground) as person:
        person.prompt()
        assert "good.example: good: " in person.type(
            "mta-sts verify good.example")
        assert "[cert-expired]" in person.type(
            "mta-sts verify cert-expired.example")
        assert "publish: _mta-sts.mine.example." in person.type(
            "mta-sts add mine.example --mx mx.good.example --max-age 3w")
        person.type("mta-sts dns --format nsupdate mine.example | nsupdate")
        served = person.type("curl -s https://mta-sts.mine.example"
                             "/.well-known/mta-sts.txt")
        assert "mx: mx.good.example\nmax_age: 1814400\n" in served
        assert re.search(r"mx-plain|mx-no-starttls\.example +mx-no-starttls",
                         person.type("domains | grep mx-no"))
        # Whoever is left behind, and will not go by himself.
        person.type("trap '' TERM HUP; setsid sleep 1000 & sleep 1000 &")
        wait_for(lambda: sum(it.startswith(b"sleep 1000") for it in
                             ground.processes()) == 2)
        os.write(person.terminal, b"\x04")
        assert person.status() == 0
        assert not ground.left(ground.site(person.heard))


@needs_lab
@pytest.mark.parametrize("how", ["SIGTERM", "SIGHUP", "SIGINT", "closed"])
def test_ended(ground, how):
    """In the middle of a command."""
    with Person(ground) as person:
        person.prompt()
        os.write(person.terminal, b"trap '' HUP; sleep 1000\n")
        wait_for(lambda: any(it.startswith(b"sleep 1000") for it in
                             ground.processes()))
        if how == "closed":
            person.hang_up()
            number = signal.SIGHUP
        else:
            number = signal.Signals[how]
            os.kill(person.pid, number)
        assert person.status() == 128 + number
        wait_for(lambda: not ground.left(ground.site(person.heard)))


@needs_lab
def test_ended_while_it_is_built(ground):
    """By Ctrl-C, which all that is there already gets too."""
    with Person(ground) as person:
        responder = wait_for(lambda: [it for it in ground.processes() if
                                      it.startswith(bytes(PROGRAM))], 60)
        site = ground.site(responder[0].decode())
        os.write(person.terminal, b"\x03")
        assert person.status() == 130
        assert "Traceback" not in person.heard and PROMPT not in person.heard
        wait_for(lambda: not ground.left(site))


@needs_lab
def test_ended_before_it_is_built(ground, tmp_path):
    """While it looks for what it needs, which a signal may take away, too."""
    probe = tmp_path / "ip"
    probe.write_text("#!/bin/sh\nkill -INT $PPID\nexit 1\n")
    probe.chmod(0o755)
    done = play(ground, PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert (done.returncode, done.stdout) == (130, "")
    assert not ground.left(ground.directory / "none")


@needs_lab
def test_ctrl_c_is_the_shells(ground):
    """It ends what runs in it, and nothing else."""
    with Person(ground) as person:
        person.prompt()
        os.write(person.terminal, b"sleep 1000\n")
        wait_for(lambda: any(it.startswith(b"sleep 1000") for it in
                             ground.processes()))
        os.write(person.terminal, b"\x03")
        person.prompt()
        assert "good.example: good: " in person.type(
            "mta-sts verify good.example")
        os.write(person.terminal, b"exit\n")
        assert person.status() == 0
        assert person.heard.split("# exit")[1].strip() == ""


@needs_lab
def test_terminal_of_nobody(ground):
    """A terminal as standard input that is nobody's, as setsid(1) leaves it."""
    terminal, end = pty.openpty()
    os.write(terminal, b"mta-sts verify good.example\nexit\n")
    done = subprocess.run(
        [PLAY], stdin=end, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=2 * SECONDS, check=False, start_new_session=True,
        env=ground.env(SHELL="/bin/sh", ENV=""))
    os.close(end)
    os.close(terminal)
    assert done.returncode == 0 and "Traceback" not in done.stdout, done.stdout
    assert "good.example: good: " in done.stdout
    assert not ground.left(ground.site(done.stdout))


@needs_lab
def test_started():
    """What start() returns can be killed with all that it has begun."""
    with playground.Lab() as lab:
        process = lab.start("sleep", "1000")
        first = Path(f"/proc/{process.pid}/task/{process.pid}/children"
                     ).read_text().split()
        assert len(first) == 1
        # Past the point where unshare(1) asks to be killed with its parent.
        assert not (_read(Path(f"/proc/{first[0]}/cmdline"))
                    .startswith(b"unshare\0--pid"))
        process.kill()
        process.wait(SECONDS)
        wait_for(lambda: not Path(f"/proc/{first[0]}").exists())
        with lab.start("sh", "-c", "exit 7") as process:
            assert process.wait(SECONDS) == 7


@needs_lab
def test_readme(ground):
    """What it says of the lab, tried."""
    paragraph = re.search(r"^`make lab`(?:.+\n)+", (
        TOP / "README.md").read_text(), re.M)[0]
    command, = re.findall(r"`(mta-sts verify \S+)`", paragraph)
    done = play(ground, "--run", f'echo "$MTA_STS_CONF"; {command}; exit 7')
    assert done.returncode == 7
    assert "[mx-no-starttls]" in done.stdout
    assert not ground.left(ground.site(done.stdout))


def test_make():
    """What make hands on, to the letter."""
    def recipe(*variables):
        *_, line = by_hand(["make", "-n", "-o", "all", "lab", *variables]
                           ).split("tests/lab/play.py")
        return line.replace("\\\n", "").split()
    assert recipe() == []
    assert recipe("ONESHOT=1") == ["--oneshot"]
    assert recipe("RUN=echo '$HOME'  x") == [
        "--run", "'echo", "'\\''$HOME'\\''", "x'"]


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to be nobody")
def test_not_root():
    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--clear-groups",
         # The project may lie where root alone can read.
         "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search",
         PLAY],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        check=False, env=environment({"MTA_STS": "/bin/true",
                                      "MTA_STS_FCGI": "/bin/true"}))
    assert done.returncode == 1 and done.stdout == ""
    assert re.fullmatch(r"lab: .*need.* root\n", done.stderr)
