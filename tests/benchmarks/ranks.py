"""CPU time of two processes of one thread each, relative to a single one.

Run as a program, it is one of these processes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from mkdocs_lurk.store import Store
from tests.benchmarks.rows import Row
from tests.benchmarks.workspace import ROOT, Workspace, open_first_model, responses_of_all_pictures

_LAYER, _FILTERS, _LEAST = "features.14", 192, 1.8


def measure(workspace: Workspace) -> list[Row]:
    """Divide the CPU time of one process by that of the busier of two, for responses and for gradients of one layer."""
    one, two = (_run(workspace, world) for world in (1, 2))
    gains = {stage: one["cpu_s"][0][stage] / max(rank[stage] for rank in two["cpu_s"]) for stage in one["cpu_s"][0]}
    same = one["bytes"] == two["bytes"]
    described = ", ".join(f"{stage} {gain:.2f} times" for stage, gain in gains.items())
    return [
        Row(
            "ranks",
            "VGG16, 2 processes of one thread against 1, CPU time of the busiest",
            f"at least {_LEAST} times on responses and gradients, the same bytes",
            f"{described}; {'the same bytes' if same else 'OTHER BYTES'}, {len(one['bytes'])} units",
            same and min(gains.values()) >= _LEAST,
            {"gains": gains, "same_bytes": same, "cpu_s": {"1": one["cpu_s"], "2": two["cpu_s"]}},
        )
    ]


def _run(workspace: Workspace, world: int) -> dict[str, Any]:
    """Run ``world`` processes; return their CPU-seconds by stage, and the bytes of every stored unit."""
    folder = workspace.folder / f"ranks-{world}"
    folder.mkdir()
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(world)] if world > 1 else []
    command = [sys.executable, *launch, "-m", "tests.benchmarks.ranks"]
    arguments = [str(folder), str(workspace.photos), *([str(workspace.weights)] if workspace.weights else [])]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    subprocess.run([*command, *arguments], cwd=ROOT, env=environment, check=True, capture_output=True)  # noqa: S603
    times = [json.loads(path.read_text()) for path in sorted(folder.glob("rank-*.json"))]
    store = Store(folder / "cache")
    keys = sorted(store.keys())
    return {"cpu_s": times, "bytes": {key: store.file(key).read_bytes() for key in keys}}


def _work(folder: Path, photos: Path, weights: Path | None) -> None:
    """Do this process's share of the work and write its CPU-seconds."""
    import torch

    from mkdocs_lurk.run.pipeline import run_stages
    from mkdocs_lurk.run.ranks import process_group
    from mkdocs_lurk.run.stages.gradients import Gradients
    from tests.benchmarks.cpu_time import cpu_timer

    torch.set_num_threads(1)
    chosen = {"layers": {"include": [_LAYER]}, "filters": _FILTERS}
    with process_group() as ranks:
        session = open_first_model(Workspace(folder, weights, photos, {}).vgg(**chosen), ranks)
        session.pictures.tensor([0])
        ranks.wait()
        with cpu_timer() as responses_timer:
            responses = responses_of_all_pictures(session)
        stage = Gradients(session, responses)
        with cpu_timer() as gradients:
            run_stages(session.runner, [stage])
        times = {"responses": responses_timer.seconds, "gradients": gradients.seconds}
        (folder / f"rank-{ranks.rank}.json").write_text(json.dumps(times))


if __name__ == "__main__":
    _work(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
