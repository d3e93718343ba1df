#!/usr/bin/python3
"""mta-sts explain: what a sender does, in sentences that are true."""

import itertools
import time
from string import ascii_lowercase

import pytest

from command import (DONE, FINDINGS, configure, days_ago, rows, run,
                     write_history)
from harness import source

DAY = 86400


@pytest.fixture(autouse=True)
def settings(site):
    """Settings with a history of the site's own."""
    configure(site)


def date(days):
    """Around midnight either of two days is right."""
    return [time.strftime("%Y-%m-%d", time.gmtime(now + days * DAY))
            for now in (time.time() - 60, time.time())]


def told(site, domain="example.com"):
    """The sentences, unfolded."""
    done = run(site, "explain", domain)
    assert (done.returncode, done.stderr) == (DONE, "")
    assert all(len(line) <= 78 or " " not in line.strip()
               for line in done.stdout.splitlines())
    return " ".join(done.stdout.split())


def has(text, *parts):
    for part in parts:
        assert part in text, text


def the_id(site, domain="example.com"):
    return run(site, "id", domain).stdout.strip()


def test_enforce(site):
    text = told(site)
    has(text, "The policy of example.com is in mode enforce, with a max_age "
              "of 7 days.",
        f"_mta-sts.example.com (id {the_id(site)})",
        "https://mta-sts.example.com/.well-known/mta-sts.txt",
        "mx1.example.com *.mx.example.com exactly one label for the *: "
        "a.mx.example.com, but neither mx.example.com nor "
        "a.b.mx.example.com",
        "never delivers without TLS", "tries the next",
        "mta-sts set example.com --add-mx NAME")
    assert any(f"keeps to it until {day}" in text for day in date(7))
    assert "in any case" not in text


def test_testing(site):
    site.write("example.com", source(mode="testing", max_age=DAY))
    text = told(site)
    has(text, "in mode testing, with a max_age of 1 day.",
        "delivers the mail in any case", "mx.example.com",
        "mta-sts set example.com --mode enforce")
    assert any(f"until {day}" in text for day in date(1))
    assert "never delivers without" not in text


def test_none(site):
    site.write("example.com", source(mode="none", mx=(), max_age=DAY))
    text = told(site)
    has(text, "in mode none", "as if example.com had no policy",
        "the history does not tell", "mta-sts remove example.com")
    assert any(f"certificate until {day}" in text for day in date(365.25))
    assert "STARTTLS" not in text


@pytest.mark.parametrize("seconds, words", [
    (1, "1 second"), (90, "90 seconds"), (120, "2 minutes"),
    (3600, "1 hour"), (90000, "25 hours"), (31557600, "1 year"),
    (0, "0 seconds")])
def test_max_age_in_words(site, seconds, words):
    site.write("example.com", source(max_age=seconds))
    has(told(site), f"with a max_age of {words}.")


def test_reports(site):
    has(told(site), "The settings name no dns.reports", "_smtp._tls.example")
    configure(site, 'dns = { reports = [ "mailto:tls@example.net" ]; };\n')
    text = told(site)
    has(text, "reported once a day", "mailto:tls@example.net")
    assert "name no dns.reports" not in text


def test_alias(site):
    site.write("_shared", source())
    site.alias("alias.example", "_shared")
    has(told(site, "alias.example"),
        "alias.example is an alias: it has the policy of _shared.",
        # What set says of an alias is that it is one.
        "(mta-sts set _shared --add-mx NAME)", "(mta-sts dns alias.example)")
    site.write("_shared", source("testing"))
    has(told(site, "alias.example"), "mta-sts set _shared --mode enforce,",
        "(mta-sts dns alias.example)")


def test_history_of_a_longer_policy(site):
    """What was served before lasts longer than what is served now."""
    write_history(site, f"{days_ago(2)} example.com 1 enforce {30 * DAY}",
                  f"{days_ago(1)} example.com {the_id(site)} enforce 604800")
    text = told(site)
    assert any(f"senders could keep to it or to an earlier one until {day}"
               in text for day in date(29)), text


def test_history_of_none(site):
    site.write("example.com", source(mode="none", mx=(), max_age=DAY))
    write_history(site, f"{days_ago(9)} example.com 1 enforce {10 * DAY}",
                  f"{days_ago(3)} example.com {the_id(site)} none {DAY}")
    text = told(site)
    assert any(f"certificate until {day}:" in text for day in date(7)), text
    assert "the history does not tell" not in text


def test_history_of_a_none_that_is_over(site):
    site.write("example.com", source(mode="none", mx=(), max_age=DAY))
    write_history(site, f"{days_ago(90)} example.com 1 enforce {10 * DAY}",
                  f"{days_ago(60)} example.com {the_id(site)} none {DAY}")
    has(told(site), "no sender keeps to an earlier policy any more: "
                    "mta-sts remove example.com")


def test_largest_policy(site):
    """As many wildcards as fit: nothing is lost."""
    names = ["*." + "".join(name) for name in
             itertools.islice(itertools.product(ascii_lowercase, repeat=3),
                              5800)]
    site.write("example.com", source(mx=names))
    text = told(site)
    has(text, " *.aaa ", f" {names[-1]} ", "never delivers without TLS")
    assert text.count("exactly one label") == len(names)


def test_several(site):
    site.write("xn--bcher-kva.example", source())
    done = run(site, "explain", "-", input="bücher.example\nexample.com\n")
    assert done.returncode == DONE
    assert done.stdout.count("\n\n") == 2
    has(done.stdout, "The policy of xn--bcher-kva.example",
        "The policy of example.com")


def test_json(site):
    site.alias("alias.example", "example.com")
    found = rows(site, "explain", "alias.example")[0]
    assert found["explanation"] == run(
        site, "explain", "alias.example").stdout
    assert found["domain"] == "alias.example"
    assert found["alias_of"] == "example.com"
    assert found["mode"] == "enforce"
    assert found["id"] == the_id(site)
    assert found["expires"] is None
    assert found["until"][:10] in date(7)


@pytest.mark.parametrize("content", ["nonsense", None])
def test_broken_or_absent(site, content):
    if content:
        site.write("bad.example", content)
    done = run(site, "explain", "bad.example")
    assert (done.returncode, done.stdout) == (FINDINGS, "")
    assert "bad.example.txt" in done.stderr
