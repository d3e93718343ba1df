"""
Types what the README's "Certificates" says, as its reader would: with a
directory that stands for the root, the clients told of the test's authority,
and recorders in the place of what would change the machine.
"""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

from command import COMMAND
from harness import TOP, environment
from lab import acme

README = Path(os.environ.get("MTA_STS_README", TOP / "README.md"))
# What of the shipped files and of the page lies below the reader's root.
PLACES = ("/etc/", "/usr/share/mta-sts/", "/var/www/", "/var/lib/")
# What packages bring to be changed.
PACKAGED = Path("/etc/dehydrated/config")
CADDYFILE = Path("/etc/caddy/Caddyfile")
MACHINE = ("systemctl", "a2enmod", "a2enconf", "lighty-enable-mod")
CERTBOT = ('exec /usr/bin/certbot --config-dir {root}/certbot '
           '--work-dir {root}/certbot/work --logs-dir {root}/certbot/log '
           f'--server {acme.DIRECTORY} "$@"\n')
DEHYDRATED = ('exec /usr/bin/dehydrated --config {root}/etc/dehydrated/config '
              f'--ca {acme.DIRECTORY} "$@"\n')


def page(title, section="Certificates"):
    """The snippets below that heading, in their order."""
    text = README.read_text().partition(f"\n## {section}\n")[2]
    text = text.partition("\n## ")[0]
    _, found, text = text.partition(f"\n### {title}\n")
    assert found, f"the README's \"{section}\" has no {title}"
    return re.findall(r"^```bash\n((?:.*\n)*?)```$",
                      text.partition("\n### ")[0], re.MULTILINE)


class Reader:
    """Has the shipped files, the command, and the world's authority."""

    def __init__(self, world, name):
        self.world = world
        self.root = world.site.root / name
        self.calls = self.root / "calls"
        self._tools = self.root / "tools"
        for path in ("tools", "etc/caddy", "certbot", "usr/share/mta-sts", "var/www",
                     "etc/mta-sts", "etc/nginx/conf.d", "etc/dehydrated/conf.d",
                     "etc/apache2/conf-available", "etc/lighttpd/conf-available",
                     "var/lib/dehydrated"):
            (self.root / path).mkdir(parents=True)
        for path in (TOP / "cgi-bin").iterdir():
            if path.suffix in (".conf", ".sh") or path.name == "Caddyfile":
                self._copy(path, f"usr/share/mta-sts/{path.name}")
        for path in (PACKAGED, CADDYFILE):
            if path.exists():
                self._copy(path, str(path)[1:])
        if PACKAGED.exists():
            # An account's key of 4096 bits takes its time.
            with (self.root / str(PACKAGED)[1:]).open("a") as config:
                config.write("KEYSIZE=2048\n")
        self._tool("mta-sts", f'exec {shlex.quote(str(COMMAND))} "$@"\n')
        self._tool("certbot", CERTBOT.format(root=self.root))
        self._tool("dehydrated", DEHYDRATED.format(root=self.root))
        for tool in MACHINE:
            self._tool(tool, f'echo "${{0##*/}} $*" >>{self.calls}\n')

    def _below(self, text):
        for place in PLACES:
            text = re.sub(rf"(?<![\w.]){place}", f"{self.root}{place}", text)
        return text

    def _copy(self, path, place):
        copy = self.root / place
        copy.write_text(self._below(path.read_text()))
        shutil.copymode(path, copy)

    def _tool(self, name, text):
        path = self._tools / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)

    def type(self, snippet):
        """Runs it; the calls of what would change the machine."""
        self.calls.write_text("")
        done = subprocess.run(
            ["sh", "-eu", "-c", "umask 022\n" + self._below(snippet)],
            cwd=self.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
            env=environment({
                "PATH": f"{self._tools}:{os.environ['PATH']}:/usr/sbin",
                "MTA_STS_CONF": str(self.world.site.settings),
                "REQUESTS_CA_BUNDLE": str(self.world.authority.trusted),
                "CURL_CA_BUNDLE": str(self.world.authority.trusted),
                "HOME": str(self.root), "no_proxy": "*"}))
        assert done.returncode == 0, (snippet, done.stdout,
                                      self.world.pebble.log()[-3000:])
        return self.calls.read_text().splitlines()
