"""
Virtual hosts against the policies, on Apache all three ways: what else than
the shipped lines may stand in one for the names of policy hosts, which wins,
and whose error page goes out when the responder cannot be reached. Panels write
such lines as customers ask for them.
"""

import os
import re
import signal

import pytest

from customer import VICTIM_HOST, Program
from harness import TOP
from hostedapache import (ERRORS, FORGING, STOCK, WAYS, HostedProxy, host,
                          untouched, whose)

RULE = "RewriteEngine On\nRewriteRule ^ {www}/forged.txt [END]"

# What comes after the shipped lines, in every way.
AFTER = [
    "Alias / {www}/", "AliasMatch ^/.well-known(.*) {www}/.well-known$1",
    "ScriptAlias / {www}/run.cgi/", "ScriptAliasMatch ^ {www}/run.cgi",
    "Alias /.well-known/mta-sts.txt {www}/forged.txt",
    "ProxyPass / http://127.0.0.1:1/", "ProxyPassMatch ^ http://127.0.0.1:1/",
    "ProxyPass /.well-known/mta-sts.txt http://127.0.0.1:1/",
    "VirtualDocumentRoot {www}", "UserDir {www}",
    "FallbackResource /forged.txt", "DirectoryIndex /forged.txt",
    "AddHandler cgi-script .txt .fcgi\nAction text/plain /run.cgi",
    RULE, "RewriteEngine On\nRewriteRule ^ http://www.example/ [R]",
    "RewriteEngine On\nRewriteRule ^ http://127.0.0.1:1/ [P]",
    "<Directory />\n" + RULE + "\n</Directory>",
    "<Directory {www}>\nSetHandler server-status\n</Directory>",
    "<Files mta-sts.txt>\nRequire all denied\n</Files>",
    "ErrorDocument 404 /forged.txt\nErrorDocument 500 /run.cgi",
    "ProxyErrorOverride On", "AddDefaultCharset utf-8",
    "SetEnv MTA_STS_CONF /nowhere\nSetEnv HTTP_HOST mta-sts.other.example",
    "AllowEncodedSlashes On", "UseCanonicalName On",
    "RewriteEngine On\nRewriteOptions Inherit", "ProxyPassInherit Off",
    "ProxyPass /.well-known !", r"ProxyPassMatch ^/\.well-known/ !",
    "ProxyPass /.well-known/ !\nProxyPass / http://127.0.0.1:1/",
    '<FilesMatch ".">\nSetHandler default-handler\n</FilesMatch>',
    '<DirectoryMatch ".">\nSetHandler default-handler\n</DirectoryMatch>',
]

SECTION = "<Location /.well-known>\n{}\n</Location>"

# What comes before them: the shipped files name it. And of which ways.
BEFORE = {
    "to be denied": (
        "<Location />\nRequire all denied\n</Location>", WAYS),
    "redirect": ("Redirect / http://www.example/", WAYS[1:]),
    "dotfiles hidden": ('RedirectMatch 404 "/\\."', WAYS[1:]),
    "redirect in a location": (
        SECTION.format("RedirectMatch ^ http://www.example/"), WAYS),
    "redirect by If": (
        '<If "true">\nRedirectMatch ^ http://www.example/\n</If>', WAYS),
    "alias in a location": (
        "<Location />\nAlias {www}/forged.txt\n</Location>", WAYS[1:]),
    "no proxy in a location": (SECTION.format("ProxyPass !"), WAYS[:1]),
    "proxy in a location": (
        SECTION.format("ProxyPass http://127.0.0.1:1/"), WAYS),
    "encoded": ("ProxyPass / http://127.0.0.1:1/ mapping=encoded", WAYS),
    "rule in a location": (SECTION.format(RULE), WAYS),
    "handler in a location": (
        SECTION.format("SetHandler default-handler"), WAYS[1:]),
    "handler by pattern": (
        '<LocationMatch "txt$">\nSetHandler "proxy:fcgi://127.0.0.1:1"\n'
        "</LocationMatch>", WAYS[1:]),
    "handler by If": (
        '<If "true">\nSetHandler default-handler\n</If>', WAYS[1:]),
    "no programs": (SECTION.format("Options None"), WAYS[1:2]),
    "character set in a location": (
        SECTION.format("AddDefaultCharset utf-8"), WAYS),
    "error pages in a location": (
        SECTION.format("ProxyErrorOverride On\nErrorDocument 404 /run.cgi"),
        WAYS[:1]),
    "another header": ("Header always set X-Content-Type-Options x", WAYS),
    "another host": ("RequestHeader set Host mta-sts.other.example", WAYS),
    "another host for FastCGI": (
        "ProxyFCGISetEnvIf true HTTP_HOST mta-sts.other.example", WAYS[:1]),
    "substituted": ("AddOutputFilterByType SUBSTITUTE text/plain\n"
                    "Substitute s/enforce/none/", WAYS),
    "Lua": ("LuaHookAccessChecker {www}/own.lua deny", WAYS),
    "not to inherit": ("ProxyPassInherit Off\nBalancerInherit Off",
                       WAYS[:1]),
}

LINES = [*AFTER, *(lines for lines, _ in BEFORE.values())]


def name(lines):
    return f"v{LINES.index(lines)}.lines.example"


def with_lines(way):
    """That way, with a virtual host for each of LINES."""

    class Lines(way):
        def virtual_hosts(self):
            www = self.account.www
            # First, since the customer's claims every mta-sts.*.
            return "".join(f"""
<VirtualHost 127.0.0.1:{self.port}>
    ServerName mta-sts.{name(lines)}
    ServerAlias mta-sts.no.{name(lines)}
    DocumentRoot {www}
    {lines.format(www=www)}
    <Directory {www}>
        AllowOverride All
        Options All
        Require all granted
    </Directory>
</VirtualHost>
""" for lines in LINES) + super().virtual_hosts()
    return Lines


@pytest.fixture(scope="module", params=WAYS)
def server(request):
    for it in host(with_lines(request.param)):
        for lines in LINES:
            it.site.alias(name(lines), "victim.example")
        it.account.furnish(STOCK)
        yield it


@pytest.mark.parametrize("lines", AFTER)
def test_after(server, lines):
    """ProxyPass of the server, and Alias in a Location, come first."""
    domain = name(lines)
    assert whose(server.ask("mta-sts." + domain)) == "200 policy"
    assert whose(server.ask("mta-sts.no." + domain)) == "404 ours"


@pytest.mark.parametrize("case", BEFORE)
def test_before(server, case):
    """What only an administrator can write; the shipped files say so."""
    lines, ways = BEFORE[case]
    domain = name(lines)
    ours = [whose(server.ask("mta-sts." + domain)),
            whose(server.ask("mta-sts.no." + domain))]
    assert (ours == ["200 policy", "404 ours"]) == (
        not isinstance(server, ways))


# Error pages.

def forge_error_pages(account):
    """Each is a program that says 200 and has a policy."""
    account.clean()
    account.furnish({
        **STOCK, "error/.htaccess": "SetHandler cgi-script\nOptions +ExecCGI\n",
        **{f"error/{status}.html": Program(FORGING)
           for status in {*ERRORS, *NAMED}}})


def only_apache(server, status):
    """It is Apache's own word for it, for all policy hosts."""
    for policy_host in (VICTIM_HOST, "mta-sts.invented.example"):
        assert whose(server.ask(policy_host)) == f"{status} Apache"


@pytest.fixture
def forged(server):
    """The error pages, which do go out for what is not there."""
    forge_error_pages(server.account)
    reply = server.ask("www.customer.example", path="/not-there")
    assert whose(reply) == "200 customer"
    yield server
    server.account.clean()
    server.account.furnish(STOCK)


@pytest.mark.parametrize("server", WAYS[:1], indirect=True)
def test_nobody_at_the_socket(forged):
    """ErrorDocument in the shipped Location is before the virtual host's."""
    away = forged.site.root / "away.sock"
    path = forged.site.root / "fcgi.sock"
    path.rename(away)
    forged.responder.stop()
    try:
        only_apache(forged, 503)
    finally:
        away.rename(path)
        forged.responder.start()
    untouched(forged)


@pytest.mark.parametrize("server", WAYS[1:], indirect=True)
def test_no_program(forged):
    """It is just being replaced."""
    away = forged.program.with_name("away")
    forged.program.rename(away)
    try:
        only_apache(forged, 404)
    finally:
        away.rename(forged.program)
    untouched(forged)


@pytest.mark.parametrize("server", WAYS[2:], indirect=True)
def test_no_running_program(forged):
    """It cannot be run. (mod_fcgid tries for twenty seconds.)"""
    forged.program.chmod(0o644)
    try:
        only_apache(forged, 500)
    finally:
        forged.program.chmod(0o755)
    untouched(forged)


def test_silent_responder():
    """One that does not answer in time, with kept connections and new ones."""
    for server in host(HostedProxy, changes=[("timeout=10", "timeout=2")]):
        forge_error_pages(server.account)
        untouched(server)
        os.kill(server.responder.process.pid, signal.SIGSTOP)
        try:
            for _ in range(2):
                assert whose(server.ask(VICTIM_HOST)) in (
                    "502 Apache", "503 Apache", "504 Apache")
        finally:
            os.kill(server.responder.process.pid, signal.SIGCONT)
        untouched(server)


# The statuses that the shipped files name.
NAMED = (*range(400, 418), *range(421, 425), 426, 428, 429, 431,
         *range(500, 508), 510, 511)


@pytest.mark.parametrize("way", WAYS)
def test_the_same_statuses_in_each_file(way):
    text = (TOP / "cgi-bin" / way.shipped).read_text()
    assert re.findall(r"^ *ErrorDocument +(.*)$", text, re.MULTILINE) == [
        f"{status} default" for status in NAMED]


def with_each_status(way):
    """That way; virtual hosts in which the path has each of the statuses."""

    class EachStatus(way):
        def virtual_hosts(self):
            return "".join(f"""
<VirtualHost 127.0.0.1:{self.port}>
    ServerName mta-sts.s{status}.example
    DocumentRoot {self.account.www}
    ErrorDocument {status} /error/{status}.html
    <Location /.well-known>
        RedirectMatch {status} ^
    </Location>
    <Directory {self.account.www}>
        AllowOverride All
        Options All
        Require all granted
    </Directory>
</VirtualHost>
""" for status in NAMED) + super().virtual_hosts()
    return EachStatus


def whose_pages(server):
    """Of each status."""
    forge_error_pages(server.account)
    untouched(server)
    return [whose(server.ask(f"mta-sts.s{status}.example"))
            for status in NAMED]


@pytest.mark.parametrize("way", WAYS)
def test_each_status_has_apaches_words(way):
    for server in host(with_each_status(way)):
        assert whose_pages(server) == [f"{status} Apache" for status in NAMED]


@pytest.mark.parametrize("way", WAYS)
def test_customer_wins_without_these_lines(way):
    """Each of them is needed: without it, his page for it is a policy."""
    for server in host(with_each_status(way),
                       changes=[("    ErrorDocument ", "    #")]):
        assert whose_pages(server) == ["200 customer"] * len(NAMED)


@pytest.mark.parametrize("way", WAYS)
def test_customer_wins_without_the_shipped_error_pages(way):
    """The attack is real: with those lines left out his page is a policy."""
    for server in host(way, changes=[("    ErrorDocument ", "    #")]):
        forge_error_pages(server.account)
        untouched(server)
        if server.responder:
            server.responder.stop()
            (server.site.root / "fcgi.sock").unlink()
        else:
            server.program.rename(server.program.with_name("away"))
        assert whose(server.ask(VICTIM_HOST)) == "200 customer"
