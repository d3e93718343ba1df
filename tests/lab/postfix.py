"""
A Postfix of the test's own, as many as are wanted beside each other and beside
the machine's: settings, queue and data in a directory made for it. What it is
for, to send or to receive, is mailhost.py's part.
"""

import grp
import os
import pwd
import shutil
import signal
import subprocess

from harness import environment, wait_for
from lab.namespace import with_file

MASTER = "/usr/lib/postfix/sbin/master"

# What is the same for all: nothing of the machine's, and no waiting.
MAIN = """
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
maillog_file = /dev/stdout
mail_owner = postfix
setgid_group = postdrop
inet_protocols = ipv4
alias_maps =
mydestination =
local_recipient_maps =
smtpd_peername_lookup = no
in_flow_delay = 0
"""

# service, type, private, unprivileged, chroot, wakeup, processes, program
MASTER_CF = """
pickup    unix        n  -  n    60 1    pickup
cleanup   unix        n  -  n    -  0    cleanup
qmgr      unix        n  -  n    300 1   qmgr
tlsmgr    unix        -  -  n    -  1    tlsmgr
rewrite   unix        -  -  n    -  -    trivial-rewrite
bounce    unix        -  -  n    -  0    bounce
defer     unix        -  -  n    -  0    bounce
trace     unix        -  -  n    -  0    bounce
flush     unix        n  -  n    -  0    flush
proxymap  unix        -  -  n    -  -    proxymap
smtp      unix        -  -  n    -  -    smtp
showq     unix        n  -  n    -  -    showq
error     unix        -  -  n    -  -    error
retry     unix        -  -  n    -  -    error
virtual   unix        -  n  n    -  -    virtual
anvil     unix        -  -  n    -  1    anvil
scache    unix        -  -  n    -  1    scache
postlog   unix-dgram  n  -  n    -  1    postlogd
"""

QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold",
          "incoming", "private", "saved", "trace")


def available():
    return os.path.exists(MASTER)


class Postfix:
    """
    main: more settings; services: more lines of master.cf; resolv_conf: what it
    has for /etc/resolv.conf; root: a directory that is to be made.
    """

    def __init__(self, root, main, services, resolv_conf):
        self.root = root
        self._etc = root / "etc"
        self._log = root / "log"
        self._resolv_conf = resolv_conf
        self._process = None
        self._furnish()
        (self._etc / "main.cf").write_text(MAIN.format(root=root) + main)
        (self._etc / "master.cf").write_text(
            MASTER_CF + "".join(line + "\n" for line in services))

    def _furnish(self):
        """The directories, each with the owner that Postfix wants."""
        user, group = pwd.getpwnam("postfix"), grp.getgrnam("postdrop").gr_gid
        for path in (self.root, self._etc, self.root / "queue",
                     self.root / "queue/pid"):
            path.mkdir()
            path.chmod(0o755)
        own = [(self.root / "data", 0o700, user.pw_gid),
               (self.root / "queue/maildrop", 0o730, group),
               (self.root / "queue/public", 0o710, group)]
        own += [(self.root / "queue" / name, 0o700, 0) for name in QUEUES]
        for path, mode, gid in own:
            path.mkdir()
            path.chmod(mode)
            os.chown(path, user.pw_uid, gid)

    def __enter__(self):
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                with_file("/etc/resolv.conf", self._resolv_conf,
                          [MASTER, "-s", "-c", self._etc]),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=environment())  # makes itself a session of its own
        try:
            wait_for(self._is_up, 20)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _is_up(self):
        assert self._process.poll() is None, self.log()
        return "daemon started" in self.log()

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def log(self):
        return self._log.read_text(errors="backslashreplace")

    def command(self, program, *args):
        """What one of its programs prints, such as postqueue -j."""
        program = shutil.which(program, path="/usr/sbin:/usr/bin")
        return subprocess.run(
            [program, "-c", self._etc, *args], check=True, text=True,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=60).stdout
