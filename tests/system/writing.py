"""What the tests of the verbs that write have in common."""

import os
from contextlib import contextmanager

from command import configure
from harness import Site, source

OLD = source("testing", ["mx1.example.com"], 86400)
SET = ("set", "example.com", "--mode", "enforce", "--max-age", "7d")


@contextmanager
def written():
    """A site with the policy OLD for example.com."""
    with Site() as site:
        configure(site)
        site.write("example.com", OLD)
        yield site


def files(site):
    """What the directory has but for the lock: name to bytes or target."""
    return {path.name: os.readlink(path) if path.is_symlink()
            else path.read_bytes()
            for path in site.policies.iterdir() if path.name != ".lock"}


def history(site):
    """The lines of the history file."""
    path = site.root / "state" / "history"
    return path.read_text().splitlines() if path.exists() else []
