"""What pytest is to know for all system tests: common fixtures, root cases."""

import os
import signal
import sys

import pytest

sys.dont_write_bytecode = True

from customer import Customer  # noqa: E402
from harness import POLICY, PROGRAM, Responder, Site  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "root: needs root, else skipped")


def pytest_collection_modifyitems(items):
    if os.getuid() == 0:
        return
    for item in items:
        if item.get_closest_marker("root"):
            item.add_marker(pytest.mark.skip(reason="needs root"))


def pytest_sessionstart():
    if not os.access(PROGRAM, os.X_OK):
        pytest.exit(f"{PROGRAM} is not there: type make first", 2)
    # A shell's "&" has it ignored, and whatever is started here would, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def site():
    """An empty site of the test's own, with the policy of example.com."""
    with Site() as it:
        it.write("example.com", POLICY)
        yield it


@pytest.fixture
def responder(site):
    """The responder on that site."""
    with Responder(site) as it:
        yield it


@pytest.fixture(scope="module")
def customer():
    """A user of the host's with a home and a web space; needs root."""
    with Customer() as it:
        yield it
