"""
What goes on during a soak, each in a thread of its own: edits, and clients that
check every answer against what was right at that moment. soak.py starts and
judges them.
"""

import contextlib
import os
import random
import socket
import struct
import threading
import time
from array import array

import cgi
import command
import fastcgi
from harness import PATH, PATIENCE, source, wire

EDITED = [f"edited{number}.example" for number in range(40)]
ALIASES = [f"alias{number}.example" for number in range(10)]
TARGETS = ["target0.example", "target1.example"]
BROKEN = b"version: STSv1\nmode: enforced\nmx: mx.example.com.\nmax_age: 1d\n"


def text_of(status):
    """The answer of a status that has no policy."""
    return status, f"{status} {cgi.REASONS[status]}\r\n".encode()


class Truth:
    """
    Which answers of a domain are right from when to when: an edit's old one
    until the edit is done, its new one from when it begins.
    """

    KEPT = 60   # seconds that a version is remembered after its end

    def __init__(self):
        self._versions = {}
        self._lock = threading.Lock()
        self.edits = 0

    def begin(self, domain, answer):
        """It was so all the time."""
        self._versions[domain] = [[0, float("inf"), answer]]

    @contextlib.contextmanager
    def change(self, domain, answer):
        """The edit is what is done inside."""
        begun = time.monotonic()
        versions = [version for version in self._versions[domain]
                    if version[1] > begun - self.KEPT]
        old = versions[-1]
        self._versions[domain] = [*versions, [begun, float("inf"), answer]]
        yield
        old[1] = time.monotonic()
        with self._lock:
            self.edits += 1

    def is_right(self, domain, begun, ended, answer):
        return any(begin <= ended and begun <= end and answer == right
                   for begin, end, right in self._versions[domain])


class Worker(threading.Thread):
    """Does turn() again and again, with a pause, until it is to stop."""

    pause = 0.0

    def __init__(self, soak, number=0):
        super().__init__(daemon=True)
        self.soak = soak
        self.number = number
        self.choose = random.Random(f"{self.name} {number}")
        self.stopping = threading.Event()
        self.done = 0
        self.wrong = []         # what was wrong, in words; the first ones
        self.wrongs = 0
        self.times = array("f")

    def turn(self):
        """Raises when something was wrong; False: it was interrupted."""
        raise NotImplementedError

    def run(self):
        while not self.stopping.wait(self.pause):
            begun = time.monotonic()
            try:
                if self.turn() is not False:
                    self.done += 1
            except (AssertionError, OSError, fastcgi.Closed) as error:
                self.blame(repr(error))
            self.times.append(time.monotonic() - begun)
        self.close()

    def blame(self, words):
        self.wrongs += 1
        if len(self.wrong) < 5:
            self.wrong.append(words[:300])

    def close(self):
        pass


class Editor(Worker):
    """Rewrites, breaks, removes and adds policies by plain rename."""

    pause = 0.02

    def turn(self):
        domain = EDITED[self.choose.randrange(0, len(EDITED), 2)]
        site, truth = self.soak.site, self.soak.truth
        what = self.choose.randrange(10)
        path = site.policies / (domain + ".txt")
        if what == 0:
            with truth.change(domain, text_of(500)):
                site.write(domain, BROKEN)
        elif what == 1:
            with truth.change(domain, text_of(404)):
                path.unlink(missing_ok=True)
        elif what == 2:
            alias = ALIASES[self.choose.randrange(0, len(ALIASES), 2)]
            self.relink(alias, self.choose.randrange(len(TARGETS)))
        else:
            age = self.choose.randrange(100_000, 30_000_000)
            with truth.change(domain, (200, wire(max_age=age))):
                site.write(domain, source(max_age=age))

    def relink(self, alias, which):
        policies = self.soak.site.policies
        draft = policies / f".{os.getpid()}.link"
        draft.symlink_to(TARGETS[which] + ".txt")
        with self.soak.truth.change(alias, self.soak.targets[which]):
            draft.rename(policies / (alias + ".txt"))


class Commander(Worker):
    """The same by the command mta-sts."""

    pause = 0.2

    def turn(self):
        domain = EDITED[self.choose.randrange(1, len(EDITED), 2)]
        alias = ALIASES[self.choose.randrange(1, len(ALIASES), 2)]
        site, truth = self.soak.site, self.soak.truth
        what = self.choose.randrange(4)
        age = self.choose.randrange(100_000, 30_000_000)
        good = 200, wire("testing", ("mx.example.net",), age)
        if what == 0:
            with truth.change(domain, text_of(404)):
                (site.policies / (domain + ".txt")).unlink()
            with truth.change(domain, good):
                self.mta_sts("add", "--mode", "testing", "--mx",
                             "mx.example.net", "--max-age", age, domain)
        elif what == 1:
            path = site.policies / (alias + ".txt")
            with truth.change(alias, text_of(404)):
                path.unlink()
            which = self.choose.randrange(len(TARGETS))
            with truth.change(alias, self.soak.targets[which]):
                self.mta_sts("alias", alias, TARGETS[which])
        else:
            with truth.change(domain, good):
                self.mta_sts("set", "--mode", "testing", "--mx",
                             "mx.example.net", "--max-age", age, domain)

    def mta_sts(self, *args):
        done = command.run(self.soak.site, *args)
        assert done.returncode == command.DONE, done


class Reader(Worker):
    """Asks for what is being edited, on a kept connection."""

    pause = 0.003
    connection = None

    def ask(self, domain):
        if self.connection is None:
            self.connection = fastcgi.Connection(self.soak.socket)
        answer = self.connection.ask(cgi.variables("mta-sts." + domain))
        cgi.check(answer, answer.status,
                  answer.body if answer.status == 200 else None)
        return answer

    def turn(self):
        domain = self.choose.choice(EDITED + ALIASES)
        begun = time.monotonic()
        try:
            answer = self.ask(domain)
        except BaseException:
            self.close()
            raise
        ended = time.monotonic()
        assert self.soak.truth.is_right(domain, begun, ended, (
            answer.status, answer.body)), f"{domain}: {answer}"

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None


class WebReader(Reader):
    """The same through a web server."""

    pause = 0.01

    def ask(self, domain):
        # Before the web server does so, after 1,000 of nginx, 100 of Apache.
        if self.done % 50 == 0:
            self.close()
        if self.connection is None:
            self.connection = self.soak.server.connection()
        return self.soak.server.ask("mta-sts." + domain,
                                    connection=self.connection)


NAME = "mta-sts.fixed000000.example"
LONG = "mta-sts." + "a." * 1000 + "example"

# Variables and the status that is due; what needs no Host of its own asks for
# a policy that is there.
HOSTILE = [
    ({"host": host}, 400) for host in (
        None, "", ".", "..", "../../etc/passwd", "mta-sts.../example.com",
        "mta-sts./etc/passwd", LONG, "mta-sts.a/b",
        "mta-sts.192.0.2.7", "[::1]", NAME + "\r\nX: y", NAME + " ",
        NAME + ":x", "user@" + NAME, "mta-sts.b\u00fccher.example",
        "mta-sts." + "l" * 64 + ".example", "mta-sts._hosting")
] + [
    ({"uri": uri}, 404) for uri in (
        "/", "*", PATH + "%00", PATH + "/", "/.." + PATH, "/" + PATH,
        "/.well-known/x/../mta-sts.txt", "/%2ewell-known/mta-sts.txt",
        "/" + "x" * 30000, "https://example.com" + PATH)
] + [
    ({"method": method}, 405) for method in (
        "POST", "PUT", "DELETE", "get", "GET ", "x" * 2000, "")
] + [({"host": host}, 404) for host in (
    # libfcgi's strings end at a NUL.
    "mta-sts.a\0b.example",
    "mta-sts." + ".".join(["l" * 63] * 3) + ".example")]


class Hostile(Worker):
    """Requests that are whole and wanted by nobody."""

    pause = 0.01

    def turn(self):
        values, status = self.choose.choice(HOSTILE)
        variables = cgi.variables(**{"host": NAME, **values})
        body = self.choose.choice([b"", b"", b"x" * 100])
        if body:
            variables["CONTENT_LENGTH"] = b"100"
        with fastcgi.Connection(self.soak.socket) as connection:
            cgi.check(connection.ask(variables, stdin=body,
                                     keep=self.choose.random() < 0.5), status)


def reset(connection):
    """Closes it so that the peer is told, whatever it was sending."""
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 struct.pack("ii", 1, 0))
    connection.close()


class Broken(Worker):
    """Halves, garbage and resets; after each a good request is answered."""

    pause = 0.03

    def turn(self):
        whole = fastcgi.request(cgi.variables(NAME))
        what = self.choose.randrange(6)
        with fastcgi.Connection(self.soak.socket) as connection:
            if what == 0:       # garbage
                connection.send(b"\2" + self.choose.randbytes(500))
                assert connection.drain() == b""
            elif what == 1:     # half a request, and no more
                connection.send(
                    whole[:self.choose.randrange(1, len(whole) // 2)])
                connection.finish()
                assert connection.drain() == b""
            elif what == 2:     # half a request, and away
                connection.send(whole[:self.choose.randrange(1, len(whole))])
                reset(connection)
            elif what == 3:     # nobody reads the answers
                with contextlib.suppress(OSError):
                    for _ in range(5):
                        connection.send(whole)
                reset(connection)
            elif what == 4:     # a length that is a lie
                connection.send(fastcgi.begin() + fastcgi.record(
                    fastcgi.PARAMS, b"\xff\xff\xff\xff\1Ax") + fastcgi.record(
                        fastcgi.PARAMS))
                assert connection.drain() == b""
            else:               # management
                connection.send(fastcgi.record(fastcgi.GET_VALUES, b"", 0))
                assert connection.drain() == b""
        cgi.check(fastcgi.ask(self.soak.socket, cgi.variables(NAME)), 200,
                  self.soak.fixed[0])


class Slow(Worker):
    """A request a byte at a time: in time it is answered, else closed."""

    def turn(self):
        whole = fastcgi.request(cgi.variables(NAME), keep=False)
        late = self.number % 2
        step = 1 if late else len(whole) // 20
        begun = time.monotonic()
        with fastcgi.Connection(self.soak.socket) as connection:
            for at in range(0, len(whole), step):
                if self.stopping.wait(0.05):
                    return False
                try:
                    connection.send(whole[at:at + step])
                except OSError:
                    break
            if not late:
                cgi.check(connection.answer(), 200, self.soak.fixed[0])
            else:
                assert connection.drain() == b"", "half a request answered"
                spent = time.monotonic() - begun
                assert PATIENCE - 1 < spent < PATIENCE + 3, spent
        return True
