#!/usr/bin/python3
"""mta-sts show: what goes over the wire, byte for byte."""

import subprocess

import pytest

import cgi
from command import DONE, FINDINGS, SYSTEM, USAGE, configure, exact, rows, run
from harness import POLICY, POLICY_WIRE, source, wire


@pytest.fixture(autouse=True)
def settings(site):
    """Settings with a history of the site's own."""
    configure(site)


def test_exact_bytes(site):
    done = run(site, "show", "example.com")
    assert (done.returncode, done.stderr) == (DONE, "")
    assert exact(site, "show", "example.com") == POLICY_WIRE


def test_layout_is_what_the_responder_makes_of_it(site):
    site.write("example.org", b"\xef\xbb\xbfmax_age:1\rmx:\tA.example \r\n"
                              b"mode:enforce\n#\xc3\xbc\nversion:STSv1")
    assert exact(site, "show", "example.org") == wire(
        mx=["a.example"], max_age=1)


def test_warnings_are_left_to_check(site):
    site.write("example.org", source(max_age=1))
    assert run(site, "show", "example.org").stderr == ""


def test_headers(site):
    """The same answer as the responder's own."""
    answer = exact(site, "show", "--headers", "example.com")
    assert answer == cgi.run(site).raw
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"Status: 200 OK\r\n")
    assert body == POLICY_WIRE


@pytest.mark.parametrize("name, status", [
    ("nothing.example", "404 Not Found"),
    ("bad.example", "500 Internal Server Error")])
def test_headers_of_what_is_not_served(site, name, status):
    site.write("bad.example", "nonsense")
    done = run(site, "show", "--headers", name)
    assert done.returncode == FINDINGS
    assert done.stdout.startswith(f"Status: {status}\n")
    assert f"{name}.txt" in done.stderr


def test_several(site):
    site.write("xn--bcher-kva.example", source(max_age=1))
    done = run(site, "show", "example.com", "BÜCHER.example")
    assert done.returncode == DONE
    assert done.stderr == "# example.com\n# xn--bcher-kva.example\n"
    args = ["show", "example.com", "bücher.example"]
    assert exact(site, *args) == POLICY_WIRE + wire(max_age=1)
    assert run(site, "-c", site.settings, "show", "-q", "example.com",
               "bücher.example").stderr == ""


def test_list_on_stdin(site):
    site.write("a.example", source())
    done = run(site, "show", "-", input="#\n\na.example\nexample.com\n")
    assert done.returncode == DONE
    assert done.stderr == "# a.example\n# example.com\n"


def test_broken(site):
    path = site.write("bad.example", "version: STSv1\nmode: x\nmx: a.b\n"
                                     "max_age: 604800\n")
    done = run(site, "show", "bad.example", "example.com")
    assert done.returncode == FINDINGS
    assert "mx1.example.com" in done.stdout
    assert f"{path}:2:7: error: " in done.stderr
    assert "    mode: x\n          ^\n" in done.stderr


def test_absent(site):
    done = run(site, "show", "nothing.example")
    assert (done.returncode, done.stdout) == (FINDINGS, "")
    assert done.stderr.endswith(
        "nothing.example.txt: error: there is no such policy; "
        "run: mta-sts add nothing.example\n")


def test_json(site):
    site.alias("alias.example", "example.com")
    found = rows(site, "show", "alias.example")
    assert found == [{
        "domain": "alias.example", "mode": "enforce", "max_age": 604800,
        "mx": ["mx1.example.com", "*.mx.example.com"],
        "alias_of": "example.com", "id": found[0]["id"],
        "text": POLICY_WIRE.decode()}]
    found = rows(site, "show", "--headers", "example.com")
    assert found[0]["answer"].encode() == exact(
        site, "show", "--headers", "example.com")
    assert rows(site, "show", "nothing.example", expect=FINDINGS) == []


def test_extension_in_another_script(site):
    """Not served: some senders read ASCII alone, and drop the whole policy."""
    configure(site, 'unknown_fields = "pass";\n')
    site.write("example.org", POLICY + "later: \u00fc\n".encode())
    done = run(site, "show", "example.org")
    assert (done.returncode, done.stdout) == (FINDINGS, "")
    assert "a character outside ASCII" in done.stderr


HOSTILE = ["a b", "../example.com", "\x1b[31m", "a" * 300, "", "example.com/",
           "example.com\n", "_shared"]


@pytest.mark.parametrize("verb", ["show", "id", "explain"])
@pytest.mark.parametrize("operand", HOSTILE)
def test_hostile(site, verb, operand):
    site.write("_shared", POLICY)
    done = run(site, verb, "--", operand)
    assert (done.returncode, done.stdout) == (FINDINGS, "")
    assert "is no domain" in done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize("verb", ["show", "id", "explain"])
def test_usage(site, verb):
    for args in ([], ["--bogus", "example.com"]):
        done = run(site, verb, *args)
        assert done.returncode == USAGE
        assert f"usage: mta-sts {verb}" in done.stderr


def test_full_output(site):
    with open("/dev/full", "w", encoding="ascii") as full:
        assert run(site, "show", "example.com",
                   stdout=full).returncode == SYSTEM


def test_bad_settings(site):
    site.settings.write_text("policies = 1;\n")
    done = run(site, "show", "example.com")
    assert (done.returncode, done.stdout) == (FINDINGS, "")
    assert "mta-sts.conf:1" in done.stderr


def test_sum_is_the_id(site):
    """What the README may promise: sha256sum of show is the id."""
    digest = subprocess.run(
        ["sha256sum"], input=exact(site, "show", "example.com"), check=True,
        capture_output=True).stdout.decode()
    assert exact(site, "id", "example.com").decode() == digest[:32] + "\n"
