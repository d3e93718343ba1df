"""
Hostile customers of nginx, with cgi-bin/nginx.conf. See hostilecases.py. His
server block is the default one: what has no block of its own comes to him.
"""

import http.client
import socket

import pytest

import hostiletables as tables
from customer import INVENTED_HOST, NAME, VICTIM_HOST
from harness import Site
from hostilecases import (HostileCases, Impostor, ask, attack_is_real, furnish,
                          hostile, http2_outcome, serve, word)
from webserver import FORGED
from webservers import Nginx

pytestmark = pytest.mark.root

SHIPPED_NAMES = "server_name mta-sts.*;"


class Default(Nginx):
    """HTTP/2 is on; his block has more in it."""

    NAMES = ("mta-sts.example.com", VICTIM_HOST, INVENTED_HOST,
             "www.example.com")
    names = NAME
    own = ""
    of_http = ""        # settings of "http", which all blocks inherit
    made = {}           # certificates, for all servers of this file

    def certify(self, name):
        place = self.root / "tls" / name
        if name not in self.made:
            super().certify(name)
            self.made[name] = {path.name: path.read_bytes()
                               for path in place.iterdir()}
            return
        place.mkdir(parents=True)
        for file, content in self.made[name].items():
            (place / file).write_bytes(content)
            (place / file).chmod(0o644)

    def customers_block(self):
        block = super().customers_block()
        own = self.own.format(customer=self.customer, run=self.run)
        for old, new in (("ssl default_server", "ssl http2 default_server"),
                         ("*.shadowed.example;", f"{self.names};\n{own}")):
            assert old in block
            block = block.replace(old, new)
        return self.of_http.format(customer=self.customer) + block


@pytest.fixture(scope="module", name="server")
def fixture_server():
    yield from serve(Default)


class TestNginx(HostileCases):
    which = -1

    @pytest.mark.parametrize("row", tables.HTTP2)
    def test_http2(self, server, row):
        assert http2_outcome(server, row[0]) == row[self.which]

    @pytest.mark.parametrize("name, host, wanted", [
        ("www.example.com", VICTIM_HOST, "policy"),
        ("www.example.com", INVENTED_HOST, "404"),
        (VICTIM_HOST, NAME, "his"), (VICTIM_HOST, INVENTED_HOST, "404"),
        (INVENTED_HOST, VICTIM_HOST, "policy")])
    def test_name_of_tls(self, server, name, host, wanted):
        """
        TLS asks for one host and HTTP for another: the certificate is that of
        the first, as the connection shows, and the answer the second's.
        """
        self.his_file(server)
        assert word(ask(server, host, name=name)) == wanted


def own(customer, **settings):
    """A kind of server for one test, with more in the customer's block."""
    return type("Own", (hostile(Default, customer),), settings)


class HisCertificate:
    """Before a server: its own certificate is not to be had at the start."""

    address = "127.0.0.1"

    def connection(self, name="www.example.com"):
        it = http.client.HTTPConnection(self.address, self.port)
        plain = socket.create_connection((self.address, self.port), 20)
        it.sock = self.tls.wrap_socket(plain, server_hostname=name)
        return it


# What an administrator may have in a customer's block.
OWN = {
    "try_files": "location / {{ try_files $uri /forged.txt; }}",
    "a prefix": "location ^~ /.well-known {{ root {customer}; }}",
    "an exact path": "location = /.well-known/mta-sts.txt {{ }}",
    "a pattern": "location ~* mta-sts {{ try_files /forged.txt =404; }}",
    "a rewrite": "rewrite ^ /forged.txt break;",
    "error pages": "error_page 400 404 405 500 502 503 =200 /forged.txt;",
    "an alias": "location /.well-known/ {{ alias {customer}/.well-known/; }}",
}


@pytest.mark.parametrize("name", OWN)
def test_own_settings(customer, name):
    """A block is a world of its own: none of it is anybody else's."""
    kind = own(customer, own=OWN[name])
    with Site() as site:
        furnish(site)
        with kind(site) as server:
            assert word(ask(server, VICTIM_HOST)) == "policy"
            assert ask(server, INVENTED_HOST).status == 404
            assert ask(server, NAME).body == FORGED


# Names of a customer's block, a change of the shipped file, and whose text is
# the answer for the victim's host and for the invented one (or its status): as
# nginx.conf tells of the trap.
EXACT = (SHIPPED_NAMES, f"server_name mta-sts.* {VICTIM_HOST};")
TRAPS = [
    (NAME, None, "policy", "404"),
    ("*.victim.example", None, "his", "404"),
    (".victim.example", None, "his", "404"),
    ("*.victim.example", EXACT, "policy", "404"),
    (".victim.example", EXACT, "policy", "404"),
    ("*.example", None, "his", "his"),
    ("*.example", EXACT, "policy", "his"),
    # Longer, and of the same kind as ours.
    ("mta-sts.victim.*", None, "his", "404"),
    ("mta-sts.victim.*", EXACT, "policy", "404"),
    ("~^mta-sts\\.victim", None, "policy", "404"),
    ("_ ''", None, "policy", "404"),
    # The very name: of two the block that was read first.
    (VICTIM_HOST, None, "his", "404"),
    (VICTIM_HOST, EXACT, "his", "404"),
    ("mta-sts.*", None, "his", "his"),
    ("mta-sts.*", EXACT, "policy", "his"),
    (f"{NAME} mta-sts.*", None, "his", "his"),
]


def other_address(server):
    """The other way out: an address of their own."""
    return (f"listen 127.0.0.1:{server.port} ssl;",
            f"listen 127.0.0.2:{server.port} ssl;")


@pytest.mark.parametrize("names, change, victim, invented", TRAPS)
def test_trap(customer, names, change, victim, invented):
    kind = type("Own", (HisCertificate, own(customer, names=names)), {})
    with Site() as site:
        furnish(site)
        with kind(site, [change] if change else []) as server:
            assert word(ask(server, VICTIM_HOST)) == victim
            assert word(ask(server, INVENTED_HOST)) == invented


class ReadFirst:
    """Before a server: the shipped file comes before the customer's block."""

    def main(self, shipped):
        text, line = super().main(shipped), f"include {shipped};"
        assert text.count(line) == 1
        return text.replace(line, "").replace("http {", "http {\n" + line)


@pytest.mark.parametrize("names, change", [
    ("mta-sts.*", None), (VICTIM_HOST, EXACT), ("*.victim.example", EXACT),
    (f"{VICTIM_HOST} mta-sts.*", EXACT)])
def test_read_first(customer, names, change):
    """The first way out for equal names: ours is the first."""
    kind = type("Own", (ReadFirst, HisCertificate,
                        own(customer, names=names)), {})
    with Site() as site:
        furnish(site)
        with kind(site, [change] if change else []) as server:
            assert word(ask(server, VICTIM_HOST)) == "policy"
            assert ask(server, INVENTED_HOST).status == 404
            assert "conflicting server name" in server.log() or "*." in names


@pytest.mark.parametrize("names", [
    "*.victim.example", VICTIM_HOST, "mta-sts.*",
    f"{VICTIM_HOST} mta-sts.* *.example"])
def test_address_of_their_own(customer, names):
    """Then no name of a customer's matters, not even the very same."""
    kind = type("Own", (HisCertificate, own(customer, names=names)), {})
    with Site() as site:
        furnish(site)
        server = kind(site)
        server._changes.append(other_address(server))
        with server:
            assert word(ask(server, VICTIM_HOST)) == "his"
            server.address = "127.0.0.2"
            for host, wanted in ((VICTIM_HOST, "policy"),
                                 (INVENTED_HOST, "404")):
                reply = ask(server, host, name=VICTIM_HOST)
                assert word(reply) == wanted


@pytest.mark.parametrize("named", [False, True])
def test_address_of_his(customer, named):
    """
    His block has the address and ours has none, as it is shipped: nginx looks
    at no name of ours there, until the line in the comment has it as well.
    """
    class AnyAddress(HisCertificate, own(customer)):
        def replacements(self):
            place = f"listen 127.0.0.1:{self.port} ssl;"
            line = ("#listen 192.0.2.1:443 ssl;", place)
            return [("    listen 443 ssl;", f"    listen {self.port} ssl;"),
                    *[line] * named, *super().replacements()[1:]]

    with Site() as site:
        furnish(site)
        with AnyAddress(site) as server:
            assert [word(ask(server, host)) for host in
                    (VICTIM_HOST, INVENTED_HOST)] == (
                        ["policy", "404"] if named else ["his", "his"])
            server.address = "127.0.0.2"
            assert word(ask(server, VICTIM_HOST, name=VICTIM_HOST)) == "policy"


def test_attack_is_real(customer):
    attack_is_real(type("Own", (HisCertificate, hostile(Default, customer)),
                        {}), "include {};")


def test_own_program(customer):
    """His FastCGI program has the requests of his host, and no other."""
    kind = own(customer, own=(
        "location / {{ fastcgi_pass unix:{run}/his; "
        "fastcgi_param REQUEST_URI $request_uri; }}"))
    with Site() as site:
        furnish(site)
        with kind(site) as server, Impostor(server.run / "his") as his:
            for _ in range(20):
                assert word(ask(server, VICTIM_HOST)) == "policy"
                assert ask(server, INVENTED_HOST).status == 404
                assert ask(server, VICTIM_HOST, "/other").status == 404
            # The first is webserver.py's, to see whether the server is up.
            assert all(b"mta-sts.txt" not in it for it in his.asked)
            assert ask(server, NAME).body == FORGED
            assert b"mta-sts.txt" in his.asked[-1]
