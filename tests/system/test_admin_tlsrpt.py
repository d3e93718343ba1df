#!/usr/bin/python3
"""
mta-sts report: TLS reports as the large senders write them (tlsrpt/), in every
form in which they come, summed up. Those that mean harm are in
test_admin_tlsrpt_hostile.py.
"""

import csv
import gzip
import io
import json
import os
import shutil
import subprocess
from email import policy
from email.message import EmailMessage

import pytest

from command import (COMMAND, DONE, FINDINGS, SYSTEM, USAGE, findings, rows,
                     run)
from harness import environment
from tlsreports import GOOGLE, NAME, SAMPLES, mail, report, written


def summed(site, *args, expect=DONE, **more):
    """{domain: (successful, failed)}"""
    return {row["domain"]: (row["successful"], row["failed"])
            for row in rows(site, "report", *args, expect=expect, **more)}


def test_samples(site):
    """What is in them by hand, in one sum."""
    found = rows(site, "report", SAMPLES, expect=FINDINGS)
    assert [(row["domain"], row["successful"], row["failed"])
            for row in found] == [
        ("company-y.example", 5326, 303), ("example.com", 103, 6),
        ("example.net", 1, 0), ("example.org", 1, 0)]
    assert [(row["sender"], row["policy_type"], row["reports"],
             row["successful"], row["failed"], row["first_day"],
             row["last_day"]) for row in found[1]["senders"]] == [
        ("Comcast", "tlsa", 1, 10, 2, "2026-11-20", "2026-11-20"),
        ("Google Inc.", "sts", 2, 84, 0, "2026-11-20", "2026-11-21"),
        ("Mail.Ru", "sts", 1, 7, 1, "2026-11-21", "2026-11-21"),
        ("Microsoft Corporation", "sts", 2, 2, 3, "2026-11-20",
         "2026-11-21")]
    assert [(row["result_type"], row["mx"], row["failed"], row["sender"])
            for row in found[1]["failures"]] == [
        ("sts-policy-fetch-error", None, 3, "Microsoft Corporation"),
        ("tlsa-invalid", "mx1.mail.example.com", 2, "Comcast"),
        ("certificate-expired", "mx2.mail.example.com", 1, "Mail.Ru")]
    assert found[1]["failures"][0]["commands"] == [
        "mta-sts check example.com", "mta-sts verify example.com"]
    assert found[0]["failures"][2]["reason"] == \
        "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED"


def test_table(site):
    done = run(site, "report", SAMPLES / "rfc.json")
    assert done.returncode == FINDINGS
    assert done.stderr == "mta-sts: 1 report\n"
    assert done.stdout.startswith(
        "company-y.example: 5629 sessions, 303 failed (5.4 %), 2016-04-01 to "
        "2016-04-01\n\n")
    table = [line.split() for line in done.stdout.splitlines()]
    assert ["Company-X", "sts", "1", "5326", "303", "2016-04-01",
            "2016-04-01"] in table
    assert ["200", "starttls-not-supported", "mx2.mail.company-y.example",
            "Company-X", "-"] in table
    assert "\n\nstarttls-not-supported\n    The mail host did not offer " \
        in done.stdout
    assert "\n        mta-sts verify company-y.example\n" in done.stdout
    assert all(len(line) <= 78 for line in
               done.stdout.partition("\n\nstarttls")[2].splitlines())


def test_csv(site):
    done = run(site, "report", "--csv", SAMPLES / "rfc.json")
    assert done.returncode == FINDINGS
    found = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["row"] for row in found] == ["sessions"] + 3 * ["failure"]
    assert found[0] == {
        "row": "sessions", "domain": "company-y.example",
        "sender": "Company-X", "policy_type": "sts", "result_type": "",
        "mx": "", "successful": "5326", "failed": "303", "reports": "1",
        "first_day": "2016-04-01", "last_day": "2016-04-01", "reason": ""}
    assert found[3]["reason"] == "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED"


def forms():
    packed = gzip.compress(GOOGLE)
    plain = EmailMessage(policy=policy.SMTP)
    plain.set_content(GOOGLE, "application", "tlsrpt+json", cte="base64")
    forwarded = EmailMessage(policy=policy.SMTP)
    forwarded.set_content("See below.")
    forwarded.add_attachment(plain)
    whole = mail(packed, "tlsrpt+gzip", NAME)
    return {
        "json": GOOGLE,
        "mark and space": b"\xef\xbb\xbf\r\n" + GOOGLE + b"\r\n\r\n\0",
        "gzip": packed,
        "two members": gzip.compress(GOOGLE[:90]) + gzip.compress(GOOGLE[90:]),
        "mail": whole,
        "mail with LF": whole.replace(b"\r\n", b"\n"),
        "mail in gzip": gzip.compress(whole),
        "json in mail": mail(GOOGLE, "tlsrpt+json"),
        "quoted-printable": mail(GOOGLE, "tlsrpt+json",
                                 cte="quoted-printable"),
        "attachment": mail(packed, "octet-stream", NAME, "other"),
        "gzip without a name": mail(packed, "gzip", None, "other"),
        "wrong subtype": mail(packed, "tlsrpt+json", NAME),
        "no multipart": bytes(plain),
        "forwarded": bytes(forwarded),
        "mbox": b"From a@b Sun Nov 22\n" + whole.replace(b"\r\n", b"\n")
                + b"\n\nFrom c@d Sun Nov 22\n" + whole,
    }


@pytest.mark.parametrize("form", forms())
def test_forms(site, tmp_path, form):
    path = written(tmp_path, forms()[form], "anything")
    assert summed(site, path) == {"example.com": (42, 0)}
    with open(path, "rb") as file:
        done = subprocess.run([COMMAND, "report", "-"], stdin=file,
                              capture_output=True, timeout=60, check=True)
    assert b"example.com: 42 sessions, none failed" in done.stdout


def test_once(site, tmp_path):
    """In whatever form a report comes, and however often."""
    paths = [written(tmp_path, content, name)
             for name, content in forms().items()]
    done = run(site, "report", *paths)
    assert done.returncode == DONE
    assert "example.com: 42 sessions, none" in done.stdout
    assert done.stderr == ("mta-sts: 1 report\nmta-sts: "
                           f"{len(paths)} more came again and count once\n")


@pytest.mark.parametrize("more", [{}, {"report-id": None}], ids=str)
def test_once_with_other_line_ends(site, tmp_path, more):
    """As a mail has them on its way, and in a mailbox."""
    text = json.dumps(json.loads(report(**more)), indent=1).encode()
    head = b"Content-Type: application/tlsrpt+json\n\n"
    one = written(tmp_path, head + text, "one")
    two = written(tmp_path, (head + text).replace(b"\n", b"\r\n"), "two")
    done = run(site, "report", one, two)
    assert "example.com: 1 session, none" in done.stdout
    assert done.stderr == ("mta-sts: 1 report\n"
                           "mta-sts: 1 more came again and count once\n")


def test_another_with_its_id(site, tmp_path):
    one = written(tmp_path, report(), "one")
    two = written(tmp_path, report(good=2), "two")
    done = run(site, "report", one, two)
    assert done.returncode == DONE
    assert "example.com: 1 session, none" in done.stdout
    assert "two: warning: another report of Sender has the same" in done.stderr


def test_maildir(site, tmp_path):
    for name in ("new", "cur", "tmp"):
        (tmp_path / name).mkdir()
    shutil.copy(SAMPLES / "google.eml", tmp_path / "new" / "1.a:2,")
    (tmp_path / "cur" / "2.b:2,S").write_bytes(
        mail(report().encode(), "tlsrpt+json"))
    (tmp_path / "cur" / "3.c:2,S").write_text("Subject: hello\n\nhello\n")
    dmarc = gzip.compress(b"<?xml version='1.0'?><feedback/>")
    (tmp_path / "cur" / "4.d:2,S").write_bytes(
        mail(dmarc, "gzip", "x!y!1!2.xml.gz", "other"))
    (tmp_path / "cur" / ".hidden").write_text("{")
    (tmp_path / "tmp" / "5.e").write_bytes(
        mail(report("other.example").encode(), "tlsrpt+json"))
    os.mkfifo(tmp_path / "new" / "fifo")
    done = run(site, "report", tmp_path)
    assert done.returncode == DONE, done
    assert done.stderr == ("mta-sts: 2 reports\n"
                           "mta-sts: 2 files or mails without a report\n")
    assert "example.com: 43 sessions" in done.stdout
    assert "other.example" not in done.stdout
    # One of them by its name is another matter.
    done = run(site, "report", tmp_path / "cur" / "3.c:2,S")
    assert done.returncode == FINDINGS
    assert "error: a mail without a TLS report in it" in done.stderr


def test_one_bad_file_does_not_stop_the_others(site, tmp_path):
    good = written(tmp_path, GOOGLE, "good")
    bad = [written(tmp_path, content, name) for name, content in {
        "a": "{\n  \"policies\": [}", "b": gzip.compress(GOOGLE)[:-9],
        "c": "<xml/>", "d": "", "e": mail(b"x", "tlsrpt+gzip", NAME)}.items()]
    assert summed(site, *bad, good, expect=FINDINGS) == \
        {"example.com": (42, 0)}
    done = run(site, "report", *bad, good)
    assert [line.partition("; ")[0] for line in findings(done)] == [
        "a:2:16: error: no JSON: unexpected character",
        "b: error: the gzip data ends too soon",
        "c: error: no TLS report",
        "d: error: there is nothing in it"]
    assert f"/e ({NAME}):1:1: error: no TLS report; a report begins with {{\n" \
        in done.stderr
    assert "\n      \"policies\": [}\n                   ^\n" in done.stderr
    done = run(site, "report", tmp_path / "absent", good)
    assert done.returncode == SYSTEM
    assert "absent: No such file or directory" in done.stderr
    assert "example.com: 42 sessions" in done.stdout


@pytest.mark.parametrize("args, want", [
    ([], {"a.example": (1, 0), "b.example": (1, 0), "c.example": (1, 0)}),
    (["--domain", "B.Example"], {"b.example": (1, 0)}),
    (["--domain", "b.example", "--domain=a.example"],
     {"a.example": (1, 0), "b.example": (1, 0)}),
    (["--domain", "bücher.example"], {}),
    (["--since", "2026-11-21"], {"b.example": (1, 0), "c.example": (1, 0)}),
    (["--since", "2026-11-22"], {"c.example": (1, 0)}),
    (["--since", "36500d"],
     {"a.example": (1, 0), "b.example": (1, 0), "c.example": (1, 0)}),
    (["--since", "0"], {"c.example": (1, 0)}),
], ids=" ".join)
def test_filters(site, tmp_path, args, want):
    for domain, day in (("a", 20), ("b", 21), ("c", 0)):
        date = {"date-range": {
            "start-datetime": f"2026-11-{day}T00:00:00Z",
            "end-datetime": f"2026-11-{day}T23:59:59Z"}} if day else {}
        written(tmp_path, report(f"{domain}.example",
                                 **{"report-id": domain}, **date), domain)
    # What this asks as of now is right from the day after these on.
    if args == ["--since", "0"]:
        args = ["--since", "2099-01-01"]
    assert summed(site, *args, tmp_path) == want


@pytest.mark.parametrize("args", [
    [], ["--since", "yesterday", "x"], ["--since", "2026-13-01", "x"],
    ["--json", "--csv", "x"], ["--domain"], ["--nothing", "x"]], ids=" ".join)
def test_usage(site, args):
    done = run(site, "report", *args)
    assert (done.returncode, done.stdout) == (USAGE, "")
    assert "usage: mta-sts report" in done.stderr


def test_quiet(site, tmp_path):
    good = written(tmp_path, report("good.example"))
    done = run(site, "report", "-q", good)
    assert (done.returncode, done.stdout, done.stderr) == (DONE, "", "")
    done = run(site, "report", "-q", good, SAMPLES / "rfc.json")
    assert done.returncode == FINDINGS
    assert done.stdout.startswith("company-y.example: ")
    assert done.stderr == ""


def test_result_types(site, tmp_path):
    """Those of RFC 8460 section 4.3, and one of tomorrow."""
    types = ["starttls-not-supported", "certificate-host-mismatch",
             "certificate-expired", "certificate-not-trusted",
             "validation-failure", "tlsa-invalid", "dnssec-invalid",
             "dane-required", "sts-policy-fetch-error", "sts-policy-invalid",
             "sts-webpki-invalid", "quantum-failure"]
    path = written(tmp_path, report("a.example", [(t, 1) for t in types]))
    (row,) = rows(site, "report", path, expect=FINDINGS)
    assert {found["result_type"]: found["known"]
            for found in row["failures"]} == \
        {name: name != "quantum-failure" for name in types}
    assert len({found["meaning"] for found in row["failures"]}) == len(types)
    done = run(site, "report", path)
    for name in types[:-1] + ["other result types"]:
        assert f"\n\n{name}\n    " in done.stdout
    # What is advised are verbs that there are.
    verbs = run(site, "-h").stdout
    for found in row["failures"]:
        for command in found["commands"]:
            assert f"  {command.split()[1]} " in verbs


def test_without_gmime(site, tmp_path):
    """What is no mail is read all the same."""
    (tmp_path / "libgmime-3.0.so.0").touch()
    env = {"LD_LIBRARY_PATH": str(tmp_path)}
    assert summed(site, SAMPLES / "google.json", env=env) == \
        {"example.com": (42, 0)}
    done = run(site, "report", SAMPLES / "google.json",
               SAMPLES / "google.eml", env=env)
    assert done.returncode == SYSTEM
    assert "install libgmime-3.0-0" in done.stderr
    assert "example.com: 42 sessions" in done.stdout


def test_no_settings_are_needed():
    done = subprocess.run(
        [COMMAND, "report", SAMPLES / "google.json"], timeout=60,
        capture_output=True, check=False,
        env=environment({"MTA_STS_CONF": "/nonexistent"}))
    assert done.returncode == DONE


def test_full_disk(site):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = run(site, "report", SAMPLES, stdout=full)
    assert done.returncode == SYSTEM
