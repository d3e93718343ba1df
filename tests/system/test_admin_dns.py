"""
mta-sts dns: what it prints loads into the zone checkers of BIND and NSD, and
goes by nsupdate into a real BIND on the loopback, whose answers are then what
was meant. And what is not printed is explained.
"""

import json
import re
import subprocess

import pytest

from command import DONE, FINDINGS, SYSTEM, USAGE, configure, run
from harness import POLICY, Site, source
from nameserver import ZONE, Named, find, needs

HOST = 'host = "sts.hosting.example"; '
REPORTS = 'reports = [ "mailto:tls-reports@hosting.example" ]; '
# Together far over the 255 octets of a character string.
MANY_REPORTS = "reports = [ " + ", ".join(
    f'"https://reports{i}.hosting.example/{"path" * 30}"' for i in range(8)
) + " ]; "
BOTH = ("example.com", "example.net")


@pytest.fixture
def hosting():
    """A site with settings for all three records, and some policies."""
    with Site() as site:
        configure(site, f"dns = {{ {HOST}{REPORTS}}};")
        site.write("example.com", source(mx=["mx1.example.com"]))
        site.write("example.net", source("testing", max_age=86400))
        site.alias("example.org", "example.com")
        yield site


def records(site, *args, **more):
    """The objects that --json prints, by domain."""
    done = run(site, "dns", "--json", *args, **more)
    return {group["domain"]: group for group in json.loads(done.stdout)}


def one_id(site, domain="example.com"):
    """The id in the domain's TXT record; there is just one."""
    (value,) = [record["value"] for record in
                records(site, domain)[domain]["records"]
                if record["name"] == f"_mta-sts.{domain}"]
    match = re.fullmatch(r"v=STSv1; id=([A-Za-z0-9]{1,32});", value)
    assert match, value
    return match[1]


def shared_id(site, *domains):
    """The id in the one record that the domains share."""
    (record,) = records(site, "--shared", "hosting.example", *domains)[
        "hosting.example"]["records"]
    assert record["name"] == "_mta-sts.hosting.example"
    return re.fullmatch(r"v=STSv1; id=([0-9a-f]{32});", record["value"])[1]


class TestWhatIsPrinted:
    """The records themselves."""

    def test_three_records_a_domain(self, hosting):
        group = records(hosting, "example.com")["example.com"]
        assert group["records"] == [
            {"name": "mta-sts.example.com", "type": "CNAME", "ttl": 3600,
             "value": "sts.hosting.example"},
            {"name": "_mta-sts.example.com", "type": "TXT", "ttl": 3600,
             "value": f"v=STSv1; id={group['id']};"},
            {"name": "_smtp._tls.example.com", "type": "TXT", "ttl": 3600,
             "value": "v=TLSRPTv1; rua=mailto:tls-reports@hosting.example"}]

    def test_addresses_and_ttl(self, hosting):
        configure(hosting, 'dns = { ttl = "5m"; addresses = '
                  '[ "192.0.2.1", "2001:DB8::1" ]; };')
        group = records(hosting, "example.com")["example.com"]
        assert [(r["name"], r["type"], r["ttl"], r["value"])
                for r in group["records"][:2]] == [
            ("mta-sts.example.com", "A", 300, "192.0.2.1"),
            ("mta-sts.example.com", "AAAA", 300, "2001:db8::1")]

    def test_the_table_has_what_json_has(self, hosting):
        lines = run(hosting, "dns", "--format", "table", "example.com",
                    "example.net").stdout.splitlines()
        assert lines[0].split() == ["NAME", "TYPE", "TTL", "VALUE"]
        wanted = [(r["name"], r["type"], str(r["ttl"]), r["value"])
                  for group in records(hosting, "example.com",
                                       "example.net").values()
                  for r in group["records"]]
        assert [tuple(line.split(None, 3)) for line in lines[1:]] == wanted

    def test_u_labels(self, hosting):
        hosting.write("xn--bcher-kva.example")
        for name in ("bücher.example", "BÜCHER.example",
                     "xn--bcher-kva.example"):
            assert list(records(hosting, name)) == ["xn--bcher-kva.example"]

    def test_many_domains_from_a_list(self, hosting):
        names = [f"d{i}.example" for i in range(300)]
        for name in names:
            hosting.alias(name, "example.com")
        printed = records(hosting, "-", input="# all\n\n" + "\n".join(names))
        assert list(printed) == names
        assert {len(group["records"]) for group in printed.values()} == {3}

    def test_none_is_published_too(self, hosting):
        hosting.write("example.com", source("none", mx=()))
        assert one_id(hosting)


class TestId:
    """It can be no other than valid, and changes when the policy does."""

    def test_hash(self, hosting):
        before = one_id(hosting)
        assert re.fullmatch("[0-9a-f]{32}", before)
        assert one_id(hosting, "example.org") == before
        text = source(mx=["mx1.example.com"])
        hosting.write("example.com", b"# comment\r\n" +
                      text.replace(b"mx1", b"MX1"))
        assert one_id(hosting) == before
        hosting.write("example.com", text.replace(b"604800", b"604801"))
        assert one_id(hosting) != before

    def test_date(self, hosting):
        configure(hosting, f'dns = {{ {HOST}id = "date"; }};')
        assert re.fullmatch(r"20\d{12}Z", one_id(hosting))

    @pytest.mark.parametrize("form", ["0123456789" * 4, "a-b", ""])
    def test_no_setting_makes_another(self, hosting, form):
        configure(hosting, f'dns = {{ {HOST}id = "{form}"; }};')
        done = run(hosting, "dns", "example.com")
        assert (done.returncode, done.stdout) == (FINDINGS, "")
        assert "dns.id" in done.stderr


class TestShared:
    """One TXT record for many domains."""

    def test_aliases_of_one_record(self, hosting):
        printed = records(hosting, "--shared", "HOSTING.example", *BOTH[::-1])
        assert list(printed) == ["hosting.example", "example.com",
                                 "example.net"]
        for domain in BOTH:
            assert {"name": f"_mta-sts.{domain}", "type": "CNAME", "ttl": 3600,
                    "value": "_mta-sts.hosting.example"
                    } in printed[domain]["records"]

    def test_the_id_changes_exactly_when_a_policy_does(self, hosting):
        before = shared_id(hosting, *BOTH)
        assert shared_id(hosting, *reversed(BOTH)) == before
        assert shared_id(hosting, *BOTH, "example.com") == before
        hosting.write("example.net", b"# comment\n" +
                      source("testing", max_age=86400))
        assert shared_id(hosting, *BOTH) == before
        ids = {before}
        for policy in (source("testing"), source("enforce"),
                       source("enforce", mx=["other.example"])):
            hosting.write("example.net", policy)
            ids.add(shared_id(hosting, *BOTH))
        hosting.write("example.com", source("testing"))
        ids.add(shared_id(hosting, *BOTH))
        assert len(ids) == 5

    def test_two_changes_in_a_second_count_with_dates(self, hosting):
        configure(hosting, f'dns = {{ {HOST}id = "date"; }};')
        ids = set()
        for age in (86400, 86401, 86402):
            hosting.write("example.com", source(max_age=age))
            ids.add(shared_id(hosting, *BOTH))
        assert len(ids) == 3

    def test_the_name_may_be_one_of_them(self, hosting):
        hosting.write("hosting.example")
        done = run(hosting, "dns", "--shared", "hosting.example",
                   "hosting.example", "example.com")
        names = re.findall(r"^(_mta-sts\S+) 3600 IN (\w+)", done.stdout,
                           re.MULTILINE)
        assert names == [("_mta-sts.hosting.example.", "TXT"),
                         ("_mta-sts.example.com.", "CNAME")]
        done = run(hosting, "dns", "--shared", "hosting.example", *BOTH)
        assert done.returncode == FINDINGS
        assert "hosting.example: it has a policy, which its " in done.stderr

    @pytest.mark.parametrize("name", ["hosting.example", "example.com"])
    def test_a_broken_policy_changes_no_id(self, hosting, name):
        hosting.write("a.example", "broken\n")
        done = run(hosting, "dns", "--shared", name, "a.example", *BOTH)
        assert done.returncode == FINDINGS
        assert f"{name}: its id is not changed while a.ex" in done.stderr
        assert re.findall(r"_mta-sts\.(\S+)\. 3600|STSv1", done.stdout) == [
            *({"example.com"} - {name}), "example.net"]

    @pytest.mark.parametrize("args", [
        ("hosting.example", "nowhere.example"), ("a b", "example.com")])
    def test_no_policy_or_name_no_record(self, hosting, args):
        done = run(hosting, "dns", "--shared", *args)
        assert (done.returncode, done.stdout) == (FINDINGS, "")


class TestWhatIsNot:
    """Each record that is missing has its reason on stderr."""

    def test_no_policy(self, hosting):
        done = run(hosting, "dns", "nowhere.example", "example.com")
        assert done.returncode == FINDINGS
        assert "nowhere.example: no records: " in done.stderr
        assert "nowhere" not in done.stdout and "example.com" in done.stdout

    def test_broken_policy(self, hosting):
        path = hosting.write("example.com", POLICY.replace(b"mx:", b"nmx:"))
        done = run(hosting, "dns", "example.com")
        assert done.returncode == FINDINGS
        assert f"{path}:4:1: error: " in done.stderr
        assert "no record at _mta-sts.example.com: " in done.stderr
        assert re.findall(r"^(\S+) 3600", done.stdout, re.MULTILINE) == [
            "mta-sts.example.com.", "_smtp._tls.example.com."]

    def test_warnings_are_for_check(self, hosting):
        hosting.write("example.com", source(max_age=60))
        done = run(hosting, "dns", "example.com")
        assert (done.returncode, done.stderr) == (DONE, "")

    @pytest.mark.parametrize("quiet", [(), ("--quiet",)])
    def test_no_host_and_no_reports(self, hosting, quiet):
        configure(hosting)
        done = run(hosting, "dns", *quiet, "example.com", "example.net")
        assert done.returncode == DONE
        for reason in ("dns.host", "dns.reports"):
            assert done.stderr.count(reason) == (0 if quiet else 1)
        assert len(re.findall(" IN ", done.stdout)) == 2

    def test_the_host_is_no_alias_of_itself(self, hosting):
        configure(hosting, 'dns = { host = "mta-sts.example.com"; };')
        done = run(hosting, "dns", "--format", "nsupdate", "example.com",
                   "example.net")
        assert done.returncode == DONE
        assert " mta-sts.example.com. " not in done.stdout.replace(
            "CNAME mta-sts.example.com.", "")
        assert "example.com: no record at mta-sts.example.com: " in done.stderr
        assert "add mta-sts.example.net. " in done.stdout

    def test_names_over_253_octets(self, hosting):
        name = ".".join(["a" * 63] * 3 + ["b" * 45, "example"])
        assert len(name) == 245
        hosting.write(name)
        done = run(hosting, "dns", name)
        assert done.returncode == FINDINGS
        assert re.findall(r"^(\S+) 3600", done.stdout, re.MULTILINE) == [
            f"mta-sts.{name}."]
        assert done.stderr.count("longer than 253 octets") == 2
        refused = run(hosting, "dns", "a" + name)
        assert (refused.returncode, refused.stdout) == (FINDINGS, "")

    @pytest.mark.parametrize("args", [
        (), ("--format", "xml", "example.com"), ("--format",),
        ("--json", "--format", "zone", "example.com"), ("--shared",),
        ("--id", "x", "example.com")])
    def test_misused(self, hosting, args):
        done = run(hosting, "dns", *args)
        assert (done.returncode, done.stdout) == (USAGE, "")

    def test_no_policy_directory(self, hosting):
        hosting.policies.rename(hosting.root / "away")
        done = run(hosting, "dns", "example.com")
        assert (done.returncode, done.stdout) == (SYSTEM, "")

    @pytest.mark.parametrize("name", ["a b", "../x", "a\nb", "\x1b[1m", "",
                                      "a" * 300, "_hosting", "192.0.2.1"])
    def test_no_domain(self, hosting, name):
        done = run(hosting, "dns", "--", name)
        assert (done.returncode, done.stdout) == (FINDINGS, "")
        assert "is no domain" in done.stderr and "\x1b" not in done.stderr


@needs("named-checkzone", "nsd-checkzone")
@pytest.mark.parametrize("settings", [
    HOST + REPORTS, HOST + MANY_REPORTS, HOST + 'id = "date"; ttl = 0;',
    'addresses = [ "192.0.2.1", "2001:db8::1" ]; ' + REPORTS],
    ids=["host", "long", "date", "addresses"])
class TestZone:
    """The checkers of BIND and NSD load it, and BIND reads what was meant."""

    def check(self, site, tmp_path, domain, *args):
        """Loads what is printed below ZONE; what BIND made of it."""
        done = run(site, "dns", *args)
        assert done.returncode == DONE, done.stderr
        zone = tmp_path / "zone"
        zone.write_text(ZONE + done.stdout)
        checked = subprocess.run([find("nsd-checkzone"), domain, zone],
                                 capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        loaded = subprocess.run(
            [find("named-checkzone"), "-k", "ignore", "-i", "none", "-D", "-o",
             "-", domain, zone], capture_output=True, text=True, check=False)
        assert loaded.returncode == 0, loaded.stdout + loaded.stderr
        assert "ignoring" not in loaded.stderr
        return [line.split(None, 4) for line in loaded.stdout.splitlines()
                if re.search(r"\sIN\s+(CNAME|TXT|A|AAAA)\s", line)]

    @pytest.mark.parametrize("more", [(), ("--shared", "example.com")])
    def test_it_loads(self, hosting, settings, more, tmp_path):
        configure(hosting, f"dns = {{ {settings} }};")
        hosting.write("mail.example.com", source("testing"))
        domains = ("example.com", "mail.example.com")
        loaded = self.check(hosting, tmp_path, "example.com", *more, *domains)
        wanted = {(r["name"] + ".", str(r["ttl"]), r["type"],
                   r["value"] + "." * (r["type"] == "CNAME"))
                  for group in records(hosting, *more, *domains).values()
                  for r in group["records"]}
        assert len(wanted) >= 4
        assert {(name, ttl, kind,
                 "".join(re.findall(r'"([^"]*)"', value))
                 if kind == "TXT" else value)
                for name, ttl, _, kind, value in loaded} == wanted
        for *_, kind, value in loaded:
            assert max(map(len, re.findall(r'"([^"]*)"', value)),
                       default=0) <= 255


def answers(named, printed):
    """Compares what named answers with the objects of --json."""
    count = 0
    for group in printed.values():
        for name in {r["name"] for r in group["records"]}:
            for kind in ("A", "AAAA", "CNAME", "TXT"):
                wanted = {(r["ttl"], r["value"] + "." * (kind == "CNAME"))
                          for r in group["records"]
                          if (r["name"], r["type"]) == (name, kind)}
                # An alias is followed to what it leads to.
                if any(r["type"] == "CNAME" and r["name"] == name
                       for r in group["records"]) and kind != "CNAME":
                    continue
                assert named.ask(name, kind) == wanted, (name, kind)
                count += len(wanted)
    return count


@needs("named", "nsupdate", "dig")
class TestNsupdate:
    """What is printed, piped into nsupdate."""

    @pytest.fixture
    def named(self, tmp_path):
        stale = ('mta-sts A 192.0.2.99\nmta-sts AAAA 2001:db8::99\n'
                 '_mta-sts TXT "v=STSv1; id=old"\n'
                 '_mta-sts TXT "v=STSv1; id=older"\n'
                 '_smtp._tls CNAME elsewhere.example.\nwww A 192.0.2.80\n')
        zones = {"example.com": stale, "example.net": "", "example.org": "",
                 "hosting.example": "ns A 192.0.2.53\nsts A 192.0.2.53\n"}
        with Named(tmp_path, zones) as named:
            yield named

    def apply(self, site, named, *args):
        done = run(site, "dns", "--format", "nsupdate", *args)
        assert done.returncode == DONE, done.stderr
        named.update(done.stdout)
        return records(site, *args)

    ALL = ("example.com", "example.net", "example.org")

    def test_it_becomes_what_was_meant(self, hosting, named):
        configure(hosting, f"dns = {{ {HOST}{MANY_REPORTS}ttl = 600; }};")
        assert answers(named, self.apply(hosting, named, *self.ALL)) == 9
        assert named.ask("www.example.com", "A") == {(300, "192.0.2.80")}
        # Again, and after a change.
        assert answers(named, self.apply(hosting, named, *self.ALL)) == 9
        old = one_id(hosting)
        hosting.write("example.com", source("testing"))
        assert answers(named, self.apply(hosting, named, *self.ALL)) == 9
        assert one_id(hosting) != old
        assert old not in str(named.ask("_mta-sts.example.com", "TXT"))

    def test_from_a_host_to_addresses_and_back(self, hosting, named):
        self.apply(hosting, named, "example.com")
        configure(hosting, "dns = { addresses = "
                  f'[ "192.0.2.1", "192.0.2.2", "2001:db8::1" ]; {REPORTS}}};')
        assert answers(named, self.apply(hosting, named, "example.com")) == 5
        configure(hosting, f"dns = {{ {HOST}{REPORTS}}};")
        assert answers(named, self.apply(hosting, named, "example.com")) == 3

    def test_to_a_shared_record_and_back(self, hosting, named):
        self.apply(hosting, named, *self.ALL)
        args = ("--shared", "hosting.example", *self.ALL)
        assert answers(named, self.apply(hosting, named, *args)) == 10
        # A sender comes by way of the alias to the one record.
        shared = shared_id(hosting, *self.ALL)
        ((_, target),) = named.ask("_mta-sts.example.net", "CNAME")
        assert named.ask(target, "TXT") == {(3600, f"v=STSv1; id={shared};")}
        assert answers(named, self.apply(hosting, named, *self.ALL)) == 9

    def test_a_broken_policy_leaves_its_record(self, hosting, named):
        self.apply(hosting, named, "example.com")
        before = named.ask("_mta-sts.example.com", "TXT")
        hosting.write("example.com", "broken\n")
        done = run(hosting, "dns", "--format", "nsupdate", "example.com")
        named.update(done.stdout)
        assert done.returncode == FINDINGS and before
        assert named.ask("_mta-sts.example.com", "TXT") == before
