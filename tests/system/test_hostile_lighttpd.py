"""
Hostile customers of lighttpd, with cgi-bin/lighttpd.conf as it stands and with
the variant for systemd's socket. See hostilecases.py.
"""

import os

import pytest

import hostiletables as tables
from customer import INVENTED_HOST, NAME, VICTIM_HOST
from harness import Site, wait_for
from hostilecases import (FILE, HostileCases, Impostor, ask, attack_is_real,
                          furnish, hostile, http2_outcome, serve, word)
from test_hostile_local import Neighbour
from webserver import FORGED, worker
from webservers import Lighttpd, LighttpdSocket

pytestmark = pytest.mark.root

MODULES = ("access", "rewrite", "redirect", "alias", "proxy", "scgi", "cgi",
           "simple_vhost", "evhost", "userdir", "setenv")


class Default(Lighttpd):
    """His host is the server's default, and all modules are there."""

    own = ""

    def main(self, shipped):
        text = super().main(shipped)
        modules = ", ".join(f'"mod_{name}"' for name in MODULES)
        for old, new in (('"mod_access"', modules),
                         ('$HTTP["host"] =~ "(^|\\.)[a-z]+\\.(com|example)'
                          '(:[0-9]+)?$"', '$HTTP["host"] =~ ""')):
            assert old in text
            text = text.replace(old, new)
        # Document roots change faster here than the cache looks.
        return 'server.stat-cache-engine = "disable"\n' + text

    def customers_own(self):
        return self.own.format(customer=self.customer, run=self.run)


class DefaultSocket(Default, LighttpdSocket):
    pass


@pytest.fixture(scope="module", params=[Default, DefaultSocket],
                ids=["lighttpd starts it", "systemd's socket"])
def server(request):
    yield from serve(request.param)


class TestLighttpd(HostileCases):
    which = -2

    @pytest.mark.parametrize("row", tables.HTTP2)
    def test_http2(self, server, row):
        """Without TLS, by prior knowledge."""
        assert http2_outcome(server, row[0]) == row[self.which]


# What an administrator may have set for a customer's host, and with which the
# shipped file must get along: what comes back for the victim's policy with it,
# and without the lines that are there for its sake.
NEVER = '(( "host" => "127.0.0.1", "port" => 9 ))'
OWN = {
    "front controller": ('url.rewrite-once = ( "(.*)" => "/forged.txt" )',
                         "policy", "his"),
    "rewritten again": ('url.rewrite-repeat = ( "^/.w.*" => "/forged.txt" )',
                        "policy", "his"),
    "if there is no file": (
        'url.rewrite-if-not-file = ( "(.*)" => "/forged.txt" )',
        "policy", "policy"),
    "redirected": ('url.redirect = ( "(.*)" => "https://www.x.example$1" )',
                   "policy", "301"),
    "a proxy": ('proxy.server = ( "" => ' + NEVER + ")", "policy", "503"),
    "scgi": ('scgi.server = ( "/" => ' + NEVER + ")", "policy", "503"),
    "FastCGI": ('fastcgi.server = ( "/" => ' + NEVER + ")",
                "policy", "policy"),
    "an alias": ('alias.url = ( "/.well-known/" => "{customer}/" )',
                 "policy", "policy"),
    "programs": ('cgi.assign = ( ".txt" => "/bin/cat", ".cgi" => "" )',
                 "policy", "policy"),
    "homes": ('userdir.path = "www" userdir.basepath = "{customer}"',
              "policy", "policy"),
    "simple hosts": ('simple-vhost.server-root = "{customer}" '
                     'simple-vhost.default-host = "x"', "policy", "policy"),
    "evolved hosts": ('evhost.path-pattern = "{customer}/"',
                      "policy", "policy"),
    "an error page": ('server.error-handler = "/forged.txt" '
                      'server.errorfile-prefix = "{customer}/"',
                      "policy", "policy"),
    # What denies is left to deny.
    "no text files": ('url.access-deny = ( ".txt" )', "403", "403"),
}

# The shipped lines that are taken away for the last column.
WITHOUT = [("server.modules := ( \"mod_fastcgi\" ) + server.modules",
            "server.modules += ( \"mod_fastcgi\" )"),
           ("    url.rewrite-once = ()\n    url.rewrite-repeat = ()\n"
            "    url.redirect = ()\n", "")]


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("shipped", [True, False],
                         ids=["as shipped", "without the lines"])
def test_own_settings(customer, name, shipped):
    """The lines that lighttpd.conf has for them make the difference."""
    own, with_them, without = OWN[name]
    kind = hostile(Default, customer)
    kind.own = own
    with Site() as site:
        furnish(site)
        with kind(site, [] if shipped else WITHOUT) as server:
            wait_for(server.responders)
            reply = ask(server, VICTIM_HOST)
            assert word(reply) == (with_them if shipped else without)
            reply = ask(server, INVENTED_HOST)
            if shipped:
                assert reply.status in (403, 404), reply
                assert b"x-forged" not in reply.body


HANDLERS = '''    server.error-handler = ""
    server.error-handler-404 = ""
'''
INTERCEPT = '    server.error-intercept = "disable"\n'


def first_line(server, host):
    """Of the reply: without the shipped line it may have no end."""
    connection = server.connection()
    connection.connect()
    try:
        connection.sock.sendall(tables.request(host))
        return connection.sock.makefile("rb").readline().decode().strip()
    finally:
        connection.close()


@pytest.mark.parametrize("shipped", [True, False],
                         ids=["as shipped", "without the lines"])
def test_errors_caught(customer, shipped):
    """An error of the responder is not made a success."""
    kind = hostile(Default, customer)
    kind.own = ('server.error-intercept = "enable" '
                'server.error-handler-404 = "/forged.txt"')
    broken = "mta-sts.broken.example"
    with Site() as site:
        furnish(site)
        site.write("broken.example", "version: STSv1\n")
        with kind(site, [] if shipped else
                  [(INTERCEPT, ""), (HANDLERS, "")]) as server:
            wait_for(server.responders)
            assert word(ask(server, VICTIM_HOST)) == "policy"
            lines = [first_line(server, host) for host in
                     (INVENTED_HOST, broken)]
            if not shipped:
                assert lines[0] == "HTTP/1.1 200 OK"
                return
            assert lines == ["HTTP/1.1 404 Not Found",
                             "HTTP/1.1 500 Internal Server Error"]
            reply = ask(server, INVENTED_HOST)
            assert (reply.status, reply.body) == (404, b"404 Not Found\r\n")


@pytest.mark.parametrize("line, his", [
    ('url.rewrite-once = ( "(.*)" => "/forged.txt" )', True),
    ('fastcgi.server = ( ".php" => ' + NEVER + " )", True),
    ('alias.url = ( "/.well-known/" => "/nowhere/" )', False)])
def test_read_later(customer, line, his):
    """What the head of lighttpd.conf tells of hosts after it, and README.md."""
    class Later(hostile(Default, customer)):
        def main(self, shipped):
            return super().main(shipped) + (
                f'$HTTP["host"] =~ "example$" {{\n    {line}\n}}\n')

    with Site() as site:
        furnish(site)
        with Later(site) as server:
            customer.furnish({"forged.txt": FORGED, FILE: FORGED})
            assert [word(ask(server, host)) for host in
                    (VICTIM_HOST, INVENTED_HOST)] == (
                        ["his", "his"] if his else ["policy", "404"])


@pytest.mark.parametrize("shipped", [True, False],
                         ids=["as shipped", "without the lines"])
def test_denied_is_not_forged(customer, shipped):
    """
    What denies is left to deny; but the page that the customer has for a 403,
    and that goes out with status 200, is no policy.
    """
    kind = hostile(Default, customer)
    kind.own = ('url.access-deny = ( ".txt" ) '
                'server.error-handler-404 = "/page.html"')
    with Site() as site:
        furnish(site)
        with kind(site, [] if shipped else [(HANDLERS, "")]) as server:
            customer.furnish({"page.html": FORGED})
            for host in (VICTIM_HOST, INVENTED_HOST):
                reply = ask(server, host)
                assert word(reply) == ("403" if shipped else "his")


def test_host_that_is_set(customer):
    """What lighttpd.conf says of it: that name's policy for every host."""
    kind = hostile(Default, customer)
    kind.own = f'setenv.set-request-header = ( "Host" => "{VICTIM_HOST}" )'
    with Site() as site:
        furnish(site)
        with kind(site) as server:
            wait_for(server.responders)
            assert word(ask(server, INVENTED_HOST)) == "policy"


def test_attack_is_real(customer):
    attack_is_real(type("Own", (hostile(Default, customer),),
                        {"owns_responder": False}), 'include "{}"')


def test_own_program(customer):
    """His FastCGI program has the requests of his host, and no other."""
    kind = hostile(Default, customer)
    kind.own = ('fastcgi.server = ( "/" => (( "socket" => "{run}/his", '
                '"check-local" => "disable" )) )')
    with Site() as site:
        furnish(site)
        with kind(site) as server, Impostor(server.run / "his") as his:
            for _ in range(20):
                assert word(ask(server, VICTIM_HOST)) == "policy"
                assert ask(server, INVENTED_HOST).status == 404
            assert not his.asked
            # The last fastcgi.server counts, whole: no other path either.
            assert ask(server, VICTIM_HOST, "/other").status == 404
            assert not his.asked
            assert ask(server, NAME).body == FORGED
            assert len(his.asked) == 1


def take_its_place(place, spare):
    """As the web server's user: the socket renamed, another one for it."""
    os.rename(place, spare)


@pytest.mark.parametrize("kind, safe", [(Default, False),
                                        (DefaultSocket, True)])
def test_programs_of_the_same_user(customer, kind, safe):
    """
    The trap that lighttpd.conf tells of: a customer's program that lighttpd
    runs as its own user answers in the responder's place, where lighttpd
    starts that. It cannot with systemd's socket, whose directory is root's.
    """
    user = worker()
    program = Neighbour(user.pw_uid, user.pw_gid)
    with Site() as site:
        furnish(site)
        with hostile(kind, customer)(site) as server:
            assert word(ask(server, VICTIM_HOST)) == "policy"
            place = (str(server.responder.socket) if safe else
                     str(server.run / "mta-sts.sock-0"))
            if safe:
                with pytest.raises(PermissionError):
                    program.call(take_its_place, place, place + ".old")
                assert word(ask(server, VICTIM_HOST)) == "policy"
            else:
                program.call(take_its_place, place, place + ".old")
                with Impostor(place):
                    assert word(ask(server, VICTIM_HOST)) == "his"
                os.unlink(place)
                os.rename(place + ".old", place)
                assert word(ask(server, VICTIM_HOST)) == "policy"
