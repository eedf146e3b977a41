"""Peak memory of an analysis of many pictures, relative to one of few.

Run as a program, it does one such analysis and prints its peak memory.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.rows import Row
from tests.benchmarks.workspace import ROOT, Workspace

_FEW, _MANY, _MOST = 1_000, 10_000, 1.10
_SIDE = 16


def measure(workspace: Workspace) -> list[Row]:
    """Analyse few and many pictures, each in its own process."""
    peaks = {count: _peak_mb(workspace.folder / f"memory-{count}", count) for count in (_FEW, _MANY)}
    growth = peaks[_MANY] / peaks[_FEW]
    return [
        Row(
            "memory",
            f"a small network, {_MANY:,} pictures against {_FEW:,}",
            "peak within 10 %",
            f"{peaks[_MANY]:.0f} MB against {peaks[_FEW]:.0f} MB, {100 * (growth - 1):+.1f} %",
            growth <= _MOST,
            {"peak_mb": peaks},
        )
    ]


def _peak_mb(folder: Path, count: int) -> float:
    """Return the peak memory in MB of the analysis of ``count`` pictures, in a process of its own."""
    folder.mkdir()
    command = [sys.executable, "-m", "tests.benchmarks.memory", str(folder), str(count)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603
    return float(json.loads(done.stdout.splitlines()[-1])["peak_mb"])


def _analyse(folder: Path, count: int) -> None:
    """Analyse random pictures and print this process's peak memory as JSON."""
    import numpy as np
    from PIL import Image

    from mkdocs_lurk.config.parsing import from_mapping
    from mkdocs_lurk.run.pipeline import analyze
    from mkdocs_lurk.store import Store

    random = np.random.default_rng(0)
    for number in range(count):
        path = folder / "pictures" / f"class-{number % 10}" / f"{number:06d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (_SIDE, _SIDE, 3), np.uint8)).save(path)
    transform = {"crop": _SIDE, "mean": [0.5] * 3, "std": [0.25] * 3, "channels": 3}
    model = {"name": "tiny", "source": "tests.benchmarks.networks:Tiny", "images": "pictures", "transform": transform}
    config = from_mapping({"models": [{**model, "synthesis": False}], "device": "cpu", "cache_dir": "cache"}, folder)
    analyze(config, config.models[0], Store(config.cache_dir))
    print(json.dumps({"peak_mb": _own_peak_mb()}))


def _own_peak_mb() -> float:
    """Return the peak memory of this process alone; on Linux ``getrusage`` inherits the peak of the parent process."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


if __name__ == "__main__":
    _analyse(Path(sys.argv[1]), int(sys.argv[2]))
