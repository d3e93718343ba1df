"""
mta-sts retire and remove: RFC 8461 section 8.3, with the dates that follow from
histories written by hand.
"""

import calendar
import json
import re
import time

import pytest

from command import DONE, FINDINGS, configure, run
from harness import POLICY, Site, source

DAY = 86400
YEAR = 31557600
NONE = source("none", [], DAY)
OLD = source("enforce", ["mx.example.com"], 7 * DAY)


@pytest.fixture(name="site")
def _site():
    with Site() as site:
        configure(site)
        yield site


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def write_history(site, *lines):
    """Each line: days ago, domain, id, mode, max_age."""
    state = site.root / "state"
    state.mkdir(exist_ok=True)
    state.chmod(0o755)
    now = time.time()
    (state / "history").write_text("".join(
        f"{stamp(now - days * DAY)} {rest}\n" for days, rest in lines))
    (state / "history").chmod(0o644)


def removable(site, domain):
    """What retire says: seconds from now, and whether that is known."""
    done = run(site, "retire", domain, "--json")
    assert done.returncode == DONE, done
    row, = json.loads(done.stdout)
    assert row["domain"] == domain
    if row["removable"] is None:
        return 0, row["history_known"]
    at = calendar.timegm(time.strptime(row["removable"],
                                       "%Y-%m-%dT%H:%M:%SZ"))
    return at - time.time(), row["history_known"]


def ident(site, domain):
    return run(site, "id", domain).stdout.strip()


def test_retire(site):
    assert run(site, "add", "a.example", "--mx", "m.example", "--max-age",
               "7d").returncode == DONE
    done = run(site, "retire", "a.example")
    assert done.returncode == DONE, done
    assert (site.policies / "a.example.txt").read_bytes() == NONE
    record = (f'_mta-sts.a.example. 3600 IN TXT '
              f'"v=STSv1; id={ident(site, "a.example")};"\n')
    assert done.stdout.endswith(record)
    date = re.search(r"from (\S+Z)\.", done.stdout)[1]
    time.sleep(1.1)
    again = run(site, "retire", "a.example")
    assert again.stdout == done.stdout
    refused = run(site, "remove", "a.example")
    assert refused.returncode == FINDINGS and date in refused.stderr
    assert abs(removable(site, "a.example")[0] - 7 * DAY) < 60
    assert run(site, "retire", "a.example", "--quiet").stdout == ""


def test_comments_stay_and_mx_go(site):
    site.write("a.example", b"# ours\r\n" + POLICY)
    run(site, "retire", "a.example")
    assert (site.policies / "a.example.txt").read_bytes() == (
        b"# ours\r\n# The policy of a test\nversion: STSv1\nmode: none\n"
        b"max_age: 86400\n")


def test_an_alias_gets_a_file_of_its_own(site):
    site.write("b.example", OLD)
    assert run(site, "alias", "a.example", "b.example").returncode == DONE
    assert run(site, "retire", "a.example").returncode == DONE
    path = site.policies / "a.example.txt"
    assert not path.is_symlink() and path.read_bytes() == NONE
    assert (site.policies / "b.example.txt").read_bytes() == OLD


def test_aliases_are_not_retired_along(site):
    site.write("b.example", OLD)
    site.alias("a.example", "b.example")
    done = run(site, "retire", "b.example")
    assert done.returncode == FINDINGS and "alias a.example" in done.stderr
    assert (site.policies / "a.example.txt").read_bytes() == OLD
    refused = run(site, "remove", "b.example", "--force")
    assert refused.returncode == FINDINGS
    assert (site.policies / "a.example.txt").read_bytes() == OLD


def test_absent(site):
    for verb in ("retire", "remove"):
        assert run(site, verb, "a.example").returncode == DONE


def test_a_broken_one_is_written_anew(site):
    site.write("a.example", b"mode: enforced\n")
    assert run(site, "retire", "a.example").returncode == DONE
    assert (site.policies / "a.example.txt").read_bytes() == NONE


def test_remove_what_is_served(site):
    site.write("a.example", OLD)
    done = run(site, "remove", "a.example")
    assert done.returncode == FINDINGS and "mta-sts retire" in done.stderr
    assert (site.policies / "a.example.txt").exists()
    assert run(site, "remove", "a.example", "--force").returncode == DONE
    assert not (site.policies / "a.example.txt").exists()
    assert run(site, "remove", "a.example").returncode == DONE


def test_remove_in_time(site):
    site.write("a.example", NONE)
    now = ident(site, "a.example")
    write_history(site, (30, "a.example 1 enforce 604800"),
                  (7.001, f"a.example {now} none 86400"))
    assert run(site, "remove", "a.example").returncode == DONE
    assert not (site.policies / "a.example.txt").exists()
    last = (site.root / "state/history").read_text().splitlines()[-1]
    assert last.endswith(" a.example - removed -")


def test_remove_a_little_early(site):
    site.write("a.example", NONE)
    now = ident(site, "a.example")
    write_history(site, (30, "a.example 1 enforce 604800"),
                  (6.999, f"a.example {now} none 86400"))
    assert run(site, "remove", "a.example").returncode == FINDINGS
    assert (site.policies / "a.example.txt").exists()


# Days from now until when the policy may go; NOW is the id of what is served.
HISTORIES = {
    "the last one decides":
        ([(90, "a.example 1 enforce 86400"),
          (60, "a.example 2 enforce 8640000"),
          (10, "a.example NOW none 86400")], 90, True),
    "an older one that lasted longer":
        ([(300, "a.example 1 testing 31536000"),
          (20, "a.example 2 enforce 86400"),
          (10, "a.example NOW none 86400")], 365 - 20, True),
    "mode none asks for nothing":
        ([(300, "a.example 1 none 31536000"),
          (10, "a.example NOW none 86400")], 0, True),
    "all long gone":
        ([(300, "a.example 1 enforce 86400"),
          (10, "a.example NOW none 86400")], -9, True),
    "no history": ([], YEAR / DAY, False),
    "the file is another one":
        ([(10, "a.example 1 none 86400")], YEAR / DAY, False),
    "only of others":
        ([(10, "b.example NOW none 86400")], YEAR / DAY, False),
    "something unknown":
        ([(20, "a.example - unknown 31557600"),
          (10, "a.example NOW none 86400")], YEAR / DAY - 10, False),
    "something unknown that does not matter":
        ([(400, "a.example - unknown 31557600"),
          (370, "a.example 1 enforce 604800"),
          (2, "a.example NOW none 86400")], 5, True),
    "removed in between":
        ([(200, "a.example 1 enforce 17280000"),
          (100, "a.example - removed -"),
          (10, "a.example NOW none 86400")], 100, True),
    "an alias":
        ([(300, "t.example 1 enforce 8640000"),
          (200, "t.example 2 enforce 86400"),
          (150, "a.example t.example alias -"),
          (50, "t.example 3 enforce 17280000"),
          (10, "a.example NOW none 86400")], 190, True),
    "an alias while its target was short":
        ([(300, "t.example 1 enforce 31536000"),
          (200, "t.example 2 enforce 1728000"),
          (150, "a.example t.example alias -"),
          (10, "a.example NOW none 86400"),
          (5, "t.example 3 enforce 31536000")], 10, True),
    "an alias of something never noted":
        ([(150, "a.example _hosting alias -"),
          (10, "a.example NOW none 86400")], YEAR / DAY - 10, False),
    "an alias of something noted too late":
        ([(150, "a.example _hosting alias -"),
          (100, "_hosting 1 enforce 86400"),
          (10, "a.example NOW none 86400")], YEAR / DAY - 100, False),
    "aliases in a circle":
        ([(150, "a.example b.example alias -"),
          (150, "b.example a.example alias -"),
          (10, "a.example NOW none 86400")], YEAR / DAY - 10, False),
    "a clock that was set back":
        ([(10, "a.example 1 enforce 1728000"),
          (20, "a.example NOW none 86400")], 10, True),
    "a line that is spoilt":
        ([(30, "a.example 1 enforce 86400"),
          (20, "a.example 2 enfroce 86400"),
          (10, "a.example NOW none 86400")], YEAR / DAY - 10, False),
    "a line of another one that is spoilt":
        ([(30, "a.example 1 enforce 86400"),
          (20, "b.example 2 enfroce 86400"),
          (10, "a.example NOW none 86400")], -9, True),
    "a line of nobody knows whom":
        ([(30, "a.example 1 enforce 86400"),
          (20, "\x01.example 2 enforce 8640000"),
          (10, "a.example NOW none 86400")], -9, False),
    "something unknown, and nobody knows since when":
        ([(300, "a.example 1 enforce 86400"),
          (200, "a.example - removed -"),
          (100, "a.example - unknown 31557600"),
          (100, "a.example NOW none 86400")], YEAR / DAY - 100, False),
    "something unknown in an alias's time, found later":
        ([(150, "t.example 1 enforce 86400"),
          (150, "a.example t.example alias -"),
          (10, "a.example NOW none 86400"),
          (5, "t.example - unknown 31557600")], YEAR / DAY - 10, False),
    "renamed":
        ([(40, "a.example 1 enforce 864000"),
          (30, "b.example 1 enforce 864000"),
          (30, "a.example b.example renamed -"),
          (30, "a.example NOW none 86400"),
          (1, "b.example 2 enforce 864000")], -20, True),
    "half a line, marked":
        ([(30, "a.example 1 enforce 86400"),
          (20, "a.example 2 enforce 9 cut off"),
          (10, "a.example NOW none 86400")], -9, True),
}


@pytest.mark.parametrize("lines, days, known", HISTORIES.values(),
                         ids=HISTORIES.keys())
def test_the_date(site, lines, days, known):
    site.write("a.example", NONE)
    now = ident(site, "a.example")
    write_history(site, *((ago, rest.replace("NOW", now))
                          for ago, rest in lines))
    seconds, was_known = removable(site, "a.example")
    assert was_known == known
    assert abs(seconds - days * DAY) < 60, (seconds / DAY, days)
    done = run(site, "remove", "a.example")
    assert done.returncode == (DONE if days <= 0 else FINDINGS), done


def test_the_target_of_an_alias_changed_by_hand(site):
    run(site, "add", "t.example", "--mx", "m.example", "--max-age", "1d")
    run(site, "alias", "a.example", "t.example")
    site.write("t.example", source("enforce", ["m.example"], YEAR))
    seconds, known = removable(site, "a.example")
    assert not known and abs(seconds - YEAR) < 60
    assert not removable(site, "a.example")[1]
    lines = (site.root / "state/history").read_text()
    run(site, "alias", "b.example", "t.example")
    run(site, "retire", "b.example")
    again = (site.root / "state/history").read_text()
    assert lines.count("t.example - unknown") == 1
    assert again.count("t.example - unknown") == 1


@pytest.mark.parametrize("settings", ["", 'dns = { id = "date"; };\n'])
def test_dry_run_with_json_is_the_same(site, settings):
    """But for dates, which go on."""
    configure(site, settings)
    run(site, "add", "t.example", "--mx", "m.example", "--max-age", "7d")
    run(site, "alias", "a.example", "t.example")
    site.write("b.example", b"nonsense\n")
    site.write("c.example", NONE)
    names = ("a.example", "b.example", "c.example", "d.example")
    before = {path.name for path in site.policies.iterdir()}
    lines = (site.root / "state/history").read_text()
    dry, wet = (json.loads(run(site, "retire", "--json", *names, *more).stdout)
                for more in (["--dry-run"], []))
    assert {path.name for path in site.policies.iterdir()} == before
    assert lines in (site.root / "state/history").read_text()
    assert [row["domain"] for row in dry] == list(names[:3])
    for one, other in zip(dry, wet, strict=True):
        assert one["removable"][:13] == other["removable"][:13]
        for row in (one, other):
            row["removable"] = None
            if settings:
                row["id"] = row["txt"] = None
        assert one == other


def test_written_by_hand(site):
    """Nobody knows what was there before: a year, and it stays that date."""
    site.write("a.example", OLD)
    seconds, known = removable(site, "a.example")
    assert not known and abs(seconds - YEAR) < 60
    first = run(site, "retire", "a.example").stdout
    time.sleep(1.1)
    assert run(site, "retire", "a.example").stdout == first


def test_changed_by_hand_between(site):
    """What somebody wrote between two changes is taken for the longest."""
    run(site, "add", "a.example", "--mx", "m.example", "--max-age", "1d")
    site.write("a.example", OLD)
    run(site, "set", "a.example", "--max-age", "2d")
    run(site, "retire", "a.example")
    seconds, known = removable(site, "a.example")
    assert not known and abs(seconds - YEAR) < 60


def test_retire_with_dates_for_ids(site):
    configure(site, 'dns = { id = "date"; };\n')
    run(site, "add", "a.example", "--mx", "m.example", "--max-age", "1d")
    done = run(site, "retire", "a.example")
    assert re.search(r'id=\d{14}Z;"\n$', done.stdout), done
    seconds, known = removable(site, "a.example")
    assert known and abs(seconds - DAY) < 60


def test_a_list_on_stdin(site):
    for domain in ("a.example", "b.example"):
        site.write(domain, OLD)
    done = run(site, "retire", "-", input="a.example\nb.example\n")
    assert done.returncode == DONE
    assert done.stdout.count(" IN TXT ") == 2
