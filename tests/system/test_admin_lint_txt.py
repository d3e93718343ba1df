#!/usr/bin/python3
"""
mta-sts lint-txt: values as people have them, and what it says. Every rule of a
record is in test_record.
"""

import pytest

from command import DONE, FINDINGS, USAGE, on_terminal, rows, run

GOOD = "v=STSv1; id=20160831085700Z;"
SEEN = ("A sender sees MTA-STS with the id 20160831085700Z, and fetches the "
        "policy unless it has the one of that id.\n")
UNSEEN = ("A sender sees no MTA-STS: it looks for no policy, and keeps to one "
          "that it has until that runs out.\n")


def test_good(site):
    done = run(site, "lint-txt", GOOD)
    assert (done.returncode, done.stdout, done.stderr) == (DONE, SEEN, "")


def test_needs_no_settings(site):
    site.settings.write_text("nonsense")
    assert run(site, "lint-txt", GOOD).returncode == DONE


# As zone files and dig write them.
@pytest.mark.parametrize("value", [
    f'"{GOOD}"', '"v=STSv1; " "id=20160831085700Z;"',
    '"v=STSv1;""id=20160831085700Z"', f'  "{GOOD}"\t',
    r'"v=STSv1\; id=20160831085700Z\;"', r'"\118=STSv1; id=20160831085700Z"',
    '"v=STS" "v1; id=2016" "0831085700Z;"'])
def test_quoted(site, value):
    done = run(site, "lint-txt", value)
    assert (done.returncode, done.stdout, done.stderr) == (DONE, SEEN, "")


def test_strings_are_joined_without_a_space(site):
    done = run(site, "lint-txt", '"v=STSv1; id=1" "2"')
    assert "the id 12," in done.stdout


def test_finding(site):
    done = run(site, "lint-txt", "v=STSv1; id=2016-08;")
    assert (done.returncode, done.stdout) == (FINDINGS, UNSEEN)
    assert done.stderr == (
        "TXT:1:17: error: an id is of letters and digits alone; "
        "write 1 to 32 letters and digits, such as 20261122045152Z\n"
        "    v=STSv1; id=2016-08;\n"
        "                    ^\n")


def test_erratum_6285(site):
    done = run(site, "lint-txt", "v=STSv1 ; id=1;")
    assert (done.returncode, done.stdout) == (FINDINGS, UNSEEN)
    assert "erratum 6285" in done.stderr


def test_two_records(site):
    done = run(site, "lint-txt", GOOD, GOOD)
    assert (done.returncode, done.stdout) == (FINDINGS, UNSEEN)
    assert done.stderr.startswith("TXT:2:1: error: a second record")


def test_other_records_are_passed_over(site):
    done = run(site, "lint-txt", "v=spf1 -all", GOOD)
    assert (done.returncode, done.stdout) == (DONE, SEEN)
    assert "TXT:1:1: warning: no MTA-STS record" in done.stderr
    assert run(site, "lint-txt", "-q", "v=spf1 -all", GOOD).stderr == ""


def test_an_error_that_senders_do_not_mind(site):
    done = run(site, "lint-txt", GOOD + " id=2;")
    assert (done.returncode, done.stdout) == (FINDINGS, SEEN)
    assert "id is given twice" in done.stderr


def test_values_on_stdin(site):
    done = run(site, "lint-txt", "-", input=f'"v=spf1 -all"\n\n"{GOOD}"\r\n')
    assert (done.returncode, done.stdout) == (DONE, SEEN)
    done = run(site, "lint-txt", "-", input=f"{GOOD}\n{GOOD}")
    assert done.returncode == FINDINGS


def test_blanks_of_a_value_count(site):
    assert run(site, "lint-txt", " " + GOOD).returncode == FINDINGS
    assert run(site, "lint-txt", "-", input=f" {GOOD}\n").returncode == (
        FINDINGS)


@pytest.mark.parametrize("values", ["", "\n\n"])
def test_no_values(site, values):
    done = run(site, "lint-txt", "-", input=values)
    assert (done.returncode, done.stdout) == (FINDINGS, UNSEEN)
    assert 'TXT: error: no record begins with "v=STSv1;"' in done.stderr


@pytest.mark.parametrize("value, column, message", [
    ('"v=STSv1; id=1;', 1, "the closing quote is missing"),
    ('"v=STSv1;" id=1;', 12, "something outside the quotes"),
    (r'"v=STSv1; id=\999"', 14, "an escape that zone files do not have"),
    (r'"v=STSv1; id=\1"', 14, "an escape that zone files do not have"),
    ('"v=STSv1; id=1\\', 15, "an escape that zone files do not have"),
    ('"v=STSv1; a=' + "x" * 250 + '"', 1, "a string longer than 255 octets"),
])
def test_what_no_zone_file_can_have(site, value, column, message):
    done = run(site, "lint-txt", value)
    assert (done.returncode, done.stdout) == (FINDINGS, UNSEEN)
    assert done.stderr.startswith(f"TXT:1:{column}: error: {message}")
    line, caret = done.stderr.splitlines()[1:3]
    assert caret.index("^") == column + 3
    assert line[4] == '"'


def test_255_octets(site):
    value = GOOD + " a=" + "x" * (255 - len(GOOD) - 3)
    assert run(site, "lint-txt", f'"{value}"').returncode == DONE


@pytest.mark.parametrize("value", [
    "\x1b[31m", "a\nb", r'"v=STSv1; id=\027[31m"', "v=STSv1; id=\x1b[31m;",
    "ü", "x" * 5000, '"' * 999])
def test_hostile(site, value):
    done = run(site, "lint-txt", value)
    assert (done.returncode, done.stdout) == (FINDINGS, UNSEEN)
    assert "\x1b" not in done.stderr
    assert all(len(line) < 200 for line in done.stderr.splitlines())


def test_more_than_the_dns_can_hold(site):
    done = run(site, "lint-txt", "-", input="x\n" * 2000)
    assert (done.returncode, done.stdout) == (FINDINGS, "")
    assert "more than an answer of the DNS can hold" in done.stderr
    done = run(site, "lint-txt", "-", input="x" * 70000)
    assert (done.returncode, done.stdout) == (FINDINGS, "")


def test_json(site):
    assert rows(site, "lint-txt", GOOD) == [
        {"valid": True, "id": "20160831085700Z", "findings": []}]
    assert rows(site, "lint-txt", GOOD + " id=2;", expect=FINDINGS) == [
        {"valid": True, "id": "20160831085700Z", "findings": [
            {"file": "TXT", "line": 1, "column": 30, "severity": "error",
             "message": "id is given twice; senders take the first",
             "hint": "keep one of the two"}]}]
    found = rows(site, "lint-txt", '"v', expect=FINDINGS)[0]
    assert (found["valid"], found["id"]) == (False, None)
    assert len(found["findings"]) == 1


def test_colour(site):
    code, output = on_terminal(site, "lint-txt", "v=STSv1; id=-")
    assert code == FINDINGS
    assert "\x1b[1;31m error\x1b[0m" in output


def test_usage(site):
    for args in ([], ["--bogus"]):
        done = run(site, "lint-txt", *args)
        assert (done.returncode, done.stdout) == (USAGE, "")
        assert "usage: mta-sts lint-txt" in done.stderr
