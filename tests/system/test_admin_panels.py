"""
What all hosting panels tell in common, each in its own way (see panels.py), and
what a policy then becomes. And that a hook never breaks its panel: Host.call
sees to it that the exit status is 0 and stdout empty.
"""

import os
import shutil

import pytest

from command import configure, run
from harness import source
from panels import (CPanel, CPanelCalls, DirectAdmin, ENFORCE, HOSTILE, NEW,
                    Plesk, RETIRED, having, host, is_, panel, shown)

__all__ = ["host", "panel"]  # fixtures


class TestCreated:
    """A new domain gets a policy from the defaults."""

    @having("created")
    def test_a_new_domain(self, host, panel):
        for _ in range(2):
            assert panel.created("example.com") == ""
            is_(host, "example.com", NEW)
        assert list(host.policies()) == ["example.com.txt"]
        assert host.logged() == ""

    @having("created")
    def test_what_is_there_stays(self, host, panel):
        host.site.write("example.com", ENFORCE)
        assert panel.created("example.com") == ""
        assert host.policies() == {"example.com.txt": ENFORCE.decode()}

    @having("created")
    def test_a_broken_one_is_told_of(self, host, panel):
        host.site.write("example.com", "broken\n")
        assert "example.com" in panel.created("example.com")
        assert host.policies() == {"example.com.txt": "broken\n"}

    @having("created")
    def test_unicode(self, host, panel, kind):
        if kind in (CPanel, CPanelCalls):
            pytest.skip("cPanel has A-labels alone")
        assert panel.created("bücher.example") == ""
        is_(host, "xn--bcher-kva.example", NEW)

    @having("created")
    def test_without_defaults(self, host, panel):
        configure(host.site)
        said = panel.created("example.com")
        assert "defaults.mx" in said
        assert said.strip().split("\n")[0] in host.logged()
        assert "-t mta-sts -p mail.err" in host.logged()
        assert host.policies() == {}

    @having("created")
    def test_a_retired_one_without_defaults(self, host, panel):
        configure(host.site)
        host.site.write("example.com", source("none", mx=(), max_age=86400))
        before = host.policies()
        said = panel.created("example.com")
        assert said.startswith("mta-sts: example.com stays retired: ")
        assert "defaults.mx" in said and said.count("\n") == 1
        assert said in host.logged().partition("-- ")[2]
        assert host.policies() == before

    @having("created", "gone")
    def test_again_after_it_was_gone(self, host, panel):
        panel.created("example.com")
        panel.gone("example.com")
        is_(host, "example.com", RETIRED)
        for _ in range(2):
            assert panel.created("example.com") == ""
            is_(host, "example.com", NEW)

    @having("aliased")
    def test_an_alias(self, host, panel):
        host.site.write("example.com", ENFORCE)
        for _ in range(2):
            assert panel.aliased("example.org", "example.com") == ""
            assert host.policies()["example.org.txt"] == "example.com.txt"
        assert panel.aliased("example.net", "nowhere.example") == ""
        is_(host, "example.net", NEW)

    @having("aliased", "gone")
    def test_an_alias_again_after_it_was_gone(self, host, panel):
        host.site.write("example.com", ENFORCE)
        panel.aliased("example.org", "example.com")
        panel.gone("example.org")
        is_(host, "example.org", RETIRED)
        for _ in range(2):
            assert panel.aliased("example.org", "example.com") == ""
            assert host.policies()["example.org.txt"] == "example.com.txt"

    @having("aliased")
    def test_a_retired_one_that_cannot_be_an_alias(self, host, panel):
        """Others are aliases of it, and it gets a policy of its own."""
        host.site.write("example.com", ENFORCE)
        host.site.write("example.org", source("none", mx=(), max_age=86400))
        host.site.alias("example.net", "example.org")
        assert "example.net" in panel.aliased("example.org", "example.com")
        is_(host, "example.org", NEW)
        assert host.policies()["example.net.txt"] == "example.org.txt"


class TestRenamed:
    """A renamed domain keeps its policy; the old name retires."""

    @having("renamed")
    def test_renamed(self, host, panel):
        host.site.write("example.com", ENFORCE)
        host.site.alias("example.org", "example.com")
        for _ in range(2):
            assert panel.renamed("example.com", "example.net") == ""
            is_(host, "example.com", RETIRED)
            assert host.policies() == {
                "example.com.txt": "\n".join([*RETIRED, ""]),
                "example.net.txt": ENFORCE.decode(),
                "example.org.txt": "example.net.txt"}

    @having("renamed")
    def test_without_a_policy(self, host, panel):
        assert panel.renamed("example.com", "example.net") == ""
        is_(host, "example.net", NEW)
        assert list(host.policies()) == ["example.net.txt"]

    @having("renamed")
    def test_and_back(self, host, panel):
        """What was left behind, or retired, is in nobody's way."""
        host.site.write("example.com", ENFORCE)
        for old, new in [("com", "net"), ("net", "com"), ("com", "net")]:
            for _ in range(2):
                assert panel.renamed(f"example.{old}", f"example.{new}") == ""
                is_(host, f"example.{old}", RETIRED)
                assert host.policies()[f"example.{new}.txt"] == \
                    ENFORCE.decode()

    @having("renamed")
    def test_to_a_retired_one_with_aliases(self, host, panel):
        host.site.write("example.com", ENFORCE)
        host.site.write("example.net", source("none", mx=(), max_age=86400))
        host.site.alias("example.org", "example.net")
        assert "example.org" in panel.renamed("example.com", "example.net")
        is_(host, "example.net", NEW)
        assert host.policies()["example.com.txt"] == ENFORCE.decode()

    @having("renamed")
    def test_to_a_name_that_is_taken(self, host, panel):
        host.site.write("example.com", ENFORCE)
        host.site.write("example.net", source("testing"))
        before = host.policies()
        assert "example.net" in panel.renamed("example.com", "example.net")
        assert host.policies() == before and host.logged() != ""


class TestGone:
    """A policy that is no more wanted is retired, never dropped."""

    @having("gone")
    def test_gone(self, host, panel):
        host.site.write("example.com", ENFORCE)
        for _ in range(2):
            assert panel.gone("example.com") == ""
            is_(host, "example.com", RETIRED)

    @having("gone")
    def test_without_a_policy(self, host, panel):
        assert panel.gone("example.com") == ""
        assert host.policies() == {} and host.logged() == ""

    @having("aliased", "gone")
    def test_an_alias_alone(self, host, panel):
        host.site.write("example.com", ENFORCE)
        panel.aliased("example.org", "example.com")
        assert panel.gone("example.org") == ""
        is_(host, "example.org", RETIRED)
        assert host.policies()["example.com.txt"] == ENFORCE.decode()

    @having("gone")
    def test_its_aliases_keep_the_policy(self, host, panel):
        host.site.write("example.com", ENFORCE)
        aliases = ["a.example", "b.example"]
        for alias in aliases:
            host.site.alias(alias, "example.com")
        before = shown(host, "example.com")
        for _ in range(2):
            assert panel.gone("example.com") == ""
            is_(host, "example.com", RETIRED)
            assert [shown(host, alias) for alias in aliases] == [before] * 2

    @having("gone")
    def test_its_aliases_have_a_broken_policy(self, host, panel):
        host.site.write("example.com", "broken\n")
        host.site.alias("a.example", "example.com")
        before = host.policies()
        assert "alias a.example, too" in panel.gone("example.com")
        assert host.policies() == before

    @having("gone")
    def test_the_shared_name_has_another_policy(self, host, panel):
        """From the last time, perhaps: they share one called by its id."""
        other = source("testing")
        host.site.write("example.com", ENFORCE)
        host.site.write("_example.com", other)
        host.site.alias("a.example", "example.com")
        before = shown(host, "example.com")
        for _ in range(2):
            assert panel.gone("example.com") == ""
            is_(host, "example.com", RETIRED)
            assert shown(host, "a.example") == before
            assert host.policies()["_example.com.txt"] == other.decode()

    @having("gone")
    def test_no_shared_name_is_free(self, host, panel):
        """Nothing is done."""
        host.site.write("example.com", ENFORCE)
        ident = run(host.site, "id", "example.com").stdout.strip()
        for name in ("_example.com", f"_example.com.{ident}"):
            host.site.write(name, source("testing"))
        host.site.alias("a.example", "example.com")
        before = host.policies()
        assert f"_example.com.{ident} has another policy" in \
            panel.gone("example.com")
        assert "mta-sts" in host.logged() and host.policies() == before

    @having("disabled", "enabled")
    def test_disabled_and_enabled(self, host, panel):
        host.site.write("example.com", ENFORCE)
        for _ in range(2):
            assert panel.disabled("example.com") == ""
            is_(host, "example.com", RETIRED)
        for _ in range(2):
            assert panel.enabled("example.com") == ""
            is_(host, "example.com", NEW)


class TestNeverBreaks:
    """Host.call sees to it: the exit status is 0, and stdout is empty."""

    @having("created")
    @pytest.mark.parametrize("name", HOSTILE, ids=repr)
    def test_hostile_names(self, host, panel, name, kind):
        host.site.write("example.com", ENFORCE)
        before = host.policies()
        for event in ("created", "gone", "disabled", "enabled", "pointer"):
            if (kind is CPanel and event in ("disabled", "enabled") or
                    kind is Plesk and name == "" and event == "gone"):
                continue  # names from cPanel's own files; or no event at all
            if getattr(panel, event, None):
                said = getattr(panel, event)(name)
                if not said and (event == "created" or name == "*"):
                    # Not in its files, or always there.
                    assert kind in (CPanel, CPanelCalls)
                    continue
                assert "is no domain" in said, event
                assert "\x1b" not in said + host.logged()
                assert said.split("\n")[0] in host.logged()
        for event in ("aliased", "renamed"):
            if getattr(panel, event, None) and (
                    name or kind not in (Plesk, DirectAdmin)):
                said = getattr(panel, event)(
                    *((name, "example.com") if event == "aliased" else
                      ("example.com", name)))
                assert "is no domain" in said or not said and (
                    kind in (CPanel, CPanelCalls) and event == "aliased")
        assert host.policies() == before
        assert set(os.listdir(host.site.root)) <= {
            "conf.d", "mta-sts.conf", "state"}

    @having("created", "gone")
    def test_without_the_command(self, host, panel):
        (host.tools / "mta-sts").unlink()
        if shutil.which("mta-sts", path="/usr/local/bin:/usr/bin:/bin"):
            pytest.skip("mta-sts is installed here")
        assert "not found" in panel.created("example.com")
        assert "not found" in panel.gone("example.com")

    @pytest.mark.parametrize("args", [
        (), ("created",), ("created", "a.example", "b.example"), ("x", "y"),
        ("gone", "a b"), ("renamed", "a b", "c"), ("aliased", "a b", "c d")])
    def test_the_hook_itself(self, host, args):
        assert host.call(host.panels / "hook", *args).startswith("mta-sts: ")
        assert host.policies() == {}

    @having("created", "gone")
    def test_without_the_hook(self, host, panel):
        (host.panels / "hook").unlink()
        panel.created("example.com")
        panel.gone("example.com")
        assert host.policies() == {}

    @having("created")
    def test_through_a_link(self, host, panel):
        """As the README installs them; the panel knows the link alone."""
        elsewhere = host.directory / "elsewhere"
        elsewhere.mkdir()
        for path in list(host.panels.rglob("*")):
            if path.is_file() and path.name != "hook":
                place = elsewhere / path.relative_to(host.panels)
                place.parent.mkdir(exist_ok=True)
                place.symlink_to(path)
        host.panels = elsewhere
        assert panel.created("example.com") == ""
        is_(host, "example.com", NEW)
