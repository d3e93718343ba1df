"""
What a customer puts at the policy's path in his document root, or in the place
of its directories, on Apache all three ways. Of each it is seen what it does
under another name; the policy is served all the same, a domain without one has
the responder's 404, and nothing hangs. What makes it so: the document root is
not looked at, since ProxyPass, or the Alias in the Location, comes before it.
"""

import errno
import os
import socket

import pytest

from customer import NAME, Closed, Directory, Fifo, HardLink, Link, Program
from harness import wait_for
from hostedapache import (BESIDE, FILE, FORGING, WAYS, body, host, status,
                          try_files, untouched)
from webserver import FORGED

LINE = b"x-forged: by the customer"
CGI = "SetHandler cgi-script\n"
VIEWS = "Options +MultiViews\n"
AS_IS = b"Status: 200 OK\nContent-Type: text/plain\n\n" + FORGED
ALSO = "/.well-known/also.txt"


def also(what):
    """The same thing at the policy's path and beside it."""
    return {FILE: what, ALSO[1:]: what}


# Name: what is put where, a path beside the policy, what comes of it there.
THINGS = {
    "a file": (also(FORGED), ALSO, body(LINE)),
    "an empty file": (also(""), ALSO, status(200)),
    "a program": ({**also(Program(FORGING)), ".htaccess": CGI},
                  ALSO, body(LINE)),
    "a file with headers": (
        {**also(AS_IS), ".htaccess": "SetHandler send-as-is\n"},
        ALSO, body(LINE)),
    "an empty directory": (also(Directory()), ALSO, status(301)),
    "a directory with an index": (
        {FILE + "/index.html": FORGED, "also/index.html": FORGED},
        "/also/", body(LINE)),
    "a directory with the same in it": (
        {FILE + "/mta-sts.txt": FORGED, FILE + "/index.txt": FORGED,
         "also/mta-sts.txt": FORGED}, "/also/mta-sts.txt", body(LINE)),
    "a directory with a .htaccess": (
        {FILE + "/.htaccess": "Redirect gone /\n",
         "also/.htaccess": "Redirect gone /also\n"}, "/also/", status(410)),
    "a directory with a broken .htaccess": (
        {FILE + "/.htaccess": "what?\n", "also/.htaccess": "what?\n"},
        "/also/", status(500)),
    "a link to /etc/passwd": (also(Link("/etc/passwd")), ALSO, body(b"root:")),
    "a link to his own": (
        {**also(Link("../forged")), "forged": FORGED}, ALSO, body(LINE)),
    "a link to nothing": (also(Link("nothing")), ALSO, status(403)),
    "a link to itself": (
        {FILE: Link("mta-sts.txt"), ALSO[1:]: Link("also.txt")},
        ALSO, status(403)),
    "a link to a directory": (also(Link("/etc")), ALSO, status(301)),
    "a link to a device": (also(Link("/dev/zero")), ALSO, status(200)),
    "a hard link": (
        {"forged": FORGED, FILE: HardLink("{www}/forged"),
         ALSO[1:]: HardLink("{www}/forged")}, ALSO, body(LINE)),
    "a file for himself": (also(Closed(FORGED)), ALSO, status(403)),
    "other endings": (
        {".htaccess": VIEWS, FILE + ".html": FORGED, FILE + ".en": FORGED,
         FILE + ".txt": FORGED, ALSO[1:] + ".html": FORGED},
        ALSO, body(LINE)),
    "a type map": (
        {".htaccess": VIEWS, FILE + ".var": "URI: forged.txt\n",
         ".well-known/mta-sts.var": "URI: forged.txt\n",
         ".well-known/also.var": "URI: forged.html\nContent-type: text/html\n",
         ".well-known/forged.html": FORGED},
        "/.well-known/also.var", body(LINE)),
    "another case": (
        {".well-known/MTA-STS.TXT": FORGED, ".WELL-KNOWN/mta-sts.txt": FORGED,
         ".htaccess": "CheckSpelling On\n"},
        "/.WELL-KNOWN/mta-sts.txt", body(LINE)),
    ".well-known as a file": (
        {".well-known": FORGED}, "/.well-known", body(LINE)),
    ".well-known as a program": (
        {".well-known": Program(FORGING), ".htaccess": CGI},
        "/.well-known/also.txt", body(LINE)),
    ".well-known as a link": (
        {"elsewhere/mta-sts.txt": FORGED, "elsewhere/also.txt": FORGED,
         ".well-known": Link("elsewhere")}, ALSO, body(LINE)),
    ".well-known as a link outside": (
        {"../elsewhere/mta-sts.txt": FORGED, "../elsewhere/also.txt": FORGED,
         ".well-known": Link("../elsewhere")}, ALSO, body(LINE)),
    ".well-known as a link to nothing": (
        {".well-known": Link("nothing")}, ALSO, status(403)),
    ".well-known as a FIFO": ({".well-known": Fifo()}, ALSO, status(403)),
    ".htaccess as a directory": (
        {**also(FORGED), ".htaccess": Directory()}, ALSO, status(403)),
    ".htaccess as a link to a device": (
        {**also(FORGED), ".well-known/.htaccess": Link("/dev/null")},
        ALSO, status(403)),
    ".htaccess for himself": (
        {**also(FORGED), ".htaccess": Closed("")}, ALSO, status(403)),
    "the program's own name": (
        {"usr/lib/cgi-bin/mta-sts.fcgi": Program(FORGING),
         "cgi-bin/mta-sts.fcgi": Program(FORGING), ".htaccess": CGI},
        "/cgi-bin/mta-sts.fcgi", body(LINE)),
}


@pytest.fixture(scope="module", params=WAYS)
def server(request):
    yield from host(request.param)


@pytest.mark.parametrize("name", THINGS)
def test_thing(server, name):
    try_files(server, *THINGS[name])


def test_fifo(server):
    """Apache waits for what a customer's FIFO never says, and he alone."""
    account = server.account
    account.clean()
    account.furnish(also(Fifo()))
    asked = b"GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (
        ALSO.encode(), NAME.encode())
    with pytest.raises(TimeoutError):
        server.raw(asked, 0.3)
    untouched(server)

    def nothing_more():
        try:
            os.close(os.open(account.www / ALSO[1:],
                             os.O_WRONLY | os.O_NONBLOCK))
        except OSError as error:    # nobody reads it yet
            return error.errno != errno.ENXIO
        return True
    wait_for(lambda: account.call(nothing_more))


@pytest.mark.parametrize("closed", [".well-known", "."])
def test_closed_directory(server, closed):
    """A directory that the web server cannot enter."""
    account = server.account
    account.clean()
    account.furnish({BESIDE[1:]: "beside"})
    account.call(os.chmod, account.www / closed, 0o700)
    try:
        try_files(server, None, BESIDE, status(403))
    finally:
        account.call(os.chmod, account.www / closed, 0o755)


def test_socket(server):
    """A socket that somebody listens on."""
    def listen():
        os.chdir(server.account.www / ".well-known")
        socket.socket(socket.AF_UNIX).bind("mta-sts.txt")
    server.account.clean()
    server.account.furnish({BESIDE[1:]: "beside"})
    server.account.call(listen)
    try_files(server, None, BESIDE, status(200))


@pytest.mark.parametrize("target", ["/etc", "away", None])
def test_no_document_root(server, target):
    """The document root is moved away, and a link in its place."""
    account = server.account
    account.clean()
    account.furnish({BESIDE[1:]: "beside", FILE: FORGED})
    away = account.home / "away"
    account.call(os.rename, account.www, away)
    expected = {"/etc": 404, "away": 200, None: 403}[target]
    try:
        if target:
            account.call(os.symlink, target, account.www)
        try_files(server, None, BESIDE, status(expected))
    finally:
        if target:
            account.www.unlink()
        away.rename(account.www)
