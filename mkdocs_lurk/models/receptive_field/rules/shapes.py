"""What operations do to intervals that move elements about, repeat them, or write them into shared memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

from mkdocs_lurk.models.receptive_field import intervals as iv
from mkdocs_lurk.models.receptive_field.intervals import Intervals
from mkdocs_lurk.models.receptive_field.rules.context import Context, Shapes, is_tensor, table
from mkdocs_lurk.models.receptive_field.rules.elementwise import pointwise
from mkdocs_lurk.models.tracing.operations import Constant, Geometry, Op, Ref


def _same(context: Context, op: Op, shapes: Shapes) -> list[Intervals]:
    return [context.get(op.args[0])]


def _constant(context: Context, op: Op, shapes: Shapes) -> list[Intervals]:
    return [iv.empty(shape) for shape in shapes]


def _copy(context: Context, op: Op, shapes: Shapes) -> list[Intervals]:
    return [iv.join([context.get(op.args[1])], shapes[0])]


_MOVES: dict[str, Callable[..., Any]] = {"view": torch.reshape, "_unsafe_view": torch.reshape}


def _structural(context: Context, op: Op, shapes: Shapes) -> list[Intervals]:
    """Elements move: the operation runs on the companions themselves."""
    data = [argument for argument in tree_leaves((op.args, op.kwargs), is_leaf=is_tensor) if is_tensor(argument)]
    chosen_by = [argument for argument in _choosers(op) if isinstance(argument, Ref)]
    if chosen_by:
        return pointwise(context, op, shapes) if op.name.startswith(("where", "masked_fill")) else []
    kept = {id(argument) for argument in _choosers(op)}
    function = _MOVES.get(op.name, op.target)
    if op.name.endswith("_"):
        function = getattr(torch, op.name.removesuffix("_"), op.target)

    def move(pick: iv.Pick) -> Any:
        def put(argument: Any) -> Any:
            if isinstance(argument, Constant) and id(argument) in kept:
                return argument.tensor
            return pick(context.get(argument)) if is_tensor(argument) else argument

        args, kwargs = tree_map(put, (op.args, op.kwargs), is_leaf=is_tensor)
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
        return [leaf for leaf in op.args[1:2] if is_tensor(leaf)]
    return [op.args[0]] if name == "where" else []


def _expand(context: Context, op: Op, shapes: Shapes) -> list[Intervals]:
    value = context.get(op.args[0])
    made = iv.join([value], shapes[0])
    offset = len(shapes[0]) - len(value.shape)
    repeated = [
        axis for axis, n in enumerate(shapes[0]) if n > 1 and (axis < offset or value.shape[axis - offset] == 1)
    ]
    kept = [axis + offset for axis in value.expanded]
    return [Intervals(made.shape, made.rows, made.columns, made.mixed, frozenset([*repeated, *kept]))]


def _write(context: Context, op: Op, shapes: Shapes) -> list[Intervals]:
    memory, value, root, place = op.args
    moved = [context.get(memory), context.get(value)]

    def move(pick: iv.Pick) -> Tensor:
        base = _laid_out(pick(moved[0]), root)
        _part(base, root, place).copy_(pick(moved[1]))
        return base

    return iv.structural(moved, move)


def _read(context: Context, op: Op, shapes: Shapes) -> list[Intervals]:
    memory, root, place = op.args
    value = context.get(memory)
    return iv.structural([value], lambda pick: _part(_laid_out(pick(value), root), root, place).clone())


def _laid_out(companion: Tensor, root: Geometry) -> Tensor:
    size = 1 + sum((n - 1) * step for n, step in zip(root.shape, root.stride, strict=True))
    base = torch.full((size,), iv.EMPTY).as_strided(root.shape, root.stride)
    return base.copy_(companion)


def _part(base: Tensor, root: Geometry, place: Geometry) -> Tensor:
    return base.as_strided(place.shape, place.stride, place.offset - root.offset)


RULES = table(
    (_same, "_to_copy clone alias detach lift_fresh contiguous resolve_conj positive"),
    (_constant, "fill zero"),
    (_copy, "copy"),
    (_expand, "expand"),
    (_write, "write"),
    (_read, "read"),
    (_structural, "view _unsafe_view reshape permute transpose t cat stack split split_with_sizes chunk slice select"),
    (_structural, "narrow roll index index_select gather unbind squeeze unsqueeze repeat flip rot90 unfold take where"),
    (_structural, "pixel_shuffle pixel_unshuffle channel_shuffle native_channel_shuffle movedim diagonal masked_fill"),
    (_structural, "slice_scatter select_scatter swapaxes flatten unflatten split_copy repeat_interleave index_put"),
)
