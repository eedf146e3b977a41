"""What the rules of all operations share: what they may ask, and how they read an operation's arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch.utils._pytree import tree_leaves

from mkdocs_lurk.models.receptive_field import intervals as iv
from mkdocs_lurk.models.receptive_field.intervals import Intervals
from mkdocs_lurk.models.tracing.operations import Constant, Op, Ref

Shapes = Sequence[tuple[int, ...]]


@dataclass(slots=True)
class Context:
    """What a rule may ask while the trace is interpreted.

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
        leaves = tree_leaves(arguments, is_leaf=is_tensor)
        return [self.known[leaf.id] for leaf in leaves if isinstance(leaf, Ref)]

    def hull(self, arguments: Any, shape: Sequence[int], reason: str) -> Intervals:
        """Every element reads the whole picture."""
        mixed = frozenset[str]().union(*(part.mixed for part in self.parts(arguments)))
        return iv.whole(shape, self.height, self.width, reason).because(*mixed)


IntervalRule = Callable[[Context, Op, Shapes], list[Intervals]]
"""The intervals of what an operation returns, given the shapes; none at all where the rule cannot tell."""


def bound(op: Op) -> dict[str, Any]:
    """An operation's arguments by name, defaults included."""
    names = op.target._schema.arguments
    given = {argument.name: argument.default_value for argument in names if argument.has_default_value()}
    given.update({argument.name: value for argument, value in zip(names, op.args, strict=False)})
    given.update(op.kwargs)
    return given


def is_tensor(leaf: Any) -> bool:
    """Whether an argument stands for a tensor."""
    return isinstance(leaf, (Ref, Constant))


def table(*rows: tuple[IntervalRule, str]) -> dict[str, IntervalRule]:
    """Rules by name, from pairs of a rule and the names of its operations, parted by spaces."""
    return {name: rule for rule, names in rows for name in names.split()}
