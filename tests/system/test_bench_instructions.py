"""
How many instructions of the responder's own a request takes in user space, as
valgrind's callgrind counts them: not those of the C library and libfcgi, which
are not ours, and of which another processor takes others. A number, not a
time: it is the same on any machine, for the same compiler.
"""

import sys
from pathlib import Path

import pytest

from harness import PROGRAM

sys.path.append(str(Path(__file__).resolve().parents[1] / "bench"))

import common  # noqa: E402
import listing  # noqa: E402
import programs  # noqa: E402

# Less is better; then lower these. tests/bench/bench.py listing tells where
# they go.
EXPECTED = {"known": 10300, "unknown": 2760}
MARGIN = 1.15


def reason_to_skip():
    """What the numbers do not hold for, or None."""
    if listing.missing():
        return f"{listing.missing()} is not installed"
    if not (common.BUILT / "load").exists():
        return "the load generator is not built: make bench-programs"
    code = PROGRAM.read_bytes()
    if b"GCC: (Debian 12" not in code or b"clang version" in code or \
            b"__asan_init" in code:
        return "the numbers are those of Debian 12's gcc, without a sanitizer"
    return None


@pytest.mark.skipif(bool(reason_to_skip()), reason=str(reason_to_skip()))
@pytest.mark.parametrize("which", EXPECTED)
def test_instructions(which):
    with common.Policies(50) as site:
        found = listing.instructions(
            site, programs.Unsandboxed, True, which, 50, within=PROGRAM.name)
    count = sum(found.values())
    # If nothing was counted the pattern no longer fits valgrind's output.
    assert found.get("responder_answer", 0) > 0, found
    assert count <= EXPECTED[which] * MARGIN, (
        f"{count:.0f} instructions, not {EXPECTED[which]}: "
        f"{sorted(found.items(), key=lambda item: -item[1])[:12]}")
