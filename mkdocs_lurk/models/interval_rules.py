"""What each operation does to the intervals of the values that it reads.

An operation without a rule is taken to read the whole picture, and is named: a field is never silently too small.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

from mkdocs_lurk.models import intervals as iv
from mkdocs_lurk.models.intervals import Intervals
from mkdocs_lurk.models.recorder import Constant, Geometry, Op, Ref

GATE = "a gate that is read from the whole map is held constant"
STATISTICS = "the statistics of a normalisation over the whole map are held constant"
ATTENTION = "attention mixes all positions"
LINEAR = "a linear layer reads the whole map"
MEAN = "an average over the whole map"


@dataclass(slots=True)
class Context:
    """What a rule may ask while the tape is interpreted.

    Attributes:
        height: Of the picture, in pixels.
        width: Of the picture, in pixels.
        hold: Whether gates and statistics are held constant.
        known: Intervals of the values that are still needed.
        held: What was held constant, or would have been, in words.
    """

    height: int
    width: int
    hold: bool
    known: dict[int, Intervals]
    held: set[str] = field(default_factory=set)

    def get(self, argument: Any) -> Intervals:
        """The intervals of one tensor argument."""
        if isinstance(argument, Ref):
            return self.known[argument.id]
        return iv.empty(argument.tensor.shape)

    def parts(self, arguments: Any) -> list[Intervals]:
        """The intervals of every value in a nest of arguments; constants are left out."""
        leaves = tree_leaves(arguments, is_leaf=_is_tensor)
        return [self.known[leaf.id] for leaf in leaves if isinstance(leaf, Ref)]

    def hull(self, arguments: Any, shape: Sequence[int], reason: str) -> Intervals:
        """Every element reads the whole picture."""
        mixed = frozenset[str]().union(*(part.mixed for part in self.parts(arguments)))
        return iv.whole(shape, self.height, self.width, reason).because(*mixed)


Rule = Callable[[Context, Op, Sequence[tuple[int, ...]]], list[Intervals]]
RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Make a function the rule of the operations of these names."""

    def keep(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return keep


def interpret(context: Context, op: Op, shapes: Sequence[tuple[int, ...]]) -> list[Intervals]:
    """The intervals of what ``op`` returns, one for each of ``shapes``."""
    name = op.name
    plain = name if name in RULES or name.startswith("__") else name.removesuffix("_")
    found = RULES.get(plain)
    if found is None and not isinstance(op.target, str) and _is_pointwise(op):
        found = _pointwise
    made: list[Intervals] = []
    if found is not None:
        made = found(context, op, shapes)
    if not made:
        reason = f"operation {plain!r} has no rule and is taken to read the whole picture"
        made = [context.hull((op.args, op.kwargs), shape, reason) for shape in shapes]
    return [value for value, _ in zip([*made, *map(iv.empty, shapes[len(made) :])], shapes, strict=False)]


def bound(op: Op) -> dict[str, Any]:
    """An operation's arguments by name, defaults included."""
    names = op.target._schema.arguments
    given = {argument.name: argument.default_value for argument in names if argument.has_default_value()}
    given.update({argument.name: value for argument, value in zip(names, op.args, strict=False)})
    given.update(op.kwargs)
    return given


def _is_tensor(leaf: Any) -> bool:
    return isinstance(leaf, (Ref, Constant))


_POINTWISE = frozenset(
    [
        "hardswish",
        "_prelu_kernel",
        "dropout",
        "native_dropout",
        "feature_dropout",
        "alpha_dropout",
        "bernoulli",
        "rrelu",
    ]
)


def _is_pointwise(op: Op) -> bool:
    return torch.Tag.pointwise in op.target.tags or op.name.removesuffix("_") in _POINTWISE


def _pointwise(context: Context, op: Op, shapes: Sequence[tuple[int, ...]]) -> list[Intervals]:
    """Each element reads the elements at its place, broadcast."""
    parts = [part for part in context.parts((op.args, op.kwargs)) if not part.constant]
    gates = [i for i in range(len(parts)) if len(parts) > 1 and _is_gate(parts, i, shapes[0])]
    if gates and len(gates) < len(parts):
        context.held.add(GATE)
        if context.hold:
            parts = [part for i, part in enumerate(parts) if i not in gates]
    made = iv.join(parts, shapes[0]) if parts else iv.empty(shapes[0])
    return [made] * len(shapes)


def _is_gate(parts: list[Intervals], which: int, shape: Sequence[int]) -> bool:
    """Whether one operand is broadcast over a map and knows all that the others know, in one direction at least."""
    gate = parts[which]
    offset = len(shape) - len(gate.shape)

    def repeats(axis: int) -> bool:
        own = axis - offset
        return shape[axis] > 1 and (own < 0 or gate.shape[own] == 1 or own in gate.expanded)

    axes = [axis for axis in range(len(shape)) if repeats(axis)]
    for i, other in enumerate(parts):
        if i == which:
            continue
        shift = len(shape) - len(other.shape)
        for axis in axes:
            own = axis - shift
            if own >= 0 and any(
                companion.shape[own + 1] > 1 and _covers(known, companion)
                for known, companion in ((gate.rows, other.rows), (gate.columns, other.columns))
            ):
                return True
    return False


def _covers(gate: Tensor, other: Tensor) -> bool:
    """Whether every interval of ``gate`` holds every interval of ``other``."""
    return bool(gate[iv.SEEN_START].max() <= other[iv.SEEN_START].min()) and bool(
        gate[iv.SEEN_END].max() <= other[iv.SEEN_END].min()
    )


@rule("_to_copy", "clone", "alias", "detach", "lift_fresh", "contiguous", "resolve_conj", "positive")
def _same(context: Context, op: Op, shapes: Sequence[tuple[int, ...]]) -> list[Intervals]:
    return [context.get(op.args[0])]


@rule("fill", "zero")
def _constant(context: Context, op: Op, shapes: Sequence[tuple[int, ...]]) -> list[Intervals]:
    return [iv.empty(shape) for shape in shapes]


@rule("copy")
def _copy(context: Context, op: Op, shapes: Sequence[tuple[int, ...]]) -> list[Intervals]:
    return [iv.join([context.get(op.args[1])], shapes[0])]


_MOVES: dict[str, Callable[..., Any]] = {"view": torch.reshape, "_unsafe_view": torch.reshape}


@rule(
    *["view", "_unsafe_view", "reshape", "permute", "transpose", "t", "cat", "stack", "split", "split_with_sizes"],
    *[
        "chunk",
        "slice",
        "select",
        "narrow",
        "roll",
        "index",
        "index_select",
        "gather",
        "unbind",
        "squeeze",
        "unsqueeze",
    ],
    *["repeat", "flip", "rot90", "unfold", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "where"],
    *["native_channel_shuffle", "movedim", "diagonal", "masked_fill", "slice_scatter", "select_scatter", "take"],
    *["swapaxes", "flatten", "unflatten", "split_copy", "repeat_interleave", "index_put"],
)
def _structural(context: Context, op: Op, shapes: Sequence[tuple[int, ...]]) -> list[Intervals]:
    """Elements move: the operation runs on the companions themselves."""
    data = [argument for argument in tree_leaves((op.args, op.kwargs), is_leaf=_is_tensor) if _is_tensor(argument)]
    chosen_by = [argument for argument in _choosers(op) if isinstance(argument, Ref)]
    if chosen_by:
        return _pointwise(context, op, shapes) if op.name.startswith(("where", "masked_fill")) else []
    kept = {id(argument) for argument in _choosers(op)}
    function = _MOVES.get(op.name, op.target)
    if op.name.endswith("_"):
        function = getattr(torch, op.name.removesuffix("_"), op.target)

    def move(pick: iv.Pick) -> Any:
        def put(argument: Any) -> Any:
            if isinstance(argument, Constant) and id(argument) in kept:
                return argument.tensor
            return pick(context.get(argument)) if _is_tensor(argument) else argument

        args, kwargs = tree_map(put, (op.args, op.kwargs), is_leaf=_is_tensor)
        if op.name == "masked_fill" or op.name == "masked_fill_":
            args = (*args[:2], iv.EMPTY)
        return function(*args, **kwargs)

    moved = [context.get(argument) for argument in data if id(argument) not in kept]
    return iv.structural(moved, move)


def _choosers(op: Op) -> list[Any]:
    """The arguments that say where elements go, rather than what they are."""
    name = op.name.removesuffix("_")
    if name in ("index", "index_put"):
        return [leaf for leaf in op.args[1] if leaf is not None]
    if name in ("index_select", "gather"):
        return [op.args[2]]
    if name in ("masked_fill", "take", "repeat_interleave"):
        return [leaf for leaf in op.args[1:2] if _is_tensor(leaf)]
    return [op.args[0]] if name == "where" else []


@rule("expand")
def _expand(context: Context, op: Op, shapes: Sequence[tuple[int, ...]]) -> list[Intervals]:
    value = context.get(op.args[0])
    made = iv.join([value], shapes[0])
    offset = len(shapes[0]) - len(value.shape)
    repeated = [
        axis for axis, n in enumerate(shapes[0]) if n > 1 and (axis < offset or value.shape[axis - offset] == 1)
    ]
    kept = [axis + offset for axis in value.expanded]
    return [Intervals(made.shape, made.rows, made.columns, made.mixed, frozenset([*repeated, *kept]))]


@rule("write")
def _write(context: Context, op: Op, shapes: Sequence[tuple[int, ...]]) -> list[Intervals]:
    memory, value, root, place = op.args
    moved = [context.get(memory), context.get(value)]

    def move(pick: iv.Pick) -> Tensor:
        base = _laid_out(pick(moved[0]), root)
        _part(base, root, place).copy_(pick(moved[1]))
        return base

    return iv.structural(moved, move)


@rule("read")
def _read(context: Context, op: Op, shapes: Sequence[tuple[int, ...]]) -> list[Intervals]:
    memory, root, place = op.args
    value = context.get(memory)
    return iv.structural([value], lambda pick: _part(_laid_out(pick(value), root), root, place).clone())


def _laid_out(companion: Tensor, root: Geometry) -> Tensor:
    size = 1 + sum((n - 1) * step for n, step in zip(root.shape, root.stride, strict=True))
    base = torch.full((size,), iv.EMPTY).as_strided(root.shape, root.stride)
    return base.copy_(companion)


def _part(base: Tensor, root: Geometry, place: Geometry) -> Tensor:
    return base.as_strided(place.shape, place.stride, place.offset - root.offset)


_REDUCTIONS = ["mean", "sum", "nansum", "amax", "amin", "aminmax", "max", "min", "std", "var", "var_mean", "std_mean"]
_REDUCTIONS += ["prod", "any", "all", "argmax", "argmin", "median", "logsumexp", "linalg_vector_norm", "norm", "mode"]
_REDUCTIONS += ["count_nonzero", "nanmean"]


@rule(*_REDUCTIONS)
def _reduce(context: Context, op: Op, shapes: Sequence[tuple[int, ...]]) -> list[Intervals]:
    """Each element reads all elements along the axes that go; two tensors are compared element by element."""
    given = bound(op)
    if "other" in given:
        return _pointwise(context, op, shapes)
    value = context.get(op.args[0])
    axes = given.get("dim")
    listed = range(len(value.shape)) if axes is None or axes == [] else [axes] if isinstance(axes, int) else axes
    made = iv.reduce(value, list(listed))
    if any(value.varies(axis % len(value.shape)) for axis in listed):
        made = made.because(MEAN)
    shape = shapes[0]
    if len(shape) != len(made.shape):
        keep = [axis for axis in range(len(made.shape)) if axis not in {a % len(made.shape) for a in listed}]
        made = iv.reduce(value, list(listed), keep=False).because(*made.mixed) if keep or not shape else made
    return [made] * len(shapes)


@rule("softmax", "_softmax", "log_softmax", "_log_softmax", "sort", "topk", "cumsum", "cumprod", "logcumsumexp")
def _mix_axis(context: Context, op: Op, shapes: Sequence[tuple[int, ...]]) -> list[Intervals]:
    """Each element reads all elements along one axis."""
    value, axis = context.get(op.args[0]), bound(op)["dim"]
    if isinstance(axis, bool) or not isinstance(axis, int):
        return []
    made = iv.spread(iv.reduce(value, [axis]), shapes[0])
    if value.varies(axis % len(value.shape)):
        made = made.because(f"a {op.name.strip('_')} over the whole map")
    return [made] * len(shapes)


@rule("glu")
def _glu(context: Context, op: Op, shapes: Sequence[tuple[int, ...]]) -> list[Intervals]:
    value, axis = context.get(op.args[0]), bound(op)["dim"]
    halves = iv.structural([value], lambda pick: torch.chunk(pick(value), 2, dim=axis))
    return [iv.join(halves, shapes[0])]


@rule("mm", "bmm", "addmm", "baddbmm", "mv", "addmv", "dot", "addbmm", "linear", "matmul")
def _product(context: Context, op: Op, shapes: Sequence[tuple[int, ...]]) -> list[Intervals]:
    """A matrix product: rows of the left and columns of the right."""
    adds = op.name.startswith(("add", "badd"))
    left, right = context.get(op.args[adds]), context.get(op.args[adds + 1])
    shape = shapes[0]
    if op.name.removesuffix("_") not in ("mm", "bmm", "addmm", "baddbmm"):
        hull = iv.join([iv.reduce(p, range(len(p.shape)), keep=False) for p in (left, right)], ())
        return [iv.join([hull], shape).because(LINEAR)]
    reason = ATTENTION if not left.constant and not right.constant else LINEAR
    parts = [iv.reduce(left, [-1]), iv.reduce(right, [-2])]
    mixes = left.varies(len(left.shape) - 1) or right.varies(len(right.shape) - 2)
    if adds and isinstance(op.args[0], Ref):
        parts.append(context.get(op.args[0]))
    made = iv.join(parts, shape)
    return [made.because(reason) if mixes else made]


_ATTENTION = ["_scaled_dot_product_flash_attention_for_cpu", "_scaled_dot_product_flash_attention"]
_ATTENTION += ["_scaled_dot_product_efficient_attention", "_scaled_dot_product_cudnn_attention"]
_ATTENTION += ["scaled_dot_product_attention", "_scaled_dot_product_attention_math"]


@rule(*_ATTENTION)
def _attention(context: Context, op: Op, shapes: Sequence[tuple[int, ...]]) -> list[Intervals]:
    query, key, value = (context.get(argument) for argument in op.args[:3])
    parts = [iv.reduce(query, [-1]), iv.reduce(key, [-1, -2]), iv.reduce(value, [-2])]
    parts += [iv.reduce(mask, [-1]) for mask in context.parts((op.args[3:], op.kwargs))]
    return [iv.join(parts, shapes[0]).because(ATTENTION)]


@rule("native_layer_norm", "layer_norm", "_fused_rms_norm", "rms_norm")
def _layer_norm(context: Context, op: Op, shapes: Sequence[tuple[int, ...]]) -> list[Intervals]:
    value, axes = context.get(op.args[0]), len(op.args[1])
    return [_normalised(context, value, range(len(value.shape) - axes, len(value.shape)), axes > 1)]


@rule("native_group_norm", "group_norm")
def _group_norm(context: Context, op: Op, shapes: Sequence[tuple[int, ...]]) -> list[Intervals]:
    value, groups = context.get(op.args[0]), int(bound(op).get("group", bound(op).get("num_groups", 1)))
    if context.hold and math.prod(value.shape[2:]) > 1:
        return [_normalised(context, value, (), True)]
    shape = (value.shape[0], groups, value.shape[1] // groups, *value.shape[2:])
    (split,) = iv.structural([value], lambda pick: pick(value).reshape(shape))
    joined = _normalised(context, split, range(2, len(shape)), math.prod(shape[3:]) > 1)
    return iv.structural([joined], lambda pick: pick(joined).reshape(value.shape))


_BATCH_NORMS = ["native_batch_norm", "cudnn_batch_norm", "miopen_batch_norm", "batch_norm", "_native_batch_norm_legit"]
_BATCH_NORMS += ["_native_batch_norm_legit_no_training", "_batch_norm_no_update", "_batch_norm_with_update"]


@rule(*_BATCH_NORMS)
def _batch_norm(context: Context, op: Op, shapes: Sequence[tuple[int, ...]]) -> list[Intervals]:
    """Fixed statistics change nothing; those of the picture itself (instance normalisation) read its whole map."""
    value = context.get(op.args[0])
    if not bound(op).get("training", bound(op).get("train", op.name.endswith("with_update"))):
        return [value]
    return [_normalised(context, value, [0, *range(2, len(value.shape))], math.prod(value.shape[2:]) > 1)]


def _normalised(context: Context, value: Intervals, axes: Sequence[int], over_map: bool) -> Intervals:
    if over_map:
        context.held.add(STATISTICS)
        if context.hold:
            return value
    return iv.spread(iv.reduce(value, axes), value.shape)
