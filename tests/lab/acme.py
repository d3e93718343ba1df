"""
A certification authority that is asked by ACME (RFC 8555): Debian's pebble, as
strict as it can be. It looks at ports 80 and 443 of the hosts that the DNS of
its namespace names. Who asks it is for others to say.
"""

import json
import os
import re
import shutil
import ssl
import subprocess
import urllib.request

from harness import environment, wait_for

PROGRAM = shutil.which("pebble")
DIRECTORY = "https://localhost:14000/dir"
ROOT = "https://localhost:15000/roots/0"


class Pebble:
    """
    asked: the Authority that its own HTTPS certificate is from, whose
    certificate the clients have to trust; trusted: a file with its root, which
    those have to trust who use what it has issued; env: more of its environment.
    """

    def __init__(self, directory, asked, env=None):
        own = asked.issue("pebble", ["localhost"])
        self._log = directory / "pebble.log"
        self._asked = asked
        self._process = None
        # A validation may take it 15 seconds if it is not told otherwise.
        self._env = environment({"PEBBLE_VA_NOSLEEP": "1", **(env or {})})
        self._config = directory / "pebble.json"
        self._config.write_text(json.dumps({"pebble": {
            "listenAddress": "127.0.0.1:14000",
            "managementListenAddress": "127.0.0.1:15000",
            "certificate": str(own.chain), "privateKey": str(own.key),
            "httpPort": 80, "tlsPort": 443}}))
        self.trusted = directory / "pebble.pem"

    def __enter__(self):
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                [PROGRAM, "-config", self._config, "-strict", "-dnsserver",
                 "127.0.0.1:53"], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env=self._env)
        try:
            wait_for(self._is_up, 20)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(20)

    def _is_up(self):
        assert self._process.poll() is None, self.log()
        context = ssl.create_default_context(cafile=self._asked.trusted)
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=context))
        try:
            with opener.open(ROOT, timeout=10) as answer:
                self.trusted.write_bytes(answer.read())
        except OSError:
            return False
        return True

    def log(self):
        return self._log.read_text(errors="backslashreplace")

    def orders(self):
        """How many certificates were ever asked for, in vain or not."""
        return len(re.findall(r'Added order "', self.log()))

    def looked_at(self):
        """The names of those, as far as they were worth a look."""
        return set(re.findall(r'Type:"dns", Value:"([^"]*)"', self.log()))


def available():
    return PROGRAM is not None and os.access(PROGRAM, os.X_OK)
