"""
What CGI alone has: arguments that are no options, whatever input and output a
web server gives it, and signals. What it answers is in test_http.py.
"""

import os
import pty
import signal
import socket
import subprocess
import time

import pytest

import cgi
from cgi import check, variables
from faults import needs_strace
from harness import (POLICY_WIRE, PROGRAM, STRACE, environment, source,
                     wait_for, wire)


@pytest.mark.parametrize("args", [
    ["-V"], ["-n"], ["-h"], ["-x"], ["-c/etc/passwd"], ["-c", "/etc/passwd"],
    ["--", "-V"], ["x"], [""], ["-"], ["-n", "-c"]])
def test_no_options_in_cgi(site, args):
    """Web servers pass a query string as arguments (RFC 3875, 4.4)."""
    answer = cgi.run(site, args=args)
    check(answer, 200, POLICY_WIRE)
    assert answer.log == "" and answer.code == 0


def test_either_variable_makes_it_cgi(site):
    for name in ("GATEWAY_INTERFACE", "REQUEST_METHOD"):
        values = variables(**{name: None})
        check(cgi.run(site, values, args=["-V"]),
              405 if name == "REQUEST_METHOD" else 200,
              None if name == "REQUEST_METHOD" else POLICY_WIRE)


@pytest.mark.parametrize("kind", ["null", "file", "connected", "closed",
                                  "terminal"])
def test_input_of_cgi(site, kind):
    """Whatever CGI has for its input; it is not read."""
    env = environment({"MTA_STS_CONF": str(site.settings)})
    env.update((n, v.decode()) for n, v in variables().items())
    ours, theirs = (pty.openpty() if kind == "terminal" else (None, None))
    one, other = socket.socketpair()
    with one, other, open(site.settings, "rb") as file:
        stdin = {"null": subprocess.DEVNULL, "file": file, "connected": one,
                 "closed": None, "terminal": theirs}[kind]
        done = subprocess.run(
            [PROGRAM], env=env, stdin=stdin, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=30, check=False,
            preexec_fn=(lambda: os.close(0)) if kind == "closed" else None)
    for descriptor in (ours, theirs):
        if descriptor is not None:
            os.close(descriptor)
    check(cgi.parse(done.stdout), 200, POLICY_WIRE)
    assert done.returncode == 0 and done.stderr == b""


def start(site, values, **more):
    """Starts it as CGI and does not wait for it."""
    env = environment({"MTA_STS_CONF": str(site.settings)})
    env.update((n, v.decode()) for n, v in values.items())
    return subprocess.Popen([PROGRAM], env=env, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, **more)


def test_body_never_comes(site):
    """
    An announced body is not waited for: the answer is out at once. The process
    stays a little, lest what comes late takes the answer with it.
    """
    values = variables(method="POST", CONTENT_LENGTH="5")
    with start(site, values, stdin=subprocess.PIPE) as process:
        began = time.monotonic()
        check(cgi.parse(process.stdout.read()), 405)
        assert time.monotonic() - began < 4
        assert process.wait(10) == 0


def large(site):
    names = [f"mx{number}.large.example" for number in range(2500)]
    site.write("large.example", source(mx=names))
    return variables("mta-sts.large.example"), wire(mx=names)


def test_large_answer_to_a_late_reader(site):
    """More than a pipe holds at once, of which nothing is lost."""
    values, body = large(site)
    with start(site, values, stdin=subprocess.DEVNULL,
               pipesize=4096) as process:
        time.sleep(0.2)
        check(cgi.parse(process.stdout.read()), 200, body)
        assert process.wait(10) == 0


def test_reader_goes_away(site):
    """It ends as well, and by no crash."""
    values, _ = large(site)
    with start(site, values, stdin=subprocess.DEVNULL,
               pipesize=4096) as process:
        process.stdout.read(100)
        process.stdout.close()
        assert process.wait(10) in (-signal.SIGPIPE, 3)


@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_nobody_reads_the_log(site, kind):
    """What there is to tell is lost, and the answer is not."""
    site.write("broken.example", b"mode: wrong\n")
    if kind == "pipe":
        reader, writer = os.pipe()
    else:
        reader, writer = (end.detach() for end in socket.socketpair())
    os.close(reader)
    env = environment({"MTA_STS_CONF": str(site.settings)})
    values = variables("mta-sts.broken.example")
    env.update((n, v.decode()) for n, v in values.items())
    try:
        done = subprocess.run([PROGRAM], env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=writer,
                              timeout=30, check=False)
    finally:
        os.close(writer)
    assert done.returncode == 0, done
    check(cgi.parse(done.stdout), 500)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT],
                         ids=lambda n: n.name)
def test_signal_ends_it(site, number):
    """A web server can end it while it waits for its reader."""
    values, _ = large(site)
    with start(site, values, stdin=subprocess.DEVNULL,
               pipesize=4096) as process:
        process.stdout.read(1)
        process.send_signal(number)
        wait_for(lambda: process.poll() is not None)
        assert process.returncode == -number
        process.stdout.close()


@pytest.mark.parametrize("error, status", [
    ("EMFILE", 503), ("ENFILE", 503), ("ENOMEM", 503), ("EACCES", 500)])
@needs_strace
def test_root_cannot_be_opened_just_now(site, error, status):
    """The walk to the policies begins there."""
    strace = [*STRACE, "-o", "/dev/null", "-P", "/", "-e",
              f"inject=open,openat:error={error}"]
    answer = cgi.run(site, prefix=strace)
    check(answer, status)
    assert "/: error: it cannot be opened: " in answer.log


@pytest.mark.parametrize("error", ["EMFILE", "ENFILE", "ENOMEM", "EIO"])
@pytest.mark.parametrize("settings", ["", "sandbox = false;\n"])
@needs_strace
def test_settings_that_cannot_be_read_just_now(site, settings, error):
    site.configure(settings)
    strace = [*STRACE, "-o", "/dev/null", "-P", site.settings, "-e",
              f"inject=open,openat:error={error}"]
    check(cgi.run(site, prefix=strace), 503)
