"""Whether a network keeps something of the first picture that it sees, as a data-dependent initialisation does."""

from __future__ import annotations

import copy
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.utils._pytree import tree_leaves

from mkdocs_lurk.analysis.forward_passes import difference_of
from mkdocs_lurk.errors import ModelError, describe_error

log = logging.getLogger("mkdocs.plugins.lurk")

_SAME = 1e-3
"""The largest difference, as a share of the largest value: the copy may lie otherwise in memory than the network."""
_SHARED_BYTES = 1 << 20
"""A parameter from this size on is not copied: those that a first picture sets have a value for each channel."""


@dataclass(frozen=True, slots=True)
class UnusedCopy:
    """A copy of a network that saw no picture yet.

    Attributes:
        module: The copy.
        shared: The parameters that it has in common with the network, and the sum of each.
    """

    module: nn.Module
    shared: Mapping[nn.Parameter, float]

    def unless_written(self) -> UnusedCopy | None:
        """Return the copy; None if a parameter that it shares was written to since it was made."""
        if all(_sum(parameter) == before for parameter, before in self.shared.items()):
            return self
        _say_unknown("its first picture changes a large parameter")
        return None


def copy_unused(module: nn.Module) -> UnusedCopy | None:
    """Copy a network that saw no picture yet; None where it cannot be copied, or has no weights before it sees one.

    Large parameters are shared with the copy, so that a large network is not in memory twice.
    """
    if any(is_lazy(tensor) for tensor in [*module.parameters(), *module.buffers()]):
        return None
    shared = [parameter for parameter in module.parameters() if parameter.nbytes >= _SHARED_BYTES]
    try:
        copied = copy.deepcopy(module, {id(parameter): parameter for parameter in shared})
    except Exception as error:  # an author's class may refuse in any way
        _say_unknown(describe_error(error))
        return None
    return UnusedCopy(copied, {parameter: _sum(parameter) for parameter in shared})


def refuse_keeping_the_first(unused: UnusedCopy | None, used: nn.Module, x: Tensor, name: str) -> None:
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
        first = _values(unused.module.to(x.device), x)
    except Exception as error:  # what the network does not bear as a copy says nothing of the network
        _say_unknown(describe_error(error))
        return
    later = _values(used, x)
    if len(first) != len(later) or any(difference_of(a, b) > _SAME for a, b in zip(first, later, strict=True)):
        raise ModelError(
            f"the network gives something else for {name} where that is the first picture it sees: it keeps what the "
            "first one gave (a data-dependent initialisation, say); let 'source' name a factory that returns it with "
            "this state set, as it was after training"
        )


def _say_unknown(reason: str) -> None:
    log.debug("whether the network keeps something of its first picture is not known (%s)", reason)


def _sum(parameter: nn.Parameter) -> float:
    return float(parameter.detach().sum(dtype=torch.float64))


def _values(module: nn.Module, x: Tensor) -> Sequence[Tensor]:
    with torch.no_grad():
        return [value.float() for value in tree_leaves(module(x.clone())) if isinstance(value, Tensor)]
