"""What each operation does to channel sources.

An activation passes on the channel sources of its input, since it keeps filters apart and their order of strength, and
counts as a rectifier; a gate is ignored. An operation that mixes filters has no rule: nothing is said rather than
something wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mkdocs_lurk.models.connections.channel_sources import (
    NO_FILTER,
    ChannelSource,
    ChannelSources,
    activated,
    add,
    affine,
    carry_same_filters,
    mean,
)
from mkdocs_lurk.models.connections.monotonicity import activation_falls, activation_is_not_negative
from mkdocs_lurk.models.receptive_field.intervals import Intervals
from mkdocs_lurk.models.receptive_field.rules import shapes as moving_rules
from mkdocs_lurk.models.receptive_field.rules.context import Context, Shapes, arguments_by_name, rules_by_name
from mkdocs_lurk.models.tracing import functions
from mkdocs_lurk.models.tracing.operations import Constant, Op, Ref, references

_MAX_SUMMANDS = 256


@dataclass(slots=True)
class SourceContext:
    """What a rule may ask while the trace is interpreted.

    Attributes:
        shapes: Shape of every value.
        sources: Channel sources of the values that are still needed, by the value's id.
        gates: Values between 0 and 1 that others may be multiplied by.
        not_negative: Values that are known to have no element below 0.
    """

    shapes: tuple[tuple[int, ...], ...]
    sources: dict[int, ChannelSources]
    gates: set[int] = field(default_factory=set)
    not_negative: set[int] = field(default_factory=set)

    def sources_of(self, argument: object) -> ChannelSources:
        """Return the channel sources of one tensor argument; a constant has none."""
        return self.sources[argument.id] if isinstance(argument, Ref) else ()

    def mark_gates(self, op: Op) -> None:
        """Note that the outputs of an operation may be gates."""
        self.gates.update(value for value in op.outputs if value is not None)

    def mark_not_negative(self, op: Op) -> None:
        """Note that the outputs of an operation have no element below 0."""
        self.not_negative.update(value for value in op.outputs if value is not None)


SourceRule = Callable[[SourceContext, Op, Shapes], list[ChannelSources]]
"""Returns the channel sources of an operation's outputs, given their shapes; an empty list if they are unknown."""


def plain_name(op: Op) -> str:
    """Return the operation's name without the underscore of operations that work in place."""
    return op.name if op.name in RULES or op.name.startswith("__") else op.name.removesuffix("_")


def _same(context: SourceContext, op: Op, output_shapes: Shapes) -> list[ChannelSources]:
    """Each element carries what the element at its own position carries."""
    return [context.sources_of(op.args[0])] if isinstance(op.args[0], Ref) else []


def _activate(context: SourceContext, op: Op, output_shapes: Shapes) -> list[ChannelSources]:
    """Each element carries what the element at its own position carries, rectified.

    Nothing is said of an activation that falls somewhere, as PReLU with a negative slope does.
    """
    name = op.name.removesuffix("_")
    if activation_falls(name, arguments_by_name(op)):
        return []
    keeps_sign = name in functions.SIGNED_OPERATIONS and set(references(op)) <= context.not_negative
    if keeps_sign or activation_is_not_negative(name, arguments_by_name(op)):
        context.mark_not_negative(op)
    return [activated(context.sources_of(op.args[0]))] if isinstance(op.args[0], Ref) else []


def _clamp(context: SourceContext, op: Op, output_shapes: Shapes) -> list[ChannelSources]:
    """A rectifier; one that passes on only what lies below a bound of 0 or less is a rectifier of the negated value."""
    arguments = arguments_by_name(op)
    least, most = arguments.get("min"), arguments.get("max")
    if isinstance(most, int | float) and most <= 0 and least is None:
        rank = len(output_shapes[0])
        return [affine(activated(affine(context.sources_of(op.args[0]), -1.0, 0.0, rank)), -1.0, 0.0, rank)]
    return _activate(context, op, output_shapes)


def _gate(context: SourceContext, op: Op, output_shapes: Shapes) -> list[ChannelSources]:
    """An activation whose output may be a gate."""
    context.mark_gates(op)
    return _activate(context, op, output_shapes)


def _softmax(context: SourceContext, op: Op, output_shapes: Shapes) -> list[ChannelSources]:
    """Mixes filters, so that its output can only be a gate."""
    context.mark_gates(op)
    return []


def _window(context: SourceContext, op: Op, output_shapes: Shapes) -> list[ChannelSources]:
    """A window over a map keeps channels apart, if each carries the same filters all over its map."""
    sources = mean(context.sources_of(op.args[0]), (-2, -1))
    return [] if sources is None else [sources]


def _pad(context: SourceContext, op: Op, output_shapes: Shapes) -> list[ChannelSources]:
    """Padded channels carry no filter; the padding around a map with the same filters all over is ignored."""
    pads = [int(pad) for pad in op.args[1]]
    shape = context.shapes[op.args[0].id]
    padded = []
    for source in context.sources_of(op.args[0]):
        stacked, source_pads = source.stacked, list(pads)
        for number in range(len(pads) // 2):
            axis = len(shape) - 1 - number
            if source.varies_along(axis) or axis < len(shape) - 2:
                stacked = stacked.expand(*(n if a == axis + 1 else -1 for a, n in enumerate((4, *shape))))
            else:
                source_pads[2 * number : 2 * number + 2] = [0, 0]
        padded.append(ChannelSource.of(*torch.nn.functional.pad(stacked, source_pads, value=NO_FILTER)))
    return [tuple(padded)]


def _reduce(context: SourceContext, op: Op, output_shapes: Shapes) -> list[ChannelSources]:
    """The mean or maximum over axes along which all elements carry the same filters."""
    arguments, shape = arguments_by_name(op), context.shapes[op.args[0].id]
    dim = arguments.get("dim")
    if dim is None or dim == []:
        return []
    reduced = {axis % len(shape) for axis in ([dim] if isinstance(dim, int) else dim)}
    sources = mean(context.sources_of(op.args[0]), reduced)
    if sources is None:
        return []
    if arguments.get("keepdim"):
        return [sources]
    kept = [axis + 1 for axis in range(len(shape)) if axis not in reduced]
    return [tuple(ChannelSource(s.stacked.reshape(4, *(s.stacked.shape[axis] for axis in kept))) for s in sources)]


def _add(context: SourceContext, op: Op, output_shapes: Shapes) -> list[ChannelSources]:
    """A sum or difference of two values, or of a value and a constant."""
    left, right, rank = op.args[0], op.args[1], len(output_shapes[0])
    alpha = float(arguments_by_name(op).get("alpha", 1)) * (-1 if op.name.startswith("sub") else 1)
    if not isinstance(right, Ref):
        return [affine(context.sources_of(left), 1.0, _constant(right) * alpha, rank)]
    if not isinstance(left, Ref):
        return [affine(context.sources_of(right), alpha, _constant(left), rank)]
    total = add(context.sources_of(left), affine(context.sources_of(right), alpha, 0.0, rank), rank)
    return [total] if total is not None and len(total) <= _MAX_SUMMANDS else []


def _subtract_from(context: SourceContext, op: Op, output_shapes: Shapes) -> list[ChannelSources]:
    """A constant minus a value."""
    alpha, constant = float(arguments_by_name(op).get("alpha", 1)), op.args[1]
    if isinstance(constant, Ref):
        return []
    return [affine(context.sources_of(op.args[0]), -alpha, _constant(constant), len(output_shapes[0]))]


def _mul(context: SourceContext, op: Op, output_shapes: Shapes) -> list[ChannelSources]:
    """A product with a constant, with a gate, or of a value and its own activation."""
    left, right, rank = op.args[0], op.args[1], len(output_shapes[0])
    if not isinstance(left, Ref):
        left, right = right, left
    if not isinstance(right, Ref):
        if left.id in context.not_negative and bool((_constant(right) >= 0).all()):
            context.mark_not_negative(op)
        return [affine(context.sources_of(left), _constant(right), 0.0, rank)]
    if left.id == right.id:  # a square is strong at both ends
        return []
    left_is_gate, right_is_gate = _is_gate(context, left, right), _is_gate(context, right, left)
    same = carry_same_filters(context.sources_of(left), context.sources_of(right))
    if same and any(map(ChannelSource.opposes, context.sources_of(left), context.sources_of(right))):
        return []  # x * sigmoid(-x), for example, rises and falls
    if left_is_gate != right_is_gate:
        value = context.sources_of(right if left_is_gate else left)
        return [tuple(source.with_rank(rank) for source in (activated(value) if same else value))]
    if not same or not {left.id, right.id} & context.not_negative:  # x * tanh(x) is strong at both ends
        return []
    # x * relu6(x + 3), for example: an activation spelled out
    value = context.sources_of(left)
    is_plain = not any(bool(source.factor.any()) for source in value)
    return [activated(value if is_plain else context.sources_of(right))]


def _is_gate(context: SourceContext, factor: Ref, other: Ref) -> bool:
    """Whether a factor is between 0 and 1, or is broadcast over maps or channels of the other."""
    if factor.id in context.gates:
        return True
    shape, other_shape = context.shapes[factor.id], context.shapes[other.id]
    shape = (1,) * (len(other_shape) - len(shape)) + shape
    return (
        len(shape) == len(other_shape)
        and any(a == 1 and b > 1 for a, b in zip(shape, other_shape, strict=True))
        and shape != other_shape
    )


def _div(context: SourceContext, op: Op, output_shapes: Shapes) -> list[ChannelSources]:
    """A value divided by a constant."""
    left, right = op.args[0], op.args[1]
    if not isinstance(left, Ref) or isinstance(right, Ref) or arguments_by_name(op).get("rounding_mode"):
        return []
    if left.id in context.not_negative and bool((_constant(right) > 0).all()):
        context.mark_not_negative(op)
    return [affine(context.sources_of(left), 1 / _constant(right), 0.0, len(output_shapes[0]))]


def _neg(context: SourceContext, op: Op, output_shapes: Shapes) -> list[ChannelSources]:
    """A value times -1."""
    return [affine(context.sources_of(op.args[0]), -1.0, 0.0, len(output_shapes[0]))]


def _batch_norm(context: SourceContext, op: Op, output_shapes: Shapes) -> list[ChannelSources]:
    """Stored statistics scale a channel by ``weight / sqrt(var + eps)`` and shift it by ``bias - mean * scale``."""
    arguments, rank = arguments_by_name(op), len(output_shapes[0])
    if arguments.get("training", arguments.get("train", op.name.endswith("with_update"))):
        return []
    weight, bias = arguments.get("weight"), arguments.get("bias")
    running_mean, running_var = arguments.get("running_mean"), arguments.get("running_var")
    if any(isinstance(tensor, Ref) for tensor in (weight, bias, running_mean, running_var)):
        return []
    if running_mean is None or running_var is None:
        return []
    eps = float(arguments["eps"] if "eps" in arguments else arguments.get("epsilon", 1e-5))
    scale = _constant(1.0 if weight is None else weight) * (_constant(running_var).double() + eps).rsqrt()
    shift = _constant(0.0 if bias is None else bias) - _constant(running_mean).double() * scale
    view = [-1, *[1] * (rank - 2)]
    return [affine(context.sources_of(arguments["input"]), scale.view(view), shift.view(view), rank)]


def _move(context: SourceContext, op: Op, output_shapes: Shapes) -> list[ChannelSources]:
    """Elements move, and their channel sources with them, by the rules that move intervals."""
    inputs = references(op)
    if all(value in context.gates for value in inputs):
        context.mark_gates(op)
    rule = moving_rules.RULES[op.name if op.name in moving_rules.RULES else op.name.removesuffix("_")]
    results: list[list[ChannelSource]] = [[] for _ in output_shapes]
    for number in range(max((len(context.sources[value]) for value in inputs), default=0)):
        intervals = {value: _nth_as_intervals(context, value, number) for value in inputs}
        moved = rule(Context(0, 0, False, intervals), op, output_shapes)
        if len(moved) < len(output_shapes):
            return []
        for result, output in zip(results, moved, strict=True):
            source = ChannelSource.from_intervals(output)
            if bool(source.carries_filter.any()):
                result.append(source)
    return [tuple(result) for result in results]


def _nth_as_intervals(context: SourceContext, value: int, number: int) -> Intervals:
    sources, shape = context.sources[value], context.shapes[value]
    return sources[number].as_intervals(shape) if number < len(sources) else Intervals.of_constant(shape)


def _constant(argument: Constant | float) -> Tensor:
    tensor = argument.tensor.detach() if isinstance(argument, Constant) else torch.as_tensor(argument)
    return tensor.to("cpu", torch.float32)


_COMPUTES = frozenset(["where", "masked_fill", "index_put", "take", "unfold"])


_ACTIVATIONS = functions.RELU_LIKE_OPERATIONS | functions.SMOOTH_OPERATIONS | functions.SIGNED_OPERATIONS
_BOUNDED_ABOVE = frozenset({"clamp", "clamp_max"})

RULES: dict[str, SourceRule] = rules_by_name(
    (_move, " ".join(sorted(set(moving_rules.RULES) - _COMPUTES))),
    (_activate, " ".join(_ACTIVATIONS - _BOUNDED_ABOVE)),
    (_clamp, " ".join(_BOUNDED_ABOVE)),
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
