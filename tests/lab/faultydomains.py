"""
Domains that are wrong in one way each, or in none: what each of them has in the
DNS, on its policy host and on its mail hosts. faulty.py builds them.
"""

import itertools
import re
import time
from dataclasses import dataclass

from harness import source, wire
from lab.hostile import (EHLO, EHLO_PLAIN, READY, ask, say, silent, smtp)

AGE = 1209600
MX = "mx.good.example"
TLSRPT = "v=TLSRPTv1; rua=mailto:reports@good.example"
# An address with nobody at it.
NOBODY = "127.0.9.9"
# More than is kept of a TXT record.
LONG = "v=STSv1; id=1; more=" + "x" * 1100


def served(mode="enforce", mx=(MX,), max_age=AGE):
    return wire(mode, mx, max_age)


def local(mode="enforce", mx=(MX,), max_age=AGE):
    return source(mode, mx, max_age)


def known(host):
    """Whether it is one that policy hosts have, by its Host header."""
    return not host.lower().partition(":")[0].endswith(".invalid")


def reply(body, media="text/plain", status="200 OK", more=""):
    kind = f"Content-Type: {media}\r\n" if media else ""
    head = (f"HTTP/1.1 {status}\r\n{kind}{more}"
            f"Content-Length: {len(body)}\r\n\r\n").encode()
    return head + body


NONE = reply(b"", status="404 Not Found")


def answer(body, *args, pause=0, to=known, **more):
    """A policy host that answers so to those hosts; to others, 404."""
    return turns(reply(body, *args, **more), pause=pause, to=to)


def turns(*replies, pause=0, to=known):
    """
    The same for a name that several machines share: whoever asks for the host
    as it is gets the replies in turn, all else is answered by the first one.
    """
    turn = itertools.cycle(replies)

    def behave(link):
        host = re.search(rb"\r\nHost: ([^\r\n]*)", ask(link))[1].decode()
        time.sleep(pause)
        if not to(host):
            link.sendall(NONE)
        elif host == host.lower() and ":" not in host and known(host):
            link.sendall(next(turn))
        else:
            link.sendall(replies[0])
    return behave


def hang_up(link):
    ask(link)


@dataclass
class Domain:
    """
    Its codes are those that it is to be found with. It is served by a host of
    its own that does host, or, without one, by the responder, from the file
    here. Each of its own mail hosts has a certificate of the kind given, see
    faulty.py; others are behaviours.
    """
    codes: tuple
    host: object = answer(served())
    certificate: object = "good"
    file: object = None
    addresses: tuple = None   # records of the policy host, else its own
    record: tuple = ("v=STSv1; id=1;",)
    ttl: int = 300
    tlsrpt: tuple = (TLSRPT,)
    mx: tuple = (MX,)
    mail: tuple = ()          # pairs of a name and a kind or a behaviour
    more: tuple = ()          # further records; {d} is the domain
    top: str = "example"


def faulty_mail(code, what):
    """A domain whose only MX is wrong."""
    name = f"mx.{code}.example"
    return Domain((code,), host=answer(served(mx=[name])), mx=(name,),
                  mail=((name, what),))


def listed(code, *names, **more):
    """A domain whose policy lists further hosts."""
    return Domain((code,), host=answer(served(mx=[MX, *names])), **more)


def text(code, body):
    return Domain((code,), host=answer(body))


def _dns():
    chain = ["mta-sts.{d}. IN CNAME c1.{d}."]
    chain += [f"c{i}.{{d}}. IN CNAME c{i + 1}.{{d}}." for i in range(1, 4)]
    return {
        "dns-failed": Domain(("dns-failed",), record=(), tlsrpt=(), mx=(),
                             addresses=()),
        "dns-bogus": Domain(("dns-bogus",), record=("v=STSv1; id=before;",),
                            top="test"),
        "txt-missing": Domain(("txt-missing",), record=()),
        "txt-misplaced": Domain(("txt-misplaced",), record=(), more=(
            '{d}. IN TXT "v=STSv1; id=1;"',)),
        "txt-misnamed": Domain(("txt-misplaced",), record=(), more=(
            '_mta_sts.{d}. IN TXT "v=STSv1; id=1;"',)),
        "txt-several": Domain(("txt-several",), record=(
            "v=STSv1; id=1;", "v=STSv1; id=2;")),
        "txt-long": Domain(("txt-long",), record=(LONG,)),
        "txt-invalid": Domain(("txt-invalid",), record=("v=STSv1; id=;",)),
        "txt-doubtful": Domain(("txt-doubtful",), record=(
            "v=STSv1; id=1; more=2;",)),
        "txt-ttl": Domain(("txt-ttl",), ttl=2 * 86400),
        "cname-chain": Domain(("cname-chain",), addresses=(), more=(
            *chain, "c4.{d}. IN A {a}")),
        "host-missing": Domain(("host-missing",), addresses=()),
        "host-no-ipv4": Domain(("host-no-ipv4",), addresses=("AAAA ::1",)),
        "tlsrpt-missing": Domain(("tlsrpt-missing",), tlsrpt=()),
        "tlsrpt-several": Domain(("tlsrpt-several",), tlsrpt=(
            TLSRPT, TLSRPT + "x")),
        "tlsrpt-invalid": Domain(("tlsrpt-invalid",), tlsrpt=(
            "v=TLSRPTv1; rua=ftp://good.example/",)),
    }


def _https():
    moved = answer(b"", status="301 Moved Permanently",
                   more="Location: https://www.good.example/\r\n")
    them = {
        "https-refused": Domain(("https-refused",),
                                addresses=(f"A {NOBODY}",)),
        "https-timeout": Domain(("https-timeout",), host=silent),
        "https-tls": Domain(("https-tls",), certificate=None,
                            host=say(b"HTTP/1.1 400 No TLS\r\n\r\n",
                                     ask_first=False)),
        "https-broken": Domain(("https-broken",), host=hang_up),
        "https-large": Domain(("https-large",), host=answer(b"x" * 70000)),
        "tls-old": Domain(("tls-old",), certificate="old"),
        "policy-missing": Domain(("policy-missing",), host=answer(
            b"", status="404 Not Found")),
        "policy-gone": Domain(("policy-missing",), host=answer(
            b"", status="410 Gone")),
        "https-redirect": Domain(("https-redirect",), host=moved),
        "https-status": Domain(("https-status",), host=answer(
            b"", status="500 Internal Server Error")),
        "media-type": Domain(("media-type",), host=answer(
            served(), "text/html")),
        "media-none": Domain(("media-type",), host=answer(served(), "")),
        "media-charset": Domain(("media-charset",), host=answer(
            served(), "text/plain; charset=utf-16")),
        "https-slow": Domain(("https-slow",), host=answer(
            served(), pause=4.2)),
        "nodes-fail": Domain(("nodes-fail",), host=turns(
            reply(served()), reply(b"", status="503 Service Unavailable"))),
        "nodes-refuse": Domain(("nodes-fail",), addresses=(
            "A {a}", f"A {NOBODY}")),
        "host-port": Domain(("host-port",), host=answer(
            served(), to=lambda host: known(host) and ":" not in host)),
        "host-case": Domain(("host-case",), host=answer(
            served(), to=lambda host: known(host) and host == host.lower())),
        "host-any": Domain(("host-any",), host=answer(
            served(), to=lambda host: True)),
    }
    for kind in ("expired", "early", "name", "self-signed", "untrusted",
                 "other", "expiring"):
        them[f"cert-{kind}"] = Domain((f"cert-{kind}",), certificate=kind)
    return them


def _policy():
    good = served()
    first, rest = good.split(b"\r\n", 1)
    return {
        "local-broken": Domain(("local-broken",),
                               file=b"version: STSv1\nmode: wrong\n"),
        "nodes-differ": Domain(("nodes-differ",), host=turns(
            reply(served()), reply(served(max_age=2 * AGE)))),
        "nodes-mode": Domain(("nodes-differ",), host=turns(
            reply(served()), reply(served("testing")))),
        "families-differ": Domain(("families-differ",), addresses=(
            "A {a}", "AAAA ::1")),
        "text-differs": Domain(("text-differs",), record=None,
                               file=local(max_age=2 * AGE)),
        "policy-invalid": text("policy-invalid", good.replace(
            b"mode: enforce\r\n", b"")),
        "policy-empty": Domain(("policy-invalid",) * 3, host=answer(b"")),
        "policy-html": Domain(("policy-invalid",) * 5, host=answer(
            b"<html>\r\n<p>STSv1</p>\r\n")),
        # An mx that goes with every name of the top-level domain.
        "policy-doubtful": Domain(
            ("policy-doubtful",), host=answer(served(mx=["*.example"])),
            mx=("mx-wide.example",), mail=(("mx-wide.example", "good"),)),
        "text-mark": text("text-mark", b"\xef\xbb\xbf" + good),
        "text-bare-cr": text("text-bare-cr", good.replace(b"\r\n", b"\r", 1)),
        "text-comment": text("text-comment", good + b"# Hello\r\n"),
        "text-blank": text("text-blank", good + b"\r\n"),
        "text-line-ends": text("text-line-ends", good.replace(
            b"\r\n", b"\n")),
        "text-order": text("text-order", rest + first + b"\r\n"),
        "text-extension": text("text-extension", good + b"more: 1\r\n"),
        "max-age-short": text("max-age-short", served(max_age=604800)),
    }


def _mx():
    many = "*.mx-many.example"
    crowd = [f"m{i}.mx-many.example" for i in range(17)]
    both = ("mx.alone.example", "mx.other.example")
    them = {
        "mx-missing": Domain(("mx-missing",), mx=()),
        "mx-null": Domain(("mx-null",), mx=(".",)),
        "mx-implicit": Domain(("mx-implicit",), mx=(), host=answer(served(
            mx=["mx-implicit.example"])), mail=(
                ("mx-implicit.example", "good"),)),
        "mx-many": Domain(("mx-many",), host=answer(served(mx=[many])),
                          mx=tuple(crowd), mail=((many, "good"),)),
        "mx-name": Domain(("mx-name",), mx=(MX, "127.0.0.1.")),
        "mx-uncovered": Domain(("mx-uncovered",), mx=(MX, both[0]), mail=(
            (both[0], "good"),)),
        "mx-dns-failed": listed("mx-dns-failed", "mx.dns-failed.example",
                                mx=(MX, "mx.dns-failed.example")),
        "mx-no-address": listed(
            "mx-no-address", "mx.mx-no-address.example",
            mx=(MX, "mx.mx-no-address.example"),
            more=('mx.{d}. IN TXT "no address"',)),
        "mx-unreachable": listed(
            "mx-unreachable", "mx.mx-unreachable.example",
            mx=(MX, "mx.mx-unreachable.example"),
            more=(f"mx.{{d}}. IN A {NOBODY}",)),
        "mx-greeting": faulty_mail("mx-greeting", say(
            b"554 no\r\n", ask_first=False)),
        "mx-no-starttls": faulty_mail("mx-no-starttls", smtp(
            EHLO_PLAIN, b"221 bye\r\n")),
        "testing-plain": Domain(
            ("mx-no-starttls",), mx=("mx.plain.example",),
            host=answer(served("testing", ["mx.plain.example"])),
            mail=(("mx.plain.example", smtp(EHLO_PLAIN, b"221 bye\r\n")),)),
        "mx-tls": faulty_mail("mx-tls", smtp(EHLO, READY + b"no TLS\r\n")),
        "mx-tls-old": faulty_mail("mx-tls-old", "old"),
        "mx-alias": listed("mx-alias", "mx.mx-alias.example", mx=(
            MX, "mx.mx-alias.example"), mail=(
                ("real.mx-alias.example", "mx.mx-alias.example"),),
            more=("mx.{d}. IN CNAME real.{d}.",)),
        "mx-dane": Domain(("mx-dane",), top="test", mx=("mx.test",),
                          host=answer(served(mx=["mx.test"]))),
        "mx-dane-unsigned": Domain(
            ("mx-dane-unsigned",), mx=("mx.dane.example",),
            host=answer(served(mx=["mx.dane.example"])),
            mail=(("mx.dane.example", "good"),),
            more=("_25._tcp.mx.dane.example. IN TLSA 3 1 1 " + "00" * 32,)),
        "listed-missing": listed("listed-missing", "mx.nowhere.example"),
        "listed-unused": listed("listed-unused", "mx.spare.example", more=(
            f"mx.spare.example. IN A {NOBODY}",)),
    }
    for kind in ("expired", "early", "name", "self-signed", "untrusted",
                 "other", "expiring"):
        code = f"mx-cert-{kind}"
        them[code] = faulty_mail(code, kind)
    return them


def _here():
    """Those that the responder serves, and their files."""
    def mine(*codes, **more):
        return Domain(codes, **{"host": None, "record": None,
                                "file": local(), **more})
    return {
        "good": mine(),
        "wild": mine(file=local(mx=["*.good.example"])),
        "txt-id": mine("txt-id", record=("v=STSv1; id=older;",)),
        "mode-none": mine("mode-none", file=local("none", ())),
        "ready": mine("ready", file=local("testing")),
        "testing": mine(file=local("testing")),
    }


DOMAINS = {**_here(), "elsewhere": Domain(()), **_dns(), **_https(),
           **_policy(), **_mx()}
# Those of which there is nothing but a name, or not even that.
BARE = {"no-mta-sts": ("no-mta-sts",), "domain-missing": ("domain-missing",)}

# Codes that no domain here is found with, and why.
NOT_HERE = {}
