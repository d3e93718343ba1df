"""
How the responder leaves at a signal, and what is lost by that: nothing. Signals
in the middle of a request, restarts under load, several processes.
"""

import signal
import threading
import time
from contextlib import ExitStack

import pytest

import fastcgi
from cgi import check
from fastcgi import Connection, Closed, request
from harness import PATIENCE, POLICY_WIRE, Listener, Responder, wait_for

# Seconds until it has left when nothing keeps it, on a busy machine too: less
# than the two for which libfcgi lingers.
PROMPTLY = 1.5
# For so long it waits for the first request of whoever has connected: on a busy
# machine a client may be later.
MOMENT = 0.2

STOPPING = [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGHUP]


def accepted(responder):
    """Waits until whoever has connected before has been accepted."""
    check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)


@pytest.mark.parametrize("number", STOPPING, ids=lambda n: n.name)
def test_idle(site, number):
    """With a connection that is silent or idle: exits 0 promptly."""
    for kept in (False, True):
        with Responder(site) as responder:
            with Connection(responder.socket) as connection:
                if kept:
                    check(connection.ask(), 200, POLICY_WIRE)
                accepted(responder)
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
        accepted(responder)
        responder.process.send_signal(number)
        time.sleep(0.2)
        assert responder.process.poll() is None, "it did not wait"
        for connection, rest in halves:
            connection.send(rest)
            check(connection.answer(), 200, POLICY_WIRE)
            assert connection.drain() == b""
        start = time.monotonic()
        assert responder.wait() == 0
        assert time.monotonic() - start < PROMPTLY


def test_request_that_is_never_completed(site):
    """It keeps the responder for as long as its patience and no longer."""
    with Responder(site) as responder:
        with Connection(responder.socket) as connection:
            start = time.monotonic()
            connection.send(request()[:40])
            accepted(responder)
            assert responder.stop() == 0
            assert PATIENCE - 0.5 < time.monotonic() - start < 2 * PATIENCE
            assert connection.drain() == b""


def test_several_signals(site):
    """A second signal changes nothing."""
    with Responder(site) as responder:
        with Connection(responder.socket) as connection:
            connection.send(request()[:40])
            accepted(responder)
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
                begun = time.monotonic()
                try:
                    answers.append(fastcgi.ask(listener).body)
                except (Closed, ConnectionError) as error:
                    if time.monotonic() - begun < MOMENT:
                        failures.append(repr(error))
                except Exception as error:  # pylint: disable=broad-except
                    failures.append(repr(error))

        threads = [threading.Thread(target=client) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            for number in STOPPING * 3:
                enough = len(answers) + 20
                with Responder(site, listener) as responder:
                    wait_for(lambda: len(answers) > enough or failures)
                    assert responder.stop(number) == 0
        finally:
            with Responder(site, listener):
                stop.set()
                for thread in threads:
                    thread.join()
        assert not failures, f"{failures[:3]} of {len(failures)}"
        assert set(answers) == {POLICY_WIRE}


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
            except (ConnectionError, Closed):
                pass
        # Those of the third process, which saw nothing of it all.
        assert processes[2].process.poll() is None
        assert left + count_closed(clients) == len(clients)


def count_closed(clients):
    return sum(client.is_closed() for client in clients)
