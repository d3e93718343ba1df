"""
At once: edits count from the next request on, and a policy directory that is
replaced or gone is noticed within the second. (What else can happen to the
directory is in test_faults_directory.py.)
"""

import os
import shutil
import time

import pytest

import fastcgi
from cgi import check, variables
from fastcgi import Connection, Closed, request
from faults import Supervisor
from harness import POLICY_WIRE, Listener, Responder, source, wire

# Seconds until a directory that is replaced is seen, which is looked for every
# half second, and the next process serves; and what a busy machine may take.
NOTICED, LATE = 1.2, 5

NEW, NEW_WIRE = source(mx=["new.example.com"]), wire(mx=["new.example.com"])


def asked_until(path, body):
    """The time until that body is served; no other answer but 200 before."""
    start = time.monotonic()
    while True:
        answer = fastcgi.ask(path)
        assert answer.status == 200, answer
        waited = time.monotonic() - start
        if answer.body == body:
            return waited
        assert waited < LATE, f"still the old one after {waited:.2f} s"
        time.sleep(0.01)


def test_link_is_swapped(site):
    """
    A deployment: the policy directory is a link, and a new one takes its
    place. Served at once but for the second in which that is noticed.
    """
    for number in (1, 2, 3):
        release = site.root / f"release{number}"
        release.mkdir(mode=0o755)
        (release / "example.com.txt").write_bytes(
            source(mx=[f"mx{number}.example.com"]))
        (release / "example.com.txt").chmod(0o644)
    link, draft = site.root / "current", site.root / "draft"
    link.symlink_to("release1")
    site.configure(policies=link)
    with Listener(site.root / "fcgi.sock") as listener, \
            Responder(site, listener) as responder:
        with Supervisor(responder) as supervisor:
            asked_until(listener, wire(mx=["mx1.example.com"]))
            waited = []
            for number in (2, 3):
                draft.symlink_to(f"release{number}")
                draft.rename(link)
                waited.append(asked_until(
                    listener, wire(mx=[f"mx{number}.example.com"])))
        assert min(waited) < NOTICED, waited
        assert supervisor.codes == [0, 0]
        assert responder.stop() == 0


def replace_by_rename(site):
    """conf.d goes away and another one comes in its place."""
    other = site.root / "conf.d.new"
    other.mkdir(mode=0o755)
    (other / "example.com.txt").write_bytes(NEW)
    (other / "example.com.txt").chmod(0o644)
    site.policies.rename(site.root / "conf.d.old")
    other.rename(site.policies)


def replace_parent(site):
    """The directory above it is another one."""
    shutil.copytree(site.root / "above", site.root / "new")
    (site.root / "new/conf.d/example.com.txt").write_bytes(NEW)
    (site.root / "above").rename(site.root / "old")
    (site.root / "new").rename(site.root / "above")


@pytest.mark.parametrize("replace", [replace_by_rename, replace_parent])
def test_directory_is_replaced(site, replace):
    if replace is replace_parent:
        (site.root / "above").mkdir(mode=0o755)
        site.policies.rename(site.root / "above/conf.d")
        site.configure(policies=site.root / "above/conf.d")
    with Listener(site.root / "fcgi.sock") as listener, \
            Responder(site, listener) as responder:
        with Supervisor(responder) as supervisor:
            check(fastcgi.ask(listener), 200, POLICY_WIRE)
            replace(site)
            asked_until(listener, NEW_WIRE)
        assert supervisor.codes == [0]
        assert responder.stop() == 0


@pytest.mark.parametrize("remove", [
    lambda site: site.policies.rename(site.root / "elsewhere"),
    lambda site: shutil.rmtree(site.policies),
    lambda site: site.root.rename(str(site.root) + ".gone")],
    ids=["renamed", "removed", "parent renamed"])
def test_directory_is_gone(site, remove):
    """
    Exits 0 within the second; and never a 404 meanwhile, by which senders
    would believe that there is no policy.
    """
    with Responder(site) as responder:
        with Connection(responder.socket) as kept:
            check(kept.ask(), 200, POLICY_WIRE)
            remove(site)
            try:
                start, gone = time.monotonic(), False
                while not gone:
                    assert time.monotonic() - start < LATE
                    try:
                        assert kept.ask().status in (200, 500, 503)
                    except (ConnectionError, Closed):
                        gone = True
                    time.sleep(0.01)
                assert responder.wait() == 0
                assert time.monotonic() - start < LATE
            finally:
                moved = str(site.root) + ".gone"
                if os.path.exists(moved):
                    os.rename(moved, site.root)


def test_request_begun_when_it_notices(site):
    """Half of a request, the directory replaced, the rest: answered."""
    with Responder(site) as responder:
        with Connection(responder.socket) as connection:
            connection.send(request()[:40])
            # What comes after it is answered: so it has been accepted.
            check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
            site.policies.rename(site.root / "elsewhere")
            time.sleep(NOTICED)
            assert responder.process.poll() is None
            connection.send(request()[40:])
            check(connection.answer(), 200, POLICY_WIRE)
            assert responder.wait() == 0


def test_edits(site, responder):
    """Each edit counts from the very next request on, on any connection."""
    name, values = "edited.example", variables("mta-sts.edited.example")
    with Connection(responder.socket) as connection:
        def expect(status, body=None):
            check(connection.ask(values), status, body)
            check(fastcgi.ask(responder.socket, values), status, body)

        for number in range(30):
            expect(404)
            mx = [f"mx{number}.example.com"]
            path = site.write(name, source(mx=mx))
            expect(200, wire(mx=mx))
            site.write(name, NEW)
            expect(200, NEW_WIRE)
            site.write(name, b"version: STSv2\n")
            expect(500)
            site.write(name, NEW, mode=0o666)
            expect(500)
            path.chmod(0o644)
            expect(200, NEW_WIRE)
            path.unlink()
            expect(404)
            site.alias(name, "example.com")
            expect(200, POLICY_WIRE)
            path.unlink()


def test_edit_in_place_of_equal_size(site, responder):
    """Nothing is remembered: not even where size and time stay the same."""
    values = variables("mta-sts.same.example")
    path = site.write("same.example", source(mx=["a.example.com"]))
    status = path.stat()
    with Connection(responder.socket) as connection:
        check(connection.ask(values), 200, wire(mx=["a.example.com"]))
        path.write_bytes(source(mx=["b.example.com"]))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        check(connection.ask(values), 200, wire(mx=["b.example.com"]))


def test_many_policies(site, responder):
    """Ten thousand files make no difference."""
    names = [f"d{number}.example" for number in range(10_000)]
    for name in names:
        os.link(site.policies / "example.com.txt",
                site.policies / f"{name}.txt")
    with Connection(responder.socket) as connection:
        start = time.monotonic()
        for name in names[::20]:
            check(connection.ask(variables("mta-sts." + name)), 200,
                  POLICY_WIRE)
        assert time.monotonic() - start < 5
    assert responder.process.poll() is None
