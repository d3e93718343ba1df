"""
HAProxy, with cgi-bin/haproxy.cfg, before one responder; before several machines
it is in test_haproxy_machines.py.
"""

import os
import re
import shutil
import subprocess
import sys

import pytest

import http2
from harness import PATH, POLICY_WIRE, TOP
from relay import kept_connections
from servercases import OTHER_PATHS, FastCgiCases, serve
from test_systemd import analyze, installed, needs_analyze  # noqa: F401
from webserver import FORGED, replies

sys.path.insert(0, str(TOP / "tests"))

from lab.authority import Authority  # noqa: E402
from lab.balancer import HAProxy  # noqa: E402


@pytest.fixture(scope="module")
def server():
    yield from serve(HAProxy)


class TestHAProxy(FastCgiCases):
    def test_certificate_of_the_name(self, server):
        for name in HAProxy.NAMES:
            connection = server.connection(name)
            names = connection.sock.getpeercert()["subjectAltName"]
            connection.close()
            assert names == (("DNS", name),)

    @pytest.mark.parametrize("line, hosts, status", [
        (PATH, ["mta-sts.example.com", "mta-sts.hosting.example"], 400),
        (PATH, ["mta-sts.example.com", "mta-sts.example.com"], 200),
        (PATH, ["www.example.com", "mta-sts.example.com"], 400),
        (PATH, ["mta-sts.example.com, www.example.com"], 400),
        ("https://mta-sts.example.com" + PATH, ["mta-sts.example.com"], 200),
        ("https://mta-sts.example.com" + PATH, [], 400),
        (PATH, [], 400),
        ("https://mta-sts.other.example" + PATH, ["mta-sts.example.com"], 400),
        ("https://www.example.com" + PATH, ["mta-sts.example.com"], 400),
        (PATH.replace("mta", "%6dta"), ["mta-sts.example.com"], 404),
        ("//mta-sts.example.com" + PATH, ["mta-sts.example.com"], 404),
        ("/x/.." + PATH, ["mta-sts.example.com"], 404)])
    def test_one_host_and_one_path(self, server, line, hosts, status):
        fields = "".join(f"Host: {host}\r\n" for host in hosts)
        heard = server.raw(f"GET {line} HTTP/1.1\r\n{fields}"
                           "Connection: close\r\n\r\n".encode())
        (reply,) = replies(heard)
        assert reply.status == status
        assert (reply.body == POLICY_WIRE) == (status == 200)

    @pytest.mark.parametrize("authority, host, statuses", [
        ("mta-sts.example.com", None, {200}),
        ("MTA-STS.example.com:443", None, {200}),
        ("mta-sts.unknown.example", None, {404}),
        ("mta-sts.unknown.example", "mta-sts.example.com", {404, 400, "reset"}),
        ("mta-sts.example.com", "www.example.com", {200, 400, "reset"})])
    def test_http2(self, server, authority, host, statuses):
        """The host is :authority; another one in Host changes nothing."""
        status, body = http2.ask(server, "mta-sts.example.com", http2.fields(
            (":authority", authority), *[("host", host)] * bool(host)))
        assert status in statuses
        assert (body == POLICY_WIRE) == (status == 200) and body != FORGED

    def test_underscores_are_no_hyphens(self, server):
        """Both are HTTP_TRANSFER_ENCODING in FastCGI; one goes no further."""
        for _ in range(10):
            assert server.ask(headers={
                "Transfer_Encoding": "chunked", "Ho_st": "x"}).status == 200

    def test_other_paths_ask_nobody(self, server):
        before = server.nodes()["node1"].requests
        for path in OTHER_PATHS:
            assert server.ask(path=path).status == 404
        assert server.nodes()["node1"].requests == before
        assert server.ask().status == 200
        assert server.nodes()["node1"].requests == before + 1

    def test_clients_that_leave(self, server):
        """Without waiting for the answer: the next one gets his own."""
        for number in range(50):
            it = server.connection()
            it.sock.sendall(f"GET {PATH} HTTP/1.1\r\nHost: mta-sts.gone{number}"
                            ".example\r\n\r\n".encode())
            it.close()
            assert server.ask().body == POLICY_WIRE


def test_connections_are_kept():
    """3,000 requests by 4 clients, and the health checks meanwhile."""
    assert kept_connections(HAProxy) <= 4 + 8


def test_with_debians_own_file(tmp_path):
    """Beside it there is neither error nor warning."""
    debians = "/etc/haproxy/haproxy.cfg"
    if not HAProxy.path() or not os.path.exists(debians):
        pytest.skip("haproxy is not installed: make deps")
    it = Authority(tmp_path / "authority").issue("one", HAProxy.NAMES)
    (tmp_path / "tls").mkdir()
    shutil.copy(it.both, tmp_path / "tls/one.pem")
    (tmp_path / "mta-sts.cfg").write_text(
        (TOP / "cgi-bin/haproxy.cfg").read_text()
        .replace("/etc/mta-sts/tls/", f"{tmp_path}/tls/"))
    done = subprocess.run([HAProxy.path(), "-c", "-f", debians, "-f",
                           tmp_path / "mta-sts.cfg"], capture_output=True,
                          text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done
    assert "valid" in done.stdout


@needs_analyze
@pytest.mark.parametrize("old, new", [("", ""), ("FreeBind=", "FreBind="),
                                      ("10.0.0.10", "10.0.0.256")])
def test_the_lines_for_systemd(installed, old, new):  # noqa: F811
    """It takes those that the head of haproxy.cfg has for mta-sts.socket."""
    head = (TOP / "cgi-bin/haproxy.cfg").read_text().partition("\n\n")[0]
    lines = re.findall(r"^#         (\[Socket\]|[A-Z]\w+=\S*)$", head, re.M)
    assert len(lines) == 8 and lines[1] == "ListenStream="
    drop_in = installed / "mta-sts.socket.d/override.conf"
    drop_in.parent.mkdir()
    text = "\n".join(lines)
    drop_in.write_text(text.replace(old, new) if old else text)
    done = analyze("verify", "--man=no", str(installed / "mta-sts.socket"))
    ours = [it for it in done.stdout.splitlines() if "override.conf" in it]
    assert bool(ours) == bool(old), done.stdout
    assert old or done.returncode == 0
