"""
A policy directory that is mounted when somebody first goes there, as a network
file system often is (automount(8), x-systemd.automount): what is mounted is
served, and never the empty directory below it. Here autofs mounts a directory
of the test's own.
"""

import fcntl
import os
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

import cgi
import fastcgi
from cgi import check
from faults import InNamespace
from harness import POLICY_WIRE

# From linux/auto_fs.h: a packet and the request that ends the wait for it.
_PACKET, _PACKET_SIZE, _MISSING_DIRECT = struct.Struct("=iiI"), 304, 5
_READY = 0x9360

# Seconds that the daemon waits, unless what it is to mount goes before.
_PATIENCE = 60


def daemon(place, source):
    """
    Puts an autofs at the place, then another process that mounts the source
    there once somebody wants to go in. It has that to itself: its process
    group alone sees what lies below.
    """
    os.setpgid(0, 0)
    read, write = os.pipe()
    subprocess.run(["mount", "-i", "-t", "autofs", "-o", f"fd={write},pgrp="
                    f"{os.getpgrp()},minproto=5,maxproto=5,direct",
                    "test", place], check=True, pass_fds=[write])
    autofs = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    os.close(write)
    if os.fork() > 0:
        os._exit(0)
    # Who started it reads until all its output is closed.
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    end = time.monotonic() + _PATIENCE
    os.set_blocking(read, False)
    while time.monotonic() < end and os.path.isdir(source):
        try:
            packet = os.read(read, _PACKET_SIZE)
        except BlockingIOError:
            time.sleep(0.01)
            continue
        if not packet:
            break
        _, kind, token = _PACKET.unpack_from(packet)
        assert kind == _MISSING_DIRECT, kind
        subprocess.run(["mount", "-i", "--bind", source, place], check=True)
        fcntl.ioctl(autofs, _READY, token)
        break
    os._exit(0)


def automount(place, source):
    """What a shell does in a mount namespace to put it up."""
    return f'"{sys.executable}" "{Path(__file__)}" "{place}" "{source}"'


def can_automount():
    """Whether a mount namespace can be made, and the kernel has autofs."""
    try:
        known = Path("/proc/filesystems").read_text().split()
    except OSError:
        return False
    return os.getuid() == 0 and "autofs" in known and subprocess.run(
        ["unshare", "-m", "true"], capture_output=True,
        check=False).returncode == 0


pytestmark = pytest.mark.skipif(not can_automount(), reason="no autofs here")


@pytest.fixture(params=["directory", "parent"])
def mounted(site, request):
    """The site, what its policies lie in now, and where that is mounted."""
    away = site.root / "away"
    if request.param == "directory":
        site.policies.rename(away)
        place = site.policies
    else:
        away.mkdir()
        site.policies.rename(away / "conf.d")
        place = site.root / "srv"
        site.configure(policies=place / "conf.d")
    place.mkdir()
    return site, place, away


def test_served(mounted):
    """The first request has the policy, and nothing makes it leave."""
    site, place, away = mounted
    with InNamespace(site, automount(place, away)) as responder:
        check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
        time.sleep(0.6)  # a look at the directory
        check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
        assert responder.process.poll() is None, responder.log()


def test_cgi(mounted):
    site, place, away = mounted
    shell = automount(place, away) + '\nexec "$@"'
    check(cgi.run(site, prefix=["unshare", "-m", "sh", "-ec", shell, "sh"]),
          200, POLICY_WIRE)


if __name__ == "__main__":
    daemon(*sys.argv[1:])
