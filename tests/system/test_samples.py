"""
The samples of conf.d: each is what its comments say, none has a finding, and
what is served of it is written out here to the byte.
"""

import os
import re
import subprocess

import pytest

import cgi
from command import DONE, run
from harness import PROGRAM, TOP, Site, environment

SAMPLES = TOP / "conf.d"
HOSTING = ("version: STSv1\r\nmode: enforce\r\nmx: mx1.hosting.example\r\n"
           "mx: mx2.hosting.example\r\nmax_age: 1209600\r\n")
COM = ("version: STSv1\r\nmode: enforce\r\nmx: mx1.example.com\r\n"
       "mx: mx2.example.com\r\nmax_age: 1209600\r\n")
SERVED = {
    "example.com": COM,
    "example.org": COM,
    "example.net": "version: STSv1\r\nmode: testing\r\n"
                   "mx: *.mx.example.net\r\nmx: backup.example.org\r\n"
                   "max_age: 86400\r\n",
    "example.edu": "version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n",
    "hosted.example": HOSTING,
}
LINKS = {"example.org.txt": "example.com.txt",
         "hosted.example.txt": "_hosting.txt"}

# In the sample settings "#key" is a setting's default and "# text" is prose.
DEFAULT = re.compile(r"^#(?=[^# ])", re.MULTILINE)


@pytest.fixture(name="samples")
def _samples():
    """A site whose policies are copies of the samples."""
    with Site() as site:
        for path in SAMPLES.glob("*.txt"):
            if path.is_symlink():
                (site.policies / path.name).symlink_to(os.readlink(path))
            else:
                site.write(path.stem, path.read_bytes())
        yield site


# What -n has to say about good samples, and about nothing.
GOOD = (0, "6 policies: 0 errors, 0 warnings\n")
EMPTY = (0, "0 policies: 0 errors, 0 warnings\n")


def check(settings):
    """What -n says of settings: exit code and findings."""
    done = subprocess.run([PROGRAM, "-c", settings, "-n"], env=environment(),
                          capture_output=True, text=True, timeout=30,
                          check=False)
    return done.returncode, done.stderr


def settings_with_defaults(site):
    """
    The sample settings, every default in force but the two that a test cannot
    leave alone.
    """
    text = DEFAULT.sub("", (SAMPLES / "mta-sts.conf").read_text())
    site.configure()
    ours = dict(re.findall(r"^(policies|owner) = (.*);$",
                           site.settings.read_text(), re.MULTILINE))
    for key, theirs in {"policies": '"/etc/mta-sts/conf.d"',
                        "owner": '"root"'}.items():
        assert f"{key} = {theirs};" in text
        text = text.replace(f"{key} = {theirs};", f"{key} = {ours[key]};")
    return text


def test_the_samples_are_these():
    names = {path.name for path in SAMPLES.iterdir()}
    assert names == {f"{domain}.txt" for domain in SERVED} | {
        "_hosting.txt", "mta-sts.conf"}
    assert {path.name: os.readlink(path) for path in SAMPLES.iterdir()
            if path.is_symlink()} == LINKS


def test_no_findings(samples):
    assert check(samples.settings) == GOOD


def test_one_policy():
    with Site() as site:
        site.write("example.com", b"version: STSv1\n")
        code, said = check(site.settings)
    assert code == 1 and "\n1 policy: 2 errors, 0 warnings\n" in said


def test_nothing_doubtful(samples):
    """The command warns of more than the responder does."""
    done = run(samples, "check", "--strict")
    assert (done.returncode, done.stdout) == (DONE, ""), done
    assert "6 policies checked: 0 errors, 0 warnings\n" in done.stderr


def test_the_check_sees_a_broken_sample(samples):
    text = (SAMPLES / "example.net.txt").read_text()
    samples.write("example.net", text.replace("mode: testing", "mode: test"))
    code, findings = check(samples.settings)
    assert code == 1
    assert f'{samples.policies}/example.net.txt:6:7: error: mode "test"' \
        in findings


@pytest.mark.parametrize("domain", SERVED)
def test_served(samples, domain):
    answer = cgi.run(samples, cgi.variables(host=f"mta-sts.{domain}"))
    cgi.check(answer, 200, SERVED[domain].encode())


def test_the_shared_text_has_no_host(samples):
    answer = cgi.run(samples, cgi.variables(host="mta-sts._hosting"))
    cgi.check(answer, 400)


def test_every_sample_has_comments():
    for path in SAMPLES.glob("*.txt"):
        assert path.read_text().startswith("# "), path


def test_settings_are_good_with_every_default_in_force(samples):
    text = settings_with_defaults(samples)
    for key in ("state", "unknown_fields", "log", "defaults", "dns"):
        assert re.search(rf"^{key} = ", text, re.MULTILINE), key
    samples.settings.write_text(text)
    assert check(samples.settings) == GOOD


def test_settings_without_any_key_are_good():
    text = (SAMPLES / "mta-sts.conf").read_text()
    assert not [line for line in text.splitlines()
                if line and not line.startswith("#")]
    # The policies of the default are not this machine's business, so that
    # what is checked here is the text alone.
    with Site() as site:
        site.settings.write_text(site.settings.read_text() + text)
        assert check(site.settings) == EMPTY


@pytest.mark.parametrize("group", ["", "log", "defaults", "dns"])
def test_sample_and_manual_have_every_setting(site, group):
    """The program itself lists them, for a key that it does not know."""
    site.settings.write_text(f"{group} = {{ x9 = 1; }};" if group
                             else "x9 = 1;")
    code, findings = check(site.settings)
    assert code == 1
    (keys,) = re.findall(r'key "x9": .*; write one of (.*)$', findings,
                         re.MULTILINE)
    sample = DEFAULT.sub("", (SAMPLES / "mta-sts.conf").read_text())
    manual = (TOP / "src/mta-sts.conf.5").read_text()
    for key in keys.split(", "):
        indent = "\t" if group else ""
        assert re.search(rf"^{indent}{key} = ", sample, re.MULTILINE), key
        assert re.search(rf"^\.It Ic {key}\b", manual, re.MULTILINE), key
