"""
HAProxy before three machines, of which one is killed, cut off, emptied or old
while clients go on asking, and to which policies are replicated as the README
says; and what mta-sts verify tells of all that.
"""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest

import fastcgi
from command import COMMAND, DONE, FINDINGS
from harness import (POLICY, POLICY_WIRE, TOP, Site, environment, source,
                     wait_for, wire)

sys.path.insert(0, str(TOP / "tests"))

from lab import machines as machines_of  # noqa: E402
from lab.balancer import CHECKED, Balancer, Load  # noqa: E402
from lab.hostiledns import HostileDns, address, text  # noqa: E402
from lab.machines import PORT, machines  # noqa: E402

WHY_NOT = machines_of.why_not()
if not WHY_NOT and not (Balancer.path() and shutil.which("rsync")):
    WHY_NOT = "haproxy or rsync not installed: make deps"
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=str(WHY_NOT))

README = (TOP / "README.md").read_text()
# Its steps of "Many machines".
COPY, REPLICATE, AGREE, LOOK, PULL = range(5)

# Equally long, with no line in common, and long enough to be seen half-written.
VERSIONS = [(mode, [f"{mode}{i}.example.com" for i in range(600)], 604800)
            for mode in ("enforce", "testing")]


def furnish(machine):
    for domain in ("example.com", CHECKED):
        machine.site.write(domain, POLICY)
    machine.site.alias("example.org", "example.com")


def id_of(policy):
    """The id of what is served, which is the canonical text."""
    return hashlib.sha256(policy).hexdigest()[:32]


def looked_at(console, front, status=DONE):
    """What verify says on the first machine, its lines joined."""
    shutil.copy(front.root / "authority" / "authority.pem",
                console.directory / "trusted.pem")
    records = {
        "example.com": [],
        "_mta-sts.example.com": [text(
            f"v=STSv1; id={id_of(POLICY_WIRE)};".encode())],
        "mta-sts.example.com": [address("127.0.0.1")]}
    with HostileDns(records):
        told = console.type(front.machines[0], LOOK, status)
    assert told.startswith("example.com: "), told
    return " ".join(told.split())


def steps():
    """What the README's section says to type, each as a text."""
    section = README.partition("\n## Many machines\n")[2]
    return re.findall(r"^ *```console\n(.*?)^ *```$",
                      section.partition("\n## ")[0], re.M | re.S)


class Console:
    """
    What somebody types on a machine, from the README, with a ssh that leads to
    the others: the paths on them are those of their sites. verify knows the
    name server, and whom to trust.
    """

    def __init__(self, them, directory):
        self.directory = directory
        (directory / "mta-sts").write_text(f"""#!/bin/sh
case $1 in
verify) shift; set -- verify --resolver 127.0.0.1 \\
    --ca-file {directory}/trusted.pem --timeout 5s "$@" ;;
esac
exec {COMMAND} "$@"
""")
        (directory / "mta-sts").chmod(0o755)
        ssh = directory / "ssh"
        ssh.write_text("#!/bin/sh\ncase $1 in\n" + "".join(
            f"{it.name}) root={it.site.root};;\n" for it in them) + "esac\n"
            'shift\nexport MTA_STS_CONF="$root/mta-sts.conf"\n'
            'exec sh -c "$(echo "$*" | sed "s,/etc/mta-sts/,$root/,g")"\n')
        ssh.chmod(0o755)

    def type(self, machine, step, status=DONE):
        """What that prints; it must end so."""
        root = machine.site.root
        done = subprocess.run(
            ["sh", "-euc", re.sub("(?<!:)(/etc/mta-sts|(?=/srv/))", str(root),
                                  steps()[step])], text=True, timeout=60,
            stdin=subprocess.DEVNULL, capture_output=True, check=False,
            env=environment({"PATH": f"{self.directory}:{os.environ['PATH']}",
                             "MTA_STS_CONF": str(machine.site.settings)}))
        assert (done.returncode, done.stderr) == (status, ""), done
        return done.stdout


class Repository:
    """Of git, with the policies of furnish()."""

    def __init__(self, path):
        self._path = path
        self._git("init", "--quiet", str(path))
        (path / f"{CHECKED}.txt").write_bytes(POLICY)
        (path / "example.org.txt").symlink_to("example.com.txt")

    @staticmethod
    def _git(*args):
        subprocess.run(["git", *args], check=True, timeout=60, env=environment({
            f"GIT_{who}_{what}": "test" for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")}))

    def clone(self, path):
        self._git("clone", "--quiet", str(self._path), str(path))

    def commit(self, text):
        (self._path / "example.com.txt").write_bytes(text)
        self._git("-C", str(self._path), "add", "--all")
        self._git("-C", str(self._path), "commit", "--quiet",
                  "--message", "policies")


@pytest.fixture(scope="module")
def front():
    with machines(furnish) as them, Site() as site, \
            Balancer(site, them) as server:
        yield server


def test_where_the_readme_puts_it():
    (copy,) = steps()[COPY].splitlines()
    command, shipped, place = copy.split()
    assert (command, shipped) == ("cp", "/usr/share/mta-sts/haproxy.cfg")
    head = (TOP / "cgi-bin/haproxy.cfg").read_text().partition("\n\n")[0]
    assert f"Where:  {place}," in head and f"-f {place}" in head


def test_one_is_killed(front):
    machine = front.machines[1]
    with Load(front):
        time.sleep(0.3)
        machine.kill()
        front.wait_for(machine, False)
        machine.revive()
        front.wait_for(machine, True)


def test_its_supervisor_starts_it_again(front):
    machine = front.machines[2]
    with Load(front):
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP) * 2:
            machine.responder.stop(number)
            time.sleep(0.1)
            machine.start()
            time.sleep(0.1)


def test_one_is_cut_off_and_one_hangs(front):
    _, cut, hung = front.machines
    with Load(front):
        time.sleep(0.3)
        cut.cut()
        hung.responder.process.send_signal(signal.SIGSTOP)
        front.wait_for(cut, False)
        front.wait_for(hung, False)
        cut.join()
        hung.responder.process.send_signal(signal.SIGCONT)
        front.wait_for(cut, True)
        front.wait_for(hung, True)


def test_policies_are_gone(front):
    machine = front.machines[1]
    with Load(front):
        time.sleep(0.3)
        shutil.rmtree(machine.site.policies)
        assert machine.responder.wait() == 0
        machine.start()     # as systemd does, in vain
        front.wait_for(machine, False)
        machine.site.policies.mkdir(mode=0o755)
        furnish(machine)
        machine.start()
        front.wait_for(machine, True)


def test_policies_are_emptied(front):
    """The directory is good; what was in it is not there."""
    machine = front.machines[2]
    with Load(front):
        time.sleep(0.3)
        for path in machine.site.policies.iterdir():
            path.unlink()
        front.wait_for(machine, False)
        assert front.nodes()[machine.name].check == "L7STS404"
        furnish(machine)
        front.wait_for(machine, True)


def test_reload(front):
    with Load(front) as load:
        for _ in range(4):
            front.reload()
            before = len(load.answers)
            wait_for(lambda: len(load.answers) > before + 50)


def test_an_older_conf_d_is_seen(front, tmp_path):
    """Each machine is well, and so is each answer; the ids tell."""
    console = Console(front.machines, tmp_path)
    one, _, old = front.machines
    other = source("testing", ["mx.old.example"])
    assert console.type(one, AGREE) == ""
    old.site.write("example.com", other)
    with Load(front, (POLICY_WIRE, wire("testing", ["mx.old.example"]))) \
            as load:
        wait_for(lambda: len({it[1] for it in load.answers}) == 2)
        assert all(it.up for it in front.nodes().values())
    good, bad = id_of(POLICY_WIRE), id_of(wire("testing", ["mx.old.example"]))
    told = sorted(line.split() for line in
                  console.type(one, AGREE).splitlines())
    assert told == sorted(
        [count, domain, it] for domain in ("example.com", "example.org")
        for count, it in (("1", bad), ("2", good)))
    # The same from outside, by what is served.
    told = looked_at(console, front, FINDINGS)
    assert "[nodes-differ]" in told
    assert re.search(r"of 20 fetches \d+ brought another policy: mode "
                     r"(testing instead of enforce|enforce instead of "
                     r"testing) \(id ", told)
    assert good in told and bad in told
    assert f"the policy on this machine has id {good}" in told
    assert console.type(one, REPLICATE) == ""
    assert console.type(one, AGREE) == ""
    assert "[nodes-" not in looked_at(console, front)
    with Load(front):
        time.sleep(0.2)


def test_one_that_is_left_out_is_no_finding(front, tmp_path):
    """Nor are requests that find it dead before it is left out."""
    console = Console(front.machines, tmp_path)
    machine = front.machines[1]
    machine.kill()
    assert "[nodes-" not in looked_at(console, front)
    with Load(front):
        front.wait_for(machine, False)
    assert "[nodes-" not in looked_at(console, front)
    machine.revive()
    with Load(front):
        front.wait_for(machine, True)
    assert "[nodes-" not in looked_at(console, front)


@contextmanager
def straight(machine, bodies):
    """
    Somebody asks that machine meanwhile, without HAProxy, which would hide what
    one machine alone says: one of the bodies and nothing else.
    """
    end, odd = threading.Event(), []

    def ask():
        with fastcgi.Connection((machine.address, PORT)) as it:
            while not end.is_set():
                answer = it.ask()
                if answer.status != 200 or answer.body not in bodies:
                    odd.append(answer)
    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
    assert not odd, (len(odd), odd[0])


def everywhere(front, version):
    for machine in front.machines:
        machine.site.write("example.com", source(*version))


def example_of(machine):
    """A file that is written in place stays the same one."""
    return (machine.site.policies / "example.com.txt").stat().st_ino


def test_replicated_by_rsync(front, tmp_path):
    """Each answer is a whole version; in the end all have the last one."""
    console = Console(front.machines, tmp_path)
    one, _, last = front.machines
    everywhere(front, VERSIONS[1])
    bodies = [wire(*it) for it in VERSIONS]
    with Load(front, bodies) as load, straight(last, bodies):
        for version in VERSIONS * 2:
            before = example_of(last)
            one.site.write("example.com", source(*version), mode=0o600)
            assert console.type(one, REPLICATE) == ""
            assert console.type(one, AGREE) == ""
            assert example_of(last) != before
    assert {it[1] for it in load.answers} == set(bodies)
    # Whatever it was on the first machine: the responder has a user of its own.
    one.site.write("new.example", mode=0o600)
    assert console.type(one, REPLICATE) == ""
    path = last.site.policies / "new.example.txt"
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.skipif(not shutil.which("git"), reason="git not installed")
def test_replicated_by_git(front, tmp_path):
    console = Console(front.machines, tmp_path)
    last = front.machines[2]
    origin = Repository(tmp_path / "origin")
    origin.commit(source(*VERSIONS[1]))
    for machine in front.machines:
        origin.clone(machine.site.root / "srv/mta-sts")
    everywhere(front, VERSIONS[1])
    bodies = [wire(*it) for it in VERSIONS]
    with Load(front, bodies) as load, straight(last, bodies):
        for version in VERSIONS:
            before = example_of(last)
            origin.commit(source(*version))
            for machine in front.machines:
                assert console.type(machine, PULL) == ""
            assert console.type(front.machines[0], AGREE) == ""
            assert example_of(last) != before
    assert {it[1] for it in load.answers} == set(bodies)
    for machine in front.machines:
        path = machine.site.policies / "example.com.txt"
        assert path.read_bytes() == source(*VERSIONS[-1])
        assert not (machine.site.policies / ".git").exists()
