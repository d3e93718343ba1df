"""
HAProxy, with cgi-bin/haproxy.cfg: before one responder, as the servers of
webservers.py are, or before the machines of machines.py; and the clients who
ask there without a pause.
"""

import os
import re
import signal
import socket
import ssl
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import http2
from harness import POLICY_WIRE, wait_for
from lab.authority import Authority
from webserver import Server

CHECKED = "hosting.example"     # the policy that haproxy.cfg asks for


class HAProxy(Server):
    """HAProxy, the shipped file after a haproxy.cfg much like Debian's."""

    binary = "haproxy"
    shipped = "haproxy.cfg"
    keeps = True
    NAMES = ("mta-sts.example.com", "mta-sts.other.example")

    def _furnish(self):
        super()._furnish()
        self.site.write(CHECKED)
        (self.root / "tls").mkdir()
        authority = Authority(self.root / "authority")
        for name in self.NAMES:
            it = authority.issue(name, [name])
            it.both.rename(self.root / "tls" / f"{name}.pem")
        self.tls = ssl.create_default_context(cafile=authority.trusted)

    def replacements(self):
        return [("bind :::443 v4v6 ", f"bind 127.0.0.1:{self.port} "),
                ("/etc/mta-sts/tls/", f"{self.root}/tls/"),
                ("default_backend mta_sts", "default_backend customers"),
                ("node1 10.0.0.11:9000", f"node1 {self._sock}"),
                ("\tserver node2 10.0.0.12:9000\n", ""),
                ("\tserver node3 10.0.0.13:9000\n", "")]

    def main(self, shipped):
        del shipped  # a file of its own, see command()
        user = ""
        if self.worker:
            user = f"user {self.worker.pw_name}\n\tgroup {self.group()}"
        return f"""
global
	stats socket {self.root}/stats mode 600 level admin
	{user}
defaults
	mode http
	timeout connect 5000
	timeout client 50000
	timeout server 50000
backend customers
	http-request return status 200 content-type text/plain \
	    file {self.customer}/forged.txt
"""

    def command(self, conf):
        return ["-W", "-f", conf, "-f", self.root / "shipped-haproxy.cfg"]

    def nodes(self):
        """What it says of each machine: status, last check, requests."""
        with socket.socket(socket.AF_UNIX) as it:
            it.connect(str(self.root / "stats"))
            it.sendall(b"show stat\n")
            heard = b"".join(iter(lambda: it.recv(65536), b"")).decode()
        head, *rows = [line.split(",") for line in heard.splitlines() if line]
        rows = [dict(zip(head, row)) for row in rows]
        return {row["svname"]: SimpleNamespace(
            up=row["status"].startswith("UP"),
            # "* " is before that of the last one while there is another.
            check=row["check_status"].removeprefix("* ") + row["check_code"],
            requests=int(row["stot"])) for row in rows
            if row["svname"].startswith("node")}

    def reload(self):
        """As systemd does, once the master minds it; the new one serves."""
        wait_for(lambda: int(re.search(
            r"SigCgt:\s*(\w+)", Path(f"/proc/{self._process.pid}/status")
            .read_text())[1], 16) >> (signal.SIGUSR2 - 1) & 1)
        begun = self.log().count("New worker")
        self._process.send_signal(signal.SIGUSR2)
        wait_for(lambda: self.log().count("New worker") > begun)
        wait_for(lambda: "Loading success" in
                 self.log().rpartition("New worker")[2])


class Balancer(HAProxy):
    """
    HAProxy as it is shipped, with its addresses, before the machines; only that
    it looks more often after them, for the tests' sake.
    """

    owns_responder = True   # that is, this class has none to look after

    def __init__(self, site, them, changes=()):
        super().__init__(site, changes)
        self.port, self.machines = 443, them

    def replacements(self):
        six = os.path.exists("/proc/net/if_inet6")
        return [("/etc/mta-sts/tls/", f"{self.root}/tls/"),
                ("check inter 1s ", "check inter 300ms ")] + (
                    [] if six else [("bind :::443 v4v6 ", "bind :443 ")])

    def wait_for(self, machine, up):
        """Until it is asked, or asked nothing but whether it is back."""
        wait_for(lambda: self.nodes()[machine.name].up == up)
        if up:
            before = self.nodes()[machine.name].requests
            wait_for(lambda: self.nodes()[machine.name].requests > before + 9)


class Load:
    """Clients who ask again and again; bodies: what they may be told."""

    KINDS = ("new", "kept", "kept", "http2")
    HOSTS = ("mta-sts.example.com", "mta-sts.example.org")

    def __init__(self, server, bodies=(POLICY_WIRE,)):
        self._server, self._bodies, self.answers = server, bodies, []
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(kind,))
                         for kind in self.KINDS]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind, *_):
        time.sleep(0.2)     # what the last event led to
        self._end.set()
        for thread in self._threads:
            thread.join()
        bad = [it for it in self.answers
               if it[0] != 200 or it[1] not in self._bodies]
        if kind is None:
            assert not bad, (len(bad), len(self.answers), bad[:3])
            assert {it[2] for it in self.answers} == set(self.KINDS)
            # A sender waits a minute.
            assert max(it[3] for it in self.answers) < 10

    def _ask(self, kind):
        kept, number = None, 0
        while not number or not self._end.is_set():
            begun, number = time.monotonic(), number + 1
            host = self.HOSTS[number % 2]
            try:
                if kind == "http2":
                    status, body = http2.ask(
                        self._server, "mta-sts.example.com",
                        http2.fields((":authority", host)))
                else:
                    kept = kept or self._server.connection()
                    reply = self._server.ask(host, connection=kept)
                    status, body = reply.status, reply.body
                    if kind == "new" or kept.sock is None:
                        kept = kept.close()
            except Exception as error:
                status, body, kept = repr(error), b"", None
            self.answers.append((status, body, kind,
                                 time.monotonic() - begun))
            time.sleep(0.004)
