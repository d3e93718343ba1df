"""
Mail that is really sent and really received: a Postfix that sends by what the
daemon of sender.py tells it, and one that is every MX, each on an address and
with a certificate of its own.
"""

import email
import email.policy
import json
import os
import pwd
import re
import smtplib
from dataclasses import dataclass

from harness import wait_for
from lab.postfix import Postfix
from lab.sender import MAP

SENDER = "sender.example"
# Where the sender takes mail from the tests.
SUBMISSION = "127.0.0.1"


@dataclass
class Mx:
    """A receiver: its name, address, and certificate (None: no TLS)."""
    name: str
    address: str
    certificate: object

    def service(self):
        """Its line of master.cf."""
        tls = ("-o smtpd_tls_security_level=none" if not self.certificate else
               "-o smtpd_tls_security_level=may "
               f"-o smtpd_tls_chain_files={self.certificate.both}")
        return (f"{self.address}:25 inet n - n - - smtpd "
                f"-o myhostname={self.name} {tls}")


@dataclass
class Delivery:
    """A message that has come: which MX took it, and how."""
    mx: str
    tls: bool
    subject: str


class Receiver(Postfix):
    """All the MX; takes mail for every domain."""

    def __init__(self, root, exchangers, resolv_conf):
        self._mail = root / "mail"
        nobody = pwd.getpwnam("nobody")
        super().__init__(root, f"""
inet_interfaces = 127.0.0.1
mynetworks =
smtpd_tls_received_header = yes
virtual_mailbox_domains = static:all
virtual_mailbox_maps = static:inbox/
virtual_mailbox_base = {self._mail}
virtual_uid_maps = static:{nobody.pw_uid}
virtual_gid_maps = static:{nobody.pw_gid}
""", [mx.service() for mx in exchangers], resolv_conf)
        self._mail.mkdir()
        os.chown(self._mail, nobody.pw_uid, nobody.pw_gid)

    def delivered(self):
        """What has come so far: Delivery by recipient."""
        them = {}
        for path in (self._mail / "inbox" / "new").glob("*"):
            message = email.message_from_bytes(path.read_bytes(),
                                               policy=email.policy.default)
            way = " ".join(str(message["Received"]).split())
            mx, protocol = re.search(r"\bby (\S+) \(Postfix\) with (\w+)",
                                     way).groups()
            tls = protocol == "ESMTPS" and "(using TLSv1." in way
            them[message["X-Original-To"]] = Delivery(mx, tls,
                                                      message["Subject"])
        return them


class Sender(Postfix):
    """Sends what it is given, by the policies that it is told."""

    def __init__(self, root, authority, resolv_conf):
        super().__init__(root, f"""
myhostname = {SENDER}
inet_interfaces = {SUBMISSION}
mynetworks = {SUBMISSION}
smtp_host_lookup = dns
smtp_tls_security_level = may
smtp_tls_policy_maps = {MAP}
smtp_tls_CAfile = {authority.trusted}
smtp_tls_loglevel = 1
smtp_connect_timeout = 5s
""", [f"{SUBMISSION}:25 inet n - n - - smtpd"], resolv_conf)

    @staticmethod
    def send(*recipients):
        """A message to each, which has the recipient as its subject."""
        with smtplib.SMTP(SUBMISSION, 25, timeout=30) as link:
            for recipient in recipients:
                link.sendmail(
                    f"test@{SENDER}", [recipient],
                    f"From: test@{SENDER}\r\nTo: {recipient}\r\n"
                    f"Subject: {recipient}\r\n\r\nHello.\r\n")

    def deferred(self):
        """Why what waits in the queue does so, by recipient."""
        them = {}
        for line in self.command("postqueue", "-j").splitlines():
            for recipient in json.loads(line)["recipients"]:
                if "delay_reason" in recipient:
                    them[recipient["address"]] = recipient["delay_reason"]
        return them

    def trust(self, recipient):
        """
        What it says of the TLS by which that went: Untrusted, Trusted (the
        authority is known), Verified (the name is that of the policy), or None
        without TLS.
        """
        sent = f"to=<{recipient}>.* status=sent"
        wait_for(lambda: re.search(sent, self.log()))
        words = {}  # by process, since its last delivery
        for line in self.log().splitlines():
            process = re.search(r"postfix/smtp\[\d+\]", line)
            process = process and process.group()
            if re.search(sent, line):
                return words.get(process)
            if " to=<" in line:
                words.pop(process, None)
            found = re.search(r" (\w+) TLS connection established to", line)
            if found:
                words[process] = found.group(1)
        raise AssertionError("not reached")

    def flush(self):
        """Tries again now what waits."""
        self.command("postqueue", "-f")


def outcome(sender, receiver, recipient, seconds=30):
    """Waits for it: a Delivery, or the reason why it waits, as a text."""
    try:
        return wait_for(lambda: receiver.delivered().get(recipient) or
                        sender.deferred().get(recipient), seconds)
    except TimeoutError:
        raise TimeoutError(f"{recipient}: neither delivered nor deferred:\n"
                           f"{sender.log()}{receiver.log()}") from None
