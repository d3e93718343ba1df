"""
Behind the web servers, asked by wrk over HTTP: each server with the responder
and its shipped configuration, beside the same server with the same policies as
its own XX it is timed, each is asked once for every policy, and all
answers are compared to the byte. What the server and the responder use of the
processors is summed; wrk has what is left of them.
"""

import contextlib
import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

import common
from common import KNOWN
from harness import PATH, Responder, environment
from tables import Column, Table, ratios
from webservers import Apache, ApacheProxy, Lighttpd, Nginx

CLIENTS = 16
POLICIES = 1000
SECONDS = 3         # of a slice

# wrk calls init() and request() in each of its threads, and done() at the end.
# No response(): that alone would cost more than what is measured.
WRK_SCRIPT = """
local requests = {}
function init(args)
   math.randomseed(tonumber(string.match(tostring(requests), "0x(%%x+)"), 16))
   for i = 1, %d do
      wrk.headers["Host"] = string.format("%s", i - 1)
      requests[i] = wrk.format("GET", "%s")
   end
end
function request()
   return requests[math.random(#requests)]
end
function done(summary, latency, requests)
   local e = summary.errors
   print(string.format("RESULT %%d %%d %%d %%.0f %%.0f", summary.requests,
      e.status + e.connect + e.read + e.write + e.timeout, summary.duration,
      latency:percentile(50), latency:percentile(99)))
end
"""


def host(number):
    """The policy host of a number."""
    return KNOWN.replace("{n}", f"{number:06}")


class Files:
    """Mixed into a server: instead of the responder a directory a host."""

    owns_responder = True   # there is none to be started beside it

    @property
    def files(self):
        return self.root / "static"

    def _furnish(self):
        super()._furnish()
        for number in range(self.site.count):
            path = self.files / host(number) / PATH[1:]
            path.parent.mkdir(parents=True)
            path.write_bytes(common.policy(number))

    def block(self):
        """What stands in the place of the shipped file."""
        raise NotImplementedError

    def include(self):
        path = self.root / "block.conf"
        path.write_text(self.block())
        return path


class Plain(Nginx):
    """nginx without TLS, and with a worker a processor, as Debian has it."""

    listen = "listen 127.0.0.1:{};"

    def replacements(self):
        return [("listen 443 ssl;", self.listen.format(self.port)),
                ("listen [::]:443 ssl;", ""),
                ("    ssl_certificate", "    #"),
                ("/run/mta-sts/fcgi.sock", self._sock)]

    def _furnish(self):
        super()._furnish()
        self.tls = None

    def main(self, shipped):
        return super().main(shipped).replace(
            "worker_processes 1;", "worker_processes auto;")

    def customers_block(self):
        return ""


class BareResponder(Responder):
    """rivals/bare, which has no handlers of signals to wait for."""

    def __init__(self, site, sock):
        super().__init__(site, sock)
        self._command = [str(common.BUILT / "bare"), str(site.policies),
                         str(os.getuid())]

    def _is_set_up(self):
        return True


class Limit(Plain):
    """nginx before the least that a FastCGI program can be."""

    owns_responder = True   # or the one of Plain would lose its socket's path

    def __init__(self, site):
        super().__init__(site, sock=site.root / "bare.sock")
        self.owns_responder = False
        self.responder = BareResponder(site, self._sock)


class Tls(Plain):
    """With TLS, as it is shipped; wrk asks TLS for no name but an address."""

    listen = "listen 127.0.0.1:{} ssl;"

    def replacements(self):
        return [*Nginx.replacements(self), ("$ssl_server_name", self.NAMES[0])]

    def _furnish(self):
        Nginx._furnish(self)


class PlainFiles(Files, Plain):

    certificate = ""

    def block(self):
        return f"""server {{
    {self.listen.format(self.port)}
    {self.certificate.format(self.root / "tls" / self.NAMES[0])}
    server_name mta-sts.*;
    types {{ text/plain txt; }}
    root {self.files}/$host;
}}"""


class TlsFiles(PlainFiles, Tls):

    certificate = ("ssl_certificate {0}/fullchain.pem;\n"
                   "    ssl_certificate_key {0}/privkey.pem;")


def nginx_map(count):
    """A map of hosts to the texts of their policies."""
    lines = "\n".join(f'    {host(number)} "{common.policy(number).decode()}";'
                      for number in range(count))
    return f"""map_hash_max_size {max(2048, 4 * count)};
map_hash_bucket_size 128;
map $host $policy {{
    default "";
{lines}
}}"""


class PlainMap(Files, Plain):

    def block(self):
        return f"""{nginx_map(self.site.count)}
server {{
    {self.listen.format(self.port)}
    server_name mta-sts.*;
    location = {PATH} {{
        default_type text/plain;
        if ($policy = "") {{ return 404; }}
        return 200 $policy;
    }}
}}"""


class ApacheFiles(Files, Apache):

    modules = ("vhost_alias",)

    def block(self):
        return f"""<VirtualHost 127.0.0.1:{self.port}>
    ServerName mta-sts.files.invalid
    ServerAlias mta-sts.*
    UseCanonicalName Off
    VirtualDocumentRoot {self.files}/%0
    <Directory {self.files}>
        AllowOverride None
        Require all granted
    </Directory>
</VirtualHost>"""


class LighttpdFiles(Files, Lighttpd):

    def block(self):
        return f"""server.modules += ( "mod_evhost" )
$HTTP["host"] =~ "^mta-sts\\." {{
    evhost.path-pattern = "{self.files}/%_/"
}}"""


# Name, ways (the files are what the others are compared with), and whether each
# request comes on a connection of its own.
SERVERS = [
    ("nginx", {"responder": Plain, "bare": Limit, "files": PlainFiles,
               "map": PlainMap}, False),
    ("nginx, TLS", {"responder": Tls, "files": TlsFiles}, False),
    ("nginx, TLS, new", {"responder": Tls, "files": TlsFiles}, True),
    ("Apache", {"responder": ApacheProxy, "files": ApacheFiles}, False),
    ("lighttpd", {"responder": Lighttpd, "files": LighttpdFiles}, False),
]


def family(pids):
    """Those processes and all that descend from them."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            words = entry.read_text().rpartition(")")[2].split()
            parents[int(entry.parent.name)] = int(words[1])
    found = set(pids)
    while more := {pid for pid, parent in parents.items()
                   if parent in found and pid not in found}:
        found |= more
    return found


def processor_ns(pids):
    """What the threads that processes have now have had of the processors."""
    total = 0
    for pid in pids:
        for entry in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError):
                total += int(entry.read_text().split()[0])
    return total


def pids_of(server):
    """Of a Server, and of the responder behind it."""
    return family({server._process.pid, *server.responders()})


def wrk(server, script, seconds, close):
    """One slice: requests, failed ones, seconds, and in us p50, p99."""
    scheme = "https" if server.tls else "http"
    command = ["wrk", "-t", "2", "-c", str(CLIENTS), "-d", f"{seconds}s",
               "--timeout", "5s", "-s", script,
               *(["-H", "Connection: close"] if close else []),
               f"{scheme}://127.0.0.1:{server.port}{PATH}"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, env=environment(),
                          capture_output=True, text=True, check=False,
                          timeout=seconds + 60)
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            requests, failed, us, p50, p99 = map(int, line.split()[1:])
            return requests, failed, us / 1e6, p50, p99
    raise RuntimeError(f"{shlex.join(command)}: {done.stdout}{done.stderr}")


def wrong_answers(server):
    """Asks it for every policy once; how many answers were wrong."""
    wrong = 0
    for first in range(0, server.site.count, 50):
        connection = server.connection()
        for number in range(first, min(first + 50, server.site.count)):
            reply = server.ask(host(number), connection=connection)
            wrong += (reply.status, reply.body) != (
                200, common.policy(number))
        connection.close()
    return wrong


class Way:
    """One server in one of its ways, and its figures, one a round."""

    def __init__(self, server):
        self.server = server
        self.wrong = wrong_answers(server)
        self.figures = {key: [] for key in ("rate", "cpu", "p50", "p99")}

    def measure(self, script, seconds, close):
        """A round of it."""
        pids = pids_of(self.server)
        before = processor_ns(pids)
        requests, failed, spent, p50, p99 = wrk(self.server, script, seconds,
                                                close)
        used = processor_ns(pids) - before
        self.wrong += failed or not requests
        for key, value in (("rate", requests / spent),
                           ("cpu", used / 1000 / max(1, requests)),
                           ("p50", p50), ("p99", p99)):
            self.figures[key].append(value)


def measure(bench, site, name, kinds, close):
    """The rows of one server: its ways, in turns."""
    seconds = 1 if bench.quick else SECONDS
    with contextlib.ExitStack() as stack:
        script = stack.enter_context(
            tempfile.NamedTemporaryFile("w", suffix=".lua"))
        script.write(WRK_SCRIPT % (site.count, KNOWN.replace("{n}", "%06d"),
                                   PATH))
        script.flush()
        ways = {label: Way(stack.enter_context(kind(site)))
                for label, kind in kinds.items()}
        for _ in range(bench.rounds):
            for way in ways.values():
                way.measure(script.name, seconds, close)
    for label, way in ways.items():
        if way.wrong:
            bench.fail(f"{name}, {label}: {way.wrong} wrong answers")
    base = ways["files"].figures
    for label, way in ways.items():
        yield f"{name}, {label}", {
            **way.figures, "share": ratios(way.figures["rate"], base["rate"]),
            "more": ratios(way.figures["cpu"], base["cpu"])}


def run(bench):
    """See tables.py."""
    table = Table(
        "servers", f"Behind the web servers, {CLIENTS} clients by wrk, "
        f"{os.cpu_count()} processors for all",
        [Column("rate", "a second", ",.0f"),
         Column("share", "of the files'", ".2f"),
         Column("cpu", "CPU us", ".1f"),
         Column("more", "of the files'", ".2f"),
         Column("p50", "median us", ",.0f"), Column("p99", "99 % us", ",.0f")],
        note="CPU: of a request, web server and responder together.",
        plot=["rate", "cpu"])
    with common.Policies(20 if bench.quick else POLICIES) as site:
        for name, kinds, close in SERVERS:
            kind = kinds["responder"]
            if not (kind.path() and shutil.which("wrk")):
                bench.skip(f"{name}: {kind.binary} or wrk is not installed")
                continue
            for label, values in measure(bench, site, name, kinds, close):
                table.row(label, **values)
    bench.show(table)
