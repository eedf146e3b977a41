"""Mining against the bare forward pass of the same pictures."""

from __future__ import annotations

import copy

import torch

from mkdocs_lurk.analysis.responses import respond
from tests.benchmarks.clock import Work, in_turns, ratio
from tests.benchmarks.rows import Row
from tests.benchmarks.setting import Setting, opened

_BATCH, _ROUNDS = 16, 5
_TARGETS = {torch.float32: 0.95, torch.bfloat16: 0.85}
_WORK = "VGG16, all convolutions in one pass, batch 16: {}"


def measure(setting: Setting) -> list[Row]:
    """Mining in both number formats."""
    session = opened(setting.vgg())
    pictures = session.pictures.tensor(range(_BATCH))
    return [_row(session.probe.copy_to(session.device, dtype), pictures.to(dtype), dtype) for dtype in _TARGETS]


def _row(probe: object, x: torch.Tensor, dtype: torch.dtype) -> Row:
    plain = copy.deepcopy(probe.module).to(memory_format=torch.contiguous_format)
    last = x.contiguous(memory_format=torch.channels_last)

    def bare(module: torch.nn.Module, pictures: torch.Tensor) -> Work:
        def run() -> None:
            with torch.inference_mode():
                module(pictures)

        return run

    rounds = in_turns(
        {"plain": bare(plain, x), "channels last": bare(probe.module, last), "mining": lambda: respond(probe, x)},
        _ROUNDS,
    )
    share, strict = (ratio(rounds, name, "mining") for name in ("plain", "channels last"))
    name = str(dtype).removeprefix("torch.")
    return Row(
        "mining",
        _WORK.format(name),
        f"at least {_TARGETS[dtype]} of the bare forward's throughput",
        f"{share:.2f} of the bare forward as PyTorch lays it out; {strict:.2f} of the bare channels_last forward",
        share >= _TARGETS[dtype],
        {"of_plain": share, "of_channels_last": strict, "rounds": rounds},
    )
