"""
One more domain: the time from its writing to its first good answer over HTTP,
the memory of all processes, and the CPU time of a request. The responder behind
nginx, beside servers that have the policies in their configuration: nginx in a
map or a block each, Apache in a virtual host each, lighttpd in a condition
each. Those are cut where they no longer start within 10 s, or reload within a
minute. A part of growth.py.
"""

import contextlib
import http.client
import signal
import tempfile
import time

import common
import servers
from common import KNOWN
from servers import Files, Plain, PlainMap, host, pids_of

import command
from harness import PATH
from tables import Column, Table
from webservers import Apache, Lighttpd

PATIENCE = 60           # seconds that a reload may take


class Grown(Files):
    """
    Mixed into a server: the policies are in its configuration, which is
    written anew for one more.
    """

    reload = signal.SIGHUP
    seconds = None      # that the start took

    def lines(self, number):
        """What a domain has in the configuration."""
        raise NotImplementedError

    def block(self):
        return "\n".join(map(self.lines, range(self.site.count)))

    def _start(self):
        begun = time.perf_counter()
        super()._start()
        self.seconds = time.perf_counter() - begun

    def add(self, number):
        """One more domain, as far as telling the server."""
        path = self.files / host(number) / PATH[1:]
        path.parent.mkdir(parents=True)
        path.write_bytes(common.policy(number))
        with open(self.root / "block.conf", "a", encoding="ascii") as file:
            file.write("\n" + self.lines(number))
        self._process.send_signal(self.reload)


class MapOf(Grown, PlainMap):
    """nginx with one map."""

    def block(self):
        return PlainMap.block(self)

    def _furnish(self):
        Plain._furnish(self)    # no files

    def add(self, number):
        path = self.root / "block.conf"
        line = f'    {host(number)} "{common.policy(number).decode()}";\n'
        text = path.read_text(encoding="ascii").replace(
            '    default "";\n', '    default "";\n' + line)
        path.write_text(text, encoding="ascii")
        self._process.send_signal(signal.SIGHUP)


class BlocksOf(Grown, Plain):
    """nginx with a server block for each domain."""

    def block(self):
        return (f"server_names_hash_max_size {4 * self.site.count + 512};\n"
                "server_names_hash_bucket_size 128;\n"
                "types { text/plain txt; }\n") + super().block()

    def lines(self, number):
        return f"""server {{
    listen 127.0.0.1:{self.port};
    server_name {host(number)};
    root {self.files}/{host(number)};
}}"""


class HostsOf(Grown, Apache):
    """Apache with a virtual host for each domain."""

    reload = signal.SIGUSR1

    def block(self):
        return (f"<Directory {self.files}>\nAllowOverride None\n"
                "Require all granted\n</Directory>\n") + super().block()

    def lines(self, number):
        return f"""<VirtualHost 127.0.0.1:{self.port}>
    ServerName {host(number)}
    DocumentRoot {self.files}/{host(number)}
</VirtualHost>"""


class ConditionsOf(Grown, Lighttpd):
    """lighttpd with a condition for each domain."""

    reload = signal.SIGUSR1

    def lines(self, number):
        return f"""$HTTP["host"] == "{host(number)}" {{
    server.document-root = "{self.files}/{host(number)}"
}}"""


COUNTS = (10, 1000, 10_000, 100_000)
QUICK_COUNTS = (10, 100)

# Name, kind, and up to how many domains.
RIVALS = [("nginx, a map", MapOf, 100_000),
          ("nginx, blocks", BlocksOf, 10_000),
          ("Apache, virtual hosts", HostsOf, 10_000),
          ("lighttpd, conditions", ConditionsOf, 10_000)]


def until_served(server, number, add):
    """Milliseconds from add() to the first good answer about the number."""
    begun = time.perf_counter()
    add()
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            reply = server.ask(host(number))
            if (reply.status, reply.body) == (200, common.policy(number)):
                return (time.perf_counter() - begun) * 1000
        if time.perf_counter() - begun > PATIENCE:
            raise TimeoutError(f"not served within {PATIENCE} s")
        time.sleep(0.001)


def memory_mib(server):
    """PSS of a server with all of its processes."""
    total = 0
    for pid in pids_of(server):
        with contextlib.suppress(OSError, ValueError):
            total += common.memory_kib(pid)["pss"]
    return total / 1024


def cpu_us(server, seconds):
    """CPU time of a request, all domains being asked for."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(servers.WRK_SCRIPT % (
            server.site.count, KNOWN.replace("{n}", "%06d"), PATH))
        script.flush()
        pids = pids_of(server)
        before = servers.processor_ns(pids)
        requests, failed, *_ = servers.wrk(server, script.name, seconds, False)
        if failed or not requests:
            raise common.WrongAnswers(f"{failed} of {requests}")
        return (servers.processor_ns(pids) - before) / 1000 / requests


def adding_row(server, seconds, adds):
    """The figures of a server; adds: what each writes one more domain."""
    wrong = sum(server.ask(host(number)).body != common.policy(number)
                for number in range(min(100, server.site.count)))
    if wrong:
        raise common.WrongAnswers(f"{wrong} of the first 100")
    row = {"domains": server.site.count, "memory": memory_mib(server),
           "cpu": cpu_us(server, seconds)}
    row["added"] = [until_served(server, number, add) for number, add in adds]
    return row


def rival_rows(bench, table):
    """Those that have the policies in their configuration."""
    for name, kind, most in RIVALS:
        if not kind.path():
            bench.skip(f"{name}: {kind.binary} is not installed")
            continue
        for count in QUICK_COUNTS if bench.quick else COUNTS:
            if count > most:
                continue
            try:
                with common.Policies(0) as site:
                    site.count = count
                    with kind(site) as server:
                        adds = [(count + turn, lambda turn=turn:
                                 server.add(count + turn))
                                for turn in range(bench.rounds)]
                        table.row(name, start=server.seconds, **adding_row(
                            server, 1 if bench.quick else 2, adds))
            except (RuntimeError, TimeoutError) as error:
                last = str(error).strip().splitlines()[-1][:100]
                bench.skip(f"{name}, {count:,} domains: {last}")


class BesidePlain(Plain):
    """nginx before a responder that runs already."""

    owns_responder = True

    def responders(self):
        return [self.site.pid]

    def _stop(self):
        self.owns_responder = False     # nobody waits for that one to leave
        super()._stop()
        self.responders = list


def write_policy(site, number):
    """By plain file, at once."""
    draft = site.policies / ".draft"
    draft.write_bytes(common.policy(number))
    draft.chmod(0o644)
    draft.rename(site.policies / f"d{number:06}.example.txt")


def add_policy(site, number):
    """By the command, the same policy."""
    domain = f"d{number:06}.example"
    done = command.run(
        site, "add", "--mode", "enforce", "--max-age", 604800, "--mx",
        f"mx1.{domain}", "--mx", f"mx2.{domain}", "--mx", f"*.mail.{domain}",
        domain)
    if done.returncode != command.DONE:
        raise RuntimeError(f"mta-sts add: {done}")


def responder_rows(bench, table, sizes):
    """The responder, behind nginx."""
    for name, add in (("responder, a file", write_policy),
                      ("responder, mta-sts add", add_policy)):
        for size in sizes:
            site = size.site
            site.pid = size.responder.process.pid
            first = 1_000_000 if add is write_policy else 2_000_000
            adds = [(first + turn, lambda add=add, number=first + turn:
                     add(site, number)) for turn in range(bench.rounds)]
            with BesidePlain(site) as server:
                table.row(name, **adding_row(
                    server, 1 if bench.quick else 2, adds))


def show(bench, sizes):
    """The table; sizes as in growth.py."""
    table = Table(
        "adding", "One more domain",
        [Column("domains", "domains", ",d"),
         Column("added", "served after ms", ",.1f"),
         Column("start", "start s", ".2f"),
         Column("memory", "PSS MiB", ",.1f"), Column("cpu", "CPU us")],
        note="PSS and CPU of a request: all processes together, nginx "
        "included before the responder.",
        plot=["added", "memory"], x="domains", log=True)
    if Plain.path():
        responder_rows(bench, table, sizes)
    else:
        bench.skip("the responder's rows: nginx is not installed")
    rival_rows(bench, table)
    bench.show(table)
