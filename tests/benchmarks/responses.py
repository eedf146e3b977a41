"""The throughput of measuring responses, relative to a plain forward pass on the same pictures."""

from __future__ import annotations

import copy

import torch

from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.analysis.responses import measure_responses
from tests.benchmarks.cpu_time import Work, interleaved, median_ratio
from tests.benchmarks.rows import Row
from tests.benchmarks.workspace import Workspace, open_first_model

_BATCH, _ROUNDS = 16, 5
_TARGETS = {torch.float32: 0.95, torch.bfloat16: 0.85}
_WORK = "VGG16, all convolutions in one pass, batch 16: {}"


def measure(workspace: Workspace) -> list[Row]:
    """Measure responses in float32 and in bfloat16."""
    session = open_first_model(workspace.vgg())
    pictures = session.pictures.tensor(range(_BATCH))
    return [
        _row(session.network.probe.copy_to(session.network.device, dtype), pictures.to(dtype), dtype)
        for dtype in _TARGETS
    ]


def _row(probe: Probe, x: torch.Tensor, dtype: torch.dtype) -> Row:
    plain = copy.deepcopy(probe.module).to(memory_format=torch.contiguous_format)
    channels_last = x.contiguous(memory_format=torch.channels_last)

    def forward(module: torch.nn.Module, pictures: torch.Tensor) -> Work:
        def run() -> None:
            with torch.inference_mode():
                module(pictures)

        return run

    rounds = interleaved(
        {
            "plain": forward(plain, x),
            "channels last": forward(probe.module, channels_last),
            "responses": lambda: measure_responses(probe, x),
        },
        _ROUNDS,
    )
    of_plain, of_channels_last = (median_ratio(rounds, name, "responses") for name in ("plain", "channels last"))
    name = str(dtype).removeprefix("torch.")
    return Row(
        "responses",
        _WORK.format(name),
        f"at least {_TARGETS[dtype]} of the bare forward's throughput",
        f"{of_plain:.2f} of the bare forward as PyTorch lays it out; "
        f"{of_channels_last:.2f} of the bare channels_last forward",
        of_plain >= _TARGETS[dtype],
        {"of_plain": of_plain, "of_channels_last": of_channels_last, "rounds": rounds},
    )
