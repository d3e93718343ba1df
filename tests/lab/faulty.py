"""
An internet with all domains of faultydomains.py in it, and the command verify
on it: a BIND whose zone test is signed, the responder behind lighttpd, and for
each fault a host that has it.
"""

import json
import os
import ssl
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from command import configure, run
from harness import Site
from lab import namespace, policyhost
from lab.authority import Authority, openssl
from lab.faultydomains import BARE, DOMAINS, served, answer
from lab.hostile import EHLO, EHLO_PLAIN, READY, Hostile, smtp
from lab.internet import SETTINGS
from lab.policyhost import PolicyHost
from lab.zone import Zone
from nameserver import find

DAYS = 60


def why_not():
    """Why there can be none here, or None."""
    missing = [name for name in ("named", "nsupdate", "dig", "dnssec-keygen",
                                 "dnssec-signzone") if not find(name)]
    if not policyhost.available():
        missing.append("lighttpd with lighttpd-mod-openssl")
    if missing:
        return f"{', '.join(missing)} not installed: make deps"
    return namespace.why_not()


class Certificates(Authority):
    """Those of every kind; "good" in good time, and so on."""

    def __init__(self, directory):
        super().__init__(directory)
        self._other = Authority(directory / "other")
        self._labels = 0

    def kind(self, kind, names):
        """A certificate for the names that is wrong in that way."""
        self._labels += 1
        label = f"{kind}{self._labels}"
        if kind == "name":
            return self.issue(label, ["www.elsewhere.example"], DAYS)
        if kind == "self-signed":
            return self.self_signed(label, names)
        if kind == "untrusted":
            return self._other.issue(label, names, DAYS)
        it = self.issue(label, names, -1 if kind == "expired" else DAYS)
        if kind == "early":
            self._dated(it, "20900101000000Z", "20910101000000Z")
        if kind == "expiring":
            self._dated(it, _day(-80), _day(5))
        if kind == "other":
            self._dated(it, _day(-1), _day(DAYS),
                        "extendedKeyUsage = clientAuth")
        return self._joined(it)

    def _dated(self, it, begins, ends, extension=""):
        """Signs it once more, for that time and that use."""
        directory = Path(tempfile.mkdtemp(dir=self._directory))
        (directory / "index").write_text("")
        (directory / "conf").write_text(f"""
[ ca ]
default_ca = it
[ it ]
database = {directory}/index
new_certs_dir = {directory}
rand_serial = yes
certificate = {self.trusted}
private_key = {self._key}
default_md = sha256
policy = any
copy_extensions = copy
x509_extensions = more
[ any ]
commonName = supplied
[ more ]
subjectKeyIdentifier = hash
{extension}
""")
        openssl("ca", "-batch", "-config", directory / "conf",
                "-startdate", begins, "-enddate", ends, "-notext", "-in",
                it.chain.with_suffix(".csr"), "-out", it.chain)


def _day(days):
    return time.strftime("%Y%m%d%H%M%SZ",
                         time.gmtime(time.time() + days * 86400))


class SignedZone(Zone):
    """The zone test is signed; one record of it was changed afterwards."""

    TOP_LEVEL = (*Zone.TOP_LEVEL, "test")

    def __init__(self, directory, records):
        super().__init__(directory)
        zone = directory / "test.zone"
        zone.write_text(zone.read_text() + records)
        for kind in (["-f", "KSK"], []):
            key = self._tool("dnssec-keygen", "-q", "-K", directory, "-a",
                             "ECDSAP256SHA256", *kind, "test").strip()
            if kind:
                self.anchor = directory / f"{key}.key"
        self._tool("dnssec-signzone", "-S", "-K", directory, "-d", directory,
                   "-o", "test", "-f", zone, zone)
        text = zone.read_text()
        assert "id=before" in text
        zone.write_text(text.replace("id=before", "id=after"))
        conf = directory / "named.conf"
        text = conf.read_text()
        own = "empty-zones-enable no;"
        assert own in text
        # MX that are wrong are what is wanted.
        text = text.replace(own, own + " check-integrity no; check-mx ignore; "
                            "check-mx-cname ignore; check-names primary "
                            "ignore;")
        # It never comes to have this zone.
        conf.write_text(text + 'zone "dns-failed.example" { type '
                        'secondary; primaries { 127.0.9.9; }; file "none"; '
                        "};\n")

    @staticmethod
    def _tool(name, *args):
        return subprocess.run([find(name), *map(str, args)], check=True,
                              capture_output=True, text=True,
                              timeout=60).stdout


def old(certificate, begin=lambda link: None, then=answer(served())):
    """A server that knows no TLS as new as 1.2."""
    def behave(link):
        begin(link)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.load_cert_chain(certificate.chain, certificate.key)
        then(context.wrap_socket(link, server_side=True))
    return behave


class Faulty:
    """
    names: the domains by label; peers: the Hostile that is all of their hosts.
    Its verify() is the command with all that it has to know of this internet.
    """

    def __init__(self):
        self.names = {label: f"{label}.{it.top}"
                      for label, it in DOMAINS.items()}
        self.names.update({label: f"{label}.example" for label in BARE})
        self._stack, self._behaviours, self._records = ExitStack(), {}, []
        self._signed = []

    def __enter__(self):
        with ExitStack() as stack:
            self.directory = stack.enter_context(namespace.workplace())
            self.authority = Certificates(self.directory / "authority")
            self.site = stack.enter_context(Site())
            configure(self.site, SETTINGS)
            self._collect()
            (self.directory / "zones").mkdir()
            self.zone = stack.enter_context(SignedZone(
                self.directory / "zones", "\n".join(self._signed) + "\n"))
            self._publish()
            self.peers = stack.enter_context(Hostile(self._behaviours))
            stack.enter_context(self._serve())
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc):
        return self._stack.__exit__(*exc)

    def verify(self, *args, **more):
        """What the command does with those arguments."""
        return run(self.site, *self.arguments(*args), **more)

    def found(self, *domains):
        """The findings about them all."""
        done = self.verify("--json", *domains)
        return [it for row in json.loads(done.stdout)
                for it in row["findings"]]

    def arguments(self, *args):
        return ["verify", "--resolver", "127.0.0.1", "--trust-anchor",
                self.zone.anchor, "--ca-file", self.authority.trusted,
                "--timeout", "6s", "--jobs", 30, *args]

    def _here(self):
        return [label for label, it in DOMAINS.items() if it.host is None]

    def _serve(self):
        names = [f"mta-sts.{self.names[label]}" for label in self._here()]
        certificate = self.authority.kind(
            "good", [*names, *(f"mta-sts.{it}.example" for it in
                               ("mend", "linked", "off")), "mta-sts.example.com"])
        return PolicyHost(self.site, self.authority, certificate)

    def _add(self, name, *rdata, ttl=300):
        """Records of a name."""
        for it in rdata:
            if name.endswith(".test"):
                self._signed.append(f"{name}. {ttl} IN {it}")
            else:
                self._records.append(f"update add {name}. {ttl} {it}\n")

    def _collect(self):
        """The records and servers of all, before there are any."""
        self._good = self.authority.kind("good", [
            f"mta-sts.{self.names[it]}" for it in DOMAINS])
        self._mail("mx.good.example", "good", "127.0.0.11")
        self._mail("mx.test", "good", "127.0.0.20")
        self._add("mx.test", "A 127.0.0.20")
        self._add("mx.good.example", "A 127.0.0.11")
        self._add("_25._tcp.mx.test", "TLSA 3 1 1 " + "00" * 32)
        self._add("no-mta-sts.example", "MX 10 mx.good.example.")
        self._behaviours["::1", 443] = (
            answer(served(max_age=1209601)), self._good)
        for number, (label, it) in enumerate(DOMAINS.items(), 1):
            self._domain(self.names[label], it, number)

    def _domain(self, domain, it, number):
        place = f"127.0.2.{number}"
        addresses = it.addresses
        if it.file is not None:
            self.site.write(domain, it.file)
        if it.host is not None:
            self._host(domain, it, place)
            if addresses is None:
                addresses = ("A {a}",)
        self._add(f"mta-sts.{domain}", *(
            record.replace("{a}", place) for record in addresses or ()))
        self._add(f"_mta-sts.{domain}", *(
            "TXT " + _quoted(value) for value in it.record or ()), ttl=it.ttl)
        self._add(f"_smtp._tls.{domain}", *(
            f'TXT "{value}"' for value in it.tlsrpt))
        self._add(domain, *(
            f"MX 10 {name.rstrip('.')}." for name in it.mx))
        for record in it.more:
            record = record.replace("{d}", domain).replace("{a}", place)
            name, rdata = record.split(". IN ", 1)
            self._add(name, rdata)
        for name, what in it.mail:
            self._mail(name, what, f"127.0.3.{number}")
            self._add(name, f"A 127.0.3.{number}")

    def _host(self, domain, it, place):
        kind = it.certificate
        certificate = kind and (self._good if kind == "good" else
                                self.authority.kind(kind,
                                                    [f"mta-sts.{domain}"]))
        if kind == "old":
            self._behaviours[place, 443] = old(certificate), None
        else:
            self._behaviours[place, 443] = it.host, certificate

    def _mail(self, name, what, place):
        if isinstance(what, str) and "." in what:
            name, what = what, "good"  # the certificate has another name
        if what == "old":
            behave = old(self.authority.kind("good", [name]),
                         begin=smtp(EHLO, READY, then=lambda link: None))
        elif isinstance(what, str):
            behave = smtp(EHLO, (READY, True), EHLO_PLAIN, b"221 bye\r\n",
                          tls=self.authority.kind(what, [name]))
        else:
            behave = what
        self._behaviours[place, 25] = behave, None

    def _publish(self):
        self.zone.publish(self.site, *(
            self.names[label] for label, it in DOMAINS.items()
            if it.record is None and it.host is None))
        # Its record is that of the file here; its host is another.
        done = run(self.site, "dns", "--format", "nsupdate",
                   self.names["text-differs"])
        self.zone.update("".join(
            line + "\n" for line in done.stdout.splitlines()
            if " _mta-sts." in line or line.startswith("send")) + "send\n")
        self._add(f"mta-sts.{self.names['txt-id']}", "A 127.0.0.1")
        self.zone.update("check-names no\n" +
                         "".join(self._records) + "send\n")
        long_ago = time.time() - 40 * 86400
        path = self.site.policies / f"{self.names['ready']}.txt"
        os.utime(path, (long_ago, long_ago))


def _quoted(value):
    """In strings of 255."""
    return " ".join(f'"{value[i:i + 255]}"'
                    for i in range(0, len(value), 255))
