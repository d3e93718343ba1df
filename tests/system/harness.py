"""
What every system test stands on: a temporary site (policies and settings) on
ground that the responder trusts, and the responder itself as a process on a
listening socket. Knows neither FastCGI nor HTTP: see fastcgi.py and cgi.py.
"""

import atexit
import collections
import contextlib
import os
import pwd
import random
import shutil
import signal as signals
import socket as sockets
import subprocess
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
# The one path that is answered.
PATH = "/.well-known/mta-sts.txt"

# Seconds that a whole request has to arrive (SERVER_PATIENCE of server.h).
PATIENCE = 5

# A good policy as a person would write it, and as it goes out.
POLICY = (b"# The policy of a test\n"
          b"version: STSv1\n"
          b"mode: enforce\n"
          b"mx: mx1.example.com\n"
          b"mx: *.MX.example.com\n"
          b"max_age: 604800\n")
POLICY_WIRE = (b"version: STSv1\r\n"
               b"mode: enforce\r\n"
               b"mx: mx1.example.com\r\n"
               b"mx: *.mx.example.com\r\n"
               b"max_age: 604800\r\n")

# The begin of a command that is traced; LeakSanitizer cannot work there.
STRACE = ["strace", "-E", "ASAN_OPTIONS=detect_leaks=0"]

# Variables that would make the program a CGI, or name its settings.
_FOREIGN = ("GATEWAY_INTERFACE", "REQUEST_METHOD", "MTA_STS_CONF")


def _reachable(program):
    """
    The program, or a copy of it where others than root can get at it: a clone
    below /root is closed to the users that some tests start it as.
    """
    closed = any(not parent.stat().st_mode & 0o001
                 for parent in program.parents)
    if os.getuid() != 0 or not closed or not program.exists():
        return program
    directory = tempfile.mkdtemp(prefix="mta-sts-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    os.chmod(directory, 0o755)
    return Path(shutil.copy(program, directory))


PROGRAM = _reachable(Path(os.environ.get(
    "MTA_STS_FCGI", TOP / "cgi-bin" / "mta-sts.fcgi")).absolute())


def is_sanitized(program):
    """Built with a sanitizer, which has memory and a pace of its own."""
    return program.exists() and b"__asan_init" in program.read_bytes()


def complain(log):
    """Raises when a sanitizer found something and said so there."""
    for word in ("Sanitizer", "runtime error:"):
        assert word not in log, log


def source(mode="enforce", mx=("mx.example.com",), max_age=604800):
    """The text of a policy file, as bytes."""
    lines = ["version: STSv1", f"mode: {mode}"]
    lines += [f"mx: {name}" for name in mx] + [f"max_age: {max_age}"]
    return "".join(line + "\n" for line in lines).encode()


def wire(mode="enforce", mx=("mx.example.com",), max_age=604800):
    """What the responder makes of source() with the same arguments."""
    return source(mode, mx, max_age).replace(b"\n", b"\r\n")


def wait_for(predicate, seconds=30):
    """Polls until the predicate is true and returns its value."""
    end = time.monotonic() + seconds
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} seconds: {predicate}")
        time.sleep(0.01)


# The last ports that were given out, so that no other test run is given one of
# them before it is listened on: sockets whose names tell the port.
_claims = collections.deque(maxlen=32)


def free_port():
    """
    A free TCP port of the loopback, of those that no connection takes by
    itself. Nobody else is given it for a while.
    """
    while True:
        port = random.randrange(10000, 32000)
        claim = sockets.socket(sockets.AF_UNIX)
        with sockets.socket() as it, contextlib.suppress(OSError):
            claim.bind(f"\0mta-sts-port-{port}")
            it.bind(("127.0.0.1", port))
            _claims.append(claim)
            return port
        claim.close()


def environment(extra=None):
    """That of this process without CGI's variables, and some more."""
    env = {k: v for k, v in os.environ.items()
           if k not in _FOREIGN and not k.startswith("HTTP_")}
    env.update(extra or {})
    return env


def _base():
    """A directory below which nobody else can write (see DESIGN.md, Trust)."""
    if os.getuid() == 0:
        return "/run"
    return os.environ.get("XDG_RUNTIME_DIR") or str(Path.home())


class Site:
    """A policy directory and settings, removed on leaving."""

    def __init__(self):
        self.root = Path(tempfile.mkdtemp(prefix="mta-sts-", dir=_base()))
        self.policies = self.root / "conf.d"
        self.settings = self.root / "mta-sts.conf"
        # Web servers and the like run as somebody else and pass through.
        self.root.chmod(0o755)
        self.policies.mkdir()
        self.policies.chmod(0o755)
        self.configure()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root, ignore_errors=True)

    def write(self, name, content=POLICY, mode=0o644):
        """Puts a policy in place at once, as an administrator should."""
        if isinstance(content, str):
            content = content.encode()
        path = self.policies / (name + ".txt")
        draft = self.policies / f".{os.getpid()}.draft"
        draft.write_bytes(content)
        draft.chmod(mode)
        draft.rename(path)
        return path

    def alias(self, alias, target):
        """alias.txt -> target.txt, both names without the ending."""
        path = self.policies / (alias + ".txt")
        path.symlink_to(target + ".txt")
        return path

    def configure(self, text="", policies=None):
        """Settings that log everything to stderr, then more of them."""
        owner = pwd.getpwuid(os.getuid()).pw_name
        self.settings.write_text(
            f'policies = "{policies or self.policies}";\n'
            f'owner = "{owner}";\n'
            f'state = "{self.root}/state";\n'
            'log = { to = "stderr"; level = "debug"; };\n' + text)
        self.settings.chmod(0o644)


class Listener(sockets.socket):
    """A listening unix socket that stands for its path as well."""

    def __init__(self, path, backlog=4096):
        super().__init__(sockets.AF_UNIX)
        self.path = str(path)
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.bind(self.path)
        os.chmod(self.path, 0o666)
        self.listen(backlog)

    def __str__(self):
        return self.path

    def __fspath__(self):
        return self.path


class Responder:
    """
    The program as FastCGI. socket is a listening socket, on which others may
    serve too, or the path of one to be made. Its stderr is appended to
    site.root/"log". On leaving it is stopped, and what a sanitizer had to say
    is an error. prefix is a command that becomes the program, as env(1) and
    "strace -D" do: process is the program all the same.
    """

    def __init__(self, site, socket=None, args=(), env=None, *, preexec=None,
                 prefix=(), settings=True, log="log"):
        self.site = site
        self._own = socket is None or not isinstance(socket, sockets.socket)
        self.socket = (Listener(socket or site.root / "fcgi.sock")
                       if self._own else socket)
        self.process = None
        self._log = site.root / log
        self._env = environment(env)
        self._preexec = preexec
        self._prefix = prefix
        self._command = [*prefix, str(PROGRAM)]
        if settings:
            self._command += ["-c", str(site.settings)]
        self._command += map(str, args)

    def start(self):
        """Starts it and waits until it minds signals, or has left."""
        with open(self._log, "ab") as log:
            self.process = subprocess.Popen(
                self._command, stdin=self.socket, stdout=log, stderr=log,
                env=self._env, preexec_fn=self._preexec)
        try:
            wait_for(lambda: self.process.poll() is not None or
                     self._is_set_up())
        except BaseException:  # a signal's, too
            self.process.kill()
            self.process.wait()
            raise
        return self

    def _is_set_up(self):
        """Its own handling of SIGHUP is the last thing before it serves."""
        process = Path(f"/proc/{self.process.pid}")
        try:
            status = (process / "status").read_text()
            if self._prefix and not (process / "exe").samefile(PROGRAM):
                return False
        except (FileNotFoundError, ProcessLookupError):
            return False
        masks = [int(line.split()[1], 16) for line in status.splitlines()
                 if line.startswith(("SigBlk:", "SigCgt:"))]
        return any(mask >> (signals.SIGHUP - 1) & 1 for mask in masks)

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        try:
            if self.process.poll() is None:
                self.stop()
        finally:
            if self._own:
                self.socket.close()
        if kind is None:
            self.complain()

    def log(self):
        """Everything that it and its forerunners have written."""
        try:
            return self._log.read_text(errors="backslashreplace")
        except FileNotFoundError:
            return ""

    def complain(self):
        """Raises when a sanitizer found something."""
        complain(self.log())

    def stop(self, signal=signals.SIGTERM, seconds=15):
        """Sends the signal, waits, and returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal)
        return self.wait(seconds)

    def wait(self, seconds=15):
        """Waits until it leaves by itself; its exit code."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise TimeoutError(
                f"it does not stop:\n{self.log()}") from None
