"""
make install and make uninstall: which files come, with which modes, which go,
and that the administrator's stay. In a directory of its own (DESTDIR).
"""

import os
import subprocess

import pytest

from harness import TOP

PROGRAMS = {
    "usr/bin/mta-sts": ".build/plain/mta-sts",
    "usr/lib/cgi-bin/mta-sts.fcgi": "cgi-bin/mta-sts.fcgi",
}
HOOKS = {f"usr/share/mta-sts/panels/{name}": f"src/panels/{name}" for name in (
    "hook", "cpanel.pl", "plesk.sh", "virtualmin.sh",
    "directadmin/dns_create_post.sh", "directadmin/domain_change_post.sh",
    "directadmin/domain_create_post.sh", "directadmin/domain_destroy_pre.sh",
    "hestiacp/add-mail-domain.sh", "hestiacp/delete-mail-domain.sh")}

SCRIPTS = {"usr/share/mta-sts/deploy-certificate.sh":
           "cgi-bin/deploy-certificate.sh"}

# Where everything comes from and goes to.
FILES = PROGRAMS | HOOKS | SCRIPTS | {
    # ISPConfig includes it.
    "usr/share/mta-sts/panels/mta_sts_plugin.inc.php":
        "src/panels/mta_sts_plugin.inc.php",
    "usr/share/bash-completion/completions/mta-sts":
        "src/mta-sts.bash-completion",
    "usr/share/man/man1/mta-sts.1": "src/mta-sts.1",
    "usr/share/man/man8/mta-sts.fcgi.8": "src/mta-sts.fcgi.8",
    "usr/share/man/man5/mta-sts.conf.5": "src/mta-sts.conf.5",
    "usr/share/man/man5/mta-sts-policy.5": "src/mta-sts-policy.5",
    "usr/share/mta-sts/apache-cgi.conf": "cgi-bin/apache-cgi.conf",
    "usr/share/mta-sts/apache-fcgid.conf": "cgi-bin/apache-fcgid.conf",
    "usr/share/mta-sts/apache-proxy-fcgi.conf":
        "cgi-bin/apache-proxy-fcgi.conf",
    "usr/share/mta-sts/apache-md.conf": "cgi-bin/apache-md.conf",
    "usr/share/mta-sts/Caddyfile": "cgi-bin/Caddyfile",
    "usr/share/mta-sts/haproxy.cfg": "cgi-bin/haproxy.cfg",
    "usr/share/mta-sts/lighttpd.conf": "cgi-bin/lighttpd.conf",
    "usr/share/mta-sts/lighttpd-acme.conf": "cgi-bin/lighttpd-acme.conf",
    "usr/share/mta-sts/nginx.conf": "cgi-bin/nginx.conf",
    "usr/share/mta-sts/nginx-acme.conf": "cgi-bin/nginx-acme.conf",
    "lib/systemd/system/mta-sts.socket": "cgi-bin/mta-sts.socket",
    "lib/systemd/system/mta-sts.service": "cgi-bin/mta-sts.service",
    "etc/mta-sts/mta-sts.conf": "conf.d/mta-sts.conf",
}
SETTINGS = "etc/mta-sts/mta-sts.conf"
POLICIES = "etc/mta-sts/conf.d"
HISTORY = "var/lib/mta-sts/history"


def by_hand(command, **variables):
    """
    Runs a command of make's in the project's top as a person would, whatever
    make these tests themselves run under; what it prints. One at a time: each
    may have to build the programs first.
    """
    env = {name: value for name, value in os.environ.items()
           if name not in ("MAKEFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "MFLAGS",
                           "SANITIZE")}
    done = subprocess.run(["flock", TOP, *command], cwd=TOP,
                          env={**env, **variables},
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True, check=True, timeout=300)
    return done.stdout


def make(goal, destdir, *variables):
    """Reaches a goal of the Makefile in another directory than the root."""
    by_hand(["make", goal, f"DESTDIR={destdir}", *variables])


def files(top):
    """The names of all files below, as strings."""
    return {str(path.relative_to(top)) for path in top.rglob("*")
            if not path.is_dir()}


@pytest.fixture(name="installed")
def _installed(tmp_path):
    make("install", tmp_path)
    return tmp_path


def test_these_files_and_no_others(installed):
    assert files(installed) == set(FILES)
    # Nothing of the hooks has been forgotten, above.
    assert files(installed / "usr/share/mta-sts/panels") == files(
        TOP / "src/panels")
    assert (installed / POLICIES).is_dir()


@pytest.mark.parametrize("name", FILES)
def test_content_and_mode(installed, name):
    path = installed / name
    assert path.read_bytes() == (TOP / FILES[name]).read_bytes()
    mode = 0o755 if name in PROGRAMS | HOOKS | SCRIPTS else 0o644
    assert path.stat().st_mode & 0o7777 == mode


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_installed_programs_run(installed, name):
    done = subprocess.run([installed / name, "-V"],
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=30, check=True)
    assert done.stdout.startswith(f"{name.rpartition('/')[2]} ")


def test_everybody_may_read_whatever_the_umask(tmp_path):
    before = os.umask(0o077)
    try:
        make("install", tmp_path)
    finally:
        os.umask(before)
    for path in (tmp_path / "etc/mta-sts", tmp_path / POLICIES,
                 tmp_path / "usr/share/mta-sts",
                 tmp_path / "usr/share/mta-sts/panels",
                 tmp_path / "usr/share/mta-sts/panels/hestiacp"):
        assert path.stat().st_mode & 0o7777 == 0o755, path


def test_uninstall_leaves_settings_and_policies(installed):
    kept = {SETTINGS, f"{POLICIES}/example.com.txt", HISTORY}
    for name in kept:
        (installed / name).parent.mkdir(parents=True, exist_ok=True)
        (installed / name).write_text("the administrator's")
    make("uninstall", installed)
    assert files(installed) == kept
    for name in kept:
        assert (installed / name).read_text() == "the administrator's"
    assert not (installed / "usr/share/mta-sts").exists()


def test_a_second_install_keeps_the_settings(installed):
    (installed / SETTINGS).write_text("the administrator's")
    policy = installed / POLICIES / "example.com.txt"
    policy.write_text("the administrator's too")
    make("install", installed)
    assert (installed / SETTINGS).read_text() == "the administrator's"
    assert policy.read_text() == "the administrator's too"


def test_another_prefix(tmp_path):
    make("install", tmp_path, "prefix=/usr/local")
    assert files(tmp_path) == {
        "usr/local/" + name[4:] if name.startswith("usr/") else name
        for name in FILES}
    make("uninstall", tmp_path, "prefix=/usr/local")
    assert files(tmp_path) == {SETTINGS}
