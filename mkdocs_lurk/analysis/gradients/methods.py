"""Choose how gradients are computed: in bfloat16 or float32, and from how much of a recorded forward pass.

Guided backpropagation and the other rules are tried on noise; a method counts if its gradients are those of single
passes in float32.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from mkdocs_lurk.analysis.gradients.batch import BatchRow
from mkdocs_lurk.analysis.gradients.recording import Recording
from mkdocs_lurk.analysis.gradients.relu_rules import ReluRule
from mkdocs_lurk.analysis.gradients.replay import replay
from mkdocs_lurk.analysis.gradients.requests import GradientSettings
from mkdocs_lurk.analysis.gradients.single import filter_gradients
from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.analysis.probed_network import ProbedNetwork

log = logging.getLogger("mkdocs.plugins.lurk")


@dataclass(frozen=True, slots=True)
class ReplayMethod:
    """A way to compute gradients from recordings.

    Attributes:
        probe: The network in ``dtype``.
        dtype: The number format of the backward passes.
        masks_only: Whether recordings hold masks alone, and no outputs.
    """

    probe: Probe
    dtype: torch.dtype
    masks_only: bool

    def __str__(self) -> str:
        kind = "recordings of masks" if self.masks_only else "full recordings"
        return f"{kind} in {str(self.dtype).removeprefix('torch.')}"


def choose_method(
    network: ProbedNetwork, noise: Tensor, rule: ReluRule, settings: GradientSettings
) -> ReplayMethod | None:
    """Choose the cheapest method that gives the gradients of single passes in float32, in layers of any depth.

    Args:
        network: The network.
        noise: The picture to try it on, ``(1, c, h, w)``, so that the choice depends on nothing but the network.
        rule: How ReLUs pass gradients.
        settings: Which layers to try, and how close the gradients must be.

    Returns:
        The method; None if only single passes give these gradients, as in a network that does not run the same
        operations each time.
    """
    names = [layer.name for layer in network.layers]
    tried = names[:: -(-len(names) // settings.tried_layers)][::-1]
    wanted = {name: filter_gradients(network.probe, noise, name, [0], rule)[0] for name in tried}
    for method in _methods(network):
        problem = _problem(network, method, noise, rule, wanted, settings.least_cosine[method.dtype])
        if problem is None:
            log.debug("gradients: computed from %s", method)
            return method
        log.debug("gradients: not computed from %s: %s", method, problem)
    log.info("gradients: computed in plain passes, since this network's forward pass cannot be replayed")
    return None


def smooth_noise(network: ProbedNetwork) -> Tensor:
    """Return a picture of smooth noise, ``(1, c, h, w)``, the same for all networks of this input size."""
    channels, *size = network.input_size
    coarse = torch.randn(1, channels, *(-(-side // 4) for side in size), generator=_seeded())
    fine = torch.randn(1, channels, *size, generator=_seeded())
    smooth = F.interpolate(coarse, size=size, mode="bilinear", align_corners=False) + 0.5 * fine
    return smooth.to(network.device, torch.float32)


def _methods(network: ProbedNetwork) -> Iterator[ReplayMethod]:
    """Yield all methods, the cheapest first."""
    for masks_only in (True, False):
        yield ReplayMethod(network.fast_probe, network.fast_dtype, masks_only)
    if network.fast_dtype != torch.float32:
        for masks_only in (True, False):
            yield ReplayMethod(network.probe, torch.float32, masks_only)


def _problem(
    network: ProbedNetwork,
    method: ReplayMethod,
    noise: Tensor,
    rule: ReluRule,
    wanted: Mapping[str, Tensor],
    least_cosine: float,
) -> str | None:
    """Say why a method cannot be used; None if it can."""
    try:
        recording = Recording(network.probe, noise, method.dtype, masks_only=method.masks_only)
        for name, true in wanted.items():
            found = replay(method.probe, recording, name, [BatchRow(0, 0)], rule).gradients
            cosine = torch.cosine_similarity(found.flatten(), true.flatten(), 0)
            if bool(true.any()) and not bool(cosine >= least_cosine):
                return f"layer {name!r}: cosine {float(cosine):.5f} to the gradient of a single pass"
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # a network may raise anything for tensors that it was not made for
        return f"{type(error).__name__}: {error}"
    return None


def _seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)
