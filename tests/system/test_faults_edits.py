"""
A policy that is replaced or rewritten a thousand times a second while four
clients fetch it: what is promised for either way of writing.
"""

import os
import re
import struct
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest

from cgi import check
from fastcgi import Connection
from harness import source, wait_for, wire

CLIENTS = 4
VERSIONS = 1200  # at a pace of a thousand a second, or what a busy machine has
SECONDS = 60     # by when they must be written

# How each version of the policy is written; %d is the version's number.
BY_RENAME = """
    draft = path + ".draft"
    with open(draft, "wb") as file:
        file.write(text)
    os.rename(draft, path)
"""
IN_PLACE = """
    with open(path, "wb", buffering=0) as file:
        file.write(text[:len(text) // 2])
        file.write(text[len(text) // 2:])
"""

# A process of its own, for its pace not to depend on the clients. Tells in a
# file which version is there by now.
WRITER = """
import contextlib, os, struct, sys, time
with contextlib.suppress(PermissionError):
    os.nice(-10)  # four clients and others want the processors too
path, told, versions = sys.argv[1], sys.argv[2], int(sys.argv[3])
start = time.monotonic()
counter = os.open(told, os.O_RDWR)
for number in range(1, versions + 1):
    lines = ["version: STSv1", "mode: enforce", "max_age: %d" % number]
    lines += ["mx: v%d-%d.example.com" % (number, i)
              for i in range(1 + number * 7 % 40)]
    text = "".join(line + "\\n" for line in lines).encode()
"""
PACE = """
    os.pwrite(counter, struct.pack("Q", number), 0)
    time.sleep(max(0, start + number / 1000 - time.monotonic()))
"""


def names_of(number):
    return [f"v{number}-{i}.example.com" for i in range(1 + number * 7 % 40)]


def whole(number):
    return wire(mx=names_of(number), max_age=number)


@contextmanager
def written(site, how):
    """Runs the writer; gives a function for the version that is there."""
    site.write("example.com", source(mx=names_of(0), max_age=1))
    told = site.root / "told"
    told.write_bytes(bytes(8))
    indented = WRITER + how + PACE
    with subprocess.Popen([sys.executable, "-c", indented,
                           site.policies / "example.com.txt", told,
                           str(VERSIONS)]) as process, \
            open(told, "rb") as counter:
        def version():
            return struct.unpack("Q", os.pread(counter.fileno(), 8, 0))[0]
        try:
            wait_for(version)
            yield version
        finally:
            process.kill()


def fetch(path, version, answers, failures):
    """A client: keeps its connection, notes each answer and what was there."""
    try:
        with Connection(path) as connection:
            end = time.monotonic() + SECONDS
            while (before := version()) < VERSIONS:
                assert time.monotonic() < end, f"only {before} versions"
                answers.append((before, connection.ask()))
    except Exception as error:  # pylint: disable=broad-except
        failures.append(error)


def fetched(site, responder, how):
    """What four clients got while it was written: a list for each."""
    lists, failures = [[] for _ in range(CLIENTS)], []
    with written(site, how) as version:
        start = time.monotonic()
        threads = [threading.Thread(target=fetch, args=(
            responder.socket, version, answers, failures))
            for answers in lists]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rate = VERSIONS / (time.monotonic() - start)
    answers = sum(map(len, lists)) * rate / VERSIONS
    print(f"\n{rate:.0f} versions and {answers:.0f} answers a second")
    assert not failures, failures
    assert responder.process.poll() is None
    assert all(len(answers) > 20 for answers in lists)
    return lists


def age_of(body):
    return int(re.search(rb"^max_age: (\d+)\r$", body, re.M).group(1))


def test_replaced(site, responder):
    """
    By a rename, as it should be: every answer is a 200 and one whole version,
    byte for byte; the one that was there when it was asked for or a later one;
    and never an older one than the one before.
    """
    for answers in fetched(site, responder, BY_RENAME):
        latest = 0
        for before, answer in answers:
            number = age_of(answer.body)
            check(answer, 200, whole(number))
            assert number >= max(before, latest)
            latest = number


def is_cut(body):
    """Whether it is a version from its beginning to anywhere in an mx."""
    number = age_of(body)
    names = [line[4:].decode() for line in body.split(b"\r\n")
             if line.startswith(b"mx: ")]
    expected = names_of(number)
    return (body == wire(mx=names, max_age=number) and
            0 < len(names) <= len(expected) and
            names[:-1] == expected[:len(names) - 1] and
            expected[len(names) - 1].startswith(names[-1]))


def test_rewritten_in_place(site, responder):
    """
    Truncated and written again, which README.md (Limits) warns of: each answer
    is a whole version, or 500; or one cut short where the half is a policy by
    itself. Never something made of two.
    """
    seen = {"whole": 0, "cut": 0, "refused": 0}
    for answers in fetched(site, responder, IN_PLACE):
        for _, answer in answers:
            if answer.status != 200:
                check(answer, 500)
                seen["refused"] += 1
            elif answer.body == whole(age_of(answer.body)):
                seen["whole"] += 1
            else:
                assert is_cut(answer.body), answer.body
                seen["cut"] += 1
    print(seen)
    assert seen["whole"] > 20, seen


@pytest.mark.parametrize("size", [0, 1, 15, 40])
def test_truncated(site, responder, size):
    """Cut off for good, and mended: 500, and 200 from the next request on."""
    path = site.write("example.com", source())
    with Connection(responder.socket) as connection:
        check(connection.ask(), 200, wire())
        os.truncate(path, size)
        check(connection.ask(), 500)
        site.write("example.com", source())
        check(connection.ask(), 200, wire())
