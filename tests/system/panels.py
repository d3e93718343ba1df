"""
Hosting panels, as far as their hooks can tell: each adapter of src/panels is run
with the environment, the arguments, the JSON or the PHP calls that the panel's
interface has, the passwords that some of them hold included.
"""

import json
import os
import shlex
import shutil
import subprocess

import pytest

from command import COMMAND, DONE, configure, run
from harness import TOP, Site, environment, source

PANELS = TOP / "src" / "panels"
SECRET = "hunter2-do-not-log"
DEFAULTS = ('defaults = { mode = "testing"; max_age = "2d"; '
            'mx = [ "mx1.hosting.example", "*.mx.hosting.example" ]; };')

HOSTILE = ["a b.example", "a\nb.example", "../../../etc/passwd", "--force",
           "--help", "-", "-c/etc/passwd", "", "x" * 300, "a/b", "*",
           "$(touch /tmp/x).example", "`id`.example", ";id", "a'b.example",
           "_hosting", ".example", "192.0.2.1", "\x1b[31mred.example"]

PHP_STUB = r"""
class Plugins {
    public $events = [];
    public function registerEvent($event, $plugin, $function) {
        $this->events[$event][] = [$plugin, $function];
    }
}
$app = new stdClass;
$app->plugins = new Plugins;
$file = $argv[1];
include $file;
$class = basename($file, '.inc.php');
$plugin = new $class;
if ($plugin->onInstall() !== true)
    exit(2);
$plugin->onLoad();
$call = json_decode(stream_get_contents(STDIN), true);
foreach ($app->plugins->events[$call['event']] ?? [] as $handler) {
    if ($handler[0] !== $class)
        exit(3);
    call_user_func([$plugin, $handler[1]], $call['event'], $call['data']);
}
"""


class Host:
    """A machine with a panel, as far as its hooks can tell."""

    def __init__(self, site, directory):
        self.site = site
        self.directory = directory  # programs may run there, unlike in /run
        self.tools = directory / "tools"
        self.calls = directory / "logged"
        self.here = directory / "here"  # where a hook finds itself
        configure(site, DEFAULTS)
        self.tools.mkdir()
        self.here.mkdir()
        # For a shell to trip over, which expands *.mx.hosting.example.
        (self.here / "a.mx.hosting.example").touch()
        (self.tools / "mta-sts").symlink_to(COMMAND)
        logger = self.tools / "logger"
        logger.write_text('#!/bin/sh\nprintf "%s\\n" "$*" >>'
                          f"{shlex.quote(str(self.calls))}\n")
        logger.chmod(0o755)
        self.panels = shutil.copytree(PANELS, directory / "panels")

    def logged(self):
        return self.calls.read_text() if self.calls.exists() else ""

    def call(self, path, *args, env=None, input=None):
        """Runs a hook; its exit status is 0, its stdout empty. Its stderr."""
        known = environment({"PATH": f"{self.tools}:/usr/bin:/bin",
                             "MTA_STS_CONF": str(self.site.settings),
                             "MTA_STS_TEST_PASS": SECRET})
        command = path if isinstance(path, list) else [path]
        done = subprocess.run(
            [*command, *args], env={**known, **(env or {})}, timeout=60,
            cwd=self.here,
            input=(input or "").encode(), capture_output=True, check=False)
        assert (done.returncode, done.stdout) == (0, b""), done
        said = done.stderr.decode()
        assert SECRET not in said + self.logged()
        return said

    def policies(self):
        """Every policy with its text, as it lies there."""
        return {path.name: os.readlink(path) if path.is_symlink()
                else path.read_text()
                for path in self.site.policies.glob("*.txt")}


class Virtualmin:
    """post_command, with VIRTUALSERVER_* in the environment."""

    def __init__(self, host):
        self.host = host

    def call(self, action, domain, **more):
        return self.host.call(
            self.host.panels / "virtualmin.sh", env={
                "VIRTUALSERVER_ACTION": action, "VIRTUALSERVER_DOM": domain,
                "VIRTUALSERVER_IDNDOM": domain, "VIRTUALSERVER_USER": "user",
                "VIRTUALSERVER_PASS": SECRET, "VIRTUALSERVER_IP": "192.0.2.1",
                "VIRTUALSERVER_HOME": "/home/user", "VIRTUALSERVER_MAIL": "1",
                "VIRTUALSERVER_DNS": "1", "VIRTUALSERVER_ALIAS": "", **more})

    def created(self, domain):
        return self.call("CREATE_DOMAIN", domain)

    def aliased(self, alias, domain):
        return self.call("CREATE_DOMAIN", alias,
                         VIRTUALSERVER_ALIAS="16637245001234",
                         ALIAS_VIRTUALSERVER_DOM=domain,
                         ALIAS_VIRTUALSERVER_PASS=SECRET)

    def renamed(self, old, new):
        return self.call("MODIFY_DOMAIN", new, VIRTUALSERVER_OLDSERVER_DOM=old,
                         VIRTUALSERVER_OLDSERVER_MAIL="1",
                         VIRTUALSERVER_OLDSERVER_PASS=SECRET)

    def gone(self, domain):
        return self.call("DELETE_DOMAIN", domain)

    def disabled(self, domain):
        return self.call("DISABLE_DOMAIN", domain)

    def enabled(self, domain):
        return self.call("ENABLE_DOMAIN", domain)


class CPanel:
    """A standardized hook, with JSON on stdin."""

    def __init__(self, host):
        self.host = host
        self.users = host.directory / "userdomains"
        self.main = host.directory / "trueuserdomains"
        path = host.panels / "cpanel.pl"
        path.write_text(path.read_text()
                        .replace("/etc/userdomains", str(self.users))
                        .replace("/etc/trueuserdomains", str(self.main)))

    def own(self, main, *others):
        """What the account of that name has, in cPanel's own files."""
        self.main.write_text(f"other.example: bob\n{main}: alice\n")
        self.users.write_text("".join(
            f"{name}: alice\n" for name in (main, *others)) +
            "*: nobody\nother.example: bob\nthird.example: alicea\n"
            "bob-alias.example: bob\n")

    def call(self, category, event, stage, data):
        # The shape that cPanel gives to an event.
        return self.host.call(
            self.host.panels / "cpanel.pl", input=json.dumps({
                "hook": {"exectype": "script", "id": "e0H1Wk1FCTwblcQgdpXZ",
                         "escalateprivs": 0, "stage": stage, "weight": 100,
                         "hook": "/usr/local/cpanel/3rdparty/bin/mta-sts"},
                "context": {"category": category, "event": event,
                            "stage": stage, "point": "main"},
                "data": {"user": "alice", "pass": SECRET, **data}}))

    def created(self, domain):
        self.own(domain)
        return self.call("Whostmgr", "Accounts::Create", "post", {
            "domain": domain, "plan": "default", "is_restore": 0})

    def aliased(self, alias, domain):
        self.own(domain, alias)
        return self.call("Whostmgr", "Domain::park", "post", {
            "new_domain": alias, "target_domain": domain})

    def renamed(self, old, new):
        self.own(old)
        return self.call("Whostmgr", "Accounts::Modify", "pre", {
            "domain": new, "newuser": "alice"})

    def gone(self, domain):
        self.own("main.example")
        return self.call("Whostmgr", "ParkAdmin::unpark", "post", {
            "domain": domain, "parent_domain": "example.com"})

    def disabled(self, domain):
        self.own(domain)
        return self.call("Whostmgr", "Accounts::suspendacct", "post", {
            "reason": "Nonpayment", "rawout": "raw output"})

    def enabled(self, domain):
        self.own(domain)
        return self.call("Whostmgr", "Accounts::unsuspendacct", "post", {})


class CPanelCalls(CPanel):
    """The same for events of users' calls, whose data are in args."""

    def created(self, domain):
        self.own("main.example", domain)
        return self.add(domain)

    def add(self, domain):
        return self.call("Cpanel", "Api2::AddonDomain::addaddondomain", "post",
                         {"args": {"newdomain": domain, "subdomain": "x",
                                   "dir": "public_html/x", "pass": SECRET}})

    def aliased(self, alias, domain):
        self.own(domain, alias)
        return self.park(alias, domain)

    def park(self, alias, domain):
        return self.call("Cpanel", "UAPI::Park::park", "post", {
            "args": {"domain": alias, "topdomain": domain}})

    def gone(self, domain):
        self.own("main.example")
        return self.remove(domain)

    def remove(self, domain):
        return self.call("Cpanel", "Api2::AddonDomain::deladdondomain", "post",
                         {"args": {"domain": domain, "subdomain": "x_y"}})

    renamed = disabled = enabled = None


class DirectAdmin:
    """A script for each hook, with lower-case variables."""

    def __init__(self, host):
        self.host = host

    def call(self, hook, domain, **more):
        return self.host.call(
            self.host.panels / "directadmin" / f"{hook}.sh", env={
                "domain": domain, "username": "user", "creator": "admin",
                "defaultdomain": "example.net", "quota": "unlimited",
                "passwd": SECRET, **more})

    def created(self, domain):
        return self.call("domain_create_post", domain, php="ON", ssl="ON")

    def pointer(self, domain):
        return self.call("dns_create_post", domain, caller="create:pointer",
                         zone_existed="no")

    def renamed(self, old, new):
        return self.call("domain_change_post", old, newdomain=new,
                         suspended="no")

    def gone(self, domain):
        return self.call("domain_destroy_pre", domain)


class Plesk:
    """An event handler, with NEW_ and OLD_DOMAIN_NAME."""

    def __init__(self, host):
        self.host = host

    def call(self, old, new):
        return self.host.call(self.host.panels / "plesk.sh", env={
            "OLD_DOMAIN_NAME": old, "NEW_DOMAIN_NAME": new,
            "NEW_PASSWORD": SECRET})

    def created(self, domain):
        return self.call("", domain)

    def renamed(self, old, new):
        return self.call(old, new)

    def gone(self, domain):
        return self.call(domain, "")


class HestiaCP:
    """Two extensions, with user and domain as arguments."""

    def __init__(self, host):
        self.host = host

    def created(self, domain):
        return self.host.call(
            self.host.panels / "hestiacp" / "add-mail-domain.sh", "user",
            domain)

    def gone(self, domain):
        return self.host.call(
            self.host.panels / "hestiacp" / "delete-mail-domain.sh", "user",
            domain)


class ISPConfig:
    """A server plugin, called by a stub of ISPConfig's registry."""

    def __init__(self, host):
        self.host = host
        if not shutil.which("php"):
            pytest.skip("php is not installed: make deps")

    def call(self, event, old, new):
        def row(domain, active="y"):
            return {"domain": domain, "active": active, "server_id": "1",
                    "dkim_private": SECRET}
        return self.host.call(
            ["php", "-r", PHP_STUB, "--",
             self.host.panels / "mta_sts_plugin.inc.php"],
            input=json.dumps({"event": event, "data": {
                "old": row(*old) if old else {},
                "new": row(*new) if new else {}}}))

    def created(self, domain):
        return self.call("mail_domain_insert", None, [domain])

    def renamed(self, old, new):
        return self.call("mail_domain_update", [old], [new])

    def gone(self, domain):
        return self.call("mail_domain_delete", [domain], None)

    def disabled(self, domain):
        return self.call("mail_domain_update", [domain], [domain, "n"])

    def enabled(self, domain):
        return self.call("mail_domain_update", [domain, "n"], [domain])


ALL = [Virtualmin, CPanel, CPanelCalls, DirectAdmin, Plesk, HestiaCP,
       ISPConfig]


def having(*events):
    """A fixture-like parameter: the panels that tell of these events."""
    return pytest.mark.parametrize("kind", [
        kind for kind in ALL
        if all(getattr(kind, event, None) for event in events)])


@pytest.fixture
def panel(kind, host):
    return kind(host)


@pytest.fixture
def host(tmp_path):
    with Site() as site:
        yield Host(site, tmp_path)


def shown(host, domain):
    """The policy as it is served, without its line ends."""
    done = run(host.site, "show", "--", domain)
    assert done.returncode == DONE, done.stderr
    return done.stdout.split("\n")[:-1]


NEW = ["version: STSv1", "mode: testing", "mx: mx1.hosting.example",
       "mx: *.mx.hosting.example", "max_age: 172800"]
RETIRED = ["version: STSv1", "mode: none", "max_age: 86400"]
ENFORCE = source("enforce", mx=["mx9.example.net"])


def is_(host, domain, lines):
    assert [line.rstrip("\r") for line in shown(host, domain)] == lines


