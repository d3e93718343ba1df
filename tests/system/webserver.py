"""
What the real web servers of webservers.py have in common: a directory, a
customer's document root with a forged policy, a process, the responder behind
it, and a client.
"""

import contextlib
import grp
import http.client
import io
import os
import pwd
import shutil
import signal as signals
import socket
import ssl
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from harness import (PATH, PROGRAM, TOP, Responder, environment, free_port,
                     wait_for)

FORGED = (b"version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n"
          b"x-forged: by the customer\r\n")

# How a connection ends that the server wants no more of.
CUT_OFF = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)

# Headers that a server adds by itself, and that say nothing of the policy.
OF_THE_SERVER = {"date", "server", "connection", "keep-alive"}


@dataclass
class Reply:
    """What the client sees; names of headers in lower case."""
    status: int
    headers: list
    body: bytes

    def policy_headers(self):
        """Those that are the responder's, as a sorted list."""
        return sorted(h for h in self.headers if h[0] not in OF_THE_SERVER)


class _Heard(io.BytesIO):
    """What was heard on a connection, for http.client to read more than once."""

    def makefile(self, *_):
        return self

    def close(self):
        pass


def replies(octets, methods=("GET",)):
    """
    The replies that the octets are, one after the other; methods: what was
    asked, the last for all that follow. What is no reply raises HTTPException.
    """
    heard, found, length = _Heard(octets), [], len(octets)
    while heard.tell() < length:
        method = methods[min(len(found), len(methods) - 1)]
        answer = http.client.HTTPResponse(heard, method=method)
        answer.begin()
        found.append(Reply(answer.status, [(name.lower(), value) for
                                           name, value in answer.getheaders()],
                           answer.read()))
    return found


def worker():
    """The user that a server started by root hands its work to, or None."""
    if os.getuid() != 0:
        return None
    for name in ("www-data", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            pass
    raise RuntimeError("neither www-data nor nobody is a user here")


class Server:
    """
    What they have in common: a directory, a document root, a process, and
    requests. A subclass says how it is configured and started.
    """

    binary = None       # looked for in PATH and /usr/sbin
    shipped = None      # the file of cgi-bin that it includes
    owns_responder = False  # it starts the responder itself
    keeps = False       # it keeps connections to the responder
    tls = None

    def __init__(self, site, changes=(), sock=None):
        """
        changes: more pairs of what is replaced in the shipped file; sock: the
        path that the server is to connect to instead of the responder's.
        """
        self.site = site
        self.port = free_port()
        self.worker = worker()
        self.root = Path(tempfile.mkdtemp(prefix="mta-sts-web-"))
        self.run = self.root / "run"
        self.customer = self.root / "customer"
        # Of its own, so that the worker can reach it and it can be told apart.
        self.program = self.root / "mta-sts.fcgi"
        self.responder = None if self.owns_responder else Responder(site)
        self._sock = sock or site.root / "fcgi.sock"
        self._changes = list(changes)
        self._process = None

    @classmethod
    def path(cls):
        """Where the server's program is, or None."""
        return shutil.which(cls.binary,
                            path=os.environ.get("PATH", "") + ":/usr/sbin")

    def group(self):
        """The name of the worker's group."""
        return grp.getgrgid(self.worker.pw_gid).gr_name

    def __enter__(self):
        try:
            self._furnish()
            if self.responder:
                self.responder.start()
            self._start()
        except BaseException:
            self.__exit__(None)
            raise
        return self

    def __exit__(self, kind, *_):
        try:
            self._stop()
            if self.responder and self.responder.process:
                # Its __exit__ also looks for what a sanitizer said.
                self.responder.__exit__(kind)
            left = self.responders()
            for pid in left:
                os.kill(pid, signals.SIGKILL)
            assert not left, f"{self.binary} left its responder behind"
            assert kind or "Sanitizer" not in self.log(), self.log()
        finally:
            shutil.rmtree(self.root, ignore_errors=True)

    # Setting up.

    def replacements(self):
        """What is replaced in the shipped file: pairs of old and new."""
        raise NotImplementedError

    def main(self, shipped):
        """The text of the main configuration; shipped is to be included."""
        raise NotImplementedError

    def command(self, conf):
        raise NotImplementedError

    def _furnish(self):
        self.root.chmod(0o755)
        self.run.mkdir()
        if self.worker:
            os.chown(self.run, self.worker.pw_uid, self.worker.pw_gid)
        wellknown = self.customer / Path(PATH).parent.name
        wellknown.mkdir(parents=True)
        for name in (Path(PATH).name, "forged.txt"):
            (wellknown / name).write_bytes(FORGED)
        (self.customer / "forged.txt").write_bytes(FORGED)
        shutil.copy(PROGRAM, self.program)
        self.program.chmod(0o755)

    def include(self):
        """Writes the shipped file with its replacements; its new path."""
        text = (TOP / "cgi-bin" / self.shipped).read_text()
        for old, new in [*self.replacements(), *self._changes]:
            assert old in text, f"{self.shipped} has no {old!r} to replace"
            text = text.replace(old, str(new))
        copy = self.root / ("shipped-" + self.shipped)
        copy.write_text(text)
        return copy

    def _start(self):
        conf = self.root / "main.conf"
        conf.write_text(self.main(self.include()))
        with open(self.root / "stderr", "ab") as err:
            self._process = subprocess.Popen(
                [self.path(), *self.command(conf)], stdin=subprocess.DEVNULL,
                stdout=err, stderr=err, env=environment())
        try:
            wait_for(self._is_up)
        except (TimeoutError, AssertionError) as error:
            raise RuntimeError(
                f"{self.binary} does not start: {self.log()}") from error

    def _is_up(self):
        assert self._process.poll() is None, "it has left"
        try:
            return self.ask(path="/") is not None
        except (OSError, http.client.HTTPException):
            return False

    def _stop(self):
        if self._process and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
                raise TimeoutError(f"{self.binary} does not stop") from None
        if self.owns_responder:
            try:
                wait_for(lambda: not self.responders(), 8)
            except TimeoutError:
                pass  # told, and ended, by the caller

    # The responder.

    def responders(self):
        """The process ids of the responders that are this server's."""
        if self.responder:
            process = self.responder.process
            return [process.pid] if process and process.poll() is None else []
        pids = []
        for entry in Path("/proc").iterdir():
            try:
                if (entry.name.isdigit() and
                        os.readlink(entry / "exe") == str(self.program)):
                    pids.append(int(entry.name))
            except OSError:
                pass
        return pids

    def signal(self, signal):
        """
        Sends it to the responder, waits until that is gone, and starts it
        again where that is systemd's part rather than the server's.
        """
        gone = self.responders()
        if self.responder:
            self.responder.stop(signal)
            self.responder.start()
            return
        for pid in gone:
            os.kill(pid, signal)
        wait_for(lambda: not set(gone) & set(self.responders()))

    def log(self):
        """All that the server and the responder have written."""
        text = self.responder.log() if self.responder else ""
        for path in (self.root / "stderr", self.root / "error.log"):
            if path.exists():
                text += path.read_text(errors="backslashreplace")
        return text

    # Requests.

    def connection(self, name="mta-sts.example.com"):
        """A connection; name is what TLS asks for."""
        if not self.tls:
            return http.client.HTTPConnection("127.0.0.1", self.port,
                                              timeout=20)
        it = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20,
                                         context=self.tls)
        plain = socket.create_connection(("127.0.0.1", self.port), 20)
        it.sock = self.tls.wrap_socket(plain, server_hostname=name)
        return it

    def ask(self, host="mta-sts.example.com", method="GET", path=PATH,
            body=None, version="1.1", headers=(), connection=None):
        """One request and its reply. host None: without the header."""
        own = connection is None
        it = self.connection() if own else connection
        it._http_vsn, it._http_vsn_str = int(version.replace(".", "")), \
            "HTTP/" + version
        try:
            it.putrequest(method, path, skip_host=True,
                          skip_accept_encoding=True)
            if host is not None:
                it.putheader("Host", host)
            for name, value in dict(headers).items():
                it.putheader(name, value)
            if body is not None:
                it.putheader("Content-Length", str(len(body)))
            it.endheaders(body)
            answer = it.getresponse()
            return Reply(answer.status, [(name.lower(), value) for name, value
                                         in answer.getheaders()],
                         answer.read())
        finally:
            if own:
                it.close()

    def raw(self, octets, seconds=10, name=None):
        """
        Sends the octets as they are; all that comes back until the server
        closes. Ask for that ("Connection: close") in the last request. name:
        what TLS asks for, if not what connection() does.
        """
        it = self.connection(name) if name else self.connection()
        it.timeout = seconds
        if it.sock is None:
            it.connect()
        heard = []
        try:
            # Closed with octets unread: what came before counts.
            with contextlib.suppress(*CUT_OFF):
                it.sock.sendall(octets)
            with contextlib.suppress(*CUT_OFF):
                while part := it.sock.recv(65536):
                    heard.append(part)
        finally:
            it.close()
        return b"".join(heard)
