"""
A customer's .htaccess against the policies, on Apache all three ways: what
redirects, rewrites, hands on, forbids or breaks. What changes an answer's
headers and body is in test_hostile_apache_filters.py.

Of every line it is seen that it works beside the policy, in the customer's own
virtual host; the policy is served byte for byte all the same, and for a domain
without one comes the responder's 404. What makes it so: a request for the
policy's path never walks the customer's directories. With mod_proxy_fcgi it
walks none (ProxyPass), else those of the program (Alias, AllowOverride None).
"""

import pytest

from hostedapache import (BESIDE, MISSING, PROGRAM_PATH, WAYS, body, header,
                          host, status, try_htaccess)

ON = "RewriteEngine On\n"
FORGED_LINE = b"x-forged: by the customer"
CGI = "AddHandler cgi-script .cgi\n"

# Name: the lines, a path beside the policy, and what comes of them there.
REWRITE = {
    "to a file": (
        ON + "RewriteRule ^ /forged.txt [END]", MISSING, body(FORGED_LINE)),
    "to the front controller": (
        ON + "RewriteCond %{{REQUEST_URI}} !run.cgi\n"
        "RewriteRule ^(.*)$ /run.cgi/$1 [QSA,L]", MISSING, body(FORGED_LINE)),
    "where no file is": (
        ON + "RewriteCond %{{REQUEST_FILENAME}} !-f\n"
        "RewriteRule . /run.cgi [L]", MISSING, body(FORGED_LINE)),
    "to a proxy": (
        ON + "RewriteCond %{{REQUEST_URI}} !forged\n"
        "RewriteRule ^ http://127.0.0.1:{port}/forged.txt [P]",
        MISSING, body(FORGED_LINE)),
    "redirect": (
        ON + "RewriteRule ^ http://evil.example/ [R=301,L]",
        BESIDE, status(301)),
    "to a success of the customer's words": (
        ON + 'RewriteRule ^ - [R=200,L]\nErrorDocument 200 "{forged}"',
        BESIDE, body(FORGED_LINE)),
    "forbidden": (ON + "RewriteRule ^ - [F]", BESIDE, status(403)),
    "gone": (ON + "RewriteRule ^ - [G]", BESIDE, status(410)),
    "for a host": (
        ON + "RewriteCond %{{HTTP_HOST}} .\nRewriteRule ^ - [G]",
        BESIDE, status(410)),
    "with an environment": (
        ON + "RewriteRule ^ - [E=MTA_STS_CONF:/nowhere,L]\n"
        "Header set X-Conf %{{MTA_STS_CONF}}e",
        BESIDE, header("x-conf", "/nowhere")),
    "with a handler": (
        ON + "RewriteRule ^ - [H=server-status]", BESIDE, body(b"Status")),
    "with a type": (
        ON + "RewriteRule ^ - [T=text/html]",
        BESIDE, header("content-type", "text/html")),
    "with a cookie": (
        ON + "RewriteRule ^ - [CO=a:b:.example]",
        BESIDE, header("set-cookie")),
    "inherited": (
        ON + "RewriteOptions Inherit\nRewriteRule ^ - [G]",
        BESIDE, status(410)),
    "inherited first": (
        ON + "RewriteOptions InheritBefore\nRewriteRule ^ - [G]",
        BESIDE, status(410)),
    "inherited downwards": (
        ON + "RewriteOptions InheritDown\nRewriteRule ^ - [G]",
        BESIDE, status(410)),
    "with a base": (
        ON + "RewriteBase /\nRewriteRule ^.*missing forged.txt [END]",
        MISSING, body(FORGED_LINE)),
    "in circles": (ON + "RewriteRule ^ /x/%{{REQUEST_URI}}",
                   BESIDE, status(500)),
}

REDIRECT = {
    "permanent": (
        "Redirect permanent /.well-known http://evil.example/",
        BESIDE, status(301)),
    "temporary": (
        "RedirectMatch 302 ^ http://evil.example/", BESIDE, status(302)),
    "gone": ("Redirect gone /.well-known", BESIDE, status(410)),
    "gone by a pattern": ("RedirectMatch 410 well-known", BESIDE, status(410)),
    "not found": ("Redirect 404 /", BESIDE, status(404)),
    "to a success of the customer's words": (
        'Redirect 200 /\nErrorDocument 200 "{forged}"',
        BESIDE, body(FORGED_LINE)),
    "by If": ('<If "true">\nRedirect 303 http://evil.example/\n</If>',
              BESIDE, status(303)),
    "fallback": ("FallbackResource /forged.txt", MISSING, body(FORGED_LINE)),
    "error page, 404": (
        "ErrorDocument 404 /forged.txt", MISSING,
        lambda reply: FORGED_LINE in reply.body and reply.status == 404),
    "error page that is a program": (
        CGI + "ErrorDocument 404 /run.cgi", MISSING, body(FORGED_LINE)),
    "error text, 404": (
        'ErrorDocument 404 "{forged}"', MISSING,
        lambda reply: FORGED_LINE in reply.body and reply.status == 404),
    "error page elsewhere": (
        "ErrorDocument 404 http://evil.example/", MISSING, status(302)),
    "error page of a success": (
        'ErrorDocument 200 "no"\nErrorDocument 404 "mine"', MISSING,
        lambda reply: reply.body == b"mine"),
    "error page, 500": (
        CGI + 'ErrorDocument 500 /run.cgi\n<Files "missing.txt">\n'
        "Redirect 500 /.well-known/missing.txt\n</Files>",
        MISSING, body(FORGED_LINE)),
    "directory index": (
        "DirectoryIndex beside.txt", "/.well-known/", body(b"beside")),
    "no slash": ("DirectorySlash Off\nOptions +Indexes\nDirectoryIndex none",
                 "/.well-known", body(b"Index of")),
    "index redirect": (
        "DirectoryIndexRedirect 307\nDirectoryIndex beside.txt",
        "/.well-known/", status(307)),
    "listing": ("Options +Indexes", "/.well-known/", body(b"Index of")),
    "spelling": ("CheckSpelling On", "/.well-known/besides.txt", status(301)),
    "several views": (
        "Options +MultiViews", "/.well-known/beside", body(b"beside")),
}

HANDLER = {
    "status": ("SetHandler server-status", BESIDE, body(b"Status")),
    "info": ("SetHandler server-info", BESIDE, body(b"Server Information")),
    "a program": ("SetHandler cgi-script", PROGRAM_PATH, body(FORGED_LINE)),
    "a program that is a text": (
        "AddHandler cgi-script .txt .fcgi", BESIDE, status(500)),
    "the default": (
        "SetHandler default-handler", PROGRAM_PATH, body(b"#!/bin/sh")),
    "none": ("SetHandler server-status\n<FilesMatch txt|fcgi>\n"
             "SetHandler none\n</FilesMatch>", BESIDE, body(b"beside")),
    "as is": ("SetHandler send-as-is", BESIDE,
              lambda reply: (reply.status, reply.body) == (200, b"")),
    "a type map": ("SetHandler type-map", BESIDE, status(406)),
    "an image map": ("SetHandler imap-file", BESIDE,
                     lambda reply: b"beside: enforce" not in reply.body),
    "Lua": ("AddHandler lua-script .lua", "/own.lua", body(FORGED_LINE)),
    "a reflector": ("SetHandler reflector", BESIDE,
                    lambda reply: b"beside: enforce" not in reply.body),
    "a proxy": ('SetHandler "proxy:fcgi://127.0.0.1:1/"', BESIDE,
                status(503)),
    "a proxy's socket": (
        'SetHandler "proxy:unix:{home}/own.sock|fcgi://mta-sts/"', BESIDE,
        lambda reply: reply.status in (404, 503)),
    "a web server": (
        'SetHandler "proxy:http://127.0.0.1:1"', BESIDE, status(503)),
    "an action by name": (
        CGI + "Action mine /run.cgi virtual\n"
        "<FilesMatch txt|fcgi>\nSetHandler mine\n</FilesMatch>",
        MISSING, body(FORGED_LINE)),
    "an action by ending": (
        CGI + "Action mine /run.cgi virtual\nAddHandler mine .txt .fcgi",
        MISSING, body(FORGED_LINE)),
    "an action by type": (
        CGI + "Action text/plain /run.cgi\nAddType text/plain .fcgi",
        BESIDE, body(FORGED_LINE)),
    "a script by method": (
        "Script GET /run.cgi", BESIDE, status(500)),
}

FORBID = {
    "all denied": ("Require all denied", BESIDE, status(403)),
    "the old way": ("Order allow,deny\nDeny from all", BESIDE, status(403)),
    "a password": (
        "AuthType Basic\nAuthName x\nAuthUserFile /dev/null\n"
        "Require valid-user", BESIDE, status(401)),
    "any of them": (
        "Satisfy any\nDeny from all\nAuthType Basic\nAuthName x\n"
        "AuthUserFile /dev/null\nRequire valid-user", BESIDE, status(401)),
    "an expression": (
        'Require expr "%{{HTTP_HOST}} == \'no\'"', BESIDE, status(403)),
    "a method": ("<Limit GET>\nRequire all denied\n</Limit>",
                 BESIDE, status(403)),
    "all methods but": (
        "<LimitExcept POST>\nRequire all denied\n</LimitExcept>",
        BESIDE, status(403)),
    "by name": ('<FilesMatch "txt|fcgi">\nRequire all denied\n</FilesMatch>',
                BESIDE, status(403)),
    "by If": ('<If "true">\nRequire all denied\n</If>', BESIDE, status(403)),
    "merged": ("AuthMerging And\nRequire all denied", BESIDE, status(403)),
    "no options": ("Options None", PROGRAM_PATH, status(403)),
    "no programs": ("Options -ExecCGI", PROGRAM_PATH, status(403)),
    "no path after": ("AcceptPathInfo Off", BESIDE + "/x", status(404)),
    "no memory": ("RLimitMEM 1000 1000", PROGRAM_PATH, status(500)),
    "a small body": ("LimitRequestBody 1", BESIDE, status(413),
                     {"body": b"xx"}),
    "a guard of his own": (
        'FcgidAccessChecker "/nowhere"', BESIDE, status(500)),
    "a wrapper": (
        'FcgidWrapper "/nowhere" .txt\nAddHandler fcgid-script .txt',
        BESIDE, status(500)),
    "Lua": ("LuaHookAccessChecker {www}/own.lua deny", BESIDE, status(403)),
}

# Each breaks the customer's own pages: the server's 500 for them, and for the
# policies nothing.
BREAK = ["NoSuchDirective On", "<Files", "</IfModule>", "Require", "\377",
         "AllowOverride None", "ProxyPass / !",
         "<Location />\nRequire all denied\n</Location>",
         "Alias / /etc/", "Include /etc/passwd", "LoadModule a b",
         "ProxyErrorOverride On", "ServerName " + "x" * 10000,
         "RewriteEngine On\nRewriteRule ( x", "Header set"]


@pytest.fixture(scope="module", params=WAYS)
def server(request):
    yield from host(request.param)


@pytest.mark.parametrize("name", REWRITE)
def test_rewrite(server, name):
    """Rules of a .htaccess are for what lies in its directory."""
    try_htaccess(server, *REWRITE[name])


@pytest.mark.parametrize("name", REDIRECT)
def test_redirect(server, name):
    """So are redirections, error pages and what replaces a directory."""
    try_htaccess(server, *REDIRECT[name])


@pytest.mark.parametrize("name", HANDLER)
def test_handler(server, name):
    """The handler of the policy's path is the shipped file's."""
    try_htaccess(server, *HANDLER[name])


@pytest.mark.parametrize("name", FORBID)
def test_forbid(server, name):
    """Access to it is the server's matter, or the program's directory's."""
    try_htaccess(server, *FORBID[name])


@pytest.mark.parametrize("line", BREAK, ids=range(len(BREAK)))
def test_break(server, line):
    """A .htaccess that cannot be read counts where it is read."""
    line = line.replace("{", "{{").replace("}", "}}")
    try_htaccess(server, line, BESIDE, status(500))
