"""
A hosting customer: a system user of its own, without privileges and without a
password entry, who owns a document root and does there what he likes. Whatever
he does is done by a child process with his uid and gid and no supplementary
groups, so that a permission failure is a real one: PermissionError comes back.

    with Customer() as it:              # needs root; skips without it
        it.uid, it.gid                  # free ones, his for this long
        it.home, it.www                 # his directory; in it the document root
        it.furnish({".htaccess": "Deny from all", "a/run.cgi": Program(TEXT),
                    "x": Link("/etc/passwd"), "p": Fifo(), "d": Directory()})
        it.clean()                      # empties home and document root
        it.call(os.kill, pid, 9)        # any function; its value or exception
        it.run(["id", "-u"])            # subprocess.run, output captured
        it.start([...])                 # subprocess.Popen, ended on leaving
        it.vhost_names                  # what his virtual host claims

Paths of furnish() are relative to the document root ("../x" is beside it), in
the order given; directories on the way are made. Knows no web server.
"""

import os
import pickle
import pwd
import shutil
import signal as signals
import subprocess
import tempfile
import traceback
from dataclasses import dataclass
from pathlib import Path

import pytest

# Ids that neither Debian nor systemd gives to anybody by itself.
_IDS = range(60706, 61184)

# The domain whose policy the customer would like to change, and one that has
# none, which he would like to have one.
VICTIM = "victim.example"
VICTIM_HOST = "mta-sts." + VICTIM
INVENTED = "invented.example"
INVENTED_HOST = "mta-sts." + INVENTED

# His own virtual host: a name, and all that a generous administrator lets him
# add to it.
NAME = "www.customer.example"
ALIASES = ("mta-sts.*", VICTIM_HOST, "*." + VICTIM, "*." + INVENTED)


@dataclass
class Program:
    """A file that may be run."""
    text: str


@dataclass
class Link:
    """A symbolic link."""
    target: str


@dataclass
class HardLink:
    """A second name of a file."""
    target: str


@dataclass
class Fifo:
    """A named pipe that nobody writes to."""


@dataclass
class Directory:
    """An empty directory."""


@dataclass
class Closed:
    """A file that nobody but its owner may read."""
    text: str


def _make(path, what):
    """One thing of furnish()."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(what, Link):
        path.symlink_to(what.target)
    elif isinstance(what, HardLink):
        os.link(what.target, path, follow_symlinks=False)
    elif isinstance(what, Fifo):
        os.mkfifo(path)
    elif isinstance(what, Directory):
        path.mkdir()
    else:
        text = getattr(what, "text", what)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod({Program: 0o755, Closed: 0o600}.get(type(what), 0o644))


def _empty(directory):
    """Removes what is in a directory, and follows no link out of it."""
    for entry in os.scandir(directory):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)


def _ground():
    """Where homes are: below /run, unless no program can be run there."""
    if os.statvfs("/run").f_flag & os.ST_NOEXEC:
        return tempfile.gettempdir()
    return "/run"


def _known(uid):
    try:
        return pwd.getpwuid(uid) is not None
    except KeyError:
        return False


class Customer:
    """See the head of this file."""

    vhost_names = (NAME, *ALIASES)

    def __init__(self):
        if os.getuid() != 0:
            pytest.skip("a customer account needs root")
        self.uid = self.gid = None
        self.home = self.www = None
        self._started = []

    def __enter__(self):
        # The directory is what keeps another run from having the same uid.
        for uid in _IDS:
            home = Path(_ground()) / f"mta-sts-customer-{uid}"
            if _known(uid) or self._processes(uid):
                continue
            try:
                home.mkdir(mode=0o711)
            except FileExistsError:
                continue
            self.uid = self.gid = uid
            self.home, self.www = home, home / "www"
            try:
                os.chown(home, uid, uid)
                home.chmod(0o711)
                self.call(self.www.mkdir)
            except BaseException:
                shutil.rmtree(home)
                raise
            return self
        raise RuntimeError("no free user id for a customer")

    def __exit__(self, *_):
        try:
            for process in self._started:
                if process.poll() is None:
                    process.kill()
                process.communicate()
            left = self._processes(self.uid)
            for pid in left:
                os.kill(pid, signals.SIGKILL)
        finally:
            shutil.rmtree(self.home)

    @staticmethod
    def _processes(uid):
        """The process ids of all that run as this user."""
        pids = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and entry.stat().st_uid == uid:
                    pids.append(int(entry.name))
            except FileNotFoundError:
                pass
        return pids

    def become(self):
        """Makes this process the customer; for children (preexec_fn) only."""
        os.setgroups([])
        os.setresgid(self.gid, self.gid, self.gid)
        os.setresuid(self.uid, self.uid, self.uid)
        os.umask(0o022)

    def call(self, function, *args, seconds=20):
        """Calls function(*args) as the customer; its value or its exception."""
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._child(writer, function, args, seconds)
        os.close(writer)
        with open(reader, "rb") as pipe:
            outcome = pipe.read()
        _, status = os.waitpid(pid, 0)
        if not outcome:
            raise RuntimeError(f"the customer's call ended with {status}")
        value, failure = pickle.loads(outcome)
        if failure is not None:
            raise failure
        return value

    def _child(self, writer, function, args, seconds):
        try:
            signals.signal(signals.SIGALRM, signals.SIG_DFL)
            signals.alarm(seconds)
            self.become()
            try:
                outcome = (function(*args), None)
            except Exception as failure:
                outcome = (None, failure)
            with open(writer, "wb") as pipe:
                pipe.write(pickle.dumps(outcome))
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)

    def furnish(self, things):
        """Makes files in the document root: {path: content or thing}."""
        def work():
            for path, what in things.items():
                _make(self.www / path, what)
        self.call(work)

    def clean(self):
        """Empties home and document root; the root directories remain."""
        for entry in os.scandir(self.home):
            if entry.name != self.www.name:
                (shutil.rmtree if entry.is_dir(follow_symlinks=False)
                 else os.unlink)(entry.path)
        _empty(self.www)

    def run(self, command, seconds=20, **more):
        """subprocess.run as the customer, with both outputs captured."""
        return subprocess.run(command, capture_output=True, cwd=self.www,
                              preexec_fn=self.become, timeout=seconds, **more)

    def start(self, command, **more):
        """subprocess.Popen as the customer; killed on leaving."""
        process = subprocess.Popen(command, cwd=self.www,
                                   preexec_fn=self.become, **more)
        self._started.append(process)
        return process
