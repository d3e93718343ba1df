#!/usr/bin/python3
"""
bench.py [--requests N] [--idle N]: what the responder does under load. First N
requests on kept connections through each web server that keeps connections to
the responder, with the shipped configurations, every answer that is not the
policy being counted. Then the latency of one client, with and without N other
connections that are kept and idle. How to read the tables: README.md here.
Exits 1 when any answer was wrong. What is right and wrong is in ../system.
"""

import argparse
import contextlib
import os
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))

import fastcgi  # noqa: E402
from harness import (PATH, POLICY, POLICY_WIRE, PROGRAM,  # noqa: E402
                     Responder, Site, environment)
from webservers import ApacheProxy, Nginx  # noqa: E402

HOST = "mta-sts.example.com"
CLIENTS = 16
SLICE = 5           # seconds that wrk runs at a time
SLICES_MAX = 60     # as often, at most
SAMPLES = 5000      # requests whose latency is taken

# wrk calls response() for each answer and done() at the end.
WRK_SCRIPT = """
local expected = %s
local threads = {}
function setup(thread) table.insert(threads, thread) end
function init(args) wrong = 0 end
function response(status, headers, body)
   if status ~= 200 or body ~= expected then wrong = wrong + 1 end
end
function done(summary, latency, requests)
   local wrong, e = 0, summary.errors
   for _, thread in ipairs(threads) do
      wrong = wrong + thread:get("wrong")
   end
   print(string.format("RESULT %%d %%d %%d %%d %%.0f %%.0f",
      summary.requests, wrong, e.connect + e.read + e.write + e.timeout,
      summary.duration, latency:percentile(50), latency:percentile(99)))
end
"""


def lua_string(data):
    """Bytes as a string of Lua."""
    return '"' + "".join(f"\\{byte:03d}" for byte in data) + '"'


def wrk(url, script):
    """One slice: requests, wrong ones, errors, and in us length, p50, p99."""
    command = ["wrk", "-t", "2", "-c", str(CLIENTS), "-d", f"{SLICE}s",
               "--timeout", "5s", "-H", f"Host: {HOST}", "-s", script, url]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, env=environment(),
                          capture_output=True, text=True, check=False,
                          timeout=SLICE + 60)
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            return [int(word) for word in line.split()[1:]]
    raise RuntimeError(f"{shlex.join(command)}: {done.stdout}{done.stderr}")


def through(kind, requests):
    """That many requests through a server: a table's row."""
    # wrk asks TLS for the name in its URL, which is an address here.
    changes = [("$ssl_server_name", HOST)] if kind is Nginx else []
    with Site() as site:
        site.write("example.com", POLICY)
        with kind(site, changes=changes) as server, \
                tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write(WRK_SCRIPT % lua_string(POLICY_WIRE))
            script.flush()
            scheme = "https" if server.tls else "http"
            url = f"{scheme}://127.0.0.1:{server.port}{PATH}"
            slices = []
            while sum(row[0] for row in slices) < requests:
                if len(slices) == SLICES_MAX:
                    break
                slices.append(wrk(url, script.name))
    sums = [sum(column) for column in zip(*slices)]
    return {"requests": sums[0], "wrong": sums[1], "errors": sums[2],
            "rate": sums[0] * 1_000_000 / sums[3],
            "p50": statistics.median(row[4] for row in slices),
            "p99": max(row[5] for row in slices),
            "enough": sums[0] >= requests}


def show_servers(requests):
    """The first table; whether every answer was right."""
    right = True
    print(f"{requests:,} requests on kept connections, {CLIENTS} clients\n")
    print(f"{'':24}{'requests':>10}{'wrong':>7}{'errors':>8}{'a second':>10}"
          f"{'median us':>11}{'99 % us':>9}")
    for name, kind in (("Apache, enablereuse=on", ApacheProxy),
                       ("nginx, keepalive, TLS", Nginx)):
        if not kind.path():
            print(f"{name:24}is not installed: make deps")
            right = False
            continue
        row = through(kind, requests)
        print(f"{name:24}{row['requests']:>10,}{row['wrong']:>7}"
              f"{row['errors']:>8}{row['rate']:>10,.0f}{row['p50']:>11,.0f}"
              f"{row['p99']:>9,.0f}", flush=True)
        right &= row["enough"] and not row["wrong"] and not row["errors"]
    print()
    return right


def latencies(ask):
    """Median and 99th percentile of SAMPLES calls, in microseconds."""
    times = []
    for _ in range(SAMPLES):
        begin = time.perf_counter()
        answer = ask()
        times.append((time.perf_counter() - begin) * 1_000_000)
        if (answer.status, answer.body) != (200, POLICY_WIRE):
            raise RuntimeError(f"a wrong answer: {answer}")
    return statistics.median(times), statistics.quantiles(times, n=100)[98]


def latency_rows(responder):
    """The latencies of one more client, in both its ways."""
    data = fastcgi.request()
    with fastcgi.Connection(responder.socket) as connection:
        def ask():
            connection.send(data)
            return connection.answer()
        yield "on one connection", latencies(ask)
    yield "on a new one each", latencies(
        lambda: fastcgi.ask(responder.socket))


def memory(process):
    """What it has in memory, in KiB."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError("no VmRSS")


def show_idle(idle):
    """The second table; whether every connection was there to the end."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    if 0 < limit < idle + 200:
        print(f"only {limit} files may be open (ulimit -Hn): "
              f"{limit - 200} connections instead of {idle}")
        idle = limit - 200
    print(f"latency of a client, in microseconds, {SAMPLES:,} requests\n")
    print(f"{'idle connections':>18}{'':24}{'median':>8}{'99 %':>8}"
          f"{'memory':>12}")
    with Site() as site, contextlib.ExitStack() as stack:
        site.write("example.com", POLICY)
        responder = stack.enter_context(Responder(site))
        kept = []
        for count in (0, idle):
            while len(kept) < count:
                connection = fastcgi.Connection(responder.socket)
                kept.append(stack.enter_context(connection))
                connection.ask()
            for name, (median, late) in latency_rows(responder):
                print(f"{count:>18,}{'':4}{name:20}{median:>8.0f}{late:>8.0f}"
                      f"{memory(responder.process):>8} KiB", flush=True)
        closed = sum(connection.is_closed() for connection in kept)
    print(f"\n{idle - closed:,} of the {idle:,} were still there at the end")
    return closed == 0


def main():
    """Returns the exit code."""
    parser = argparse.ArgumentParser(
        description="what the responder does under load")
    parser.add_argument("--requests", type=int, default=300_000, metavar="N",
                        help="through each web server (%(default)s)")
    parser.add_argument("--idle", type=int, default=10_000, metavar="N",
                        help="connections that are kept (%(default)s)")
    options = parser.parse_args()
    print(f"{PROGRAM}, {os.cpu_count()} processors; again with:\n"
          f"tests/bench/bench.py --requests {options.requests} "
          f"--idle {options.idle}\n")
    right = show_servers(options.requests)
    right &= show_idle(options.idle)
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
