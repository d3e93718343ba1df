"""
The program look (look.c beside this file), which prints the facts that examine
gathers; what it cost, too.
"""

import json
import os
import re
import subprocess
import time
from dataclasses import dataclass

from command import COMMAND
from harness import environment

# It lies where the command lies.
PROGRAM = COMMAND.with_name("look")
# A sanitizer has memory and a pace of its own.
SANITIZED = PROGRAM.parent.name == "sanitize"


@dataclass
class Look:
    """The facts by domain, and what it took: seconds, and MiB at the most."""
    facts: dict
    order: list
    seconds: float
    memory: float
    processor: float
    complaint: str


def look(*args, domains, timeout=300, env=None):
    """Runs it; it must end well, and leave no process behind."""
    with subprocess.Popen(
            [PROGRAM, *map(str, args)], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True, env=environment(env)) as process:
        begun = time.monotonic()
        out, err = process.communicate("".join(f"{it}\n" for it in domains),
                                       timeout)
        seconds = time.monotonic() - begun
    assert process.returncode == 0, err
    # The group is gone with its last process.
    try:
        os.killpg(process.pid, 0)
        raise AssertionError("a process is left")
    except ProcessLookupError:
        pass
    *rows, cost = out.splitlines()
    facts = [json.loads(line) for line in rows]
    cost = json.loads(cost)
    return Look({it["domain"]: it for it in facts},
                [it["domain"] for it in facts], seconds,
                cost["kilobytes"] / 1024, cost["milliseconds"] / 1000, err)


def unescaped(text):
    """The bytes of what it prints with \\xNN."""
    return re.sub(r"\\x([0-9a-f]{2})", lambda it: chr(int(it.group(1), 16)),
                  text).encode("latin-1")
