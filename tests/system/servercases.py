"""
What is asked of every web server in the same words: each test file that names
one has a class that inherits these cases, and a fixture "server" that lasts as
long as the file. The servers themselves are in webservers.py.
"""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from faults import set_limit
from harness import PATH, POLICY, POLICY_WIRE, Site, source, wait_for, wire
from webserver import FORGED

HEADERS = [("cache-control", "no-cache"), ("content-type", "text/plain"),
           ("x-content-type-options", "nosniff")]
REASONS = {400: b"400 Bad Request\r\n", 404: b"404 Not Found\r\n",
           405: b"405 Method Not Allowed\r\n",
           500: b"500 Internal Server Error\r\n",
           503: b"503 Service Unavailable\r\n"}
ALLOW = ("allow", "GET, HEAD")
RETRY = ("retry-after", "300")

# The third line of this one is wrong.
BROKEN = b"version: STSv1\nmode: enforce\nmx: mail_1.example.com\nmax_age: 9\n"

# DESIGN.md, "What the wire sees": what is asked, the status, and for 200 the
# body. A server may refuse a bad Host by itself: see OWN_WORDS.
TABLE = [
    ("a policy", {}, 200, POLICY_WIRE),
    ("HEAD", {"method": "HEAD"}, 200, POLICY_WIRE),
    ("a query", {"path": PATH + "?when=now"}, 200, POLICY_WIRE),
    ("an alias", {"host": "mta-sts.alias.example"}, 200, POLICY_WIRE),
    ("upper case", {"host": "MTA-STS.Example.COM"}, 200, POLICY_WIRE),
    ("a port", {"host": "mta-sts.example.com:443"}, 200, POLICY_WIRE),
    ("a final dot", {"host": "mta-sts.example.com."}, 200, POLICY_WIRE),
    ("both", {"host": "mta-sts.example.com.:8443"}, 200, POLICY_WIRE),
    ("HTTP/1.0", {"version": "1.0"}, 200, POLICY_WIRE),
    ("no 206", {"headers": {"Range": "bytes=0-3"}}, 200, POLICY_WIRE),
    ("no 304", {"headers": {"If-None-Match": "*"}}, 200, POLICY_WIRE),
    ("no 304 by date", {"headers": {
        "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}},
     200, POLICY_WIRE),
    ("unknown", {"host": "mta-sts.unknown.example"}, 404, None),
    ("unknown, below a known", {"host": "mta-sts.a.example.com"}, 404, None),
    ("unknown, HEAD", {"host": "mta-sts.unknown.example", "method": "HEAD"},
     404, None),
    ("shared text", {"host": "mta-sts.mta-sts.example.com"}, 404, None),
    ("broken", {"host": "mta-sts.broken.example"}, 500, None),
    ("broken, HEAD", {"host": "mta-sts.broken.example", "method": "HEAD"},
     500, None),
    ("writable by others", {"host": "mta-sts.open.example"}, 500, None),
    ("no host name", {"host": "mta-sts.exa_mple.com"}, 400, None),
    ("an empty label", {"host": "mta-sts.example..com"}, 400, None),
    ("an over-long label", {"host": "mta-sts." + 64 * "a"}, 400, None),
    ("POST", {"method": "POST", "body": b"x=1"}, 405, None),
    ("an empty POST", {"method": "POST", "body": b""}, 405, None),
    ("PUT", {"method": "PUT", "body": b"version: STSv1"}, 405, None),
    ("DELETE", {"method": "DELETE"}, 405, None),
]

# What some servers answer themselves, with the same status.
OWN_WORDS = {400}

OTHER_PATHS = ["/", "/.well-known/", PATH + ".bak", PATH + "/", PATH + "/more",
               PATH.upper(), "/.well-known/mta-sts", "/cgi-bin/mta-sts.fcgi"]


def furnish(site):
    """The policies that TABLE speaks of."""
    site.write("example.com", POLICY)
    site.alias("alias.example", "example.com")
    site.write("broken.example", BROKEN)
    site.write("broken.example.com", BROKEN)
    site.write("open.example", POLICY, mode=0o666)


def serve(kind, **more):
    """A fixture's inside: that server on a site of its own."""
    if kind.path() is None:
        pytest.skip(f"{kind.binary} is not installed")
    with Site() as site:
        furnish(site)
        with kind(site, **more) as server:
            yield server


def in_threads(count, work):
    """Runs work(number) in so many threads and raises what one raised."""
    failures = []

    def run(number):
        try:
            work(number)
        except BaseException as failure:
            failures.append(failure)
    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def times_of(server, seconds):
    """Asks again and again for so long; how long each answer took."""
    times, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        begin = time.monotonic()
        assert server.ask().status == 200
        times.append(time.monotonic() - begin)
    return times


def files_limit(pid):
    """How many files a process may open, as it stands now."""
    for line in Path(f"/proc/{pid}/limits").read_text().splitlines():
        if line.startswith("Max open files"):
            return int(line.split()[3])
    raise AssertionError("no such limit")


def slow_post(server, seconds, length=1000):
    """Sends the head of a POST at once and its body a byte at a time."""
    it = server.connection()
    if it.sock is None:
        it.connect()
    it.sock.sendall(b"POST %s HTTP/1.1\r\nHost: mta-sts.example.com\r\n"
                    b"Content-Length: %d\r\n\r\n" % (PATH.encode(), length))
    sent, end = 0, time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            it.sock.sendall(b"x")
            sent += 1
            time.sleep(0.05)
    except OSError:
        pass  # a server need not wait for the rest of it
    finally:
        it.close()
    return sent


class ServerCases:
    """The cases; the subclass adds what its server alone promises."""

    @pytest.mark.parametrize("what, status, body",
                             [row[1:] for row in TABLE],
                             ids=[row[0] for row in TABLE])
    def test_wire(self, server, what, status, body):
        reply = server.ask(**what)
        assert reply.status == status, server.log()
        if status in OWN_WORDS and ("x-content-type-options",
                                    "nosniff") not in reply.headers:
            assert b"STSv1" not in reply.body
            return
        whole = body if body else REASONS[status]
        more = [("content-length", str(len(whole)))]
        more += [ALLOW] if status == 405 else []
        assert reply.policy_headers() == sorted(HEADERS + more)
        head = what.get("method") == "HEAD"
        assert reply.body == (b"" if head else whole)

    @pytest.mark.parametrize("path", OTHER_PATHS)
    def test_another_path(self, server, path):
        reply = server.ask(path=path)
        assert reply.status in (403, 404), reply
        assert b"mx1.example.com" not in reply.body

    def test_customer_does_not_shadow(self, server):
        """His file is there and is served, by its other name alone."""
        forged = server.ask("www.example.com", path="/.well-known/forged.txt")
        assert (forged.status, forged.body) == (200, FORGED)
        for host in ("mta-sts.example.com", "mta-sts.unknown.example",
                     "mta-sts.broken.example", "mta-sts.open.example"):
            for method in ("GET", "POST"):
                assert FORGED not in server.ask(host, method).body

    def test_customer_need_not_have_it(self, server):
        """With no such file below his document root it is the same."""
        forged = server.customer / PATH[1:]
        forged.rename(forged.with_name("away"))
        try:
            assert server.ask().body == POLICY_WIRE
        finally:
            forged.with_name("away").rename(forged)

    def test_refused_is_in_the_log(self, server):
        """With the place and the cause, which the client is not told."""
        server.site.write("logged.example", BROKEN)
        reply = server.ask("mta-sts.logged.example")
        assert reply.status == 500
        assert b"mail_1" not in reply.body
        path = server.site.policies / "logged.example.txt"
        wait_for(lambda: f"{path}:3:" in server.log())
        line = next(line for line in server.log().splitlines()
                    if f"{path}:3:" in line)
        assert "logged.example" in line and "error: " in line

    def test_at_once(self, server):
        """New, edited, aliased, broken and removed: the next request."""
        site, host = server.site, "mta-sts.edited.example"
        assert server.ask(host).status == 404
        for age in range(100000, 100020):
            site.write("edited.example", source(max_age=age))
            assert server.ask(host).body == wire(max_age=age)
        site.write("edited.example", BROKEN)
        assert server.ask(host).status == 500
        (site.policies / "edited.example.txt").unlink()
        assert server.ask(host).status == 404
        site.alias("edited.example", "example.com")
        assert server.ask(host).body == POLICY_WIRE
        (site.policies / "edited.example.txt").unlink()
        assert server.ask(host).status == 404

    def test_many_bodies(self, server):
        """A body that nobody reads never spoils its answer, nor the next."""
        for size in (1, 100, 10000) * 10:
            reply = server.ask(method="POST", body=b"x" * size)
            assert reply.status == 405, server.log()
            assert ALLOW in reply.headers
            assert server.ask().body == POLICY_WIRE

    def test_bodies_of_others(self, server):
        """Who sends bodies spoils no answer that somebody else waits for."""
        def work(number):
            for _ in range(300):
                if number < 2:
                    reply = server.ask(method="POST", body=b"x" * 100)
                    assert reply.status == 405, server.log()
                else:
                    reply = server.ask()
                    assert reply.status == 200, server.log()
        in_threads(6, work)

    def test_many_clients(self, server):
        def work(_):
            for _ in range(50):
                assert server.ask().body == POLICY_WIRE
        in_threads(4, work)

    def test_slow_post_stalls_nobody(self, server):
        """While a body trickles in, others are answered as fast as ever."""
        sent = []
        slow = threading.Thread(
            target=lambda: sent.append(slow_post(server, 3)))
        slow.start()
        try:
            time.sleep(0.3)
            during = times_of(server, 2)
        finally:
            slow.join()
        assert sent[0] > 0
        # But for a moment in which the machine is busy with something else.
        assert len(during) >= 5 and max(during) < 2, during
        assert sorted(during)[len(during) * 9 // 10 - 1] < 1, during

    @pytest.mark.parametrize("number", ["SIGKILL", "SIGTERM", "SIGHUP"])
    def test_started_again(self, server, number):
        """However it ends, it is served again soon, and nothing odd before."""
        assert server.ask().status == 200
        server.signal(getattr(signal, number))
        seen = set()

        def served():
            reply = server.ask()
            seen.add(reply.status)
            return reply.status == 200
        wait_for(served)
        assert seen <= {200, 500, 503}, seen
        assert server.ask().body == POLICY_WIRE

    def test_new_settings(self, server):
        """SIGHUP brings them into effect."""
        site, host = server.site, "mta-sts.extended.example"
        site.write("extended.example", source() + b"x_more: things\n")
        assert server.ask(host).status == 500
        try:
            site.configure('unknown_fields = "pass";\n')
            server.signal(signal.SIGHUP)
            wait_for(lambda: server.ask(host).status == 200)
            assert server.ask(host).body == wire() + b"x_more: things\r\n"
        finally:
            site.configure()
            server.signal(signal.SIGHUP)
        wait_for(lambda: server.ask(host).status == 500)
        wait_for(lambda: server.ask().status == 200)

    def test_directory_replaced(self, server):
        """A policy directory that is swapped counts within seconds."""
        site, host = server.site, "mta-sts.swapped.example"
        site.write("swapped.example", source(max_age=111111))
        assert server.ask(host).body == wire(max_age=111111)
        gone = server.responders()
        other, old = site.root / "conf.new", site.root / "conf.old"
        other.mkdir()
        other.chmod(0o755)
        for path in site.policies.iterdir():
            if path.is_symlink():
                (other / path.name).symlink_to(os.readlink(path))
            else:
                (other / path.name).write_bytes(path.read_bytes())
                (other / path.name).chmod(path.stat().st_mode & 0o777)
        (other / "swapped.example.txt").write_bytes(source(max_age=222222))
        site.policies.rename(old)
        other.rename(site.policies)
        wait_for(lambda: not set(gone) & set(server.responders()), 15)
        if server.responder:
            assert server.responder.wait() == 0
            server.responder.start()
        wait_for(lambda: server.ask(host).body == wire(max_age=222222))


class FastCgiCases(ServerCases):
    """What can be seen only where the responder stays."""

    def test_cannot_be_read_just_now(self, server):
        """No descriptor is left for the policy: 503, and 200 again later."""
        assert server.ask().status == 200
        pids = server.responders()
        limits = {pid: files_limit(pid) for pid in pids}
        try:
            # A connection is not always answered, and then the server has an
            # error of its own to tell. Nor is each closed at once, which then
            # leaves room for one more.
            replies = []

            def told():
                for pid in pids:
                    used = {int(entry.name)
                            for entry in Path(f"/proc/{pid}/fd").iterdir()}
                    free = min(set(range(len(used) + 1)) - used)
                    # Room for the connection itself, where it is not kept; by
                    # turns where it is, since the kept one may have gone.
                    room = len(replies) % 2 if server.keeps else 1
                    set_limit(pid, "nofile", free + room)
                replies.append(server.ask())
                return replies[-1].body == REASONS[503]
            wait_for(told)
        finally:
            for pid, limit in limits.items():
                set_limit(pid, "nofile", limit)
        reply = replies.pop()
        assert all(it.status in (500, 502, 503, 504) or it.body == POLICY_WIRE
                   for it in replies), replies
        assert reply.status == 503
        assert reply.policy_headers() == sorted(
            HEADERS + [RETRY, ("content-length", str(len(reply.body)))])
        assert server.ask().body == POLICY_WIRE
