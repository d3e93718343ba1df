"""
Behind each web server, with four clients who ask on and on: the responder is
killed, stopped for five seconds, or out of memory; the web server is reloaded
or restarted. How many requests fail, and for how long, is printed (pytest -s).
"""

import os
import signal
import time
from contextlib import ExitStack, contextmanager

import pytest

import webservers
from faults import Load, Supervisor, needs_heap, no_more_memory
from harness import PATH, POLICY_WIRE, wait_for
from servercases import serve
from webservers import ApacheFcgid, ApacheProxy, Nginx


class RoomForHeaders:
    """lighttpd takes no headers of more than 8 KiB unless it is told so."""

    def main(self, shipped):
        return super().main(shipped) + (
            "server.max-request-field-size = 65535\n")


class Lighttpd(RoomForHeaders, webservers.Lighttpd):
    pass


class LighttpdSocket(RoomForHeaders, webservers.LighttpdSocket):
    pass


KINDS = [ApacheProxy, ApacheFcgid, Lighttpd, LighttpdSocket, Nginx]
CLIENTS = 4
STOPPED = 5

# What a web server may say while it has no responder.
WITHOUT = {500, 502, 503}

# What a client may see while there is no web server.
AWAY = {"ConnectionRefusedError", "ConnectionResetError", "RemoteDisconnected",
        "ConnectionAbortedError", "BrokenPipeError", "IncompleteRead",
        "BadStatusLine", "SSLEOFError", "SSLZeroReturnError"}

# How long nobody is answered after the responder was killed; a server that
# starts it itself waits some time before it does so again.
KILLED = {ApacheProxy: 3, LighttpdSocket: 3, Nginx: 3, ApacheFcgid: 6,
          Lighttpd: 8}


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.__name__)
def server(request):
    yield from serve(request.param)


@contextmanager
def supervised(server):
    """Where systemd would start the responder again, so does this."""
    with ExitStack() as stack:
        if server.responder:
            stack.enter_context(Supervisor(server.responder))
        yield


def outcome(server):
    """Of a request: its status, or "wrong" for a 200 of another kind."""
    reply = server.ask()
    if reply.status == 200 and reply.body != POLICY_WIRE:
        return "wrong"
    return reply.status


def told(server, what, load):
    """Prints what came of it; the outcomes, how many failed, and the gap."""
    count = load.count()
    gap = load.longest_gap(200)
    failed = sum(count.values()) - count[200]
    print(f"\n{type(server).__name__}: {what}: {failed} of "
          f"{sum(count.values())} failed {dict(count)}, "
          f"{gap:.2f} s without an answer, the slowest took "
          f"{load.slowest(200):.2f} s")
    return set(count), failed, gap


def kill_all(server):
    for pid in server.responders():
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("times", [1, 3], ids=["once", "thrice"])
def test_killed(server, times):
    """
    All responders, by SIGKILL. With a socket of systemd's only what was being
    answered, or sent, can be lost; what comes later waits for the next one.
    """
    with supervised(server), Load(lambda: outcome(server), CLIENTS) as load:
        time.sleep(0.3)
        for _ in range(times):
            kill_all(server)
            time.sleep(0.3)
        wait_for(lambda: load.outcomes and load.outcomes[-1][2] == 200)
        time.sleep(0.3)
    seen, failed, gap = told(server, f"killed, {times} times", load)
    assert seen <= WITHOUT | {200}
    assert gap < KILLED[type(server)]
    if not server.owns_responder:
        assert failed <= 2 * times * CLIENTS


def test_web_server_reloaded(server):
    """
    Gracefully: the web server goes on, and so do its clients. Only mod_fcgid
    may leave those hanging who want a new process at that moment.
    """
    before = server.responders()
    hung = {"TimeoutError"} if isinstance(server, ApacheFcgid) else set()
    with supervised(server), Load(lambda: outcome(server), CLIENTS) as load:
        time.sleep(0.2)
        server._process.send_signal({"nginx": signal.SIGHUP}.get(
            server.binary, signal.SIGUSR1))
        time.sleep(1.2)
        wait_for(lambda: server.ask().status == 200, 5)
    seen, failed, gap = told(server, "reloaded", load)
    assert seen <= WITHOUT | AWAY | hung | {200}
    assert failed <= CLIENTS
    assert gap < 5 or seen & hung
    do_not_pile_up(server, before)


def test_web_server_restarted(server):
    """Ended and started: nobody is answered meanwhile, and nobody wrongly."""
    before = server.responders()
    with supervised(server), Load(lambda: outcome(server), CLIENTS) as load:
        time.sleep(0.2)
        server._stop()
        server._start()
        time.sleep(0.5)
    seen, _, gap = told(server, "restarted", load)
    assert seen <= AWAY | {200}
    assert gap < 5
    do_not_pile_up(server, before)


def do_not_pile_up(server, before):
    """No more responders than a server's settings allow; systemd's is kept."""
    if server.responder:
        assert server.responders() == before
    else:
        wait_for(lambda: 1 <= len(server.responders()) <= CLIENTS)


@needs_heap
def test_no_memory(server):
    """
    The responders can have no more memory, and a request needs more: the web
    server tells of an error. With memory all is well.
    """
    def ask_much():
        # nginx hands on the query alone.
        return server.ask(path=PATH + "?" + "q" * 7000, headers={
            f"X-{number}": "x" * 7000 for number in range(3)})

    assert outcome(server) == 200
    pids = server.responders()
    assert pids
    with ExitStack() as stack:
        for pid in pids:
            stack.enter_context(no_more_memory(pid))
        told_so = {ask_much().status for _ in range(5)}
    print(f"\n{type(server).__name__}: no memory: {told_so}")
    # mod_fcgid may start another one meanwhile.
    assert told_so & WITHOUT
    assert told_so <= WITHOUT | ({200} if type(server) is ApacheFcgid
                                 else set())
    for _ in range(5):
        assert ask_much().body == POLICY_WIRE
    assert set(pids) <= set(server.responders())


def test_stopped():
    """
    All the responders of all servers, by SIGSTOP for five seconds: who waits
    is answered when they go on.
    """
    with ExitStack() as stack:
        servers = [stack.enter_context(contextmanager(serve)(kind))
                   for kind in KINDS if kind.path()]
        loads = [stack.enter_context(Load(lambda it=it: outcome(it), 2))
                 for it in servers]
        time.sleep(0.5)
        pids = [pid for it in servers for pid in it.responders()]
        for number, seconds in ((signal.SIGSTOP, STOPPED),
                                (signal.SIGCONT, 0.7)):
            for pid in pids:
                os.kill(pid, number)
            time.sleep(seconds)
        for load in loads:
            load.stop()
        for it, load in zip(servers, loads):
            seen, _, gap = told(it, f"stopped for {STOPPED} s", load)
            assert seen == {200}
            assert STOPPED - 1 < gap < 2 * STOPPED or it.owns_responder
