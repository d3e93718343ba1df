"""
The policy hosts: lighttpd with TLS on port 443, whose include is the shipped
lighttpd.conf, and hosts that are wrong in one way each.
"""

import os
import ssl

from webservers import Lighttpd

MODULE = "/usr/lib/lighttpd/mod_openssl.so"


class PolicyHost(Lighttpd):
    """Answers for every mta-sts.* with the certificate that it is given."""

    def __init__(self, site, authority, certificate, odd=(), **more):
        """odd: pairs of a host and what more lighttpd is told of it."""
        super().__init__(site, **more)
        self.port = 443
        self.tls = ssl.create_default_context(cafile=authority.trusted)
        self._certificate = certificate
        self._odd = odd

    def main(self, shipped):
        return super().main(shipped) + f"""
server.modules += ( "mod_openssl", "mod_redirect", "mod_setenv" )
ssl.engine = "enable"
ssl.pemfile = "{self._certificate.both}"
""" + "".join(f'$HTTP["host"] == "{host}" {{ {lines} }}\n'
              for host, lines in self._odd)


def available():
    """Whether lighttpd is there, and can do TLS."""
    return bool(PolicyHost.path()) and os.path.exists(MODULE)
