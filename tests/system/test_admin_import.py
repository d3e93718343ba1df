"""
mta-sts import: policies from document roots, which customers own and fill with
whatever they like while root looks.
"""

import json
import os
import subprocess
import threading
import time

import pytest

from command import COMMAND, DONE, FINDINGS, USAGE, configure, run
from harness import POLICY, POLICY_WIRE, Site, environment, source

CANONICAL = POLICY_WIRE.replace(b"\r\n", b"\n")
SECRET = source("enforce", ["secret.example"], 86400)


@pytest.fixture(name="site")
def _site():
    with Site() as site:
        configure(site)
        (site.root / "www").mkdir()
        # Good policies that no link may lead to.
        secret = site.root / "secret" / ".well-known"
        secret.mkdir(parents=True)
        (secret / "mta-sts.txt").write_bytes(SECRET)
        yield site


def publish(site, name, content=POLICY, below="htdocs"):
    """A customer's policy; the path of the file."""
    path = site.root / "www" / name / below / ".well-known" / "mta-sts.txt"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def pattern(site, tail="www/*/htdocs"):
    return f"--docroots={site.root}/{tail}"


def taken(site):
    return {path.name[:-4]: path.read_bytes()
            for path in site.policies.glob("*.txt")}


def test_one_file(site):
    path = publish(site, "example.com")
    for outcome in ("taken", "already"):
        done = run(site, "import", path, "--domain", "Example.com")
        assert done.returncode == DONE, done
        assert done.stdout == f"{outcome} example.com {path}\n"
        assert taken(site) == {"example.com": CANONICAL}
    made = (site.policies / "example.com.txt").stat()
    assert made.st_mode & 0o777 == 0o644 and made.st_uid == os.getuid()


def test_docroots(site):
    paths = {
        "a.example": publish(site, "a.example"),
        "b.example": publish(site, "mta-sts.b.example"),
        "xn--bcher-kva.example": publish(site, "bücher.example"),
        "c.example": publish(site, "C.example"),
    }
    publish(site, "empty.example").unlink()
    (site.root / "www" / "bare.example").mkdir()
    (site.root / "www" / "a file").write_text("")
    done = run(site, "import", pattern(site))
    assert done.returncode == DONE, done
    assert sorted(done.stdout.splitlines()) == sorted(
        "taken {} {}".format(domain, str(path).replace("ü", r"\xc3\xbc"))
        for domain, path in paths.items())
    assert taken(site) == dict.fromkeys(paths, CANONICAL)
    assert "5 document roots" in done.stderr
    again = run(site, "import", pattern(site), "--quiet")
    assert (again.returncode, again.stdout, again.stderr) == (DONE, "", "")


def test_percent(site):
    publish(site, "bob", below="web/a.example/public_html")
    publish(site, "eve", below="web/www.b.example/public_html")
    done = run(site, "import", pattern(site, "www/*/web/%/public_html"))
    assert done.returncode == DONE, done
    assert set(taken(site)) == {"a.example", "www.b.example"}


def test_around_the_wildcard(site):
    publish(site, "site-a.example.d")
    publish(site, "b.example")
    done = run(site, "import", pattern(site, "www/site-*.d/htdocs"))
    assert done.returncode == DONE, done
    assert set(taken(site)) == {"a.example"}


def test_only_who_is_trusted_names_domains(site):
    """What a customer made himself may be called as anybody's domain."""
    publish(site, "bob", below="web/victim.example")
    web = site.root / "www/bob/web"
    for mode in (0o775, 0o757):
        web.chmod(mode)
        done = run(site, "import", pattern(site, "www/*/web/%"))
        assert done.returncode == FINDINGS and taken(site) == {}, done
        assert "could name any domain here" in done.stdout
    web.chmod(0o755)
    assert run(site, "import", pattern(site, "www/*/web/%")
               ).returncode == DONE
    assert set(taken(site)) == {"victim.example"}


@pytest.mark.root
def test_the_owner_of_the_directory_counts(site):
    publish(site, "bob", below="web/victim.example")
    os.chown(site.root / "www/bob/web", 12345, 12345)
    done = run(site, "import", pattern(site, "www/*/web/%"))
    assert done.returncode == FINDINGS and taken(site) == {}, done
    assert "could name any domain here" in done.stdout


def test_two_document_roots_of_a_domain(site):
    paths = [publish(site, "bob", below="web/a.example"),
             publish(site, "eve", below="web/A.example")]
    done = run(site, "import", pattern(site, "www/*/web/%"))
    assert done.returncode == FINDINGS, done
    first, second = done.stdout.splitlines()
    assert first.startswith("taken a.example ")
    assert second.startswith("refused a.example ")
    assert all(str(path) in second for path in paths)


def test_users_are_no_domains(site):
    publish(site, "bob")
    done = run(site, "import", pattern(site))
    assert done.returncode == FINDINGS
    assert done.stdout.startswith("refused - ") and taken(site) == {}


def test_what_is_there_stays(site):
    site.write("a.example", SECRET)
    publish(site, "a.example")
    done = run(site, "import", pattern(site))
    assert done.returncode == FINDINGS
    assert "another policy already, which stays" in done.stdout
    assert taken(site) == {"a.example": SECRET}


def test_only_the_meaning_is_carried_over(site):
    publish(site, "a.example", b"\xef\xbb\xbf# </script>\x22\r\n"
            b"version:STSv1\rmax_age:   5\nmx:A.Example\nmx: a.example\n"
            b"mode:testing\n# the end")
    assert run(site, "import", pattern(site)).returncode == DONE
    assert taken(site) == {"a.example": source("testing", ["a.example"], 5)}


@pytest.mark.parametrize("content, words", [
    (b"", "the version is missing"),
    (b"version: STSv1\nmode: enforced\nmx: a\nmax_age: 5\n", "no such mode"),
    (POLICY + b"\x1b[2J: x\n", "control character"),
    (POLICY + b"\0", "control character"),
    (POLICY + b"root:x:0:0\n", "no such key"),
    (b"<html>", "no colon"),
    (POLICY + b"#" * 64000, "larger than 64000 bytes"),
], ids=lambda value: str(value)[:30])
def test_findings(site, content, words):
    path = publish(site, "a.example", content)
    for args in ((pattern(site),), (path, "--domain", "a.example")):
        done = run(site, "import", *args)
        assert done.returncode == FINDINGS, done
        assert words in done.stderr and words in done.stdout
        assert f"{path}:" in done.stderr
        assert "\x1b" not in done.stdout + done.stderr
    assert taken(site) == {}


def test_findings_are_not_endless(site):
    publish(site, "a.example", b"x\n" * 30000)
    done = run(site, "import", pattern(site))
    assert done.returncode == FINDINGS
    assert len(done.stderr) < 4000 and "more" in done.stderr


def test_json(site):
    publish(site, "a.example")
    publish(site, "b.example", b"nonsense\n")
    done = run(site, "import", pattern(site), "--json")
    rows = {row["domain"]: row for row in json.loads(done.stdout)}
    assert rows["a.example"]["outcome"] == "taken"
    assert rows["a.example"]["reason"] is None
    assert rows["b.example"]["outcome"] == "refused"
    assert "no colon" in rows["b.example"]["reason"]


def test_dry_run(site):
    publish(site, "a.example")
    done = run(site, "import", pattern(site), "--dry-run")
    assert done.returncode == DONE
    assert done.stdout.startswith("would-take a.example ")
    assert not list(site.policies.iterdir())
    assert not (site.root / "state").exists()


def test_its_past_is_unknown(site):
    publish(site, "a.example")
    run(site, "import", pattern(site))
    lines = [line.split()[1:] for line in
             (site.root / "state/history").read_text().splitlines()]
    assert [line[2] for line in lines] == ["unknown", "enforce"]
    assert lines[0] == ["a.example", "-", "unknown", "31557600"]


def link_file(site):
    path = publish(site, "a.example")
    path.unlink()
    path.symlink_to(site.root / "secret/.well-known/mta-sts.txt")


def link_well_known(site):
    path = publish(site, "a.example").parent
    (path / "mta-sts.txt").unlink()
    path.rmdir()
    path.symlink_to(site.root / "secret/.well-known")


def link_docroot(site):
    (site.root / "www/a.example").mkdir()
    (site.root / "www/a.example/htdocs").symlink_to(site.root / "secret")


def link_home(site):
    (site.root / "home").mkdir()
    (site.root / "home/htdocs").symlink_to(site.root / "secret")
    (site.root / "www/a.example").symlink_to(site.root / "home")


def make_fifo(site):
    path = publish(site, "a.example")
    path.unlink()
    os.mkfifo(path)


def make_directory(site):
    path = publish(site, "a.example")
    path.unlink()
    path.mkdir()


def hard_link(site):
    path = publish(site, "a.example")
    path.unlink()
    os.link(site.root / "secret/.well-known/mta-sts.txt", path)


@pytest.mark.parametrize("spoil", [
    hard_link, link_file, link_well_known, link_docroot, link_home, make_fifo,
    make_directory], ids=lambda spoil: spoil.__name__)
def test_no_way_around(site, spoil):
    spoil(site)
    done = run(site, "import", pattern(site))
    assert done.returncode == FINDINGS, done
    assert f"{site.root}/www/a.example" in done.stderr
    assert "secret" not in done.stdout + done.stderr
    assert taken(site) == {}
    path = site.root / "www/a.example/htdocs/.well-known/mta-sts.txt"
    done = run(site, "import", path, "--domain", "a.example")
    assert done.returncode == FINDINGS and taken(site) == {}, done


def test_links_before_the_wildcard_are_the_administrators(site):
    publish(site, "a.example")
    (site.root / "srv").symlink_to(site.root / "www")
    assert run(site, "import", pattern(site, "srv/*/htdocs")
               ).returncode == DONE
    assert set(taken(site)) == {"a.example"}


@pytest.mark.parametrize("component", [
    "a.example", "a.example/htdocs", "a.example/htdocs/.well-known",
    "a.example/htdocs/.well-known/mta-sts.txt"])
def test_swapped_while_we_look(site, component):
    """A customer who puts a link there and takes it away, without a pause."""
    publish(site, "a.example")
    place = site.root / "www" / component
    aside = place.with_name("aside")
    below = str(place.relative_to(site.root / "www"))
    # What the link is to lead to: the same path, elsewhere, with the secret.
    other = site.root / "trap" / below
    trap = site.root / "trap/a.example/htdocs/.well-known"
    trap.mkdir(parents=True)
    (trap / "mta-sts.txt").write_bytes(SECRET)
    stop = threading.Event()

    def swap():
        while not stop.is_set():
            os.rename(place, aside)
            os.symlink(other, place)
            os.unlink(place)
            os.rename(aside, place)

    thread = threading.Thread(target=swap)
    thread.start()
    seen = set()
    try:
        end = time.monotonic() + 2
        while time.monotonic() < end:
            done = run(site, "import", pattern(site))
            assert done.returncode in (DONE, FINDINGS)
            assert taken(site).get("a.example", CANONICAL) == CANONICAL
            seen.add("taken" if taken(site) else "not")
            (site.policies / "a.example.txt").unlink(missing_ok=True)
    finally:
        stop.set()
        thread.join()
    assert seen, "it never ran"


def test_a_fifo_does_not_hold_it(site):
    make_fifo(site)
    begun = time.monotonic()
    run(site, "import", pattern(site))
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("tail", [
    "www/htdocs", "*/*/htdocs", "www/%/%", "www/**/htdocs", "www/../*",
    "www/./*", "www/*%/x"])
def test_bad_patterns(site, tail):
    done = run(site, "import", pattern(site, tail))
    assert done.returncode == USAGE and "--docroots" in done.stderr, done


def test_usage(site):
    path = publish(site, "a.example")
    for args in ((), (path,), ("--domain", "a.example"),
                 (path, "--domain", "a.example", pattern(site)),
                 (path, pattern(site)), ("--docroots", "www/*"),
                 ("--docroots", "")):
        assert run(site, "import", *args).returncode == USAGE, args
    assert taken(site) == {}


def test_hostile_names(site):
    for name in ("x\nmode: none.example", "\x1b[2J.example", "-rf.example",
                 "a b.example", "..a.example", "*.example", "x" * 250 + ".ex",
                 "192.0.2.1"):
        publish(site, name)
    done = run(site, "import", pattern(site))
    assert done.returncode == FINDINGS and taken(site) == {}
    assert "\x1b" not in done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 7, done.stdout


def test_a_missing_file(site):
    for path in (site.root / "none", site.root / "no/such/file"):
        done = run(site, "import", path, "--domain", "a.example")
        assert done.returncode == FINDINGS, done
        assert "there is no such" in done.stdout + done.stderr


@pytest.mark.root
def test_as_another_user_what_cannot_be_read_is_told(site):
    path = publish(site, "a.example")
    path.chmod(0o600)
    os.chown(path, 12345, 12345)
    done = run(site, "import", pattern(site))
    assert done.returncode == DONE and set(taken(site)) == {"a.example"}
    policy = site.policies / "a.example.txt"
    assert policy.stat().st_uid == 0
    env = environment({"MTA_STS_CONF": str(site.settings)})
    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
         COMMAND, "import", path, "--domain", "b.example"], env=env,
        capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == FINDINGS and "Permission denied" in done.stderr
