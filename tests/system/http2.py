"""
As much of HTTP/2 (RFC 9113) as one request takes, made by hand, so that it can
have what no client sends: two names of the host, say. Of the reply's headers
it reads the status alone.
"""

import socket
import ssl
import struct

from harness import PATH

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
END_STREAM, END_HEADERS, PADDED = 1, 4, 8

# :status in HPACK's static table (RFC 7541, appendix A).
STATUSES = {0x88: 200, 0x89: 204, 0x8a: 206, 0x8b: 304, 0x8c: 400, 0x8d: 404,
            0x8e: 500}


def frame(kind, content=b"", flags=0, stream=0):
    return struct.pack(">I", len(content))[1:] + struct.pack(
        ">BBI", kind, flags, stream) + content


def literal(name, value):
    """A header without any index or Huffman coding; both below 127 bytes."""
    octets = [text.encode("latin-1") for text in (name, value)]
    assert all(len(text) < 127 for text in octets)
    return b"\0" + b"".join(bytes([len(text)]) + text for text in octets)


def fields(*more, path=PATH, method="GET", scheme="https"):
    """Those of a request."""
    return [(":method", method), (":scheme", scheme), (":path", path), *more]


def connect(server, name):
    it = socket.create_connection(("127.0.0.1", server.port), 10)
    if server.tls:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        it = context.wrap_socket(it, server_hostname=name)
        assert it.selected_alpn_protocol() == "h2"
    return it


def frames(it):
    """What comes until the peer closes: type, flags, stream, content."""
    received = b""
    while True:
        length = int.from_bytes(received[:3], "big")
        if len(received) < 9 or len(received) < 9 + length:
            try:
                more = it.recv(65536)
            except ConnectionError:
                more = b""
            if not more:
                return
            received += more
            continue
        kind, flags, stream = struct.unpack(">BBI", received[3:9])
        yield kind, flags, stream, received[9:9 + length]
        received = received[9 + length:]


def status_of(block):
    """The first field of a reply is its :status."""
    while block[0] & 0xe0 == 0x20:  # the size of the table
        block = block[1:]
    if block[0] in STATUSES:
        return STATUSES[block[0]]
    assert block[0] & 0x0f == 8 and block[1] in (3, 0x82, 0x83), block[:8]
    if block[1] == 3:
        return int(block[2:5])
    return digits(block[2:2 + (block[1] & 0x7f)])


def digits(coded):
    """HPACK's Huffman code of three digits."""
    bits = "".join(f"{octet:08b}" for octet in coded)
    codes = {"00000": "0", "00001": "1", "00010": "2", "011001": "3",
             "011010": "4", "011011": "5", "011100": "6", "011101": "7",
             "011110": "8", "011111": "9"}
    text = ""
    while len(text) < 3:
        code = next(code for code in codes if bits.startswith(code))
        text, bits = text + codes[code], bits[len(code):]
    return int(text)


def goes_away(content):
    """
    Whether a GOAWAY is the end of the first stream: for an error, or before it.
    Any other lets that be answered.
    """
    last, error = struct.unpack(">II", content[:8])
    return error != 0 or last & 0x7fffffff < 1


def ask(server, name, sent):
    """
    Sends those fields; status and body, "reset" where the stream or all is broken off before there
    is a status.
    """
    with connect(server, name) as it:
        it.settimeout(10)
        block = b"".join(literal(*field) for field in sent)
        it.sendall(PREFACE + frame(SETTINGS) + frame(
            HEADERS, block, END_HEADERS | END_STREAM, 1))
        status, body = "reset", b""
        for kind, flags, stream, content in frames(it):
            if kind == GOAWAY and goes_away(content):
                break
            if stream != 1:
                continue
            if kind == HEADERS:
                assert not flags & PADDED
                status = status_of(content)
            elif kind == DATA:
                body += content
            if kind == RST_STREAM or flags & END_STREAM:
                break
        return status, body
