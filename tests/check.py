#!/usr/bin/python3
"""
check.py --build DIR UNIT...: runs the unit test programs, then the system
tests against the programs in DIR. Shows failures in full and the rest in a line
each; the last line counts. Exits 1 when anything failed or nothing ran. What is
tested is in unit/ and system/.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

TESTS = Path(__file__).resolve().parent
UNIT_SECONDS = 300

# Files of system tests at the same time: they wait more than they compute.
WORKERS = (os.cpu_count() or 1) + 2

# cmocka's TAP: "ok 1 - name", "not ok 2 - name", "not ok 3 # SKIP name".
PLAN = re.compile(r"^\s*1\.\.(\d+)", re.MULTILINE)
RESULT = re.compile(r"^\s*(not )?ok \d+( # SKIP\b)?", re.MULTILINE)


class Count:
    """How many tests passed, failed and were skipped."""

    def __init__(self, passed=0, failed=0, skipped=0):
        self.passed = passed
        self.failed = failed
        self.skipped = skipped

    def __iadd__(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        return self

    def __str__(self):
        return (f"{self.passed} passed, {self.failed} failed, "
                f"{self.skipped} skipped")


def count_tap(output, status):
    """What a unit test program said, and how it ended, as a Count."""
    count = Count()
    for failed, skipped in RESULT.findall(output):
        if skipped:
            count.skipped += 1
        elif failed:
            count.failed += 1
        else:
            count.passed += 1
    ran = count.passed + count.failed + count.skipped
    planned = sum(map(int, PLAN.findall(output)))
    # A crash, a leak that a sanitizer found, or tests that never had their
    # turn: none of them has a line of its own.
    if ran == 0 or ran != planned or status < 0 or status != count.failed:
        count.failed += 1
    return count


def run_unit(program):
    """Runs one unit test program."""
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP")
    try:
        done = subprocess.run([program], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=UNIT_SECONDS, env=env, check=False)
        output, status = done.stdout, done.returncode
        ending = f"exit status {status}" if status >= 0 else f"signal {-status}"
    except subprocess.TimeoutExpired as error:
        output, status = error.stdout or b"", -1
        ending = f"no end within {UNIT_SECONDS} seconds"
    except OSError as error:
        output, status, ending = b"", -1, error.strerror
    output = output.decode(errors="backslashreplace")
    count = count_tap(output, status)
    print(f"{os.path.basename(program)}: {count}", flush=True)
    if count.failed:
        print(f"{output.rstrip()}\n{program}: {ending}", flush=True)
    return count


def count_junit(report):
    """The cases of a junit report as a Count; None where there is none."""
    try:
        cases = ElementTree.parse(report).getroot().iter("testcase")
    except (OSError, ElementTree.ParseError):
        return None
    count = Count()
    for case in cases:
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"}:
            count.failed += 1
        elif "skipped" in kinds:
            count.skipped += 1
        else:
            count.passed += 1
    return count


def run_system(build):
    """Runs the system tests against the programs built there."""
    env = dict(os.environ, MTA_STS_FCGI=str(build / "mta-sts.fcgi"),
               MTA_STS=str(build / "mta-sts"),
               PYTHONDONTWRITEBYTECODE="1")
    with tempfile.TemporaryDirectory(prefix="mta-sts-check-") as directory:
        report = Path(directory) / "junit.xml"
        status = subprocess.run(
            ["pytest-3", "-q", "-r", "fEs", "-p", "no:cacheprovider",
             "-n", str(WORKERS), "--dist", "loadfile",
             f"--junitxml={report}", f"--basetemp={directory}/tmp",
             str(TESTS / "system")],
            stdin=subprocess.DEVNULL, env=env, check=False).returncode
        count = count_junit(report)
    if count is None:
        print("pytest-3 left no report", flush=True)
        return Count(failed=1)
    # Interrupted, or broken outside of any test.
    if status != 0 and count.failed == 0:
        print(f"pytest-3 ended with {status}", flush=True)
        count.failed += 1
    return count


def main():
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description="runs every test")
    parser.add_argument("--build", type=Path, required=True, metavar="DIR",
                        help="where the programs were built")
    parser.add_argument("units", nargs="*", metavar="UNIT",
                        help="a unit test program")
    options = parser.parse_args()
    count = Count()
    for unit in options.units:
        count += run_unit(unit)
    count += run_system(options.build.resolve())
    print(count, flush=True)
    return 1 if count.failed or not count.passed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
