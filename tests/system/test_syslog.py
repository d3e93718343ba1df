"""
The log by way of syslog: /dev/log in a mount namespace of the responder's own,
and behind it a daemon that reads, does not read, or is not there. What a line
looks like is in unit/test_log.c.
"""

import os
import re
import shutil
import socket
import subprocess
import time

import pytest

import cgi
import fastcgi
from cgi import check, variables
from harness import POLICY_WIRE, Responder, wait_for

pytestmark = pytest.mark.root

# Runs the rest of its arguments where the first one is /dev.
ELSEWHERE = ["unshare", "-m", "--propagation", "private", "sh", "-c",
             'mount --bind "$0" /dev && exec "$@"']


class Daemon:
    """The socket that is /dev/log there, and what came to it."""

    def __init__(self, site):
        self.dev = site.root / "dev"
        self.dev.mkdir(exist_ok=True)
        (self.dev / "null").touch()
        self.socket = None
        self.start()
        self.prefix = [*ELSEWHERE, str(self.dev)]

    def start(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.dev / "log"))
        os.chmod(self.dev / "log", 0o666)
        self.socket.setblocking(False)

    def fill(self):
        """Sends until there is no room, whatever the kernel's limits are."""
        sent = True
        while sent:
            sent = False
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.setblocking(False)
                try:
                    while True:
                        sender.sendto(b"full", str(self.dev / "log"))
                        sent = True
                except BlockingIOError:
                    pass

    def stop(self):
        """As a daemon that dies: its name stays, and nobody is behind it."""
        self.socket.close()

    def remove(self):
        os.unlink(self.dev / "log")

    def read(self):
        """All messages that wait."""
        messages = []
        while True:
            try:
                messages.append(self.socket.recv(65536).decode())
            except BlockingIOError:
                return messages


@pytest.fixture
def daemon(site):
    done = subprocess.run(["unshare", "-m", "true"], capture_output=True,
                          check=False)
    if not shutil.which("unshare") or done.returncode != 0:
        pytest.skip("no mount namespaces here")
    # The last of two groups of the same name would be an error.
    text = site.settings.read_text()
    site.settings.write_text(text.replace('"stderr"', '"syslog"'))
    it = Daemon(site)
    yield it
    it.socket.close()


def break_policy(site, number):
    """One more domain whose policy is refused, and so told of once."""
    site.write(f"broken{number}.example", b"version: STSv1\n")
    return variables(f"mta-sts.broken{number}.example")


def test_messages(site, daemon):
    """Each a datagram, in syslog's form, from the process that serves."""
    values = break_policy(site, 1)
    with Responder(site, prefix=daemon.prefix) as responder:
        check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
        check(fastcgi.ask(responder.socket, values), 500)
        messages = wait_for(daemon.read)
        pid = responder.process.pid
    messages += daemon.read()
    for message in messages:
        assert re.match(rf"<(19|2[0-3])>[A-Z][a-z]{{2}} [ \d]\d "
                        rf"\d\d:\d\d:\d\d mta-sts\.fcgi\[{pid}\]: ", message)
    for word in ("version", "broken1.example: ", "leaving"):
        assert [it for it in messages if word in it], messages
    assert responder.log() == ""


def test_cgi_messages(site, daemon):
    answer = cgi.run(site, break_policy(site, 1), prefix=daemon.prefix)
    check(answer, 500)
    messages = daemon.read()
    assert messages and answer.log == ""
    assert all("]: broken1.example: " in it for it in messages), messages


def test_daemon_does_not_read(site, daemon):
    """No answer waits for it, and what it missed is counted."""
    values = [break_policy(site, number) for number in range(20)]
    daemon.fill()
    with Responder(site, prefix=daemon.prefix) as responder:
        for each in values:
            began = time.monotonic()
            check(fastcgi.ask(responder.socket, each), 500)
            assert time.monotonic() - began < 5
        check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
        assert set(daemon.read()) == {"full"}
        # The reader is back: the count first, then the message.
        check(fastcgi.ask(responder.socket, break_policy(site, 999)), 500)
        count, message, *_ = wait_for(daemon.read)
        missed = re.search(r": (\d+) more messages were left out$", count)
        # At least one error of each.
        assert int(missed[1]) >= 20 and "broken999.example: " in message


def test_daemon_is_started_again(site, daemon):
    """Gone with its name, without it, and back under it."""
    with Responder(site, prefix=daemon.prefix) as responder:
        daemon.stop()
        check(fastcgi.ask(responder.socket, break_policy(site, 1)), 500)
        daemon.remove()
        check(fastcgi.ask(responder.socket, break_policy(site, 2)), 500)
        check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
        daemon.start()
        check(fastcgi.ask(responder.socket, break_policy(site, 3)), 500)
        messages = wait_for(daemon.read)
        assert "broken3.example: " in messages[0]
    assert "leaving" in daemon.read()[-1]
    # Meanwhile stderr had what would else be lost.
    lines = responder.log().splitlines()
    assert {re.match(r"mta-sts\.fcgi: broken(\d)\.example: ", it)[1]
            for it in lines} == {"1", "2"}, lines


def test_daemon_comes_late(site, daemon):
    """One that was not there when the responder started is found."""
    daemon.stop()
    daemon.remove()
    with Responder(site, prefix=daemon.prefix) as responder:
        check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
        daemon.start()
        check(fastcgi.ask(responder.socket, break_policy(site, 1)), 500)
        assert any("broken1.example" in it for it in wait_for(daemon.read))
    assert "serving" in responder.log()


def test_no_daemon_and_no_service(site, daemon):
    """As in a container: what keeps it from serving is not kept back."""
    daemon.stop()
    daemon.remove()
    site.policies.chmod(0o777)
    with Responder(site, prefix=daemon.prefix) as responder:
        assert responder.process.wait(20) == 1
    assert "conf.d: error: writable by its group and everybody" in (
        responder.log())
