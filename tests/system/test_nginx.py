"""nginx, with cgi-bin/nginx.conf: TLS, kept connections, server names."""

import subprocess

import pytest

from harness import POLICY, POLICY_WIRE, Site
from relay import kept_connections
from servercases import FastCgiCases, furnish, serve
from webserver import FORGED
from webservers import Nginx


@pytest.fixture(scope="module")
def server():
    yield from serve(Nginx)


class TestNginx(FastCgiCases):
    def test_certificate_of_the_name(self, server):
        """The file is chosen by the name that the client asks for."""
        for name in ("mta-sts.example.com", "mta-sts.other.example"):
            connection = server.connection(name)
            names = connection.sock.getpeercert()["subjectAltName"]
            connection.close()
            assert names == (("DNS", name),)

    def test_other_hosts_are_not_touched(self, server):
        reply = server.ask("www.example.com")
        assert (reply.status, reply.body) == (200, FORGED)

    def test_host_of_the_request_line(self, server):
        """The host that nginx goes by is the one that is answered for."""
        reply = server.ask(host="mta-sts.unknown.example",
                           path="https://mta-sts.example.com"
                                "/.well-known/mta-sts.txt")
        assert (reply.status, reply.body) == (200, POLICY_WIRE)
        reply = server.ask(path="https://mta-sts.unknown.example"
                                "/.well-known/mta-sts.txt")
        assert reply.status == 404


@pytest.mark.parametrize("names, body", [
    ("mta-sts.*", FORGED),
    ("mta-sts.* mta-sts.shadowed.example", POLICY_WIRE)])
def test_customers_wildcard(names, body):
    """The trap that nginx.conf tells of, and its way out."""
    with Site() as site:
        furnish(site)
        site.write("shadowed.example", POLICY)
        with Nginx(site, [("server_name mta-sts.*;",
                           f"server_name {names};")]) as server:
            assert server.ask("mta-sts.shadowed.example").body == body


class Alone(Nginx):
    """No other server block, so that every name comes to ours."""

    def customers_block(self):
        return ""


@pytest.mark.parametrize("name, served", [
    ("mta-sts.example.com", True),
    ("www.example.com", False),
    ("../tls/mta-sts.example.com", False),
    ("mta-sts.x/../mta-sts.example.com", False)])
def test_no_other_certificate(name, served):
    """Whatever a client writes for a name, no other path is opened."""
    with Site() as site, Alone(site) as server:
        done = subprocess.run(
            ["openssl", "s_client", "-servername", name, "-connect",
             f"127.0.0.1:{server.port}"], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=20)
        assert ("BEGIN CERTIFICATE" in done.stdout) == served, done.stdout
        assert "/../" not in server.log()


def test_connections_are_kept():
    """3,000 requests by 4 clients; one worker keeps up to 8 connections."""
    assert kept_connections(Nginx) <= 8
