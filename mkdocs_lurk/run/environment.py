"""What computes results here: the versions of the programs, and the kind of device."""

from __future__ import annotations

import platform

import numpy as np
import PIL
import torch
import torchvision

import mkdocs_lurk
from mkdocs_lurk.records.provenance_record import EnvironmentRecord


def describe_environment(device_type: str) -> EnvironmentRecord:
    """Describe this process; nothing in it names the machine.

    Args:
        device_type: ``cpu``, ``cuda`` or ``mps``.
    """
    return {
        "mkdocs_lurk": mkdocs_lurk.__version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "torchvision": str(torchvision.__version__),
        "numpy": np.__version__,
        "pillow": PIL.__version__,
        "device": device_type,
    }


def format_name(dtype: torch.dtype) -> str:
    """Return the name of a number format, such as ``bfloat16``."""
    return str(dtype).removeprefix("torch.")
