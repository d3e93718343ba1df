"""
A customer has a certificate of his own loaded, and the victim's name is in it.
Nobody trusts that one, so that no sender would read the policy of a host that
has it. What Caddyfile and haproxy.cfg tell of it; nginx, Apache and lighttpd have
certificates for each host apart.
"""

import socket
import ssl
import subprocess
import sys

import pytest

from harness import TOP, Site
from servercases import furnish
from webservers import Caddy

sys.path.insert(0, str(TOP / "tests"))

from lab.balancer import HAProxy  # noqa: E402

VICTIM_HOST = "mta-sts.example.com"
HIS = "www.customer.example"


def server_of(kind, site, **settings):
    if kind.path() is None:
        pytest.skip(f"{kind.binary} is not installed")
    furnish(site)
    return type("Own", (kind,), settings)(site)


def trusted(server, name):
    """Whether a client that trusts the right authority trusts this host."""
    try:
        with socket.create_connection(("127.0.0.1", server.port), 20) as it, \
                server.tls.wrap_socket(it, server_hostname=name):
            return True
    except ssl.SSLCertVerificationError:
        return False


def his_pair(server, names):
    """His certificate and key, made by himself, with any names."""
    place = server.root / "his"
    place.mkdir()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
         f"/CN={HIS}", "-addext",
         "subjectAltName=" + ",".join(f"DNS:{name}" for name in names),
         "-keyout", place / "key.pem", "-out", place / "cert.pem"],
        check=True, capture_output=True)
    (place / "key.pem").chmod(0o644)
    both = place / "both.pem"
    both.write_text((place / "cert.pem").read_text() +
                    (place / "key.pem").read_text())
    return place


class HisSite(Caddy):
    """Caddy, with a site of his that has a certificate from a file."""

    names = ()

    def customers_sites(self):
        his = his_pair(self, [HIS, *self.names])
        return super().customers_sites() + f"""
{HIS} {{
    tls {his}/cert.pem {his}/key.pem
    respond 404
}}
"""


@pytest.mark.parametrize("names, safe", [
    ([], True), (["mta-sts.alias.example"], False),
    (["*.alias.example"], False)])
def test_caddy(names, safe):
    """The trap that the Caddyfile tells of: to be seen in the certificate."""
    with Site() as site, server_of(HisSite, site, names=names) as server:
        assert trusted(server, VICTIM_HOST)
        assert trusted(server, "mta-sts.alias.example") == safe
        said = subprocess.run(
            ["openssl", "x509", "-noout", "-ext", "subjectAltName", "-in",
             server.root / "his/cert.pem"], capture_output=True, check=True)
        assert all(name.encode() in said.stdout for name in [HIS, *names])


class HisBind(HAProxy):
    """HAProxy, with his certificate on the same port, before or after ours."""

    first = False

    def _furnish(self):
        super()._furnish()
        his_pair(self, [HIS, VICTIM_HOST])

    def replacements(self):
        ours, his = f"crt {self.root}/tls/", f"crt {self.root}/his/both.pem"
        return [*super().replacements(),
                (ours, f"{his} {ours}" if self.first else f"{ours} {his}")]


@pytest.mark.parametrize("first", [True, False])
def test_haproxy(first):
    with Site() as site, server_of(HisBind, site, first=first,
                                   _is_up=up) as server:
        assert trusted(server, VICTIM_HOST) == (not first)
        assert trusted(server, "mta-sts.other.example")


def up(server):
    """Without a request: its host's certificate may be his."""
    assert server._process.poll() is None, "it has left"
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", server.port)) == 0
