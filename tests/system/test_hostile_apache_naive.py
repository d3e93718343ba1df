"""
The attacks are real: where the shipped lines are left out, or replaced by ones
that look much the same and work, the customer wins. The cases are those of the
other test_hostile_apache*.py, which pass with the shipped files.
"""

import pytest

import test_hostile_apache_files as files
import test_hostile_apache_filters as filters
import test_hostile_apache_htaccess as htaccess
from customer import VICTIM_HOST
from hostedapache import (BESIDE, FILE, NAIVE, STOCK, WAYS, HostedProxy,
                          NaiveProxy, host, status, try_files, try_htaccess,
                          untouched, whose)
from webserver import FORGED

# Of each class of attack some; with any naive configuration ...
EVERYWHERE = [
    *((try_htaccess, htaccess.REWRITE, name) for name in (
        "to a file", "to the front controller", "to a proxy", "redirect",
        "forbidden", "gone", "to a success of the customer's words",
        "inherited")),
    *((try_htaccess, htaccess.REDIRECT, name) for name in (
        "permanent", "gone", "not found", "by If",
        "to a success of the customer's words")),
    *((try_htaccess, htaccess.FORBID, name) for name in (
        "all denied", "the old way", "a password", "by name", "by If",
        "a method", "Lua")),
    (try_htaccess, filters.REQUESTS, "another host"),
    (try_htaccess, {"break": (htaccess.BREAK[0], BESIDE, status(500))},
     "break"),
    *((try_files, files.THINGS, name) for name in (
        "an empty directory", "a directory with an index",
        "a directory with a .htaccess", "a link to nothing", "other endings",
        ".well-known as a FIFO", ".htaccess for himself")),
]

# ... and where a .htaccess of the path has a say in the answer.
BY_HANDLER = [
    *((try_htaccess, filters.HEADERS_OF, name) for name in (
        "set", "unset", "type", "coding", "cookie", "expiry", "Lua")),
    *((try_htaccess, filters.FILTERS, name) for name in (
        "substituted", "a chain")),
]


def beaten(server, attempt, table, name):
    """The attack has its effect, and on the policies too."""
    server.account.clean()
    server.account.furnish({BESIDE[1:]: "beside"})
    untouched(server)
    with pytest.raises(AssertionError) as failure:
        attempt(server, *table[name])
    assert "it has no effect" not in str(failure.value)


@pytest.fixture(scope="module", params=NAIVE)
def server(request):
    yield from host(request.param)


@pytest.mark.parametrize("attempt, table, name", EVERYWHERE,
                         ids=[name for _, _, name in EVERYWHERE])
def test_customer_wins(server, attempt, table, name):
    """SetHandler or Action at the path, and no ProxyPass or Alias."""
    beaten(server, attempt, table, name)


@pytest.fixture(scope="module")
def handled():
    yield from host(NaiveProxy)


@pytest.mark.parametrize("attempt, table, name", BY_HANDLER,
                         ids=[name for _, _, name in BY_HANDLER])
def test_customer_wins_by_handler(handled, attempt, table, name):
    """SetHandler for mod_proxy_fcgi, and no ProxyPass."""
    beaten(handled, attempt, table, name)


class Without(HostedProxy):
    """Nothing is shipped: policies are files in document roots."""

    def include(self):
        super().include()
        nothing = self.root / "nothing.conf"
        nothing.write_text("")
        return nothing


def test_customer_wins_with_a_file():
    """Where the document root is asked, its owner's file is the policy."""
    for server in host(Without):
        server.account.furnish({**STOCK, FILE: FORGED})
        assert whose(server.ask(VICTIM_HOST)) == "200 customer"
        assert whose(server.ask("mta-sts.invented.example")) == "200 customer"


def with_own(way, lines):
    """That way, with more lines in the customer's virtual host."""

    class Own(way):
        def virtual_hosts(self):
            self.own = lines.format(www=self.account.www)
            return super().virtual_hosts()
    return Own


# His text is the policy, or SetHandler takes it for a program, and it is none.
PROGRAM_FAILS = "500 Apache"


@pytest.mark.parametrize("way, wins", zip(
    WAYS, ("200 customer", PROGRAM_FAILS, PROGRAM_FAILS)))
def test_customer_wins_with_a_rule(way, wins):
    """One that a panel writes for him, and no RewriteEngine Off."""
    rule = "RewriteEngine On\nRewriteRule ^ {www}/forged.txt [END]"
    for server in host(with_own(way, rule),
                       changes=[("RewriteEngine Off", "# nothing")]):
        server.account.furnish(STOCK)
        assert whose(server.ask(VICTIM_HOST)) == wins


@pytest.mark.parametrize("way", WAYS[1:])
def test_customer_wins_with_a_proxy(way):
    """His application behind ProxyPass "/", and no exception from it."""
    for server in host(with_own(way, "ProxyPass / http://127.0.0.1:1/"),
                       changes=[('ProxyPass "!"', "# nothing")]):
        assert whose(server.ask(VICTIM_HOST)) == "503 Apache"


@pytest.mark.parametrize("way, alias", zip(WAYS[1:], ("Alias", "ScriptAlias")))
def test_customer_wins_with_an_alias(way, alias):
    """One of the virtual host, and the shipped one outside of Location."""

    class Outside(with_own(way, "Alias / {www}/")):
        def replacements(self):
            line = f'    {alias} "{self.program}"\n'
            place = '<Location "/.well-known/mta-sts.txt">\n'
            return [*super().replacements(), (line, ""),
                    (place, f'{alias} "/.well-known/mta-sts.txt" '
                     f'"{self.program}"\n' + place)]
    for server in host(Outside):
        server.account.furnish(STOCK)
        assert whose(server.ask(VICTIM_HOST)) == PROGRAM_FAILS
