"""
One thread that never waits on a peer: ten thousand idle connections, the limit
of descriptors, and requests that come slowly or never whole.
"""

import fcntl
import os
import resource
import signal
import socket
import statistics
import subprocess
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import fastcgi
from cgi import check, variables
from faults import needs_heap, status_of
from fastcgi import Connection, begin, params, record, request
from harness import (PATIENCE, POLICY_WIRE, PROGRAM, Listener, Responder,
                     environment, source, wait_for, wire)

IDLE = 10_000

# Descriptors that a process needs besides its connections.
SPARE = 200

# No client may wait longer for an answer while others are slow, on a busy
# machine too; it were PATIENCE if it waited for one of them.
AT_ONCE = 2


@contextmanager
def descriptors(wanted):
    """Raises the limit of descriptors, for children too; gives what it is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE,
                           (max(soft, wanted), max(hard, wanted)))
    except (ValueError, PermissionError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    finally:
        # A hard limit once lowered could not be raised again.
        now = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, now))


def latency(path, count=1000):
    """The median time of a request on a kept connection, in microseconds."""
    data, times = request(), []
    with Connection(path) as connection:
        for _ in range(count):
            start = time.perf_counter()
            connection.send(data)
            answer = connection.answer()
            times.append(time.perf_counter() - start)
            assert answer.body == POLICY_WIRE
    return statistics.median(times) * 1e6


def memory(pid):
    """The resident size of a process in KiB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status
                    if line.startswith("VmRSS:"))


def test_idle_connections(site, capsys):
    """
    Ten thousand clients keep their connections and are idle; one more is
    answered as ever, and each of the ten thousand still is afterwards.
    """
    with descriptors(IDLE + SPARE) as limit, Responder(site) as responder, \
            ExitStack() as stack:
        count = min(IDLE, limit - SPARE)
        alone, before = latency(responder.socket), memory(responder.process.pid)
        idle = []
        for _ in range(count):
            idle.append(stack.enter_context(Connection(responder.socket)))
            check(idle[-1].ask(), 200, POLICY_WIRE)
        among, after = latency(responder.socket), memory(responder.process.pid)
        with capsys.disabled():
            print(f"\n{count} idle connections: {among:.0f} us a request, "
                  f"{alone:.0f} us without them; "
                  f"{(after - before) * 1024 / count:.0f} bytes each"
                  + ("" if count == IDLE else
                     f" (not {IDLE}: at most {limit} descriptors)"))
        for connection in idle:
            check(connection.ask(variables("mta-sts.unknown.example")), 404)


def low_limit(count):
    def apply():
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))
    return apply


def test_descriptors_of_others(site):
    """What a web server left open is closed: mod_fcgid leaves its own pipes."""
    leak = ["/bin/sh", "-c", 'exec 7</etc/hosts; exec "$0" "$@"']
    with Responder(site, prefix=leak) as responder:
        check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
        held = Path(f"/proc/{responder.process.pid}/fd").iterdir()
        assert "/etc/hosts" not in [os.readlink(path) for path in held]


def test_descriptor_limit(site):
    """
    With 32 descriptors two hundred clients come and keep their connections.
    Each is served, with its policy, and those idle longest make room.
    """
    with Responder(site, preexec=low_limit(32)) as responder, \
            ExitStack() as stack:
        clients = []
        for _ in range(200):
            clients.append(stack.enter_context(Connection(responder.socket)))
            check(clients[-1].ask(), 200, POLICY_WIRE)
        time.sleep(0.1)
        closed = [client.is_closed() for client in clients]
        # The oldest ones went, and only they.
        assert closed == sorted(closed, reverse=True)
        usable = closed.count(False)
        assert 4 <= usable <= 30, usable
        for client in clients[-usable:]:
            check(client.ask(), 200, POLICY_WIRE)


def test_limit_spares_the_busy(site):
    """A connection in use is not the one idle longest, however old it is."""
    with Responder(site, preexec=low_limit(32)) as responder, \
            ExitStack() as stack:
        busy = stack.enter_context(Connection(responder.socket))
        for _ in range(100):
            check(busy.ask(), 200, POLICY_WIRE)
            client = stack.enter_context(Connection(responder.socket))
            check(client.ask(), 200, POLICY_WIRE)
        check(busy.ask(), 200, POLICY_WIRE)


def test_limit_and_silent_peers(site):
    """Peers that say nothing, or half of it, do not keep others out."""
    half = request()[:50]
    with Responder(site, preexec=low_limit(32)) as responder, \
            ExitStack() as stack:
        for number in range(300):
            peer = stack.enter_context(Connection(responder.socket))
            if number % 2:
                peer.send(half)
            if number % 20 == 19:
                start = time.monotonic()
                check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
                assert time.monotonic() - start < AT_ONCE


def test_many_at_a_time(site):
    """More clients than descriptors at the same moment: each is served."""
    with Responder(site, preexec=low_limit(40)) as responder, \
            ExitStack() as stack:
        clients = [stack.enter_context(Connection(responder.socket))
                   for _ in range(300)]
        data = request(keep=False)
        served = 0
        for client in clients:
            try:
                client.send(data)
                check(client.answer(), 200, POLICY_WIRE)
                served += 1
            except (ConnectionError, fastcgi.Closed):
                # Idle longest when others came: it had said nothing yet.
                pass
        # What still waited for its turn, or had just got it, was served.
        assert served >= 20, served
        check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)


class Slow:
    """A peer that begins a request at once and goes on at its own pace."""

    def __init__(self, path, data, step):
        self.connection = Connection(path)
        self.connection.socket.setblocking(False)
        self.data, self.step = data, step
        self.start = self.next = time.monotonic()
        self.closed = None  # seconds from its first byte

    def go_on(self, now):
        if self.closed is not None:
            return
        if self.connection.is_closed():
            self.closed = now - self.start
        elif self.step and now >= self.next and self.data:
            self.next = now + self.step
            try:
                self.connection.socket.send(self.data[:1])
            except ConnectionError:
                return
            self.data = self.data[1:]


def test_slow_requests(responder):
    """
    Requests that stop anywhere or drip in byte by byte lose their connection
    when their patience is over, and delay nobody until then.
    """
    whole = begin() + params(variables()) + record(fastcgi.STDIN)
    slow = []
    with ExitStack() as stack:
        for length in (1, 7, 8, 15, 16, 20, 24, 100, len(whole) - 17,
                       len(whole) - 16, len(whole) - 9):
            slow.append(Slow(responder.socket, b"", 0))
            slow[-1].connection.socket.send(whole[:length])
        for step in (0.5, 0.1, 0.02):
            slow.append(Slow(responder.socket, whole, step))
        for peer in slow:
            stack.callback(peer.connection.close)
        kept = stack.enter_context(Connection(responder.socket))
        silent = stack.enter_context(Connection(responder.socket))
        longest, end = 0, time.monotonic() + 2 * PATIENCE
        while time.monotonic() < end and any(p.closed is None for p in slow):
            now = time.monotonic()
            for peer in slow:
                peer.go_on(now)
            start = time.monotonic()
            check(kept.ask(), 200, POLICY_WIRE)
            check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
            longest = max(longest, time.monotonic() - start)
            time.sleep(0.005)
        late = [peer.closed for peer in slow]
        assert all(t and PATIENCE - 0.5 < t < 2 * PATIENCE for t in late), late
        assert longest < AT_ONCE, f"others waited {longest:.2f} seconds"
        # Who has not begun a request has all the time there is.
        check(silent.ask(), 200, POLICY_WIRE)


def test_slow_but_in_time(responder):
    """Slow is no fault: what is whole before the time is over is answered."""
    data = request()
    with Connection(responder.socket) as connection:
        for at in range(0, len(data) - 8, 16):
            connection.send(data[at:min(at + 16, len(data) - 8)])
            time.sleep(0.04)
        connection.send(data[-8:])
        check(connection.answer(), 200, POLICY_WIRE)
        check(connection.ask(), 200, POLICY_WIRE)


def test_stopped_meanwhile(responder):
    """
    The rest has come in time, but the responder was stopped for longer than
    that: it looks before it says that nothing has come.
    """
    data, pid = request(), responder.process.pid
    with Connection(responder.socket) as connection:
        connection.send(data[:50])
        # It waits again, or there would be no wait that is broken off.
        check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
        wait_for(lambda: "S" in status_of(pid, "State"))
        os.kill(pid, signal.SIGSTOP)
        try:
            connection.send(data[50:])
            time.sleep(PATIENCE + 0.5)
        finally:
            os.kill(pid, signal.SIGCONT)
        check(connection.answer(), 200, POLICY_WIRE)


def test_end_that_comes_late(responder):
    """
    Without FCGI_KEEP_CONN the answer may be there before the empty STDIN is
    sent: that is no failure of the peer's, and the connection then ends.
    """
    data = request(keep=False)
    with Connection(responder.socket) as connection:
        connection.send(data[:-8])
        check(connection.answer(), 200, POLICY_WIRE)
        assert connection.drain() == b"", "there will be no more"
        time.sleep(0.05)
        connection.send(data[-8:])


@needs_heap
def test_half_requests_take_bounded_memory(site):
    """2,000 of nearly 64 KiB each; and afterwards it is given back."""
    half = (begin() + record(fastcgi.PARAMS, bytes(65_000)))[:65_000]
    with descriptors(4000), Responder(site) as responder, ExitStack() as peers:
        pid = responder.process.pid
        check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
        before = memory(pid)
        for _ in range(2000):
            peers.enter_context(Connection(responder.socket)).send(half)
        check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
        # On a slow machine the patience with the first is over by now.
        assert 8 * 1024 < memory(pid) - before < 96 * 1024
        peers.close()
        wait_for(lambda: memory(pid) - before < 4 * 1024)
        check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)


def test_over_tcp(site):
    """A TCP listener is served alike; large requests and answers too."""
    names = [f"mx{number}.large.example" for number in range(2500)]
    site.write("large.example", source(mx=names))
    large = variables("mta-sts.large.example", HTTP_COOKIE="c" * 60_000)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        with Responder(site, listener):
            for keep in (True, False):
                with Connection(listener.getsockname()) as connection:
                    check(connection.ask(), 200, POLICY_WIRE)
                    check(connection.ask(large), 200, wire(mx=names))
                    check(connection.ask(keep=keep), 200, POLICY_WIRE)
                    if not keep:
                        assert connection.drain() == b""


def test_log_that_nobody_reads(site):
    """
    The log is a pipe, full, with nobody at its end: requests are answered all
    the same, and a signal ends it.
    """
    for number in range(40):
        site.write(f"broken{number}.example", b"mode: " + b"x" * 50 + b"\n")
    site.write("example.com")
    with Listener(site.root / "fcgi.sock") as listener:
        reading, writing = os.pipe()
        try:
            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
            with subprocess.Popen([PROGRAM, "-c", site.settings],
                                  stdin=listener, stderr=writing,
                                  env=environment()) as process:
                for number in range(40):
                    host = f"mta-sts.broken{number}.example"
                    check(fastcgi.ask(listener, variables(host)), 500)
                check(fastcgi.ask(listener), 200, POLICY_WIRE)
                process.terminate()
                assert process.wait(15) == 0
        finally:
            os.close(reading)
            os.close(writing)
