"""The twin of a network: a copy whose weights are shuffled, so that nothing is left of what training arranged.

Every tensor keeps its values, and so its scale, but not their places. Statistics that a normalisation keeps are those
of the shuffled network's own responses. Randomised weights are the control of Adebayo et al. 2018, "Sanity Checks for
Saliency Maps", arXiv:1810.03292.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from mkdocs_lurk.errors import ModelError, describe_error


def shuffled_twin(module: nn.Module, seed: int) -> nn.Module:
    """Return a copy of a network with the values of each parameter in a random order.

    Args:
        module: The network.
        seed: Of the orders.

    Raises:
        ModelError: The network cannot be copied.
    """
    try:
        twin = copy.deepcopy(module)
    except Exception as error:  # whatever the author's classes raise
        raise ModelError(
            f"the network cannot be copied ({describe_error(error)}); leave the comparison out: twin: false"
        ) from error
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in twin.parameters():
            order = torch.randperm(parameter.numel(), generator=random).to(parameter.device)
            parameter.copy_(parameter.flatten()[order].reshape(parameter.shape))
    return twin


def has_statistics(module: nn.Module) -> bool:
    """Whether some normalisation keeps statistics that ``recompute_statistics`` can compute."""
    return bool(_normalisations(module))


def count_kept_statistics(module: nn.Module) -> int:
    """Count the modules that keep a running mean and are no normalisation of PyTorch's: it stays as it is."""
    known = set(_normalisations(module))
    return sum(hasattr(own, "running_mean") and own not in known for own in module.modules())


def recompute_statistics(module: nn.Module, batches: Iterable[Tensor]) -> None:
    """Replace the running statistics of all normalisations by the mean of those of some batches.

    In the same pass each normalisation uses the statistics of its own batch, so that one pass serves all of them.

    Args:
        module: The network, in evaluation mode, and so again afterwards.
        batches: Pictures, ``(n, c, h, w)`` each, normalised.

    Raises:
        ModelError: The network does not run with its normalisations in training mode.
    """
    normalisations = _normalisations(module)
    momenta = [own.momentum for own in normalisations]
    for own in normalisations:
        own.reset_running_stats()
        own.momentum = None  # a cumulative mean
        own.train()
    try:
        with torch.no_grad():
            for x in batches:
                module(x)
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # whatever the author's forward method raises
        raise ModelError(
            f"its normalisations cannot be renewed ({describe_error(error)}); leave the comparison out: twin: false"
        ) from error
    finally:
        for own, momentum in zip(normalisations, momenta, strict=True):
            own.momentum = momentum
            own.eval()


def _normalisations(module: nn.Module) -> list[_NormBase]:
    found = [own for own in module.modules() if isinstance(own, _NormBase)]
    return [own for own in found if own.track_running_stats and own.running_mean is not None]
