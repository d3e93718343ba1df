"""
What the topics of the bench share: the programs built for it, the load
generator as a function, many policies on disk, the processor time and memory of
a process as the kernel counts them, and one user that everything runs as.
"""

import ctypes
import json
import os
import platform
import pwd
import resource
import shutil
import struct
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "system"))

import harness  # noqa: E402

# What "make bench-programs" has built: beside the program under test, or else
# where it is by default.
BUILT = Path(os.environ.get("MTA_STS_FCGI", "")).parent / "bench"
if not BUILT.exists():
    BUILT = TOP / ".build" / "plain" / "bench"

# A policy as each program is to send it. The files have its line ends already,
# so that programs that send a file as it is send the same.
POLICY = ("version: STSv1\r\nmode: enforce\r\nmx: mx1.d{n}.example\r\n"
          "mx: mx2.d{n}.example\r\nmx: *.mail.d{n}.example\r\n"
          "max_age: 604800\r\n")
KNOWN = "mta-sts.d{n}.example"
UNKNOWN = "mta-sts.u{n}.example"


def user():
    """Who all programs run as: www-data for root, else who we are."""
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid())
    try:
        return pwd.getpwnam("www-data")
    except KeyError:
        return pwd.getpwnam("nobody")


def become_user():
    """To be called in a child (preexec): user() and no other group."""
    who = user()
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(who.pw_gid)
        os.setuid(who.pw_uid)


def policy(number, line_end="\r\n"):
    """The policy of the domain with that number, as bytes."""
    text = POLICY.replace("{n}", f"{number:06}")
    return text.replace("\r\n", line_end).encode()


def write_policies(directory, count, first=0):
    """Policies number first up to first + count - 1: 30,000 a second."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for number in range(first, first + count):
            file = os.open(f"d{number:06}.example.txt",
                           os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644,
                           dir_fd=handle)
            os.write(file, policy(number))
            os.close(file)
    finally:
        os.close(handle)


class Policies(harness.Site):
    """
    A Site with that many policies, the policies' text for load, and mixes of
    requests: see mix().
    """

    def __init__(self, count, settings=""):
        super().__init__()
        self.count = count
        owner = pwd.getpwuid(os.getuid()).pw_name
        self.settings.write_text(
            f'policies = "{self.policies}";\nowner = "{owner}";\n'
            'log = { to = "stderr"; level = "error"; };\n' + settings)
        self.settings.chmod(0o644)
        self.body = self.root / "body"
        self.body.write_bytes(POLICY.encode())
        write_policies(self.policies, count)

    def mix(self, name="known", hosts=None, unknown=0, body=None,
            unknown_status=404):
        """
        Writes a file for load. hosts: only so many of the policies are asked
        for; unknown: for each 100 requests for a policy so many for none; body:
        a file with what is expected instead of the policy.
        """
        path = self.root / f"{name}.mix"
        lines = [f"100\thosts\t{hosts or self.count}\t{KNOWN}\t200"
                 f"\t{body or self.body}"]
        if unknown:
            lines.append(f"{unknown}\thosts\t100000\t{UNKNOWN}"
                         f"\t{unknown_status}\t-")
        path.write_text("".join(line + "\n" for line in lines))
        return path

    def place(self, program):
        """A copy of a program where user() can run it."""
        path = self.root / Path(program).name
        if not path.exists():
            shutil.copy(program, path)
            path.chmod(0o755)
        return path


class WrongAnswers(Exception):
    """Not every answer was the one expected."""


def load(socket, mix, *, kept=True, wait=False, clients=1, requests=None,
         seconds=None, rate=None, seed=1, server="nginx", extra=(),
         strict=True):
    """
    Runs the load generator (load.c tells what it does and prints) and returns
    what it printed. wait: with kept=False, "-k wait". extra: more parameters,
    "NAME=VALUE". strict: WrongAnswers unless every answer was right.
    """
    way = "kept" if kept else "wait" if wait else "new"
    command = [BUILT / "load", "-s", socket, "-k", way, "-c", clients,
               "-S", seed, "-p", server]
    for option, value in (("-n", requests), ("-t", seconds), ("-r", rate)):
        command += [option, value] if value is not None else []
    for value in extra:
        command += ["-e", value]
    done = subprocess.run([str(part) for part in [*command, mix]],
                          stdout=subprocess.PIPE, check=True,
                          stdin=subprocess.DEVNULL)
    result = json.loads(done.stdout)
    bad = {key: result[key] for key in ("wrong", "errors", "failed",
                                        "raw_wrong") if result[key]}
    if strict and (bad or not result["requests"]):
        raise WrongAnswers(f"{socket}: {bad or 'no answer at all'}")
    return result


def cpu_ns(pid):
    """
    The nanoseconds that a process with one thread has run, in user space and in
    the kernel for it.
    """
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


class TreeClock:
    """
    The same for a process and all that it starts from now on, whether or not it
    waits for them: a software event of the kernel's. nanoseconds() is None
    where it has none for us.
    """

    # struct perf_event_attr, as of its first version
    _ATTRIBUTES = struct.Struct("<IIQQQQQIIQ")
    _CALLS = {"x86_64": 298, "aarch64": 241}
    _SOFTWARE, _TASK_CLOCK, _INHERIT = 1, 1, 2

    def __init__(self, pid):
        attributes = self._ATTRIBUTES.pack(
            self._SOFTWARE, self._ATTRIBUTES.size, self._TASK_CLOCK, 0, 0, 0,
            self._INHERIT, 0, 0, 0)
        call = self._CALLS.get(platform.machine(), -1)
        libc = ctypes.CDLL(None, use_errno=True)
        self._file = libc.syscall(call, attributes, pid, -1, -1, 0)

    def nanoseconds(self):
        """Since this was made."""
        if self._file < 0:
            return None
        return struct.unpack("<Q", os.read(self._file, 8))[0]

    def close(self):
        """No more of it."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1


def memory_kib(pid):
    """
    PSS, private dirty and USS (all that is private) of a process in KiB, as
    /proc/PID/smaps_rollup tells them. PermissionError for others than root, who
    may not look at a process in its sandbox.
    """
    values = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split(":")
        values[name] = int(value.split()[0])
    return {"pss": values["Pss"], "dirty": values["Private_Dirty"],
            "uss": values["Private_Dirty"] + values["Private_Clean"]}


def raise_file_limit():
    """As many open files as we are allowed."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    return limit
