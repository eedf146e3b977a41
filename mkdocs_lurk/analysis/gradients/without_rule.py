"""Find the activations of a network for which no rule for gradients is stated, to be named on its page."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.autograd.graph import Node

from mkdocs_lurk.analysis.gradients.averaged_arithmetic import is_part_of_statistic
from mkdocs_lurk.analysis.gradients.composed_activations import find_composed_activations, is_arithmetic_activation
from mkdocs_lurk.analysis.gradients.graph_nodes import lower_bound, nodes_behind, nodes_read_by, operation_of
from mkdocs_lurk.analysis.gradients.relu_rules import ReluRule
from mkdocs_lurk.analysis.gradients.unknown_functions import is_unknown_function
from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.errors import describe_error
from mkdocs_lurk.models.tracing.backward_hooks import HOOK_NODES, count_hooked_modules, count_hooked_nodes
from mkdocs_lurk.models.tracing.choices import Choices
from mkdocs_lurk.models.tracing.functions import (
    CLAMP_NODES,
    GATE_NODES,
    NODES_WITHOUT_RULE,
    PRODUCT_NODES,
    SMOOTH_NODES,
)
from mkdocs_lurk.models.tracing.outside_values import OutsideValues
from mkdocs_lurk.models.tracing.rectifiers import RectifierMode
from mkdocs_lurk.models.tracing.stopped_gradients import StoppedGradients

log = logging.getLogger("mkdocs.plugins.lurk")


def describe_activations_without_rule(probe: Probe, x: Tensor, rule: ReluRule) -> list[str]:
    """Say in which places of a network an activation has no rule, as sentences; none if there is no such place.

    Said are also, by any rule, places in which the network's own code stops gradients or has hooks that may change
    them. Activations of which no analysed layer's output depends are left out.

    Args:
        probe: The network in float32.
        x: A picture, ``(1, c, h, w)``, float32.
        rule: The rule that the others follow.
    """
    run = _run(probe, x, None)
    if run.made_outside:
        run = _run(probe, x, _made_of_another(probe, x))
    by_hand = [
        *_sentence(_STOPPED, Counter(run.stopped)),
        *_sentence(_HOOKED_TENSOR, Counter({"register_hook": run.hooks})),
        *_sentence(_HOOKED_MODULE, count_hooked_modules(probe.module)),
        *_sentence(_HOOKED_NODE, count_hooked_nodes(_distinct(run.outputs))),
    ]
    if rule == "saliency":  # every activation has its plain gradient
        return by_hand
    without = Counter(run.choices)
    without.update("TorchScript" for module in probe.module.modules() if isinstance(module, torch.jit.ScriptModule))
    counted, smooth = _count(run.outputs)
    without.update(counted)
    return [
        *_sentence(_WITHOUT_RULE, without),
        *_sentence(_SMOOTH_DECONV if rule == "deconv" else _SMOOTH_GUIDED, smooth),
        *by_hand,
    ]


@dataclass(frozen=True, slots=True)
class _Run:
    """What was met in a forward pass before its last analysed layer.

    Attributes:
        outputs: The nodes of the autograd graph that computed the layers' outputs.
        choices: Places in which values are chosen by comparing them.
        stopped: Places in which a value without its gradient meets one that has it.
        hooks: Hooks on tensors.
        made_outside: Tensors that were made outside PyTorch after values had been handed out, in order.
    """

    outputs: Sequence[Node]
    choices: Sequence[str]
    stopped: Sequence[str]
    hooks: int
    made_outside: Sequence[Tensor]


def _run(probe: Probe, x: Tensor, made_of_another: Sequence[Tensor] | None) -> _Run:
    outputs: list[Node] = []
    outside = OutsideValues((*probe.module.parameters(), *probe.module.buffers()), made_of_another)
    choices, stopped = Choices(outside), StoppedGradients()
    until_last = 0, 0, 0

    def receive(_layer: str, maps: Tensor) -> None:
        nonlocal until_last
        until_last = len(choices.places), len(stopped.places), stopped.hooks
        if maps.grad_fn is not None:
            outputs.append(maps.grad_fn)

    with torch.enable_grad():
        x = x.detach().requires_grad_()
        with RectifierMode(x, choices, stopped):
            probe.read(x, receive)
    n_choices, n_stopped, hooks = until_last
    return _Run(outputs, choices.places[:n_choices], stopped.places[:n_stopped], hooks, outside.made)


def _made_of_another(probe: Probe, x: Tensor) -> Sequence[Tensor] | None:
    """Return what the network makes outside PyTorch of another picture; None if it fails on that one."""
    try:
        return _run(probe, -x.flip(-1), None).made_outside
    except Exception as error:  # whatever the author's forward method raises for a picture that there is not
        log.debug("what the network makes outside PyTorch is told by its size alone (%s)", describe_error(error))
        return None


def _count(outputs: Sequence[Node]) -> tuple[Counter[str], Counter[str]]:
    """Count the activations behind some nodes that keep their plain gradient, and those that take over ReLU's rule."""
    without, smooth = Counter[str](), Counter[str]()
    consumers = _consumers(outputs)
    covered: set[Node] = set()
    for composed in find_composed_activations(consumers):
        covered |= {composed.output, *composed.inner}
        if composed.kind == "gated":
            smooth[composed.name] += 1
        elif composed.holds_activation or not is_part_of_statistic(composed.output, consumers):
            without[composed.name] += 1
    for node in consumers:
        name = operation_of(node)
        if node in covered or name in HOOK_NODES:
            continue
        if _keeps_plain_gradient(node, consumers):
            without[name] += 1
        elif name in SMOOTH_NODES:
            smooth[name] += 1
    return without, smooth


def _keeps_plain_gradient(node: Node, consumers: Mapping[Node, Sequence[Node]]) -> bool:
    """Whether a node is an activation by itself, and one without a rule."""
    name, readers = operation_of(node), consumers[node]
    if isinstance(node, torch.autograd.function.BackwardCFunction) or name.endswith(_OF_DERIVATIVES):
        return True
    if name in GATE_NODES:
        return not readers or any(operation_of(other) not in PRODUCT_NODES for other in readers)
    if name == "Abs" or is_arithmetic_activation(node):
        return not is_part_of_statistic(node, consumers)
    return name in NODES_WITHOUT_RULE or _is_high_clamp(node) or is_unknown_function(node)


_LEAST_CLAMP = 0.01
"""A lower bound below this keeps a denominator or a logarithm from zero, and is no activation."""
_WITHOUT_RULE = "In {places} an activation ({names}) has no rule; its plain gradient is used."
_SMOOTH_GUIDED = (
    "In {places} an activation ({names}) has no rule in the papers; the gradient that comes in is rectified as for a "
    "ReLU, and the activation's own derivative takes the place of the ReLU's."
)
_SMOOTH_DECONV = (
    "In {places} an activation ({names}) has no rule in the papers; the gradient that comes in is rectified and passed "
    "on, as for a ReLU."
)
_STOPPED = (
    "In {places} a value ({names}) meets one whose gradient the network's code stops (detach, .data or no_grad); none "
    "passes there."
)
_HOOKED_TENSOR = (
    "In {places} a tensor ({names}) has a hook of the network's own code, which may change the gradient there: the "
    "gradients shown are those that it returns, and what it does was not examined."
)
_HOOKED_MODULE = (
    "In {places} a module ({names}) has a hook of the network's own code, which may change the gradient there: the "
    "gradients shown are those that it returns, and what it does was not examined."
)
_HOOKED_NODE = (
    "In {places} a node of the autograd graph ({names}) has a hook of the network's own code, which may change the "
    "gradient there: the gradients shown are those that it returns, and what it does was not examined."
)
_OF_DERIVATIVES = "Backward"
"""How the names of nodes end that computed the derivative of an activation in the forward pass."""


def _is_high_clamp(node: Node) -> bool:
    bound = lower_bound(node) if operation_of(node) in CLAMP_NODES else None
    return bound is not None and bound >= _LEAST_CLAMP


def _consumers(outputs: Sequence[Node]) -> dict[Node, list[Node]]:
    """Return every node of the autograd graphs behind some nodes, with the nodes that read what it computed."""
    consumers: dict[Node, list[Node]] = {}
    for node in _distinct(outputs):
        consumers.setdefault(node, [])
        for before in nodes_read_by(node):
            consumers.setdefault(before, []).append(node)
    return consumers


def _distinct(outputs: Sequence[Node]) -> Iterator[Node]:
    met: set[Node] = set()
    for output in outputs:
        yield from nodes_behind(output, met)


def _sentence(form: str, counts: Counter[str]) -> list[str]:
    """Fill in a sentence with the number of places and their names; none without a place."""
    if not counts.total():
        return []
    places = "1 place" if counts.total() == 1 else f"{counts.total()} places"
    return [form.format(places=places, names=", ".join(sorted(counts)))]
