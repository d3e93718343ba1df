"""
A small FastCGI client (FastCGI 1.0), its records made by hand so that a test
can also send what no web server would. Reads answers record by record. Does
not multiplex.
"""

import fcntl
import os
import socket
import struct
import termios
import time

import cgi
from harness import wait_for

BEGIN_REQUEST, ABORT_REQUEST, END_REQUEST = 1, 2, 3
PARAMS, STDIN, STDOUT, STDERR, DATA, GET_VALUES = 4, 5, 6, 7, 8, 9

RESPONDER = 1
KEEP_CONN = 1
RECORD_MAX = 65535


def record(kind, content=b"", number=1, padding=0, version=1):
    """One record; padding is that many bytes after the content."""
    return struct.pack(">BBHHBx", version, kind, number, len(content),
                       padding) + content + b"\xa5" * padding


def begin(keep=True, number=1, role=RESPONDER):
    return record(BEGIN_REQUEST,
                  struct.pack(">HB5x", role, KEEP_CONN if keep else 0), number)


def pairs(values):
    """Names and values in the encoding of PARAMS."""
    def length(data):
        return (bytes([len(data)]) if len(data) < 128
                else struct.pack(">I", len(data) | 1 << 31))
    return b"".join(length(name) + length(value) + name + value
                    for name, value in
                    ((n.encode(), v) for n, v in values.items()))


def params(values, number=1, pieces=None, padding=0):
    """
    PARAMS records up to the empty one. pieces: the offsets at which the pairs
    are cut into records; by default only where a record is full. Only what
    has content is padded, as web servers do it.
    """
    data = pairs(values)
    cuts = sorted({0, len(data), *(pieces or range(0, len(data), RECORD_MAX))})
    chunks = [data[a:b] for a, b in zip(cuts, cuts[1:])]
    return b"".join(record(PARAMS, chunk, number, padding)
                    for chunk in chunks) + record(PARAMS, b"", number)


def request(values=None, keep=True, number=1, stdin=b"", pieces=None,
            padding=0):
    """A whole request. stdin: the body; None leaves STDIN out."""
    values = cgi.variables() if values is None else values
    parts = [begin(keep, number), params(values, number, pieces, padding)]
    if stdin:
        parts.append(record(STDIN, stdin, number, padding))
    if stdin is not None:
        parts.append(record(STDIN, b"", number, padding))
    return b"".join(parts)


def outputs(data):
    """The STDOUT of each request id in what a responder has sent."""
    found = {}
    while data:
        kind, number, length, padding = struct.unpack(">xBHHBx", data[:8])
        content, data = data[8:8 + length], data[8 + length + padding:]
        assert len(content) == length, "cut off"
        if kind == STDOUT:
            found[number] = found.get(number, b"") + content
    return found


class Closed(Exception):
    """The responder has closed the connection; .rest: what came before."""

    def __init__(self, rest=b""):
        super().__init__(f"closed after {rest!r}")
        self.rest = rest


class Connection:
    """
    A connection to the responder, whose address is a path, or host and port;
    a context manager.
    """

    def __init__(self, address, seconds=30):
        inet = isinstance(address, tuple)
        self.socket = socket.socket(socket.AF_INET if inet else socket.AF_UNIX)
        self.socket.settimeout(seconds)
        self.socket.connect(address if inet else os.fspath(address))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def settle(self):
        """Waits until the other end, of a unix socket, has read it all."""
        wait_for(lambda: fcntl.ioctl(self.socket, termios.TIOCOUTQ,
                                     bytes(4)) == bytes(4))

    def finish(self):
        """Half close: nothing more will be sent."""
        self.socket.shutdown(socket.SHUT_WR)

    def read(self, length):
        """Exactly that many bytes, or Closed."""
        data = b""
        while len(data) < length:
            try:
                more = self.socket.recv(length - len(data))
            except ConnectionResetError:
                more = b""
            if not more:
                raise Closed(data)
            data += more
        return data

    def read_record(self):
        """The next record: its type, request id and content."""
        version, kind, number, length, padding = struct.unpack(
            ">BBHHBx", self.read(8))
        assert version == 1, version
        content = self.read(length)
        self.read(padding)
        return kind, number, content

    def answer(self, number=1):
        """Reads one answer up to its END_REQUEST."""
        output, errors = b"", b""
        while True:
            kind, got, content = self.read_record()
            assert got == number, f"an answer to {got}, not to {number}"
            if kind == STDOUT:
                output += content
            elif kind == STDERR:
                errors += content
            else:
                break
        assert kind == END_REQUEST, kind
        assert content == bytes(8), f"status {content!r}"
        assert not errors, errors
        return cgi.parse(output)

    def ask(self, values=None, **more):
        """Sends a whole request and reads its answer."""
        self.send(request(values, **more))
        return self.answer(more.get("number", 1))

    def drain(self, seconds=30):
        """Whatever still comes until the responder closes."""
        end, data = time.monotonic() + seconds, b""
        while True:
            self.socket.settimeout(max(0.001, end - time.monotonic()))
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                return data
            data += more

    def is_closed(self):
        """Whether it has been closed by now, with nothing left to read."""
        seconds = self.socket.gettimeout()
        self.socket.setblocking(False)
        try:
            return not self.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True
        finally:
            self.socket.settimeout(seconds)


def ask(path, values=None, **more):
    """One request on a connection of its own, which must be closed after."""
    with Connection(path) as connection:
        answer = connection.ask(values, **{"keep": False, **more})
        rest = connection.drain()
        assert rest == b"", f"after the answer: {rest!r}"
        return answer
