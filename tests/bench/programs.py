"""
The responder and what it is compared with, each as a FastCGI program on a unix
socket, all run as the same user with the same policies. rivals/ has their
sources, and tells what each does and leaves undone.
"""

import glob
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import common
from harness import PROGRAM, Listener, environment, wait_for

RIVALS = Path(__file__).resolve().parent / "rivals"
WITHOUT_SANDBOX = "sandbox = false;\n"


class Program:
    """
    A program that serves; a context manager. concurrent: it serves kept
    connections beside each other, so that more than one client can keep one.
    """

    name = ""
    about = ""
    concurrent = False
    # Parameters that it needs, and by how much it is slower than the others.
    extra = ()
    slowness = 1
    # What it answers for a policy that is there (a file), None: the policy.
    body = None
    unknown_status = 404

    def __init__(self, site):
        self.site = site
        self.socket = site.root / f"{type(self).__name__.lower()}.sock"
        self.log = self.socket.with_suffix(".log")
        self.process = None

    @classmethod
    def missing(cls):
        """What is not installed, or None."""
        return None

    def command(self):
        """What is run; standard input is the listening socket."""
        raise NotImplementedError

    def __enter__(self):
        with open(self.log, "wb") as log, Listener(self.socket) as listener:
            self.process = subprocess.Popen(
                [str(word) for word in self.command()], stdin=listener,
                stdout=log, stderr=log, env=environment(),
                preexec_fn=common.become_user)
        self.ready()
        return self

    def ready(self):
        """Waits until it serves. The first answer will show whether it does."""

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def worker(self):
        """The process that answers."""
        return self.process.pid

    def clock(self):
        """A function that tells how many ns it has run, or None."""
        pid = self.worker()
        return lambda: common.cpu_ns(pid)

    def load(self, mix, **options):
        """common.load, and "server_us": the processor time of a request."""
        clock = self.clock()
        before = clock()
        result = common.load(self.socket, mix, extra=self.extra, **options)
        after = clock()
        result["server_us"] = None if after is None else (
            (after - before) / 1000 / result["requests"])
        return result

    def mixes(self):
        """Its files for load: only policies, and half of them unknown."""
        status = self.unknown_status
        return {"known": self.site.mix(f"{self.socket.stem}-known",
                                       body=self.body),
                "half unknown": self.site.mix(
                    f"{self.socket.stem}-half", body=self.body, unknown=100,
                    unknown_status=status)}


class Responder(Program):
    """The responder as it is shipped."""

    name = "mta-sts.fcgi"
    about = "as it is shipped"
    concurrent = True
    settings = ""

    def command(self):
        path = self.site.root / f"{self.socket.stem}.conf"
        path.write_text(self.site.settings.read_text() + self.settings)
        path.chmod(0o644)
        return [PROGRAM, "-c", path]


class Unsandboxed(Responder):
    """The same without its sandbox, as bare is."""

    name = "mta-sts.fcgi, sandbox = false"
    settings = WITHOUT_SANDBOX


class Bare(Program):
    """(c): the limit of the design."""

    name = "hand-written epoll, no libfcgi"
    program = "bare"
    concurrent = True

    def command(self):
        return [self.site.place(common.BUILT / self.program),
                self.site.policies, os.getuid()]


class Least(Bare):
    """The limit of a design with libfcgi."""

    name = "the least with libfcgi"
    program = "least"


class Constant(Program):
    """(a): libfcgi's own loop."""

    name = "libfcgi loop, a constant"
    unknown_status = 200

    def __init__(self, site):
        super().__init__(site)
        self.body = site.root / "constant.body"
        self.body.write_text("".join(
            line + "\r\n" for line in (
                "version: STSv1", "mode: enforce", "mx: mx1.example.com",
                "mx: mx2.example.com", "mx: *.mail.example.com",
                "max_age: 604800")), newline="")

    def command(self):
        return [self.site.place(common.BUILT / "constant")]


class Naive(Program):
    """(b): libfcgi's own loop and a tutorial's look-up."""

    name = "libfcgi loop, a tutorial's look-up"

    def command(self):
        return [self.site.place(common.BUILT / "naive"), self.site.policies]


class PhpFpm(Program):
    """(d): one worker, opcache on."""

    name = "php-fpm"
    slowness = 3

    def __init__(self, site):
        super().__init__(site)
        script = site.place(RIVALS / "lookup.php")
        self.extra = (f"SCRIPT_FILENAME={script}", f"SCRIPT_NAME={script.name}",
                      f"POLICIES={site.policies}")

    @staticmethod
    def path():
        """Debian's name has the version in it."""
        return next(iter(sorted(glob.glob("/usr/sbin/php-fpm*"))), None)

    @classmethod
    def missing(cls):
        return None if cls.path() else "php-fpm"

    def command(self):
        conf = self.site.root / "fpm.conf"
        who = common.user()
        conf.write_text(f"""
[global]
error_log = {self.log}
daemonize = no
[bench]
listen = {self.socket}
listen.mode = 0666
listen.backlog = 4096
user = {who.pw_name}
group = {who.pw_gid}
pm = static
pm.max_children = 1
clear_env = yes
security.limit_extensions = .php
php_admin_flag[opcache.enable] = on
""")
        return [self.path(), "-F", "-y", conf]

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [str(word) for word in self.command()], env=environment(),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(lambda: self.process.poll() is not None or
                 self.socket.exists() and self._children())
        return self

    def _children(self):
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        return [int(pid) for pid in Path(path).read_text().split()]

    def worker(self):
        return self._children()[0]


class Fcgiwrap(Program):
    """(e): a shell script, started for each request."""

    name = "fcgiwrap, a shell script"
    slowness = 100

    def __init__(self, site):
        super().__init__(site)
        self._clock = None
        script = site.place(RIVALS / "lookup.sh")
        self.extra = (f"SCRIPT_FILENAME={script}",
                      f"POLICIES={site.policies}")

    @classmethod
    def missing(cls):
        return None if shutil.which("fcgiwrap", path="/usr/sbin:/usr/bin") \
            else "fcgiwrap"

    def command(self):
        return [shutil.which("fcgiwrap", path="/usr/sbin:/usr/bin"), "-c", "1"]

    def __enter__(self):
        super().__enter__()
        self._clock = common.TreeClock(self.process.pid)
        return self

    def __exit__(self, *_):
        self._clock.close()
        super().__exit__(*_)

    def clock(self):
        return self._clock.nanoseconds


ALL = (Responder, Unsandboxed, Bare, Least, Constant, Naive, PhpFpm,
       Fcgiwrap)


@dataclass
class Running:
    """What could be started."""
    programs: list


def start(bench, site, stack, kinds=ALL):
    """
    Starts those that are installed, to be ended with the stack (an ExitStack),
    and has each answer once. Their list.
    """
    started = []
    for kind in kinds:
        if kind.missing():
            bench.skip(f"{kind.name}: {kind.missing()} is not installed")
            continue
        program = stack.enter_context(kind(site))
        try:
            for mix in program.mixes().values():
                program.load(mix, requests=10, kept=False)
        except (common.WrongAnswers, subprocess.CalledProcessError) as error:
            bench.fail(f"{kind.name}: {error}: {program.log.read_text()}")
            continue
        started.append(program)
    return started
