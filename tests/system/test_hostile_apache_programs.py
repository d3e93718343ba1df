"""
A customer's own programs against the policies, on Apache all three ways: a
FastCGI program of his behind the names that the shipped file uses, the
responder itself with settings of his, and programs that run as Apache's own
user, because the administrator has no suexec.
"""

import os
import signal
import stat

import pytest

from customer import NAME, VICTIM_HOST, Customer, Link, Program
from harness import Responder, wait_for
from hostedapache import (BESIDE, FILE, STOCK, WAYS, HostedCgi, HostedFcgid,
                          HostedProxy, host, untouched, whose)

# A FastCGI program that has one answer. argv[1] is the path of its socket, if
# that is not descriptor 0.
FORGER = '''#!/usr/bin/python3
import os, socket, struct, sys
def record(kind, content=b""):
    return struct.pack(">BBHHBx", 1, kind, 1, len(content), 0) + content
if len(sys.argv) > 1:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(sys.argv[1])
    listening.listen()
    os.chmod(sys.argv[1], 0o666)
else:
    listening = socket.socket(fileno=0)
listening.settimeout(20)
while True:
    peer = listening.accept()[0]
    heard = b""
    while not heard.endswith(record(5)):
        heard += peer.recv(65536) or record(5)
    peer.sendall(record(6, b"Content-Type: text/plain\\r\\n\\r\\n"
                        b"version: STSv1\\r\\nmode: none\\r\\n"
                        b"max_age: 86400\\r\\n"
                        b"x-forged: by the customer\\r\\n")
                 + record(6) + record(3, bytes(8)))
    peer.close()
'''

# A CGI program that tries things, and says of each what came of it.
ATTEMPTS = '''#!/usr/bin/python3
import os, signal, socket, subprocess
print("Content-Type: text/plain\\n", flush=True)
def attempt(what, *args):
    try:
        print("done", what(*args) or "")
    except OSError as error:
        print(type(error).__name__)
def connect(path):
    socket.socket(socket.AF_UNIX).connect(path)
def background(*command):
    null = subprocess.DEVNULL
    return subprocess.Popen(command, stdin=null, stdout=null, stderr=null,
                            start_new_session=True).pid
'''


@pytest.fixture(scope="module", params=WAYS)
def server(request):
    yield from host(request.param)


def furnish(server, things):
    server.account.clean()
    server.account.furnish({**STOCK, **things})


def tried(server, *lines):
    """What comes of the lines, Apache's user doing them."""
    furnish(server, {"try.cgi": Program(ATTEMPTS + "\n".join(lines) + "\n")})
    reply = server.ask(NAME, path="/try.cgi")
    assert reply.status == 200, server.log()
    return reply.body.decode().splitlines()


@pytest.mark.parametrize("worker", ["localhost", "mta-sts"])
def test_fastcgi_program(server, worker):
    """
    Behind a socket of his, even under the name of the shipped ProxyPass: that
    one has its socket by the server's configuration.
    """
    home = server.account.home
    furnish(server, {
        "../forger": Program(FORGER), ".htaccess": "SetHandler "
        f'"proxy:unix:{home}/own.sock|fcgi://{worker}/"\n'})
    process = server.account.start([home / "forger", home / "own.sock"])
    try:
        wait_for((home / "own.sock").exists)
        wait_for(lambda: server.account.call(
            os.stat, home / "own.sock").st_mode & 0o777 == 0o666)
        shared = worker == "mta-sts" and isinstance(server, HostedProxy)
        for _ in range(5):
            beside = whose(server.ask(NAME, path=BESIDE))
            assert beside == ("404 ours" if shared else "200 customer")
            untouched(server)
    finally:
        process.kill()


@pytest.mark.parametrize("lines", [
    "AddHandler fcgid-script .txt .fcgi\nSetHandler fcgid-script",
    'FcgidWrapper "{home}/forger" .txt\nFcgidWrapper "{home}/forger" .fcgi\n'
    "AddHandler fcgid-script .txt .fcgi"], ids=["program", "wrapper"])
def test_fastcgi_program_of_apache(server, lines):
    """One that mod_fcgid starts, as a file or as the wrapper of a file."""
    furnish(server, {
        "../forger": Program(FORGER), BESIDE[1:]: Program(FORGER),
        FILE: Program(FORGER), ".htaccess": "Options +ExecCGI\n"
        + lines.format(home=server.account.home) + "\n"})
    for _ in range(3):
        assert whose(server.ask(NAME, path=BESIDE)) == "200 customer"
        untouched(server)


def test_responder_with_other_settings(server):
    """He runs the shipped program with settings of his, by another path."""
    account = server.account
    furnish(server, {
        "own.fcgi": Link(str(server.program)),
        "../own.conf": f'policies = "{account.home}/own";\n',
        "../own/victim.example.txt": "version: STSv1\nmode: none\n"
                                     "max_age: 86400\n",
        ".htaccess": "AddHandler cgi-script .fcgi\n"
                     f"SetEnv MTA_STS_CONF {account.home}/own.conf\n"})
    beside = server.ask(VICTIM_HOST, path="/own.fcgi")
    assert beside.status in (404, 500, 503), beside
    assert b"mode: none" not in beside.body
    untouched(server)


@pytest.fixture(scope="module")
def apart():
    """mod_proxy_fcgi, and a responder with a user of its own."""
    with Customer() as somebody:
        class Apart(HostedProxy):
            def __init__(self, site, account, **more):
                super().__init__(site, account, **more)
                self.responder = Responder(site, preexec=somebody.become)
        yield from host(Apart)


def test_as_apache_user_by_proxy(apart):
    """
    He can ask the responder, which is no secret, and nothing else: it is
    another user's, and its socket lies in a directory of root's.
    """
    path = apart.site.root / "fcgi.sock"
    policy = apart.site.policies / "victim.example.txt"
    pid = apart.responder.process.pid
    assert os.stat(f"/proc/{pid}").st_uid not in (0, apart.worker.pw_uid)
    results = tried(
        apart, f"attempt(connect, '{path}')",
        *(f"attempt(os.kill, {pid}, signal.{name})"
          for name in ("SIGKILL", "SIGSTOP", "SIGHUP")),
        f"attempt(open, '/proc/{pid}/mem', 'r+b')",
        f"attempt(os.unlink, '{path}')",
        f"attempt(os.rename, '{path}', '{path}.away')",
        f"attempt(os.chmod, '{path}', 0)",
        f"attempt(os.unlink, '{policy}')", f"attempt(open, '{policy}', 'a')",
        f"attempt(os.link, '{policy}', '{path}.txt')",
        f"attempt(open, '{apart.site.settings}', 'a')",
        f"attempt(open, '{policy.parent}/invented.example.txt', 'w')")
    assert results[0].startswith("done")
    assert set(results[1:]) == {"PermissionError"}
    assert len(results) == 13
    untouched(apart)


@pytest.fixture(scope="module")
def fcgid():
    yield from host(HostedFcgid)


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_as_apache_user_by_fcgid(fcgid, name):
    """He can end the responder; no answer is his, and it is started again."""
    untouched(fcgid)
    pids = fcgid.responders()
    assert pids
    results = tried(fcgid, *(f"attempt(os.kill, {pid}, signal.{name})"
                             for pid in pids))
    assert {line.strip() for line in results} == {"done"}
    seen = set()

    def again():
        seen.add(whose(fcgid.ask(VICTIM_HOST)))
        return "200 policy" in seen
    wait_for(again, 20)
    assert seen <= {"200 policy", "500 Apache", "503 Apache"}
    untouched(fcgid)


def test_as_apache_user_by_cgi():
    """He can end what starts the responder; Apache starts that again."""
    for server in host(HostedCgi):
        untouched(server)
        assert tried(server, "attempt(os.kill, os.getppid(), signal.SIGKILL)"
                     )[0].strip() == "done"
        seen = set()

        def again():
            seen.add(whose(server.ask(VICTIM_HOST)))
            return "200 policy" in seen
        wait_for(again, 20)
        assert seen <= {"200 policy", "500 Apache", "503 Apache"}
        untouched(server)


def test_customer_wins_as_apache_user_by_fcgid():
    """
    What apache-fcgid.conf says of programs that run as Apache's user: such a
    one puts itself in the place of the responder's socket.
    """
    for server in host(HostedFcgid):
        untouched(server)
        paths = [path for path in server.run.iterdir() if path.name != "cgid"
                 and stat.S_ISSOCK(path.stat().st_mode)]
        assert paths
        forger = server.root / "forger"
        forger.write_text(FORGER)
        forger.chmod(0o755)
        results = tried(server, *(
            f"attempt(os.rename, '{path}', '{path}.away')\n"
            f"attempt(background, '{forger}', '{path}')" for path in paths))
        pids = [int(line.split()[1]) for line in results if " " in line.strip()]
        try:
            assert len(pids) == len(paths), results
            wait_for(lambda: all(path.exists() for path in paths))
            wait_for(lambda: whose(server.ask(VICTIM_HOST)) == "200 customer")
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
