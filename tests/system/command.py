"""The command mta-sts, run on a site as an administrator would."""

import json
import os
import pty
import re
import subprocess
import time
from pathlib import Path

from harness import TOP, complain, environment

COMMAND = Path(os.environ.get("MTA_STS",
                              TOP / ".build/plain/mta-sts")).absolute()

# What the command ends with, see admin.h.
DONE, FINDINGS, USAGE, SYSTEM = range(4)


def configure(site, text=""):
    """Settings whose history is the site's own, then more of them."""
    site.configure(text)
    settings = site.settings.read_text()
    if "\nstate =" not in settings:
        site.settings.write_text(
            f'{settings}\nstate = "{site.root}/state";\n')


def run(site, *args, input=None, env=None, stdout=subprocess.PIPE):
    """
    Runs it with the site's settings and returns what subprocess.run does, as
    text: returncode, stdout, stderr. Nothing on standard input unless given.
    """
    done = subprocess.run(
        [COMMAND, *map(str, args)], input=input or "", text=True,
        stdout=stdout, stderr=subprocess.PIPE, timeout=120, check=False,
        env=environment({"MTA_STS_CONF": str(site.settings), **(env or {})}))
    # A leak ends it with 1, which is FINDINGS too.
    complain(done.stderr)
    return done


def exact(site, *args):
    """Its standard output, byte for byte; it ends with DONE."""
    return subprocess.run(
        [COMMAND, *map(str, args)], stdin=subprocess.DEVNULL, check=True,
        capture_output=True, timeout=120,
        env=environment({"MTA_STS_CONF": str(site.settings)})).stdout


def rows(site, *args, expect=DONE, **more):
    """What it prints with --json; it ends with expect."""
    done = run(site, *args, "--json", **more)
    assert done.returncode == expect, done
    return json.loads(done.stdout)


def read_terminal(terminal):
    """All that comes, until nobody has the other end any more; closes it."""
    output = b""
    try:
        while chunk := os.read(terminal, 65536):
            output += chunk
    except OSError:  # EIO
        pass
    os.close(terminal)
    return output


def on_terminal(site, *args, feed=(), env=None):
    """
    Runs it with a terminal as standard error and feeds it lines, waiting so
    many seconds after each: returncode and what the terminal got.
    """
    terminal, end = pty.openpty()
    env = environment({"MTA_STS_CONF": str(site.settings), "TERM": "xterm",
                       "NO_COLOR": "", **(env or {})})
    with subprocess.Popen([COMMAND, *map(str, args)], stdin=subprocess.PIPE,
                          stdout=subprocess.DEVNULL, stderr=end,
                          env=env) as process:
        os.close(end)
        for line, seconds in feed:
            process.stdin.write(line.encode() + b"\n")
            process.stdin.flush()
            time.sleep(seconds)
        process.stdin.close()
        output = read_terminal(terminal)
        return process.wait(120), output.decode(errors="backslashreplace")


def findings(done):
    """The lines of stderr that are findings, without the directories."""
    return [re.sub(r"^\S*/", "", line) for line in done.stderr.splitlines()
            if re.match(r"/?\S+: (error|warning): ", line)]


def write_history(site, *lines):
    """The history, as the writing verbs leave it."""
    path = site.root / "state" / "history"
    path.parent.mkdir(exist_ok=True)
    path.parent.chmod(0o755)
    path.write_text("".join(line + "\n" for line in lines))
    path.chmod(0o644)


def days_ago(days):
    """A time of the history."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ",
                         time.gmtime(time.time() - days * 86400))
