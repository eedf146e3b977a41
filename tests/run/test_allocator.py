from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from mkdocs_lurk.run import allocator

_FAULTS = """
import resource, sys
import torch
from mkdocs_lurk.run.allocator import keep_freed_memory
if sys.argv[1] == "kept":
    assert keep_freed_memory()
def use():
    return len([torch.ones(5 << 20) for _ in range(8)])
use()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    use()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def test_freed_memory_is_used_again() -> None:
    """Each round asks for 8 blocks of 20 MB, which is 40,000 pages of 4 kB.

    A machine that reclaims idle memory takes some of them away in between: the best of three tries counts.
    """
    if platform.libc_ver()[0] != "glibc":
        assert not allocator.keep_freed_memory()
        return

    def faults(how: str) -> int:
        done = subprocess.run([sys.executable, "-c", _FAULTS, how], check=True, capture_output=True, text=True)  # noqa: S603
        return int(done.stdout)

    assert any(faults("kept") * 5 < faults("given back") for _ in range(3))


def test_another_c_library_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocator.ctypes, "CDLL", lambda _name: object())
    assert not allocator.keep_freed_memory()
