"""
Where certificates are asked for: a namespace with its DNS, a pebble, and a site
whose domains are added as an administrator does. The web servers are the
tests' part.
"""

import shutil
import subprocess
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass

from command import DONE, run
from harness import PATH, Site, environment
from lab import acme, namespace, zone
from lab.authority import Authority
from lab.internet import SETTINGS
from lab.namespace import with_file
from lab.zone import ADDRESS, Zone


def why_not(*programs):
    """Why there can be none here, or None; programs: what is needed more."""
    missing = [name for name in programs
               if not shutil.which(name, path="/usr/bin:/usr/sbin")]
    if not acme.available():
        missing.append("pebble")
    if not zone.available():
        missing.append("named, nsupdate or dig")
    if missing:
        return f"{', '.join(missing)} not installed: make deps"
    return namespace.why_not()


@dataclass
class Fetched:
    """What a sender gets: curl's exit code, the status, the body, the words."""
    code: int
    status: int
    body: bytes
    words: str

    # What curl ends with when TLS fails, and when the certificate is no good.
    NO_TLS, NO_TRUST = 35, 60


class AcmeWorld:
    """Its parts: site, authority, zone, pebble, directory; env: pebble's."""

    def __init__(self, env=None):
        self._env = env
        self._stack = ExitStack()

    def __enter__(self):
        with ExitStack() as stack:
            self.directory = stack.enter_context(namespace.workplace())
            self.authority = Authority(self.directory / "authority")
            self.site = stack.enter_context(Site())
            self.site.configure(SETTINGS)
            (self.directory / "zones").mkdir()
            self.zone = stack.enter_context(Zone(self.directory / "zones"))
            self.pebble = stack.enter_context(
                acme.Pebble(self.directory, self.authority, self._env))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc):
        return self._stack.__exit__(*exc)

    def command(self, *args):
        """Runs mta-sts, which has to be content."""
        done = run(self.site, *args)
        assert done.returncode == DONE, done
        return done.stdout

    def add(self, *domains):
        """Policies by the command, and the records that it prints."""
        self.command("add", *domains, "--mx", "mx1.example.com", "--max-age",
                     "1d")
        self.zone.publish(self.site, *domains)

    def point_here(self, *hosts):
        """Addresses in the DNS and nothing more."""
        self.zone.add(*(f"{host}. IN A {ADDRESS}" for host in hosts))

    def fetch(self, host, path=PATH):
        """As a sender does, who trusts the authority."""
        with tempfile.NamedTemporaryFile(dir=self.directory) as body:
            done = subprocess.run(
                with_file("/etc/resolv.conf", self.zone.resolv_conf,
                          ["curl", "-sS", "--noproxy", "*", "--max-time", "30",
                           "--cacert", self.pebble.trusted, "-o", body.name,
                           "-w", "%{http_code}", f"https://{host}{path}"]),
                stdin=subprocess.DEVNULL, capture_output=True, text=True,
                timeout=60, check=False, env=environment())
            return Fetched(done.returncode, int(done.stdout or 0), body.read(),
                           done.stderr)
