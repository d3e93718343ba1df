"""
Certificates for lighttpd by certbot, which mta-sts hosts feeds: what the
README's page has its reader type, with the shipped files.
"""

import socket
import sys

import pytest

from harness import TOP, wire
from webservers import Lighttpd

sys.path.insert(0, str(TOP / "tests"))

from certpages import Reader, page  # noqa: E402
from lab import acmeworld, policyhost  # noqa: E402

NOT_HERE = acmeworld.why_not("lighttpd", "certbot", "curl") or (
    None if policyhost.available() else "lighttpd has no TLS: make deps")
pytestmark = pytest.mark.skipif(bool(NOT_HERE), reason=str(NOT_HERE))

SERVED = wire("testing", ["mx1.example.com"], 86400)
CHALLENGE = "/.well-known/acme-challenge/"


class AcmeLighttpd(Lighttpd):
    """On ports 80 and 443, with what a reader has put into conf-available."""

    def __init__(self, reader):
        super().__init__(reader.world.site)
        self.port = 443
        self.reader = reader
        self._other = reader.world.authority.issue("other",
                                                   ["www.example.com"])

    def main(self, shipped):
        """
        Port 443 as Debian sets it up, and what a customer has between the two
        files.
        """
        added = (self.reader.root /
                 "etc/lighttpd/conf-available/99-mta-sts-acme.conf")
        return super().main(added) + f"""
server.modules += ( "mod_openssl", "mod_redirect" )
ssl.pemfile = "{self._other.both}"
ssl.engine = "enable"
$SERVER["socket"] == "127.0.0.1:80" {{ ssl.engine = "disable" }}
$HTTP["host"] =~ "example$" {{
    url.redirect = ( "" => "https://www.example.com/" )
}}
include "{shipped}"
"""

    def customers_own(self):
        return f'alias.url = ( "/.well-known/" => "{self.customer}/" )'

    def _is_up(self):
        assert self._process.poll() is None, "it has left"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", 80)) == 0

    def restart(self):
        """As systemctl does it."""
        self._stop()
        self._start()


def test_page():
    """
    Two domains that are added one after the other, one that has no policy, and
    a certificate that is taken away.
    """
    with acmeworld.AcmeWorld({"PEBBLE_WFE_NONCEREJECT": "0"}) as world:
        once, each, daily = page("lighttpd with certbot")
        reader = Reader(world, "lighttpd")
        assert reader.type(once) == ["lighty-enable-mod mta-sts-acme",
                                     "systemctl restart lighttpd"]
        world.point_here("mta-sts.no.example")
        with AcmeLighttpd(reader) as server:
            for domain in ("one.example", "two.example"):
                bring(world, reader, server, domain, each)
            served(world, server, "one.example")
            assert world.fetch("mta-sts.no.example").code == 60
            reader.type("rm -r /etc/mta-sts/tls/mta-sts.two.example")
            # And one whose certificate was not put there to the end.
            reader.type("mkdir /etc/mta-sts/tls/mta-sts.half.example && "
                        "touch /etc/mta-sts/tls/mta-sts.half.example/"
                        "privkey.pem")
            assert reader.type(daily) == ["systemctl restart lighttpd"]
            server.restart()
            assert world.fetch("mta-sts.two.example").code == 60
            served(world, server, "one.example")
        assert world.pebble.looked_at() == {"mta-sts.one.example",
                                            "mta-sts.two.example"}


def bring(world, reader, server, domain, each):
    """All that it takes until a domain that is added has its certificate."""
    host = f"mta-sts.{domain}"
    world.add(domain)
    assert world.fetch(host).code == 60
    orders = world.pebble.orders()
    assert reader.type(each) == []
    # Those that have a certificate are not asked for again.
    assert world.pebble.orders() == orders + 1
    assert world.fetch(host).code == 60
    server.restart()
    served(world, server, domain)
    assert world.fetch(host, CHALLENGE + "x").status == 404


def served(world, server, domain):
    fetched = world.fetch(f"mta-sts.{domain}")
    assert (fetched.code, fetched.status, fetched.body) == (0, 200, SERVED), (
        fetched, server.log())
