"""Many writers at once: each change is made, and each is in the history."""

import collections
import fcntl
import subprocess
import time

import pytest

from command import COMMAND, DONE, configure, run
from harness import Site, environment, source, wait_for

WRITERS = 8


@pytest.fixture(name="site")
def _site():
    with Site() as site:
        configure(site)
        yield site


def together(site, commands):
    """Runs them all at once; their results in order."""
    env = environment({"MTA_STS_CONF": str(site.settings)})
    running = [subprocess.Popen([COMMAND, *command], env=env, text=True,
                                stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)
               for command in commands]
    outputs = [process.communicate(timeout=120) for process in running]
    assert all(process.returncode == DONE for process in running), outputs
    return outputs


def history(site):
    lines = (site.root / "state" / "history").read_text().splitlines()
    assert all(line.count(" ") == 4 for line in lines)
    return [line.split() for line in lines]


def test_different_domains(site):
    domains = [[f"d{number}.w{writer}.example" for number in range(25)]
               for writer in range(WRITERS)]
    together(site, [["add", "--mx", f"mx{writer}.example", "--quiet", *names]
                    for writer, names in enumerate(domains)])
    for writer, names in enumerate(domains):
        for name in names:
            assert (site.policies / f"{name}.txt").read_bytes() == source(
                "testing", [f"mx{writer}.example"], 604800)
    noted = [line[1] for line in history(site)]
    assert sorted(noted) == sorted(name for names in domains for name in names)


def test_the_same_domain(site):
    """Each adds what is its own: a lost update would lose one of them."""
    run(site, "add", "example.com", "--mx", "mx.example")
    rounds = 5
    for number in range(rounds):
        together(site, [["set", "example.com", "--add-mx",
                         f"mx{number}.w{writer}.example"]
                        for writer in range(WRITERS)])
    text = (site.policies / "example.com.txt").read_text()
    assert text.count("mx: ") == 1 + rounds * WRITERS
    for number in range(rounds):
        for writer in range(WRITERS):
            assert f"mx: mx{number}.w{writer}.example\n" in text
    ids = [line[2] for line in history(site)]
    assert len(ids) == len(set(ids)) == 1 + rounds * WRITERS
    assert ids[-1] == run(site, "id", "example.com").stdout.strip()


def test_one_of_them_adds(site):
    """All add the same domain: one does, the others find it there."""
    outputs = together(site, [["add", "example.com", "--mx", "mx.example"]
                              for _ in range(WRITERS)])
    words = collections.Counter(
        "already" if "already so" in errors else "added"
        for _, errors in outputs)
    assert words == {"added": 1, "already": WRITERS - 1}
    assert len(history(site)) == 1


def test_writers_and_killed_writers(site):
    """Some are killed in the middle; the others neither wait nor fail."""
    run(site, "add", "example.com", "--mx", "mx.example")
    env = environment({"MTA_STS_CONF": str(site.settings)})
    for number in range(20):
        doomed = subprocess.Popen(
            [COMMAND, "set", "example.com", "--add-mx",
             f"doomed{number}.example"], env=env, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.0005 * number)
        doomed.kill()
        together(site, [["set", "example.com", "--add-mx",
                         f"mx{number}.w{writer}.example"]
                        for writer in range(2)])
        doomed.wait()
    text = (site.policies / "example.com.txt").read_text()
    for number in range(20):
        for writer in range(2):
            assert f"mx: mx{number}.w{writer}.example\n" in text
    assert {path.name for path in site.policies.iterdir()} <= {
        "example.com.txt", ".lock"}


def test_the_lock_is_waited_for(site):
    site.write("example.com", source())
    lock = site.policies / ".lock"
    with open(lock, "w", encoding="ascii") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        process = subprocess.Popen(
            [COMMAND, "set", "example.com", "--mode", "none"],
            env=environment({"MTA_STS_CONF": str(site.settings)}),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        try:
            wait_for(lambda: f" {lock.stat().st_ino} " in waiting())
            assert process.poll() is None
            assert (site.policies / "example.com.txt").read_bytes() == source()
        finally:
            fcntl.flock(held, fcntl.LOCK_UN)
        process.communicate(timeout=60)
    assert process.returncode == DONE
    assert b"mode: none" in (site.policies / "example.com.txt").read_bytes()


def waiting():
    """The inodes that somebody waits for a lock on, between spaces."""
    with open("/proc/locks", encoding="ascii") as locks:
        return " " + " ".join(line.split()[6].rsplit(":", 1)[1]
                              for line in locks if "->" in line) + " "


def test_readers_do_not_wait(site):
    site.write("example.com", source())
    run(site, "set", "example.com", "--mode", "testing")
    with open(site.policies / ".lock", "w", encoding="ascii") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        for args in (("history", "example.com"), ("id", "example.com"),
                     ("set", "example.com", "--mode", "none", "--dry-run")):
            assert run(site, *args).returncode == DONE
