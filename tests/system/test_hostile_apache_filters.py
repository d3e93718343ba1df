"""
A customer's .htaccess against the policies, on Apache all three ways: headers,
types, filters and environment. What redirects, forbids and breaks is in
test_hostile_apache_htaccess.py, and why none of it counts.

Of every line it is seen that it works beside the policy; the policy, the 404 of
a domain without one and the 500 of a broken one keep every byte and header.
"""

import pytest

from hostedapache import (BESIDE, PROGRAM_PATH, WAYS, absent, body, header,
                          host, status, try_htaccess)

PAGE = "/.well-known/page.shtml"
BROTLI = {"headers": {"Accept-Encoding": "br"}}

HEADERS_OF = {
    "set": ("Header set X-Customer yes", BESIDE, header("x-customer", "yes")),
    "always": ("Header always set X-Customer yes",
               BESIDE, header("x-customer", "yes")),
    "on success": ("Header onsuccess add X-Customer yes",
                   BESIDE, header("x-customer", "yes")),
    "unset": ("Header unset ETag\nHeader unset Content-Type\n"
              "Header always unset X-Content-Type-Options\n"
              "Header unset Cache-Control", BESIDE, absent("etag")),
    "edited": ("Header edit Accept-Ranges bytes none\n"
               "Header edit Content-Type plain html\n"
               "Header edit Cache-Control no-cache max-age=9",
               BESIDE, header("accept-ranges", "none")),
    "merged": ("Header merge Cache-Control max-age=9",
               BESIDE, header("cache-control", "max-age=9")),
    "type": ("Header set Content-Type text/html",
             BESIDE, header("content-type", "text/html")),
    "coding": ("Header set Content-Encoding br",
               BESIDE, header("content-encoding", "br")),
    "place": ("Header set Location http://evil.example/",
              BESIDE, header("location", "http://evil.example/")),
    "place of a program": (
        "Header always set Location http://evil.example/",
        PROGRAM_PATH, header("location", "http://evil.example/")),
    "status": ("Header always set Status 410",
               BESIDE, header("status", "410")),
    "cookie": ("Header add Set-Cookie a=b", BESIDE, header("set-cookie")),
    "transport": (
        "Header always set Strict-Transport-Security max-age=9",
        BESIDE, header("strict-transport-security")),
    "echo": ("Header echo ^Host$", BESIDE, header("host")),
    "refresh": ("Header set Refresh 0;url=http://evil.example/",
                BESIDE, header("refresh")),
    "no entity tag": ("FileETag None", BESIDE, absent("etag")),
    "expiry": ("ExpiresActive On\nExpiresDefault A31536000",
               BESIDE, header("expires")),
    "digest": ("ContentDigest On", BESIDE, header("content-md5")),
    "meta files": ("MetaFiles On", BESIDE, header("x-meta", "yes")),
    "Lua": ("LuaHookFixups {www}/own.lua fixups",
            BESIDE, header("x-lua", "yes")),
    "session": ("Session On\nSessionCookieName s\nSessionMaxAge 9\n"
                "SessionHeader X-Session", BESIDE, status(200)),
    "tracking": ("CookieTracking On", BESIDE, header("set-cookie")),
}

TYPES = {
    "added": ("AddType text/html .txt .fcgi",
              BESIDE, header("content-type", "text/html")),
    "forced": ("ForceType text/html",
               BESIDE, header("content-type", "text/html")),
    "default charset": ("AddDefaultCharset utf-16", BESIDE,
                        header("content-type", "text/plain; charset=utf-16")),
    "charset": ("AddCharset utf-16 .txt .fcgi", BESIDE,
                header("content-type", "text/plain; charset=utf-16")),
    "encoding": ("AddEncoding br .txt .fcgi",
                 BESIDE, header("content-encoding", "br")),
    "language": ("AddLanguage de .txt .fcgi\nDefaultLanguage de",
                 BESIDE, header("content-language", "de")),
    "removed": ("RemoveType .txt .fcgi", BESIDE, absent("content-type")),
    "by another charset": (
        "CharsetSourceEnc IBM1047\nCharsetDefault UTF-8", BESIDE,
        lambda reply: b"beside" not in reply.body and reply.status == 200),
}

FILTERS = {
    "compressed": ("SetOutputFilter BROTLI_COMPRESS", BESIDE,
                   header("content-encoding", "br"), BROTLI),
    "compressed by ending": (
        "AddOutputFilter BROTLI_COMPRESS .txt .fcgi", BESIDE,
        header("content-encoding", "br"), BROTLI),
    "expanded": ("SetOutputFilter INFLATE\nHeader set Content-Encoding gzip",
                 BESIDE, header("content-encoding")),
    "substituted": (
        "SetOutputFilter SUBSTITUTE\nSubstitute s/enforce/none/",
        BESIDE, body(b"beside: none")),
    "substituted by ending": (
        "AddOutputFilter SUBSTITUTE .txt .fcgi\nSubstitute s/enforce/none/",
        BESIDE, body(b"beside: none")),
    "substituted by type": (
        "AddOutputFilterByType SUBSTITUTE text/plain\n"
        "Substitute s/enforce/none/", BESIDE, body(b"beside: none")),
    "edited": (
        "SetOutputFilter Sed\nOutputSed s/enforce/none/",
        BESIDE, status(500)),
    "included": ("SetOutputFilter INCLUDES", PAGE, body(b"page.shtml")),
    "included by ending": (
        "AddOutputFilter INCLUDES .shtml .txt .fcgi",
        PAGE, body(b"page.shtml")),
    "included by the bit": ("XBitHack full\nAddOutputFilter INCLUDES .shtml",
                            PAGE, body(b"page.shtml")),
    "a chain": (
        "FilterDeclare mine CONTENT_SET\n"
        'FilterProvider mine SUBSTITUTE "true"\nFilterChain mine\n'
        "Substitute s/enforce/none/", BESIDE, body(b"beside: none")),
    "on the way in": (
        "SetInputFilter DEFLATE\nAddInputFilter DEFLATE .txt .fcgi\n"
        "Header set X-Customer yes", BESIDE, header("x-customer", "yes")),
    "slowed": ("SetOutputFilter RATE_LIMIT\nSetEnv rate-limit 1",
               BESIDE, body(b"beside")),
}

# Of these each is set, and a header shows it.
VARIABLES = {
    "no-gzip": "1", "force-gzip": "1", "force-response-1.0": "1",
    "downgrade-1.0": "1", "nokeepalive": "1", "force-no-vary": "1",
    "redirect-carefully": "1", "suppress-error-charset": "1",
    "ap_trust_cgilike_cl": "0", "proxy-sendcl": "1", "proxy-sendchunked": "1",
    "proxy-nokeepalive": "1", "proxy-fcgi-pathinfo": "full",
    "HTTP_HOST": "mta-sts.other.example", "HTTP_TRANSFER_ENCODING": "chunked",
    "REQUEST_METHOD": "POST", "REQUEST_URI": "/nowhere",
    "SCRIPT_NAME": "/nowhere", "PATH_INFO": "/nowhere",
    "GATEWAY_INTERFACE": "none", "MTA_STS_CONF": "/nowhere",
    "LD_PRELOAD": "/nowhere.so"}

ENVIRONMENT = ["SetEnv {name} {value}", "SetEnvIf Host . {name}={value}",
               "SetEnvIfExpr true {name}={value}",
               "BrowserMatch ^ {name}={value}"]

REQUESTS = {
    "another host": (
        "RequestHeader set Host mta-sts.other.example\n"
        'Header always set X-Host "expr=%{{HTTP:Host}}"',
        BESIDE, header("x-host", "mta-sts.other.example")),
    "no host": (
        "RequestHeader unset Host\n"
        'Header always set X-Host "expr=none%{{HTTP:Host}}"',
        BESIDE, header("x-host", "none")),
    "other hosts": (
        "RequestHeader set X-Forwarded-Host mta-sts.other.example\n"
        "RequestHeader set Forwarded host=mta-sts.other.example\n"
        'Header always set X-Host "expr=%{{HTTP:X-Forwarded-Host}}"',
        BESIDE, header("x-host", "mta-sts.other.example")),
    "passwords": ("CGIPassAuth On", BESIDE, status(200)),
    "CGI variables": ("CGIVar REQUEST_URI current-uri", BESIDE, status(200)),
    "FastCGI variables": (
        'ProxyFCGISetEnvIf true HTTP_HOST "mta-sts.other.example"',
        BESIDE, status(200)),
    "unset": ("UnsetEnv PATH\nUnsetEnv MTA_STS_CONF\n"
              "UnsetEnv ap_trust_cgilike_cl", BESIDE, status(200)),
    "passed": ("PassEnv PATH", BESIDE, status(200)),
}


@pytest.fixture(scope="module", params=WAYS)
def server(request):
    yield from host(request.param)


@pytest.mark.parametrize("name", HEADERS_OF)
def test_header(server, name):
    """The headers are the responder's."""
    try_htaccess(server, *HEADERS_OF[name])


@pytest.mark.parametrize("name", TYPES)
def test_type(server, name):
    """So is the type."""
    try_htaccess(server, *TYPES[name])


@pytest.mark.parametrize("name", FILTERS)
def test_filter(server, name):
    """No filter of a customer sees the body."""
    try_htaccess(server, *FILTERS[name])


@pytest.mark.parametrize("line", ENVIRONMENT)
def test_environment(server, line):
    """Nor does his environment reach the responder."""
    lines = [line.format(name=name, value=value) + "\nHeader always set "
             'X-%s "expr=%%{{reqenv:%s}}"' % (name.replace(".", "-"), name)
             for name, value in VARIABLES.items()]

    def shows(reply):
        return {("x-" + name.replace(".", "-").lower(), value)
                for name, value in VARIABLES.items()} <= set(reply.headers)
    try_htaccess(server, "\n".join(lines), BESIDE, shows)


@pytest.mark.parametrize("name", REQUESTS)
def test_request(server, name):
    """Nor what he makes of the request."""
    try_htaccess(server, *REQUESTS[name])
