"""
Whose certificate lighttpd has for a policy host, with cgi-bin/lighttpd-acme.conf
behind what an administrator and a customer have for the same names.
"""

import socket
import ssl
import subprocess

import pytest

from customer import VICTIM_HOST
from harness import TOP, Site
from servercases import furnish
from webservers import Lighttpd, Nginx

pytestmark = pytest.mark.skipif(
    not Lighttpd.path() or subprocess.run(
        ["openssl", "version"], capture_output=True, check=False).returncode,
    reason="lighttpd or openssl is not installed")

HIS = "www.customer.example"
BLOCK = f"""$HTTP["host"] == "{VICTIM_HOST}" {{
    server.follow-symlink = "enable"
}}
"""


class Tls(Lighttpd):
    """With a block of the administrator's above a certificate of a customer's."""

    certify = Nginx.certify
    above = ""
    changes_of_acme = ()

    def _furnish(self):
        super()._furnish()
        for name in (VICTIM_HOST, HIS):
            self.certify(name)

    def acme(self):
        """The other shipped file; its certificates are in a place of ours."""
        text = (TOP / "cgi-bin/lighttpd-acme.conf").read_text()
        for old, new in [("/etc/mta-sts/tls", str(self.root / "tls")),
                         *self.changes_of_acme]:
            assert old in text
            text = text.replace(old, new)
        copy = self.root / "shipped-acme.conf"
        copy.write_text(text)
        return copy

    def main(self, shipped):
        his = self.root / "tls" / HIS
        pair = (f'ssl.pemfile = "{his}/fullchain.pem"\n'
                f'ssl.privkey = "{his}/privkey.pem"\n')
        return f"""{self.above}
{super().main(shipped)}
server.modules += ( "mod_openssl" )
ssl.engine = "enable"
{pair}
$HTTP["host"] =~ "example$" {{
{pair}
}}
include "{self.acme()}"
"""

    def _is_up(self):
        assert self._process.poll() is None, "it has left"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def certificate(server, name):
    """The name in the certificate that a client gets who asks for that one."""
    anybody = ssl.create_default_context()
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", server.port), 20) as plain, \
            anybody.wrap_socket(plain, server_hostname=name) as it:
        octets = it.getpeercert(True)
    said = subprocess.run(
        ["openssl", "x509", "-inform", "DER", "-noout", "-subject", "-nameopt",
         "multiline"], input=octets, capture_output=True, check=True).stdout
    return said.decode().split("=")[-1].strip()


@pytest.mark.parametrize("above", ["", BLOCK], ids=["nothing", "a block"])
def test_certificate(above):
    """Of two blocks with one condition lighttpd makes one, the first's place."""
    kind = type("Own", (Tls,), {"above": above})
    with Site() as site:
        furnish(site)
        with kind(site) as server:
            assert certificate(server, VICTIM_HOST) == VICTIM_HOST
            assert certificate(server, HIS) == HIS
            assert certificate(server, "mta-sts.no.example") == HIS
