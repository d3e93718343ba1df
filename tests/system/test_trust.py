"""
Only what the trusted owner wrote (DESIGN.md, Trust): files, links, and the
directory with each of its parents. And files that change while they are read.
"""

import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import time

import pytest

import cgi
import fastcgi
from cgi import check, variables
from fastcgi import Connection
from harness import (POLICY, POLICY_WIRE, PROGRAM, STRACE, Responder, Site,
                     environment, source, wait_for, wire)

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
    assert time.monotonic() - start < 1
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


class Rewriter:
    """A process of its own that rewrites a file in place, again and again."""

    def __init__(self, path, versions, how, times=1000):
        self.pid = os.fork()
        if self.pid:
            return
        try:
            file = os.open(path, os.O_WRONLY)
            for number in range(times):
                how(file, versions[number % len(versions)])
            os._exit(0)
        finally:
            os._exit(1)

    def is_running(self):
        if self.pid:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                assert status == 0
        return self.pid != 0

    def stop(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


def at_once(file, content):
    """In one write over the old text, which has the same length."""
    os.pwrite(file, content, 0)
    time.sleep(0.0005)


def truncated(file, content):
    """As the shell's > does: nothing, then all of it."""
    os.ftruncate(file, 0)
    os.pwrite(file, content, 0)
    time.sleep(0.0005)


def in_pieces(file, content):
    """As an editor or a slow program: block by block."""
    os.ftruncate(file, 0)
    for at in range(0, len(content), 4096):
        os.pwrite(file, content[at:at + 4096], at)
        time.sleep(0.0001)


SHORT = [["one.example.com"], ["two.example.com"]]
LONG = [[f"{word}{number:04}.example.com" for number in range(1500)]
        for word in ("old", "new")]
MIXED = [LONG[0], LONG[1][:1000], SHORT[0]]


@pytest.mark.parametrize("how, lists", [
    (at_once, SHORT), (truncated, SHORT), (truncated, LONG),
    (truncated, MIXED), (in_pieces, LONG), (in_pieces, MIXED)])
def test_rewritten_while_read(place, path, how, lists):
    """
    Somebody rewrites a policy a thousand times where it is, while it is asked
    for. Each 200 is one of the versions, whole; everything else is 500. (What
    nobody can see from outside is half of a write over a text of the same
    length: long texts begin from nothing here.)
    """
    put(path, source(mx=lists[0]))
    bodies = [wire(mx=mx) for mx in lists]
    writer = Rewriter(path, [source(mx=mx) for mx in lists], how)
    seen = {200: 0, 500: 0}
    try:
        with Connection(place[1].socket) as connection:
            while writer.is_running():
                answer = connection.ask(VALUES)
                seen[answer.status] += 1
                assert answer.status == 500 or answer.body in bodies, (
                    f"torn, after {seen}")
    finally:
        writer.stop()
    assert sum(seen.values()) > 20, seen
    ask_again = fastcgi.ask(place[1].socket, VALUES)
    assert ask_again.body in bodies


def is_open(process, path):
    """Whether a process has a file open just now."""
    directory = f"/proc/{process.pid}/fd"
    try:
        return any(os.readlink(os.path.join(directory, number)) == str(path)
                   for number in os.listdir(directory))
    except FileNotFoundError:
        return False


def ask_slowly(site, path, times, changes):
    """
    Asks through CGI, with its first so many reads of the file kept waiting by
    strace after it has looked at the file; makes a change in each wait.
    """
    env = environment({"MTA_STS_CONF": str(site.settings)})
    env.update((name, value.decode()) for name, value in VALUES.items())
    command = [*STRACE, "-D", "-f", "-o", os.devnull, "-P", str(path), "-e",
               f"inject=read,pread64:delay_enter=400000:when=1..{times}",
               PROGRAM]
    with subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        wait_for(lambda: is_open(process, path))
        time.sleep(0.2)
        for change in changes:
            with open(path, "r+b") as file:
                file.write(change)
                file.truncate()
            time.sleep(0.4)
        output, log = process.communicate(timeout=30)
    answer = cgi.parse(output)
    answer.log = log.decode()
    return answer


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
@pytest.mark.parametrize("longer", [True, False])
def test_changed_while_read(place, path, longer):
    """
    Changed between the look at the file and the read: read again. Changed
    once more: refused. The text is a good policy wherever it is cut between
    two lines, so that the length of one and the words of another would pass.
    """
    bodies, versions = [], []
    for word, count in (("old", 40), ("new", 80 if longer else 40),
                        ("mid", 60)):
        mx = [f"{word}{number:04}.example.com" for number in range(count)]
        bodies.append(wire(mx=mx))
        lines = source(mx=mx).splitlines(keepends=True)
        versions.append(b"".join(lines[:2] + lines[-1:] + lines[2:-1]))
    put(path, versions[0])
    check(ask_slowly(place[0], path, 1, []), 200, bodies[0])
    put(path, versions[0])
    check(ask_slowly(place[0], path, 1, versions[1:2]), 200, bodies[1])
    put(path, versions[0])
    answer = ask_slowly(place[0], path, 9, versions[1:])
    check(answer, 500)
    assert f"{path}: error: " in answer.log and "changed" in answer.log


def test_replaced_while_read(place, path):
    """The right way, by renaming a new file: every answer is 200."""
    site, responder = place
    bodies = [wire(mx=mx) for mx in LONG]
    with Connection(responder.socket) as connection:
        site.write(NAME, source(mx=LONG[0]))
        for number in range(300):
            connection.send(fastcgi.request(VALUES))
            site.write(NAME, source(mx=LONG[number % 2]))
            answer = connection.answer()
            assert answer.body in bodies
    assert path.exists()


def test_removed_while_served(site, responder):
    """All policies gone, the directory still there: 404, honestly."""
    with Connection(responder.socket) as connection:
        check(connection.ask(), 200, POLICY_WIRE)
        shutil.move(site.policies / "example.com.txt", site.root / "kept.txt")
        check(connection.ask(), 404)
        shutil.move(site.root / "kept.txt", site.policies / "example.com.txt")
        check(connection.ask(), 200, POLICY_WIRE)
