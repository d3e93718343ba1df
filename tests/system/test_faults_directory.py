"""
What can happen to the policy directory while it is served: emptied, closed,
read-only, full, moved, swapped or unmounted. Never a wrong policy, never a 404
for one that has not been removed, and all is well when the directory is.
"""

import os
import pwd
import shutil
import subprocess
import time
from contextlib import suppress

import pytest

import fastcgi
from cgi import check, variables
from fastcgi import Closed, Connection, request
from faults import InNamespace, Load, Supervisor
from harness import POLICY_WIRE, Listener, Responder, source, wait_for, wire

# Seconds within which it sees that it is another directory, and what a busy
# machine may take.
NOTICED, LATE = 1.5, 5
# One that leaves waits for a moment, in seconds, for whoever has connected; on a
# busy machine a client may be later, and then finds it gone.
MOMENT, GONE = 0.2, {"BrokenPipeError", "ConnectionResetError", "Closed"}
OLD, NEW = wire(max_age=111111), wire(max_age=222222)


def can_mount():
    """Whether a mount namespace can be made, and something mounted there."""
    return os.getuid() == 0 and subprocess.run(
        ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
        capture_output=True, check=False).returncode == 0


needs_mounts = pytest.mark.skipif(not can_mount(), reason="cannot mount")


def become_nobody():
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)


def test_emptied(site, responder):
    """With all files gone, and back; the directory has always been there."""
    away = site.root / "away"
    away.mkdir()
    for _ in range(3):
        for path in list(site.policies.iterdir()):
            path.rename(away / path.name)
        check(fastcgi.ask(responder.socket), 404)
        time.sleep(0.6)  # a look at the directory
        for path in list(away.iterdir()):
            path.rename(site.policies / path.name)
        check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
    assert responder.process.poll() is None


@pytest.mark.root
def test_closed(site):
    """Its mode is 0, and the responder is not root: 500, and 200 again."""
    with Responder(site, preexec=become_nobody) as responder:
        check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
        for mode in (0o000, 0o444, 0o700):
            site.policies.chmod(mode)
            for name in ("example.com", "unknown.example"):
                check(fastcgi.ask(responder.socket,
                                  variables("mta-sts." + name)), 500)
            time.sleep(0.6)
            site.policies.chmod(0o755)
            check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
        assert responder.process.poll() is None, responder.log()


@needs_mounts
def test_read_only(site):
    """Its file system becomes read-only, as after an error of the disk."""
    mount = f'mount --bind "{site.policies}" "{site.policies}"'
    with InNamespace(site, mount) as responder:
        check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
        for options in ("ro", "rw"):
            responder.run("mount", "-o", f"remount,bind,{options}",
                          site.policies)
            time.sleep(0.6)
            check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
            touch = subprocess.run(
                ["nsenter", "-m", "-r", "-t", str(responder.process.pid),
                 "touch", site.policies / "new"],
                capture_output=True, check=False)
            assert (touch.returncode == 0) == (options == "rw")
        assert responder.process.poll() is None


@needs_mounts
def test_full(site):
    """Nothing more can be written to it; what is there is served."""
    mount = f"""
        mount -t tmpfs -o size=256k,mode=755 tmpfs "{site.policies}"
        printf 'version: STSv1\\nmode: none\\nmax_age: 86400\\n' \
            >"{site.policies}/example.com.txt"
        if cat /dev/zero >"{site.policies}/filler" 2>&1; then exit 9; fi"""
    body = wire("none", (), 86400)
    with InNamespace(site, mount) as responder:
        for _ in range(3):
            check(fastcgi.ask(responder.socket), 200, body)
            check(fastcgi.ask(responder.socket,
                              variables("mta-sts.other.example")), 404)
            time.sleep(0.3)
        log = responder.run("df", "--output=avail", site.policies)
        assert log.stdout.split()[-1] == "0"
        responder.run("rm", site.policies / "filler")
        check(fastcgi.ask(responder.socket), 200, body)
        assert responder.process.poll() is None


@needs_mounts
def test_unmounted(site):
    """
    Unmounted from under it: the path names what lay below the mount, and who
    is started next serves that. No request is answered by anything else.
    """
    site.write("example.com", source(max_age=222222))
    mount = f"""
        mount -t tmpfs -o mode=755 tmpfs "{site.policies}"
        printf '%s\\n' 'version: STSv1' 'mode: enforce' 'mx: mx.example.com' \
            'max_age: 111111' >"{site.policies}/example.com.txt" """
    with InNamespace(site, mount) as responder:
        check(fastcgi.ask(responder.socket), 200, OLD)
        with Connection(responder.socket) as kept:
            check(kept.ask(), 200, OLD)
            responder.run("umount", "-l", site.policies)
            start = time.monotonic()
            with suppress(Closed, BrokenPipeError, ConnectionResetError):
                while time.monotonic() - start < LATE:
                    check(kept.ask(), 200, OLD)
        assert responder.wait() == 0
        assert time.monotonic() - start < LATE
        assert "names another directory" in responder.log()
        with Responder(site, responder.socket) as following:
            check(fastcgi.ask(following.socket), 200, NEW)


def swap(site):
    """
    Another directory takes its place, with another policy: when it went, and
    when that was there.
    """
    new = site.root / "new"
    new.mkdir(mode=0o755)
    shutil.copy(site.policies / "example.com.txt", new)
    text = (new / "example.com.txt").read_bytes()
    old_age, new_age = ((b"111111", b"222222") if b"111111" in text
                        else (b"222222", b"111111"))
    (new / "example.com.txt").write_bytes(text.replace(old_age, new_age))
    gone = time.monotonic()
    site.policies.rename(site.root / f"old{time.monotonic_ns()}")
    new.rename(site.policies)
    return gone, time.monotonic()


def test_swapped_under_load(site):
    """
    Four clients ask on while it is swapped, four times: each answer is a
    policy of one of the two, and soon of the new one alone.
    """
    site.write("example.com", source(max_age=111111))
    with Listener(site.root / "fcgi.sock") as listener, \
            Responder(site, listener) as responder, \
            Supervisor(responder) as supervisor, \
            Load(lambda: fastcgi.ask(listener).body) as load:
        swaps, waited = [], []
        for body in (NEW, OLD, NEW, OLD):
            swaps.append(swap(site))
            wait_for(lambda body=body: fastcgi.ask(listener).body == body,
                     LATE)
            waited.append(time.monotonic() - swaps[-1][1])
        assert min(waited) < NOTICED, waited
    served = [outcome for begin, end, outcome in load.outcomes if not (
        # Between the two renames there was none.
        outcome == b"503 Service Unavailable\r\n" and
        any(begin <= back and end >= gone for gone, back in swaps) or
        outcome in GONE and end - begin > MOMENT)]
    assert set(served) == {OLD, NEW}, load.count()
    assert set(supervisor.codes) <= {0, 1}
    assert supervisor.codes.count(0) >= 4


def move(site):
    site.policies.rename(site.root / "away")


def remove(site):
    shutil.copytree(site.policies, site.root / "away")
    shutil.rmtree(site.policies)


@pytest.mark.parametrize("leave", [move, remove])
def test_gone_and_back(site, leave):
    """
    Gone for so long that nothing can be started: whoever comes waits in the
    queue of the socket, and is answered when it is back. Until its absence is
    seen, nobody is told that there is no policy.
    """
    with Listener(site.root / "fcgi.sock") as listener, \
            Responder(site, listener) as responder, \
            Supervisor(responder) as supervisor:
        with Connection(listener) as kept:
            check(kept.ask(), 200, POLICY_WIRE)
            leave(site)
            with suppress(Closed, BrokenPipeError, ConnectionResetError):
                while True:
                    assert kept.ask().status in (200, 503)
        try:
            wait_for(lambda: supervisor.codes.count(1) >= 2)
            waiting = [Connection(listener) for _ in range(20)]
            for connection in waiting:
                connection.send(request(keep=False))
            time.sleep(0.3)
        finally:
            (site.root / "away").rename(site.policies)
        for connection in waiting:
            with connection:
                check(connection.answer(), 200, POLICY_WIRE)
    assert supervisor.codes[0] == 0 and set(supervisor.codes[1:]) == {1}


def test_moved_away_for_a_moment(site, responder):
    """Back before anybody has looked: nothing has happened."""
    away = site.root / "away"
    with Connection(responder.socket) as connection:
        for _ in range(5):
            site.policies.rename(away)
            away.rename(site.policies)
            check(connection.ask(), 200, POLICY_WIRE)
            time.sleep(0.05)
