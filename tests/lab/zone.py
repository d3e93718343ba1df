"""
The DNS of a namespace: a BIND on port 53 that is asked directly, without a
resolver in between, and the records of policies, which the command mta-sts
prints and nsupdate takes.
"""

import re

from command import DONE, run
from nameserver import Named, find

ADDRESS = "127.0.0.1"
# Where the name servers of ZONE (nameserver.py) are.
GLUE = {"example": f"ns.hosting.example. IN A {ADDRESS}\n"}


class Zone(Named):
    """Holds the names of the top-level domains given, and takes updates."""

    TOP_LEVEL = ("com", "edu", "example", "net", "org")

    def __init__(self, directory):
        super().__init__(directory, {name: GLUE.get(name, "")
                                     for name in self.TOP_LEVEL})
        conf = directory / "named.conf"
        text = conf.read_text()
        own = f"listen-on port {self.port} "
        assert own in text
        conf.write_text(text.replace(own, "listen-on port 53 "))
        self.port = 53
        # What stands in the place of /etc/resolv.conf.
        self.resolv_conf = directory / "resolv.conf"
        self.resolv_conf.write_text(
            f"nameserver {ADDRESS}\noptions timeout:10 attempts:3\n")

    def publish(self, site, *domains):
        """The records that the command prints for the site's domains."""
        done = run(site, "dns", "--format", "nsupdate", "-",
                   input="".join(f"{domain}\n" for domain in domains))
        assert done.returncode == DONE, done.stderr
        self.update(done.stdout)

    def add(self, *records):
        """Records as in a zone file, with their whole names."""
        self.update("".join(f"update add {re.sub(' IN ', ' 300 ', it, 1)}\n"
                            for it in records) + "send\n")

    def replace_txt(self, domain, *values):
        """All that stands at _mta-sts.domain."""
        name = f"_mta-sts.{domain}."
        self.update(f"update delete {name} TXT\n" + "".join(
            f'update add {name} 300 TXT "{value}"\n' for value in values) +
            "send\n")


def available():
    """Whether there is what a Zone needs."""
    return all(map(find, ("named", "nsupdate", "dig")))
