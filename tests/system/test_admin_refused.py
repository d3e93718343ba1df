"""
The verbs that write where the system refuses: a full disk, a read-only one, and
directories that are somebody else's. What is written belongs to the policies'
owner, and anybody can read it.
"""

import os
import subprocess

import pytest

from command import COMMAND, DONE, SYSTEM, configure, run
from harness import Site, environment, source
from writing import OLD, SET, files, history, written


@pytest.fixture(name="site")
def _site():
    with written() as site:
        yield site


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
def test_somebody_else_sees_nothing(site):
    """That there are no policies would be another thing."""
    site.policies.chmod(0o700)
    done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534",
                           "--clear-groups", COMMAND, "list"], timeout=60,
                          env=environment({"MTA_STS_CONF": site.settings}),
                          capture_output=True, text=True, check=False)
    assert done.returncode == SYSTEM, done
    assert "cannot be listed: Permission denied" in done.stderr
    assert "no such policies" not in done.stderr


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
