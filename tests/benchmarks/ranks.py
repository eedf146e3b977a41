"""Two processes of one thread against one; as a program it is one of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from mkdocs_lurk.store import Store
from tests.benchmarks.rows import Row
from tests.benchmarks.setting import ROOT, Setting, mined, opened

_LAYER, _FILTERS, _LEAST = "features.14", 192, 1.8


def measure(setting: Setting) -> list[Row]:
    """Mining, and gradients of one layer: the work of one process by that of the busiest of two."""
    one, two = (_run(setting, world) for world in (1, 2))
    gains = {stage: one["cpu_s"][0][stage] / max(rank[stage] for rank in two["cpu_s"]) for stage in one["cpu_s"][0]}
    same = one["bytes"] == two["bytes"]
    said = ", ".join(f"{stage} {gain:.2f} times" for stage, gain in gains.items())
    return [
        Row(
            "ranks",
            "VGG16, 2 processes of one thread against 1, CPU time of the busiest",
            f"at least {_LEAST} times on mining and gradients, the same bytes",
            f"{said}; {'the same bytes' if same else 'OTHER BYTES'}, {len(one['bytes'])} units",
            same and min(gains.values()) >= _LEAST,
            {"gains": gains, "same_bytes": same, "cpu_s": {"1": one["cpu_s"], "2": two["cpu_s"]}},
        )
    ]


def _run(setting: Setting, world: int) -> dict[str, Any]:
    folder = setting.folder / f"ranks-{world}"
    folder.mkdir()
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(world)] if world > 1 else []
    command = [sys.executable, *launch, "-m", "tests.benchmarks.ranks"]
    given = [str(folder), str(setting.photos), *([str(setting.weights)] if setting.weights else [])]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    subprocess.run([*command, *given], cwd=ROOT, env=environment, check=True, capture_output=True)  # noqa: S603
    times = [json.loads(path.read_text()) for path in sorted(folder.glob("rank-*.json"))]
    store = Store(folder / "cache")
    keys = sorted(store.keys())
    return {"cpu_s": times, "bytes": {key: store.file(key).read_bytes() for key in keys}}


def _work(folder: Path, photos: Path, weights: Path | None) -> None:
    import torch

    from mkdocs_lurk.run.ranks import process_group
    from mkdocs_lurk.run.stages import gradients as projecting
    from tests.benchmarks.clock import timed

    torch.set_num_threads(1)
    chosen = {"layers": {"include": [_LAYER]}, "filters": _FILTERS}
    with process_group() as ranks:
        session = opened(Setting(folder, weights, photos, {}).vgg(**chosen), ranks)
        session.pictures.tensor([0])
        ranks.wait()
        with timed() as mining:
            findings = mined(session)
        projections = projecting.Projections(session, findings)
        with timed() as gradients:
            session.run_units("gradients", projections.units, projections.make)
        times = {"mining": mining.cpu_s, "gradients": gradients.cpu_s}
        (folder / f"rank-{ranks.rank}.json").write_text(json.dumps(times))


if __name__ == "__main__":
    _work(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
