"""
A network of the test's own: the thread that enters a Namespace, and all that it
starts from then on, sees a loopback on which every address and port is free.
Files of the machine can be replaced for one command. Nothing of this outlives
the processes in it. What runs there is for others to say.
"""

import ctypes
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def _call(function, *args):
    if function(*args) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


class Namespace:
    """A network namespace with nothing but a loopback; use it with "with"."""

    def __init__(self):
        self._outside = None

    def __enter__(self):
        self._outside = os.open("/proc/thread-self/ns/net",
                                os.O_RDONLY | os.O_CLOEXEC)
        try:
            _call(libc.unshare, CLONE_NEWNET)
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True,
                           capture_output=True)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        _call(libc.setns, self._outside, CLONE_NEWNET)
        os.close(self._outside)


@contextmanager
def workplace():
    """A namespace, and a directory for whatever is put up in it: its path."""
    directory = Path(tempfile.mkdtemp(prefix="mta-sts-lab-"))
    try:
        directory.chmod(0o755)
        with Namespace():
            yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def with_file(path, content, command):
    """
    The command, wrapped so that it finds content (a path) at path. The mount is
    in a namespace of the command's own; its process id stays the command's.
    """
    return ["unshare", "--mount", "sh", "-ec",
            'mount --bind "$1" "$2"; shift 2; exec "$@"', "sh",
            str(content), str(path), *map(str, command)]


def why_not():
    """Why there can be no namespaces here, or None."""
    if os.getuid() != 0:
        return "network namespaces need root"
    try:
        with Namespace():
            subprocess.run(with_file("/etc/resolv.conf", "/dev/null", ["true"]),
                           check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"no namespaces here: {error}"
    return None
