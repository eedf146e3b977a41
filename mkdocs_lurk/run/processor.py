"""The model of the processor, never the name of the machine."""

from __future__ import annotations

import platform
import re
import subprocess
from pathlib import Path

import torch

_CPUINFO = Path("/proc/cpuinfo")
_SYSCTL = ("/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string")


def processor_model(device: torch.device) -> str:
    """Return what the maker calls the processor or the GPU, such as ``AMD EPYC 7B13``; empty where nothing tells."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    system = platform.system()
    if system == "Linux":
        found = re.search(r"^model name\s*:\s*(.+)$", _read(_CPUINFO), re.MULTILINE)
        return " ".join(found[1].split()) if found else ""
    return _told_by_macos() if system == "Darwin" else platform.processor()


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _told_by_macos() -> str:
    try:
        return subprocess.run(_SYSCTL, capture_output=True, text=True, timeout=5, check=True).stdout.strip()  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ""
