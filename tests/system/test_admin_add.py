"""mta-sts add: new policies, from the options or from the defaults."""

import pytest

from command import DONE, FINDINGS, USAGE, configure, run
from harness import POLICY, Site, source

DEFAULTS = ('defaults = { mode = "enforce"; mx = [ "mx1.h.example", '
            '"*.H.example" ]; max_age = "2d"; };\n')


@pytest.fixture(name="site")
def _site():
    with Site() as site:
        configure(site, DEFAULTS)
        yield site


def text(site, domain):
    return (site.policies / f"{domain}.txt").read_bytes()


def names(site):
    return {path.name for path in site.policies.iterdir()} - {".lock"}


def test_from_the_defaults(site):
    done = run(site, "add", "example.com")
    assert done.returncode == DONE, done
    assert text(site, "example.com") == source(
        "enforce", ["mx1.h.example", "*.h.example"], 172800)
    assert done.stdout == ""
    assert 'publish: _mta-sts.example.com. TXT "v=STSv1; id=' in done.stderr


def test_from_the_options(site):
    done = run(site, "add", "example.com", "--mode", "testing", "--mx",
               "a.example", "--mx=*.b.example", "--max-age", "1w")
    assert done.returncode == DONE, done
    assert text(site, "example.com") == source(
        "testing", ["a.example", "*.b.example"], 604800)


def test_testing_unless_told_otherwise():
    with Site() as site:
        configure(site)
        assert run(site, "add", "a.example", "--mx", "mx.example").returncode \
            == DONE
        assert text(site, "a.example") == source("testing", ["mx.example"],
                                                 604800)


def test_no_mx_to_write():
    with Site() as site:
        configure(site)
        done = run(site, "add", "a.example")
        assert done.returncode == USAGE and "--mx" in done.stderr
        assert names(site) == set()
        assert run(site, "add", "a.example", "--mode", "none").returncode \
            == DONE
        assert text(site, "a.example") == source("none", [], 604800)


def test_mode_none_has_no_mx(site):
    assert run(site, "add", "a.example", "--mode", "none").returncode == DONE
    assert text(site, "a.example") == source("none", [], 172800)


def test_many_and_unicode(site):
    done = run(site, "add", "a.example", "-", "B.EXAMPLE", input="# list\n"
               "c.example\n\n  bücher.example \r\nd.example")
    assert done.returncode == DONE, done
    assert names(site) == {
        f"{name}.txt" for name in ("a.example", "b.example", "c.example",
                                   "d.example", "xn--bcher-kva.example")}


def test_already_so(site):
    site.write("example.com",
               b"# ours\r\nversion: STSv1\r\nmax_age: 172800\r\nmx: "
               b"MX1.h.example\r\nmx: *.h.example\r\nmode: enforce\r\n")
    before = text(site, "example.com")
    done = run(site, "add", "example.com")
    assert done.returncode == DONE and "already so" in done.stderr
    assert text(site, "example.com") == before
    assert not (site.root / "state" / "history").read_bytes()


def test_never_overwrites(site):
    site.write("example.com", POLICY)
    site.write("broken.example", b"version: STSv1\nmode: enforced\n")
    site.alias("alias.example", "example.com")
    site.alias("dangling.example", "nobody.example")
    before = {path.name: path.read_bytes() for path in
              site.policies.iterdir() if path.exists()}
    for domain in ("example.com", "broken.example", "alias.example",
                   "dangling.example"):
        done = run(site, "add", domain)
        assert done.returncode == FINDINGS, done
        assert domain in done.stderr
    assert {path.name: path.read_bytes() for path in site.policies.iterdir()
            if path.exists() and path.name != ".lock"} == before
    assert (site.policies / "dangling.example.txt").is_symlink()


def test_the_worst_counts_and_the_rest_is_done(site):
    site.write("b.example", POLICY)
    done = run(site, "add", "a.example", "b.example", "not a domain",
               "c.example")
    assert done.returncode == FINDINGS
    assert {"a.example.txt", "c.example.txt"} < names(site)


@pytest.mark.parametrize("options, words", [
    (["--mode", "Enforce"], "no such mode"),
    (["--mode", ""], "no such mode"),
    (["--max-age", "1 day"], "no duration"),
    (["--max-age", "2y"], "longer than a year"),
    (["--max-age", "-1"], "no duration"),
    (["--mx", ""], "empty"),
    (["--mx", "mx.example.com."], "mx"),
    (["--mx", "10 mx.example.com"], "blanks"),
    (["--mx", "mx*.example.com"], "mx"),
    (["--mx", "192.0.2.1"], "mx"),
    (["--mx", "a\nmode: none"], r"a\x0amode"),
    (["--mx", "a.example\x1b[2J"], r"\x1b"),
], ids=str)
def test_wrong_options(site, options, words):
    done = run(site, "add", "example.com", *options)
    assert done.returncode == USAGE, done
    assert words in done.stderr and "\x1b" not in done.stderr
    assert names(site) == set()


def test_hint_of_the_policy_code(site):
    done = run(site, "add", "example.com", "--mx", "mx.example.com.")
    assert "final dot" in done.stderr, done


def test_warnings_do_not_stop_it(site):
    done = run(site, "add", "example.com", "--max-age", "1h")
    assert done.returncode == DONE
    assert "example.com.txt:5:" in done.stderr and "warning" in done.stderr
    assert done.stderr.count("warning") == 1
    quiet = run(site, "add", "b.example", "--max-age", "1h", "--quiet")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (DONE, "", "")


@pytest.mark.parametrize("name", [
    "../etc/passwd", "a/b", ".", "..", "", " ", "a b.example", "a\nb.example",
    "-", "a..b", "*.example.com", "a_b.example", "example.com.", "192.0.2.1",
    "x" * 300, ".".join(["x" * 49] * 5), "ex\u202eample..com", "\x1b[2J.com",
    "_../../x", "_a/b", "_" + "a" * 300, "_a b"])
def test_hostile_names(site, name):
    done = run(site, "add", "--", name, input="../x\n-\n/etc/a\n")
    assert done.returncode == FINDINGS, done
    assert "\x1b" not in done.stderr
    assert names(site) == set()
    assert {path.name for path in site.root.iterdir()} <= {
        "conf.d", "mta-sts.conf", "state"}


def test_an_option_is_no_domain(site):
    done = run(site, "add", "--help-me")
    assert done.returncode == USAGE and names(site) == set()


def test_dry_run_prints(site):
    done = run(site, "add", "example.com", "--dry-run")
    assert done.returncode == DONE
    assert done.stdout.encode() == source(
        "enforce", ["mx1.h.example", "*.h.example"], 172800)
    assert names(site) == set() and not (site.root / "state").exists()


def test_shared_name(site):
    assert run(site, "add", "_hosting").returncode == DONE
    assert run(site, "alias", "example.com", "_hosting").returncode == DONE
    assert text(site, "example.com") == text(site, "_hosting")
