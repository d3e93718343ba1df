"""
A name server that answers what it is told to, however odd: more of it than
others would hand out, or nothing at all. UDP and TCP; asked by the tests'
resolver as if it were a resolver itself.
"""

import socket
import struct
import threading

A, NS, CNAME, MX, TXT, AAAA = 1, 2, 5, 15, 16, 28
NXDOMAIN, SERVFAIL = 3, 2
SILENT, GARBAGE = "silent", "garbage"
TTL = 300


def name(text):
    """A name as in a message, without compression; labels may be bytes."""
    labels = [it.encode() if isinstance(it, str) else it for it in
              (text.split(".") if isinstance(text, str) else text)]
    return b"".join(bytes([len(it)]) + it for it in labels if it) + b"\0"


def address(text):
    return (A, socket.inet_aton(text)) if ":" not in text else \
        (AAAA, socket.inet_pton(socket.AF_INET6, text))


def alias(text):
    return CNAME, name(text)


def exchange(preference, text):
    return MX, struct.pack("!H", preference) + name(text)


def text(value):
    """A TXT in strings of 255 octets."""
    return TXT, b"".join(bytes([len(value[i:i + 255])]) + value[i:i + 255]
                         for i in range(0, len(value), 255)) or b"\0"


class HostileDns:
    """
    records: what there is, a list of (type, rdata) by name, in lower case; or
    what becomes of every question for it: NXDOMAIN (as where there is none),
    SERVFAIL, SILENT, GARBAGE. A name that begins with "*." is for those below.
    """

    def __init__(self, records, place="127.0.0.1", port=53):
        self._records = {"": [], **records}
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._tcp = socket.socket()
        self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for it in (self._udp, self._tcp):
            it.bind((place, port))
        self._tcp.listen(100)
        self._threads = [threading.Thread(target=it, daemon=True) for it in
                         (self._serve_udp, self._serve_tcp)]
        self.asked = []

    def __enter__(self):
        for it in self._threads:
            it.start()
        return self

    def __exit__(self, *_):
        for it in (self._udp, self._tcp):
            try:
                it.shutdown(socket.SHUT_RDWR)  # wakes who waits on it
            except OSError:
                pass
            it.close()
        for it in self._threads:
            it.join(10)
            assert not it.is_alive()

    def _serve_udp(self):
        while True:
            try:
                question, peer = self._udp.recvfrom(4096)
                if not question:
                    return
                answer = self._answer(question)
                if answer is None:
                    continue
                if len(answer) > 1232:
                    answer = answer[:2] + b"\x83\x80" + question[4:6] + \
                        bytes(6) + self._ask(question)[2]
                self._udp.sendto(answer, peer)
            except OSError:
                return

    def _serve_tcp(self):
        while True:
            try:
                link, _ = self._tcp.accept()
            except OSError:
                return
            threading.Thread(target=self._converse, args=(link,),
                             daemon=True).start()

    def _converse(self, link):
        link.settimeout(10)
        with link:
            try:
                while True:
                    head = link.recv(2, socket.MSG_WAITALL)
                    if len(head) < 2:
                        return
                    size, = struct.unpack("!H", head)
                    answer = self._answer(link.recv(size, socket.MSG_WAITALL))
                    if answer is not None:
                        link.sendall(struct.pack("!H", len(answer)) + answer)
            except OSError:
                return

    @staticmethod
    def _ask(question):
        """The name and type that are asked for, and the question's bytes."""
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]])
            at += 1 + question[at]
        kind, = struct.unpack("!H", question[at + 1:at + 3])
        return (b".".join(labels).decode("latin-1").lower(), kind,
                question[12:at + 5])

    def _find(self, asked):
        found = self._records.get(asked)
        parent = asked
        while found is None and "." in parent:
            parent = parent.partition(".")[2]
            found = self._records.get("*." + parent)
        return NXDOMAIN if found is None else found

    def _answer(self, question):
        asked, kind, itself = self._ask(question)
        self.asked.append((asked, kind))
        found = self._find(asked)
        if found == SILENT:
            return None
        if found == GARBAGE:
            return question[:2] + b"\x81\x80" + b"\xff" * 40
        code = found if isinstance(found, int) else 0
        records = [] if code else [
            b"\xc0\x0c" + struct.pack("!HHIH", type_, 1, TTL, len(rdata)) +
            rdata for type_, rdata in found if type_ in (kind, CNAME)]
        head = struct.pack("!HHHHHH", 0, 0x8180 | code, 1, len(records), 0, 0)
        answer = question[:2] + head[2:] + itself + b"".join(records)
        assert len(answer) <= 65535, asked
        return answer
