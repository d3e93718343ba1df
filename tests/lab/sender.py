"""
What senders use to find policies: postfix-mta-sts-resolver as Debian has it, as
a module and as the daemon with its socketmap. It reads the DNS of a Zone and
trusts an Authority. The mail itself is mailhost.py's part.
"""

import json
import os
import socket
import subprocess
from pathlib import Path

from harness import environment, wait_for
from lab.namespace import with_file

DAEMON = "/usr/bin/mta-sts-daemon"
QUERY = "/usr/bin/mta-sts-query"
MODULE = "/usr/lib/python3/dist-packages/postfix_mta_sts_resolver"
# Where the daemon listens unless told otherwise.
PORT = 8461
MAP = f"socketmap:inet:127.0.0.1:{PORT}:postfix"
# A machine under load is slow, and that is not what is tested.
PATIENCE = 30


def available():
    return os.path.exists(DAEMON) and os.path.isdir(MODULE)


def in_its_world(zone, authority, command):
    """What subprocess needs: the command and its environment."""
    return {"args": with_file("/etc/resolv.conf", zone.resolv_conf, command),
            "env": environment({"SSL_CERT_FILE": str(authority.trusted),
                                "https_proxy": "",
                                "PYTHONDONTWRITEBYTECODE": "1"})}


def query(zone, authority, domain):
    """What mta-sts-query prints."""
    return subprocess.run(
        **in_its_world(zone, authority, [QUERY, domain]), check=True,
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=60).stdout


class Resolver:
    """The module, in a process of its own."""

    def __init__(self, zone, authority, directory):
        self._zone, self._authority = zone, authority
        self._log = directory / "resolver.log"
        self._process = None

    def __enter__(self):
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                **in_its_world(
                    self._zone, self._authority,
                    ["/usr/bin/python3",
                     Path(__file__).with_name("resolve.py"), str(PATIENCE)]),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                stderr=log)
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.communicate()

    def log(self):
        """What it warned of, and how it ended if it did."""
        return self._log.read_text()

    def ask(self, domain, known=None):
        """
        What became of it (NONE, VALID, FETCH_ERROR, NOT_CHANGED), the id and
        the policy as a dict of its fields; known is the id of a cached one.
        """
        self._process.stdin.write(json.dumps([domain, known]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, self.log()
        return json.loads(answer)


class Daemon:
    """mta-sts-daemon on PORT; grace: seconds for which it asks no DNS."""

    def __init__(self, zone, authority, directory, grace=0):
        self._zone, self._authority = zone, authority
        self._config = directory / "mta-sts-daemon.yml"
        self._config.write_text(f"""cache_grace: {grace}
cache: {{ type: internal }}
default_zone: {{ strict_testing: false, timeout: {PATIENCE} }}
zones: {{ strict: {{ strict_testing: true, timeout: {PATIENCE} }} }}
""")
        self._log = directory / "mta-sts-daemon.log"
        self._process = None

    def __enter__(self):
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                **in_its_world(self._zone, self._authority,
                                [DAEMON, "-v", "debug", "-c", self._config]),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_for(self._is_up)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        # It takes seconds to leave politely, and keeps nothing.
        self._process.kill()
        self._process.wait()

    def _is_up(self):
        assert self._process.poll() is None, self.log()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", PORT)) == 0

    def log(self):
        return self._log.read_text()

    def ask(self, domain, zone="postfix"):
        """What Postfix is told: "OK secure match=..." or "NOTFOUND "."""
        request = f"{zone} {domain}".encode()
        with socket.create_connection(("127.0.0.1", PORT), 30) as link:
            link.sendall(b"%d:%s," % (len(request), request))
            link.shutdown(socket.SHUT_WR)
            reply = b"".join(iter(lambda: link.recv(4096), b""))
        size, _, rest = reply.partition(b":")
        assert rest == rest[:int(size)] + b",", reply
        return rest[:-1].decode()


def allowed(answer):
    """The names of "OK secure match=...", as a set of Postfix's patterns."""
    status, _, words = answer.partition(" ")
    assert status == "OK" and words.startswith("secure match="), answer
    return set(words.split()[1].partition("=")[2].split(":"))
