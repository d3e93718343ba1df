"""
A customer and what stands around the policies: the settings, the command
mta-sts, its lock and its history, and the room on the disk.
"""

import ctypes
import fcntl
import os
import re
import shutil
import subprocess
import time
import traceback

import pytest

import cgi
import command
import fastcgi
from cgi import check, variables
from customer import VICTIM, VICTIM_HOST, Customer
from harness import (POLICY_WIRE, PROGRAM, Responder, Site, environment,
                     source, wire)
from test_hostile_files import acl, picture
from test_hostile_local import HIS

pytestmark = pytest.mark.root

VALUES = variables(VICTIM_HOST)


@pytest.fixture(scope="module", name="customer")
def fixture_customer():
    with Customer() as it:
        it.furnish({f"conf.d/{VICTIM}.txt": HIS})
        yield it


@pytest.fixture(name="place")
def fixture_place():
    with Site() as site:
        site.write(VICTIM)
        yield site


# The settings.

def theirs(customer):
    """Settings by which his policies would be served."""
    return (f'policies = "{customer.www}/conf.d";\n'
            f'owner = "{customer.uid}";\nunknown_fields = "pass";\n'
            'log = { to = "stderr"; level = "debug"; };\n')


def overwrite(path, text):
    with open(path, "w") as it:
        it.write(text)


def to_him(path, it):
    os.chown(path, it.uid, it.gid)


def to_his_group(path, it):
    os.chown(path, 0, it.gid)
    path.chmod(0o664)


def to_all(path, it):
    path.chmod(0o666)


def by_access_list(path, it):
    try:
        os.setxattr(path, "system.posix_acl_access", acl(it.uid, 6))
    except OSError as error:
        pytest.skip(f"no access lists on this file system: {error}")


def his_directory(path, it):
    """He cannot write to the file, but can put another in its place."""
    os.chown(path.parent, it.uid, it.gid)
    it.call(os.rename, path, str(path) + ".old")


def refused(site, path, finding):
    """At the start, with -n, and by 500 in CGI, whoever names the file."""
    for args, env in ((["-c", path], {}), ([], {"MTA_STS_CONF": str(path)})):
        checked = subprocess.run(
            [PROGRAM, "-n", *args], env=environment(env), timeout=30,
            capture_output=True, text=True, stdin=subprocess.DEVNULL,
            check=False)
        with Responder(site, settings=False, args=args, env=env,
                       log="refused") as responder:
            assert responder.wait(5) == 1
            log = responder.log()
        assert checked.returncode == 1
        pattern = rf"{re.escape(str(path))}: error: .*{finding}"
        for text in (checked.stderr, log):
            assert re.search(pattern, text), text
    answer = cgi.run(site, {**VALUES, "MTA_STS_CONF": str(path).encode()})
    check(answer, 500)
    assert re.search(pattern, answer.log), answer.log


@pytest.mark.parametrize("mistake, finding", [
    (to_him, "uid {uid}"), (to_his_group, "its group"), (to_all, "everybody"),
    (by_access_list, "its group"), (his_directory, "uid {uid}")])
def test_settings(place, customer, mistake, finding):
    """Whoever else can write to them chooses no policies by them."""
    directory = place.root / "settings"
    directory.mkdir()
    directory.chmod(0o755)
    path = place.settings.rename(directory / "mta-sts.conf")
    place.settings = path
    check(cgi.run(place, VALUES), 200, POLICY_WIRE)
    mistake(path, customer)
    customer.call(overwrite, path, theirs(customer))
    refused(place, path, finding.format(uid=customer.uid))


def test_settings_removed(place, customer):
    """They are named, so that without them there is no going by defaults."""
    os.chown(place.root, customer.uid, customer.gid)
    customer.call(os.unlink, place.settings)
    refused(place, place.settings, "there is no such file")


def test_headers_are_no_environment(place, customer):
    """What a client sends is HTTP_ and something, and chooses nothing."""
    path = customer.home / "mta-sts.conf"
    customer.furnish({"../mta-sts.conf": theirs(customer)})
    for name in ("HTTP_MTA_STS_CONF", "HTTP__MTA_STS_CONF", "QUERY_STRING",
                 "PATH_INFO", "HTTP_PATH", "LD_LIBRARY_PATH"):
        answer = cgi.run(place, {**VALUES, name: str(path).encode()},
                         args=["-c", str(path)])
        check(answer, 200, POLICY_WIRE)


# The command.

WRITING = [["add", "new.example", "--mx", "mx.example"],
           ["set", VICTIM, "--mode", "none"],
           ["set", VICTIM, "--max-age", "1"],
           ["alias", "other.example", VICTIM], ["retire", VICTIM],
           ["remove", VICTIM, "--force"],
           ["rename", VICTIM, "his.example"],
           ["import", "{www}/conf.d/" + VICTIM + ".txt", "--domain",
            "his.example"]]


@pytest.mark.parametrize("verb", WRITING, ids=[" ".join(verb[::2])
                                               for verb in WRITING])
def test_command(place, customer, verb):
    """Run by him it changes nothing, says so, and asks for no privilege."""
    assert command.run(place, "set", VICTIM, "--max-age",
                       "86400").returncode == 0
    # Where he can run it, wherever the project lies.
    program = shutil.copy(command.COMMAND, place.root)
    before = picture(place.root)
    done = customer.run(
        [program, *(word.format(www=customer.www) for word in verb)],
        env=environment({"MTA_STS_CONF": str(place.settings)}),
        stdin=subprocess.DEVNULL)
    assert done.returncode in (command.FINDINGS, command.SYSTEM), done
    assert b"Permission denied" in done.stderr, done
    assert picture(place.root) == before


def hold(paths):
    """Takes every lock that he may on them, and keeps them."""
    for path in paths:
        try:
            fcntl.flock(os.open(path, os.O_RDONLY), fcntl.LOCK_EX)
            print(path)
        except PermissionError:
            pass
    time.sleep(60)


def test_locks(place, customer):
    """He can lock what he can read; the administrator does not wait."""
    assert command.run(place, "set", VICTIM, "--mode",
                       "testing").returncode == 0
    paths = [str(path) for path in [place.root, *place.root.rglob("*")]]
    pid = os.fork()
    if pid == 0:
        try:
            customer.become()
            hold(paths)
        finally:
            os._exit(0)
    try:
        time.sleep(0.3)
        begin = time.monotonic()
        done = command.run(place, "set", VICTIM, "--max-age", "1d")
        assert done.returncode == 0, done
        assert time.monotonic() - begin < 15
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


# The disk.

def in_own_mounts(work):
    """Runs it in a child that has a mount namespace of its own."""
    pid = os.fork()
    if pid:
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if code == 77:
            pytest.skip("no mount namespace can be made here")
        assert code == 0, "see above"
        return
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        # CLONE_NEWNS; MS_REC | MS_PRIVATE
        if libc.unshare(0x20000) or libc.mount(None, b"/", None, 0x44000,
                                               None):
            os._exit(77)
        work(libc)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def fill(directory):
    """Files and bytes until no more go in."""
    try:
        for number in range(100000):
            with open(f"{directory}/{number}", "wb", 0) as it:
                it.write(b"x" * 4096)
    except OSError:
        return number
    return None


def on_a_full_disk(libc, customer):
    """The same disk has policies, settings, history, log and his home."""
    with Site() as site:
        assert libc.mount(b"tmpfs", os.fsencode(site.root), b"tmpfs", 0,
                          b"size=1m,mode=755") == 0
        try:
            site.policies.mkdir()
            site.configure()
            site.write(VICTIM)
            site.write("broken.example", b"version: 1\n")
            home = site.root / "home"
            home.mkdir()
            os.chown(home, customer.uid, customer.gid)
            with Responder(site) as responder:
                assert customer.call(fill, str(home)) > 10
                for number in range(1000):
                    check(fastcgi.ask(responder.socket, VALUES), 200,
                          POLICY_WIRE)
                    check(fastcgi.ask(responder.socket, variables(
                        f"mta-sts.{number}.broken.example")), 404)
                    check(fastcgi.ask(responder.socket, variables(
                        "mta-sts.broken.example")), 500)
                before = picture(site.policies)
                done = command.run(site, "set", VICTIM, "--max-age", "99999")
                assert done.returncode != 0 and "space" in done.stderr, done
                after = picture(site.policies)
                assert [value[-1] for name, value in after.items()
                        if name.endswith(".txt")] == [
                            value[-1] for name, value in before.items()
                            if name.endswith(".txt")]
                check(fastcgi.ask(responder.socket, VALUES), 200, POLICY_WIRE)
                (home / "0").unlink()
                (home / "1").unlink()
                (home / "2").unlink()
                site.write(VICTIM, source(max_age=99999))
                check(fastcgi.ask(responder.socket, VALUES), 200,
                      wire(max_age=99999))
        finally:
            libc.umount2(os.fsencode(site.root), 2)


def test_full_disk(customer):
    """He fills it: what is there is served on, and nothing is half-written."""
    in_own_mounts(lambda libc: on_a_full_disk(libc, customer))
