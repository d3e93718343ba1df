"""
mta-sts survey, run without settings and policies, what it prints, and a small
internet for it.
"""

import csv
import io
import subprocess
import sys
from contextlib import contextmanager

import pytest

from command import COMMAND
from harness import TOP, environment

sys.path.insert(0, str(TOP / "tests"))

from lab import namespace  # noqa: E402
from lab.hostiledns import SERVFAIL, SILENT, TXT, HostileDns  # noqa: E402
from lab.hostiledns import text as txt  # noqa: E402

HEAD = ["domain", "mails", "status", "mode", "max_age", "id", "tlsrpt",
        "looked", "errors", "warnings", "what"]
# Nobody needs them; that there are none is the proof.
NOTHING = {"MTA_STS_CONF": "/nonexistent/mta-sts.conf"}


def command(*args, resolver="127.0.0.1"):
    return [COMMAND, "survey", *(["--resolver", resolver] if resolver else []),
            *map(str, args)]


def survey(*args, input="", env=None, timeout=120, before="", **more):
    """
    Runs it, and before it what the shell is told: what subprocess.run returns,
    as text. input is text or bytes.
    """
    if isinstance(input, str):
        input = input.encode()
    shell = ["sh", "-c", before + '\nexec "$@"', "sh"] if before else []
    done = subprocess.run(
        [*shell, *command(*args, **more)], input=input, timeout=timeout, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment({**NOTHING, **(env or {})}))
    done.stdout = done.stdout.decode("ascii")
    done.stderr = done.stderr.decode("ascii")
    return done


def start(*args, **more):
    """The same, while it runs: a Popen with pipes."""
    return subprocess.Popen(
        command(*args), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env=environment(NOTHING), **more)


def read_csv(text):
    """The rows, as dictionaries."""
    lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert lines[0] == HEAD
    assert all(len(line) == len(HEAD) for line in lines)
    assert "\r" not in text
    return [dict(zip(HEAD, line)) for line in lines[1:]]


def sums(text):
    """Of a summary: by heading, by word, the number of domains."""
    found, part = {}, None
    for line in text.splitlines():
        words = line.split()
        if "DOMAINS" in words:
            part = found.setdefault(" ".join(
                words[:words.index("DOMAINS")]), {})
        elif part is not None and words:
            part[words[0]] = int(words[1])
    return found


# An internet for a HostileDns: ten domains with a record and nothing else, and
# two that are not answered for.
RECORDS = {f"_mta-sts.r{i}.example": [txt(b"v=STSv1; id=%d;" % i)]
           for i in range(10)}
RECORDS.update({f"r{i}.example": [] for i in range(10)})
NAMES = list(RECORDS)[10:]
RECORDS.update({"*.servfail.example": SERVFAIL, "servfail.example": SERVFAIL,
                "*.silent.example": SILENT, "silent.example": SILENT})


WHY_NOT = namespace.why_not()
needs_internet = pytest.mark.skipif(bool(WHY_NOT), reason=str(WHY_NOT))


@contextmanager
def internet():
    """That one, in a namespace: its HostileDns."""
    with namespace.Namespace(), HostileDns(RECORDS) as dns:
        yield dns


@pytest.fixture(name="dns", scope="module", autouse=True)
def fixture_dns():
    """That one, for a file of tests that imports this."""
    with internet() as dns:
        yield dns


@pytest.fixture(name="journal")
def fixture_journal(tmp_path):
    """Where --resume keeps what it has found."""
    return tmp_path / "journal.csv"


def asked(dns, since=0):
    """The domains whose record it has been asked for."""
    return {name.partition(".")[2] for name, kind in dns.asked[since:]
            if kind == TXT and name.startswith("_mta-sts.")}
