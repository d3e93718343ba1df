"""
survey on the log of a real Postfix, which has sent mail to odd addresses, has
kept some of it, and has delivered some on the spot.
"""

import shutil
import smtplib
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from command import DONE, FINDINGS
from harness import TOP, wait_for
from surveying import read_csv, survey

sys.path.insert(0, str(TOP / "tests"))

from lab import namespace, postfix  # noqa: E402
from lab.hostiledns import HostileDns, address, exchange  # noqa: E402
from lab.mailhost import Mx, Receiver  # noqa: E402
from lab.namespace import Namespace  # noqa: E402
from lab.postfix import Postfix  # noqa: E402

WHY_NOT = (namespace.why_not() if postfix.available() else
           "postfix not installed: make deps")
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=str(WHY_NOT))

# Another machine's: what goes to 127.0.0.1 has not left this one.
ELSEWHERE, HERE = "192.0.2.1", "127.0.0.11"
SENT = ["a@shop.example", '"odd, <local>"@shop.example',
        '"x>, relay=y"@Kiosk.Example', "postmaster@[192.0.2.1]"]
KEPT = ["a@kept.example", "a@scanned.example"]


class Sender(Postfix):
    """Sends what it is given; renames one recipient."""

    def __init__(self, root, resolv_conf):
        super().__init__(root, """
myhostname = sender.example
inet_interfaces = 127.0.0.1
mynetworks = 127.0.0.1
smtp_host_lookup = dns
smtp_connect_timeout = 2s
virtual_alias_maps = inline:{ { old@here.example = new@alias.example } }
virtual_alias_domains = here.example
""", ["127.0.0.1:25 inet n - n - - smtpd"], resolv_conf)


@pytest.fixture(name="log", scope="module")
def _log():
    """The log of the sender, who has tried all."""
    records = {f"{it}.example": [exchange(10, "mx.elsewhere.example")]
               for it in ("shop", "kiosk", "alias")}
    records.update({
        "mx.elsewhere.example": [address(ELSEWHERE)],
        "mx.here.example": [address(HERE)],
        "mx.nobody.example": [address("192.0.2.9")],
        "scanned.example": [exchange(10, "mx.here.example")],
        "kept.example": [exchange(10, "mx.nobody.example")]})
    with ExitStack() as stack:
        stack.enter_context(Namespace())
        subprocess.run(["ip", "address", "add", ELSEWHERE, "dev", "lo"],
                       check=True)
        root = Path(tempfile.mkdtemp(prefix="mta-sts-lab-"))
        stack.callback(shutil.rmtree, root, ignore_errors=True)
        root.chmod(0o755)
        resolv_conf = root / "resolv.conf"
        resolv_conf.write_text("nameserver 127.0.0.1\n")
        resolv_conf.chmod(0o644)
        stack.enter_context(HostileDns(records))
        receiver = stack.enter_context(Receiver(
            root / "receiver", [Mx("mx.elsewhere.example", ELSEWHERE, None),
                                Mx("mx.here.example", HERE, None)],
            resolv_conf))
        sender = stack.enter_context(Sender(root / "sender", resolv_conf))
        them = [*SENT, *KEPT, "old@here.example"]
        with smtplib.SMTP("127.0.0.1", 25, timeout=30) as link:
            for it in them:
                link.sendmail("test@sender.example", [f"<{it}>"], "\r\nHi.\r\n")
        wait_for(lambda: sender.log().count(" status=") >= len(them), 30)
        wait_for(lambda: receiver.log().count(" status=sent") >= 4, 30)
        yield root


def test_sender(log):
    path = log / "sender" / "log"
    done = survey("--postfix-log", path, "--format", "csv", "--timeout", "2s")
    rows = read_csv(done.stdout)
    assert {it["domain"]: it["mails"] for it in rows} == {
        "shop.example": "2", "kiosk.example": "1",
        "alias.example": "1"}, path.read_text()
    assert rows[0]["domain"] == "shop.example"
    assert (done.returncode, done.stderr) == (DONE, "")
    assert "orig_to=<old@here.example>" in path.read_text()
    assert survey("--maillog", path, "--format", "csv", "--timeout",
                  "2s").stdout.count("\n") == 4


def test_receiver(log):
    """What has come to it, it has put into a mailbox."""
    path = log / "receiver" / "log"
    assert "postfix/virtual" in path.read_text()
    done = survey("--postfix-log", path)
    assert (done.returncode, done.stdout.count("example")) == (FINDINGS, 0)
    assert "tells of mail that was sent to another machine" in done.stderr
