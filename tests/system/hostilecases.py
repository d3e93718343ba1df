"""
A hostile customer of lighttpd and nginx, as pytest cases that each test file
inherits. The server has the shipped configuration; the customer's virtual host
is its default, takes every name, and has his own document root. What he and
his clients send is in hostiletables.py.

A server here is one of webservers.py with Hostile in front of it.
"""

import contextlib
import os
import socket
import threading

import pytest

import fastcgi
import hostiletables as tables
import http2
from customer import (INVENTED_HOST, NAME, VICTIM, VICTIM_HOST, Closed,
                      Customer, Directory, Fifo, Link, Program)
from harness import PATH, POLICY_WIRE, Site
from webserver import FORGED, Reply, replies

FILE = PATH[1:]


class Hostile:
    """What the server has of a real customer; customer is set before."""

    customer_account = None

    def _furnish(self):
        self.customer_account.clean()
        self.customer = self.customer_account.www
        super()._furnish()
        for path in [self.customer, *self.customer.rglob("*")]:
            os.chown(path, self.customer_account.uid,
                     self.customer_account.gid)


def hostile(kind, customer):
    """That kind of server, with this customer's host."""
    return type(kind.__name__, (Hostile, kind),
                {"customer_account": customer})


def furnish(site):
    site.write(VICTIM)
    # Asked for by webserver.py when it waits for the server.
    site.write("example.com")


def serve(kind):
    """A fixture's inside: a server, its site and the customer."""
    if kind.path() is None:
        pytest.skip(f"{kind.binary} is not installed")
    with Customer() as customer, Site() as site:
        furnish(site)
        with hostile(kind, customer)(site) as server:
            yield server


def word(reply):
    """A reply as a word of an outcome."""
    if reply.status == 200 and reply.body == POLICY_WIRE:
        return "policy"
    assert b"mx1.example.com" not in reply.body, reply
    if b"x-forged" in reply.body:
        return "his"
    assert reply.status != 200, reply
    return str(reply.status)


def outcome(server, data):
    return " ".join(map(word, replies(server.raw(data))))


def ask(server, host, target=PATH, name=None, **more):
    """One request of hostiletables.request() and the one reply to it."""
    raw = server.raw(tables.request(host, target, **more), name=name)
    reply, = replies(raw, [more.get("method", "GET")])
    return reply


# His document root. "his" is not among what may come back for the exact path.
ROOTS = {
    "a file": {FILE: FORGED},
    "a directory": {FILE: Directory()},
    "a directory with an index": {FILE + "/index.html": FORGED,
                                  FILE + "/index.txt": FORGED},
    "a link to passwd": {FILE: Link("/etc/passwd")},
    "a link to itself": {FILE: Link("mta-sts.txt")},
    "a dangling link": {FILE: Link("nowhere")},
    "a FIFO": {FILE: Fifo()},
    "an unreadable file": {FILE: Closed(FORGED)},
    "a program": {FILE: Program("#!/bin/sh\necho 'Status: 200'\necho\n"
                                f"cat <<E\n{FORGED.decode()}E\n")},
    "well-known is a link": {"x/mta-sts.txt": FORGED,
                             ".well-known": Link("x")},
    "well-known is a link out": {".well-known": Link("/etc")},
    "well-known is a file": {".well-known": FORGED},
    "other spellings": {".WELL-KNOWN/MTA-STS.TXT": FORGED,
                        ".well-known/mta-sts.txt.": FORGED,
                        ".well-known/mta-sts.txt;x": FORGED,
                        ".well-known/mta-sts.txt%00": FORGED,
                        ".well-known\\mta-sts.txt": FORGED,
                        ".well-known/mta-sts.txt.gz": FORGED},
    "index and error pages": {"index.html": FORGED, "404.html": FORGED,
                              "50x.html": FORGED, "status-404.html": FORGED,
                              ".htaccess": "RewriteRule . /forged.txt",
                              ".user.ini": "auto_prepend_file=/forged.txt"},
    "directories of host names": {f"{VICTIM_HOST}/{FILE}": FORGED,
                                  f"victim.example/mta-sts/{FILE}": FORGED,
                                  f"htdocs/{FILE}": FORGED},
    "nothing": {},
}


def attack_is_real(kind, line):
    """
    Without the line that includes the shipped file, "{}" for its path, the
    customer's text is the policy.
    """
    class Without(kind):
        def main(self, shipped):
            text, line_ = super().main(shipped), line.format(shipped)
            assert line_ in text
            return text.replace(line_, "")
    with Site() as site:
        furnish(site)
        with Without(site) as server:
            for host in (VICTIM_HOST, INVENTED_HOST):
                reply = ask(server, host)
                assert (reply.status, reply.body) == (200, FORGED)


def http2_outcome(server, fields):
    """The same over HTTP/2; fields in the order in which they are sent."""
    status, body = http2.ask(server, VICTIM_HOST, fields)
    if status == 200:
        return word(Reply(status, [], body))
    assert b"x-forged" not in body and b"mx1" not in body
    return str(status)


class Impostor:
    """
    A FastCGI program that keeps what it is asked, and answers with the
    customer's text, after that many seconds.
    """

    def __init__(self, path, wait=0):
        self.asked = []
        self._wait, self._end = wait, threading.Event()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        os.chmod(path, 0o666)
        self._socket.listen()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _serve(self):
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            with peer, contextlib.suppress(OSError):  # has given up
                peer.settimeout(5)
                self._answer(peer)

    def _answer(self, peer):
        data = b""
        while not data.endswith(fastcgi.record(fastcgi.STDIN)):
            part = peer.recv(65536)
            if not part:
                return
            data += part
        self.asked.append(data)
        self._end.wait(self._wait)
        peer.sendall(
            fastcgi.record(fastcgi.STDOUT, b"Status: 200 OK\r\n"
                           b"Content-Type: text/plain\r\n\r\n" + FORGED)
            + fastcgi.record(fastcgi.END_REQUEST, bytes(8)))


class HostileCases:
    """The cases; "which" is the column of hostiletables.py."""

    @pytest.mark.parametrize("root", ROOTS)
    def test_document_root(self, server, root):
        """Neither shadowed, nor forged, nor suppressed; and at once."""
        server.customer_account.clean()
        server.customer_account.furnish(ROOTS[root])
        for method in ("GET", "HEAD"):
            for host, body in ((VICTIM_HOST, POLICY_WIRE), (INVENTED_HOST,
                                                            None)):
                reply = ask(server, host, method=method)
                assert reply.status == (200 if body else 404)
                assert b"x-forged" not in reply.body
                assert dict(reply.headers)["x-content-type-options"] == \
                    "nosniff"
                if body and method == "GET":
                    assert reply.body == body

    def test_his_own_host(self, server):
        """The control: there his text is what comes back."""
        server.customer_account.clean()
        server.customer_account.furnish({FILE: FORGED})
        reply = ask(server, NAME)
        assert (reply.status, reply.body) == (200, FORGED)

    @pytest.mark.parametrize("target", [row[0] for row in tables.ONE_WORD],
                             ids=[row[0][:40] for row in tables.ONE_WORD])
    def test_path(self, server, target):
        server.customer_account.clean()
        server.customer_account.furnish({
            **ROOTS["a file"], **ROOTS["other spellings"]})
        self.check(server, tables.ONE_WORD, target,
                   tables.request(VICTIM_HOST, target))

    @pytest.mark.parametrize("host", [row[0] for row in tables.HOSTS],
                             ids=[repr(row[0])[:40] for row in tables.HOSTS])
    def test_host(self, server, host):
        self.his_file(server)
        self.check(server, tables.HOSTS, host, tables.request(host))

    @pytest.mark.parametrize("name", [row[0] for row in tables.HEADERS])
    def test_headers(self, server, name):
        self.his_file(server)
        self.check(server, tables.HEADERS, name)

    @pytest.mark.parametrize("name", [row[0] for row in tables.FRAMING])
    def test_framing(self, server, name):
        self.his_file(server)
        self.check(server, tables.FRAMING, name)

    @pytest.mark.parametrize("method", [row[0] for row in tables.METHODS])
    def test_method(self, server, method):
        self.check(server, tables.METHODS, method,
                   tables.request(VICTIM_HOST, method=method))

    @pytest.mark.parametrize("header", tables.CONDITIONS,
                             ids=[it[:30] for it in tables.CONDITIONS])
    def test_condition(self, server, header):
        reply = ask(server, VICTIM_HOST, headers=[header])
        assert word(reply) == "policy"

    def his_file(self, server):
        """Made once, and looked for by every later request."""
        if not (server.customer / FILE).is_file():
            server.customer_account.clean()
            server.customer_account.furnish({FILE: FORGED})

    def check(self, server, table, name, data=None):
        """Looks up what this server is to make of it."""
        row = next(row for row in table if row[0] == name)
        data = row[1] if data is None else data
        wanted = row[self.which]
        found = outcome(server, data)
        assert found in wanted.split("|"), found
