"""
The real web servers, each on a free port of the loopback with a main
configuration made here that includes the one shipped in cgi-bin; of that only
paths, ports and names are replaced. Beside it each has a customer's virtual
host for the same names, with a forged policy in its document root. What is
asked of them is in servercases.py.
"""

import os
import shutil
import ssl
import subprocess
import time

from harness import free_port
from webserver import Server

NOT_YET_VALID = 9  # X509_V_ERR_CERT_NOT_YET_VALID


class Lighttpd(Server):
    """lighttpd, which starts the responder."""

    binary = "lighttpd"
    shipped = "lighttpd.conf"
    owns_responder = True

    def replacements(self):
        return [("/usr/lib/cgi-bin/mta-sts.fcgi", self.program),
                ("/run/lighttpd/", f"{self.run}/"),
                ("/etc/mta-sts/mta-sts.conf", self.site.settings)]

    def main(self, shipped):
        user = ""
        if self.worker:
            user = (f'server.username = "{self.worker.pw_name}"\n'
                    f'server.groupname = "{self.group()}"\n')
        return user + f"""
server.bind = "127.0.0.1"
server.port = {self.port}
server.document-root = "{self.root}/nothing"
server.errorlog = "{self.run}/error.log"
server.modules = ( "mod_access" )
mimetype.assign = ( ".txt" => "text/plain" )
$HTTP["host"] =~ "(^|\\.)[a-z]+\\.(com|example)(:[0-9]+)?$" {{
    server.document-root = "{self.customer}"
    {self.customers_own()}
}}
include "{shipped}"
"""

    def customers_own(self):
        """What more stands in the customer's virtual host."""
        return ""

    def command(self, conf):
        return ["-D", "-f", conf]

    def log(self):
        path = self.run / "error.log"
        return super().log() + (path.read_text() if path.exists() else "")


class LighttpdSocket(Lighttpd):
    """lighttpd with systemd's socket, as the end of its file tells."""

    owns_responder = False

    def replacements(self):
        return [("/run/mta-sts/fcgi.sock", self._sock)]

    def include(self):
        """Puts the lines of the comment in the place of those they replace."""
        copy = super().include()
        lines = copy.read_text().splitlines()
        first = next(i for i, line in enumerate(lines) if '"bin-path"' in line)
        last = next(i for i, line in enumerate(lines) if ")))" in line)
        variant = [line.lstrip("#") for line in lines[last:]
                   if line.startswith("#  ")]
        assert len(variant) == 2, "the variant is not told in two lines"
        copy.write_text("\n".join(lines[:first] + variant + lines[last:]))
        return copy


class Nginx(Server):
    """nginx, with TLS as it is shipped."""

    binary = "nginx"
    shipped = "nginx.conf"
    keeps = True

    NAMES = ("mta-sts.example.com", "mta-sts.other.example", "www.example.com")

    def _furnish(self):
        super()._furnish()
        for name in self.NAMES:
            self.certify(name)
        trusted = ssl.create_default_context()
        for chain in (self.root / "tls").glob("*/fullchain.pem"):
            trusted.load_verify_locations(chain)
        self.tls = trusted

    def certify(self, name):
        """A self-signed certificate where the shipped file looks for it."""
        place = self.root / "tls" / name
        place.mkdir(parents=True)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:" + name,
             "-keyout", place / "privkey.pem", "-out", place / "fullchain.pem"],
            check=True, capture_output=True)
        (place / "privkey.pem").chmod(0o644)

    def replacements(self):
        six = (f"listen [::1]:{self.port} ssl;"
               if os.path.exists("/proc/net/if_inet6") else "")
        return [("listen 443 ssl;", f"listen 127.0.0.1:{self.port} ssl;"),
                ("listen [::]:443 ssl;", six),
                ("/run/mta-sts/fcgi.sock", self._sock),
                ("/etc/mta-sts/tls", self.root / "tls")]

    def main(self, shipped):
        user = ""
        if self.worker:
            user = f"user {self.worker.pw_name} {self.group()};"
        temporary = "\n".join(
            f"    {kind}_temp_path {self.run}/{kind};" for kind in
            ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        return f"""
{user}
pid {self.root}/pid;
error_log {self.root}/error.log notice;
daemon off;
worker_processes 1;
events {{ worker_connections 256; }}
http {{
{temporary}
    access_log off;
    {self.customers_block()}
    include {shipped};
}}
"""

    def customers_block(self):
        """The server block of a customer, which is the default one too."""
        tls = self.root / "tls" / "www.example.com"
        return f"""server {{
        listen 127.0.0.1:{self.port} ssl default_server;
        server_name example.com www.example.com *.shadowed.example;
        ssl_certificate {tls}/fullchain.pem;
        ssl_certificate_key {tls}/privkey.pem;
        root {self.customer};
    }}"""

    def command(self, conf):
        return ["-p", self.root, "-e", self.root / "error.log", "-c", conf]


class Apache(Server):
    """Apache; which of the three ways is for the subclasses."""

    binary = "apache2"
    modules = ()
    directives = ""     # of the server, for its modules
    own = ""            # of the customer's virtual host, by the administrator

    # Those of Debian's default and those that a customer's .htaccess uses.
    COMMON = ("mpm_event", "authn_core", "authz_core", "authz_host", "alias",
              "asis", "dir", "env", "headers", "mime", "rewrite", "setenvif")
    MODULES = "/usr/lib/apache2/modules"

    def main(self, shipped):
        user = ""
        if self.worker:
            user = f"User {self.worker.pw_name}\nGroup {self.group()}"
        load = "\n".join(
            f"LoadModule {name}_module {self.MODULES}/mod_{name}.so"
            for name in (*self.COMMON, *self.modules))
        return f"""
ServerRoot {self.root}
DefaultRuntimeDir {self.run}
PidFile {self.root}/pid
ErrorLog {self.root}/error.log
Listen 127.0.0.1:{self.port}
ServerName localhost
{load}
TypesConfig /dev/null
AddType text/plain .txt
{user}
StartServers 1
ServerLimit 4
ThreadsPerChild 32
MaxRequestWorkers 32
MinSpareThreads 1
MaxSpareThreads 32
{self.directives.format(run=self.run)}
<Directory />
    AllowOverride None
    Require all denied
</Directory>
Include {shipped}
{self.virtual_hosts()}
"""

    def virtual_hosts(self):
        """Those of the customer; the first is the default one too."""
        return f"""<VirtualHost 127.0.0.1:{self.port}>
    ServerName example.com
    ServerAlias *.example.com
    DocumentRoot {self.customer}
    {self.own}
    ErrorDocument 404 /forged.txt
    ErrorDocument 500 /forged.txt
    <Directory {self.customer}>
        AllowOverride All
        Options All
        Require all granted
    </Directory>
</VirtualHost>
<VirtualHost 127.0.0.1:{self.port}>
    ServerName example.net
    ServerAlias *.other.example
    DocumentRoot {self.customer}
</VirtualHost>
"""

    def replacements(self):
        return [("/usr/lib/cgi-bin/mta-sts.fcgi", self.program),
                ('"/usr/lib/cgi-bin"', f'"{self.root}"'),
                ("/etc/mta-sts/mta-sts.conf", self.site.settings)]

    def command(self, conf):
        return ["-D", "FOREGROUND", "-f", conf]


class ApacheProxy(Apache):
    """Apache with mod_proxy_fcgi and kept connections."""

    shipped = "apache-proxy-fcgi.conf"
    modules = ("proxy", "proxy_fcgi")
    keeps = True

    def replacements(self):
        return [("/run/mta-sts/fcgi.sock", self._sock)]


class ApacheFcgid(Apache):
    """Apache with mod_fcgid, which starts the responder."""

    shipped = "apache-fcgid.conf"
    modules = ("fcgid",)
    directives = "FcgidIPCDir {run}\nFcgidProcessTableFile {run}/table"
    owns_responder = True


class ApacheCgi(Apache):
    """Apache with plain CGI: a process for each request."""

    shipped = "apache-cgi.conf"
    modules = ("cgid",)
    directives = "ScriptSock {run}/cgid"
    owns_responder = True


class Caddy(Server):
    """
    Caddy, whose own authority issues what its on-demand TLS permits; that is
    asked of the responder, as it is shipped.
    """

    binary = "caddy"
    shipped = "Caddyfile"
    # The file's place for what more the global options have.
    OPTIONS = "#email hostmaster@hosting.example"

    def __init__(self, site, changes=(), **more):
        super().__init__(site, changes, **more)
        self.ask_port = free_port()
        self.data = self.run / "data"
        self.admin = self.run / "admin.sock"

    @classmethod
    def path(cls):
        """env(1), which gives Caddy a home of its own; None without Caddy."""
        return super().path() and shutil.which("env")

    def options(self):
        """Ports and places, and nothing of the machine's."""
        return f"""default_bind 127.0.0.1
    https_port {self.port}
    http_port {free_port()}
    local_certs
    skip_install_trust"""

    def replacements(self):
        return [(self.OPTIONS, self.options()),
                ("/var/lib/caddy/admin.sock", self.admin),
                (":846", f":{self.ask_port}"),
                ("/run/mta-sts/fcgi.sock", self._sock)]

    def main(self, shipped):
        return f"""import {shipped}
{self.customers_sites()}"""

    def customers_sites(self):
        """Those of a customer, by name and by all names."""
        return f"""www.example.com, *.shadowed.example, mta-sts.exact.example {{
    tls internal
    root * {self.customer}
    file_server
}}
"""

    def command(self, conf):
        user = []
        if self.worker:
            it = self.worker
            user = ["setpriv", f"--reuid={it.pw_uid}", f"--regid={it.pw_gid}",
                    "--clear-groups", "--inh-caps=+net_bind_service",
                    "--ambient-caps=+net_bind_service"]
        return [f"HOME={self.run}", f"XDG_DATA_HOME={self.data}",
                f"XDG_CONFIG_HOME={self.run}/config", *user, self.binary,
                "run", "--adapter", "caddyfile", "--config", conf]

    def connection(self, name="mta-sts.example.com"):
        """
        A certificate of Caddy's is valid from the second on in which it is
        made, where a clock that is read coarsely may not have come yet.
        """
        try:
            return super().connection(name)
        except ssl.SSLCertVerificationError as error:
            if error.verify_code != NOT_YET_VALID:
                raise
            time.sleep(0.1)
            return super().connection(name)

    def _is_up(self):
        assert self._process.poll() is None, "it has left"
        authority = self.data / "caddy/pki/authorities/local/root.crt"
        try:
            self.tls = ssl.create_default_context(cafile=authority)
        except (FileNotFoundError, ssl.SSLError):
            return False  # not there, or not all of it
        return bool(self.tls) and super()._is_up()
