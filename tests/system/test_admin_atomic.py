"""
The verbs that write, interrupted: by a kill at each system call in turn, by a
full disk, a read-only one, and a directory that is somebody else's. What was
there before, or what was to be there after, is there; never anything else.
"""

import collections
import os
import re
import shutil
import subprocess

import pytest

from command import COMMAND, DONE, FINDINGS, SYSTEM, configure, run
from harness import Site, environment, source

OLD = source("testing", ["mx1.example.com"], 86400)
NEW = source("enforce", ["mx1.example.com"], 604800)
NONE = source("none", [], 86400)
SET = ("set", "example.com", "--mode", "enforce", "--max-age", "7d")

STRACE = shutil.which("strace")
needs_strace = pytest.mark.skipif(STRACE is None, reason="strace is missing")

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \S+ \S+ \S+ \S+")

# Nothing that the command does for its policies goes through these, and they
# are many.
HARMLESS = {"mmap", "munmap", "mprotect", "brk", "execve", "arch_prctl",
            "exit_group", "rt_sigaction", "rt_sigprocmask", "getrandom",
            "set_tid_address", "set_robust_list", "rseq", "prlimit64",
            "ioctl", "geteuid", "alarm"}


@pytest.fixture(name="site")
def _site():
    with Site() as site:
        configure(site)
        site.write("example.com", OLD)
        yield site


def files(site):
    """What the directory has but for the lock: name to bytes or target."""
    return {path.name: os.readlink(path) if path.is_symlink()
            else path.read_bytes()
            for path in site.policies.iterdir() if path.name != ".lock"}


def served(site):
    """The same without a draft, links followed: what requests would see."""
    return {path.name: path.read_bytes() for path in site.policies.iterdir()
            if not path.name.startswith(".")}


def history(site):
    """The lines of the history file."""
    path = site.root / "state" / "history"
    return path.read_text().splitlines() if path.exists() else []


def trace(site, args, *options):
    """The command under strace: exit status, and what strace wrote."""
    log = site.root / "strace"
    done = subprocess.run(
        [STRACE, "-qq", "-o", log, *options, COMMAND, *args],
        env=environment({"MTA_STS_CONF": str(site.settings)}),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        check=False)
    return done, log.read_text()


def calls(site, args):
    """How often the command makes each system call; it really runs."""
    done, log = trace(site, args)
    assert done.returncode == DONE, done.stderr
    counts = collections.Counter(re.findall(r"^(\w+)\(", log, re.MULTILINE))
    return [(name, number + 1) for name, count in sorted(counts.items())
            if name not in HARMLESS for number in range(count)]


def each_kill(prepare, args):
    """
    Kills the command on entering each of its system calls, every time on a
    site of its own, and yields the site.
    """
    with Site() as site:
        prepare(site)
        points = calls(site, args)
    names = {name for name, _ in points}
    assert {"fsync", "flock", "write"} <= names and len(points) > 50, names
    for name, number in points:
        with Site() as site:
            prepare(site)
            done, log = trace(site, args, "-e",
                              f"inject={name}:signal=SIGKILL:when={number}")
            assert done.returncode == -9, (name, number, done)
            assert "killed by SIGKILL" in log
            yield f"{name} {number}", site


def check_end(site, where, args, end):
    """The same command once more makes all well, and a third one nothing."""
    again = run(site, *args)
    assert again.returncode == DONE, (where, again)
    assert files(site) == end, where
    assert all(LINE.fullmatch(line) for line in history(site)), where
    third = run(site, *args)
    assert third.returncode == DONE and files(site) == end, (where, third)


@needs_strace
def test_kill_set():
    def prepare(site):
        configure(site)
        site.write("example.com", OLD)
        site.write("example.net", OLD)

    seen, drafts = set(), set()
    for where, site in each_kill(prepare, SET):
        now = served(site)
        assert now.pop("example.net.txt") == OLD, where
        assert set(now) == {"example.com.txt"}, where
        assert now["example.com.txt"] in (OLD, NEW), where
        mode = (site.policies / "example.com.txt").stat().st_mode & 0o7777
        assert mode == 0o644, where
        seen.add(now["example.com.txt"])
        drafts |= {name for name in files(site) if name.startswith(".")}
        check_end(site, where, SET, {"example.com.txt": NEW,
                                     "example.net.txt": OLD})
    # That such a file was seen at all, so that its going was.
    assert seen == {OLD, NEW} and drafts == {".mta-sts.new"}


@needs_strace
def test_kill_alias():
    args = ("alias", "alias.example", "other.example")

    def prepare(site):
        configure(site)
        site.write("example.com", OLD)
        site.write("other.example", NEW)
        site.alias("alias.example", "example.com")

    for where, site in each_kill(prepare, args):
        now = served(site)
        assert set(now) == {"example.com.txt", "other.example.txt",
                            "alias.example.txt"}, where
        assert now["alias.example.txt"] in (OLD, NEW), where
        check_end(site, where, args,
                  {"example.com.txt": OLD, "other.example.txt": NEW,
                   "alias.example.txt": "other.example.txt"})


@needs_strace
def test_kill_rename():
    args = ("rename", "example.com", "new.example")

    def prepare(site):
        configure(site)
        site.write("example.com", OLD)
        for name in ("a.example", "b.example"):
            site.alias(name, "example.com")

    for where, site in each_kill(prepare, args):
        now = served(site)
        assert {OLD} <= set(now.values()) <= {OLD, NONE}, where
        assert now["example.com.txt"] == OLD or "new.example.txt" in now, where
        assert {"a.example.txt", "b.example.txt"} < set(now), where
        check_end(site, where, args,
                  {"new.example.txt": OLD, "a.example.txt": "new.example.txt",
                   "b.example.txt": "new.example.txt",
                   "example.com.txt": NONE})


@needs_strace
def test_kill_rename_that_leaves_nothing():
    args = ("rename", "example.com", "new.example")

    def prepare(site):
        configure(site)
        site.write("example.com", NONE)
        site.alias("a.example", "example.com")

    for where, site in each_kill(prepare, args):
        now = served(site)
        assert set(now.values()) == {NONE}, where
        assert "a.example.txt" in now and len(now) >= 2, where
        check_end(site, where, args, {"new.example.txt": NONE,
                                      "a.example.txt": "new.example.txt"})
        modes = [line.split()[3] for line in history(site)
                 if line.split()[1] == "example.com"]
        assert modes[-1] == "removed" and "renamed" in modes, (where, modes)


@needs_strace
@pytest.mark.parametrize("call, args", [
    ("renameat", SET), ("renameat", ("alias", "a.example", "other.example")),
    ("linkat", ("rename", "example.com", "new.example")),
    ("unlinkat", ("remove", "--force", "example.com")),
    ("renameat", ("retire", "example.com")),
    ("renameat", ("import", "--domain", "new.example"))],
    ids=lambda value: value if isinstance(value, str) else value[0])
def test_what_failed_is_not_in_the_history(site, call, args):
    """Neither is what it would have replaced, though nobody noted that."""
    run(site, "add", "other.example", "--mx", "mx.example.com")
    site.alias("a.example", "example.com")
    if args[0] == "import":
        (site.root / "mta-sts.txt").write_bytes(NEW)
        args = (*args, site.root / "mta-sts.txt")
    if args[0] in ("remove", "retire"):  # not before their aliases
        (site.policies / "a.example.txt").unlink()
    before, lines = files(site), history(site)
    done, log = trace(site, args, "-e", f"inject={call}:error=EPERM")
    assert "(INJECTED)" in log
    assert done.returncode == SYSTEM, done
    assert (files(site), history(site)) == (before, lines)


@needs_strace
def test_a_kill_is_known_to_the_history():
    """
    Whatever a killed `set` put in place, the next change leaves no policy
    unaccounted for: removal waits for the longest one that was ever served.
    """
    def prepare(site):
        configure(site)
        assert run(site, "add", "hosted.example", "--mx", "mx.example.com",
                   "--max-age", "1d").returncode == DONE

    args = ("set", "hosted.example", "--max-age", "300d")
    for where, site in each_kill(prepare, args):
        long = b"25920000" in served(site)["hosted.example.txt"]
        assert run(site, "retire", "hosted.example").returncode == DONE
        refused = run(site, "remove", "hosted.example")
        assert refused.returncode == FINDINGS, where
        until = re.search(r"until (\d{4}-\d\d-\d\d)", refused.stderr)[1]
        days = subprocess.run(["date", "-u", "-d", "+200 days", "+%F"],
                              capture_output=True, text=True, check=True)
        assert (until > days.stdout) == long, (where, until)


@needs_strace
def test_the_order(site):
    """On the disk before it has its name, and its name after that."""
    done, log = trace(site, SET, "-y", "-e", "trace=openat,write,fchmod,fsync,"
                      "renameat,rename,renameat2,flock,unlinkat")
    assert done.returncode == DONE, done
    steps = [re.escape(".lock") + ">, LOCK_EX", r"openat.*\.mta-sts\.new.*0600",
             r"write.*\.mta-sts\.new>", r"fchmod.*\.mta-sts\.new>, 0644",
             r"fsync.*\.mta-sts\.new>", r"renameat.*\"example\.com\.txt\"",
             r"fsync.*/conf\.d>", r"write.*/history>", r"fsync.*/history>"]
    at = 0
    for step in steps:
        found = re.compile(f"^.*{step}.*$", re.MULTILINE).search(log, at)
        assert found, (step, log)
        at = found.end()
    assert len(re.findall(r"renameat\(\d+<\S+/conf\.d>", log)) == 1


NAMESPACE = ["unshare", "-m", "--propagation", "private"]


def full(site, text):
    """Runs shell text in a mount namespace of its own."""
    if subprocess.run([*NAMESPACE, "true"], stderr=subprocess.DEVNULL,
                      check=False).returncode != 0:
        pytest.skip("no mount namespaces here: a container or a chroot")
    return subprocess.run(
        [*NAMESPACE, "sh", "-c", text, "sh", COMMAND, site.root],
        env=environment({"MTA_STS_CONF": str(site.settings)}),
        capture_output=True, text=True, timeout=60, check=False)


MOUNT = """
cp -a "$2/conf.d" "$2/kept" && mount -t tmpfs -o size=64k,mode=755 \
    none "$2/conf.d" && cp -a "$2/kept/." "$2/conf.d/" || exit 99
"""


@pytest.mark.root
def test_no_space(site):
    policy = site.policies / "example.com.txt"
    done = full(site, MOUNT + f"""
        "$1" set example.com --max-age 2d || exit 98
        cat /dev/zero >"$2/conf.d/filler" 2>/dev/null
        "$1" set example.com --mode enforce
        echo "exit $?"
        cat {policy}
        ls -A "$2/conf.d"
        rm "$2/conf.d/filler"
        "$1" set example.com --mode enforce --quiet && cat {policy}
    """)
    first = source("testing", ["mx1.example.com"], 172800).decode()
    assert done.stdout == (
        "exit 3\n" + first + ".lock\nexample.com.txt\nfiller\n" +
        first.replace("testing", "enforce")), done
    assert "No space left on device" in done.stderr
    assert policy.read_bytes() == OLD


@pytest.mark.root
def test_no_space_for_the_history(site):
    """The policy is not touched when the history has no room to begin with."""
    state = site.root / "state"
    state.mkdir(mode=0o755)
    done = full(site, """
        mount -t tmpfs -o size=4k,nr_inodes=1,mode=755 none "$2/state" &&
        "$1" set example.com --mode enforce; echo "exit $?"
    """)
    assert done.stdout == "exit 3\n", done
    assert "history: " in done.stderr
    assert files(site) == {"example.com.txt": OLD}


@pytest.mark.root
def test_no_space_for_the_line(site):
    """In place and not noted: that is told, and the next one makes up for it."""
    assert run(site, "set", "example.com", "--max-age", "2d"
               ).returncode == DONE
    noted = history(site)[-1] + "\n"
    # Of a length at which the next line needs a block that there is not.
    filler = site.root / "filler"
    filler.write_text("#" * (4095 - len(noted)) + "\n" + noted)
    done = full(site, """
        mount -t tmpfs -o size=4k,mode=755 none "$2/state" &&
        cat "$2/filler" >"$2/state/history" || exit 99
        "$1" set example.com --mode enforce --max-age 7d; echo "exit $?"
        : >"$2/state/history"
        "$1" set example.com --mode testing --quiet; echo "exit $?"
        cut -d ' ' -f 4- "$2/state/history"
    """)
    assert done.stdout == ("exit 3\nexit 0\nunknown 31557600\n"
                           "testing 604800\n"), done
    assert "No space left on device" in done.stderr
    assert "example.com: changed, but not noted in the history" in done.stderr
    assert files(site) == {"example.com.txt": source(
        "testing", ["mx1.example.com"], 604800)}


@pytest.mark.root
def test_read_only(site):
    done = full(site, """
        mount --bind "$2/conf.d" "$2/conf.d" &&
        mount -o remount,bind,ro "$2/conf.d" &&
        "$1" set example.com --mode enforce; echo "exit $?"
    """)
    assert done.stdout == "exit 3\n", done
    assert "Read-only file system" in done.stderr
    assert files(site) == {"example.com.txt": OLD}


@pytest.mark.root
def test_somebody_else(site):
    """nobody may look and not touch."""
    env = environment({"MTA_STS_CONF": str(site.settings)})
    done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534",
                           "--clear-groups", COMMAND, *SET], env=env,
                          capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == SYSTEM, done
    assert "Permission denied" in done.stderr
    assert files(site) == {"example.com.txt": OLD}
    assert not (site.root / "state").exists()


@pytest.mark.root
def test_root_writes_for_the_owner():
    """Files, lock and history are the owner's, who then writes, too."""
    with Site() as site:
        configure(site)
        text = site.settings.read_text()
        site.settings.write_text(text.replace('owner = "root"',
                                              'owner = "65534"'))
        os.chown(site.policies, 65534, 65534)
        args = ("add", "example.com", "--mx", "mx.example.com")
        assert run(site, *args).returncode == DONE
        assert run(site, "alias", "a.example", "example.com"
                   ).returncode == DONE
        made = [*site.policies.iterdir(), site.root / "state",
                site.root / "state" / "history"]
        assert {path.name for path in made} == {
            "example.com.txt", "a.example.txt", ".lock", "state", "history"}
        for path in made:
            assert path.lstat().st_uid == 65534, path
        assert (site.policies / ".lock").stat().st_mode & 0o777 == 0o600
        done = subprocess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
             COMMAND, *SET], capture_output=True, text=True, timeout=60,
            env=environment({"MTA_STS_CONF": str(site.settings)}),
            check=False)
        assert done.returncode == DONE, done


@pytest.mark.root
def test_no_link_of_the_owner_leads_root_astray():
    """The parent of the state is the owner's: what he put there stays his."""
    with Site() as site, Site() as other:
        configure(site)
        text = site.settings.read_text()
        site.settings.write_text(text.replace('owner = "root"',
                                              'owner = "65534"'))
        victim = other.root / "victim"
        victim.write_text("secret\n")
        victim.chmod(0o600)
        for path in (site.root, site.policies):
            os.chown(path, 65534, 65534)
        (site.root / "state.new").symlink_to(victim)
        args = ("add", "example.com", "--mx", "mx.example.com")
        done = run(site, *args)
        assert done.returncode == SYSTEM and "cannot be made" in done.stderr
        assert victim.stat().st_mode & 0o777 == 0o600
        assert victim.stat().st_uid == 0
        (site.root / "state.new").unlink()
        (site.root / "state.new").mkdir()
        assert run(site, *args).returncode == DONE
        assert (site.root / "state").stat().st_uid == 65534


def test_others_may_not_write_beside_the_state(site):
    place = site.root / "open"
    place.mkdir()
    place.chmod(0o775)
    text = site.settings.read_text()
    site.settings.write_text(text.replace(f"{site.root}/state",
                                          f"{place}/state"))
    done = run(site, *SET)
    assert done.returncode == SYSTEM and "writable by its group" in done.stderr
    assert not list(place.iterdir())


@pytest.mark.root
def test_the_owner_gets_nothing_else():
    """Root gives away and opens up what it has made, no file put there."""
    with Site() as site:
        configure(site)
        text = site.settings.read_text()
        site.settings.write_text(text.replace('owner = "root"',
                                              'owner = "65534"'))
        (site.root / "state").mkdir(mode=0o755)
        for path in (site.policies, site.root / "state"):
            os.chown(path, 65534, 65534)
        (site.policies / ".lock").write_text("secret\n")
        (site.root / "state" / "history").write_text("secret\n")
        for path in (site.policies / ".lock", site.root / "state/history"):
            path.chmod(0o600)
        run(site, "add", "example.com", "--mx", "mx.example.com")
        for path in (site.policies / ".lock", site.root / "state/history"):
            assert path.stat().st_uid == 0, path
            assert path.stat().st_mode & 0o777 == 0o600, path


@needs_strace
@pytest.mark.root
def test_kill_the_first_one():
    """The lock and the history are the owner's whenever root was killed."""
    args = ("add", "example.com", "--mx", "mx1.example.com", "--mode",
            "testing", "--max-age", "1d")

    def prepare(site):
        configure(site)
        text = site.settings.read_text()
        site.settings.write_text(text.replace('owner = "root"',
                                              'owner = "65534"'))
        os.chown(site.policies, 65534, 65534)

    for where, site in each_kill(prepare, args):
        assert set(served(site)) <= {"example.com.txt"}, where
        check_end(site, where, args, {"example.com.txt": OLD})
        for path, mode in ((site.policies / "example.com.txt", 0o644),
                           (site.policies / ".lock", 0o600),
                           (site.root / "state", 0o755),
                           (site.root / "state" / "history", 0o644)):
            assert path.stat().st_uid == 65534, (where, path)
            assert path.stat().st_mode & 0o7777 == mode, (where, path)
        assert not (site.root / "state.new").exists(), where


def test_umask_is_no_matter(site):
    before = os.umask(0o077)
    try:
        assert run(site, *SET).returncode == DONE
        assert run(site, "add", "b.example", "--mx", "m.example.com"
                   ).returncode == DONE
    finally:
        os.umask(before)
    for path in (*site.policies.glob("*.txt"), site.root / "state/history"):
        assert path.stat().st_mode & 0o777 == 0o644, path
    assert (site.root / "state").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("args", [
    SET, ("add", "new.example", "--mx", "mx.example.com"),
    ("alias", "new.example", "example.com"),
    ("rename", "example.com", "new.example"), ("retire", "example.com"),
    ("remove", "example.com", "--force")], ids=lambda args: args[0])
def test_dry_run_writes_nothing(site, args):
    done = run(site, *args, "--dry-run")
    assert done.returncode == DONE, done
    assert {path.name for path in site.policies.iterdir()} == {
        "example.com.txt"}
    assert files(site) == {"example.com.txt": OLD}
    assert {path.name for path in site.root.iterdir()} == {
        "conf.d", "mta-sts.conf"}
