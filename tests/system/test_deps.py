"""
install-deps.sh, with recorders in the place of apt-get and what else would
change the machine: what it forbids meanwhile, and what it leaves.
"""

import subprocess

import pytest

from harness import TOP, environment

LIBFCGI = "libfcgi-dev"
TOOLS = {
    # The last word is a package; which are here is a file's to say.
    "dpkg-query": """
for package; do :; done
case $* in
*Provides*) ;;
*Version*) echo 2.4.2-2+deb12u1 ;;
*) ! grep -qx "$package" "$HERE" || echo installed ;;
esac""",
    "apt-get": """
case $* in
*install*) ;;
*) exit 0 ;;
esac
sed 's/^/forbidden: /' "$POLICY" >>"$CALLS"
printf '%s\\n' lighttpd haproxy nginx >>"$HERE"
[ -z "${KILLED-}" ] || kill -9 "$PPID" """,
    "systemctl": """
echo "$@" >>"$CALLS"
case $* in
*haproxy*) exit 1 ;;
esac""",
    "update-rc.d": "",
    "id": "echo 0",
}


class Machine:
    """A Debian that has libfcgi-dev alone."""

    def __init__(self, top):
        self.here, self.calls = top / "here", top / "calls"
        self.policy, self.tools = top / "policy-rc.d", top / "tools"
        self.script = top / "install-deps.sh"
        text = (TOP / "tests/install-deps.sh").read_text()
        shipped = "policy=/usr/sbin/policy-rc.d\n"
        assert shipped in text
        self.script.write_text(text.replace(shipped, f"policy={self.policy}\n"))
        self.tools.mkdir()
        for name, body in TOOLS.items():
            (self.tools / name).write_text(f"#!/bin/sh\n{body.strip()}\n")
            (self.tools / name).chmod(0o755)
        self.here.write_text(f"{LIBFCGI}\n")

    def install(self, *packages, **variables):
        self.calls.write_text("")
        return subprocess.run(
            ["sh", self.script, LIBFCGI, *packages], capture_output=True,
            text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
            env=environment({
                "PATH": f"{self.tools}:/usr/bin:/bin", "HERE": str(self.here),
                "CALLS": str(self.calls), "POLICY": str(self.policy),
                **variables}))


@pytest.fixture(name="machine")
def _machine(tmp_path):
    return Machine(tmp_path)


def test_nothing_is_missing(machine):
    done = machine.install()
    assert (done.returncode, machine.calls.read_text()) == (0, "")


def test_servers_do_not_start_at_boot(machine):
    """Not even where one cannot be told so; that is said."""
    done = machine.install("lighttpd", "haproxy", "nginx")
    assert done.returncode == 0, done.stderr
    calls = machine.calls.read_text()
    for server in ("lighttpd", "haproxy", "nginx"):
        assert f"--quiet disable {server}.service\n" in calls
    assert "haproxy.service could not be disabled" in done.stderr
    assert "forbidden: exit 101\n" in calls
    assert not machine.policy.exists()


def test_a_killed_run_is_mended_by_the_next(machine):
    """Else no service would ever be started again on that machine."""
    assert machine.install("lighttpd", KILLED="1").returncode == -9
    assert machine.policy.exists()
    machine.here.write_text(f"{LIBFCGI}\n")
    assert machine.install("lighttpd").returncode == 0
    assert not machine.policy.exists()


def test_the_administrators_own_stays(machine):
    machine.policy.write_text("#!/bin/sh\nexit 101\n")
    assert machine.install("lighttpd").returncode == 0
    assert machine.policy.read_text() == "#!/bin/sh\nexit 101\n"
