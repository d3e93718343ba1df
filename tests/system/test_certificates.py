"""
Certificates, end to end, with Caddy as it is shipped: the policy's existence is
the permission. On the ports of the real world and with an authority that looks
at them. What Caddy is told and what it serves is in test_caddy.py.
"""

import json
import subprocess
import sys

import pytest

from harness import TOP, environment, wire
from webservers import Caddy

sys.path.insert(0, str(TOP / "tests"))

from certpages import Reader, page  # noqa: E402
from lab import acme, acmeworld  # noqa: E402

NOT_HERE = acmeworld.why_not("caddy", "curl", "openssl")
pytestmark = pytest.mark.skipif(bool(NOT_HERE), reason=str(NOT_HERE))

SERVED = wire("testing", ["mx1.example.com"], 86400)


class AcmeCaddy(Caddy):
    """On ports 80 and 443, with the authority of the world."""

    def __init__(self, world, changes=()):
        super().__init__(world.site, changes)
        self.world = world
        self.port = 443

    def replacements(self):
        return [("#email ", "email "),
                ("#acme_ca https://acme.hosting.example/directory",
                 f"acme_ca {acme.DIRECTORY}"),
                ("#acme_ca_root /etc/caddy/acme-root.pem",
                 f"acme_ca_root {self.world.authority.trusted}"),
                ("/var/lib/caddy/admin.sock", self.admin),
                ("/run/mta-sts/fcgi.sock", self._sock)]

    def customers_sites(self):
        """As Debian's Caddyfile has it."""
        return f":80 {{\nroot * {self.customer}\nfile_server\n}}\n"

    def _is_up(self):
        assert self._process.poll() is None, "it has left"
        return '"msg":"serving initial configuration"' in self.log()

    def certificates(self):
        """The names of which it has one."""
        return {path.stem for path in self.data.rglob("*.crt")}


@pytest.fixture(scope="module", name="world")
def fixture_world():
    with acmeworld.AcmeWorld() as world:
        yield world


@pytest.fixture(scope="module", name="caddy")
def fixture_caddy(world):
    with AcmeCaddy(world) as server:
        yield server


def no_certificate(world, caddy, host):
    """Asks for the host; it is refused, and nobody is asked for a thing."""
    orders, certificates = world.pebble.orders(), caddy.certificates()
    fetched = world.fetch(host)
    assert fetched.code == fetched.NO_TLS, (fetched, caddy.log())
    assert fetched.body == b""
    assert world.pebble.orders() == orders
    assert host not in world.pebble.looked_at()
    assert caddy.certificates() == certificates


def test_a_domain_is_added(world, caddy):
    """And is served, with a certificate that was not there before."""
    host = "mta-sts.example.com"
    world.point_here(host)
    no_certificate(world, caddy, host)
    orders = world.pebble.orders()
    world.add("example.com")
    fetched = world.fetch(host)
    assert (fetched.code, fetched.status, fetched.body) == (0, 200, SERVED), (
        fetched, caddy.log())
    assert world.pebble.orders() == orders + 1
    assert host in world.pebble.looked_at()
    assert host in caddy.certificates()
    # Once is enough, and it was never reloaded.
    assert world.fetch(host).body == SERVED
    assert world.pebble.orders() == orders + 1
    assert "admin.api" not in caddy.log()


def test_page(world):
    """What its reader types leaves a configuration that Caddy understands."""
    reader = Reader(world, "caddy")
    (snippet,) = page("Caddy", "Web servers")
    assert reader.type(snippet) == ["systemctl restart caddy"]
    conf = reader.root / "etc/caddy/Caddyfile"
    assert "\n:80 {" in conf.read_text()  # as Debian has it
    done = subprocess.run(
        ["caddy", "adapt", "--adapter", "caddyfile", "--config", conf],
        capture_output=True, check=True, timeout=60,
        env=environment({"HOME": str(reader.root)}))
    adapted = json.loads(done.stdout)
    assert adapted["apps"]["tls"]["automation"]["on_demand"]["ask"]
    listen = {port for server in adapted["apps"]["http"]["servers"].values()
              for port in server["listen"]}
    assert listen == {":80", ":443", "127.0.0.1:846"}
    assert adapted["admin"]["listen"] == (
        f"unix/{reader.root}/var/lib/caddy/admin.sock")


def test_an_alias(world, caddy):
    world.add("example.net")
    world.command("alias", "alias.example", "example.net")
    world.zone.publish(world.site, "alias.example")
    assert world.fetch("mta-sts.alias.example").body == SERVED
    assert "mta-sts.alias.example" in caddy.certificates()


def test_other_paths(world, caddy):
    world.add("paths.example")
    for path in ("/", "/index.html", "/.well-known/forged.txt"):
        fetched = world.fetch("mta-sts.paths.example", path)
        assert (fetched.code, fetched.status, fetched.body) == (0, 404, b"")


@pytest.mark.parametrize("host", [
    "mta-sts.unknown.example", "mta-sts.a.example.com", "www.example.com",
    "example.com", "mta-sts-x.example.com", "mta-stsx.example.com"])
def test_no_policy_no_certificate(world, caddy, host):
    world.site.write("example.com")
    world.point_here(host)
    no_certificate(world, caddy, host)


def test_a_broken_policy(world, caddy):
    """Nothing would be served: no certificate until it is mended."""
    world.site.write("broken.example", "version: STSv1\n")
    world.point_here("mta-sts.broken.example")
    no_certificate(world, caddy, "mta-sts.broken.example")
    world.command("remove", "--force", "broken.example")
    world.add("broken.example")
    assert world.fetch("mta-sts.broken.example").body == SERVED


def test_retired(world, caddy):
    """Senders have yet to be told, and that takes a certificate."""
    world.add("retired.example")
    world.command("retire", "retired.example")
    fetched = world.fetch("mta-sts.retired.example")
    assert (fetched.status, fetched.body) == (200, wire("none", [], 86400))


def test_removed(world, caddy):
    """No new certificate; one that is there is the end of its time's."""
    world.add("removed.example", "removed.example.net")
    assert world.fetch("mta-sts.removed.example").body == SERVED
    world.command("remove", "--force", "removed.example",
                  "removed.example.net")
    no_certificate(world, caddy, "mta-sts.removed.example.net")
    orders = world.pebble.orders()
    assert world.fetch("mta-sts.removed.example").status == 404
    assert world.pebble.orders() == orders


# Names that are no names; what TLS may have in that place is 1 to 65535 bytes.
ODD = ["mta-sts.odd.example:443", "mta-sts.odd.example/", "mta-sts..odd.example",
       "mta-sts.../odd.example", "../mta-sts.odd.example", "*.odd.example",
       "mta-sts." + 64 * "a" + ".example", "mta-sts." + 240 * "a",
       "mta-sts.odd.example?domain=mta-sts.example.com",
       "mta-sts.unknown.example&domain=mta-sts.example.com",
       "mta-sts.odd.example%00", "mta-sts.{http.request.host}",
       "mta-sts.b\xfccher.example"]


def s_client(name):
    """What a client sees that sends those bytes for a name."""
    return subprocess.run(
        ["openssl", "s_client", "-connect", "127.0.0.1:443", "-servername",
         name], stdin=subprocess.DEVNULL, capture_output=True,
        timeout=60, check=False).stdout


def test_odd_names(world, caddy):
    """Whatever a client writes for a name costs nobody a certificate."""
    world.add("odd.example")
    orders, certificates = world.pebble.orders(), caddy.certificates()
    begun = '"msg":"obtaining new certificate"'
    before = caddy.log().count(begun)
    for name in ODD:
        assert b"BEGIN CERTIFICATE" not in s_client(name), name
    assert world.pebble.orders() == orders
    assert caddy.certificates() == certificates
    assert caddy.log().count(begun) == before > 0
    # And the good one, in whatever case: one certificate for all.
    for name in ("MTA-STS.Odd.Example", "mta-sts.odd.example\n"):
        assert b"BEGIN CERTIFICATE" in s_client(name)
    assert world.pebble.orders() == orders + 1
    assert caddy.certificates() == certificates | {"mta-sts.odd.example"}
