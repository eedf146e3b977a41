"""Measure and print the table: ``python -m tests.benchmarks [ROW ...] [--weights FILE] [--photos FOLDER]``."""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from tests.benchmarks.rows import Row, table
from tests.benchmarks.workspace import DEMO, Workspace

STAGES = (
    "responses",
    "meaning",
    "gradients",
    "published",
    "replay",
    "synthesis",
    "job",
    "site",
    "memory",
    "ranks",
    "scaling",
)
_PHOTOS = 264


def main(arguments: Sequence[str]) -> None:
    """Measure the chosen rows, print the table and write ``benchmarks.json``."""
    options = _options(arguments)
    torch.set_num_threads(1)
    rows: list[Row] = []
    run_start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lurk-bench-") as folder:
        photos = _copy_sample(options.photos, Path(folder) / "photos", options.count)
        workspace = Workspace(Path(folder), options.weights, photos, {})
        for stage in options.stages or STAGES:
            start = time.monotonic()
            stage_rows = importlib.import_module(f"tests.benchmarks.{stage}").measure(workspace)
            rows += stage_rows
            print(table(stage_rows, head=False), f"\n  ({time.monotonic() - start:.0f} s)", flush=True)
    machine = _machine(options)
    duration = f"{(time.monotonic() - run_start) / 60:.0f} min"
    print(f"\n{table(rows)}\n\n" + ", ".join(f"{name}: {value}" for name, value in machine.items()) + f"; {duration}")
    body = {"machine": machine, "rows": [{**vars(row), "verdict": row.verdict} for row in rows]}
    options.out.write_text(json.dumps(body, indent=1) + "\n", "utf-8")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("stages", nargs="*", metavar="ROW", help=f"of {', '.join(STAGES)}; all of them without any")
    parser.add_argument("--weights", type=lambda text: Path(text).resolve(), help="VGG16's; random without")
    parser.add_argument("--photos", type=lambda text: Path(text).resolve(), default=DEMO / "photos")
    parser.add_argument("--count", type=int, default=_PHOTOS, help="photos to look at, evenly spaced")
    parser.add_argument("--out", type=Path, default=Path("benchmarks.json"))
    options = parser.parse_args(arguments)
    for stage in options.stages:
        if stage not in STAGES:
            parser.error(f"there is no row {stage!r}; there are {', '.join(STAGES)}")
    return options


def _copy_sample(photos: Path, folder: Path, count: int) -> Path:
    """Copy evenly spaced photos to a folder, and return it."""
    all_photos = sorted(path for path in photos.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp"))
    step = max(1.0, len(all_photos) / count)
    for path in (all_photos[int(n * step)] for n in range(min(count, len(all_photos)))):
        target = folder / path.relative_to(photos)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return folder


def _machine(options: argparse.Namespace) -> dict[str, str | int | None]:
    """Describe the machine and the weights."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    flags = next((line for line in lines if line.startswith("flags")), "")
    return {
        "processor": names[0] if names else platform.processor() or platform.machine(),
        "cores": len(names) or None,
        "bfloat16": ", ".join(name for name in ("avx512_bf16", "amx_bf16") if name in flags) or "emulated",
        "torch": torch.__version__,
        "VGG16": "pretrained" if options.weights else "random weights",
        "date": time.strftime("%Y-%m-%d"),
    }


if __name__ == "__main__":
    main(sys.argv[1:])
