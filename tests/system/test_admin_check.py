#!/usr/bin/python3
"""mta-sts check: each finding of its own. How they look: test_admin_report."""

import os
import re
import time

import pytest

from command import (DONE, FINDINGS, SYSTEM, USAGE, configure, days_ago,
                     findings, run, write_history)
from harness import POLICY, source

DAY = 86400


@pytest.fixture(autouse=True)
def settings(site):
    """Settings with a history of the site's own."""
    configure(site)


def age(path, days):
    then = time.time() - days * DAY
    os.utime(path, (then, then))


def test_all_is_well(site):
    done = run(site, "check")
    assert done.returncode == DONE
    assert done.stdout == ""
    assert done.stderr == ("mta-sts: 1 policy checked: 0 errors, 0 warnings\n")


def test_quiet_says_nothing(site):
    done = run(site, "check", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (DONE, "", "")


def test_empty_directory(site):
    (site.policies / "example.com.txt").unlink()
    done = run(site, "check")
    assert done.returncode == DONE
    assert "0 policies checked" in done.stderr


# Warnings, which are errors for --strict alone.
def name_is_no_domain(site):
    site.write("Example.org", POLICY)
    return "Example.org.txt: warning: no request ever asks for this name"


def max_age_not_last(site):
    site.write("example.org", "version: STSv1\nmode: enforce\n"
                              "max_age: 604800\nmx: a.example\n")
    return "example.org.txt:3:10: warning: max_age is not the last field"


def long_in_testing(site):
    age(site.write("example.org", source(mode="testing")), 31)
    return "example.org.txt:2:7: warning: in testing since"


def short_max_age(site):
    site.write("example.org", source(max_age=3600))
    return "example.org.txt:4:10: warning: a max_age under a day"


def wide_mx(site):
    site.write("example.org", source(mx=["*.com"]))
    return "example.org.txt:3:5: warning: "


def mx_in_none(site):
    site.write("example.org", source(mode="none"))
    return "example.org.txt:3:5: warning: mx lines mean nothing"


WARNINGS = [name_is_no_domain, max_age_not_last, long_in_testing,
            short_max_age, wide_mx, mx_in_none]


@pytest.mark.parametrize("warning", WARNINGS, ids=lambda w: w.__name__)
def test_warning(site, warning):
    want = warning(site)
    done = run(site, "check")
    assert done.returncode == DONE
    assert len(findings(done)) == 1
    assert findings(done)[0].startswith(want)
    assert run(site, "check", "--strict").returncode == FINDINGS
    assert run(site, "check", "--quiet").stderr == ""
    strict = run(site, "check", "--quiet", "--strict")
    assert strict.returncode == FINDINGS
    assert findings(strict) == findings(done)


# Errors beside those of a text, which test_policy has.
def dangling_alias(site):
    site.alias("example.org", "nowhere")
    return "example.org.txt: error: a link to a file that does not exist"


def alias_of_an_alias(site):
    site.alias("example.net", "example.com")
    site.alias("example.org", "example.net")
    return "example.org.txt: error: a link to another link"


def alias_elsewhere(site):
    (site.policies / "example.org.txt").symlink_to("/etc/passwd")
    return "example.org.txt: error: a link that leaves its directory"


def writable_file(site):
    site.write("example.org", POLICY, mode=0o666)
    return "example.org.txt: error: writable by"


def writable_directory(site):
    site.policies.chmod(0o775)
    return "conf.d: error: writable by its group"


def no_plain_file(site):
    (site.policies / "example.org.txt").mkdir()
    return "example.org.txt: error: it is no regular file"


def large_file(site):
    site.write("example.org", b"#" * 64001)
    return "example.org.txt: error: larger than 64000 bytes"


ERRORS = [dangling_alias, alias_of_an_alias, alias_elsewhere, writable_file,
          writable_directory, no_plain_file, large_file]


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: e.__name__)
def test_error(site, error):
    want = error(site)
    done = run(site, "check", "-q")
    assert done.returncode == FINDINGS
    assert len(findings(done)) == 1
    assert findings(done)[0].startswith(want)


@pytest.mark.root
def test_owner(site):
    os.chown(site.policies / "example.com.txt", 4242, 0)
    done = run(site, "check")
    assert done.returncode == FINDINGS
    assert "it belongs to uid 4242" in done.stderr


def test_directory_that_is_refused_is_looked_into(site):
    site.policies.chmod(0o777)
    site.write("bad.example", "nonsense")
    done = run(site, "check")
    assert "conf.d: error: writable" in done.stderr
    assert "bad.example.txt:1:1: error" in done.stderr


def test_directory_is_missing(site):
    configure(site)
    site.settings.write_text(site.settings.read_text().replace(
        "conf.d", "nowhere"))
    done = run(site, "check")
    assert done.returncode == FINDINGS
    assert "nowhere: error: " in done.stderr


def test_settings_are_checked(site):
    with site.settings.open("a") as settings:
        settings.write('unknwon_fields = "pass";\n')
    site.write("bad.example", "nonsense")
    done = run(site, "check")
    assert done.returncode == FINDINGS
    assert re.search(r"mta-sts.conf:\d+(:\d+)?: error: .*unknwon_fields",
                     done.stderr)
    assert '    unknwon_fields = "pass";\n' in done.stderr
    # And the rest in the same run.
    assert "bad.example.txt:1:1: error" in done.stderr


def test_settings_that_are_not_there(site):
    done = run(site, "check", "-c", site.root / "nowhere.conf")
    assert done.returncode == FINDINGS
    assert "nowhere.conf: error: there is no such file" in done.stderr


def test_alias_is_told_once(site):
    path = site.write("_shared", "version: STSv1\nmode: x\n")
    for i in range(5):
        site.alias(f"a{i}.example", "_shared")
    done = run(site, "check")
    assert done.returncode == FINDINGS
    assert done.stderr.count("there is no such mode") == 1
    assert f"{path}:2:7" in done.stderr
    assert "7 policies checked" in done.stderr
    # By name the alias has the findings.
    done = run(site, "check", "a3.example")
    assert "a3.example.txt:2:7: error" in done.stderr


def test_findings_are_in_the_order_of_names(site):
    for name in ("b.example", "a.example", "c.example", "a.example.net"):
        site.write(name, source(max_age=1))
    assert [line.split(".txt")[0] for line in findings(run(site, "check"))] \
        == ["a.example", "a.example.net", "b.example", "c.example"]


# Testing, by the history.
def test_history_counts_before_the_date_of_the_file(site):
    site.write("example.org", source(mode="testing"))
    write_history(site, f"{days_ago(40)} example.org 1 testing 604800",
                  f"{days_ago(3)} example.org 2 testing 604800")
    done = run(site, "check")
    assert "40 days" in done.stderr
    assert days_ago(40)[:10] in done.stderr


@pytest.mark.parametrize("line", [
    "example.org 1 enforce 604800", "example.org - removed -",
    "example.org example.com alias -"])
def test_testing_begins_anew(site, line):
    age(site.write("example.org", source(mode="testing")), 40)
    write_history(site, f"{days_ago(90)} example.org 1 testing 604800",
                  f"{days_ago(20)} {line}",
                  f"{days_ago(10)} example.org 1 testing 604800")
    assert findings(run(site, "check")) == []


def test_history_of_others_does_not_count(site):
    site.write("example.org", source(mode="testing"))
    write_history(site, f"{days_ago(40)} example.net 1 testing 604800")
    assert findings(run(site, "check")) == []


@pytest.mark.parametrize("days, count", [(29, 0), (31, 1)])
def test_thirty_days(site, days, count):
    age(site.write("example.org", source(mode="testing")), days)
    assert len(findings(run(site, "check"))) == count


def test_history_of_many(site):
    """More domains than the table begins with."""
    write_history(site, *(f"{days_ago(40)} d{i}.example 1 testing 604800"
                          for i in range(3000)))
    site.write("d2999.example", source(mode="testing"))
    site.write("d3000.example", source(mode="testing"))
    assert [line.split(":")[0] for line in findings(run(site, "check"))] \
        == ["d2999.example.txt"]


# Operands.
def test_domains(site):
    site.write("xn--bcher-kva.example", source(max_age=1))
    site.write("bad.example", "nonsense")
    done = run(site, "check", "bücher.example", "Example.COM")
    assert done.returncode == DONE
    assert [line.split(":")[0] for line in findings(done)] \
        == ["xn--bcher-kva.example.txt"]
    assert "2 policies checked" in done.stderr


def test_domains_on_stdin(site):
    site.write("bad.example", "nonsense")
    done = run(site, "check", "-",
               input="# a list\n\n example.com \r\nbad.example\n")
    assert done.returncode == FINDINGS
    assert {line.split(":")[0] for line in findings(done)} \
        == {"bad.example.txt"}
    assert "2 policies checked" in done.stderr


def test_domain_without_policy(site):
    done = run(site, "check", "nothing.example")
    assert done.returncode == FINDINGS
    assert findings(done) == [
        "nothing.example.txt: error: there is no such policy; "
        "run: mta-sts add nothing.example"]


HOSTILE = ["a b", "exa\nmple.com", "-x", "\x1b[31mred", "a" * 300 + ".com",
           "", "192.0.2.1", "example.com.", "_hosting", "*.example.com"]


@pytest.mark.parametrize("operand", HOSTILE)
def test_hostile_domain(site, operand):
    done = run(site, "check", "--", operand)
    assert done.returncode == FINDINGS
    assert "is no domain" in done.stderr
    assert "\x1b" not in done.stderr
    assert len(done.stderr) < 500


@pytest.mark.parametrize("operand", ["../example.com", "/etc/\x1b[31m",
                                     "./nothing", "nothing.txt"])
def test_path_that_is_not_there(site, operand):
    done = run(site, "check", operand)
    assert done.returncode == SYSTEM
    assert "No such file" in done.stderr
    assert "\x1b" not in done.stderr


def test_file_elsewhere(site, tmp_path):
    path = tmp_path / "draft"
    path.write_text("version: STSv1\nmode: x\nmx: a.example\n"
                    "max_age: 604800\n")
    path.chmod(0o666)  # ownership is not judged here
    done = run(site, "check", path)
    assert done.returncode == FINDINGS
    assert findings(done) == [
        'draft:2:7: error: mode "x": there is no such mode; '
        "write enforce, testing or none, in lower case"]
    assert "    mode: x\n          ^\n" in done.stderr
    path.write_bytes(POLICY)
    assert run(site, "check", path).returncode == DONE


def test_file_in_long_testing(site, tmp_path):
    path = tmp_path / "draft"
    path.write_bytes(source(mode="testing"))
    assert findings(run(site, "check", path)) == []
    age(path, 50)
    assert "50 days" in run(site, "check", path).stderr


def test_large_file_elsewhere(site, tmp_path):
    path = tmp_path / "draft"
    path.write_bytes(b"#" * 64001)
    assert "larger than 64000 bytes" in run(site, "check", path).stderr


def test_file_of_the_policy_directory(site):
    """It is judged as the responder judges it."""
    path = site.write("Example.org", POLICY, mode=0o664)
    done = run(site, "check", path)
    assert done.returncode == FINDINGS
    assert len(findings(done)) == 2
    assert "no request ever asks" in done.stderr
    assert "writable by its group" in done.stderr


def test_standard_input_as_a_file(site):
    done = run(site, "check", "/dev/stdin", input="version: STSv1\n")
    assert done.returncode == FINDINGS
    assert "/dev/stdin:1:1: error: the mode is missing" in done.stderr


def test_directory(site, monkeypatch):
    other = site.root / "other.d"
    other.mkdir()
    other.chmod(0o755)
    (other / "a.example.txt").write_bytes(source(max_age=1))
    (other / "a.example.txt").chmod(0o664)
    (other / "README").write_text("not a policy")
    site.write("bad.example", "nonsense")
    done = run(site, "check", other)
    assert done.returncode == FINDINGS
    assert findings(done)[0].startswith(
        "a.example.txt: error: writable by its group")
    assert "1 policy checked" in done.stderr
    # A path that does not begin at the root; the way here may be untrusted.
    monkeypatch.chdir(site.root)
    relative = run(site, "check", os.path.relpath(other))
    assert "1 policy checked: 1 error" in relative.stderr
    # One that is refused is looked into all the same.
    other.chmod(0o775)
    done = run(site, "check", other)
    assert findings(done)[0].startswith("other.d: error: writable by")
    assert findings(done)[1].startswith("a.example.txt: error: writable by")


def test_unknown_fields_follow_the_settings(site):
    site.write("example.org", source() + b"later: x\n")
    assert run(site, "check").returncode == FINDINGS
    configure(site, 'unknown_fields = "pass";\n')
    done = run(site, "check")
    assert done.returncode == DONE
    assert "max_age is not the last field" in done.stderr


def test_usage(site):
    for args in (["--bogus"], ["--bo\x1bgus"], ["-c"], ["-x"]):
        done = run(site, "check", *args)
        assert done.returncode == USAGE
        assert "usage: mta-sts check" in done.stderr
        assert "\x1b" not in done.stderr
        assert done.stdout == ""
    assert run(site, "check", "--help").returncode == DONE


def test_options_after_operands(site):
    site.write("bad.example", source(max_age=1))
    assert run(site, "check", "bad.example", "--strict").returncode == FINDINGS
