"""
The facts about domains as they are gathered from outside: DNS, HTTPS and SMTP
in a network namespace. What its peers do to it that is not fair is in
test_examine_hostile.py.
"""

import ssl
import subprocess
import sys

import pytest

from harness import TOP, wire

sys.path.insert(0, str(TOP / "tests"))

from lab import namespace  # noqa: E402
from lab.authority import Authority, Certificate, openssl  # noqa: E402
from lab.hostile import (EHLO, EHLO_PLAIN, READY, Hostile, ask,  # noqa: E402
                         say, smtp)
from lab.hostiledns import (SILENT, HostileDns, address,  # noqa: E402
                            alias, exchange, text)
from lab.looking import PROGRAM, SANITIZED, look  # noqa: E402
from lab.namespace import Namespace, with_file  # noqa: E402

WHY_NOT = namespace.why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=str(WHY_NOT))

TLSA = (52, b"\3\1\1" + bytes(32))
ANSWER = (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: "
          b"%d\r\n\r\n" % len(wire()) + wire())


# That the server is so old is the point.
pytestmark = [pytestmark,
              pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1")]


@pytest.fixture(name="authority", scope="module")
def _authority(tmp_path_factory):
    with Namespace():
        yield Authority(tmp_path_factory.mktemp("examine") / "authority")


def gather(authority, records, behaviours, *args, domains, resolver=True,
           **more):
    """What is seen of the domains, and the peers that were there."""
    options = ["-r", "127.0.0.1@53"] if resolver else []
    with Hostile(behaviours) as peers, HostileDns(records) as dns:
        seen = look(*options, "-c", authority.trusted, *args,
                    domains=domains, **more)
    return seen, peers, dns


def host(authority, label, names=None):
    """A policy host that answers well, with a certificate for it."""
    certificate = authority.issue(label, names or [f"mta-sts.{label}.example"])
    return say(ANSWER), certificate


def test_families(authority):
    """Both are asked, and of each the first address that answers."""
    records = {
        "mta-sts.both.example": [address("127.0.1.1"), address("::1")],
        "mta-sts.six.example": [address("::1")],
        "mta-sts.dead4.example": [address("127.0.1.9"), address("::1")],
        "mta-sts.second.example": [address("127.0.1.9"),
                                   address("127.0.1.1")],
        "mta-sts.dead.example": [address("127.0.1.9")],
    }
    names = list(records)
    them = {("127.0.1.1", 443): host(authority, "families", names),
            ("::1", 443): host(authority, "families6", names)}
    domains = [it.partition(".")[2] for it in names]

    def ends(*args):
        seen, _, _ = gather(authority, records, them, *args, domains=domains)
        return {it.partition(".")[0]: tuple(
            seen.facts[it][fetch]["end"] for fetch in ("fetch4", "fetch6"))
            for it in domains}

    assert ends("-f") == {
        "both": ("answer", "answer"), "six": ("unasked", "answer"),
        "dead4": ("refused", "answer"), "second": ("answer", "unasked"),
        "dead": ("refused", "unasked")}
    # By either: the second only where there is no connection.
    assert ends() == {
        "both": ("answer", "unasked"), "six": ("unasked", "answer"),
        "dead4": ("refused", "answer"), "second": ("answer", "unasked"),
        "dead": ("refused", "unasked")}


def early(authority, directory, names):
    """A certificate that is good in years to come."""
    it = authority.issue("early", names)
    (directory / "index").write_text("")
    (directory / "serial").write_text("01\n")
    (directory / "conf").write_text(f"""
[ ca ]
default_ca = it
[ it ]
database = {directory}/index
serial = {directory}/serial
new_certs_dir = {directory}
certificate = {authority.trusted}
private_key = {authority.trusted.with_suffix(".key")}
default_md = sha256
policy = any
copy_extensions = copy
[ any ]
commonName = supplied
""")
    openssl("ca", "-batch", "-config", directory / "conf",
            "-startdate", "20900101000000Z", "-enddate", "20910101000000Z",
            "-notext", "-in", it.chain.with_suffix(".csr"), "-out", it.chain)
    return it


def odd_certificates(authority, directory):
    """By label: the certificate, and what is said of it and why."""
    other = Authority(directory / "other")
    plain = directory / "plain"
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
            "/CN=mta-sts.common.example", "-keyout", f"{plain}.key", "-out",
            f"{plain}.csr")
    # The authority's key lies beside its certificate.
    openssl("x509", "-req", "-in", f"{plain}.csr", "-CA", authority.trusted,
            "-CAkey", authority.trusted.with_suffix(".key"), "-days", 2,
            "-out", f"{plain}.pem")
    many = [f"a{i}.example" for i in range(2000)]

    def named(label):
        return [f"mta-sts.{label}.example"]

    return {
        "fine": (authority.issue("fine", named("fine")), "good", ""),
        "wild": (authority.issue("wild", ["*.wild.example"]), "good", ""),
        "expired": (authority.issue("expired", named("expired"), days=-1),
                    "expired", "certificate has expired"),
        "early": (early(authority, directory, named("early")), "too early",
                  "certificate is not yet valid"),
        "other": (authority.issue("other", ["www.other.example",
                                            "other.example"]), "name",
                  "for www.other.example, other.example"),
        "deep": (authority.issue("deep", ["*.example"]), "name",
                 "for *.example"),
        "crowded": (authority.issue("crowded", many), "name", "for a0.ex"),
        "common": (Certificate(*(directory / f"plain.{it}" for it in (
            "pem", "key", "both"))), "name", "it has no DNS name at all"),
        "self": (authority.self_signed("self", named("self")), "self-signed",
                 "self-signed certificate"),
        "unknown": (other.issue("unknown", named("unknown")), "untrusted",
                    "unable to get local issuer certificate"),
    }


def test_certificates(authority, tmp_path):
    them = odd_certificates(authority, tmp_path)
    records, behaviours = {}, {}
    for number, (label, (certificate, _, _)) in enumerate(them.items(), 1):
        place = f"127.0.1.{number}"
        records[f"mta-sts.{label}.example"] = [address(place)]
        behaviours[place, 443] = say(ANSWER), certificate
    seen, _, _ = gather(authority, records, behaviours,
                        domains=[f"{it}.example" for it in them])
    for label, (_, kind, why) in them.items():
        fetch = seen.facts[f"{label}.example"]["fetch4"]
        assert fetch["tls"]["certificate"] == kind, (label, fetch)
        assert fetch["tls"]["why"].startswith(why), (label, fetch)
        assert fetch["tls"]["expires"] > 0
        # Who has no good certificate is not even asked.
        assert fetch["end"] == ("answer" if kind == "good" else "tls")
        assert (fetch["status"] == 200) == (kind == "good")


def test_old_tls(authority):
    """One that knows no TLS 1.2 is told apart from one that knows none."""
    _, certificate = host(authority, "old")

    def old(link):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.load_cert_chain(certificate.chain, certificate.key)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.wrap_socket(link, server_side=True)

    seen, _, _ = gather(
        authority, {"mta-sts.old.example": [address("127.0.1.1")]},
        {("127.0.1.1", 443): (old, None)}, domains=["old.example"])
    fetch = seen.facts["old.example"]["fetch4"]
    assert (fetch["end"], fetch["tls"]["old"]) == ("tls", True), fetch


def test_long_chain(authority):
    """A megabyte of certificates is not read."""
    _, certificate = host(authority, "chain")
    with open(certificate.chain, "ab") as chain:
        more = authority.trusted.read_bytes()
        chain.write(more * (1_500_000 // len(more)))
    seen, _, _ = gather(
        authority, {"mta-sts.chain.example": [address("127.0.1.1")]},
        {("127.0.1.1", 443): (say(ANSWER), certificate)},
        domains=["chain.example"])
    fetch = seen.facts["chain.example"]["fetch4"]
    assert (fetch["end"], fetch["tls"]["certificate"]) == ("tls", "unseen")
    assert SANITIZED or seen.memory < 50


def test_exchangers(authority):
    """A host that many have is called once; the domain itself without MX."""
    tls = authority.issue("mx", ["mx.hoster.example"])
    records = {"mx.hoster.example": [address("127.0.1.1"), address("::1")],
               "_25._tcp.mx.hoster.example": [TLSA],
               "bare.example": [address("127.0.1.2")],
               "nothing.example": []}
    domains = [f"d{i}.example" for i in range(100)]
    records.update((it, [exchange(20, "mx.hoster.example"),
                         exchange(10, "MX.gone.Example")]) for it in domains)
    seen, peers, dns = gather(
        authority, records,
        {("127.0.1.1", 25): (smtp(EHLO, (READY, True), EHLO_PLAIN, tls=tls),
                             None),
         ("127.0.1.2", 25): (smtp(EHLO_PLAIN), None)},
        "-m", "-j", 50, "-w", 5,
        domains=[*domains, "bare.example", "nothing.example", "none.example"])
    for it in domains:
        gone, mx = seen.facts[it]["mx"]
        assert (gone["name"], gone["preference"], gone["end"]) == (
            "mx.gone.example", 10, "no address")
        assert (mx["name"], mx["preference"], mx["end"]) == (
            "mx.hoster.example", 20, "done")
        assert mx["tls"]["certificate"] == "good"
        assert mx["tlsa"]["dns"] == "found"
        assert not seen.facts[it]["mx_implicit"]
    bare, = seen.facts["bare.example"]["mx"]
    assert (bare["name"], bare["end"]) == ("bare.example", "no starttls")
    assert seen.facts["bare.example"]["mx_implicit"]
    assert seen.facts["nothing.example"]["mx"][0]["end"] == "no address"
    assert seen.facts["none.example"]["mx_answer"]["dns"] == "no name"
    assert peers.calls == {("127.0.1.1", 25): 1, ("127.0.1.2", 25): 1}
    assert dns.asked.count(("mx.hoster.example", 1)) == 1


def test_listed(authority):
    """The names that a policy lists are looked for, its patterns are not."""
    policy = wire(mx=("mx.example", "alias.example", "six.example",
                      "gone.example", "*.example", "empty.example"))
    answer = ANSWER.replace(wire(), policy).replace(
        b"%d\r\n" % len(wire()), b"%d\r\n" % len(policy))
    records = {"mta-sts.list.example": [address("127.0.1.1")],
               "mx.example": [address("127.0.1.1")],
               "alias.example": [alias("mx.example")],
               "six.example": [address("::1")], "empty.example": []}
    seen, _, _ = gather(
        authority, records,
        {("127.0.1.1", 443): (say(answer), host(authority, "list")[1])},
        "-m", domains=["list.example"])
    assert {name: it["dns"] for name, it in
            seen.facts["list.example"]["listed"].items()} == {
        "mx.example": "found", "alias.example": "found",
        "six.example": "found", "gone.example": "no name",
        "empty.example": "no data"}


def test_few_at_a_time(authority):
    """A hoster with a thousand domains is not overrun."""
    names = [f"d{i}.example" for i in range(100)]
    certificate = authority.issue("few", ["*.d.example"] + [
        f"mta-sts.{it}" for it in names])
    seen, peers, _ = gather(
        authority, {f"mta-sts.{it}": [address("127.0.1.1")] for it in names},
        {("127.0.1.1", 443): (say(ANSWER), certificate)}, "-j", 200,
        domains=names)
    assert {it["fetch4"]["end"] for it in seen.facts.values()} == {"answer"}
    assert peers.calls["127.0.1.1", 443] == 100
    assert 1 < peers.together["127.0.1.1", 443] <= 6 + 1  # one is closing


def test_connect_to(authority):
    """Another place is called, for the same name."""
    certificate = host(authority, "elsewhere")[1]
    records = {"mta-sts.elsewhere.example": [address("127.0.1.9")],
               "inside.example": [address("127.0.1.1")]}
    for rule in ("::127.0.1.1:8443", "::inside.example:8443",
                 "mta-sts.elsewhere.example:443:inside.example:8443"):
        seen, _, dns = gather(
            authority, records,
            {("127.0.1.1", 8443): (say(ANSWER), certificate)}, "-t", rule,
            domains=["elsewhere.example"])
        fetch = seen.facts["elsewhere.example"]["fetch4"]
        assert (fetch["end"], fetch["address"]) == ("answer", "127.0.1.1")
        assert seen.facts["elsewhere.example"]["host4"]["dns"] == "found"


def test_host_header(authority):
    """The request as the policy host gets it; no proxy stands between."""
    heard = []

    def keep(link):
        heard.append(ask(link))
        link.sendall(ANSWER)

    gather(authority, {"mta-sts.heard.example": [address("127.0.1.1")]},
           {("127.0.1.1", 443): (keep, host(authority, "heard")[1])},
           domains=["heard.example"],
           env={"https_proxy": "http://127.0.1.8:3128",
                "ALL_PROXY": "http://127.0.1.8:3128"})
    lines = heard[0].split(b"\r\n")
    assert lines[0] == b"GET /.well-known/mta-sts.txt HTTP/1.1"
    assert b"Host: mta-sts.heard.example" in lines


def test_txt(authority):
    records = {
        "txt.example": [text(b"v=spf1 -all")],
        "_mta-sts.txt.example": [text(b"v=STSv1; id=" + b"9" * 300)],
        "_smtp._tls.txt.example": [alias("r.hoster.example")],
        "r.hoster.example": [text(b"v=TLSRPTv1; rua=mailto:a@b.example")]}
    seen, _, _ = gather(authority, records, {}, domains=["txt.example"])
    it = seen.facts["txt.example"]
    assert it["apex"]["values"][0]["bytes"] == "v=spf1 -all"
    assert it["sts"]["values"][0]["length"] == 312
    assert it["tlsrpt"]["canonical"] == "r.hoster.example"
    assert (it["tlsrpt"]["chain"], it["tlsrpt"]["ttl"]) == (1, 300)
    assert not it["dnssec"]


def test_resolv_conf(authority, tmp_path):
    """Without --resolver the machine's own is asked."""
    conf = tmp_path / "resolv.conf"
    conf.write_text("nameserver 127.0.0.1\n")
    with HostileDns({"_mta-sts.own.example": [text(b"x")]}):
        done = subprocess.run(
            with_file("/etc/resolv.conf", conf, [PROGRAM]), check=True,
            input="own.example\n", capture_output=True, text=True, timeout=60)
    assert '"sts":{"dns":"found"' in done.stdout


def test_mute_resolver(authority):
    """Nobody answers: every question fails, and in time."""
    mute = {"": SILENT, "*.example": SILENT}
    seen, _, _ = gather(authority, mute, {}, "-w", 1, "-m",
                        domains=[f"d{i}.example" for i in range(50)])
    assert {it["sts"]["why"] for it in seen.facts.values()} == {
        "no answer in time"}
    assert seen.seconds < 6


def test_no_resolver(authority):
    """Where nobody listens."""
    seen = look("-c", authority.trusted, "-r", "127.0.0.1@53", "-w", 1,
                domains=["a.example"])
    assert seen.facts["a.example"]["sts"]["dns"] == "failed"


@pytest.mark.parametrize("args, complaint", [
    (["-c", "/nowhere/ca.pem"], "/nowhere/ca.pem: No such file"),
    (["-a", "/nowhere/anchor"], "/nowhere/anchor: No such file"),
    (["-a", "/etc/passwd"], "/etc/passwd: "),
    (["-r", "nowhere"], "nowhere: "),
    (["-t", "a:b"], "a:b: must be HOST1:PORT1:HOST2:PORT2"),
])
def test_refused_options(args, complaint):
    done = subprocess.run([PROGRAM, *args], input="", capture_output=True,
                          text=True, timeout=60, check=False)
    assert done.returncode == 3
    assert done.stderr.startswith(f"look: {complaint}")
    assert done.stderr.count("\n") == 1
