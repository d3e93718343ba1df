"""
Virtual hosts that name an address, as many hosting panels write a customer's,
before those of cgi-bin/apache-md.conf, which name none: whose a policy host is,
and so whose certificate it has. Policies are served in both.
"""

import os
import re

import pytest

from customer import VICTIM_HOST
from harness import PATH, TOP
from hostedapache import STOCK, WAYS, host, whose

BESIDE = "/.well-known/beside.txt"
LINE = "<VirtualHost *:443>"
TOLD = "<VirtualHost *:443 192.0.2.1:443>"


def with_macro(way, line, last=False):
    """
    That way, with the macro, before the customer's virtual host or last; without
    certificates, which are not asked.
    """

    class WithMacro(way):
        def virtual_hosts(self):
            text = (TOP / "cgi-bin/apache-md.conf").read_text()
            macro, = re.findall(r"^<Macro .*?^</Macro>$", text, re.M | re.S)
            for old, new in (("    MDomain $host\n", ""),
                             ("        SSLEngine on\n", ""), (LINE, line),
                             ("*:443", f"*:{self.port}"),
                             ("192.0.2.1:443", f"127.0.0.1:{self.port}")):
                assert old in macro or old == "192.0.2.1:443"
                macro = macro.replace(old, new)
            ours = (f"LoadModule macro_module {self.MODULES}/mod_macro.so\n"
                    f"{macro}\nUse mta_sts_host {VICTIM_HOST}\n")
            his = super().virtual_hosts()
            return his + ours if last else ours + his
    return WithMacro


def test_told():
    """The line that the head of the file has, for the one that is below."""
    text = (TOP / "cgi-bin/apache-md.conf").read_text()
    assert text.count(TOLD) == 1 and text.count(f"    {LINE}\n") == 1


@pytest.mark.root
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("line, last, ours", [
    (LINE, False, False), (TOLD, False, True), (TOLD, True, False)])
def test_address_of_his(way, line, last, ours):
    """
    Of the virtual hosts only those are looked at that have the address; of
    those the first one that has the name, and be it by a pattern.
    """
    if not os.path.exists(f"{way.MODULES}/mod_macro.so"):
        pytest.skip("mod_macro is not installed")
    for server in host(with_macro(way, line, last)):
        server.account.furnish(STOCK)
        assert whose(server.ask(VICTIM_HOST)) == "200 policy"
        reply = server.ask(VICTIM_HOST, path=BESIDE)
        assert (reply.status, b"beside" in reply.body) == (
            (404, False) if ours else (200, True))
        assert server.ask(VICTIM_HOST, path=PATH + "x").status == 404
