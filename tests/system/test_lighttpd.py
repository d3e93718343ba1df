"""
lighttpd, with cgi-bin/lighttpd.conf: as it stands there, where lighttpd starts
the responder, and with the variant for systemd's socket.
"""

import pytest

from harness import POLICY_WIRE, Site, wait_for
from servercases import FastCgiCases, furnish, serve
from webserver import FORGED
from webservers import Lighttpd, LighttpdSocket


@pytest.fixture(scope="module", params=[Lighttpd, LighttpdSocket])
def server(request):
    yield from serve(request.param)


class TestLighttpd(FastCgiCases):
    def test_other_hosts_are_not_touched(self, server):
        reply = server.ask("www.example.com")
        assert (reply.status, reply.body) == (200, FORGED)

    def test_other_paths_are_not_touched(self, server):
        """So that ACME's http-01 works for the policy hosts as well."""
        reply = server.ask(path="/.well-known/forged.txt")
        assert (reply.status, reply.body) == (200, FORGED)


class WithFastCgiOfHisOwn(Lighttpd):
    """A customer's host has a fastcgi.server too, as for PHP."""

    def customers_own(self):
        return (f'fastcgi.server = ( ".php" => (( "socket" => "{self.run}/x",'
                ' "check-local" => "enable" )) )')


def test_the_last_one_counts():
    """Included after the customers' hosts, as its head says."""
    with Site() as site:
        furnish(site)
        with WithFastCgiOfHisOwn(site) as server:
            assert server.ask().body == POLICY_WIRE


class WithABlockAbove(WithFastCgiOfHisOwn):
    """The administrator has settings for the policy hosts, before all others."""

    def main(self, shipped):
        customers = '$HTTP["host"] =~ "(^|'
        text = super().main(shipped)
        assert customers in text
        return text.replace(customers, """$HTTP["host"] =~ "^mta-sts\\." {
    server.follow-symlink = "enable"
}
""" + customers)


def test_a_block_above_does_not_count():
    """Two blocks with the same condition are one, in the place of the first."""
    with Site() as site:
        furnish(site)
        with WithABlockAbove(site) as server:
            assert server.ask().body == POLICY_WIRE


def test_environment():
    """The responder has what the file names, and one that is always added."""
    with Site() as site, Lighttpd(site) as server:
        # For a moment it is still the server's own copy.
        pid, = wait_for(server.responders)
        with open(f"/proc/{pid}/environ") as environ:
            names = {pair.split("=")[0] for pair in environ.read().split("\0")}
        assert names - {""} == {"PATH", "MTA_STS_CONF", "PHP_FCGI_CHILDREN"}
