"""
A customer with an account on the machine, and the responder's process: signals
to it, tracing it, holding it back. The responder runs as a user of its own, as
with mta-sts.service, or as the web server's user, as where lighttpd or
mod_fcgid start it; so may the customer's programs, with mod_php or mod_cgi.
"""

import ctypes
import errno
import os
import resource
import signal
import subprocess
from pathlib import Path

import pytest

import fastcgi
from cgi import check
from harness import POLICY_WIRE, TOP, Responder, Site, environment, wait_for
from test_hostile_local import Neighbour, become, own_user
from webserver import worker

pytestmark = pytest.mark.root


@pytest.fixture(scope="module", name="responder")
def fixture_responder():
    """As mta-sts.service runs it."""
    with Site() as site:
        site.write("example.com")
        with Responder(site, preexec=own_user()) as it:
            yield it


def unharmed(responder):
    assert responder.process.poll() is None, responder.log()
    check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)


libc = ctypes.CDLL(None, use_errno=True)
PTRACE_ATTACH, PTRACE_DETACH, PTRACE_SEIZE = 16, 17, 0x4206
PIDFD_OPEN, PIDFD_GETFD = 434, 438


def system(result):
    """What libc returned, or its error."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def attach(pid):
    """Traces it, and would leave it stopped."""
    system(libc.ptrace(PTRACE_ATTACH, pid, None, None))
    os.waitpid(pid, 0)
    system(libc.ptrace(PTRACE_DETACH, pid, None, None))


def seize(pid):
    """The same without a stop, until this process ends."""
    system(libc.ptrace(PTRACE_SEIZE, pid, None, None))


class Span(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def read_memory(pid):
    """Where no address is known: who may look gets EFAULT and no EPERM."""
    room = ctypes.create_string_buffer(8)
    here = Span(ctypes.addressof(room), 8)
    try:
        system(libc.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(
            Span(4096, 8)), 1, 0))
    except OSError as error:
        if error.errno != errno.EFAULT:
            raise


def steal_socket(pid):
    """Its listening socket, to answer in its place."""
    handle = system(libc.syscall(PIDFD_OPEN, pid, 0))
    os.close(system(libc.syscall(PIDFD_GETFD, handle, 0, 0)))


def look(name):
    def opening(pid):
        with open(f"/proc/{pid}/{name}", "rb") as it:
            it.read(1)
    opening.__name__ = name
    return opening


def write_memory(pid):
    os.close(os.open(f"/proc/{pid}/mem", os.O_WRONLY))


def list_files(pid):
    os.listdir(f"/proc/{pid}/fd")
    os.readlink(f"/proc/{pid}/fd/0")


def follow_root(pid):
    os.readlink(f"/proc/{pid}/root")


TRACING = [attach, seize, read_memory, steal_socket, write_memory, list_files,
           follow_root, look("environ"), look("maps"), look("auxv")]


def kill_with(number):
    def sending(pid):
        os.kill(pid, number)
    sending.__name__ = signal.Signals(number).name
    return sending


def hold_back(pid):
    """Less of the processor, of files, of memory."""
    os.setpriority(os.PRIO_PROCESS, pid, 19)


def limit(pid):
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, 3))


def pin(pid):
    os.sched_setaffinity(pid, {0})


SIGNALS = [kill_with(number) for number in
           (signal.SIGTERM, signal.SIGHUP, signal.SIGKILL, signal.SIGSTOP,
            signal.SIGUSR1, signal.SIGSEGV)] + [hold_back, limit, pin]


def names(functions):
    return [function.__name__ for function in functions]


@pytest.mark.parametrize("attack", TRACING + SIGNALS,
                         ids=names(TRACING + SIGNALS))
@pytest.mark.parametrize("who", ["customer", "web server"])
def test_another_user(responder, customer, who, attack):
    """mta-sts.service: a user of its own, to whom nobody has a right."""
    if who == "web server":
        server = worker()
        customer = Neighbour(server.pw_uid, server.pw_gid)
    with pytest.raises(PermissionError):
        customer.call(attack, responder.process.pid)
    unharmed(responder)


@pytest.fixture(scope="module", name="same_user")
def fixture_same_user():
    """Started by the web server, as its user, beside a customer's program."""
    server = worker()
    with Site() as site:
        site.write("example.com")
        with Responder(site, preexec=become(server.pw_uid,
                                            server.pw_gid)) as responder:
            yield Neighbour(server.pw_uid, server.pw_gid), responder


@pytest.mark.parametrize("attack", TRACING, ids=names(TRACING))
def test_tracing_as_the_same_user(same_user, attack):
    """Nobody but root can trace what has made itself undumpable."""
    who, responder = same_user
    with pytest.raises(PermissionError):
        who.call(attack, responder.process.pid)
    unharmed(responder)


@pytest.mark.parametrize("attack", TRACING, ids=names(TRACING))
def test_tracing_is_real(same_user, attack):
    """The control: any other program of that user can be traced so."""
    who, _ = same_user
    with subprocess.Popen(["sleep", "60"], stdin=subprocess.DEVNULL,
                          env=environment(), preexec_fn=who.become) as other:
        try:
            wait_for(lambda: b"sleep" in Path(
                f"/proc/{other.pid}/cmdline").read_bytes())
            who.call(attack, other.pid)
        finally:
            other.kill()


def test_signals_of_the_same_user(site):
    """
    What cannot be prevented, as the README says: programs of the user that the
    responder runs as can end it. Hence the DynamicUser of mta-sts.service.
    """
    server = worker()
    unit = (TOP / "cgi-bin/mta-sts.service").read_text()
    assert "\nDynamicUser=yes\n" in unit
    with Responder(site, preexec=become(server.pw_uid,
                                        server.pw_gid)) as responder:
        Neighbour(server.pw_uid, server.pw_gid).call(
            os.kill, responder.process.pid, signal.SIGTERM)
        assert responder.wait() == 0
