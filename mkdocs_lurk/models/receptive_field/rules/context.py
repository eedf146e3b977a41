"""What the rules of all operations share: their context, and access to the arguments of an operation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeGuard, TypeVar

from torch.utils._pytree import tree_leaves

from mkdocs_lurk.models.receptive_field.intervals import Intervals
from mkdocs_lurk.models.tracing.operations import Argument, Constant, Op, Ref

Shapes = Sequence[tuple[int, ...]]
Rule = TypeVar("Rule")


@dataclass(slots=True)
class Context:
    """What a rule may ask while the trace is interpreted.

    Attributes:
        height: Height of the picture, in pixels.
        width: Width of the picture, in pixels.
        gates_as_constants: Whether gates and statistics that are computed from a whole map are treated as constants.
        intervals: Intervals of the values that are still needed, by the value's id.
        constants: Sentences that say what was treated as a constant, or could be.
    """

    height: int
    width: int
    gates_as_constants: bool
    intervals: dict[int, Intervals]
    constants: set[str] = field(default_factory=set)

    def intervals_of(self, argument: Ref | Constant) -> Intervals:
        """Return the intervals of one tensor argument."""
        if isinstance(argument, Ref):
            return self.intervals[argument.id]
        return Intervals.of_constant(argument.tensor.shape)

    def intervals_in(self, arguments: object) -> list[Intervals]:
        """Return the intervals of every value in nested arguments; constants are left out."""
        leaves = tree_leaves(arguments, is_leaf=is_tensor)
        return [self.intervals[leaf.id] for leaf in leaves if isinstance(leaf, Ref)]

    def whole_picture(self, arguments: object, shape: Sequence[int], reason: str) -> Intervals:
        """Return intervals that cover the picture, for a new reason and for those of the arguments."""
        reasons = frozenset[str]().union(*(part.global_reasons for part in self.intervals_in(arguments)))
        return Intervals.of_whole_picture(shape, self.height, self.width, reason).with_reasons(*reasons)


IntervalRule = Callable[[Context, Op, Shapes], list[Intervals]]
"""Returns the intervals of an operation's outputs, given their shapes; an empty list if the rule does not apply."""


def arguments_by_name(op: Op) -> dict[str, Argument]:
    """Return the arguments of a torch operation by the names of its schema, defaults included."""
    schema = op.overload._schema.arguments
    arguments = {argument.name: argument.default_value for argument in schema if argument.has_default_value()}
    arguments.update({argument.name: value for argument, value in zip(schema, op.args, strict=False)})
    arguments.update(op.kwargs)
    return arguments


def is_tensor(argument: object) -> TypeGuard[Ref | Constant]:
    """Whether an argument stands for a tensor."""
    return isinstance(argument, (Ref, Constant))


def rules_by_name(*rows: tuple[Rule, str]) -> dict[str, Rule]:
    """Return rules by operation name, from pairs of a rule and the names of its operations, separated by spaces."""
    return {name: rule for rule, names in rows for name in names.split()}
