"""Whether a network keeps something of the first picture that it sees, as a data-dependent initialisation does."""

from __future__ import annotations

import copy
import logging
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.utils._pytree import tree_leaves

from mkdocs_lurk.analysis.forward_passes import difference_of
from mkdocs_lurk.errors import ModelError, describe_error

log = logging.getLogger("mkdocs.plugins.lurk")

_SAME = 1e-3
"""The largest difference, as a share of the largest value: the copy may lie otherwise in memory than the network."""


def copy_unused(module: nn.Module) -> nn.Module | None:
    """Copy a network that saw no picture yet; None where it cannot be copied, or has no weights before it sees one."""
    if any(is_lazy(tensor) for tensor in [*module.parameters(), *module.buffers()]):
        return None
    try:
        return copy.deepcopy(module)
    except Exception as error:  # an author's class may refuse in any way
        log.debug("whether the network keeps something of its first picture is not known (%s)", describe_error(error))
        return None


def refuse_keeping_the_first(unused: nn.Module | None, used: nn.Module, x: Tensor, name: str) -> None:
    """Raise a ``ModelError`` if a picture gives something else where it is the first one that a network sees.

    Args:
        unused: A copy that saw no picture; None if there is none.
        used: The network, which saw a blank picture first.
        x: The picture, ``(1, c, h, w)``, normalised, on the network's device.
        name: What messages call it.
    """
    if unused is None:
        return
    try:
        first = _values(unused.to(x.device), x)
    except Exception as error:  # what the network does not bear as a copy says nothing of the network
        log.debug("whether the network keeps something of its first picture is not known (%s)", describe_error(error))
        return
    later = _values(used, x)
    if len(first) != len(later) or any(difference_of(a, b) > _SAME for a, b in zip(first, later, strict=True)):
        raise ModelError(
            f"the network gives something else for {name} where that is the first picture it sees: it keeps what the "
            "first one gave (a data-dependent initialisation, say); let 'source' name a factory that returns it with "
            "this state set, as it was after training"
        )


def _values(module: nn.Module, x: Tensor) -> Sequence[Tensor]:
    with torch.no_grad():
        return [value.float() for value in tree_leaves(module(x.clone())) if isinstance(value, Tensor)]
