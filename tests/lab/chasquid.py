"""
The sender chasquid, in Go, by its smtp-check: a parser of policies that shares
nothing with the one of sender.py. It goes by the last draft of RFC 8461.
"""

import re
import shutil
import subprocess
from dataclasses import dataclass

from lab.sender import in_its_world

PROGRAM = shutil.which("smtp-check")

PARSED = re.compile(r"Parsed contents: +\[\{Version:(\S*) Mode:(\S*) "
                    r"MXs:\[(.*)\] MaxAge:(?:(\d+)h)?(?:(\d+)m)?(\d+)s\}\]")


@dataclass
class Reading:
    """What it makes of a policy: its fields, and whether it is good."""
    fields: tuple       # mode, mx, max_age; None without a policy
    verdict: str        # "OK", or what is wrong


def read(zone, authority, domain):
    """A Reading of what is served for the domain."""
    done = subprocess.run(
        **in_its_world(zone, authority, [PROGRAM, "-skip_tls_check", domain]),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        check=False)
    # Each line after a date and a time. What it says of MX is not asked.
    lines = [line.split(" ", 2)[2] for line in done.stderr.splitlines()
             if line.count(" ") > 1]
    assert lines[0] == "=== STS policy", done.stderr
    found = PARSED.fullmatch(lines[1])
    if not found:
        return Reading(None, lines[1])
    version, mode, mx, *times = found.groups()
    assert version == "STSv1"
    hours, minutes, seconds = (int(it or 0) for it in times)
    return Reading((mode, mx.split(), hours * 3600 + minutes * 60 + seconds),
                   lines[2])
