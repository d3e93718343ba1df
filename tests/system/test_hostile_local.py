"""
A customer with an account on the machine, and the responder's socket: as it is
shipped he cannot connect to it, and with the mistake of a socket for everybody
he can neither change nor delay what others get. The process is in
test_hostile_process.py, files are in test_hostile_files.py.
"""

import configparser
import contextlib
import grp
import mmap
import os
import resource
import socket
import statistics
import struct
import time

import pytest

import fastcgi
from cgi import check, variables
from customer import VICTIM, VICTIM_HOST, Customer
from fastcgi import Connection
from harness import POLICY_WIRE, TOP, Listener, Responder, Site, source
from webserver import worker

pytestmark = pytest.mark.root

# What the customer writes: as good a policy as any, and found by its max_age.
HIS_AGE = 424242
HIS = source("none", (), HIS_AGE)
# Where it is said that he has done enough; before that, how much he has done.
ENOUGH = 8

# Of systemd's range for DynamicUser, and nobody's here.
DYNAMIC_USER = 65011


class Neighbour(Customer):
    """One whose programs run as some other user, the web server's say."""

    def __init__(self, uid, gid):
        super().__init__()
        self.uid, self.gid = uid, gid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def become(uid, gid):
    def change():
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    return change


def own_user():
    return become(DYNAMIC_USER, DYNAMIC_USER)


@pytest.fixture(scope="module", name="place")
def fixture_place():
    """A responder as mta-sts.service runs it, on a socket as it is shipped."""
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(TOP / "cgi-bin/mta-sts.socket")
    shipped = unit["Socket"]
    with Site() as site:
        site.write("example.com")
        site.write(VICTIM)
        # As systemd makes it: DirectoryMode= is 0755 unless set.
        directory = site.root / "socket"
        directory.mkdir()
        directory.chmod(int(shipped.get("DirectoryMode", "0755"), 8))
        with Listener(directory / "fcgi.sock") as listener:
            os.chown(listener, 0 if shipped["SocketUser"] == "root" else -1,
                     grp.getgrnam(shipped["SocketGroup"]).gr_gid)
            os.chmod(listener, int(shipped["SocketMode"], 8))
            with Responder(site, listener, preexec=own_user()) as responder:
                yield responder
                assert responder.process.poll() is None, responder.log()


def unharmed(responder):
    assert responder.process.poll() is None, responder.log()
    check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)


# The socket.

def connect(path):
    with socket.socket(socket.AF_UNIX) as it:
        it.connect(str(path))


def replace(path):
    """Another one in its place, to answer instead of the responder."""
    os.unlink(path)
    with socket.socket(socket.AF_UNIX) as it:
        it.bind(str(path))


def rename_away(path):
    os.rename(path, path + ".away")


@pytest.mark.parametrize("attack", [
    connect, replace, rename_away, os.unlink,
    lambda path: os.rename(os.path.dirname(path), os.path.dirname(path) + "x"),
    lambda path: os.chmod(path, 0o666),
    lambda path: os.chown(path, os.getuid(), os.getgid()),
    lambda path: os.symlink("/x", os.path.join(os.path.dirname(path), "x"))],
    ids=["connect", "replace", "rename", "unlink", "rename directory",
         "chmod", "chown", "create beside"])
def test_socket_as_shipped(place, customer, attack):
    """SocketUser, SocketGroup, SocketMode, and a directory of root's."""
    with pytest.raises(PermissionError):
        customer.call(attack, str(place.socket))
    server = worker()
    if attack is not connect:
        with pytest.raises(PermissionError):
            Neighbour(server.pw_uid, server.pw_gid).call(
                attack, str(place.socket))
    unharmed(place)


def test_socket_for_the_web_server(place):
    """The control: who is of the group gets an answer."""
    server = worker()
    it = Neighbour(server.pw_uid, server.pw_gid)
    answer = it.call(fastcgi.ask, place.socket.path)
    check(answer, 200, POLICY_WIRE)


def lies(home):
    """Variables that a peer may send, and that choose nothing."""
    return {"MTA_STS_CONF": f"{home}/mta-sts.conf", "PATH_INFO": "/x",
            "DOCUMENT_ROOT": str(home), "SCRIPT_FILENAME": "/etc/shadow",
            "PATH_TRANSLATED": "/etc/shadow", "LD_PRELOAD": f"{home}/x.so",
            "HTTP_X_FORWARDED_HOST": "mta-sts.example.com",
            "QUERY_STRING": f"-c+{home}/mta-sts.conf",
            "HTTP_PROXY": "http://127.0.0.1", "HTTP_MTA_STS_CONF": "/x"}


# Hosts that are no host names.
ODD_HOSTS = ["", "/", "..", "mta-sts.../..", "mta-sts./etc/passwd",
             "mta-sts.x/../victim.example", "mta-sts.%2e%2e", "a\nb",
             "mta-sts._shared", "mta-sts.victim.example/x", "x" * 60000]


def tell_lies(path, home):
    """Asks with all of them; what came back."""
    answers = [fastcgi.ask(path, variables(VICTIM_HOST, **lies(home)))]
    for host in ODD_HOSTS:
        answers.append(fastcgi.ask(path, variables(host, **lies(home))))
    return answers


@pytest.fixture(name="reachable")
def fixture_open(site):
    """The mistake: a socket that everybody may connect to (0666)."""
    def change():
        resource.setrlimit(resource.RLIMIT_NOFILE, (512, 512))
        own_user()()
    site.write(VICTIM)
    with Responder(site, preexec=change) as responder:
        yield responder
        unharmed(responder)


def test_open_socket_tells_what_is_public(reachable, customer):
    """Whatever a peer sends, it chooses a host and nothing else."""
    customer.furnish({"../mta-sts.conf": f'policies = "{customer.www}";',
                      VICTIM + ".txt": HIS})
    first, *others = customer.call(tell_lies, reachable.socket.path,
                                   str(customer.home))
    check(first, 200, POLICY_WIRE)
    assert {answer.status for answer in others} == {400}
    for answer in [first, *others]:
        assert str(HIS_AGE).encode() not in answer.raw
        assert b"root:" not in answer.raw


def half_a_request(path, _):
    """A record that never ends, again when it is closed."""
    it = Connection(path)
    it.send(fastcgi.request()[:-9])
    return it


def never_reading(path, number):
    """Many requests and not one look at their answers."""
    it = Connection(path)
    it.socket.setblocking(False)
    try:
        for _ in range(3000):
            it.socket.send(fastcgi.request(number=number % 9 + 1))
    except (BlockingIOError, BrokenPipeError, ConnectionResetError):
        pass
    return it


def junk(path, number):
    it = Connection(path)
    it.send(os.urandom(5000) if number % 2 else
            struct.pack(">BBHHBx", 1, fastcgi.PARAMS, 1, 65535, 255) * 9)
    return it


def silent(path, _):
    return Connection(path)


def in_another_name(path, number):
    """Requests of other ids, aborted, out of order, on one connection."""
    it = Connection(path)
    it.send(b"".join(
        fastcgi.begin(number=i) + fastcgi.params(variables("mta-sts.x.y"), i)
        + fastcgi.record(fastcgi.ABORT_REQUEST, number=i - 1)
        for i in range(1, 20 + number % 9)))
    return it


def besiege(path, how, shared):
    """Opens connections until that is enough, as many as his limits let him."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    most, held, opened = min(hard - 64, 10000), [], 0
    while not shared[ENOUGH]:
        try:
            held.append(how(path, opened))
            opened += 1
            shared[:ENOUGH] = opened.to_bytes(ENOUGH, "little")
        except OSError:
            time.sleep(0.001)
        if len(held) >= most:
            held.pop(0).close()


def insist(path, seconds=10):
    """
    As a web server's client: who was closed before the answer asks again at
    once. The seconds that it took, so many at most; each answer is right.
    """
    begun = time.monotonic()
    while True:
        try:
            with Connection(path, seconds) as it:
                check(it.ask(), 200, POLICY_WIRE)
            return time.monotonic() - begun
        except (fastcgi.Closed, ConnectionError, BlockingIOError):
            assert time.monotonic() - begun < seconds


@contextlib.contextmanager
def flood(customer, path, how):
    """Meanwhile he besieges it; a function for how often he has connected."""
    shared = mmap.mmap(-1, 4096)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            customer.call(besiege, path, how, shared, seconds=120)
            code = 0
        finally:
            os._exit(code)
    try:
        yield lambda: int.from_bytes(shared[:ENOUGH], "little")
    finally:
        shared[ENOUGH] = 1
        assert os.waitpid(pid, 0)[1] == 0, "he has ended by himself"


@pytest.mark.parametrize("how, least", [
    (half_a_request, 700), (never_reading, 3), (junk, 200), (silent, 700),
    (in_another_name, 200)])
def test_open_socket_stalls_nobody(reachable, customer, how, least):
    """
    While he does his worst, with more connections than the responder may have
    open, whatever is answered is right, and who asks again is answered soon.
    Any connection may be closed to make room, the web server's too: the one
    that has waited longest, which a new one has when so many come at once
    before it has sent its request. The moment he ends all is as it was.
    """
    path, times, kept = reachable.socket.path, [], None
    begun = time.monotonic()
    with flood(customer, path, how) as opened:
        # For a while, and on a busy machine until both have done enough.
        while ((passed := time.monotonic() - begun) < 2.5 or passed < 60
               and (len(times) < 10 or opened() < least)):
            times.append(insist(path))
            try:
                kept = kept or Connection(path)
                check(kept.ask(), 200, POLICY_WIRE)
            except (fastcgi.Closed, ConnectionError):
                kept.close()
                kept = None
            except BlockingIOError:  # no room in the backlog
                pass
        if kept:
            kept.close()
        assert opened() >= least
    assert len(times) >= 10 and statistics.median(times) < 1.5, times
    with Connection(path) as kept:
        for _ in range(100):
            check(fastcgi.ask(path), 200, POLICY_WIRE)
            check(kept.ask(), 200, POLICY_WIRE)
