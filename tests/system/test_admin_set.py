"""mta-sts set: one field changed, every other byte of the file kept."""

import time

import pytest

import cgi
from command import DONE, FINDINGS, USAGE, configure, run
from harness import Site

OURS = (b"# Ours: do not touch\r\n"
        b"version: STSv1\r\n"
        b"\r\n"
        b"mode:   testing\r\n"
        b"mx: mx1.example.com\r\n"
        b"# the backup\r\n"
        b"mx:\tMX2.example.com  \r\n"
        b"max_age: 86400\r\n"
        b"# end")


@pytest.fixture(name="site")
def _site():
    with Site() as site:
        configure(site)
        site.write("example.com", OURS)
        yield site


def text(site, domain="example.com"):
    return (site.policies / f"{domain}.txt").read_bytes()


@pytest.mark.parametrize("options, old, new", [
    (["--mode", "enforce"], b"  testing", b"  enforce"),
    (["--max-age", "1w"], b"86400", b"604800"),
    (["--remove-mx", "mx2.EXAMPLE.com"], b"mx:\tMX2.example.com  \r\n", b""),
    (["--add-mx", "mx3.example.com"], b"max_age",
     b"mx: mx3.example.com\r\nmax_age"),
    (["--mx", "mx2.example.com"], b"mx: mx1.example.com\r\n", b""),
    (["--mx", "mx1.example.com", "--mx", "*.b.example"],
     b"mx:\tMX2.example.com  \r\n", b"mx: *.b.example\r\n"),
], ids=lambda value: str(value)[:40])
def test_the_rest_stays(site, options, old, new):
    assert OURS.count(old) == 1
    done = run(site, "set", "example.com", *options)
    assert done.returncode == DONE, done
    assert text(site) == OURS.replace(old, new)
    assert 'publish: _mta-sts.example.com. TXT "v=STSv1; id=' in done.stderr
    inode = (site.policies / "example.com.txt").stat().st_ino
    again = run(site, "set", "example.com", *options)
    assert again.returncode == DONE and "already so" in again.stderr
    assert (site.policies / "example.com.txt").stat().st_ino == inode


def test_what_changed_is_told(site):
    done = run(site, "set", "example.com", "--mode", "enforce", "--max-age",
               "7d", "--add-mx", "new.example", "--remove-mx",
               "mx1.example.com")
    for words in ("mode enforce, was testing", "max_age 604800, was 86400",
                  "mx new.example added", "mx mx1.example.com taken away"):
        assert f"mta-sts: example.com: {words}\n" in done.stderr
    quiet = run(site, "set", "example.com", "--mode", "testing", "--quiet")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (DONE, "", "")


def test_the_record_is_that_of_the_new_text(site):
    done = run(site, "set", "example.com", "--mode", "enforce")
    shown = run(site, "id", "example.com").stdout.strip()
    assert len(shown) == 32 and f"id={shown};" in done.stderr


def test_dates_as_ids_change_each_time(site):
    configure(site, 'dns = { id = "date"; };\n')
    ids = []
    for mode in ("enforce", "testing", "enforce"):
        assert run(site, "set", "example.com", "--mode", mode
                   ).returncode == DONE
        ids.append(run(site, "id", "example.com").stdout)
    assert len(set(ids)) == 3


def test_dates_as_ids_of_aliases_change_each_time(site):
    """Of one that became an alias in this very second, too."""
    configure(site, 'dns = { id = "date"; };\n')
    time.sleep(1.05 - time.time() % 1)  # into the beginning of a second
    run(site, "alias", "alias.example", "example.com")
    before = run(site, "id", "alias.example").stdout
    assert run(site, "set", "example.com", "--mode", "enforce"
               ).returncode == DONE
    assert run(site, "id", "alias.example").stdout > before


def test_an_alias_is_refused(site):
    site.alias("alias.example", "example.com")
    done = run(site, "set", "alias.example", "--mode", "enforce")
    assert done.returncode == FINDINGS
    assert "mta-sts set example.com" in done.stderr
    assert text(site) == OURS
    assert (site.policies / "alias.example.txt").is_symlink()


def test_names_in_the_directory_are_not_for_the_terminal(site):
    name = "\x1b[2J\r"
    site.write(name, OURS)
    site.alias("alias.example", name)
    for args in (("set", "alias.example", "--mode", "none"),
                 ("alias", "alias.example", "example.com")):
        done = run(site, *args)
        assert r"\x1b[2J\x0d" in done.stderr, done
        assert "\x1b" not in done.stderr and "\r" not in done.stderr
        if args[0] == "set":
            for verb in (["list"], ["explain", "alias.example"]):
                done = run(site, *verb)
                assert r"\x1b[2J\x0d" in done.stdout, done
                assert "\x1b" not in done.stdout


def test_aliases_are_counted(site):
    site.alias("alias.example", "example.com")
    done = run(site, "set", "example.com", "--mode", "enforce")
    assert "its 1 alias:" in done.stderr


def test_a_shared_name(site):
    site.write("_hosting", OURS)
    site.alias("hosted.example", "_hosting")
    done = run(site, "set", "hosted.example", "--mode", "none")
    assert done.returncode == FINDINGS
    assert "mta-sts set _hosting" in done.stderr
    assert run(site, "set", "_hosting", "--max-age", "2d").returncode == DONE
    assert b"172800" in text(site, "hosted.example")


def test_a_broken_file_is_mended_by_hand(site):
    site.write("example.com", OURS.replace(b"testing", b"tesing"))
    before = text(site)
    done = run(site, "set", "example.com", "--max-age", "2d")
    assert done.returncode == FINDINGS
    assert "example.com.txt:4:9: error: mode" in done.stderr
    assert "by hand" in done.stderr
    assert text(site) == before


@pytest.mark.parametrize("options", [
    ["--remove-mx", "mx1.example.com", "--remove-mx", "mx2.example.com"]])
def test_what_would_be_invalid_is_not_written(site, options):
    done = run(site, "set", "example.com", *options)
    assert done.returncode == FINDINGS and "needs an mx" in done.stderr
    assert text(site) == OURS
    history = site.root / "state" / "history"
    assert not history.exists() or not history.read_bytes()


def test_too_large(site):
    names = [f"mx{number:04}.{'x' * 50}.example" for number in range(900)]
    site.write("example.com", "version: STSv1\nmode: testing\n" + "".join(
        f"mx: {name}\n" for name in names) + "max_age: 86400\n")
    before = text(site)
    assert len(before) < 64000
    done = run(site, "set", "example.com",
               *(f"--add-mx=m{number:04}.{'y' * 60}.{'z' * 60}.example"
                 for number in range(20)))
    assert done.returncode == FINDINGS, done
    assert text(site) == before


def test_usage(site):
    assert run(site, "set", "example.com").returncode == USAGE
    assert run(site, "set", "example.com", "--mx", "a.example", "--add-mx",
               "b.example").returncode == USAGE
    assert run(site, "set", "example.com", "--mode", "x").returncode == USAGE
    both = run(site, "set", "example.com", "--add-mx", "mx1.Example.com",
               "--remove-mx", "mx1.example.com")
    assert both.returncode == USAGE and "--add-mx and by" in both.stderr
    assert text(site) == OURS


def test_absent(site):
    done = run(site, "set", "b.example", "--mode", "none")
    assert done.returncode == FINDINGS
    assert "mta-sts add b.example" in done.stderr


def test_dry_run(site):
    done = run(site, "set", "example.com", "--mode", "enforce", "--dry-run")
    assert done.returncode == DONE
    assert done.stdout.encode() == OURS.replace(b"\r\n", b"\n").replace(
        b"testing", b"enforce")
    assert text(site) == OURS


def test_somebody_elses_file_is_not_trusted(site):
    (site.policies / "example.com.txt").chmod(0o664)
    done = run(site, "set", "example.com", "--mode", "enforce")
    assert done.returncode == FINDINGS and "writable by its group" in \
        done.stderr
    assert text(site) == OURS


def test_the_next_request_has_it(site):
    assert b"testing" in cgi.run(site).body
    assert run(site, "set", "example.com", "--mode", "enforce").returncode \
        == DONE
    assert b"enforce" in cgi.run(site).body
