"""
Machines that behave badly: each has an address of its own on the loopback of a
namespace, and is a function that gets a connection, and may keep it busy as
long as it likes.
"""

import socket
import ssl
import threading
import time


class Hostile:
    """
    behaviours: by (address, port), a function of a socket, and the Certificate
    that TLS begins with, or None. A function ends when its socket does.
    """

    def __init__(self, behaviours):
        self._behaviours = behaviours
        self._threads, self._sockets = [], []
        self._lock = threading.Lock()
        # How often each was called, and how many at the same time at most.
        self.calls, self.together, self._now = {}, {}, {}

    def __enter__(self):
        try:
            for place, (behave, certificate) in self._behaviours.items():
                self._listen(place, behave, certificate)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        with self._lock:
            them, self._sockets = self._sockets, None
        for it in them:
            try:
                it.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            it.close()
        for it in self._threads:
            it.join(15)
            assert not it.is_alive()

    def _listen(self, place, behave, certificate):
        family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._sockets.append(listener)
        listener.bind(place)
        listener.listen(1000)
        context = None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.chain, certificate.key)
        self._start(self._accept, listener, place, behave, context)

    def _start(self, function, *args):
        it = threading.Thread(target=function, args=args, daemon=True)
        self._threads.append(it)
        it.start()

    def _accept(self, listener, place, behave, context):
        while True:
            try:
                link, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                if self._sockets is None:
                    link.close()
                    return
                self._sockets.append(link)
            self._start(self._serve, link, place, behave, context)

    def _count(self, place, step):
        with self._lock:
            now = self._now[place] = self._now.get(place, 0) + step
            self.together[place] = max(now, self.together.get(place, 0))
            if step > 0:
                self.calls[place] = self.calls.get(place, 0) + 1

    def _serve(self, link, place, behave, context):
        link.settimeout(60)
        self._count(place, 1)
        try:
            if context:
                link = context.wrap_socket(link, server_side=True)
            behave(link)
        except (OSError, EOFError):
            pass
        finally:
            link.close()
            self._count(place, -1)


def ask(link):
    """Reads a request, or a line of SMTP."""
    heard = b""
    while not heard.endswith(b"\n"):
        more = link.recv(4096)
        if not more:
            raise EOFError
        heard += more
    return heard


def say(*parts, pause=0, ask_first=True):
    """Answers with the parts, waiting before each, and closes."""
    def behave(link):
        if ask_first:
            ask(link)
        for part in parts:
            time.sleep(pause)
            link.sendall(part)
    return behave


def endlessly(head, part, pause=0, ask_first=True):
    """Answers with head, and then with part, for ever."""
    def behave(link):
        if ask_first:
            ask(link)
        link.sendall(head)
        while True:
            link.sendall(part)
            time.sleep(pause)
    return behave


def silent(link):
    """Takes what comes, and says nothing."""
    while link.recv(4096):
        pass


def smtp(*replies, then=silent, tls=None):
    """
    Greets, and answers each line with the next of the replies; (reply, True)
    begins TLS with the Certificate tls after it. Then what then does.
    """
    def behave(link):
        link.sendall(b"220 mx.test ESMTP\r\n")
        for reply in replies:
            ask(link)
            starttls = isinstance(reply, tuple)
            link.sendall(reply[0] if starttls else reply)
            if starttls:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(tls.chain, tls.key)
                link = context.wrap_socket(link, server_side=True)
        then(link)
    return behave


EHLO = b"250-mx.test\r\n250-SIZE 1000\r\n250 STARTTLS\r\n"
EHLO_PLAIN = b"250-mx.test\r\n250 SIZE 1000\r\n"
READY = b"220 go on\r\n"
