"""
The time of day is set forth and back by a day while it serves, by a library in
front of the C library's (../faults/clock.c); the machine's clock is left
alone. Nothing that is promised depends on the time of day.
"""

import mmap
import os
import struct
import subprocess
import sys
import time

import pytest

import fastcgi
from cgi import check, variables
from fastcgi import Connection, request
from faults import sandbox_off, shim
from harness import (PATIENCE, POLICY_WIRE, Responder, environment,
                     source, wire)

DAY = 86400


@pytest.fixture(scope="module")
def library():
    with shim("clock") as path:
        yield path


class Clock:
    """The time of day as a process sees it."""

    def __init__(self, directory, library):
        path = directory / "clock"
        path.write_bytes(bytes(16))
        with open(path, "r+b") as file:
            self._map = mmap.mmap(file.fileno(), 16)
        # A sanitizer's library would be the first one, and need not be.
        self.environment = {"LD_PRELOAD": str(library),
                            "FAULTS_CLOCK": str(path),
                            "ASAN_OPTIONS": "verify_asan_link_order=0"}

    def set(self, seconds):
        struct.pack_into("=q", self._map, 0, seconds)

    def asked(self):
        """How often somebody has asked for the time of day."""
        return struct.unpack_from("=q", self._map, 8)[0]


@pytest.fixture
def clock(site, library):
    return Clock(site.root, library)


def test_the_library_moves_the_clock(clock):
    """Else the tests below would show nothing."""
    clock.set(DAY)
    told = subprocess.run(
        [sys.executable, "-c", "import time; print(time.time())"], check=True,
        capture_output=True, env=environment(clock.environment)).stdout
    assert abs(float(told) - time.time() - DAY) < 60
    assert clock.asked() > 0


def test_steps(site, clock):
    """
    Forth and back: half a request has its five seconds, who is idle stays,
    policies are served, and what the log has told is not told again.
    """
    site.write("broken.example", b"mode: none\n")
    sandbox_off(site)
    with Responder(site, env=clock.environment) as responder:
        asked = clock.asked()
        with Connection(responder.socket) as idle, \
                Connection(responder.socket) as half:
            check(idle.ask(), 200, POLICY_WIRE)
            start = time.monotonic()
            half.send(request()[:40])
            for number in range(8):
                clock.set((DAY, -DAY, 3650 * DAY, -3650 * DAY)[number % 4])
                check(fastcgi.ask(responder.socket,
                                  variables("mta-sts.broken.example")), 500)
                check(idle.ask(), 200, POLICY_WIRE)
                closed = half.is_closed()
                assert not closed or time.monotonic() - start > PATIENCE - 0.5
                time.sleep(0.55)  # a tick
            assert half.drain() == b""
            assert PATIENCE - 0.5 < time.monotonic() - start < 2 * PATIENCE
            check(idle.ask(), 200, POLICY_WIRE)
        lines = [line for line in responder.log().splitlines()
                 if "broken.example.txt" in line]
        assert len(lines) == len(set(lines)) > 0
        # To standard error it writes no time: nobody has asked for it.
        assert clock.asked() == asked


@pytest.mark.parametrize("age", [-3650 * DAY, -DAY, DAY, 3650 * DAY])
def test_files_of_another_time(site, responder, age):
    """An edit counts at once, whatever times the files bear."""
    path = site.policies / "example.com.txt"
    with Connection(responder.socket) as connection:
        for number in range(100000, 100010):
            site.write("example.com", source(max_age=number))
            os.utime(path, times=(time.time() + age * (number % 3 - 1),) * 2)
            check(connection.ask(), 200, wire(max_age=number))
