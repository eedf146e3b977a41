"""Rules for operations that move elements, repeat them, or write them into memory that tensors share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

from mkdocs_lurk.models.receptive_field.intervals import EMPTY, ElementBounds, Intervals, hull, move_elements
from mkdocs_lurk.models.receptive_field.rules.context import Context, Shapes, is_tensor, rules_by_name
from mkdocs_lurk.models.receptive_field.rules.elementwise import pointwise
from mkdocs_lurk.models.tracing.operations import Constant, Geometry, Op, Ref, TorchFunction


def _same(context: Context, op: Op, output_shapes: Shapes) -> list[Intervals]:
    """Each element reads the element at its own position."""
    return [context.intervals_of(op.args[0])]


def _constant(context: Context, op: Op, output_shapes: Shapes) -> list[Intervals]:
    """The operation fills its output with a number."""
    return [Intervals.of_constant(shape) for shape in output_shapes]


def _copy(context: Context, op: Op, output_shapes: Shapes) -> list[Intervals]:
    """The second argument replaces the contents of the first."""
    return [hull([context.intervals_of(op.args[1])], output_shapes[0])]


# The bounds tensors need not be contiguous as the values were.
_WITHOUT_STRIDES: dict[str, Callable[..., Tensor]] = {"view": torch.reshape, "_unsafe_view": torch.reshape}


def _move(context: Context, op: Op, output_shapes: Shapes) -> list[Intervals]:
    """Elements move: the operation itself runs on the bounds tensors."""
    indices = _indices(op)
    if any(isinstance(argument, Ref) for argument in indices):
        return pointwise(context, op, output_shapes) if op.name.startswith(("where", "masked_fill")) else []
    index_ids = {id(argument) for argument in indices}
    function: TorchFunction = _WITHOUT_STRIDES.get(op.name, op.overload)
    if op.name.endswith("_"):
        function = getattr(torch, op.name.removesuffix("_"), op.overload)

    def run(bounds_of: ElementBounds) -> Tensor | Sequence[Tensor]:
        def replace(argument: object) -> object:
            if isinstance(argument, Constant) and id(argument) in index_ids:
                return argument.tensor
            return bounds_of(context.intervals_of(argument)) if is_tensor(argument) else argument

        args, kwargs = tree_map(replace, (op.args, op.kwargs), is_leaf=is_tensor)
        if op.name == "masked_fill" or op.name == "masked_fill_":
            args = (*args[:2], EMPTY)
        outputs: Tensor | Sequence[Tensor] = function(*args, **kwargs)
        return outputs

    tensors = [leaf for leaf in tree_leaves((op.args, op.kwargs), is_leaf=is_tensor) if is_tensor(leaf)]
    moved = [context.intervals_of(tensor) for tensor in tensors if id(tensor) not in index_ids]
    return move_elements(moved, run)


def _indices(op: Op) -> list[object]:
    """Return the arguments that say which elements go where, such as indices and masks."""
    name = op.name.removesuffix("_")
    if name in ("index", "index_put"):
        return [leaf for leaf in op.args[1] if leaf is not None]
    if name in ("index_select", "gather"):
        return [op.args[2]]
    if name in ("masked_fill", "take", "repeat_interleave"):
        return [leaf for leaf in op.args[1:2] if is_tensor(leaf)]
    return [op.args[0]] if name == "where" else []


def _expand(context: Context, op: Op, output_shapes: Shapes) -> list[Intervals]:
    """Elements are repeated along axes of size 1, which is remembered: the result may be a gate."""
    value, shape = context.intervals_of(op.args[0]), output_shapes[0]
    result = hull([value], shape)
    new_axes = len(shape) - len(value.shape)
    repeated = [
        axis for axis, size in enumerate(shape) if size > 1 and (axis < new_axes or value.shape[axis - new_axes] == 1)
    ]
    before = [axis + new_axes for axis in value.repeated_axes]
    axes = frozenset([*repeated, *before])
    return [Intervals(result.shape, result.rows, result.columns, result.global_reasons, axes)]


def _write(context: Context, op: Op, output_shapes: Shapes) -> list[Intervals]:
    """A value is written into a part of the memory that tensors share."""
    memory, value, root, place = op.args
    moved = [context.intervals_of(memory), context.intervals_of(value)]

    def write(bounds_of: ElementBounds) -> Tensor:
        base = _laid_out(bounds_of(moved[0]), root)
        _part(base, root, place).copy_(bounds_of(moved[1]))
        return base

    return move_elements(moved, write)


def _read(context: Context, op: Op, output_shapes: Shapes) -> list[Intervals]:
    """A value is read from a part of the memory that tensors share."""
    memory, root, place = op.args
    value = context.intervals_of(memory)
    return move_elements([value], lambda bounds_of: _part(_laid_out(bounds_of(value), root), root, place).clone())


def _laid_out(bounds: Tensor, root: Geometry) -> Tensor:
    """Copy bounds into memory of the geometry that the value has."""
    size = 1 + sum((n - 1) * step for n, step in zip(root.shape, root.stride, strict=True))
    base = torch.full((size,), EMPTY).as_strided(root.shape, root.stride)
    return base.copy_(bounds)


def _part(base: Tensor, root: Geometry, place: Geometry) -> Tensor:
    return base.as_strided(place.shape, place.stride, place.offset - root.offset)


RULES = rules_by_name(
    (_same, "_to_copy clone alias detach lift_fresh contiguous resolve_conj positive"),
    (_constant, "fill zero"),
    (_copy, "copy"),
    (_expand, "expand"),
    (_write, "write"),
    (_read, "read"),
    (_move, "view _unsafe_view reshape permute transpose t cat stack split split_with_sizes chunk slice select"),
    (_move, "narrow roll index index_select gather unbind squeeze unsqueeze repeat flip rot90 unfold take where"),
    (_move, "pixel_shuffle pixel_unshuffle channel_shuffle native_channel_shuffle movedim diagonal masked_fill"),
    (_move, "slice_scatter select_scatter swapaxes flatten unflatten split_copy repeat_interleave index_put"),
)
