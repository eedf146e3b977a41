"""Refuse pictures that would be normalised twice: by the declared transform, and by a detector within the network."""

from __future__ import annotations

from torch import nn
from torchvision.models.detection.transform import GeneralizedRCNNTransform

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.errors import ModelError
from mkdocs_lurk.models.loading.detectors import Normalisation, declared_normalisation, normalisation_of
from mkdocs_lurk.models.tracing.trace import Trace

_KEEP_VALUES = frozenset(
    {"unbind", "select", "slice", "stack", "cat", "unsqueeze", "squeeze", "view", "reshape", "permute", "flip"}
    | {"clone", "alias", "contiguous", "_to_copy", "constant_pad_nd", "upsample_bilinear2d", "upsample_nearest2d"}
)
"""Operations after which normalised pictures are still normalised."""


def refuse_second_normalisation(module: nn.Module, trace: Trace, config: ModelConfig) -> None:
    """Refuse a transform that normalises for a network in which a detector normalises the pictures that it gets.

    A network that computes anything else with them before may undo the first normalisation, and is not refused.

    Args:
        module: The network that runs. A detector that is a part of it runs as a whole.
        trace: Its forward pass.
        config: The model's declaration.

    Raises:
        ModelError: The declared transform normalises, and so does a detector.
    """
    declared = declared_normalisation(config)
    if declared is None or _is_plain(declared):
        return
    own = {name: child for name, child in module.named_modules() if isinstance(child, GeneralizedRCNNTransform)}
    for call in trace.module_calls:
        if call.name not in own or _is_plain(normalisation_of(own[call.name])):
            continue
        if all(op.name in _KEEP_VALUES for op in trace.ops[: call.ops[0]]):
            raise ModelError(
                f"model {config.name!r}: the pictures would be normalised twice, by the transform and by {call.name!r} "
                "of a detector within the network; give transform: {mean: 0, std: 1}, with its other keys as they "
                "are, or let 'source' name the detector itself"
            )


def _is_plain(normalisation: Normalisation) -> bool:
    """Whether a normalisation leaves pictures in 0..1 as they are."""
    mean, std = normalisation
    return not any(mean) and all(value == 1 for value in std)
