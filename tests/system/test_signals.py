"""
How the responder leaves, and what is lost by that: nothing. Signals in the
middle of a request, restarts, a policy directory that is replaced, and edits,
which count from the next request on.
"""

import os
import shutil
import signal
import threading
import time
from contextlib import ExitStack

import pytest

import fastcgi
from cgi import check, variables
from fastcgi import Connection, Closed, request
from harness import (PATIENCE, POLICY_WIRE, Listener, Responder, source,
                     wait_for, wire)

# Seconds until it has left when nothing keeps it, and until it has noticed
# that its directory was replaced, which it looks for every half second.
PROMPTLY = 0.5
NOTICED = 1.2

NEW, NEW_WIRE = source(mx=["new.example.com"]), wire(mx=["new.example.com"])

STOPPING = [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGHUP]


@pytest.mark.parametrize("number", STOPPING, ids=lambda n: n.name)
def test_idle(site, number):
    """With a connection that is silent or idle: exits 0 promptly."""
    for kept in (False, True):
        with Responder(site) as responder:
            with Connection(responder.socket) as connection:
                if kept:
                    check(connection.ask(), 200, POLICY_WIRE)
                start = time.monotonic()
                assert responder.stop(number) == 0
                # Who was accepted and has not begun yet has a moment to.
                limit = PROMPTLY if kept else 2 * PROMPTLY
                assert time.monotonic() - start < limit
                assert connection.drain() == b""


def test_before_the_first_request(site):
    """However early the signal comes, the exit is a clean one or its own."""
    for delay in range(0, 20, 2):
        responder = Responder(site)
        responder._is_set_up = lambda: True
        with responder:
            time.sleep(delay / 1000)
            assert responder.stop() in (0, -signal.SIGTERM)


@pytest.mark.parametrize("number", STOPPING, ids=lambda n: n.name)
def test_middle_of_a_request(site, number):
    """Half of a request, the signal, the rest: answered whole, then exit 0."""
    data = request()
    with Responder(site) as responder, ExitStack() as stack:
        halves = []
        for cut in (1, 8, 16, 30, len(data) // 2, len(data) - 17):
            halves.append((stack.enter_context(Connection(responder.socket)),
                           data[cut:]))
            halves[-1][0].send(data[:cut])
        time.sleep(0.05)
        responder.process.send_signal(number)
        time.sleep(0.2)
        assert responder.process.poll() is None, "it did not wait"
        for connection, rest in halves:
            connection.send(rest)
            check(connection.answer(), 200, POLICY_WIRE)
            assert connection.drain() == b""
        start = time.monotonic()
        assert responder.wait() == 0
        assert time.monotonic() - start < PROMPTLY + 0.5


def test_request_that_is_never_completed(site):
    """It keeps the responder for as long as its patience and no longer."""
    with Responder(site) as responder:
        with Connection(responder.socket) as connection:
            connection.send(request()[:40])
            time.sleep(0.1)
            start = time.monotonic()
            assert responder.stop() == 0
            assert PATIENCE - 1 < time.monotonic() - start < PATIENCE + 1.5
            assert connection.drain() == b""


def test_several_signals(site):
    """A second signal changes nothing."""
    with Responder(site) as responder:
        with Connection(responder.socket) as connection:
            connection.send(request()[:40])
            time.sleep(0.05)
            for number in STOPPING * 3:
                responder.process.send_signal(number)
            time.sleep(0.1)
            connection.send(request()[40:])
            check(connection.answer(), 200, POLICY_WIRE)
            assert responder.wait() == 0


def test_sigpipe(site):
    """SIGPIPE has no effect, neither sent nor earned."""
    with Responder(site) as responder:
        for _ in range(10):
            responder.process.send_signal(signal.SIGPIPE)
            connection = Connection(responder.socket)
            connection.send(request())
            connection.close()
        check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
        assert responder.process.poll() is None
        assert responder.stop() == 0


def test_inherited_signals(site):
    """A parent that ignored or blocked them does not make it deaf."""
    def preexec():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)

    for number in (signal.SIGTERM, signal.SIGHUP):
        with Responder(site, preexec=preexec) as responder:
            check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
            assert responder.stop(number) == 0


def test_requests_wait_for_a_restart(site):
    """What is queued while no process runs is answered by the next one."""
    with Listener(site.root / "fcgi.sock") as listener, ExitStack() as stack:
        with Responder(site, listener) as first:
            check(fastcgi.ask(listener), 200, POLICY_WIRE)
            assert first.stop() == 0
        clients = [stack.enter_context(Connection(listener))
                   for _ in range(50)]
        for client in clients:
            client.send(request())
        with Responder(site, listener):
            for client in clients:
                check(client.answer(), 200, POLICY_WIRE)


def test_requests_with_the_signal(site):
    """
    Requests and the signal that find it at the same moment: each request is
    answered, by this process or the next.
    """
    with Listener(site.root / "fcgi.sock") as listener:
        for number in STOPPING * 3:
            with Responder(site, listener) as first, ExitStack() as stack:
                kept = stack.enter_context(Connection(listener))
                check(kept.ask(), 200, POLICY_WIRE)
                first.process.send_signal(signal.SIGSTOP)
                clients = [kept] + [stack.enter_context(Connection(listener))
                                    for _ in range(150)]
                for client in clients:
                    client.send(request(keep=False))
                first.process.send_signal(number)
                first.process.send_signal(signal.SIGCONT)
                assert first.wait() == 0
                with Responder(site, listener):
                    for client in clients:
                        check(client.answer(), 200, POLICY_WIRE)


def test_restarts_under_load(site):
    """Clients go on and on while it is restarted: not one is turned away."""
    with Listener(site.root / "fcgi.sock") as listener:
        stop, answers, failures = threading.Event(), [], []

        def client():
            while not stop.is_set():
                try:
                    answers.append(fastcgi.ask(listener).body)
                except Exception as error:  # pylint: disable=broad-except
                    failures.append(repr(error))

        threads = [threading.Thread(target=client) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            for number in STOPPING * 3:
                with Responder(site, listener) as responder:
                    time.sleep(0.05)
                    assert responder.stop(number) == 0
        finally:
            with Responder(site, listener):
                stop.set()
                for thread in threads:
                    thread.join()
        assert not failures, f"{failures[:3]} of {len(failures)}"
        assert len(answers) > 100 and set(answers) == {POLICY_WIRE}


def test_several_processes(site):
    """Several on one socket: all clients are served, whoever leaves."""
    with Listener(site.root / "fcgi.sock") as listener, ExitStack() as stack:
        processes = [stack.enter_context(Responder(site, listener))
                     for _ in range(3)]
        clients = [stack.enter_context(Connection(listener))
                   for _ in range(200)]
        for client in clients:
            client.send(request())
        for client in clients:
            check(client.answer(), 200, POLICY_WIRE)
        for process in processes[:2]:
            assert process.stop() == 0
            for _ in range(50):
                check(fastcgi.ask(listener), 200, POLICY_WIRE)
        left = 0
        for client in clients:
            try:
                check(client.ask(), 200, POLICY_WIRE)
                left += 1
            except (BrokenPipeError, ConnectionResetError, Closed):
                pass
        # Those of the third process, which saw nothing of it all.
        assert processes[2].process.poll() is None
        assert left + count_closed(clients) == len(clients)


def count_closed(clients):
    return sum(client.is_closed() for client in clients)


class Supervisor:
    """Starts the responder again whenever it leaves with 0."""

    def __init__(self, site, listener):
        self.site, self.listener = site, listener
        self.codes, self.current = [], None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        while not self._stop.is_set():
            with Responder(self.site, self.listener) as responder:
                self.current = responder
                while not self._stop.is_set() and (
                        responder.process.poll() is None):
                    time.sleep(0.01)
                self.codes.append(responder.stop())

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()


def asked_until(path, body, seconds):
    """The time until that body is served; no other answer but 200 before."""
    start = time.monotonic()
    while True:
        answer = fastcgi.ask(path)
        assert answer.status == 200, answer
        waited = time.monotonic() - start
        if answer.body == body:
            return waited
        assert waited < seconds, f"still the old one after {waited:.2f} s"
        time.sleep(0.01)


def test_link_is_swapped(site):
    """
    A deployment: the policy directory is a link, and a new one takes its
    place. Served at once but for the second in which that is noticed.
    """
    for number in (1, 2, 3):
        release = site.root / f"release{number}"
        release.mkdir(mode=0o755)
        (release / "example.com.txt").write_bytes(
            source(mx=[f"mx{number}.example.com"]))
        (release / "example.com.txt").chmod(0o644)
    link, draft = site.root / "current", site.root / "draft"
    link.symlink_to("release1")
    site.configure(policies=link)
    with Listener(site.root / "fcgi.sock") as listener, \
            Supervisor(site, listener) as supervisor:
        assert asked_until(listener, wire(mx=["mx1.example.com"]), 5) < 5
        for number in (2, 3):
            draft.symlink_to(f"release{number}")
            draft.rename(link)
            asked_until(listener, wire(mx=[f"mx{number}.example.com"]),
                        NOTICED)
    assert supervisor.codes == [0, 0, 0]


def replace_by_rename(site):
    """conf.d goes away and another one comes in its place."""
    other = site.root / "conf.d.new"
    other.mkdir(mode=0o755)
    (other / "example.com.txt").write_bytes(NEW)
    (other / "example.com.txt").chmod(0o644)
    site.policies.rename(site.root / "conf.d.old")
    other.rename(site.policies)


def replace_parent(site):
    """The directory above it is another one."""
    shutil.copytree(site.root / "above", site.root / "new")
    (site.root / "new/conf.d/example.com.txt").write_bytes(NEW)
    (site.root / "above").rename(site.root / "old")
    (site.root / "new").rename(site.root / "above")


@pytest.mark.parametrize("replace", [replace_by_rename, replace_parent])
def test_directory_is_replaced(site, replace):
    if replace is replace_parent:
        (site.root / "above").mkdir(mode=0o755)
        site.policies.rename(site.root / "above/conf.d")
        site.configure(policies=site.root / "above/conf.d")
    with Listener(site.root / "fcgi.sock") as listener, \
            Supervisor(site, listener) as supervisor:
        check(fastcgi.ask(listener), 200, POLICY_WIRE)
        replace(site)
        asked_until(listener, NEW_WIRE, NOTICED)
    assert supervisor.codes == [0, 0]


@pytest.mark.parametrize("remove", [
    lambda site: site.policies.rename(site.root / "elsewhere"),
    lambda site: shutil.rmtree(site.policies),
    lambda site: site.root.rename(str(site.root) + ".gone")],
    ids=["renamed", "removed", "parent renamed"])
def test_directory_is_gone(site, remove):
    """
    Exits 0 within the second; and never a 404 meanwhile, by which senders
    would believe that there is no policy.
    """
    with Responder(site) as responder:
        with Connection(responder.socket) as kept:
            check(kept.ask(), 200, POLICY_WIRE)
            remove(site)
            try:
                start, gone = time.monotonic(), False
                while not gone:
                    assert time.monotonic() - start < NOTICED
                    try:
                        assert kept.ask().status in (200, 500, 503)
                    except (BrokenPipeError, Closed):
                        gone = True
                    time.sleep(0.01)
                assert responder.wait() == 0
                assert time.monotonic() - start < NOTICED
            finally:
                moved = str(site.root) + ".gone"
                if os.path.exists(moved):
                    os.rename(moved, site.root)


def test_request_begun_when_it_notices(site):
    """Half of a request, the directory replaced, the rest: answered."""
    with Responder(site) as responder:
        with Connection(responder.socket) as connection:
            connection.send(request()[:40])
            time.sleep(0.05)
            site.policies.rename(site.root / "elsewhere")
            time.sleep(NOTICED)
            assert responder.process.poll() is None
            connection.send(request()[40:])
            check(connection.answer(), 200, POLICY_WIRE)
            assert responder.wait() == 0


def test_edits(site, responder):
    """Each edit counts from the very next request on, on any connection."""
    name, values = "edited.example", variables("mta-sts.edited.example")
    with Connection(responder.socket) as connection:
        def expect(status, body=None):
            check(connection.ask(values), status, body)
            check(fastcgi.ask(responder.socket, values), status, body)

        for number in range(30):
            expect(404)
            mx = [f"mx{number}.example.com"]
            path = site.write(name, source(mx=mx))
            expect(200, wire(mx=mx))
            site.write(name, NEW)
            expect(200, NEW_WIRE)
            site.write(name, b"version: STSv2\n")
            expect(500)
            site.write(name, NEW, mode=0o666)
            expect(500)
            path.chmod(0o644)
            expect(200, NEW_WIRE)
            path.unlink()
            expect(404)
            site.alias(name, "example.com")
            expect(200, POLICY_WIRE)
            path.unlink()


def test_edit_in_place_of_equal_size(site, responder):
    """Nothing is remembered: not even where size and time stay the same."""
    values = variables("mta-sts.same.example")
    path = site.write("same.example", source(mx=["a.example.com"]))
    status = path.stat()
    with Connection(responder.socket) as connection:
        check(connection.ask(values), 200, wire(mx=["a.example.com"]))
        path.write_bytes(source(mx=["b.example.com"]))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        check(connection.ask(values), 200, wire(mx=["b.example.com"]))


def test_many_policies(site, responder):
    """Ten thousand files make no difference."""
    names = [f"d{number}.example" for number in range(10_000)]
    for name in names:
        os.link(site.policies / "example.com.txt",
                site.policies / f"{name}.txt")
    with Connection(responder.socket) as connection:
        start = time.monotonic()
        for name in names[::20]:
            check(connection.ask(variables("mta-sts." + name)), 200,
                  POLICY_WIRE)
        assert time.monotonic() - start < 5
    assert responder.process.poll() is None
