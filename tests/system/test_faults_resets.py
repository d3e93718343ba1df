"""
Peers that go away after each byte: of a request, and of its answer. FastCGI
over a unix socket and over TCP, and HTTP through the web servers. Who comes
next is served, and no descriptor is lost.
"""

import socket
import struct
from contextlib import suppress

import pytest

import fastcgi
from cgi import check, variables
from fastcgi import Connection, request
from faults import descriptors
from harness import PATH, POLICY_WIRE, Responder, source, wait_for, wire
from servercases import serve
from webservers import (ApacheFcgid, ApacheProxy, Lighttpd, LighttpdSocket,
                        Nginx)

# Nobody but root can count another's descriptors.
pytestmark = pytest.mark.root

# Several records' worth: more than libfcgi's buffer of 8192 bytes.
LONG = [f"mx{number}.long.example" for number in range(1500)]


def reset(it):
    """Closes at once and tells the other side so, over TCP by a RST."""
    it.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    it.close()


def listener_on(place):
    """A listening socket: a unix socket at a path, or TCP."""
    if place != "tcp":
        return None
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(1024)
    return listener


@pytest.fixture(params=["unix", "tcp"])
def peer(request, site):  # pylint: disable=redefined-outer-name
    """A responder, and the address that it is to be connected to."""
    site.write("long.example", source(mx=LONG))
    listener = listener_on(request.param)
    try:
        with Responder(site, listener) as responder:
            address = listener.getsockname() if listener else responder.socket
            # By now it has said and opened all that it will.
            check(fastcgi.ask(address), 200, POLICY_WIRE)
            yield responder, address
    finally:
        if listener:
            listener.close()


def state_of(responder):
    """What is to be the same afterwards."""
    return descriptors(responder.process.pid), responder.log()


def is_whole(responder, address, before):
    """The next one is served, and all is as before."""
    check(fastcgi.ask(address), 200, POLICY_WIRE)
    check(fastcgi.ask(address, variables("mta-sts.long.example")), 200,
          wire(mx=LONG))
    with suppress(TimeoutError):
        wait_for(lambda: state_of(responder) == before)
    assert state_of(responder) == before
    assert responder.process.poll() is None


def length_of(address, data):
    with Connection(address) as connection:
        connection.send(data)
        connection.finish()
        return len(connection.drain())


@pytest.mark.parametrize("keep", [True, False], ids=["kept", "closed"])
def test_after_each_byte_of_an_answer(peer, keep):
    responder, address = peer
    before, data = state_of(responder), request(keep=keep)
    length = length_of(address, data)
    assert length > 200
    for count in range(length + 1):
        connection = Connection(address)
        connection.send(data)
        assert len(connection.read(count)) == count
        reset(connection.socket)
    is_whole(responder, address, before)


def test_after_parts_of_a_long_answer(peer):
    """Of which some is still to be written when the peer goes."""
    responder, address = peer
    before = state_of(responder)
    data = request(variables("mta-sts.long.example"))
    length = length_of(address, data)
    assert length > 30_000
    for count in [*range(0, length, 1999), length - 1, length]:
        connection = Connection(address)
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        connection.send(data)
        assert len(connection.read(count)) == count
        reset(connection.socket)
    is_whole(responder, address, before)


@pytest.mark.parametrize("linger", [True, False], ids=["reset", "close"])
def test_after_each_byte_of_a_request(peer, linger):
    responder, address = peer
    before, data = state_of(responder), request()
    for count in range(len(data) + 1):
        connection = Connection(address)
        connection.send(data[:count])
        if linger:
            reset(connection.socket)
        else:
            connection.close()
    is_whole(responder, address, before)


def test_in_the_middle_of_two(peer):
    """A whole request, then each part of a second one, and gone."""
    responder, address = peer
    before, data = state_of(responder), request()
    for count in range(0, len(data) + 1, 3):
        connection = Connection(address)
        connection.send(data + data[:count])
        check(connection.answer(), 200, POLICY_WIRE)
        reset(connection.socket)
    is_whole(responder, address, before)


@pytest.fixture(scope="module", params=[
    ApacheProxy, ApacheFcgid, Lighttpd, LighttpdSocket, Nginx])
def server(request):  # pylint: disable=redefined-outer-name
    yield from serve(request.param)


ASKING = (f"GET {PATH} HTTP/1.1\r\nHost: mta-sts.example.com\r\n"
          "Connection: close\r\n\r\n").encode()


def read(it, count):
    """So many bytes, or what there is up to the end."""
    data = b""
    while len(data) < count and (more := it.recv(count - len(data))):
        data += more
    return data


def test_clients_of_a_server(server):
    """After each byte of a request or of an answer; then all is as before."""
    def connect():
        it = server.connection()
        it.connect() if it.sock is None else None
        return it.sock

    with connect() as it:
        it.sendall(ASKING)
        whole = read(it, 65536)
    assert whole.endswith(POLICY_WIRE)
    pids = server.responders()
    before = {pid: descriptors(pid) for pid in pids}
    for count in range(len(whole) + 1):
        it = connect()
        it.sendall(ASKING)
        read(it, count)
        reset(it)
    for count in range(len(ASKING)):
        it = connect()
        it.sendall(ASKING[:count])
        reset(it)
    reply = server.ask()
    assert (reply.status, reply.body) == (200, POLICY_WIRE)
    assert set(server.responders()) == set(pids)
    # One that a server keeps may be another one by now, but not one more.
    for pid in pids:
        wait_for(lambda pid=pid: descriptors(pid) <= before[pid] + 1)
