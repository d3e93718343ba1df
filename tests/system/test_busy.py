"""
A responder that is never idle: whenever it looks, somebody waits. The kernel
then lets no signal in where it looks, and it still leaves when it is told to.
"""

import signal

import pytest

import fastcgi
from cgi import check
from faults import Injection, needs_strace
from harness import POLICY_WIRE, Responder

# It looks twice a second.
SECONDS = 3


@needs_strace
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP],
                         ids=lambda n: n.name)
def test_signal(site, number):
    """
    Each wait is over at once, as it is under load, without a look at signals:
    strace(1) leaves the call itself out.
    """
    # A leak could not be looked for while strace is there.
    with Responder(site, env={"ASAN_OPTIONS": "detect_leaks=0"}) as responder:
        check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
        with Injection(responder.process.pid, "epoll_pwait:retval=0") as busy:
            busy.wait_for_faults(2)
            assert responder.stop(number, SECONDS) == 0
        assert "leaving: " in responder.log()
