"""
A certification authority of the test's own, with openssl: certificates that are
good, for another name, expired, or signed by nobody whom a client knows.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Certificate:
    """The files of a certificate: itself, its key, and both in one."""
    chain: Path
    key: Path
    both: Path


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True,
                   capture_output=True, timeout=60)


class Authority:
    """Its certificate is self.trusted, what a client has to trust."""

    def __init__(self, directory):
        self._directory = Path(directory)
        self._directory.mkdir()
        self._key = self._directory / "authority.key"
        self.trusted = self._directory / "authority.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-nodes", "-days", 2,
                "-subj", "/CN=Authority of a test",
                "-keyout", self._key, "-out", self.trusted)

    def issue(self, label, names, days=2):
        """
        A certificate for the DNS names, in files called by the label; one of
        -1 days has expired.
        """
        it = self._files(label)
        request = self._directory / f"{label}.csr"
        openssl("req", "-new", *self._of(it, label, names), "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.trusted, "-CAkey",
                self._key, "-days", days, "-copy_extensions", "copy",
                "-out", it.chain)
        return self._joined(it)

    def self_signed(self, label, names):
        """The same, with no authority behind it."""
        it = self._files(label)
        openssl("req", "-x509", "-days", 2, *self._of(it, label, names),
                "-out", it.chain)
        return self._joined(it)

    def _files(self, label):
        return Certificate(*(self._directory / f"{label}.{ending}"
                             for ending in ("pem", "key", "both")))

    @staticmethod
    def _of(it, label, names):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-keyout", it.key, "-subj", f"/CN={label}",
                "-addext", "subjectAltName=" + ",".join(
                    f"DNS:{name}" for name in names)]

    @staticmethod
    def _joined(it):
        it.both.write_bytes(it.key.read_bytes() + it.chain.read_bytes())
        return it
