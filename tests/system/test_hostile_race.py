"""
Races: something of a customer's is swapped into the place of a policy, or of a
directory above it, and out again, as fast as it goes, while clients fetch the
policy. root does it, as an administrator's mistaken hook would: the customer
himself cannot. Each answer is the good policy, whole, or an error.
"""

import ctypes
import itertools
import mmap
import os
import signal
import struct
import subprocess
import time

import pytest

import fastcgi
from cgi import variables
from customer import VICTIM, VICTIM_HOST
from fastcgi import END_REQUEST, Connection, record
from harness import (POLICY, POLICY_WIRE, PROGRAM, Listener, Responder, Site,
                     environment)
from test_hostile_local import HIS, HIS_AGE

pytestmark = pytest.mark.root

CLIENTS = 3
SECONDS = 1.2
NAME = VICTIM + ".txt"

libc = ctypes.CDLL(None, use_errno=True)
RENAME_EXCHANGE = 2


def exchange(a, b):
    """Both names at once: renameat2, which has neither missing."""
    if libc.renameat2(-100, os.fsencode(a), -100, os.fsencode(b),
                      RENAME_EXCHANGE):
        raise OSError(ctypes.get_errno(), "renameat2")


class Children:
    """Processes that each count something in memory that all of them share."""

    def __init__(self):
        self._memory = mmap.mmap(-1, 4096)
        self._pids = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in self._pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def start(self, work, *args):
        """work(count, *args); count(what) adds one to the counter "what"."""
        base = 64 * len(self._pids)
        pid = os.fork()
        if pid:
            self._pids.append(pid)
            return
        try:
            counters = {}

            def count(what):
                counters[what] = counters.get(what, 0) + 1
                struct.pack_into("<Q", self._memory, base + 8 * what,
                                 counters[what])
            work(count, *args)
        finally:
            os._exit(1)

    def are_running(self):
        return all(os.waitpid(pid, os.WNOHANG) == (0, 0)
                   for pid in self._pids)

    def sums(self):
        """The eight counters over all processes."""
        table = [struct.unpack_from("<8Q", self._memory, 64 * i)
                 for i in range(len(self._pids))]
        return [sum(column) for column in zip(*table)]


# What a client counts.
GOOD, REFUSED, ABSENT, CLOSED, WRONG, HIS_OWN, STARTS, SWAPS = range(8)
NAMES = ("good", "refused", "absent", "closed", "wrong", "his", "starts",
         "swaps")
STATUS = {b"500": REFUSED, b"503": REFUSED, b"404": ABSENT}
END = record(END_REQUEST, bytes(8))


def classify(count, text):
    if str(HIS_AGE).encode() in text or b"none" in text:
        count(HIS_OWN)
    elif text.startswith(b"Status: 200 "):
        count(GOOD if text.endswith(b"\r\n\r\n" + POLICY_WIRE) else WRONG)
    else:
        count(STATUS.get(text[8:11], WRONG))


def fetch(count, path):
    """Asks without an end, over one connection as long as that lasts."""
    request = fastcgi.request(variables(VICTIM_HOST))
    connection = None
    while True:
        answer = b""
        try:
            if connection is None:
                connection = Connection(path)
            connection.send(request)
            while not answer.endswith(END):
                more = connection.socket.recv(65536)
                if not more:
                    raise fastcgi.Closed
                answer += more
        except (fastcgi.Closed, OSError):
            count(CLOSED)
            connection = connection and connection.close()
            continue
        classify(count, fastcgi.outputs(answer)[1])


def fetch_by_cgi(count, site):
    """The same by CGI, where each request walks to the directory anew."""
    env = environment({"MTA_STS_CONF": str(site.settings)})
    env.update((name, value.decode()) for name, value in
               variables(VICTIM_HOST).items())
    while True:
        done = subprocess.run([PROGRAM], env=env, stdin=subprocess.DEVNULL,
                              capture_output=True, check=False)
        classify(count, done.stdout)


def swap(count, step):
    number = 0
    while True:
        step(number)
        number += 1
        count(SWAPS)


def until(children, enough):
    """
    Lets them run for a while, and on a slow machine until there is enough of
    everything to tell. Not one answer may be his, nor any but the good one.
    """
    end, last = time.monotonic() + SECONDS, time.monotonic() + 60
    while True:
        assert children.are_running()
        time.sleep(0.05)
        told = dict(zip(NAMES, children.sums()))
        assert told["his"] == told["wrong"] == 0, told
        now = time.monotonic()
        if now > end and (now > last or enough(told)):
            print(told)
            assert enough(told), told
            return


def race(path, step, swaps, least=5000):
    """Clients and the swapping process, till both sides were seen."""
    with Children() as children:
        for _ in range(CLIENTS):
            children.start(fetch, path)
        children.start(swap, step)
        until(children, lambda told: (
            told["good"] > 100 and told["refused"] > 100
            and told["good"] + told["refused"] + told["absent"] > least
            and told["swaps"] > swaps))


@pytest.fixture(name="place")
def fixture_place(customer):
    """A site; the customer's policy as a file and in a whole tree."""
    with Site() as site:
        site.write(VICTIM)
        customer.furnish({NAME: HIS, f"a/conf.d/{NAME}": HIS})
        # The tree's file is root's, as of a backup that he has got: there it
        # is the directory alone that is to blame.
        os.chown(customer.www / "a/conf.d" / NAME, 0, 0)
        yield site
    customer.clean()


# One policy. Each returns what is done again and again; p is the policy's
# path, o that of another file in the policy directory, h his.

def his_file(p, o, h):
    """A file of his, moved there and back."""
    os.rename(h, o)
    return lambda _: exchange(p, o)


def link_to_his(p, o, h):
    o.symlink_to(h)
    return lambda _: exchange(p, o)


def link_to_swapped(p, o, h):
    """A link beside it, whose target is his every other moment."""
    os.rename(p, o)
    os.rename(h, o.with_name("_his.txt"))
    p.symlink_to(o.name)
    return lambda _: exchange(o, o.with_name("_his.txt"))


def link_and_file(p, o, h):
    """A link to root's file, then a file of his of that very name."""
    good = o.with_name("_good.txt")
    os.rename(p, good)
    o.symlink_to(good.name)
    os.rename(h, p)
    return lambda _: exchange(p, o)


def hard_links(p, o, h):
    """Second names of both, by turns: made anew and renamed over."""
    os.rename(h, o)
    os.link(p, o.with_name("_good.txt"))
    names = (o, o.with_name("_good.txt"))

    def step(number):
        os.link(names[number % 2], o.with_name(".draft"))
        os.rename(o.with_name(".draft"), p)
        o.with_name(".draft").unlink(missing_ok=True)
    return step


@pytest.mark.parametrize("way", [his_file, link_to_his, link_to_swapped,
                                 link_and_file, hard_links])
def test_policy(place, customer, way):
    step = way(place.policies / NAME, place.policies / "_other.txt",
               customer.www / NAME)
    with Responder(place) as responder:
        race(responder.socket.path, step, 1000)
        assert responder.process.poll() is None, responder.log()


def test_policy_given_and_taken(place, customer):
    """
    The same file: given to him, who writes; rewritten and taken back. (Slower:
    older kernels' times have steps of some milliseconds.)
    """
    policy = place.policies / NAME

    def step(number):
        if number % 2:
            policy.write_bytes(POLICY)
            time.sleep(0.005)
            os.chown(policy, 0, 0)
        else:
            os.chown(policy, customer.uid, 0)
            time.sleep(0.005)
            policy.write_bytes(HIS)
        time.sleep(0.005)
    with Responder(place) as responder:
        race(responder.socket.path, step, 30)


# Directories. While FastCGI runs, the one that was opened stays. So it is
# started again and again, to look at the way as it stands; CGI is anyway.

def supervise(count, site, listener):
    """
    Starts it again whenever it leaves, and has it leave soon: after various
    times, since on a busy machine the start alone takes some.
    """
    def end_with_me():
        libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    with open(site.root / "log", "ab") as log:
        for number in itertools.count():
            process = subprocess.Popen(
                [PROGRAM, "-c", site.settings], stdin=listener, stdout=log,
                stderr=log, env=environment(), preexec_fn=end_with_me)
            try:
                process.wait(0.03 * (1 + number % 10))
            except subprocess.TimeoutExpired:
                process.terminate()
                process.wait()
            count(STARTS)


def the_directory(s, c):
    his = s.root / "his"
    os.rename(c.www / "a/conf.d", his)
    return lambda _: exchange(s.policies, his)


def a_parent(s, c):
    """conf.d with a way to it, and a tree of his with the same names."""
    his, way = s.root / "his", s.root / "way"
    os.rename(c.www / "a", his)
    way.mkdir()
    way.chmod(0o755)
    s.policies.rename(way / "conf.d")
    s.configure(policies=way / "conf.d")
    return lambda _: exchange(way, his)


def a_parents_owner(s, c):
    """A tree of root's with a good way; its last but one is his at times,
    and then so is what is in it."""
    way = s.root / "way"
    way.mkdir()
    way.chmod(0o755)
    s.policies.rename(way / "conf.d")
    os.rename(c.www / "a/conf.d", way / "his")
    s.configure(policies=way / "conf.d")

    def step(number):
        if number % 2:
            exchange(way / "conf.d", way / "his")
            os.chown(way, 0, 0)
            time.sleep(0.0005)
        else:
            os.chown(way, c.uid, 0)
            exchange(way / "conf.d", way / "his")
            time.sleep(0.0005)
    return step


def a_link_on_the_way(s, c):
    """A symbolic link above conf.d, which names now the one, now the other."""
    good = s.root / "good"
    good.mkdir()
    good.chmod(0o755)
    s.policies.rename(good / "conf.d")
    (s.root / "way").symlink_to("good")
    (s.root / "other").symlink_to(c.www / "a")
    s.configure(policies=s.root / "way/conf.d")
    return lambda _: exchange(s.root / "way", s.root / "other")


WAYS = [the_directory, a_parent, a_parents_owner, a_link_on_the_way]


@pytest.mark.parametrize("way", WAYS)
def test_directory(place, customer, way):
    """Each answer is from the good directory, or says that it is none."""
    with Children() as children:
        children.start(swap, way(place, customer))
        children.start(fetch_by_cgi, place)
        until(children, lambda told: (
            told["good"] > 20 and told["refused"] > 20
            and told["swaps"] > 500))


def test_directory_under_supervision(place, customer):
    """
    FastCGI starts on the good one or refuses to start, and leaves when it is
    replaced. The log has both, so that both were met.
    """
    step = the_directory(place, customer)
    with Listener(place.root / "fcgi.sock") as listener, \
            Children() as children:
        children.start(swap, step)
        children.start(fetch, listener.path)
        children.start(supervise, place, listener)

        def both(told):
            log = (place.root / "log").read_text()
            return (told["good"] > 500 and told["swaps"] > 500
                    and log.count(", serving ") > 3
                    and log.count(f"uid {customer.uid}") > 3)
        until(children, both)
