"""
A relay between a web server and the responder, which counts the connections
that the server makes: the evidence that it keeps them.
"""

import os
import socket
import threading

import pytest

from harness import POLICY_WIRE, Site
from servercases import furnish, in_threads


class Relay:
    """
    Stands between a web server and the responder's socket, passes all bytes
    on, and counts the connections that are made.
    """

    def __init__(self, path, target):
        self.path, self.target, self.count = str(path), str(target), 0
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(self.path)
        os.chmod(self.path, 0o666)
        self._socket.listen(256)
        self._ends = []

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        for end in [self._socket, *self._ends]:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()
        os.unlink(self.path)

    def _accept(self):
        while True:
            try:
                near, _ = self._socket.accept()
            except OSError:
                return
            self.count += 1
            far = socket.socket(socket.AF_UNIX)
            far.connect(self.target)
            self._ends += [near, far]
            for pair in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=pair,
                                 daemon=True).start()

    @staticmethod
    def _pass(source, sink):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def kept_connections(kind, requests=3000, clients=4):
    """
    Sends that many requests through the server and a Relay; how many
    connections were made for them.
    """
    if kind.path() is None:
        pytest.skip(f"{kind.binary} is not installed")
    with Site() as site:
        furnish(site)
        with Relay(site.root / "relay.sock", site.root / "fcgi.sock") as relay:
            with kind(site, sock=relay.path) as server:
                statuses = []

                def work(_):
                    connection = server.connection()
                    try:
                        for _ in range(requests // clients):
                            reply = server.ask(connection=connection)
                            statuses.append((reply.status, reply.body))
                    finally:
                        connection.close()
                in_threads(clients, work)
                assert len(statuses) == requests
                assert set(statuses) == {(200, POLICY_WIRE)}
                return relay.count
