"""
An administrator's lines for the whole server against the policies, on Apache
all three ways. They stand before the shipped file, as an acme.conf does before
mta-sts.conf, or after it. Which of them win, the heads of the shipped files
say; what a virtual host may have is in test_hostile_apache_vhost.py.
"""

import pytest

from customer import INVENTED_HOST, VICTIM, VICTIM_HOST
from hostedapache import STOCK, WAYS, host, whose
from servercases import BROKEN
from webservers import Apache

SECTION = "<Location /.well-known>\n{}\n</Location>"
HIDDEN = 'RedirectMatch 404 "/\\."'
REFUSED = "http://127.0.0.1:1/"

# What comes after the shipped lines, wherever it stands.
AFTER = {
    "no proxy": "ProxyPass /.well-known !",
    "no proxy by pattern": r"ProxyPassMatch ^/\.well-known/ !",
    "a proxy": f"ProxyPass /.well-known/ {REFUSED}",
    "a proxy for all": f"ProxyPass / {REFUSED}",
    "a proxy by pattern": rf"ProxyPassMatch ^/\.well-known/(.*) {REFUSED}$1",
    "an alias": "Alias /.well-known/ {www}/.well-known/",
    "an alias by pattern":
        r"AliasMatch ^/\.well-known/(.*) {www}/.well-known/$1",
    "a rule": "RewriteEngine On\nRewriteOptions InheritDownBefore\n"
              "RewriteRule ^/ {www}/forged.txt [END]",
    "error pages": "ErrorDocument 404 /forged.txt\n"
                   "ErrorDocument 500 /forged.txt",
}

# Sections that come after it where they stand before it.
SECTIONS = {
    "a handler": SECTION.format("SetHandler default-handler"),
    "no handler": SECTION.format("SetHandler none"),
    "another's handler": SECTION.format(
        'SetHandler "proxy:fcgi://127.0.0.1:1"'),
    "a handler by pattern": r"<LocationMatch ^/\.well-known/>" "\n"
                            "SetHandler default-handler\n</LocationMatch>",
    "a section without proxy": SECTION.format("ProxyPass !"),
    "a section's proxy": SECTION.format(f"ProxyPass {REFUSED}"),
    "a section's alias": SECTION.format("Alias {www}/.well-known"),
    "a section's rule": SECTION.format(
        "RewriteEngine On\nRewriteRule ^ {www}/forged.txt [END]"),
}

EARLIER = {**AFTER, **SECTIONS}

# What comes before it: the lines, where they stand, the ways.
BEFORE = {
    "a later section without proxy": (
        SECTIONS["a section without proxy"], "after", WAYS[:1]),
    "a later section's proxy": (
        SECTIONS["a section's proxy"], "after", WAYS),
    "a later handler": (SECTIONS["a handler"], "after", WAYS[1:]),
    "a later handler by If": (
        '<If "true">\nSetHandler default-handler\n</If>', "before",
        WAYS[1:]),
    "a later alias": (SECTIONS["a section's alias"], "after", WAYS[1:]),
    "dotfiles hidden": (HIDDEN, "before", WAYS[1:]),
    "dotfiles hidden later": (HIDDEN, "after", WAYS[1:]),
    "denied": (SECTION.format("Require all denied"), "before", WAYS),
    "denied to proxies": (
        "<Proxy *>\nRequire all denied\n</Proxy>", "before", WAYS[:1]),
    "no programs": (SECTION.format("Options None"), "before", WAYS[1:2]),
    "encoded": (f"ProxyPass / {REFUSED} mapping=encoded", "before", WAYS),
    "another host": ("RequestHeader set Host mta-sts.other.example",
                     "before", WAYS),
}


def with_server_lines(way, before="", after=""):
    """That way, with lines before or after the shipped file."""

    class ServerLines(way):
        def main(self, shipped):
            def of_the_server(lines):
                return lines.replace("{www}", str(self.account.www)) + "\n"

            text, include = super().main(shipped), f"Include {shipped}\n"
            assert text.count(include) == 1
            return text.replace(include, of_the_server(before) + include +
                                of_the_server(after))
    return ServerLines


def outcome(way, **lines):
    """What the victim's host and an invented one answer."""
    for server in host(with_server_lines(way, **lines)):
        server.account.furnish(STOCK)
        return [whose(server.ask(name))
                for name in (VICTIM_HOST, INVENTED_HOST)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", EARLIER)
def test_earlier(way, case):
    """What acme.conf has must not keep the policies of all from going out."""
    assert outcome(way, before=EARLIER[case]) == ["200 policy", "404 ours"]


@pytest.mark.parametrize("way", WAYS)
def test_later(way):
    """All of these at once, for none of them is looked at."""
    lines = "\n".join(AFTER.values())
    assert outcome(way, after=lines) == ["200 policy", "404 ours"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", BEFORE)
def test_before(way, case):
    """What the heads of the shipped files name, and of which ways."""
    lines, place, ways = BEFORE[case]
    ours = outcome(way, **{place: lines}) == ["200 policy", "404 ours"]
    assert ours == (way not in ways)


# A cache as it is often set up; for all virtual hosts, or for the customer's.
LOAD = "".join(f"LoadModule {name}_module {Apache.MODULES}/mod_{name}.so\n"
               for name in ("cache", "cache_disk"))
CACHE = """CacheEnable disk /
CacheIgnoreNoLastMod On
CacheDefaultExpire 600
UseCanonicalName On
"""
DISABLE = '    CacheDisable "/.well-known/mta-sts.txt"\n'


def with_cache(way, everywhere):
    """That way, with a cache below the server's own directory."""

    class Cache(with_server_lines(way, before=LOAD +
                                  (CACHE if everywhere else ""))):
        own = "" if everywhere else CACHE

        def main(self, shipped):
            return super().main(shipped) + f"CacheRoot {self.run}\n"
    return Cache


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("everywhere", [True, False])
@pytest.mark.parametrize("shipped", [True, False],
                         ids=["as shipped", "without the line"])
def test_cache(way, everywhere, shipped):
    """
    In the place of an error mod_cache has what it kept: the policy of before,
    and that of another host, for UseCanonicalName makes all names one.
    """
    for server in host(with_cache(way, everywhere),
                       changes=[] if shipped else [(DISABLE, "")]):
        server.account.furnish(STOCK)
        assert whose(server.ask(VICTIM_HOST)) == "200 policy"
        server.site.write(VICTIM, BROKEN)
        assert [whose(server.ask(name)) for name in
                (VICTIM_HOST, "mta-sts.broken.example", INVENTED_HOST)] == [
                    *["500 ours" if shipped else "200 policy"] * 2, "404 ours"]
