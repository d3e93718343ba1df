"""
What the server block of cgi-bin/nginx.conf inherits from "http" of an
administrator, and what it hands on to the responder. The customers of
test_hostile_nginx.py have no say in either.
"""

import shutil
import ssl

import pytest

import fastcgi
from customer import INVENTED_HOST, VICTIM, VICTIM_HOST
from harness import PATH, Site, source, wire
from hostilecases import Impostor, ask, furnish, word
from test_hostile_nginx import Default, own

pytestmark = pytest.mark.root


@pytest.fixture(scope="module", autouse=True)
def fixture_installed():
    if Default.path() is None:
        pytest.skip("nginx is not installed")


def test_text_of_the_customer(customer):
    """What the block inherits does not bring his text."""
    kind = own(customer, of_http=(
        "root {customer}; error_page 400 404 405 500 =200 /forged.txt; "
        "fastcgi_intercept_errors on; "
        "fastcgi_param HTTP_HOST mta-sts.example.com; "
        "add_header X-More yes always;\n"))
    with Site() as site:
        furnish(site)
        with kind(site) as server:
            assert word(ask(server, VICTIM_HOST)) == "policy"
            assert ask(server, INVENTED_HOST).status == 404
            assert ask(server, "mta-sts.a_b").status == 400
            for path in ("/forged.txt", "/.well-known/forged.txt"):
                reply = ask(server, VICTIM_HOST, path)
                assert b"x-forged" not in reply.body


# A setting of "http", and the line of the shipped file that is against it.
CHANGES = {
    "parts": ("fastcgi_force_ranges on;", "fastcgi_force_ranges off;"),
    "expiry": ("expires 1h;", "expires off;"),
    "character set": ("charset utf-8;", "charset off;"),
    "compression": ("gzip on; gzip_types text/plain; gzip_min_length 1;",
                    "gzip off;"),
    "includes": ("ssi on; ssi_types *;", "ssi off;"),
    "error pages": ("fastcgi_intercept_errors on; error_page 404 "
                    "https://www.x.example/;", "error_page 599 /;"),
}
# What the shipped file has in comments, since not every nginx knows it.
MODULES = {
    "sub_filter": ("sub_filter enforce none; sub_filter_types *;",
                   "sub_filter_types text/xml;"),
    "addition": ("add_before_body /x; addition_types *;",
                 "addition_types   text/xml;"),
}


def seen(server):
    """
    Status, headers and body of every kind of answer; of the other paths the
    status alone.
    """
    asked = [(VICTIM_HOST, {}), (INVENTED_HOST, {}),
             (VICTIM_HOST, {"method": "HEAD"}),
             (VICTIM_HOST, {"method": "POST"}),
             (VICTIM_HOST, {"headers": ["Accept-Encoding: gzip"]}),
             (VICTIM_HOST, {"headers": ["Range: bytes=0-3"]})]
    found = [ask(server, host, **more) for host, more in asked]
    return [(reply.status, reply.policy_headers(), reply.body)
            for reply in found] + [(ask(server, VICTIM_HOST, "/x").status,)]


def seen_with(customer, of_http, changes):
    kind = own(customer, of_http=of_http + "\n" if of_http else "")
    with Site() as site:
        furnish(site)
        with kind(site, changes) as server:
            return seen(server)


@pytest.fixture(scope="module", name="plain")
def fixture_plain(customer):
    """Where "http" has nothing."""
    found = seen_with(customer, "", [])
    assert [it[0] for it in found] == [200, 404, 200, 405, 200, 200, 404]
    return found


def test_all_at_once(customer, plain):
    """The answers stay what they are, to the byte."""
    settings = " ".join(setting for setting, _ in CHANGES.values())
    assert seen_with(customer, settings, []) == plain


@pytest.mark.parametrize("name", CHANGES)
def test_each_line_counts(customer, plain, name):
    """The control: without its line each setting changes an answer."""
    setting, line = CHANGES[name]
    assert seen_with(customer, setting, [(line, "")]) != plain


@pytest.mark.parametrize("shipped", [True, False])
def test_error_pages_in_the_block(customer, plain, shipped):
    """An administrator may have them for other paths: not for policies."""
    changes = [("error_page 599 /;", "error_page 404 https://www.x.example/;")]
    if not shipped:
        changes.append(("fastcgi_intercept_errors off;", ""))
    found = seen_with(customer, "fastcgi_intercept_errors on;", changes)
    assert found[-1] == (302,)
    assert (found[:-1] == plain[:-1]) == shipped


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("there", [True, False], ids=["with", "without"])
def test_lines_in_comments(customer, plain, name, there):
    setting, line = MODULES[name]
    try:
        found = seen_with(customer, setting,
                          [("#" + line, line)] if there else [])
    except RuntimeError as error:
        if "unknown directive" in str(error):
            pytest.skip(f"this nginx has no {name}")
        raise
    assert (found == plain) == there


@pytest.mark.parametrize("shipped", [True, False])
def test_cache(customer, shipped):
    """An edit counts at once, whatever "http" keeps."""
    kind = own(customer, of_http=(
        "fastcgi_cache_path {customer}/../cache keys_zone=z:1m; "
        "fastcgi_cache z; fastcgi_cache_key $host$request_uri; "
        "fastcgi_ignore_headers Cache-Control; "
        "fastcgi_cache_valid any 1h;\n"))
    with Site() as site:
        furnish(site)
        try:
            with kind(site, [] if shipped else [("fastcgi_cache off;", "")]) \
                    as server:
                assert word(ask(server, VICTIM_HOST)) == "policy"
                site.write(VICTIM, source(max_age=99999))
                new = ask(server, VICTIM_HOST).body == wire(max_age=99999)
                assert new == shipped
        finally:
            shutil.rmtree(customer.home / "cache", ignore_errors=True)


def recorded(customer, wait=0, of_http="", changes=()):
    """The answer to a client with headers, and what the responder was sent."""
    kind = own(customer, of_http=of_http)
    with Site() as site:
        furnish(site)
        with Impostor(site.root / "his.sock", wait) as peer, \
                kind(site, changes, sock=site.root / "his.sock") as server:
            reply = ask(server, VICTIM_HOST, PATH + "?a", headers=[
                "X-More: yes", "Cookie: secret", "Request-Uri: /x"])
            return reply.status, peer.asked[-1]


def test_what_is_handed_on(customer):
    """Three variables, no header of the client's; and "keep" is asked for."""
    status, heard = recorded(customer)
    assert status == 200
    wanted = fastcgi.pairs({"REQUEST_METHOD": b"GET",
                            "REQUEST_URI": PATH.encode() + b"?a",
                            "HTTP_HOST": VICTIM_HOST.encode()})
    assert heard.startswith(fastcgi.begin(keep=True))
    length = int.from_bytes(heard[20:22], "big")
    assert heard[24:24 + length] == wanted


def test_patience(customer):
    """Its own, not that of "http", which may have less."""
    settings = "fastcgi_read_timeout 1s;\n"
    assert recorded(customer, 1.5, settings)[0] == 200
    line = "fastcgi_read_timeout    10s;"
    assert recorded(customer, 1.5, settings, [(line, "")])[0] == 504


class Alone(Default):
    """No other server block; and a certificate above all directories."""

    def customers_block(self):
        return ""

    def _furnish(self):
        super()._furnish()
        for path in (self.root / "tls/www.example.com").iterdir():
            shutil.copy(path, self.root / "tls")


@pytest.mark.parametrize("shipped", [True, False])
def test_certificate_of_no_name(shipped):
    """Who asks TLS for another name than a policy host's gets none at all."""
    line = "    default                   none;\n"
    with Site() as site:
        furnish(site)
        with Alone(site, [] if shipped else [(line, "")]) as server:
            if shipped:
                with pytest.raises(ssl.SSLError):
                    server.connection("www.example.com")
            else:
                server.connection("www.example.com").close()
            assert word(ask(server, VICTIM_HOST)) == "policy"
