"""The C library keeps the memory that a forward pass frees, for the next one."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from mkdocs_lurk.run import allocator

_N_BLOCKS, _BLOCK_BYTES = 8, 20_000_000
_KEPT = f"""
import ctypes, sys
from mkdocs_lurk.run.allocator import keep_freed_memory

names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()

class Facts(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in names]

library = ctypes.CDLL(None)
library.mallinfo2.restype = Facts
library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
library.free.argtypes = [ctypes.c_void_p]
if sys.argv[1] == "kept":
    assert keep_freed_memory()
blocks = [library.malloc({_BLOCK_BYTES}) for _ in range({_N_BLOCKS})]
for block in blocks:
    library.free(block)
print(library.mallinfo2().fordblks)
"""


def test_freed_memory_is_kept_for_the_next_pass() -> None:
    """The C library's own figures say how many freed bytes it holds; by itself it gives large blocks back."""
    if platform.libc_ver()[0] != "glibc":
        assert not allocator.keep_freed_memory()
        return

    def free_bytes(how: str) -> int:
        done = subprocess.run([sys.executable, "-c", _KEPT, how], check=True, capture_output=True, text=True)  # noqa: S603
        return int(done.stdout)

    assert free_bytes("kept") >= _N_BLOCKS * _BLOCK_BYTES
    assert free_bytes("given back") < _BLOCK_BYTES


def test_another_c_library_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocator.ctypes, "CDLL", lambda _name: object())
    assert not allocator.keep_freed_memory()
