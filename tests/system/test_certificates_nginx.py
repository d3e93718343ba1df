"""
Certificates for nginx by certbot and by dehydrated, which mta-sts hosts feeds:
what the README's pages have their reader type, with the shipped files.
"""

import shutil
import socket
import subprocess
import sys

import pytest

from harness import TOP, environment, wire
from webservers import Nginx

sys.path.insert(0, str(TOP / "tests"))

from certpages import Reader, page  # noqa: E402
from lab import acmeworld  # noqa: E402

NOT_HERE = acmeworld.why_not("nginx", "certbot", "curl")
pytestmark = pytest.mark.skipif(bool(NOT_HERE), reason=str(NOT_HERE))

SERVED = wire("testing", ["mx1.example.com"], 86400)


class AcmeNginx(Nginx):
    """On ports 80 and 443, with what a reader has put into conf.d."""

    NAMES = ("www.example.com",)

    def __init__(self, reader):
        super().__init__(reader.world.site)
        self.port = 443
        self.reader = reader

    def replacements(self):
        return [("/run/mta-sts/fcgi.sock", self._sock),
                ("/etc/mta-sts/tls", self.reader.root / "etc/mta-sts/tls")]

    def customers_block(self):
        return super().customers_block().replace("127.0.0.1:443", "443")

    def main(self, shipped):
        line = f"include {shipped};"
        return super().main(shipped).replace(
            line, f"{line} include {self.reader.root}/etc/nginx/conf.d/*;")

    def _is_up(self):
        assert self._process.poll() is None, "it has left"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", 80)) == 0


# Neither of the two bears it that a nonce is refused, as pebble does with 5 of
# 100 (RFC 8555 6.5 has clients try again): dehydrated gives up, and certbot at the
# second time, until cron calls them again.
PATIENT = {"PEBBLE_WFE_NONCEREJECT": "0"}


def test_page_of_certbot():
    with acmeworld.AcmeWorld(PATIENT) as world:
        follow(world, "certbot", ["one.example", "two.example"])


@pytest.mark.skipif(not shutil.which("dehydrated"),
                    reason="dehydrated not installed: make deps")
def test_page_of_dehydrated():
    with acmeworld.AcmeWorld(PATIENT) as world:
        follow(world, "dehydrated", ["one.example"])


def follow(world, client, domains):
    """
    Domains that are added one after the other, the last one removed, and one
    that has no policy; nginx is never told.
    """
    once, each = page(f"nginx with {client}")
    reader = Reader(world, client)
    assert reader.type(once) == ["systemctl reload nginx"]
    world.point_here("mta-sts.no.example")
    with AcmeNginx(reader) as server:
        for domain in domains:
            world.add(domain)
            fetched = world.fetch(f"mta-sts.{domain}")
            assert fetched.code == fetched.NO_TLS, fetched
            orders = world.pebble.orders()
            assert reader.type(each) == []
            fetched = world.fetch(f"mta-sts.{domain}")
            assert (fetched.code, fetched.status, fetched.body) == (
                0, 200, SERVED), (fetched, server.log())
            # Those that have a certificate are not asked for again.
            assert world.pebble.orders() == orders + 1
        assert world.fetch("mta-sts.no.example").code != 0
        world.command("remove", "--force", domains[-1])
        reader.type(each)
        assert world.pebble.orders() == len(domains)
        assert world.fetch(f"mta-sts.{domains[-1]}").status == 404
    assert world.pebble.looked_at() == {f"mta-sts.{it}" for it in domains}
    readable_by_the_server_alone(reader, domains)


def readable_by_the_server_alone(reader, domains):
    tls = reader.root / "etc/mta-sts/tls"
    assert {path.name for path in tls.iterdir()} == {
        f"mta-sts.{domain}" for domain in domains}
    for key in tls.glob("*/privkey.pem"):
        assert key.stat().st_mode & 0o777 == 0o640
        assert key.parent.stat().st_mode & 0o777 == 0o750
        assert not key.is_symlink()


@pytest.mark.parametrize("args, lineage", [
    ([], "/etc/letsencrypt/live/www.example.com"), ([], None),
    (["startup_hook"], None),
    (["deploy_cert", "www.example.com", "key", "cert", "chain", "", ""], None)])
def test_the_hook_leaves_others_alone(tmp_path, args, lineage):
    hook = tmp_path / "hook"
    hook.write_text((TOP / "cgi-bin/deploy-certificate.sh").read_text()
                    .replace("/etc/mta-sts/tls", f"{tmp_path}/tls"))
    done = subprocess.run(
        ["sh", hook, *args], capture_output=True, check=True,
        env=environment({"RENEWED_LINEAGE": lineage} if lineage else {}))
    assert (done.stdout, done.stderr) == (b"", b"")
    assert not (tmp_path / "tls").exists()
