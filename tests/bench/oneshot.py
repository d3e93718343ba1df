"""
One request by CGI: a process from its start to its end, beside a shell script
and a Perl script with a tutorial's look-up; and the system calls up to the first
byte of the answer. All run as the same user.
"""

import json
import os
import shutil
import subprocess
import time
import traceback

import common
import programs
from harness import PROGRAM, STRACE, environment
from tables import Column, Table

VARIABLES = {"GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET",
             "SERVER_PROTOCOL": "HTTP/1.1", "QUERY_STRING": "",
             "REQUEST_URI": "/.well-known/mta-sts.txt",
             "SCRIPT_NAME": "/.well-known/mta-sts.txt"}


def commands(site):
    """By name, what is run."""
    found = {"mta-sts.fcgi": [site.place(PROGRAM)],
             "a shell script": [site.place(programs.RIVALS / "lookup.sh")]}
    if shutil.which("perl"):
        found["a Perl script"] = [site.place(programs.RIVALS / "lookup.pl")]
    return {name: [str(word) for word in command]
            for name, command in found.items()}


def ask(site, command, number, prefix=()):
    """
    Asks for a policy: microseconds from the start to the end, and microseconds of
    processor time, both with everything that the program starts itself.
    """
    env = environment({
        **VARIABLES, "POLICIES": str(site.policies),
        "HTTP_HOST": common.KNOWN.replace("{n}", f"{number:06}"),
        "MTA_STS_CONF": str(site.settings)})
    read, write = os.pipe()
    words = [*prefix, *command]
    begin = time.perf_counter()
    # As web servers do where they can: without a copy of their own memory.
    child = os.posix_spawnp(words[0], words, env, file_actions=[
        (os.POSIX_SPAWN_DUP2, write, 1)])
    os.close(write)
    with open(read, "rb") as file:
        answer = file.read()
    _, status, usage = os.wait4(child, 0)
    end = time.perf_counter()
    body = answer.partition(b"\r\n\r\n")[2]
    if status != 0 or body != common.policy(number):
        raise common.WrongAnswers(f"{command}: {status} {answer!r}")
    return ((end - begin) * 1e6, (usage.ru_utime + usage.ru_stime) * 1e6)


def first_byte(site, command):
    """
    How many system calls it makes up to the first one that writes to standard
    output, children included.
    """
    output = site.root / "trace" / "calls"
    output.unlink(missing_ok=True)
    ask(site, command, 1, [*STRACE, "-f", "-qq", "-e", "signal=none", "-o",
                           str(output)])
    count = 0
    for line in output.read_text(errors="replace").splitlines():
        call = line.split(None, 1)[1]
        if call.startswith(("<...", "+++", "---")):
            continue
        count += 1
        if call.startswith("write(1,"):
            return count
    raise RuntimeError(f"{command} wrote nothing")


def measure(site, what, times):
    """By name: times, processor times, and system calls."""
    figures = {name: ([], [], None) for name in what}
    for number in range(times):
        for name, command in what.items():
            for values, value in zip(
                    figures[name], ask(site, command, number % site.count)):
                values.append(value)
    if shutil.which("strace"):
        for name, command in what.items():
            figures[name] = (*figures[name][:2], first_byte(site, command))
    return figures


def as_user(function, *arguments):
    """
    What the function returns, or None after an exception, in a process of
    user() (through JSON): a child then need not become it.
    """
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read)
            common.become_user()
            with open(write, "w", encoding="ascii") as file:
                json.dump(function(*arguments), file)
            os._exit(0)
        except BaseException:  # whatever it was, two processes must not go on
            traceback.print_exc()
        finally:
            os._exit(1)
    os.close(write)
    with open(read, encoding="ascii") as file:
        text = file.read()
    _, status = os.waitpid(child, 0)
    return json.loads(text) if status == 0 else None


def run(bench):
    """One table."""
    times = 5 if bench.quick else 200
    with common.Policies(100) as site:
        (site.root / "trace").mkdir()
        (site.root / "trace").chmod(0o777)
        figures = as_user(measure, site, commands(site), times)
        if figures is None:
            bench.fail("CGI: see the message above")
            return
        table = Table("oneshot", f"One request by CGI, {times} runs each",
                      [Column("time", "us, median", ",.0f"),
                       Column("late", "us, 90 %", ",.0f"),
                       Column("cpu", "CPU us, median", ",.0f"),
                       Column("calls", "calls to the first byte", ".0f")],
                      "From the start of the process to its end. What a script "
                      "starts counts with it.", plot=["time"])
        for name, (elapsed, cpu, calls) in figures.items():
            elapsed.sort()
            cpu.sort()
            table.row(name, time=elapsed[len(elapsed) // 2],
                      late=elapsed[len(elapsed) * 9 // 10],
                      cpu=cpu[len(cpu) // 2], calls=calls)
        bench.show(table)
