"""
The README's "Look from outside" shows what comes out: each of its sessions is
typed as it stands, in the lab of make lab or on a maildir of reports, and prints
what it shows, to the letter; messages on standard error aside. The snippet on a
mail log is in test_survey_logs.py.
"""

import re
import shlex
import subprocess
import sys

import pytest

from command import COMMAND
from harness import PROGRAM, TOP, environment
from test_readme import README, blocks
from tlsreports import SAMPLES, mail, report

sys.path.insert(0, str(TOP / "tests"))

from lab import playground  # noqa: E402

WHY_NOT = playground.why_not()
needs_lab = pytest.mark.skipif(bool(WHY_NOT), reason=str(WHY_NOT))

REPORTS, METRICS = "/home/reports/", "/var/lib/prometheus/node-exporter"
MAILS = [block for block in blocks("session") if REPORTS in block.text]
LOOKS = [block for block in blocks("session") if block not in MAILS]
# What is to be quiet, and is typed as well.
(DAILY,) = re.findall(r"`(mta-sts verify --all --quiet)`", README)
GOOD = "mta-sts verify --quiet good.example"


def commands(block):
    """What is typed in a session; a command may take several lines."""
    found = re.findall(r"^\$ ((?:.*\\\n)*.*)$", block.text, re.MULTILINE)
    assert len(found) == len(re.findall(r"^\$", block.text, re.MULTILINE)) > 0
    return found


def script(block, place, other):
    """Prints the session, if it is true; the other place stands for that one."""
    return "".join(
        f"printf '%s\\n' {shlex.quote('$ ' + command)}\n"
        f"{command.replace(place, str(other))}\n" for command in commands(block))


@pytest.fixture(name="typed", scope="module")
def _typed(tmp_path_factory):
    """What sessions and commands of the lab print, all of it typed in one."""
    directory = tmp_path_factory.mktemp("lab")
    metrics = directory / "node-exporter"
    metrics.mkdir()
    texts = {str(block): script(block, METRICS, metrics) for block in LOOKS}
    texts |= {DAILY: DAILY, GOOD: GOOD}
    done = subprocess.run(
        [TOP / "tests/lab/play.py", "--run", "".join(
            f"(\n{text}\n) >{directory}/{number}\n"
            for number, text in enumerate(texts.values()))],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
        check=False, env=environment({"MTA_STS": str(COMMAND),
                                      "MTA_STS_FCGI": str(PROGRAM)}))
    printed = {name: (directory / str(number)).read_text()
               for number, name in enumerate(texts)}
    return printed, done.stderr


def test_the_sessions():
    """None is left out, and each verb of the section has one."""
    section = README.partition("\n## Look from outside\n")[2].partition(
        "\n## ")[0]
    assert section.count("```console\n$ ") == len(LOOKS) + len(MAILS) == 4
    shown = [word for block in LOOKS + MAILS for command in commands(block)
             for word in re.findall(r"^mta-sts (\S+)", command)]
    assert shown == ["verify", "verify", "survey", "report"]


@needs_lab
@pytest.mark.parametrize("block", LOOKS, ids=str)
def test_what_the_lab_prints(typed, block):
    printed, messages = typed
    assert printed[str(block)] == block.text, messages


@needs_lab
def test_quiet(typed):
    """By cron: nothing of what is well, and each of the others."""
    printed, messages = typed
    assert printed[GOOD] == "", messages
    named = re.findall(r"^(\S+): (\w+): ", printed[DAILY], re.MULTILINE)
    (metrics,) = [block for block in LOOKS if METRICS in block.text]
    assert sorted((name, {"doubtful": "1", "broken": "2"}[verdict])
                  for name, verdict in named) == re.findall(
        r'^mta_sts_verdict\{domain="(.*)"\} (\d)$', metrics.text, re.MULTILINE)


def test_what_reports_come_to(tmp_path):
    """A large sender's, and one of a failure."""
    (block,) = MAILS
    new = tmp_path / "Maildir" / "new"
    for name in ("new", "cur", "tmp"):
        (new.parent / name).mkdir(parents=True)
    (new / "1").write_bytes((SAMPLES / "google.eml").read_bytes())
    (new / "2").write_bytes(mail(report(
        failures=[("starttls-not-supported", 3)], good=17, **{
            "organization-name": "Another Sender",
            "date-range": {"start-datetime": "2026-11-21T00:00:00Z",
                           "end-datetime": "2026-11-21T23:59:59Z"}}).encode(),
        "tlsrpt+json"))
    (tmp_path / "mta-sts").symlink_to(COMMAND)
    done = subprocess.run(
        ["sh", "-c", script(block, REPORTS, f"{tmp_path}/")],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        check=False, env=environment({"PATH": f"{tmp_path}:/usr/bin:/bin"}))
    assert done.stdout == block.text, done.stderr
