"""Run code in a process in which nothing of the extra ``torch`` can be imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BLOCK = """
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "torchvision", "safetensors"):
            raise ModuleNotFoundError(f"{name} is blocked", name=name)

sys.meta_path.insert(0, Block())
"""


def run_without_torch(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run code in a folder, in a process of its own."""
    command = [sys.executable, "-c", BLOCK + code]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
