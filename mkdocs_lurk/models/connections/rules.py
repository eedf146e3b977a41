"""What operations do to strands: each rule gives the strands of what an operation returns, or none at all.

Activations pass their input's strands on, since they keep filters apart and their order of strength; a gate is ignored.
What mixes filters has no rule, so that nothing is said rather than something wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from mkdocs_lurk.models.connections.channel_sources import (
    NOTHING,
    ChannelSource,
    ChannelSources,
    add,
    affine,
    averaged,
    same_sources,
)
from mkdocs_lurk.models.receptive_field import intervals as iv
from mkdocs_lurk.models.receptive_field.rules import shapes as moving_rules
from mkdocs_lurk.models.receptive_field.rules.context import Context, Shapes, bound, is_tensor
from mkdocs_lurk.models.tracing import functions
from mkdocs_lurk.models.tracing.dispatch import Constant, Op, Ref

_MOST_STRANDS = 256


@dataclass(slots=True)
class Known:
    """What is known while the trace is interpreted.

    Attributes:
        shapes: Shape of every value.
        strands: Of the values that are still needed.
        gates: Values between 0 and 1 that others are multiplied with.
    """

    shapes: tuple[tuple[int, ...], ...]
    strands: dict[int, ChannelSources]
    gates: set[int] = field(default_factory=set)

    def of(self, argument: Any) -> ChannelSources:
        """The strands of one tensor argument; a constant has none."""
        return self.strands[argument.id] if isinstance(argument, Ref) else ()


SourceRule = Callable[[Known, Op, Shapes], list[ChannelSources]]


def references(op: Op) -> list[Ref]:
    """The values among an operation's arguments, each time that they stand there."""
    leaves = tree_leaves((op.args, op.kwargs), is_leaf=is_tensor)
    return [leaf for leaf in leaves if isinstance(leaf, Ref)]


def plain_name(op: Op) -> str:
    """The operation's name without the mark of those that work in place."""
    return op.name if op.name in RULES or op.name.startswith("__") else op.name.removesuffix("_")


def _same(known: Known, op: Op, shapes: Shapes) -> list[ChannelSources]:
    """Each element reads the element at its own place."""
    return [known.of(op.args[0])] if isinstance(op.args[0], Ref) else []


def _gate(known: Known, op: Op, shapes: Shapes) -> list[ChannelSources]:
    known.gates.update(value for value in op.outputs if value is not None)
    return [known.of(op.args[0])]


def _softmax(known: Known, op: Op, shapes: Shapes) -> list[ChannelSources]:
    """Useful as a gate alone."""
    known.gates.update(value for value in op.outputs if value is not None)
    return []


def _window(known: Known, op: Op, shapes: Shapes) -> list[ChannelSources]:
    """Windows over a map: each channel stays itself, where it is itself all over the map."""
    strands = averaged(known.of(op.args[0]), (-2, -1))
    return [] if strands is None else [strands]


def _pad(known: Known, op: Op, shapes: Shapes) -> list[ChannelSources]:
    """Constants around a map carry nothing; they are told apart only where they make channels of their own."""
    pads = [int(pad) for pad in op.args[1]]
    shape = known.shapes[op.args[0].id]
    padded = []
    for strand in known.of(op.args[0]):
        parts, own = strand.parts, list(pads)
        for number in range(len(pads) // 2):
            axis = len(shape) - 1 - number
            if strand.varies(axis) or axis < len(shape) - 2:
                parts = parts.expand(*(n if a == axis + 1 else -1 for a, n in enumerate((4, *shape))))
            else:
                own[2 * number : 2 * number + 2] = [0, 0]
        moved = torch.nn.functional.pad(parts, own, value=NOTHING)
        padded.append(ChannelSource.of(*moved[:3]))
    return [tuple(padded)]


def _reduce(known: Known, op: Op, shapes: Shapes) -> list[ChannelSources]:
    """The mean or maximum over axes along which every element carries the same."""
    given, shape = bound(op), known.shapes[op.args[0].id]
    axes = given.get("dim")
    if axes is None or axes == []:
        return []
    gone = {axis % len(shape) for axis in ([axes] if isinstance(axes, int) else axes)}
    strands = averaged(known.of(op.args[0]), gone)
    if strands is None:
        return []
    if given.get("keepdim"):
        return [strands]
    kept = [axis + 1 for axis in range(len(shape)) if axis not in gone]
    return [tuple(ChannelSource(s.parts.reshape(4, *(s.parts.shape[axis] for axis in kept))) for s in strands)]


def _add(known: Known, op: Op, shapes: Shapes) -> list[ChannelSources]:
    left, right, dims = op.args[0], op.args[1], len(shapes[0])
    times = float(bound(op).get("alpha", 1)) * (-1 if op.name.startswith("sub") else 1)
    if not isinstance(right, Ref):
        return [affine(known.of(left), 1.0, _constant(right) * times, dims)]
    if not isinstance(left, Ref):
        return [affine(known.of(right), times, _constant(left), dims)]
    total = add([*known.of(left), *affine(known.of(right), times, 0.0, dims)], dims)
    return [total] if len(total) <= _MOST_STRANDS else []


def _subtract_from(known: Known, op: Op, shapes: Shapes) -> list[ChannelSources]:
    times, constant = -float(bound(op).get("alpha", 1)), op.args[1]
    return (
        [] if isinstance(constant, Ref) else [affine(known.of(op.args[0]), times, _constant(constant), len(shapes[0]))]
    )


def _mul(known: Known, op: Op, shapes: Shapes) -> list[ChannelSources]:
    left, right, dims = op.args[0], op.args[1], len(shapes[0])
    if not isinstance(left, Ref):
        left, right = right, left
    if not isinstance(right, Ref):
        return [affine(known.of(left), _constant(right), 0.0, dims)]
    gates = [_is_gate(known, left, right), _is_gate(known, right, left)]
    if gates[0] != gates[1]:
        open_ = known.of(right if gates[0] else left)
        return [tuple(strand.aligned(dims) for strand in open_)]
    # x * relu6(x + 3) and its like: an activation spelled out
    return [known.of(left)] if same_sources(known.of(left), known.of(right)) else []


def _is_gate(known: Known, one: Ref, other: Ref) -> bool:
    """Whether one factor merely opens or shuts the other: it is between 0 and 1, or the same all over the other."""
    if one.id in known.gates:
        return True
    own, wide = known.shapes[one.id], known.shapes[other.id]
    own = (1,) * (len(wide) - len(own)) + own
    return len(own) == len(wide) and any(a == 1 and b > 1 for a, b in zip(own, wide, strict=True)) and own != wide


def _div(known: Known, op: Op, shapes: Shapes) -> list[ChannelSources]:
    left, right = op.args[0], op.args[1]
    if not isinstance(left, Ref) or isinstance(right, Ref) or bound(op).get("rounding_mode"):
        return []
    return [affine(known.of(left), 1 / _constant(right), 0.0, len(shapes[0]))]


def _neg(known: Known, op: Op, shapes: Shapes) -> list[ChannelSources]:
    return [affine(known.of(op.args[0]), -1.0, 0.0, len(shapes[0]))]


def _batch_norm(known: Known, op: Op, shapes: Shapes) -> list[ChannelSources]:
    """Fixed statistics scale a channel by ``weight / sqrt(var + eps)`` and shift it by ``bias - mean`` times that."""
    given, dims = bound(op), len(shapes[0])
    if given.get("training", given.get("train", op.name.endswith("with_update"))):
        return []
    tensors = [given.get(name) for name in ("weight", "bias", "running_mean", "running_var")]
    if any(isinstance(one, Ref) for one in tensors) or tensors[2] is None or tensors[3] is None:
        return []
    weight, bias = (
        _constant(default if one is None else one) for one, default in zip(tensors, (1.0, 0.0), strict=False)
    )
    mean, var = _constant(tensors[2]).double(), _constant(tensors[3]).double()
    factor = weight * (var + float(given.get("eps", given.get("epsilon", 1e-5)))).rsqrt()
    term = bias - mean * factor
    view = [-1, *[1] * (dims - 2)]
    return [affine(known.of(given["input"]), factor.view(view), term.view(view), dims)]


def _move(known: Known, op: Op, shapes: Shapes) -> list[ChannelSources]:
    """Elements move, and their strands with them, by the rules that move intervals."""
    read = references(op)
    if all(ref.id in known.gates for ref in read):
        known.gates.update(value for value in op.outputs if value is not None)
    rule = moving_rules.RULES[op.name if op.name in moving_rules.RULES else op.name.removesuffix("_")]
    made: list[list[ChannelSource]] = [[] for _ in shapes]
    for number in range(max((len(known.of(ref)) for ref in read), default=0)):
        packed = {ref.id: _nth(known, ref, number) for ref in read}
        moved = rule(Context(0, 0, False, packed), op, shapes)
        if len(moved) < len(shapes):
            return []
        for found, one in zip(made, moved, strict=True):
            strand = ChannelSource.unpacked(one)
            if bool(strand.carries.any()):
                found.append(strand)
    return [tuple(found) for found in made]


def _nth(known: Known, ref: Ref, number: int) -> iv.Intervals:
    strands, shape = known.of(ref), known.shapes[ref.id]
    return strands[number].packed(shape) if number < len(strands) else iv.empty(shape)


def _constant(argument: Any) -> Tensor:
    tensor = argument.tensor.detach() if isinstance(argument, Constant) else torch.as_tensor(argument)
    return tensor.to("cpu", torch.float32)


_COMPUTES = frozenset(["where", "masked_fill", "index_put", "take", "unfold"])


def _table(*rows: tuple[SourceRule, str]) -> dict[str, SourceRule]:
    return {name: rule for rule, names in rows for name in names.split()}


RULES = _table(
    (_move, " ".join(sorted(set(moving_rules.RULES) - _COMPUTES))),
    (_same, " ".join(functions.RELU_LIKE_OPERATIONS | functions.SMOOTH_OPERATIONS | functions.SIGNED_OPERATIONS)),
    (_same, " ".join(functions.DROPOUT_OPERATIONS)),
    (_gate, " ".join(functions.GATE_OPERATIONS)),
    (_softmax, " ".join(functions.SOFTMAX_OPERATIONS)),
    (_window, " ".join(functions.MAX_POOL_OPERATIONS | functions.ADAPTIVE_MAX_POOL_OPERATIONS)),
    (_window, " ".join(functions.AVERAGE_POOL_OPERATIONS | functions.ADAPTIVE_AVERAGE_POOL_OPERATIONS)),
    (_window, "upsample_nearest2d _upsample_nearest_exact2d upsample_bilinear2d upsample_bicubic2d"),
    (_window, "_upsample_bilinear2d_aa _upsample_bicubic2d_aa reflection_pad2d replication_pad2d"),
    (_pad, "constant_pad_nd"),
    (_reduce, "mean amax"),
    (_add, "add sub"),
    (_subtract_from, "rsub"),
    (_mul, "mul"),
    (_div, "div"),
    (_neg, "neg"),
    (_batch_norm, " ".join(functions.BATCH_NORM_OPERATIONS)),
)
