"""
A customer and the files: what he can do to the policy directory as it should
be (nothing), and what becomes of it when the administrator has made a mistake
that lets him in: an error in the log, and never his text. What the trust rule
says of each owner and mode is in test_trust.py; here somebody uses them.
"""

import ctypes
import fcntl
import os
import re
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

import cgi
import command
import fastcgi
from cgi import check, variables
from customer import VICTIM, VICTIM_HOST, HardLink
from harness import POLICY_WIRE, Responder, Site, source, wait_for, wire
from test_hostile_local import HIS, HIS_AGE

pytestmark = pytest.mark.root

VALUES = variables(VICTIM_HOST)

# A good policy of root's own, and not the victim's.
WEAK = source(mode="none", mx=())


@pytest.fixture(name="place")
def fixture_place(customer):
    """A site with the victim's policy and a weak one; the customer's files."""
    with Site() as site:
        site.write(VICTIM)
        site.write("weak.example", WEAK)
        customer.furnish({VICTIM + ".txt": HIS,
                          f"conf.d/{VICTIM}.txt": HIS})
        # Root's text, but the name is his choice.
        os.chown(customer.www / f"conf.d/{VICTIM}.txt", 0, 0)
        yield site
    customer.clean()


def picture(directory):
    """Names, owners, modes, times and contents of all that is in it."""
    found = {}
    for path in [directory, *sorted(directory.rglob("*"))]:
        it = path.lstat()
        found[str(path)] = (
            it.st_ino, it.st_mode, it.st_uid, it.st_gid, it.st_mtime_ns,
            os.readlink(path) if path.is_symlink() else
            path.read_bytes() if path.is_file() else None)
    return found


def acl(uid, bits):
    """An access list that gives one user these bits (acl(5), xattr form)."""
    entries = [(1, 6, 0xffffffff), (2, bits, uid), (4, 4, 0xffffffff),
               (16, 7, 0xffffffff), (32, 4, 0xffffffff)]
    return struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", tag, perm, who) for tag, perm, who in entries)


def grant(path, uid, bits=7):
    """What setfacl -m u:uid:rwx does."""
    try:
        os.setxattr(path, "system.posix_acl_access", acl(uid, bits))
    except OSError as error:
        pytest.skip(f"no access lists on this file system: {error}")


def lease(path):
    """Would make every open wait for a while."""
    fcntl.fcntl(os.open(path, os.O_RDONLY), fcntl.F_SETLEASE, fcntl.F_WRLCK)


def immutable(path):
    """chattr +i: the policy could not be changed any more."""
    fcntl.ioctl(os.open(path, os.O_RDONLY), 0x40086602, struct.pack("l", 16))


def mount_over(path):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"/tmp", os.fsencode(path), None, 4096, None):
        raise OSError(ctypes.get_errno(), "mount")


# What he tries, with the policy directory d, the victim's file f, his own
# text h, and the name of one that is not there yet n.
ATTEMPTS = {
    "write": lambda d, f, h, n: os.open(f, os.O_WRONLY),
    "append": lambda d, f, h, n: os.open(f, os.O_WRONLY | os.O_APPEND),
    "truncate": lambda d, f, h, n: os.truncate(f, 0),
    "create": lambda d, f, h, n: os.open(n, os.O_WRONLY | os.O_CREAT),
    "symbolic link": lambda d, f, h, n: os.symlink(h, n),
    "hard link": lambda d, f, h, n: os.link(h, n),
    "FIFO": lambda d, f, h, n: os.mkfifo(n),
    "rename over": lambda d, f, h, n: os.rename(h, f),
    "rename within": lambda d, f, h, n: os.rename(f, n),
    "rename away": lambda d, f, h, n: os.rename(f, h),
    "rename directory": lambda d, f, h, n: os.rename(d, d + ".old"),
    "rename parent": lambda d, f, h, n: os.rename(
        os.path.dirname(d), os.path.dirname(d) + ".old"),
    "remove": lambda d, f, h, n: os.unlink(f),
    "remove directory": lambda d, f, h, n: shutil.rmtree(d),
    "make directory": lambda d, f, h, n: os.mkdir(n),
    "chmod": lambda d, f, h, n: os.chmod(f, 0o666),
    "chmod directory": lambda d, f, h, n: os.chmod(d, 0o777),
    "chown": lambda d, f, h, n: os.chown(f, os.getuid(), -1),
    "times": lambda d, f, h, n: os.utime(f),
    "access list": lambda d, f, h, n: os.setxattr(
        f, "system.posix_acl_access", acl(os.getuid(), 6)),
    "lease": lambda d, f, h, n: lease(f),
    "immutable": lambda d, f, h, n: immutable(f),
    "mount": lambda d, f, h, n: mount_over(d),
    "lock": lambda d, f, h, n: os.open(d + "/.lock", os.O_RDONLY),
    "through an open directory": lambda d, f, h, n: os.open(
        VICTIM + ".txt", os.O_RDWR, dir_fd=os.open(d, os.O_RDONLY)),
    "through proc": lambda d, f, h, n: os.open(
        f"/proc/self/fd/{os.open(f, os.O_RDONLY)}", os.O_RDWR),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_conf_d_as_it_should_be(place, customer, attempt):
    """Each one fails, and nothing at all has changed."""
    assert command.run(place, "set", VICTIM, "--mode",
                       "enforce").returncode == 0
    before = picture(place.root)
    with pytest.raises(PermissionError):
        customer.call(ATTEMPTS[attempt], str(place.policies),
                      str(place.policies / f"{VICTIM}.txt"),
                      str(customer.www / f"{VICTIM}.txt"),
                      str(place.policies / "new.example.txt"))
    assert picture(place.root) == before


def test_second_name_of_a_policy(place, customer):
    """A hard link in his directory: the kernel refuses it, as Debian has it
    set; with one, made by root, he can do no more than without."""
    if Path("/proc/sys/fs/protected_hardlinks").read_text() != "1\n":
        pytest.skip("fs.protected_hardlinks is off")
    policy = place.policies / f"{VICTIM}.txt"
    with pytest.raises(PermissionError):
        customer.furnish({"link.txt": HardLink(policy)})
    os.link(policy, customer.www / "link.txt")
    for attempt in ("write", "truncate", "chmod", "access list"):
        with pytest.raises(PermissionError):
            customer.call(ATTEMPTS[attempt], "", str(customer.www /
                                                     "link.txt"), "", "")
    customer.call(os.unlink, customer.www / "link.txt")
    check(cgi.run(place, VALUES), 200, POLICY_WIRE)


# Mistakes with a policy. Each lets him in, which he then shows, and the text
# is refused. s is the site, c the customer, f the victim's file.

def overwrite(f):
    Path(f).write_bytes(HIS)


def open_mode(s, c, f):
    f.chmod(0o666)
    c.call(overwrite, f)


def group_mode(s, c, f):
    os.chown(f, 0, c.gid)
    f.chmod(0o664)
    c.call(overwrite, f)


def given_away(s, c, f):
    os.chown(f, c.uid, c.gid)
    c.call(overwrite, f)


def access_list(s, c, f):
    grant(f, c.uid, 6)
    c.call(overwrite, f)


def moved_in(s, c, f):
    os.rename(c.www / f"{VICTIM}.txt", f)


def hard_link(s, c, f):
    f.unlink()
    os.link(c.www / f"{VICTIM}.txt", f)


def symbolic_link(s, c, f):
    f.unlink()
    f.symlink_to(c.www / f"{VICTIM}.txt")


def link_through_his(s, c, f):
    """A directory of his in conf.d, and a link into that."""
    os.rename(c.www / "conf.d", s.policies / "his")
    f.unlink()
    f.symlink_to(f"his/{VICTIM}.txt")


def link_to_link(s, c, f):
    """Beside it, and on from there to his."""
    f.unlink()
    f.symlink_to("_shared.txt")
    (s.policies / "_shared.txt").symlink_to(c.www / f"{VICTIM}.txt")


def shared_of_his(s, c, f):
    os.rename(c.www / f"{VICTIM}.txt", s.policies / "_shared.txt")
    f.unlink()
    f.symlink_to("_shared.txt")


def fifo_of_his(s, c, f):
    f.unlink()
    c.call(os.mkfifo, c.www / "fifo")
    os.rename(c.www / "fifo", f)


FILE_MISTAKES = [
    (open_mode, "0666"), (group_mode, "0664"), (given_away, "uid {c.uid}"),
    (access_list, "its group"), (moved_in, "uid {c.uid}"),
    (hard_link, "uid {c.uid}"), (symbolic_link, "leaves its directory"),
    (link_through_his, "leaves its directory"), (link_to_link, "another link"),
    (shared_of_his, "uid {c.uid}"), (fifo_of_his, "no regular file")]


@pytest.mark.parametrize("mistake, finding", FILE_MISTAKES, ids=[
    mistake.__name__ for mistake, _ in FILE_MISTAKES])
def test_mistake_with_a_policy(place, customer, mistake, finding):
    """500, the path and the reason in the log, and not a byte of his."""
    policy = place.policies / f"{VICTIM}.txt"
    with Responder(place) as responder:
        check(fastcgi.ask(responder.socket, VALUES), 200, POLICY_WIRE)
        mistake(place, customer, policy)
        answer = cgi.run(place, VALUES)
        check(fastcgi.ask(responder.socket, VALUES), 500)
        check(answer, 500)
        pattern = (rf"{VICTIM}: {re.escape(str(policy))}: error: .*"
                   + finding.format(c=customer))
        for log in (answer.log, responder.log()):
            assert re.search(pattern, log), log
        # The others do not suffer.
        check(fastcgi.ask(responder.socket, variables(
            "mta-sts.weak.example")), 200, wire(mode="none", mx=()))


def test_chown_takes_nothing_back(place, customer):
    """
    What nobody can see, as the README says: a file that was his, and was made
    root's, is still open to him. So make no policy by chown: import writes a
    new file.
    """
    theirs = customer.www / "theirs"
    customer.furnish({"theirs": source(max_age=86400)})
    writer = customer.start(["sh", "-c", "exec 3<>theirs; echo; cat >&3"],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    writer.stdout.readline()
    done = command.run(place, "import", theirs, "--domain", "in.example")
    assert done.returncode == 0, done
    os.chown(theirs, 0, 0)
    os.rename(theirs, place.policies / "chowned.example.txt")
    writer.communicate(source(max_age=77777))
    for name, age in (("in", 86400), ("chowned", 77777)):
        answer = cgi.run(place, variables(f"mta-sts.{name}.example"))
        check(answer, 200, wire(max_age=age))


# Mistakes with a directory: s the site, c the customer. Each returns the path
# to blame, and shows that he can use it.

def swap(a, b):
    os.rename(a, str(a) + ".old")
    os.rename(b, a)


def open_directory(s, c):
    s.policies.chmod(0o777)
    c.call(os.rename, s.policies / "weak.example.txt",
           s.policies / f"{VICTIM}.txt")
    return s.policies


def group_directory(s, c):
    os.chown(s.policies, 0, c.gid)
    s.policies.chmod(0o2775)
    c.call(os.rename, s.policies / "weak.example.txt",
           s.policies / f"{VICTIM}.txt")
    return s.policies


def listed_directory(s, c):
    grant(s.policies, c.uid)
    c.call(os.rename, s.policies / "weak.example.txt",
           s.policies / f"{VICTIM}.txt")
    return s.policies


def his_directory(s, c):
    os.chown(s.policies, c.uid, c.gid)
    c.call(os.unlink, s.policies / f"{VICTIM}.txt")
    c.call(os.symlink, "weak.example.txt", s.policies / f"{VICTIM}.txt")
    return s.policies


def linked_to_his(s, c):
    s.policies.rename(s.root / "old")
    s.policies.symlink_to(c.www / "conf.d")
    return c.home


def his_parent(s, c):
    os.chown(s.root, c.uid, c.gid)
    c.call(swap, s.policies, c.www / "conf.d")
    return s.root


def through_his(s, c):
    """A tree of root's, but for one directory on the way."""
    way = s.root / "a"
    way.mkdir()
    way.chmod(0o755)
    s.policies.rename(way / "conf.d")
    s.policies.symlink_to("a/conf.d")
    os.chown(way, c.uid, c.gid)
    c.call(swap, way / "conf.d", c.www / "conf.d")
    return way


DIRECTORY_MISTAKES = [open_directory, group_directory, listed_directory,
                      his_directory, linked_to_his, his_parent, through_his]


@pytest.mark.parametrize("mistake", DIRECTORY_MISTAKES)
def test_mistake_with_a_directory(place, customer, mistake):
    """
    Made while it serves: it leaves soon (within a second, on a machine that is
    not busy), and does not start again; it never has his text, and after that
    not even root's own text in another's name.
    """
    seen = set()
    with Responder(place) as responder:
        blamed = mistake(place, customer)

        def left():
            if responder.process.poll() is None:
                answer = cgi.run(place, VALUES)
                assert answer.status == 500 and b"STSv1" not in answer.raw
                with fastcgi.Connection(responder.socket, 0.5) as connection:
                    try:
                        seen.add(connection.ask(VALUES).body)
                    except (fastcgi.Closed, OSError):
                        pass
            return responder.process.poll() is not None
        wait_for(left, 5)
        assert responder.wait() == 0
        assert not any(str(HIS_AGE).encode() in body for body in seen), seen
        responder.start()
        assert responder.wait(5) == 1
        log = responder.log()
    assert re.search(rf"{re.escape(str(blamed))}: error: ", log), log


def test_denied_but_not_by_mode(place, customer):
    """An access list that lets him read alone is no mistake."""
    grant(place.policies / f"{VICTIM}.txt", customer.uid, 4)
    (place.policies / f"{VICTIM}.txt").chmod(0o644)
    with pytest.raises(PermissionError):
        customer.call(overwrite, place.policies / f"{VICTIM}.txt")
    check(cgi.run(place, VALUES), 200, POLICY_WIRE)
