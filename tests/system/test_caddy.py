"""
Caddy, with cgi-bin/Caddyfile: who may have a certificate, site names, HTTP/2,
and who can configure it. Certificates of an authority are in
test_certificates.py.
"""

import http.client
import os
import pwd
import ssl
import subprocess
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import pytest

import http2
from harness import (PATH, POLICY, POLICY_WIRE, TOP, Site, environment,
                     wait_for)
from servercases import FastCgiCases, furnish, serve
from webserver import FORGED
from webservers import Caddy

# What a client may have written for a name, and whether it is one that may have
# a certificate. Caddy itself makes names lower case.
NAMES = [
    ("mta-sts.example.com", True),
    ("mta-sts.alias.example", True),
    ("mta-sts.unknown.example", False),
    ("mta-sts.broken.example", False),
    ("mta-sts.open.example", False),
    ("example.com", False),
    ("www.example.com", False),
    ("www.mta-sts.example.com", False),
    ("mta-sts.mta-sts.example.com", False),
    ("mta-sts", False),
    ("mta-sts.", False),
    ("", False),
    ("MTA-STS.EXAMPLE.COM", False),
    ("mta-sts.example.com.", False),
    ("mta-sts.example.com:443", False),
    ("mta-sts.example.com\0", False),
    ("mta-sts.example.com\0.evil.example", False),
    ("mta-sts.example.com/.well-known/mta-sts.txt?", False),
    ("mta-sts.example.com?x", False),
    ("mta-sts.example.com&domain=x", False),
    ("mta-sts.example.com\n", False),
    ("mta-sts.example.com\r\nHost: x", False),
    (" mta-sts.example.com", False),
    ("x@mta-sts.example.com", False),
    ("*.example.com", False),
    ("mta-sts.*", False),
    ("mta-sts.example..com", False),
    ("mta-sts.../example.com", False),
    ("mta-sts.../../example.com", False),
    ("mta-sts.{env.HOME}", False),
    ("mta-sts.{http.request.host}", False),
    ("mta-sts.127.0.0.1", False),
    ("mta-sts." + 64 * "a" + ".example", False),
    ("mta-sts." + 100 * "a." + "example.com", False),
    ("mta-sts." + 20000 * "a", False),
    ("mta-sts.b\xfccher.example", False),
]


@pytest.fixture(scope="module")
def server():
    yield from serve(Caddy)


def permitted(server, query):
    """The status and the body of what Caddy asks itself."""
    it = http.client.HTTPConnection("127.0.0.1", server.ask_port, timeout=20)
    try:
        it.request("GET", "/?" + query)
        answer = it.getresponse()
        return answer.status, answer.read()
    finally:
        it.close()


def handshake(server, name):
    """Whether a client that asks for the name gets a certificate for it."""
    try:
        server.connection(name).close()
    except ssl.SSLError as error:
        assert "ALERT" in error.reason, error
        return False
    return True


class TestCaddy(FastCgiCases):
    @pytest.mark.parametrize("name, may", NAMES,
                             ids=[repr(row[0])[:30] for row in NAMES])
    def test_permission(self, server, name, may):
        status, body = permitted(server, urllib.parse.urlencode(
            {"domain": name}))
        assert (status == 200) == may, (status, body)
        assert may == (body == POLICY_WIRE)

    @pytest.mark.parametrize("query", [
        "", "domain", "Domain=mta-sts.example.com",
        "domain=mta-sts.unknown.example&domain=mta-sts.example.com",
        "domain=mta-sts.example.com&domain=mta-sts.unknown.example"])
    def test_no_permission_for_another_question(self, server, query):
        assert permitted(server, query)[0] != 200

    @pytest.mark.parametrize("host", ["localhost", "mta-sts.example.com"])
    def test_host_of_the_question_does_not_count(self, server, host):
        """Should somebody write another name into "ask"."""
        it = http.client.HTTPConnection("127.0.0.1", server.ask_port)
        for name, status in (("example.com", 200), ("unknown.example", 404)):
            it.request("GET", f"/?domain=mta-sts.{name}",
                       headers={"Host": host})
            answer = it.getresponse()
            answer.read()
            assert answer.status == status
        it.close()

    def test_no_certificate_without_a_policy(self, server):
        for name in ("mta-sts.unknown.example", "mta-sts.broken.example",
                     "example.com", "other.example"):
            assert not handshake(server, name)
        assert handshake(server, "mta-sts.alias.example")
        certificates = {path.stem for path in server.data.rglob("*.crt")}
        assert certificates == {
            "root", "intermediate", "mta-sts.example.com",
            "mta-sts.alias.example", "www.example.com",
            "mta-sts.exact.example", "wildcard_.shadowed.example"}

    def test_a_policy_is_enough(self, server):
        """And its removal, where no certificate was made yet, the end of it."""
        site, name = server.site, "mta-sts.soon.example"
        assert not handshake(server, name)
        path = site.write("soon.example")
        assert handshake(server, name)
        path.unlink()
        assert permitted(server, "domain=" + name)[0] == 404
        path = site.write("gone.example")
        path.unlink()
        assert not handshake(server, "mta-sts.gone.example")

    def test_other_hosts_are_not_touched(self, server):
        for path in (PATH, "/.well-known/forged.txt"):
            reply = server.ask("www.example.com", path=path)
            assert (reply.status, reply.body) == (200, FORGED)

    def test_host_of_the_request_line(self, server):
        """The host that Caddy goes by is the one that is answered for."""
        reply = server.ask(host="mta-sts.unknown.example",
                           path="https://mta-sts.example.com" + PATH)
        assert (reply.status, reply.body) == (200, POLICY_WIRE)
        reply = server.ask(path="https://mta-sts.unknown.example" + PATH)
        assert reply.status == 404

    @pytest.mark.parametrize("authority, host, status", [
        ("mta-sts.example.com", "mta-sts.unknown.example", 200),
        ("mta-sts.unknown.example", "mta-sts.example.com", 404),
        ("mta-sts.example.com:443", None, 200),
        ("mta-sts.example.com.", None, 200)])
    def test_two_hosts(self, server, authority, host, status):
        """HTTP/2 has a name of its own for the host."""
        got, body = http2.ask(server, "mta-sts.example.com", http2.fields(
            (":authority", authority), *[("host", host)] * bool(host)))
        assert got == status
        assert (body == POLICY_WIRE) == (status == 200)

    @pytest.mark.parametrize("name", ["X-Forwarded-Host", "Transfer_Encoding",
                                      "Http-Host", "Host_", "Status"])
    def test_other_headers(self, server, name):
        reply = server.ask(headers={name: "mta-sts.unknown.example"})
        assert (reply.status, reply.body) == (200, POLICY_WIRE)

    def test_large_headers(self, server):
        """More of them than the responder takes."""
        reply = server.ask(headers={f"X-{i}": 5000 * "x" for i in range(20)})
        assert (reply.status, reply.body) == (200, POLICY_WIRE)

    @pytest.mark.root
    def test_only_caddy_configures_caddy(self, server):
        """
        Its interface is a socket that others cannot connect to, and there is
        no port for it.
        """
        said = subprocess.run(
            ["caddy", "adapt", "--adapter", "caddyfile", "--config",
             server.root / "main.conf"], capture_output=True, text=True,
            env=environment({"HOME": str(server.run)}), check=True).stdout
        assert f'"listen":"unix/{server.admin}"' in said
        mode = server.admin.stat()
        assert not mode.st_mode & 0o022
        assert mode.st_uid == server.worker.pw_uid
        ask = ["curl", "-sS", "--unix-socket", server.admin,
               "http://127.0.0.1/config/"]
        nobody = pwd.getpwnam("nobody")
        codes = [subprocess.run(ask, user=uid, group=gid, extra_groups=[],
                                capture_output=True, check=False).returncode
                 for uid, gid in ((0, 0), (nobody.pw_uid, nobody.pw_gid))]
        assert codes == [0, 7]  # that is, it does not connect

    def test_reload(self, server):
        """As its unit does it; clients notice nothing."""
        subprocess.run(
            ["caddy", "reload", "--force", "--adapter", "caddyfile",
             "--config", server.root / "main.conf"], capture_output=True,
            env=environment({"HOME": str(server.run)}), check=True)
        wait_for(lambda: "load complete" in server.log())
        assert server.ask().body == POLICY_WIRE
        assert handshake(server, "mta-sts.example.com")
        assert not handshake(server, "mta-sts.unknown.example")


SITE = """https://mta-sts.%s {
	import mta_sts
}
"""


@pytest.mark.parametrize("domain, site_block, body", [
    ("shadowed.example", "", FORGED),
    ("shadowed.example", SITE, POLICY_WIRE),
    ("exact.example", "", FORGED)])
def test_customers_site(domain, site_block, body):
    """The trap that the Caddyfile tells of, and its way out."""
    block = site_block and site_block % domain
    with Site() as site:
        furnish(site)
        site.write(domain, POLICY)
        with Caddy(site, [("# Every host without",
                           f"{block}# Every host without")]) as server:
            assert server.ask("mta-sts." + domain).body == body
            # And nothing else of the customer's.
            reply = server.ask("www.shadowed.example", path="/forged.txt")
            assert reply.body == FORGED


def test_the_way_out_is_as_it_is_told():
    text = (TOP / "cgi-bin" / Caddy.shipped).read_text()
    told = [line.lstrip("#").strip() for line in text.splitlines()]
    place = told.index("https://mta-sts.example.com {")
    assert told[place:place + 3] == [
        line.strip() for line in (SITE % "example.com").splitlines()]


def test_many_new_hosts_at_once():
    """Who is turned away gets a certificate by asking again."""
    with Site() as site:
        furnish(site)
        left = [f"mta-sts.n{number}.example" for number in range(40)]
        for name in left:
            site.write(name.removeprefix("mta-sts."))
        with Caddy(site) as server, ThreadPoolExecutor(len(left)) as pool:
            for _ in range(40):
                got = pool.map(lambda name: handshake(server, name), left)
                left = [name for name, it in zip(left, got) if not it]
                if not left:
                    break
            assert not left, server.log()
            # No other reason than the one that the Caddyfile tells.
            lines = [line for line in server.log().splitlines()
                     if "handshake error" in line]
            assert all("rate limit exceeded" in line for line in lines), lines


def test_it_is_the_answer_that_permits():
    """Were it always yes, a host without a policy had a certificate."""
    with Site() as site:
        furnish(site)
        with Caddy(site, [("env HTTP_HOST {query.domain}",
                           "env HTTP_HOST mta-sts.example.com")]) as server:
            assert handshake(server, "mta-sts.unknown.example")


def test_no_responder_no_certificate():
    """Nor while there is nobody to ask; afterwards there is."""
    with Site() as site:
        furnish(site)
        site.write("late.example")
        with Caddy(site, [("lb_try_duration 3s", "lb_try_duration 1ms")]
                   ) as server:
            os.rename(site.root / "fcgi.sock", site.root / "away.sock")
            assert not handshake(server, "mta-sts.late.example")
            os.rename(site.root / "away.sock", site.root / "fcgi.sock")
            assert handshake(server, "mta-sts.late.example")
