"""Which layers a gradient reaches: found in the autograd graph of one forward pass, without a backward pass."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.autograd.graph import Node

from mkdocs_lurk.analysis.gradients.graph_nodes import operation_of
from mkdocs_lurk.analysis.gradients.single import filter_gradients
from mkdocs_lurk.analysis.probed_network import ProbedNetwork
from mkdocs_lurk.errors import LayerError, describe_error

log = logging.getLogger("mkdocs.plugins.lurk")

_FLAT = frozenset(["Round", "Floor", "Ceil", "Trunc", "Sign", "Sgn"])
"""Operations whose derivative is zero wherever there is one."""


def check_gradients(network: ProbedNetwork, x: Tensor) -> None:
    """Check that every layer can be differentiated with respect to the picture.

    The path of the gradient is looked up for every layer, and one backward pass runs through all of these paths. Two
    kinds of layers are also tried alone, as the analysis does it, with the forward pass ending at the layer: the one
    that runs last, and those within ``torch.utils.checkpoint``, which runs the network again for its backward pass.

    Args:
        network: The network.
        x: One picture, ``(1, c, h, w)``, normalised, on the network's device.

    Raises:
        LayerError: No gradient leads from a layer to the picture.
        ModelError: The backward pass fails.
    """
    found: dict[str, Node | None] = {}
    within_hooks: list[str] = []
    scores: list[Tensor] = []

    def receive(name: str, maps: Tensor) -> None:
        found[name] = maps.grad_fn
        scores.append(maps[:, 0].float().mean())
        if _within_saved_tensor_hooks():
            within_hooks.append(name)

    with torch.enable_grad():
        leaf = x.detach().requires_grad_()
        network.probe.read(leaf, receive)
        cut = _cut_off(found, leaf)
    if cut is not None:
        name, why = cut
        raise LayerError(
            f"layer {name!r} has no gradient: {why} between the picture and the layer; change that, or leave out this "
            "layer and those behind it: layers: {exclude: [...]}"
        )
    tried = [*within_hooks, network.layers[-1].name]
    if not (_has_gradient(scores, leaf) or _has_gradient_of_copies(network, leaf)):
        tried = list(found)  # one by one, to find the layer that is to blame
    for name in tried:
        filter_gradients(network.probe, x, name, [0], "saliency")


def _has_gradient(scores: Sequence[Tensor], leaf: Tensor) -> bool:
    """Return whether one backward pass runs from all scores to the picture."""
    try:
        torch.autograd.grad(torch.stack(list(scores)).sum(), leaf)
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # whatever the author's backward methods raise
        log.debug("no backward pass through all layers at once (%s)", describe_error(error))
        return False
    return True


def _has_gradient_of_copies(network: ProbedNetwork, leaf: Tensor) -> bool:
    """Return the same for a forward pass that keeps copies of what the network overwrites in place."""
    scores: list[Tensor] = []
    with torch.enable_grad(), torch.autograd.graph.allow_mutation_on_saved_tensors():
        network.probe.read(leaf, lambda _, maps: scores.append(maps[:, 0].float().mean()))
        return _has_gradient(scores, leaf)


def _within_saved_tensor_hooks() -> bool:
    """Return whether what autograd keeps now goes to somebody's hooks, as it does in ``torch.utils.checkpoint``."""
    try:
        with torch.autograd.graph.disable_saved_tensors_hooks("in use"):
            return False
    except RuntimeError:  # it refuses while hooks are in use, and there is no other public way to ask
        return True


def _cut_off(layers: Mapping[str, Node | None], leaf: Tensor) -> tuple[str, str] | None:
    """Return the first layer from which no gradient leads to the picture, and why; None if there is none."""
    reached: dict[Node, bool] = {}
    for name, node in layers.items():
        if node is None or not _reaches(node, leaf, reached):
            flat = None if node is None else _first_flat(node)
            if flat is not None:
                return name, f"{flat}, whose derivative is zero, stands"
            return name, "the network leaves autograd (detach, no_grad, inference_mode, NumPy, a reentrant checkpoint)"
    return None


def _reaches(start: Node, leaf: Tensor, reached: dict[Node, bool]) -> bool:
    """Whether a gradient flows from a node to the picture; what is learnt on the way is kept in ``reached``."""
    waiting = [start]
    while waiting:
        node = waiting[-1]
        before = [] if operation_of(node) in _FLAT else [one for one, _ in node.next_functions if one is not None]
        unknown = [one for one in before if one not in reached]
        if node not in reached and unknown:
            waiting += unknown
            continue
        reached[node] = getattr(node, "variable", None) is leaf or any(reached[one] for one in before)
        waiting.pop()
    return reached[start]


def _first_flat(start: Node) -> str | None:
    """Return the operation without a derivative that stands nearest to a layer; None if there is none."""
    waiting, met = [start], {start}
    for node in waiting:
        if operation_of(node) in _FLAT:
            return operation_of(node).lower()
        new = [one for one, _ in node.next_functions if one is not None and one not in met]
        met.update(new)
        waiting += new
    return None
