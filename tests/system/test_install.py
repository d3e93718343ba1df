"""
make install and make uninstall: which files come, with which modes, which go,
and that the administrator's stay. In a directory of its own (DESTDIR). And the
build, as packagers have it.
"""

import os
import shutil
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


@pytest.fixture(name="breaking")
def _breaking(tmp_path):
    """An install(1) that has room for half a responder: for make's INSTALL."""
    path = tmp_path / "install"
    path.write_text("""#!/bin/sh
case $* in
*mta-sts.fcgi*) ;;
*) exec install "$@" ;;
esac
for to; do :; done
[ ! -d "$to" ] || to=$to/mta-sts.fcgi
rm -f "$to"
echo half >"$to"
exit 1
""")
    path.chmod(0o755)
    return f"INSTALL={path}"


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


def test_what_is_there_stays_as_it_is(installed):
    """Modes that the administrator has chosen, and links to a place of his."""
    (installed / POLICIES).chmod(0o2750)
    (installed / SETTINGS).unlink()
    (installed / SETTINGS).symlink_to("/nowhere/mta-sts.conf")
    make("install", installed)
    assert (installed / POLICIES).stat().st_mode & 0o7777 == 0o2750
    assert (installed / SETTINGS).is_symlink()
    (installed / POLICIES).rmdir()
    (installed / POLICIES).symlink_to("/nowhere/conf.d")
    make("install", installed)
    assert (installed / POLICIES).is_symlink()


def test_uninstall_leaves_what_others_have_there(installed):
    """Also where a packager has said datadir as others mean it."""
    kept = {"usr/share/mta-sts/panels/directadmin/own.sh",
            "usr/share/mta-sts/own.conf", "usr/share/others/file"}
    for name in kept:
        (installed / name).parent.mkdir(exist_ok=True)
        (installed / name).write_text("somebody else's")
    make("install", installed, "datadir=/usr/share")
    make("uninstall", installed, "datadir=/usr/share")
    make("uninstall", installed)
    assert files(installed) == kept | {SETTINGS}


def test_a_directory_with_a_space(tmp_path):
    (tmp_path / "a").mkdir()
    make("install", tmp_path / "a b")
    assert files(tmp_path) == {f"a b/{name}" for name in FILES}
    make("uninstall", tmp_path / "a b")
    assert files(tmp_path) == {f"a b/{SETTINGS}"}
    assert (tmp_path / "a").is_dir()


def test_a_full_disk_leaves_the_old_program(installed, breaking):
    program = installed / "usr/lib/cgi-bin/mta-sts.fcgi"
    program.write_text("the old one")
    with pytest.raises(subprocess.CalledProcessError):
        make("install", installed, breaking)
    assert program.read_text() == "the old one"
    assert list(program.parent.iterdir()) == [program]


def test_half_a_program_is_not_taken_for_one(tmp_path, breaking):
    """What make could not finish is not there when it is called again."""
    shutil.copy(TOP / "Makefile", tmp_path)
    for name in ("ready", "cgi-bin"):
        (tmp_path / name).mkdir()
    (tmp_path / "ready/mta-sts.fcgi").write_text("the whole program")
    command = ["make", "-C", str(tmp_path), "-o", "ready/mta-sts.fcgi",
               "build=ready", "cgi-bin/mta-sts.fcgi"]
    with pytest.raises(subprocess.CalledProcessError):
        by_hand([*command, breaking])
    by_hand(command)
    program = tmp_path / "cgi-bin/mta-sts.fcgi"
    assert program.read_text() == "the whole program"


@pytest.mark.parametrize("name", ["CPPFLAGS", "CFLAGS"])
def test_a_distributions_flags_go_with_ours(tmp_path, name):
    """A level of _FORTIFY_SOURCE of their own is no second definition."""
    target = f"{tmp_path}/build/text.o"
    by_hand(["make", target, f"build={tmp_path}/build", "DEV=1",
             f"{name}=-O2 -D_FORTIFY_SOURCE=1"])
    assert os.path.exists(target)


def test_dependencies_come_first(tmp_path):
    """make deps demo, also where MAKEFLAGS says -j for all that is made."""
    shutil.copy(TOP / "Makefile", tmp_path)
    (tmp_path / "tests").mkdir()
    for name, wait in (("install-deps", "sleep 1;"), ("demo", "")):
        path = tmp_path / f"tests/{name}.sh"
        path.write_text(f"#!/bin/sh\n{wait} echo {name} >>calls\n")
        path.chmod(0o755)
    by_hand(["make", "-j4", "-C", str(tmp_path), "-o", "cgi-bin/mta-sts.fcgi",
             "deps", "demo"])
    calls = (tmp_path / "calls").read_text()
    assert calls.splitlines() == ["install-deps", "demo"]
