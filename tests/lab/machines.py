"""
Machines of their own: each a network namespace with one cable, a pair of veth,
to the namespace of the caller, and in it a site and a responder on a TCP port.
They can be killed, cut off and set up again. What asks them is for others to
say.
"""

import os
import signal
import socket
import subprocess
from contextlib import ExitStack, contextmanager

from harness import Responder, Site
from lab import namespace
from lab.namespace import Namespace, libc

# As haproxy.cfg has them: its own address, and those of the machines.
FRONT = "10.0.0.10"
NODES = {"node1": "10.0.0.11", "node2": "10.0.0.12", "node3": "10.0.0.13"}
PORT = 9000


def ip(*args, **more):
    done = subprocess.run(["ip", *args], capture_output=True, text=True,
                          timeout=30, check=False, **more)
    if done.returncode != 0:
        raise OSError(f"ip {' '.join(args)}: {done.stderr}")


def _here():
    """A descriptor of the namespace that this thread is in."""
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _enter(descriptor):
    if libc.setns(descriptor, namespace.CLONE_NEWNET) != 0:
        raise OSError("this namespace cannot be entered")


class Machine:
    """A machine with that name and address; use it with "with"."""

    def __init__(self, name, address):
        self.name, self.address = name, address
        self.responder = None
        self._stack, self._network, self._socket = None, None, None

    def __enter__(self):
        with ExitStack() as stack:
            self.site = stack.enter_context(Site())
            with Namespace():
                self._network = _here()
            stack.callback(os.close, self._network)
            self._plug_in()
            self.listen()
            stack.callback(lambda: self._socket.close())
            self.start()
            stack.push(lambda *exc: self.responder.__exit__(*exc))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc):
        return self._stack.__exit__(*exc)

    def _plug_in(self):
        ip("link", "add", self.name, "type", "veth", "peer", "name", "eth0",
           "netns", f"/proc/self/fd/{self._network}", pass_fds=[self._network])
        ip("address", "add", FRONT, "peer", self.address, "dev", self.name)
        ip("link", "set", self.name, "up")
        with self.inside():
            ip("address", "add", self.address, "peer", FRONT, "dev", "eth0")
        self.join()

    @contextmanager
    def inside(self):
        """This thread, and what it starts, is in the machine's network."""
        outside = _here()
        _enter(self._network)
        try:
            yield
        finally:
            _enter(outside)
            os.close(outside)

    # The cable.

    def cut(self):
        """Pulls it out: what is sent to the machine gets no answer at all."""
        with self.inside():
            ip("link", "set", "eth0", "down")

    def join(self):
        with self.inside():
            ip("link", "set", "eth0", "up")

    # The responder.

    def listen(self):
        """What mta-sts.socket does with the lines of haproxy.cfg."""
        with self.inside():
            self._socket = socket.create_server((self.address, PORT),
                                                backlog=4096)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start(self):
        """What mta-sts.service does: on the socket that is there."""
        with self.inside():
            self.responder = Responder(self.site, socket=self._socket)
            self.responder.start()

    def kill(self):
        """Nobody listens any more, and all connections are broken off."""
        self._socket.close()
        self.responder.stop(signal.SIGKILL)

    def revive(self):
        """After kill()."""
        self.listen()
        self.start()


@contextmanager
def machines(furnish=lambda machine: None):
    """
    All of NODES, the caller in a namespace to which they are joined; furnish is
    told of each, to give it its policies.
    """
    with ExitStack() as stack:
        stack.enter_context(Namespace())
        them = [stack.enter_context(Machine(*node)) for node in NODES.items()]
        for machine in them:
            furnish(machine)
        yield them


def why_not():
    """Why there can be none here, or None."""
    reason = namespace.why_not()
    if reason:
        return reason
    try:
        with Namespace():
            ip("link", "add", "one", "type", "veth", "peer", "name", "other")
    except OSError as error:
        return f"no veth here: {error}"
    return None
