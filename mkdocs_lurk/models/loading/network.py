"""A loaded network, ready to be analysed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Network:
    """A network in evaluation mode, on the CPU, in float32, whose parameters take no gradient.

    Attributes:
        module: Takes ``(n, c, h, w)``.
        parameters: Number of elements of all parameters; shared ones count once.
        weights_digest: Digest of the names, shapes, types and values of all parameters and buffers.
        weights_note: What a reader must know if the weights are not learned ones.
        notes: Sentences about how it was loaded.
        parts_without_weights: The module's children for which the weights file holds nothing.
    """

    module: nn.Module
    parameters: int
    weights_digest: str
    weights_note: str | None = None
    notes: tuple[str, ...] = ()
    parts_without_weights: tuple[str, ...] = ()


def digest_weights(module: nn.Module) -> str:
    """Return a digest of a network's parameters and buffers, by name.

    The file that they came from plays no part, nor does a batch counter, which changes no output.
    """
    digest = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        if not isinstance(value, Tensor) or name.endswith("num_batches_tracked"):
            continue
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.detach().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
