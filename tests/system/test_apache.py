"""
Apache three ways, with the files of cgi-bin: mod_proxy_fcgi, mod_fcgid and
plain CGI. A customer with AllowOverride All tries his .htaccess on each.
"""

import pytest

from harness import POLICY_WIRE, Site
from relay import kept_connections
from servercases import (HEADERS, REASONS, FastCgiCases, ServerCases,
                         furnish, serve)
from webserver import FORGED
from webservers import ApacheCgi, ApacheFcgid, ApacheProxy

MISSING = "/.well-known/missing.txt"
BESIDE = "/.well-known/forged.txt"

# What a customer writes; a path beside the policy; and what it shows there, so
# that the line is known to work where it may.
HOSTILE = {
    "rewritten": ("RewriteEngine On\nRewriteRule ^ /forged.txt [END]",
                  MISSING, lambda reply: reply.body == FORGED),
    "redirected": ("RedirectMatch 302 mta-sts|missing http://evil.example/",
                   MISSING, lambda reply: reply.status == 302),
    "gone": ("Redirect gone /.well-known",
             BESIDE, lambda reply: reply.status == 410),
    "forbidden": ("Require all denied",
                  BESIDE, lambda reply: reply.status == 403),
    "forbidden by name": ('<FilesMatch "txt|fcgi">\nRequire all denied\n'
                          "</FilesMatch>",
                          BESIDE, lambda reply: reply.status == 403),
    "forbidden by If": ('<If "true">\nRequire all denied\n</If>',
                        BESIDE, lambda reply: reply.status == 403),
    "headers": ('Header always set X-Customer yes\n'
                "Header always unset X-Content-Type-Options\n"
                "Header set Cache-Control max-age=9999\n"
                "Header set Content-Type text/html",
                BESIDE, lambda reply: ("x-customer", "yes") in reply.headers),
    "another host": ("RequestHeader set Host mta-sts.alias.example\n"
                     'Header always set X-Host "expr=%{HTTP:Host}"',
                     BESIDE, lambda reply: ("x-host", "mta-sts.alias.example")
                     in reply.headers),
    "environment": ("SetEnv MTA_STS_CONF /nowhere\n"
                    "Header always set X-Conf %{MTA_STS_CONF}e",
                    BESIDE, lambda reply: ("x-conf", "/nowhere")
                    in reply.headers),
    "handler": ("SetHandler send-as-is\nOptions -ExecCGI",
                BESIDE, lambda reply: reply.body == b""),
    "error pages": ("ErrorDocument 404 forged\nErrorDocument 500 forged",
                    MISSING, lambda reply: reply.body == b"forged"),
    "fallback": ("FallbackResource /forged.txt",
                 MISSING, lambda reply: reply.body == FORGED),
    "type": ("ForceType text/html",
             BESIDE, lambda reply: ("content-type", "text/html")
             in reply.headers),
}


@pytest.fixture(scope="class", params=[ApacheProxy, ApacheFcgid])
def server(request):
    yield from serve(request.param)


class ApacheCases:
    """What Apache promises besides, whichever way."""

    @pytest.mark.parametrize("name", HOSTILE)
    def test_htaccess(self, server, name):
        text, path, shows = HOSTILE[name]
        files = [server.customer / ".htaccess",
                 server.customer / ".well-known" / ".htaccess"]
        try:
            for file in files:
                file.write_text(text + "\n")
            beside = server.ask("www.example.com", path=path)
            assert shows(beside), f"it has no effect where it may: {beside}"
            self.untouched(server)
        finally:
            for file in files:
                file.unlink()

    @staticmethod
    def untouched(server):
        for host, status, body in (
                ("mta-sts.example.com", 200, POLICY_WIRE),
                ("mta-sts.no.example.com", 404, REASONS[404]),
                ("mta-sts.broken.example.com", 500, REASONS[500])):
            reply = server.ask(host)
            assert (reply.status, reply.body) == (status, body)
            assert reply.policy_headers() == sorted(
                HEADERS + [("content-length", str(len(body)))])

    def test_hosts_without_the_label(self, server):
        """Every host comes here, so that each has its answer."""
        for host in ("www.example.com", "example.com", "localhost"):
            assert server.ask(host).body == REASONS[404]
        reply = server.ask(host=None, version="1.0")
        assert (reply.status, reply.body) == (400, REASONS[400])

    def test_every_virtual_host(self, server):
        """One that knows nothing of policies inherits this."""
        server.site.write("other.example")
        reply = server.ask("mta-sts.other.example")
        assert (reply.status, reply.body) == (200, POLICY_WIRE)


class TestApacheFastCgi(FastCgiCases, ApacheCases):
    pass


class TestApacheCgi(ServerCases, ApacheCases):
    @pytest.fixture(scope="class")
    def server(self):
        yield from serve(ApacheCgi)

    def test_query_is_no_option(self, server):
        """A query without "=" becomes the arguments of a CGI program."""
        reply = server.ask(path="/.well-known/mta-sts.txt?-V")
        assert (reply.status, reply.body) == (200, POLICY_WIRE)


@pytest.mark.parametrize("line", [
    "ProxyPass / fcgi://127.0.0.1:9/", "Alias /.well-known {customer}",
    "Redirect / http://www.example.com/", "ProxyErrorOverride On",
    "AddDefaultCharset utf-8", "ProxyPass /.well-known !",
    "RewriteEngine On\nRewriteRule ^ /forged.txt [PT]"])
def test_virtual_host_comes_after(line):
    """What the head of apache-proxy-fcgi.conf says of virtual hosts."""
    with Site() as site:
        furnish(site)
        server = ApacheProxy(site)
        server.own = line.format(customer=server.customer)
        with server:
            for host, status, body in (
                    ("mta-sts.example.com", 200, POLICY_WIRE),
                    ("mta-sts.no.example.com", 404, REASONS[404])):
                reply = server.ask(host)
                assert (reply.status, reply.body) == (status, body)


def test_connections_that_are_not_kept():
    """
    Another configuration than ours. Apache then sends the end of a request
    after the answer may have come, and must not take that for a failure.
    """
    with Site() as site:
        furnish(site)
        with ApacheProxy(site, changes=[(" enablereuse=on", "")]) as server:
            replies = [server.ask() for _ in range(200)]
    assert {(reply.status, reply.body) for reply in replies} == \
        {(200, POLICY_WIRE)}


def test_connections_are_kept():
    """3,000 requests by 4 clients, each with a thread of Apache's."""
    assert kept_connections(ApacheProxy) <= 32
