"""
make demo on machines that are not like the next one: below a directory with a
space in its name, as an ordinary user, and with what su(1) leaves of another
user's environment. That its answers are right, and that it leaves nothing, is
in test_readme.py.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from harness import TOP, environment

PROGRAM = TOP / "cgi-bin/mta-sts.fcgi"
LIGHTTPD = shutil.which("lighttpd", path=f"{os.environ['PATH']}:/usr/sbin")
pytestmark = [
    pytest.mark.skipif(os.getuid() != 0, reason="needs another user: root"),
    pytest.mark.skipif(not PROGRAM.exists() or not LIGHTTPD or
                       not shutil.which("curl"),
                       reason="no program, lighttpd or curl: make deps all")]


@pytest.fixture(name="place")
def _place():
    """Where nobody has a project and a home, which others cannot write to."""
    user = pwd.getpwnam("nobody")
    top = Path(tempfile.mkdtemp(prefix="mta-sts-demo-test-", dir="/var/lib"))
    try:
        top.chmod(0o755)
        (top / "a b/tests").mkdir(parents=True)
        shutil.copytree(TOP / "conf.d", top / "a b/conf.d", symlinks=True)
        (top / "a b/cgi-bin").mkdir()
        for name in ("cgi-bin/mta-sts.fcgi", "cgi-bin/lighttpd.conf",
                     "tests/demo.sh"):
            shutil.copy(TOP / name, top / "a b" / name)
        for name in ("home", "session"):
            (top / name).mkdir(mode=0o700)
            os.chown(top / name, user.pw_uid, user.pw_gid)
        yield top
    finally:
        shutil.rmtree(top)


def demo(place, **variables):
    """As that user; whether all its answers were right."""
    user = pwd.getpwnam("nobody")
    done = subprocess.run(
        [place / "a b/tests/demo.sh", "--oneshot"], cwd="/",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=60, check=False,
        user=user.pw_uid, group=user.pw_gid, extra_groups=[],
        env=environment({"HOME": f"{place}/home", **variables}))
    assert done.returncode == 0, done.stdout
    assert "Every answer was the right one." in done.stdout
    for name in ("home", "session"):
        assert not list((place / name).iterdir())
    return done.stdout


@pytest.mark.parametrize("runtime, where", [
    ("session", "session"), ("nowhere", "home"), ("a b", "home")])
def test_an_ordinary_user(place, runtime, where):
    """Its files are where it may write: in the session's place, or at home."""
    said = demo(place, XDG_RUNTIME_DIR=f"{place}/{runtime}")
    assert f"{place}/{where}/mta-sts-demo." in said
