"""
The responder by hand: its options, -n with every kind of finding, the help on
a terminal; and what it does not take for an option.
"""

import fcntl
import os
import pty
import pwd
import re
import select
import shutil
import struct
import subprocess
import termios

import pytest

import cgi
import fastcgi
from cgi import check, variables
from faults import needs_strace
from harness import (POLICY_WIRE, PROGRAM, STRACE, TOP, Listener, Responder,
                     Site, environment, source)

ROWS, COLUMNS = 24, 80


def run(*args, env=None, **more):
    """Runs the program with its input from nowhere; gives what it left."""
    return subprocess.run(
        [PROGRAM, *map(str, args)], env=environment(env), timeout=30,
        capture_output=True, text=True, check=False,
        **{"stdin": subprocess.DEVNULL, **more})


def check_site(site, *args):
    """Runs -n on a site; gives exit code and findings, nothing on stdout."""
    done = run("-n", "-c", site.settings, *args)
    assert done.stdout == ""
    return done.returncode, done.stderr


def test_version():
    version = re.search(r"^VERSION *= *(\S+)$",
                        (TOP / "Makefile").read_text(), re.MULTILINE)[1]
    done = run("-V")
    assert done.returncode == 0
    assert done.stdout == f"mta-sts.fcgi {version}\n"
    assert done.stderr == ""


def on_terminal(*args):
    """Runs it on a terminal of 24 lines; its exit code and what it shows."""
    ours, theirs = pty.openpty()
    try:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ,
                    struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        done = subprocess.run([PROGRAM, *args], stdin=theirs, stdout=theirs,
                              stderr=theirs, env=environment(), timeout=30,
                              check=False)
        shown = b""
        while select.select([ours], [], [], 0)[0]:
            shown += os.read(ours, 65536)
        return done.returncode, shown.decode().replace("\r\n", "\n")
    finally:
        os.close(ours)
        os.close(theirs)


def test_help_on_a_terminal():
    """One screen, the prompt below it included."""
    code, shown = on_terminal()
    assert code == 0
    lines = shown.splitlines()
    assert shown.startswith("usage: mta-sts.fcgi ")
    assert 5 < len(lines) < ROWS
    assert max(map(len, lines)) < COLUMNS
    for word in ("-c", "-n", "-V", "-h", "MTA_STS_CONF", "mta-sts.fcgi(8)"):
        assert word in shown, word
    assert on_terminal("-h") == (0, shown)
    assert run("-h").stdout == shown


@pytest.mark.parametrize("args", [
    ["-x"], ["-c"], ["-n", "-x"], ["--version"], ["--help"], ["-n", "more"],
    ["more"], ["-?"], []])
def test_usage(args):
    """What cannot be meant: exit 2, the usage on stderr, nothing else."""
    done = run(*args)
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert "usage: mta-sts.fcgi " in done.stderr


def test_unknown_option_on_a_terminal():
    code, shown = on_terminal("-x")
    assert code == 2 and "usage: " in shown


def test_listening_and_an_operand(site):
    with Responder(site, args=["more"]) as responder:
        assert responder.wait(5) == 2
        assert "usage: " in responder.log()


def test_check_good(site):
    site.alias("alias.example", "example.com")
    site.write("none.example", source("none", mx=[], max_age=86400))
    site.write("_hosting")
    (site.policies / "README").write_text("no policy")
    (site.policies / "example.com.txt~").write_text("no policy")
    (site.policies / ".hidden.txt").write_text("no policy")
    code, log = check_site(site)
    assert code == 0
    assert "error: " not in log and "warning: " not in log
    assert len(log.splitlines()) == 1 and "4 policies" in log, log


def test_check_warnings(site):
    """Hardly ever meant, and served all the same: exit 0."""
    site.write("short.example", source(max_age=3600))
    site.write("wide.example", source(mx=["*.com"]))
    site.write("idle.example", source("none"))
    site.write("UPPER.example")
    site.write("under_score.example")
    site.write("b\u00fccher.example")
    site.write("red\x1b[31m.example")
    code, log = check_site(site)
    assert code == 0, log
    for name in ("short.example", "wide.example", "idle.example",
                 "UPPER.example", "under_score.example"):
        assert re.search(rf"{re.escape(name)}.*warning: |"
                         rf"warning: .*{re.escape(name)}", log), (name, log)
    assert log.count("warning: ") == 7 and "error: " not in log
    assert "\x1b" not in log, "a terminal would take that for a command"


# Policies with one fault each, and what is to be said of it.
FAULTS = [
    (b"", "version"),
    (b"version: STSv2\nmode: none\nmax_age: 1\n", ":1:10: error: "),
    (b"mode: none\nmax_age: 1\n", "version"),
    (b"version: STSv1\nmax_age: 1\n", "mode"),
    (b"version: STSv1\nmode: none\n", "max_age"),
    (b"version: STSv1\nmode: enforce\nmax_age: 1\n", "mx"),
    (b"version: STSv1\nmode: Enforce\nmx: a.example\nmax_age: 1\n",
     ":2:7: error: "),
    (b"version: STSv1\nmode: testing\nmx: a.example.\nmax_age: 1\n",
     ":3:14: error: "),
    (b"version: STSv1\nmode: testing\nmx: 192.0.2.1\nmax_age: 1\n",
     ":3:5: error: "),
    (b"version: STSv1\nmode: none\nmax_age: 31557601\n", ":3:10: error: "),
    (b"version: STSv1\nmode: none\nmax_age: 1w\n", ":3:10: error: "),
    (b"version: STSv1\nmode: none\nmode: none\nmax_age: 1\n",
     ":3:"),
    (b"version: STSv1\nMode: none\nmax_age: 1\n", ":2:1: error: "),
    (b"version: STSv1\nmode: none\nmaxage: 1\nmax_age: 1\n",
     ":3:1: error: "),
    (b"version: STSv1\nmode: none\n\x00max_age: 1\n", ":3:"),
    (b"version: STSv1\nmode: none\nmax_age: 1\n\x1b[31mred\n", ":4:"),
]


@pytest.mark.parametrize("content, finding", FAULTS,
                         ids=[str(number) for number in range(len(FAULTS))])
def test_check_policy(site, content, finding):
    path = site.write("bad.example", content)
    code, log = check_site(site)
    assert code == 1
    found = [line for line in log.splitlines() if "error: " in line]
    assert found and all(line.startswith(f"{path}:") for line in found), log
    assert any(finding in line for line in found), log
    assert "\x1b" not in log and "\0" not in log
    # The same words as in the log of a request.
    answer = cgi.run(site, variables("mta-sts.bad.example"))
    check(answer, 500)
    for line in found:
        assert line in answer.log, (line, answer.log)


def test_check_tells_everything(site):
    """Every finding of every file, and of the settings, in one run."""
    for number, (content, _) in enumerate(FAULTS):
        site.write(f"bad{number}.example", content)
    site.write("writable.example", mode=0o666)
    site.alias("dangling.example", "missing.example")
    site.write("two.example", b"version: STSv2\nmode: on\nmx: .\nmax_age: x\n")
    site.configure('unknown = 1;\nunknown_fields = "maybe";\n'
                   'dns = { ttl = "x"; };\n')
    code, log = check_site(site)
    assert code == 1
    for number in range(len(FAULTS)):
        assert f"/bad{number}.example.txt:" in log, number
    for line in (1, 2, 3, 4):
        assert f"/two.example.txt:{line}:" in log, log
    for line in (5, 6, 7):
        assert re.search(rf"^{re.escape(str(site.settings))}:{line}.*error: ",
                         log, re.MULTILINE), log
    assert "/writable.example.txt: error: " in log
    assert "/dangling.example.txt: error: " in log
    assert "/example.com.txt" not in log
    assert str(log.count(" error: ")) in log.splitlines()[-1]


SETTINGS = [
    ("policies = ", 1), ('unknown = "x";', 1), ("owner = 3.5;", 1),
    ('owner = "no such user";', 1), ('policies = "relative";', 1),
    ('\n\n@include "/etc/passwd"', 3), ('log = { to = "nowhere"; };', 1),
    ("dns = { ttl = 4294967296; };", 1), ('owner = "root"\n}', 2),
    ('unknown_fields = "pass";\nunknown_fields = "pass";', 2),
]


@pytest.mark.parametrize("text, line", SETTINGS)
def test_bad_settings(site, text, line):
    """Told with file and line by -n, at the start, and in CGI's log."""
    site.settings.write_text(text + "\n")
    where = (rf"^(mta-sts\.fcgi: )?{re.escape(str(site.settings))}:(\d+)"
             ".*error: ")
    done = run("-n", "-c", site.settings)
    with Responder(site, log="refused") as responder:
        assert responder.wait(5) == 1
        log = responder.log()
    answer = cgi.run(site)
    check(answer, 500)
    assert done.returncode == 1
    for found in (done.stderr, log, answer.log):
        lines = [int(m[2]) for m in re.finditer(where, found, re.MULTILINE)]
        # A parser may see a mistake no sooner than on the line after it.
        assert lines and all(line <= n <= line + 1 for n in lines), found


def test_settings_that_others_can_write(site):
    site.settings.chmod(0o664)
    code, log = check_site(site)
    assert code == 1
    assert re.search(rf"{re.escape(str(site.settings))}: error: .*0664", log)


def test_missing_settings(site):
    """Those that are named must be there."""
    missing = site.root / "missing.conf"
    for args, env in ((["-c", missing], {}), ([], {"MTA_STS_CONF":
                                                   str(missing)})):
        done = run("-n", *args, env=env)
        assert done.returncode == 1
        assert f"{missing}: error: " in done.stderr, done.stderr


def test_environment_names_the_settings(site):
    """Without -c; and -c counts more."""
    env = {"MTA_STS_CONF": str(site.settings)}
    with Responder(site, settings=False, env=env) as responder:
        check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)
    assert run("-n", env=env).returncode == 0
    missing = {"MTA_STS_CONF": str(site.root / "missing")}
    with Responder(site, env=missing) as responder:
        check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)


@needs_strace
def test_listener_cannot_be_watched(site):
    """It leaves, and says why."""
    with Listener(site.root / "fcgi.sock") as listener:
        done = subprocess.run(
            [*STRACE, "-o", "/dev/null", "-e", "inject=epoll_ctl:error=ENOSPC",
             PROGRAM, "-c", site.settings], stdin=listener, timeout=30,
            env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 3, done
    assert "cannot serve: No space left on device\n" in done.stderr


def test_variables_do_not_unmake_fastcgi(site):
    """A listening socket counts more than what the environment says."""
    env = {name: value.decode() for name, value in variables().items()}
    with Responder(site, env=env) as responder:
        check(fastcgi.ask(responder.socket), 200, POLICY_WIRE)


@pytest.mark.root
def test_set_user_id_is_refused():
    """It trusts its environment, so that it must not have others' rights."""
    with Site() as site:
        if os.statvfs(site.root).f_flag & os.ST_NOSUID:
            pytest.skip("nothing is set-user-ID here")
        program = site.root / "program"
        shutil.copy(PROGRAM, program)
        nobody = pwd.getpwnam("nobody")
        for uid, gid, mode in ((nobody.pw_uid, 0, 0o4755),
                               (0, nobody.pw_gid, 0o2755)):
            os.chown(program, uid, gid)
            program.chmod(mode)
            done = subprocess.run([program, "-V"], env=environment(),
                                  capture_output=True, timeout=30, text=True,
                                  check=False)
            assert done.returncode != 0, done
            assert done.stdout == "" and "set-user-ID" in done.stderr
