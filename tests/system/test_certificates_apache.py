"""
Certificates for Apache by mod_md, which mta-sts hosts feeds: what the README's
page has its reader type, with the shipped files.
"""

import json
import os
import signal
import socket
import sys

import pytest

from harness import TOP, wait_for, wire
from webservers import ApacheProxy

sys.path.insert(0, str(TOP / "tests"))

from certpages import Reader, page  # noqa: E402
from lab import acme, acmeworld  # noqa: E402

NOT_HERE = acmeworld.why_not("apache2", "curl")
pytestmark = pytest.mark.skipif(bool(NOT_HERE), reason=str(NOT_HERE))

SERVED = wire("testing", ["mx1.example.com"], 86400)


class AcmeApache(ApacheProxy):
    """On ports 80 and 443, with what a reader has put into conf-available."""

    modules = (*ApacheProxy.modules, "socache_shmcb", "ssl", "md", "macro")

    def __init__(self, reader):
        super().__init__(reader.world.site)
        self.port = 443
        self.reader = reader

    def main(self, shipped):
        conf = (self.reader.root /
                "etc/apache2/conf-available/mta-sts-md.conf")
        text = conf.read_text()
        assert "\nMDContactEmail " in text
        for old, new in (("#MDCertificateAuthority "
                          "https://acme.hosting.example/directory",
                          f"MDCertificateAuthority {acme.DIRECTORY}"),
                         ("#MDCACertificateFile "
                          f"{self.reader.root}/etc/apache2/acme-root.pem",
                          "MDCACertificateFile "
                          f"{self.reader.world.authority.trusted}")):
            assert old in text
            text = text.replace(old, new)
        conf.write_text(text)
        return super().main(shipped) + f"Listen 80\nInclude {conf}\n"

    def virtual_hosts(self):
        return f"""<VirtualHost *:80>
    ServerName www.example.com
    DocumentRoot {self.customer}
</VirtualHost>
"""

    def _is_up(self):
        assert self._process.poll() is None, "it has left"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", 80)) == 0

    def reload(self):
        """As systemctl does it, and waits until it has."""
        words = "resuming normal operations"
        before = self.log().count(words)
        os.kill(self._process.pid, signal.SIGUSR1)
        wait_for(lambda: self.log().count(words) > before)

    def has_got(self, host):
        """Whether mod_md has a certificate that waits for a reload."""
        job = self.root / "md/staging" / host / "job.json"
        try:
            return json.loads(job.read_text()).get("finished", False)
        except (FileNotFoundError, json.JSONDecodeError):
            return False


@pytest.fixture(name="world")
def fixture_world():
    with acmeworld.AcmeWorld() as world:
        yield world


def served(world, server, domain):
    fetched = world.fetch(f"mta-sts.{domain}")
    assert (fetched.code, fetched.status, fetched.body) == (0, 200, SERVED), (
        fetched, server.log())


def typed(reader, server, snippet):
    """Types it, and does what it asks of the machine: to reload Apache."""
    assert reader.type(snippet) == ["systemctl reload apache2"]
    server.reload()


def bring(world, reader, server, domain):
    """All that it takes until a domain that is added has its certificate."""
    _, each, daily = page("Apache with mod_md")
    host = f"mta-sts.{domain}"
    world.add(domain)
    assert world.fetch(host).code in (35, 60)
    typed(reader, server, each)
    wait_for(lambda: server.has_got(host), 30)
    # Not before the second reload.
    assert world.fetch(host).code == 60
    typed(reader, server, daily)
    served(world, server, domain)


def test_page(world):
    """
    Two domains that are added one after the other, one that has no policy, and
    one that goes.
    """
    once, each, _ = page("Apache with mod_md")
    reader = Reader(world, "apache")
    assert reader.type(once) == [
        "a2enmod ssl md macro", "a2enconf mta-sts-md",
        "systemctl restart apache2"]
    world.point_here("mta-sts.no.example")
    with AcmeApache(reader) as server:
        bring(world, reader, server, "one.example")
        orders = world.pebble.orders()
        bring(world, reader, server, "two.example")
        served(world, server, "one.example")
        assert world.pebble.orders() == orders + 1
        for path in ("/", "/.well-known/forged.txt",
                     "/.well-known/mta-sts.txt.bak"):
            assert world.fetch("mta-sts.one.example", path).status == 404
        assert world.fetch("mta-sts.no.example").code == 60
        assert world.pebble.looked_at() == {"mta-sts.one.example",
                                            "mta-sts.two.example"}
        world.command("remove", "--force", "two.example")
        typed(reader, server, each)
        assert world.fetch("mta-sts.two.example").code == 60
        served(world, server, "one.example")
        assert world.pebble.orders() == orders + 1
