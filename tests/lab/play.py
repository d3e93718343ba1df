#!/usr/bin/python3
"""
play.py [--oneshot | --run COMMAND]: builds the lab of playground.py, shows what
is in it and what can be typed there, and gives a shell in it; or runs COMMAND
instead, and exits as that does; or runs all that it has shown, and exits 0 only
if it came out as it should. Then, and when it is told to stop (SIGINT, SIGTERM,
SIGHUP), nothing of the lab is left.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
# Not this directory: its modules are those of the package lab.
sys.path[:1] = [str(TOP / "tests"), str(TOP / "tests/system")]

try:
    from command import COMMAND, DONE, FINDINGS
    from harness import PATH, PROGRAM
    from lab import playground
    from lab.playground import IN_FRONT, Lab
except ImportError as error:
    sys.exit(f"lab: {error}: make deps")

# What each code is about, as the program has it.
CODES = dict(re.findall(r'\{\s*"([a-z0-9-]+)",\s*([A-Z]+),\s*JUDGE_',
                        (TOP / "src/admin/judge_code.c").read_text()))
GROUPS = {None: "nothing wrong", "DNS": "DNS", "HTTPS": "HTTPS",
          "POLICY": "policy", "MX": "mail hosts", "STATE": "state"}
SECONDS = 120   # that a command of those shown may take


@dataclass
class Step:
    """What to type, what it ends with, and an expression for what it says."""
    command: str
    said: str
    status: int = DONE


def new_domain():
    """From nothing to a domain that is well, and one change too few."""
    new = "new.example"
    return [
        Step(f"mta-sts add {new} --mx mx.good.example --mode enforce "
             "--max-age 2w", rf"publish: _mta-sts\.{new}\. TXT"),
        Step(f"mta-sts dns --format nsupdate {new} | nsupdate", "^$"),
        Step(f"printf '%s\\n' 'update add {new} 300 MX 10 mx.good.example.' "
             "send | nsupdate", "^$"),
        Step(f"curl -si https://mta-sts.{new}{PATH}",
             r"(?s)^HTTP/2 200.*\r\n\r\nversion: STSv1\r\nmode: enforce\r\n"),
        Step(f"mta-sts verify {new}", rf"^{new}: good: mode enforce"),
        Step(f"mta-sts set {new} --mode testing", "publish: "),
        Step(f"mta-sts verify {new}", r"\[txt-id\]"),
    ]


def steps(lab):
    """All that is shown, by heading."""
    mail = "openssl s_client -brief -verify_return_error -starttls smtp"
    outside = [
        Step("mta-sts verify good.example", "^good.example: good: "),
        Step("mta-sts verify mx-no-starttls.example cert-expired.example",
             r"(?s)\[mx-no-starttls\].*\[cert-expired\]", FINDINGS),
        Step("domains | cut -d ' ' -f 1 | mta-sts verify --monitor -",
             f"^MTA-STS CRITICAL - {len(lab.faults)} domains, ", 2),
        Step("mta-sts verify --all --format prometheus",
             r'domain="good\.example"', FINDINGS),
        Step("mta-sts survey good.example no-mta-sts.example "
             "cert-name.example",
             r"(?s)good\.example .*enforce.*no-mta-sts\.example .*absent.*"
             r"cert-name\.example .*broken"),
    ]
    by_hand = [
        Step("dig +short TXT _mta-sts.good.example", '^"v=STSv1; id='),
        Step("dig +dnssec A mta-sts.mx-dane.test", r"\sRRSIG\s+A "),
        Step(f"curl -si https://mta-sts.wild.example{PATH}",
             r"(?s)^HTTP/2 200.*\r\nmx: \*\.good\.example\r\n"),
        Step(f"{mail} -connect mx.good.example:25 </dev/null",
             "Verification: OK"),
        Step(f"{mail} -connect mx.mx-cert-expired.example:25 </dev/null",
             "certificate has expired", 1),
    ]
    return {"Look from outside, as a sender does": outside,
            "Look by hand": by_hand, "Publish a policy": new_domain()}


class Ending:
    """
    Notes the signals that are to end it all, and ends what is waited for. What
    is being built is built first, so that it can be taken down.
    """

    def __init__(self):
        self.signal, self._process = None, None
        for it in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(it, self._note)

    def _note(self, number, _):
        self.signal = self.signal or number
        if self._process:
            self._process.kill()

    def wait(self, process):
        """How that process ends, and what it has said."""
        self._process = process
        if self.signal:
            process.kill()
        try:
            said, _ = process.communicate(timeout=None if process.stdout is None
                                          else SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            said, _ = process.communicate()
        self._process = None
        return process.returncode, said


class Paper:
    """Standard output, where headings are bold if it is a terminal."""

    def __init__(self):
        colour = (sys.stdout.isatty() and not os.environ.get("NO_COLOR") and
                  os.environ.get("TERM", "dumb") != "dumb")
        self._bold, self._plain = ("\033[1m", "\033[0m") if colour else ("", "")
        self._width = min(shutil.get_terminal_size().columns, 100) - 1

    @staticmethod
    def line(text=""):
        with suppress(OSError):     # the terminal may have gone
            os.write(1, f"{text}\n".encode())

    def heading(self, text):
        self.line(f"\n{self._bold}{text}{self._plain}")

    def row(self, word, text):
        """The word, and a text beside it that may take several lines."""
        for line in textwrap.wrap(text, self._width - 18,
                                  break_on_hyphens=False):
            self.line(f"  {word:14}  {line}")
            word = ""


def group_of(codes):
    """What is wrong with a domain is wrong with this."""
    return CODES[codes[0]] if codes else None


def show(paper, lab):
    """All that there is, on one screen."""
    paper.heading(f"{len(lab.faults)} domains, by what is wrong with them "
                  "(x is x.example)")
    for group, word in GROUPS.items():
        paper.row(word, " ".join(
            domain.removesuffix(".example")
            for domain, codes in lab.faults.items()
            if group_of(codes) == group))
    for title, them in steps(lab).items():
        paper.heading(title)
        for step in them:
            paper.line(f"  {step.command}")
    paper.heading("And")
    paper.row("domains", "lists them all, a line each")
    paper.row("the policies", str(lab.site.policies))
    paper.row("all else", f"{lab.directory} (zones/log: the name server's)")
    paper.line()


def oneshot(paper, lab, ending):
    """Runs what was shown; how many were otherwise than they should be."""
    wrong = 0
    for step in (it for them in steps(lab).values() for it in them):
        paper.heading(f"$ {step.command}")
        status, said = ending.wait(lab.start(
            "sh", "-c", step.command, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
        if ending.signal:
            break
        said = said.decode(errors="backslashreplace")
        paper.line(textwrap.indent(said.replace("\r", ""), "    "))
        good = status == step.status and re.search(step.said, said, re.M)
        wrong += not good
        paper.line("  as expected" if good else
                   f"  EXPECTED exit status {step.status}, not {status}, and "
                   f"{step.said!r}")
    paper.heading(f"{wrong} were otherwise." if wrong else
                  "Everything was as it should be.")
    return wrong


def in_front():
    """Whether standard input is a terminal, ours, and for us to hand on."""
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


def shell(lab, ending):
    """The user's own; it has the terminal if we have one."""
    command = [os.environ.get("SHELL") or "sh"]
    if not in_front():
        ending.wait(lab.start(*command))
        return
    ending.wait(lab.start(*IN_FRONT, *command, "-i"))
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTTOU])
    with suppress(OSError):
        os.tcsetpgrp(0, os.getpgrp())


def play(options, paper, lab, ending):
    """The exit status."""
    if options.run is not None:
        return ending.wait(lab.start("sh", "-c", options.run))[0]
    show(paper, lab)
    if options.oneshot:
        return 1 if oneshot(paper, lab, ending) else 0
    paper.line("Leave with Ctrl-D or exit, and all of it is gone.\n")
    shell(lab, ending)
    return 0


def main():
    """The exit status; 128 and the number for a signal."""
    parser = argparse.ArgumentParser(description="a lab to play in by hand")
    parser.add_argument("--oneshot", action="store_true",
                        help="run what would be shown, and end")
    parser.add_argument("--run", metavar="COMMAND",
                        help="run this in place of a shell")
    options = parser.parse_args()
    ending, paper, status = Ending(), Paper(), 1
    missing = [str(it) for it in (COMMAND, PROGRAM) if not it.exists()]
    reason = (f"{missing[0]} is not there: make" if missing else
              playground.why_not())
    if ending.signal:   # which may be the reason
        return 128 + ending.signal
    if reason:
        sys.exit(f"lab: {reason}")
    print("lab: it takes some seconds to build", file=sys.stderr, flush=True)
    try:
        with Lab() as lab:
            if not ending.signal:
                status = play(options, paper, lab, ending)
    except Exception:
        # Ctrl-C is for the servers as well, half built or not.
        if not ending.signal:
            raise
    if ending.signal:
        status = 128 + ending.signal
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
