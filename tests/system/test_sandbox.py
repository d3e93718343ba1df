"""
The sandbox of the responder, tried from inside the running process: what it
refuses there, that without it the same would have gone through, and that it
serves all the while. The parts for themselves are in unit/test_sandbox.c.
"""

import os
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
from pathlib import Path

import pytest

import fastcgi
import harness
import inject
from cgi import check, variables
from harness import (POLICY_WIRE, PROGRAM, Responder, environment, source,
                     wait_for, wire)

REFUSED = ("EPERM", "EACCES")

# Numbers of x86-64's system calls.
CALLS = {"open": 2, "mmap": 9, "mprotect": 10, "munmap": 11, "mremap": 25,
         "shutdown": 48, "ioctl": 16, "pipe2": 293,
         "socket": 41, "connect": 42, "sendto": 44, "bind": 49,
         "socketpair": 53, "clone": 56, "fork": 57, "execve": 59,
         "kill": 62, "rename": 82, "mkdir": 83, "unlink": 87, "symlink": 88,
         "chmod": 90, "ptrace": 101, "setuid": 105, "getdents64": 217,
         "openat": 257, "fchmodat": 268, "process_vm_readv": 310,
         "prlimit64": 302, "memfd_create": 319, "openat2": 437,
         "io_uring_setup": 425, "landlock_create_ruleset": 444,
         "seccomp": 317}

AT_FDCWD = -100
TIPC = 30  # the one other family that has pairs; most kernels lack it

inside = pytest.mark.skipif(
    not inject.AVAILABLE, reason="system calls are injected on x86-64 alone")

pytestmark = pytest.mark.skipif(
    harness.is_sanitized(PROGRAM),
    reason="no sandbox in a build with sanitizers")


def status(pid):
    """/proc/PID/status as a dictionary."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def limits():
    """One that is to be kept, and one that could be raised."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (4096, 8192))


class Place:
    """A responder and what an intruder finds around it."""

    def __init__(self, site, settings="", preexec=limits):
        site.configure(settings)
        self.site = site
        self.responder = Responder(site, preexec=preexec)
        self.victim = subprocess.Popen(["sleep", "60"])
        self.unix = socket.socket(socket.AF_UNIX)
        self.tcp = socket.create_server(("127.0.0.1", 0))

    def __enter__(self):
        self.unix.bind(str(self.site.root / "other.sock"))
        self.unix.listen()
        self.responder.__enter__()
        wait_for(lambda: "sandbox: " in self.responder.log())
        return self

    def __exit__(self, *args):
        self.responder.__exit__(*args)
        self.victim.kill()
        self.victim.wait()
        self.unix.close()
        self.tcp.close()

    @property
    def pid(self):
        return self.responder.process.pid

    def still_serves(self):
        check(fastcgi.ask(self.responder.socket), 200, POLICY_WIRE)


def directory_of(pid, site):
    """The descriptor with which the process holds the policy directory."""
    for link in Path(f"/proc/{pid}/fd").iterdir():
        if os.readlink(link) == str(site.policies):
            return int(link.name)
    raise AssertionError("it does not hold it")


def attempts(place, directory):
    """
    What an intruder tries: a name, the system call, and what it comes to
    without a sandbox, "" for success. Calls build on each other there.
    """
    root = os.fsencode(place.site.root)
    conf = root + b"/conf.d/"
    unix = struct.pack("H", socket.AF_UNIX) + root + b"/other.sock"
    tcp = struct.pack("!xxH4s8x", place.tcp.getsockname()[1],
                      socket.inet_aton("127.0.0.1"))
    tcp = struct.pack("H", socket.AF_INET) + tcp[2:]
    free = struct.pack("H", socket.AF_INET) + b"\0\0" + tcp[4:]
    write, create = os.O_WRONLY, os.O_WRONLY | os.O_CREAT
    anonymous = 0x22
    return [
        ("open", (b"/etc/passwd", os.O_RDONLY), ""),
        ("openat", (AT_FDCWD, b"/etc/passwd", os.O_RDONLY), ""),
        ("openat", (directory, b"/etc/passwd", os.O_RDONLY), ""),
        ("openat", (directory, b"../mta-sts.conf", os.O_RDONLY), ""),
        ("openat", (directory, b"outside", os.O_RDONLY), ""),
        ("openat", (directory, b"example.com.txt", write), ""),
        ("openat", (directory, b"example.com.txt", os.O_RDWR), ""),
        ("openat", (directory, b"new.txt", create, 0o644), ""),
        ("openat", (directory, b".", os.O_TMPFILE | write, 0o644), ""),
        ("openat", (AT_FDCWD, b"/proc/self/mem", os.O_RDWR), ""),
        ("openat", (directory, b"/proc/self/mem", os.O_RDONLY), ""),
        ("openat2", (directory, b"example.com.txt", b"\0" * 24, 24), ""),
        ("open", (conf + b"example.com.txt", write), ""),
        ("mkdir", (conf + b"directory", 0o755), ""),
        ("symlink", (b"example.com.txt", conf + b"alias.txt"), ""),
        ("chmod", (conf + b"new.txt", 0o666), ""),
        ("fchmodat", (directory, b"new.txt", 0o600), ""),
        ("rename", (conf + b"new.txt", conf + b"newer.txt"), ""),
        ("unlink", (conf + b"newer.txt",), ""),
        ("socket", (socket.AF_UNIX, socket.SOCK_STREAM, 0), ""),
        ("connect", ("socket", unix, len(unix)), ""),
        ("socket", (socket.AF_INET, socket.SOCK_STREAM, 0), ""),
        ("connect", ("socket", tcp, len(tcp)), ""),
        ("socket", (socket.AF_INET, socket.SOCK_STREAM, 0), ""),
        ("bind", ("socket", free, 16), ""),
        ("socket", (socket.AF_UNIX, socket.SOCK_DGRAM, 0), ""),
        ("sendto", ("socket", b"x", 1, 0, unix, len(unix)), "EPROTOTYPE"),
        ("socketpair", (TIPC, socket.SOCK_STREAM, 0, b"\0" * 8),
         "EAFNOSUPPORT|"),
        ("pipe2", (b"\0" * 8, 0), ""),
        ("memfd_create", (b"code", 0), ""),
        ("io_uring_setup", (1, b"\0" * 120), ""),
        ("mmap", (0, 4096, 7, anonymous, -1, 0), ""),
        ("mmap", (0, 4096, 5, anonymous, -1, 0), ""),
        ("mprotect", ("mmap", 4096, 7), ""),
        ("ptrace", (0x4206, place.victim.pid, 0, 0), ""),
        ("process_vm_readv", (place.victim.pid, 0, 0, 0, 0, 0), ""),
        ("kill", (place.victim.pid, 0), ""),
        ("kill", (place.victim.pid, signal.SIGCONT), ""),
        ("prlimit64", (0, resource.RLIMIT_MEMLOCK,
                       struct.pack("QQ", 8192, 8192), 0), ""),
        ("fork", (), ""),
        ("clone", (signal.SIGCHLD, 0, 0, 0, 0), ""),
        ("setuid", (65534,), ""),
    ]


def intrude(place):
    """Makes all attempts; gives (name, arguments, wanted, error) of each."""
    directory = directory_of(place.pid, place.site)
    results, before = [], {}
    with inject.Intruder(place.pid) as intruder:
        for name, arguments, wanted in attempts(place, directory):
            real = [before[it] if isinstance(it, str) else it
                    for it in arguments]
            result = intruder.call(CALLS[name], *real)
            before[name] = result
            if name in ("fork", "clone") and result > 0:
                os.kill(result, signal.SIGKILL)
            results.append((name, arguments, wanted,
                            inject.error_name(result)))
    return results


@pytest.fixture
def tempting(site):
    """With a way out of conf.d that a customer could only dream of."""
    (site.policies / "outside").symlink_to("/etc/passwd")
    return site


@inside
@pytest.mark.root
def test_refused_inside(tempting):
    with Place(tempting) as place:
        before = sorted(os.listdir(tempting.policies))
        for name, arguments, _, error in intrude(place):
            assert error in REFUSED, (name, arguments, error)
        assert sorted(os.listdir(tempting.policies)) == before
        place.still_serves()
        with inject.Intruder(place.pid) as intruder:
            error = inject.error_name(intruder.call(
                CALLS["execve"], b"/bin/true", 0, 0))
        assert error in REFUSED
        place.still_serves()
        assert place.responder.process.poll() is None
        assert place.victim.poll() is None


@inside
@pytest.mark.root
def test_listener_cannot_be_shut(site):
    """Shut for reading it would be lost for every later process."""
    with Place(site) as place:
        with inject.Intruder(place.pid) as intruder:
            result = intruder.call(CALLS["shutdown"], 0, socket.SHUT_RD)
        assert inject.error_name(result) == "EPERM"
        place.still_serves()


@inside
@pytest.mark.root
def test_the_address_of_syslog_stays(site):
    """
    Datagrams may go to one address, known by its place in memory that cannot
    be written: nobody puts other memory there.
    """
    site.settings.write_text(site.settings.read_text().replace(
        "stderr", "syslog"))
    with Responder(site) as responder:
        pid = responder.process.pid
        check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
        assert status(pid)["Seccomp"] == "2"
        pages = [int(line.split("-")[0], 16) for line in
                 Path(f"/proc/{pid}/maps").read_text().splitlines()
                 if line.endswith(PROGRAM.name)]
        with inject.Intruder(pid) as intruder:
            constants = pages[2]  # headers, code, constants
            for call, arguments in (("munmap", (constants, 4096)),
                                    ("munmap", (pages[0], 1 << 20)),
                                    ("mremap", (constants, 4096, 8192, 1))):
                result = intruder.call(CALLS[call], *arguments)
                assert inject.error_name(result) == "EPERM", call
        check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)


@inside
@pytest.mark.root
def test_not_refused_without_sandbox(tempting):
    """The same calls: it is the sandbox that refused them."""
    with Place(tempting, "sandbox = false;\n") as place:
        for name, arguments, wanted, error in intrude(place):
            assert error in wanted.split("|"), (name, arguments, error)
        with inject.Intruder(place.pid) as intruder:
            assert intruder.call(CALLS["execve"], b"/bin/true", 0, 0) == 0
            intruder.release()
        assert place.responder.wait() == 0


def test_status(site):
    with Place(site) as place:
        fields = status(place.pid)
        assert fields["NoNewPrivs"] == "1"
        assert fields["Seccomp"] == "2"
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            assert int(fields[name], 16) == 0, name
        if os.getuid() == 0:
            assert int(fields["CapBnd"], 16) == 0
        core, files = (resource.prlimit(place.pid, which) for which in
                       (resource.RLIMIT_CORE, resource.RLIMIT_NOFILE))
        assert core == (0, 0) and files == (1024, 1024)
        assert re.search(r"^mta-sts.fcgi: sandbox: no privileges, "
                         r"Landlock \(ABI \d+\), seccomp$",
                         place.responder.log(), re.MULTILINE)
        assert place.responder.log().count("sandbox") == 1


def test_off(site):
    """One line says so, and nothing has changed."""
    with Place(site, "sandbox = false;\n") as place:
        ours, its = status(os.getpid()), status(place.pid)
        for name in ("NoNewPrivs", "Seccomp", "CapPrm", "CapBnd"):
            assert its[name] == ours[name], name
        assert place.responder.log().count("sandbox: off") == 1
        place.still_serves()


def test_edits_are_served(site):
    """Whatever an administrator does while it is in force."""
    with Place(site) as place:
        def ask(domain):
            return fastcgi.ask(place.responder.socket,
                               variables("mta-sts." + domain))

        check(ask("new.example"), 404)
        site.write("new.example", source(mx=["one.example"]))
        check(ask("new.example"), 200, wire(mx=["one.example"]))
        site.write("new.example", source(mx=["two.example"]))
        check(ask("new.example"), 200, wire(mx=["two.example"]))
        site.alias("alias.example", "new.example")
        check(ask("alias.example"), 200, wire(mx=["two.example"]))
        (site.policies / "new.example.txt").unlink()
        check(ask("new.example"), 404)
        (site.policies / "odd.example.txt").mkdir()
        check(ask("odd.example"), 500)
        assert "it is no regular file" in place.responder.log()
        place.still_serves()


def lacking(call, error):
    """A kernel on which a call fails so, as a preexec function."""
    def preexec():
        limits()
        inject.refuse(CALLS[call], error)
    return preexec


LANDLOCK, SECCOMP = "landlock_create_ruleset", "seccomp"


@inside
@pytest.mark.parametrize("call, error, told, said", [
    (LANDLOCK, 38, "this kernel has no Landlock: left out", "seccomp"),
    (LANDLOCK, 95, "this kernel has no Landlock: left out", "seccomp"),
    (LANDLOCK, 1, "no Landlock: Operation not permitted; serving", "seccomp"),
    (SECCOMP, 38, "this kernel has no seccomp: left out", "Landlock"),
    (SECCOMP, 22, "this kernel has no seccomp: left out", "Landlock"),
    (SECCOMP, 1, "no seccomp: Operation not permitted; serving", "Landlock")])
@pytest.mark.root
def test_lacking(tempting, call, error, told, said):
    """One line for what the kernel lacks or refuses; the rest is in force."""
    with Place(tempting, preexec=lacking(call, error)) as place:
        place.still_serves()
        lines = [line for line in place.responder.log().splitlines()
                 if "sandbox: " in line]
        assert len(lines) == 2 and told in lines[0], lines
        assert f"sandbox: no privileges, {said}" in lines[1]
        assert lines[1].count(",") == 1
        with inject.Intruder(place.pid) as intruder:
            opened = intruder.call(CALLS["openat"], AT_FDCWD, b"/etc/passwd",
                                   os.O_RDONLY)
        assert inject.error_name(opened) in REFUSED
        place.still_serves()


# Run as a program with the process's id: what becomes of each try, a line each.
TRIES = """
import errno, sys
sys.path.insert(0, sys.argv[2])
import inject
for name in ("mem", "maps", "environ", ""):
    try:
        if name:
            open(f"/proc/{sys.argv[1]}/{name}", "rb").close()
        else:
            inject.trace(int(sys.argv[1]))
        print()
    except OSError as error:
        print(errno.errorcode[error.errno])
"""


@pytest.mark.root
@pytest.mark.parametrize("settings, wanted", [("", {"EPERM", "EACCES"}),
                                              ("sandbox = false;\n", {""})])
@inside
def test_same_user(site, settings, wanted):
    """Another process of its user neither traces it nor sees its memory."""
    user = 54321

    def become():
        limits()
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)

    if Path("/proc/sys/kernel/yama/ptrace_scope").exists():
        pytest.skip("Yama allows it to nobody")
    for module in (inject, harness):  # to where anybody can read it
        shutil.copy(module.__file__, site.root)
    with Place(site, settings, preexec=become) as place:
        place.still_serves()
        done = subprocess.run(
            ["/usr/bin/python3", "-c", TRIES, str(place.pid),
             str(site.root)], text=True,
            env=environment({"PYTHONDONTWRITEBYTECODE": "1",
                             "MTA_STS_FCGI": str(PROGRAM)}),
            preexec_fn=become, capture_output=True, timeout=30, check=False)
        found = done.stdout.split("\n")[:-1]
        assert len(found) == 4 and set(found) <= wanted, done
        place.still_serves()
