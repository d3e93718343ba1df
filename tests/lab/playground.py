"""
The lab to play in by hand: the internet of faulty.py, in which Caddy as it is
shipped serves the policies, so that a domain that is added is served at once,
with a certificate; and commands in it, of which nothing outlives the first
process. What is done there is play.py's part.
"""

import os
import shlex
import shutil
import ssl
import subprocess
import tempfile
import time

from command import COMMAND
from harness import environment
from lab import faulty
from lab.authority import openssl
from lab.faulty import DAYS, Faulty
from lab.faultydomains import BARE, DOMAINS
from lab.namespace import with_file
from webservers import Caddy

# A process namespace: all in it end with its first process, and that with
# unshare(1), whatever becomes of it.
ENCLOSED = ("unshare", "--pid", "--kill-child", "--mount-proc")
# Writes to a file first: until then unshare(1) may be killed, and have a child
# that has not yet asked to be killed with it.
MARKED = ("sh", "-ec", 'echo >"$1"; shift; exec "$@"', "sh")
# Makes the command a process group in front of the terminal. The one that it
# comes from is not in the process namespace: no shell could give it back.
IN_FRONT = ("/usr/bin/python3", "-c", """
import os, signal, sys
os.setpgid(0, 0)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTTOU])
os.tcsetpgrp(0, os.getpgrp())
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTTOU])
os.execvp(sys.argv[1], sys.argv[1:])
""")
# What make tells those that it starts is not for those who play.
MAKES = ("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS")


def why_not():
    """Why there can be none here, or None."""
    reason = faulty.why_not()
    if reason:
        return reason
    missing = [name for name in ("caddy", "curl") if not shutil.which(name)]
    if missing:
        return f"{', '.join(missing)} not installed: make deps"
    done = subprocess.run([*ENCLOSED, "true"], capture_output=True, text=True,
                          timeout=60, check=False)
    return (f"no namespaces here: {done.stderr.strip()}" if done.returncode
            else None)


class Front(Caddy):
    """
    On port 443, with an authority of its own that is trusted as well; and with
    a certificate for each of the names: where two are asked for the first time
    at once, Caddy 2.6 sends one away (on_demand_tls { burst }).
    """

    def __init__(self, world, names):
        super().__init__(world.site)
        self.port = 443
        self._trusted, self._names = world.authority.trusted, names

    def _start(self):
        super()._start()
        for name in self._names:
            self.connection(name).close()

    def _furnish(self):
        super()._furnish()
        root = self._root()
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-nodes", "-days", DAYS + 30,
                "-subj", "/CN=Authority of the lab", "-out", root[0],
                "-keyout", root[1])
        shutil.chown(root[1], self.worker.pw_name)
        with self._trusted.open("ab") as trusted:
            trusted.write(root[0].read_bytes())
        self.tls = ssl.create_default_context(cafile=root[0])

    def _root(self):
        return self.root / "root.pem", self.root / "root.key"

    def options(self):
        certificate, key = self._root()
        pair = f"{{\n format pem_file\n cert {certificate}\n key {key}\n }}"
        # One of its own making lasts a week, and what it signs no longer.
        return f"""default_bind 127.0.0.1
    skip_install_trust
    cert_issuer internal {{
        ca lab
        lifetime {DAYS * 24}h
    }}
    pki {{
        ca lab {{
            root {pair}
            intermediate {pair}
        }}
    }}"""

    def customers_sites(self):
        return ""

    def _is_up(self):
        assert self._process.poll() is None, "it has left"
        return '"msg":"serving initial configuration"' in self.log()


class Lab(Faulty):
    """
    What is in it: see Faulty. faults: the codes by domain. Whoever is in it
    finds the command mta-sts, which knows where it is, and the list domains.
    """

    def __init__(self):
        super().__init__()
        codes = {label: it.codes for label, it in DOMAINS.items()} | BARE
        self.faults = {domain: sorted(set(codes[label]))
                       for label, domain in self.names.items()}

    def __enter__(self):
        super().__enter__()
        try:
            self._equip()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _serve(self):
        return Front(self, [f"mta-sts.{self.names[it]}" for it in self._here()])

    def _equip(self):
        """The two commands."""
        self.commands = self.directory / "bin"
        self.commands.mkdir()
        verb, *options = self.arguments()
        self._command("mta-sts", f"""case ${{1-}} in
{verb} | survey)
	verb=$1
	shift
	set -- "$verb" {_quoted(options)} "$@"
	;;
esac
exec {_quoted([COMMAND])} "$@"
""")
        rows = self.directory / "domains"
        rows.write_text("".join(
            f"{domain:31} {' '.join(codes) or 'nothing wrong'}\n"
            for domain, codes in self.faults.items()))
        self._command("domains", f"exec cat {_quoted([rows])}\n")

    def _command(self, name, text):
        path = self.commands / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)

    def start(self, *command, **more):
        """A process in it: what subprocess.Popen gives."""
        trusted = str(self.authority.trusted)
        env = environment({
            "PATH": f"{self.commands}:{os.environ['PATH']}",
            "MTA_STS_CONF": str(self.site.settings),
            "CURL_CA_BUNDLE": trusted, "SSL_CERT_FILE": trusted,
            "NO_PROXY": "*", "no_proxy": "*",
            # For the prompts of bash as Debian has it, and of others.
            "debian_chroot": "lab", "PS1": "(lab) # "})
        for name in MAKES:
            env.pop(name, None)
        with tempfile.NamedTemporaryFile(dir=self.directory) as mark:
            process = subprocess.Popen(
                [*ENCLOSED, *MARKED, mark.name, *with_file(
                    "/etc/resolv.conf", self.zone.resolv_conf, command)],
                env=env, **more)
            # A signal that comes meanwhile is for Popen.wait() to see.
            while not os.stat(mark.name).st_size and process.poll() is None:
                time.sleep(0.005)
        return process


def _quoted(words):
    return shlex.join(map(str, words))
