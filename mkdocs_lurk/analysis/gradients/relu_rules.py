"""What a rectifier does to a gradient on its way back: one function a paper.

The rules are set on the recorded autograd graph, not on modules: each rectifying step of the backward pass gets a hook,
whether a module, a function or an in-place call made it. The hooks vanish with the graph; the network is not touched.

Rectifiers are ReLU and its kin (ReLU6, leaky, parametric, ELU, threshold, a clamp) and the smooth ones (GELU, SiLU,
Mish, Hardswish, softplus), for which the papers state no rule. Here the rule for those is: the incoming gradient is
rectified as for ReLU, and where ReLU's own derivative would be applied, theirs is. Sigmoids and softmaxes keep their
gradient.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Literal

from torch import Tensor
from torch.autograd.graph import Node

ReluRule = Literal["guided", "deconv", "saliency"]

_RELU_LIKE = frozenset(
    {"Relu", "Hardtanh", "Threshold", "LeakyRelu", "RreluWithNoise", "PreluKernel", "Elu", "ClampMin", "Clamp"}
)
_SMOOTH = frozenset({"Gelu", "Silu", "Mish", "Hardswish", "Softplus"})


def set_rule(output: Tensor, rule: ReluRule) -> frozenset[str]:
    """Let every rectifier between ``output`` and the leaves follow a rule in the next backward passes.

    Args:
        output: The result of a recorded forward pass.
        rule: ``guided`` (Springenberg et al. 2015, arXiv:1412.6806) passes the positive part of the gradient where the
            input was positive; ``deconv`` (Zeiler and Fergus 2014, arXiv:1311.2901) passes the positive part of the
            gradient wherever it is; ``saliency`` (Simonyan et al. 2014, arXiv:1312.6034) is the plain gradient.

    Returns:
        The names of the smooth rectifiers that were met, such as ``{"Gelu"}``.
    """
    met = set()
    for node in _nodes(output):
        name = _operation(node)
        if name not in _RELU_LIKE and name not in _SMOOTH:
            continue
        if name in _SMOOTH:
            met.add(name)
        if rule == "guided":
            node.register_prehook(_positive_part)
        elif rule == "deconv":
            node.register_hook(_only_positive_part)
    return frozenset(met)


@contextmanager
def hold_gates(output: Tensor) -> Iterator[None]:
    """Keep gradients out of gates for as long as the context lasts.

    A gate is a factor that is one number for a whole map, as in squeeze-and-excitation (Hu et al. 2018,
    arXiv:1709.01507).

    Args:
        output: The result of a recorded forward pass.
    """
    with ExitStack() as stack:
        for node in _nodes(output):
            if _operation(node) == "Mul":
                stack.callback(node.register_hook(_without_gate).remove)
        yield


def _nodes(output: Tensor) -> Iterator[Node]:
    """Every step of the backward pass from ``output``, once."""
    if output.grad_fn is None:
        return
    waiting, seen = [output.grad_fn], {output.grad_fn}
    while waiting:
        node = waiting.pop()
        yield node
        for before, _ in node.next_functions:
            if before is not None and before not in seen:
                seen.add(before)
                waiting.append(before)


def _operation(node: Node) -> str:
    return node.name().split("::")[-1].rstrip("0123456789").removesuffix("Backward")


def _positive_part(gradients: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
    return tuple(None if gradient is None else gradient.clamp(min=0) for gradient in gradients)


def _only_positive_part(
    own: tuple[Tensor | None, ...], incoming: tuple[Tensor | None, ...]
) -> tuple[Tensor | None, ...]:
    passed = incoming[0]
    if passed is None or not own:
        return own
    return (passed.clamp(min=0), *own[1:])


def _without_gate(own: tuple[Tensor | None, ...], _incoming: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
    areas = [
        0 if gradient is None or gradient.dim() != 4 else gradient.shape[-1] * gradient.shape[-2] for gradient in own
    ]
    return tuple(
        None if gradient is None else gradient.mul(0.0) if area == 1 and max(areas) > 1 else gradient
        for gradient, area in zip(own, areas, strict=True)
    )
