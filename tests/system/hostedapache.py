"""
Apache as a generous hoster runs it, each of the three ways, for the hostile
customers of test_hostile_apache*.py: every module that Debian's apache2-bin
has and that a .htaccess can use, AllowOverride All, Options All, error pages
in the customer's own hands, and a virtual host of his, the first of all, that
claims the names of policy hosts. The shipped file is included before it.
"""

import os
from pathlib import Path

import pytest

from customer import (ALIASES, INVENTED_HOST, NAME, VICTIM, VICTIM_HOST,
                      Customer, HardLink, Program)
from harness import PATH, POLICY, POLICY_WIRE, TOP, Site
from servercases import BROKEN, HEADERS, REASONS
from webserver import FORGED, replies
from webservers import Apache, ApacheCgi, ApacheFcgid, ApacheProxy

# The path in a document root.
FILE = PATH[1:]

# What a customer's program answers, whatever it is asked.
FORGING = """#!/bin/sh
printf 'Status: 200 OK\\r\\nContent-Type: text/plain\\r\\n\\r\\n'
printf 'version: STSv1\\r\\nmode: none\\r\\nmax_age: 86400\\r\\n'
printf 'x-forged: by the customer\\r\\n'
"""

# The files that hosting panels let customers fill with error pages of theirs.
ERRORS = (400, 401, 403, 404, 405, 408, 410, 411, 413, 414, 417, 421, 426, 431,
          500, 501, 502, 503, 504)


class Hosted:
    """Goes before one of the classes of webservers.py."""

    MORE = ("access_compat", "actions", "allowmethods", "auth_basic",
            "authn_file", "authz_user", "autoindex", "brotli", "buffer",
            "cern_meta", "cgid", "charset_lite", "deflate", "expires",
            "ext_filter", "fcgid", "filter", "imagemap", "include", "info",
            "lua", "mime_magic", "negotiation", "proxy", "proxy_fcgi",
            "proxy_http", "ratelimit", "reflector", "request", "sed",
            "session", "session_cookie", "speling", "status", "substitute",
            "unique_id", "userdir", "usertrack", "vhost_alias")

    # Debian's deflate.conf and mime.conf, as far as they touch a text.
    directives = """ScriptSock {run}/cgid
FcgidIPCDir {run}
FcgidProcessTableFile {run}/table
AddOutputFilterByType DEFLATE text/html text/plain
AddEncoding x-gzip .gz .tgz
AddType text/html .html .shtml
AddHandler type-map .var
AddHandler cgi-script .cgi
AddHandler imap-file .map
AddHandler send-as-is .asis
DirectoryIndex index.html index.cgi
UserDir public_html"""

    def __init__(self, site, account, **more):
        self.account = account
        super().__init__(site, **more)
        self.modules = [
            name for name in (*self.MORE, *self.modules)
            if Path(f"{self.MODULES}/mod_{name}.so").exists()]
        self.modules = list(dict.fromkeys(self.modules))
        if "fcgid" not in self.modules:
            self.directives = "\n".join(
                line for line in self.directives.splitlines()
                if not line.startswith("Fcgid"))

    def virtual_hosts(self):
        """The customer's, then one of somebody else."""
        return f"""<VirtualHost 127.0.0.1:{self.port}>
    ServerName {NAME}
    ServerAlias {' '.join(ALIASES)}
    DocumentRoot {self.account.www}
    {self.own}
    {self.error_pages()}
    <Directory {self.account.www}>
        AllowOverride All
        Options All
        Require all granted
    </Directory>
</VirtualHost>
<VirtualHost 127.0.0.1:{self.port}>
    ServerName other.example
    ServerAlias *.other.example
    DocumentRoot {self.customer}
</VirtualHost>
"""

    def error_pages(self):
        """As ISPConfig writes them: pages that the customer may change."""
        return "\n".join(f"    ErrorDocument {status} /error/{status}.html"
                         for status in ERRORS)


class HostedProxy(Hosted, ApacheProxy):
    """With mod_proxy_fcgi."""


class HostedFcgid(Hosted, ApacheFcgid):
    """With mod_fcgid."""

    directives = Hosted.directives


class HostedCgi(Hosted, ApacheCgi):
    """With plain CGI."""

    directives = Hosted.directives


WAYS = (HostedProxy, HostedFcgid, HostedCgi)


def furnish(site):
    """The victim's policy, a broken one, and one of somebody else."""
    site.write(VICTIM, POLICY)
    site.write("broken.example", BROKEN)
    site.write("other.example", OTHER)


OTHER = POLICY.replace(b"enforce", b"testing")
OTHER_WIRE = POLICY_WIRE.replace(b"enforce", b"testing")


def host(kind, **more):
    """A fixture's inside: such a server with a customer, who is its account."""
    if Apache.path() is None:
        pytest.skip("apache2 is not installed")
    for name in kind.modules:
        if not os.path.exists(f"{Apache.MODULES}/mod_{name}.so"):
            pytest.skip(f"mod_{name} is not installed")
    with Customer() as account, Site() as site:
        furnish(site)
        with kind(site, account, **more) as server:
            yield server


def untouched(server, hosts=None):
    """Asserts that the policies are what root wrote and nothing else is."""
    for name, status, body in hosts or (
            (VICTIM_HOST, 200, POLICY_WIRE),
            (INVENTED_HOST, 404, REASONS[404]),
            ("mta-sts.broken.example", 500, REASONS[500])):
        reply = server.ask(name)
        assert (reply.status, reply.body) == (status, body), name
        assert own_headers(reply) == sorted(
            HEADERS + [("content-length", str(len(body)))]), name


def own_headers(reply):
    """The responder's headers; Vary is the deflate filter's, not used here."""
    return [header for header in reply.policy_headers()
            if header != ("vary", "Accept-Encoding")]


def whose(reply):
    """Who gave that answer, and what: "200 policy", "404 ours", ..."""
    if FORGED in reply.body:
        who = "customer"
    elif set(HEADERS) - set(reply.headers):
        who = "Apache"
    elif reply.status != 200:
        who = "ours" if reply.body == REASONS[reply.status] else "odd"
    else:
        who = {POLICY_WIRE: "policy", OTHER_WIRE: "other",
               b"": "head"}.get(reply.body, "odd")
    return f"{reply.status} {who}"


def answers(server, octets, methods=("GET",)):
    """What comes of octets on a connection: whose() each, after commas."""
    heard = server.raw(octets)
    if heard.startswith(REASONS[400]):
        return "400 bare"   # HTTP/0.9
    return ", ".join(whose(reply) for reply in replies(heard, methods))


def front_controller(server):
    """Whatever reaches the customer's virtual host is a 200 of his."""
    server.account.clean()
    server.account.furnish({**STOCK, ".htaccess": FRONT})


FRONT = """RewriteEngine On
RewriteCond %{REQUEST_URI} !^/(run.cgi|error/)
RewriteRule ^ /run.cgi [END]
"""

# What a .htaccess does beside the policy shows that it works there.

BESIDE = "/.well-known/beside.txt"
MISSING = "/.well-known/missing.txt"
PROGRAM_PATH = "/.well-known/run.cgi"

LUA = """require "apache2"
function handle(r) r:puts("x-forged: by the customer") return apache2.OK end
function fixups(r) r.headers_out["X-Lua"] = "yes" return apache2.OK end
function deny(r) return 403 end
"""

# What lies in the document root for them. The shebangs name Debian's shell.
STOCK = {"forged.txt": FORGED, "run.cgi": Program(FORGING),
         BESIDE[1:]: "beside: enforce\n", PROGRAM_PATH[1:]: Program(FORGING),
         ".well-known/page.shtml": '<!--#echo var="DOCUMENT_NAME" -->',
         ".well-known/.web/beside.txt.meta": "X-Meta: yes\n",
         ".well-known/.web/mta-sts.txt.meta": "X-Meta: yes\n",
         "own.lua": LUA,
         FILE: FORGED}


def status(number):
    return lambda reply: reply.status == number


def body(octets):
    return lambda reply: reply.status == 200 and octets in reply.body


def header(name, value=None):
    """A header with that value, or (None) any."""
    return lambda reply: any(
        name == other and value in (None, given)
        for other, given in reply.headers)


def absent(name):
    return lambda reply: reply.status == 200 and not header(name)(reply)


def try_htaccess(server, text, path, shows, ask=()):
    """
    The text as .htaccess of the document root and of .well-known: path is
    asked (ask: more of the request) to see that it works; the policies are as
    they were.
    """
    account = server.account
    text = text.format(port=server.port, www=account.www, home=account.home,
                       program=server.program,
                       forged="x-forged: by the customer")
    account.clean()
    account.furnish({**STOCK, ".htaccess": text + "\n",
                     ".well-known/.htaccess": text + "\n"})
    beside = server.ask(NAME, path=path, **dict(ask))
    assert shows(beside), f"it has no effect where it may: {beside}"
    untouched(server)


def try_files(server, things, path, shows):
    """
    The same with things in the document root, which None leaves as it is;
    HardLink's target may name it as {www}.
    """
    account = server.account
    if things is not None:
        account.clean()
        account.furnish({
            name: HardLink(what.target.format(www=account.www))
            if isinstance(what, HardLink) else what
            for name, what in things.items()})
    beside = server.ask(NAME, path=path)
    assert shows(beside), f"it has no effect where it may: {beside}"
    untouched(server)


class Naive:
    """
    Goes before one of WAYS: the shipped file without the lines that keep
    customers out. The responder is the handler of the path as it is found in
    their document roots, which looks much the same, and works.
    """

    def replacements(self):
        return [*super().replacements(), ("    ErrorDocument ", "    #"),
                ("        RewriteEngine Off\n", "")]


class NaiveProxy(Naive, HostedProxy):
    """SetHandler instead of ProxyPass."""

    def replacements(self):
        text = (TOP / "cgi-bin" / self.shipped).read_text()
        place = '\n<Location "/.well-known/mta-sts.txt">\n'
        start = text.index(place + "    ProxyPass ")
        worker = f"unix:{self._sock}|fcgi://mta-sts"
        return [(text[start:text.index("</Location>", start)],
                 f'\n<Proxy "{worker}" enablereuse=on retry=0>\n</Proxy>'
                 f'{place}    SetHandler "proxy:{worker}"\n'),
                *super().replacements()[1:]]


class NaiveAction(Naive):
    """An action instead of the Alias."""

    alias = "Alias"
    handler = "fcgid-script"

    def replacements(self):
        return [*super().replacements(),
                (f'    {self.alias} "{self.program}"\n', ""),
                (f"\n    SetHandler {self.handler}\n",
                 "\n    SetHandler mta-sts\n    Action mta-sts "
                 '"/program/mta-sts.fcgi" virtual\n'),
                ("# Apache answers",
                 f'Alias "/program/" "{self.root}/"\n# Apache answers')]


class NaiveFcgid(NaiveAction, HostedFcgid):
    """With mod_fcgid."""


class NaiveCgi(NaiveAction, HostedCgi):
    """With plain CGI."""

    alias = "ScriptAlias"
    handler = "cgi-script"


NAIVE = (NaiveProxy, NaiveFcgid, NaiveCgi)
