"""
deploy-certificate.sh, as certbot and dehydrated call it: what is where nginx
and lighttpd look, who can read it, and what stays when it cannot be done. With
the clients themselves: test_certificates_nginx.py.
"""

import grp
import os
import stat
import subprocess

import pytest

from harness import TOP, environment

HOST = "mta-sts.example.com"


@pytest.fixture(name="place")
def _place(tmp_path):
    return Place(tmp_path)


class Place:
    """A machine with the hook, and the lineages of certbot's."""

    def __init__(self, top):
        self.top, self.tls = top, top / "tls"
        self.hook = top / "hook"
        text = (TOP / "cgi-bin/deploy-certificate.sh").read_text()
        group = grp.getgrgid(os.getgid()).gr_name
        for shipped, here in (("directory=/etc/mta-sts/tls\n",
                               f"directory={self.tls}\n"),
                              ("group=www-data\n", f"group={group}\n")):
            assert shipped in text
            text = text.replace(shipped, here)
        self.hook.write_text(text)

    def lineage(self, name, text="new"):
        """Links to an archive, as certbot has them; the key is root's."""
        live, archive = self.top / "live" / name, self.top / "archive" / name
        for it in (live, archive):
            it.mkdir(parents=True, exist_ok=True)
        for file in ("privkey", "fullchain"):
            path = archive / f"{file}1.pem"
            path.write_text(f"{text} {file}")
            path.chmod(0o600 if file == "privkey" else 0o644)
            (live / f"{file}.pem").unlink(missing_ok=True)
            (live / f"{file}.pem").symlink_to(
                f"../../archive/{name}/{path.name}")
        return live

    def run(self, *args, umask=0o022, **variables):
        return subprocess.run(
            ["sh", self.hook, *args], capture_output=True, text=True,
            env=environment(variables), timeout=30, check=False, umask=umask,
            cwd=self.top)

    def certbot(self, live, *domains, **more):
        return self.run(RENEWED_LINEAGE=str(live),
                        RENEWED_DOMAINS=" ".join(domains), **more)

    def has(self):
        """What is there, by host: the key and the chain."""
        return {it.name: ((it / "privkey.pem").read_text(),
                          (it / "fullchain.pem").read_text())
                for it in self.tls.iterdir()}


NEW = ("new privkey", "new fullchain")


def done(process):
    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")


def test_certbot(place):
    done(place.certbot(place.lineage(HOST, "old"), HOST))
    done(place.certbot(place.lineage(HOST), HOST))
    assert place.has() == {HOST: NEW}
    for path in (place.tls / HOST).iterdir():
        assert path.name in ("privkey.pem", "fullchain.pem")
        assert stat.S_IMODE(path.lstat().st_mode) == 0o640


def test_dehydrated(place):
    live = place.lineage(HOST)
    done(place.run("deploy_cert", HOST, live / "privkey.pem", live / "cert.pem",
                   live / "fullchain.pem", live / "chain.pem", "1700000000"))
    assert place.has() == {HOST: NEW}


def test_a_lineage_that_is_called_otherwise(place):
    """certbot puts a number behind a name that is taken."""
    done(place.certbot(place.lineage(f"{HOST}-0001"), HOST))
    assert place.has() == {HOST: NEW}


def test_a_certificate_with_several_names(place):
    (place.top / "mta-sts.a-file").touch()
    done(place.certbot(place.lineage("hosting"), "www.example.com", HOST, "*",
                       "*.example.com", "mta-sts.*", "mta-sts.example.org"))
    assert {HOST, "mta-sts.example.org"} <= set(place.has())
    assert "mta-sts.a-file" not in place.has()


def test_other_hosts_are_left_alone(place):
    done(place.certbot(place.lineage("www.example.com"), "www.example.com",
                       "*.example.com"))
    assert not place.tls.exists()


def test_the_server_passes_whatever_the_umask(place):
    """The README has the directory made by hand."""
    place.tls.mkdir(mode=0o700)
    done(place.certbot(place.lineage(HOST), HOST, umask=0o077))
    for it in (place.tls, place.tls / HOST):
        assert stat.S_IMODE(it.stat().st_mode) == 0o750


@pytest.mark.parametrize("missing", ["privkey.pem", "fullchain.pem"])
def test_the_old_one_stays(place, missing):
    done(place.certbot(place.lineage(HOST, "old"), HOST))
    live = place.lineage(HOST)
    (live / missing).unlink()
    failed = place.certbot(live, HOST)
    assert failed.returncode != 0 and missing in failed.stderr
    assert place.has() == {HOST: ("old privkey", "old fullchain")}
    # The next time it is all there.
    done(place.certbot(place.lineage(HOST), HOST))
    assert place.has() == {HOST: NEW}
    assert len(list((place.tls / HOST).iterdir())) == 2
