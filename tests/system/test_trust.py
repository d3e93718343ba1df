"""
Only what the trusted owner wrote (DESIGN.md, Trust): files, links, and the
directory with each of its parents. Files that change while they are read are
in test_trust_changing.py.
"""

import os
import pwd
import re
import socket
import stat
import subprocess
import time

import pytest

import cgi
import fastcgi
from cgi import check, variables
from harness import (POLICY, POLICY_WIRE, PROGRAM, Responder, Site,
                     environment)

NAME = "trust.example"
VALUES = variables("mta-sts." + NAME)
NOBODY = pwd.getpwnam("nobody")

# A policy's largest file.
SIZE_MAX = 64_000

root = pytest.mark.root


@pytest.fixture(scope="module", name="place")
def fixture_place():
    """A site with a running responder for all the cases about one file."""
    with Site() as site:
        site.write("example.com")
        with Responder(site) as responder:
            yield site, responder
            assert responder.process.poll() is None, responder.log()


@pytest.fixture(name="path")
def fixture_path(place):
    """Where the policy in question is; removed after the test."""
    path = place[0].policies / f"{NAME}.txt"
    yield path
    if not path.is_symlink() and path.is_dir():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
    for other in place[0].policies.glob("_*"):
        other.unlink()


def ask(place, status, finding=None):
    """
    Asks through CGI and FastCGI. On anything but 200 the log of each names
    the domain, the path and the finding.
    """
    site, responder = place
    body = POLICY_WIRE if status == 200 else None
    start = time.monotonic()
    check(fastcgi.ask(responder.socket, VALUES), status, body)
    assert time.monotonic() - start < 5
    answer = cgi.run(site, VALUES)
    check(answer, status, body)
    if finding is None:
        assert NAME not in answer.log
        return
    pattern = rf"{NAME}: {re.escape(str(site.policies))}/{NAME}\.txt: error: "
    for log in (answer.log, responder.log()):
        assert re.search(pattern + f".*{finding}", log), log


def put(path, content=POLICY, mode=0o644):
    path.write_bytes(content)
    path.chmod(mode)


@pytest.mark.parametrize("mode", [0o644, 0o600, 0o400, 0o444, 0o755, 0o604])
def test_good_modes(place, path, mode):
    put(path, mode=mode)
    ask(place, 200)


@pytest.mark.parametrize("mode, who", [
    (0o664, "group"), (0o646, "everybody"), (0o666, "group and everybody"),
    (0o620, "group"), (0o602, "everybody"), (0o4664, "group")])
def test_writable_file(place, path, mode, who):
    put(path, mode=mode)
    ask(place, 500, f"{who}.*{mode:04o}")


@root
@pytest.mark.parametrize("uid, gid", [(NOBODY.pw_uid, 0),
                                      (NOBODY.pw_uid, NOBODY.pw_gid)])
def test_owner_of_file(place, path, uid, gid):
    put(path)
    os.chown(path, uid, gid)
    ask(place, 500, f"uid {uid}")


@root
def test_group_of_file(place, path):
    """A group that cannot write does no harm."""
    put(path)
    os.chown(path, 0, NOBODY.pw_gid)
    ask(place, 200)


def test_fifo(place, path):
    """Must not hang; with a writer at its other end neither."""
    os.mkfifo(path, 0o644)
    ask(place, 500, "regular file")
    writer = os.open(path, os.O_RDWR)
    try:
        os.write(writer, POLICY)
        ask(place, 500, "regular file")
    finally:
        os.close(writer)


def test_directory(place, path):
    path.mkdir()
    ask(place, 500, "regular file")


def test_socket(place, path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        ask(place, 500, "")


@root
@pytest.mark.parametrize("kind, major, minor", [
    (stat.S_IFCHR, 1, 5), (stat.S_IFCHR, 1, 3), (stat.S_IFCHR, 250, 250),
    (stat.S_IFBLK, 7, 0), (stat.S_IFCHR, 5, 0)])
def test_device(place, path, kind, major, minor):
    """/dev/zero and the like; one that no driver has; a terminal."""
    try:
        os.mknod(path, kind | 0o644, os.makedev(major, minor))
    except PermissionError:
        pytest.skip("devices cannot be made here")
    ask(place, 500, "")


@pytest.mark.parametrize("size, status", [
    (SIZE_MAX - 1, 200), (SIZE_MAX, 200), (SIZE_MAX + 1, 500),
    (SIZE_MAX * 10, 500)])
def test_size(place, path, size, status):
    """64,000 bytes are the most, however little of them is the policy."""
    comment = b"#" * 99 + b"\n"
    fill = comment * (size // 100)
    put(path, POLICY + fill[:size - len(POLICY) - 1] + b"\n")
    assert path.stat().st_size == size
    ask(place, status, "larger than 64000" if status == 500 else None)


def test_huge_and_sparse(place, path):
    """A terabyte is refused for its size, unread."""
    put(path)
    os.truncate(path, 1 << 40)
    ask(place, 500, "larger than 64000")


def test_empty(place, path):
    """No policy is in it: the reason has no line."""
    put(path, b"")
    check(fastcgi.ask(place[1].socket, VALUES), 500)


# What the link holds, what _target.txt is, status, finding. "{here}" is the
# policy directory.
LINKS = [
    ("_target.txt", 0o644, 200, None),
    ("_target.txt", 0o664, 500, "0664"),
    ("_target.txt", 0o646, 500, "0646"),
    ("_missing.txt", 0o644, 500, "does not exist"),
    ("_link.txt", 0o644, 500, "link to another link"),
    ("./_target.txt", 0o644, 500, "leaves its directory"),
    ("../conf.d/_target.txt", 0o644, 500, "leaves its directory"),
    ("../mta-sts.conf", 0o644, 500, "leaves its directory"),
    ("{here}/_target.txt", 0o644, 500, "leaves its directory"),
    ("/etc/passwd", 0o644, 500, "leaves its directory"),
    ("/dev/zero", 0o644, 500, "leaves its directory"),
    ("/proc/self/fd/0", 0o644, 500, "leaves its directory"),
    ("..", 0o644, 500, ""),
    (".", 0o644, 500, ""),
    (f"{NAME}.txt", 0o644, 500, "link"),
    ("x" * 255, 0o644, 500, "does not exist"),
    ("x" * 300, 0o644, 500, ""),
    ("_target.txt" + "/" * 300, 0o644, 500, ""),
]


@pytest.mark.parametrize("target, mode, status, finding", LINKS,
                         ids=[row[0][:30] for row in LINKS])
def test_link(place, path, target, mode, status, finding):
    here = place[0].policies
    put(here / "_target.txt", mode=mode)
    (here / "_link.txt").symlink_to("_target.txt")
    path.symlink_to(target.replace("{here}", str(here)))
    ask(place, status, finding)


def test_link_to_fifo(place, path):
    os.mkfifo(place[0].policies / "_fifo.txt", 0o644)
    path.symlink_to("_fifo.txt")
    ask(place, 500, "regular file")


@root
def test_owner_of_target(place, path):
    target = place[0].policies / "_target.txt"
    put(target)
    os.chown(target, NOBODY.pw_uid, 0)
    path.symlink_to("_target.txt")
    ask(place, 500, f"uid {NOBODY.pw_uid}")


def test_hard_link(place, path):
    os.link(place[0].policies / "example.com.txt", path)
    ask(place, 200)


def become_nobody():
    os.setgroups([])
    os.setgid(NOBODY.pw_gid)
    os.setuid(NOBODY.pw_uid)


@root
def test_as_nobody(site):
    """
    Run as somebody without rights it serves what that one can read. What he
    cannot read is 500: neither 404, by which a policy would seem gone, nor a
    reason in the answer.
    """
    path = site.write(NAME, mode=0o600)
    site.write("secret.example")
    (site.policies / "secret.example.txt").chmod(0o000)
    with Responder(site, preexec=become_nobody) as responder:
        check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
        check(fastcgi.ask(responder.socket, VALUES), 500)
        assert re.search(rf"{NAME}: {re.escape(str(path))}: error: .*"
                         "Permission denied", responder.log())
        check(fastcgi.ask(responder.socket,
                          variables("mta-sts.secret.example")), 500)
        path.chmod(0o644)
        check(fastcgi.ask(responder.socket, VALUES), 200, POLICY_WIRE)
    answer = cgi.run(site, variables("mta-sts.secret.example"),
                     preexec=become_nobody)
    check(answer, 500)


@root
def test_as_nobody_without_the_directory(site):
    """A directory that he cannot enter: 500, and the log says why."""
    site.policies.chmod(0o700)
    answer = cgi.run(site, preexec=become_nobody)
    check(answer, 500)
    assert re.search(rf"{re.escape(str(site.policies))}.*: error: .*"
                     "Permission denied", answer.log), answer.log


def start(site, preexec=None):
    """Starts it as FastCGI where it should refuse: exit code and log."""
    with Responder(site, log="refused", preexec=preexec) as responder:
        return responder.wait(5), responder.log()


def check_site(site):
    """What -n has to say: exit code and findings."""
    done = subprocess.run([PROGRAM, "-n", "-c", site.settings],
                          env=environment(), capture_output=True, timeout=30,
                          stdin=subprocess.DEVNULL, check=False)
    return done.returncode, done.stderr.decode()


def refused(site, path, finding):
    """By -n, at the start, and by 500 in CGI; all name that very path."""
    pattern = rf"(^|: ){re.escape(str(path))}: error: .*{finding}"
    for code, log in (check_site(site), start(site)):
        assert code == 1, log
        assert re.search(pattern, log, re.MULTILINE), log
    answer = cgi.run(site)
    check(answer, 500)
    assert re.search(pattern, answer.log, re.MULTILINE), answer.log
    # None of those above or below it is blamed as well.
    assert len(re.findall("error: ", answer.log)) == 1, answer.log


@pytest.fixture(name="deep")
def fixture_deep(site):
    """The policy directory two levels further down; gives all three."""
    (site.root / "a").mkdir(mode=0o755)
    (site.root / "a/b").mkdir(mode=0o755)
    site.policies = site.policies.rename(site.root / "a/b/conf.d")
    site.configure()
    check(cgi.run(site), 200, POLICY_WIRE)
    assert check_site(site)[0] == 0
    return [site.policies, *list(site.policies.parents)[:3]]


@pytest.mark.parametrize("level", range(4))
@pytest.mark.parametrize("mode, who", [
    (0o775, "group"), (0o757, "everybody"), (0o777, "group and everybody"),
    (0o1777, "group and everybody"), (0o2775, "group")])
def test_writable_directory(site, deep, level, mode, who):
    """The directory and each of its parents; a sticky bit is no excuse."""
    deep[level].chmod(mode)
    refused(site, deep[level], f"{who}.*{mode:04o}")


@root
@pytest.mark.parametrize("level", range(4))
def test_owner_of_directory(site, deep, level):
    os.chown(deep[level], NOBODY.pw_uid, 0)
    refused(site, deep[level], f"uid {NOBODY.pw_uid}")


@root
def test_another_owner(site):
    """Owner nobody: the files and the directory are his, parents may be
    root's."""
    site.settings.write_text(
        site.settings.read_text().replace('"root"', '"nobody"'))
    refused(site, site.policies, "uid 0")
    os.chown(site.policies, NOBODY.pw_uid, 0)
    check(cgi.run(site), 500)
    os.chown(site.policies / "example.com.txt", NOBODY.pw_uid, 0)
    check(cgi.run(site), 200, POLICY_WIRE)
    with Responder(site) as responder:
        check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
    os.chown(site.root, NOBODY.pw_uid, 0)
    check(cgi.run(site), 200, POLICY_WIRE)


def test_directory_is_no_directory(site):
    for path, finding in ((site.root / "missing", "No such file"),
                          (site.settings, "Not a directory"),
                          (site.settings / "conf.d", "Not a directory"),
                          (site.root / "loop", "symbolic links")):
        if path.name == "loop":
            path.symlink_to("loop")
        site.configure(policies=path)
        for code, log in (check_site(site), start(site)):
            assert code == 1 and re.search(finding, log), log
        check(cgi.run(site), 500)


@pytest.mark.parametrize("absolute", [False, True])
def test_way_through_links(site, deep, absolute):
    """
    Links on the way are followed, and what they lead through is checked: a
    policy directory below a directory that others can write to is refused,
    by whatever name it is called.
    """
    for name, target in (("link", "a"), ("twice", "link"),
                         ("last", "a/b/conf.d"), ("up", "a/../a/./b")):
        (site.root / name).symlink_to(
            site.root / target if absolute else target)
    ways = [site.root / "link/b/conf.d", site.root / "twice/b/conf.d",
            site.root / "last", site.root / "up/conf.d",
            site.root / "a/../link//b/./conf.d/"]
    for way in ways:
        site.configure(policies=way)
        check(cgi.run(site), 200, POLICY_WIRE)
        with Responder(site) as responder:
            check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
            time.sleep(0.6)
            assert responder.process.poll() is None, responder.log()
    deep[1].chmod(0o775)
    for way in ways:
        site.configure(policies=way)
        refused(site, deep[1], "0775")


def test_link_out_of_a_writable_directory(site):
    """A safe directory, named by a link that anybody can replace."""
    writable = site.root / "writable"
    writable.mkdir()
    writable.chmod(0o777)
    (writable / "link").symlink_to("../conf.d")
    site.configure(policies=writable / "link")
    refused(site, writable, "0777")
