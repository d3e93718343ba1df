"""
A BIND of the test's own on the loopback, whose zones take updates, and what else
of BIND and NSD the tests ask.
"""

import re
import shutil
import subprocess

import pytest

from harness import free_port, wait_for

ZONE = """$TTL 300
@ IN SOA ns.hosting.example. admin.hosting.example. 1 3600 600 86400 300
@ IN NS ns.hosting.example.
"""


def needs(*programs):
    """Skips a test where one of the programs is missing."""
    missing = [name for name in programs if not find(name)]
    return pytest.mark.skipif(bool(missing),
                              reason=f"{missing} not installed: make deps")


def find(program):
    return shutil.which(program, path="/usr/bin:/usr/sbin:/bin:/sbin")


class Named:
    """A BIND of its own on a free port, whose zones take updates."""

    def __init__(self, directory, zones):
        self.directory = directory
        self.port = free_port()
        text = f"""options {{
            directory "{directory}"; pid-file "{directory}/pid";
            session-keyfile "{directory}/session.key";
            managed-keys-directory "{directory}";
            listen-on port {self.port} {{ 127.0.0.1; }};
            listen-on-v6 {{ none; }}; recursion no; notify no;
            dnssec-validation no; empty-zones-enable no; }};
            controls {{ }};\n"""
        for zone, more in zones.items():
            (directory / f"{zone}.zone").write_text(ZONE + more)
            text += (f'zone "{zone}" {{ type master; file "{zone}.zone"; '
                     "allow-update { 127.0.0.1; }; };\n")
        (directory / "named.conf").write_text(text)
        # A copy: a profile of AppArmor's confines the one that is installed.
        self.program = shutil.copy(find("named"), directory / "named")

    def __enter__(self):
        self.log = open(self.directory / "log", "wb")
        self.process = subprocess.Popen(
            [self.program, "-g", "-4", "-n", "1", "-c",
             self.directory / "named.conf"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        try:
            wait_for(lambda: self.process.poll() is not None or
                     b" running\n" in (self.directory / "log").read_bytes(), 20)
            log = (self.directory / "log").read_text()
            assert self.process.poll() is None and "not loaded" not in log, log
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()

    def update(self, text):
        """Pipes text into nsupdate."""
        done = subprocess.run(
            [find("nsupdate")], capture_output=True, text=True, timeout=60,
            input=f"server 127.0.0.1 {self.port}\n{text}", check=False)
        assert done.returncode == 0, done.stderr

    def ask(self, name, kind):
        """What there is of that name and kind: (ttl, value), values joined."""
        done = subprocess.run(
            [find("dig"), "@127.0.0.1", "-p", str(self.port), "+norecurse",
             "+noall", "+answer", "+tries=3", name, kind],
            capture_output=True, text=True, timeout=60, check=True)
        found = set()
        for line in done.stdout.splitlines():
            _, ttl, _, type_, value = line.split(None, 4)
            if type_ == kind:
                strings = re.findall(r'"([^"]*)"', value)
                found.add((int(ttl), "".join(strings) or value))
        return found
