"""
What single hosting panels tell besides, and that the install steps of the README
lead to hooks that work. What all of them tell is in test_admin_panels.py.
"""

import json
import re
import shlex
import shutil
import subprocess

import pytest

from harness import TOP, environment, source
from panels import (CPanel, CPanelCalls, DirectAdmin, ENFORCE, ISPConfig, NEW, PHP_STUB,
                    Plesk, RETIRED, SECRET, Virtualmin, host, is_)

__all__ = ["host"]  # a fixture


class TestVirtualmin:
    """What else it tells."""

    def test_without_mail(self, host):
        panel = Virtualmin(host)
        panel.call("CREATE_DOMAIN", "example.com", VIRTUALSERVER_MAIL="0")
        panel.call("MODIFY_DOMAIN", "example.com", VIRTUALSERVER_MAIL="0",
                   VIRTUALSERVER_OLDSERVER_DOM="example.net",
                   VIRTUALSERVER_OLDSERVER_MAIL="0")
        assert host.policies() == {}

    def test_mail_on_and_off(self, host):
        panel = Virtualmin(host)
        old = {"VIRTUALSERVER_OLDSERVER_DOM": "example.com"}
        panel.call("MODIFY_DOMAIN", "example.com",
                   VIRTUALSERVER_OLDSERVER_MAIL="0", **old)
        is_(host, "example.com", NEW)
        panel.call("MODIFY_DOMAIN", "example.com", VIRTUALSERVER_MAIL="0",
                   VIRTUALSERVER_OLDSERVER_MAIL="1", **old)
        is_(host, "example.com", RETIRED)

    @pytest.mark.parametrize("action", [
        "BACKUP_DOMAIN", "SSL_DOMAIN", "DBNAME_DOMAIN", "DBPASS_DOMAIN",
        "SCRIPT_DOMAIN", "MODIFY_DOMAIN", "", "X"])
    def test_other_actions(self, host, action):
        host.site.write("example.com", ENFORCE)
        assert Virtualmin(host).call(
            action, "example.com", VIRTUALSERVER_OLDSERVER_DOM="example.com",
            VIRTUALSERVER_OLDSERVER_MAIL="1") == ""
        assert host.policies() == {"example.com.txt": ENFORCE.decode()}

    @pytest.mark.parametrize("action", ["RESTORE_DOMAIN", "CLONE_DOMAIN"])
    def test_restored(self, host, action):
        Virtualmin(host).call(action, "example.com")
        is_(host, "example.com", NEW)


class TestCPanel:
    """The account as a whole, and what manage_hooks asks."""

    def test_describe(self, host):
        path = host.panels / "cpanel.pl"
        done = subprocess.run([path, "--describe"], capture_output=True,
                              timeout=60, check=True)
        hooks = {(hook["event"], hook["stage"]): hook
                 for hook in json.loads(done.stdout)}
        assert set(hooks) == {
            ("Accounts::Create", "post"), ("Accounts::Modify", "pre"),
            ("Accounts::Remove", "pre"), ("Accounts::suspendacct", "post"),
            ("Accounts::unsuspendacct", "post"), ("Domain::park", "post"),
            ("ParkAdmin::unpark", "post")} | {
            (f"{interface}::{call}", "post") for interface in ("Api2", "UAPI")
            for call in ("AddonDomain::addaddondomain", "Park::park",
                         "AddonDomain::deladdondomain", "Park::unpark")}
        for hook in hooks.values():
            # Users' calls come with the rights of the user unless escalated.
            users = "::" in hook["event"].partition("::")[2]
            assert (hook["category"], hook["exectype"], hook["hook"],
                    hook.get("escalateprivs")) == (
                "Cpanel" if users else "Whostmgr", "script", str(path),
                1 if users else None)

    @pytest.mark.parametrize("name", [
        "example.com", "Example.COM", "other.example", "bücher.example",
        "xn--bcher-kva.example", "ｅxample.com", "example。com"])
    def test_a_call_that_has_failed(self, host, name):
        """Whosoever the domain is, and however the customer writes it."""
        panel = CPanelCalls(host)
        panel.own("example.com", "xn--bcher-kva.example")
        for there in ("example.com", "other.example", "xn--bcher-kva.example"):
            host.site.write(there, ENFORCE)
        before = host.policies()
        panel.remove(name)
        assert host.policies() == before

    def test_the_domain_of_another_customer(self, host):
        panel = CPanelCalls(host)
        panel.own("example.com", "example.org")
        host.site.write("other.example", source("none", mx=(), max_age=86400))
        before = host.policies()
        for name in ("other.example", "OTHER.example", "bob-alias.example",
                     "nowhere.example"):
            assert panel.add(name) == ""
            assert panel.park(name, None) == ""
            assert panel.park(name, "example.com") == ""
            assert panel.park("example.org", name) == ""
        assert host.policies() == before
        assert panel.park("example.org", None) == ""
        is_(host, "example.org", NEW)

    def test_without_its_file(self, host):
        """What cannot be looked up is not gone."""
        host.site.write("example.com", ENFORCE)
        assert "userdomains: No such file" in CPanelCalls(host).remove(
            "example.com")
        assert host.policies() == {"example.com.txt": ENFORCE.decode()}

    def test_unparked_by_a_call(self, host):
        host.site.write("example.com", ENFORCE)
        CPanel(host).own("main.example")
        assert CPanel(host).call("Cpanel", "Api2::Park::unpark", "post", {
            "args": {"domain": "example.com"}}) == ""
        is_(host, "example.com", RETIRED)

    def test_an_account_is_removed(self, host):
        panel = CPanel(host)
        panel.own("example.com", "example.org", "example.net")
        host.site.write("example.com", ENFORCE)
        host.site.write("example.net", ENFORCE)
        host.site.alias("example.org", "example.com")
        for name in ("other.example", "third.example"):
            host.site.write(name, ENFORCE)
        assert panel.call("Whostmgr", "Accounts::Remove", "pre",
                          {"killdns": 1, "keep_remote_databases": 0}) == ""
        for name in ("example.com", "example.org", "example.net"):
            is_(host, name, RETIRED)
        for name in ("other.example", "third.example"):
            assert host.policies()[f"{name}.txt"] == ENFORCE.decode()

    @pytest.mark.parametrize("user", [None, "", "nobody-here", {"a": 1}])
    def test_an_unknown_user(self, host, user):
        panel = CPanel(host)
        panel.own("example.com")
        host.site.write("example.com", ENFORCE)
        assert panel.call("Whostmgr", "Accounts::Remove", "pre",
                          {"user": user}) == ""
        assert host.policies() == {"example.com.txt": ENFORCE.decode()}

    def test_nothing_but_the_package_changes(self, host):
        panel = CPanel(host)
        panel.own("example.com")
        host.site.write("example.com", ENFORCE)
        for data in ({}, {"domain": "example.com"}):
            assert panel.call("Whostmgr", "Accounts::Modify", "pre",
                              data) == ""
        assert host.policies() == {"example.com.txt": ENFORCE.decode()}

    @pytest.mark.parametrize("text", [
        "", "{", f'{{"data": {{"pass": "{SECRET}"', f'"{SECRET}', "[]", "null",
        '{"context": 1, "data": []}', '{"context": {"event": ["x"]}}'])
    def test_other_input(self, host, text):
        assert host.call(host.panels / "cpanel.pl", input=text).count(
            "\n") <= 1
        assert host.policies() == {}

    @pytest.mark.parametrize("name", ["a\0b.example", None, ["a.example"], {}])
    def test_names_that_are_none(self, host, name):
        assert CPanel(host).created(name) != ""
        assert host.policies() == {}


class TestDirectAdmin:
    """Zones are made for much, pointers are one of it."""

    def test_a_pointer(self, host):
        assert DirectAdmin(host).pointer("example.org") == ""
        is_(host, "example.org", NEW)

    @pytest.mark.parametrize("caller", ["create:zone", "create:domain",
                                        "create:raw_save", "create:dnssec",
                                        "create:swap", ""])
    def test_other_callers(self, host, caller):
        assert DirectAdmin(host).call("dns_create_post", "example.org",
                                      caller=caller) == ""
        assert host.policies() == {}

    @pytest.mark.parametrize("new", ["", "example.com"])
    def test_changed_without_another_name(self, host, new):
        host.site.write("example.com", ENFORCE)
        assert DirectAdmin(host).renamed("example.com", new) == ""
        assert host.policies() == {"example.com.txt": ENFORCE.decode()}


class TestPlesk:
    """Which event it was is seen from the names."""

    def test_no_change(self, host):
        host.site.write("example.com", ENFORCE)
        assert Plesk(host).call("example.com", "example.com") == ""
        assert host.policies() == {"example.com.txt": ENFORCE.decode()}

    def test_unicode_renamed(self, host):
        panel = Plesk(host)
        panel.created("bücher.example")
        assert panel.renamed("bücher.example", "müller.example") == ""
        is_(host, "xn--mller-kva.example", NEW)
        is_(host, "xn--bcher-kva.example", RETIRED)


class TestISPConfig:
    """Active or not."""

    def test_inactive_ones(self, host):
        panel = ISPConfig(host)
        assert panel.call("mail_domain_insert", None,
                          ["example.com", "n"]) == ""
        assert panel.call("mail_domain_update", ["example.com", "n"],
                          ["example.net", "n"]) == ""
        assert host.policies() == {}

    def test_renamed_and_disabled_at_once(self, host):
        host.site.write("example.com", ENFORCE)
        assert ISPConfig(host).call("mail_domain_update", ["example.com"],
                                    ["example.net", "n"]) == ""
        is_(host, "example.com", RETIRED)

    def test_other_events(self, host):
        assert ISPConfig(host).call("web_domain_insert", None,
                                    ["example.com"]) == ""
        assert host.policies() == {}


RECORDED = ("plesk", "usr/local/cpanel/bin/manage_hooks")


class Installation:
    """The README's steps, in a directory that stands for the root."""

    def __init__(self, host):
        self.root = host.directory / "root"
        self.calls = host.directory / "installed"
        for name in ("usr/local/cpanel/3rdparty/bin", "usr/local/cpanel/bin",
                     "usr/local/directadmin/scripts", "usr/share/mta-sts",
                     "usr/local/hestia/data/extensions",
                     "usr/local/ispconfig/server/plugins-available",
                     "usr/local/ispconfig/server/plugins-enabled",
                     "etc/webmin/virtual-server"):
            (self.root / name).mkdir(parents=True)
        (self.root / "usr/share/mta-sts/panels").symlink_to(host.panels)
        self.config = self.root / "etc/webmin/virtual-server/config"
        self.config.write_text("a=1\npost_command=\nb=2\n")
        for name in RECORDED:
            tool = self.root / name if "/" in name else host.tools / name
            tool.write_text('#!/bin/sh\necho "${0##*/} $*" >>'
                            f"{shlex.quote(str(self.calls))}\n")
            tool.chmod(0o755)
        text = (TOP / "README.md").read_text().partition("\n## Panels\n")[2]
        text = text.partition("\n## ")[0]
        self.steps = re.findall(r"^```console\n(.*?)^```$", text,
                                re.MULTILINE | re.DOTALL)
        for step in self.steps:
            subprocess.run(
                ["sh", "-eu", "-c", re.sub(r"(?<![\w.])/(?=usr/|etc/)",
                                           f"{self.root}/", step)],
                check=True, timeout=60, env=environment(
                    {"PATH": f"{host.tools}:/usr/bin:/bin"}))

    def called(self):
        return self.calls.read_text().replace(str(self.root), "").splitlines()


class TestReadme:
    """Its install steps lead to hooks that work."""

    def test_the_install_steps(self, host):
        done = Installation(host)
        assert len(done.steps) == 6
        there = done.root / "usr/local"
        assert done.config.read_text() == (
            f"a=1\nb=2\npost_command={done.root}/usr/share/mta-sts/panels/"
            "virtualmin.sh\n")
        assert done.called() == [
            "manage_hooks add script /usr/local/cpanel/3rdparty/bin/"
            "mta-sts-hook"] + [
            f"plesk bin event_handler --create -event domain_{event} -priority "
            "50 -user root -command /usr/share/mta-sts/panels/plesk.sh"
            for event in ("create", "update", "delete")]
        env = {"domain": "d.example", "caller": "create:pointer",
               "newdomain": "n.example"}
        custom = there / "directadmin/scripts/custom"
        for hook in ("domain_create_post", "domain_change_post",
                     "dns_create_post", "domain_destroy_pre"):
            assert host.call(custom / hook / "mta-sts.sh", env=env) == ""
        is_(host, "n.example", NEW)
        is_(host, "d.example", RETIRED)
        extensions = there / "hestia/data/extensions"
        assert host.call(extensions / "add-mail-domain.sh", "u",
                         "h.example") == ""
        is_(host, "h.example", NEW)
        assert host.call(extensions / "delete-mail-domain.sh", "u",
                         "h.example") == ""
        is_(host, "h.example", RETIRED)
        CPanel(host).own("c.example")
        hook = there / "cpanel/3rdparty/bin/mta-sts-hook"
        assert host.call(hook, input=json.dumps({
            "context": {"event": "Accounts::Create"},
            "data": {"user": "alice", "domain": "c.example"}})) == ""
        is_(host, "c.example", NEW)

    @pytest.mark.skipif(not shutil.which("php"),
                        reason="php is not installed: make deps")
    def test_the_enabled_plugin(self, host):
        done = Installation(host)
        assert host.call(
            ["php", "-r", PHP_STUB, "--", done.root / "usr/local/ispconfig/"
             "server/plugins-enabled/mta_sts_plugin.inc.php"],
            input=json.dumps({"event": "mail_domain_insert", "data": {
                "old": {}, "new": {"domain": "i.example",
                                   "active": "y"}}})) == ""
        is_(host, "i.example", NEW)
