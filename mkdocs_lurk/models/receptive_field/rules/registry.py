"""The rule of every operation; an operation without one is taken to read the whole picture, and is named."""

from __future__ import annotations

from mkdocs_lurk.models.receptive_field.intervals import Intervals
from mkdocs_lurk.models.receptive_field.rules import reductions, shapes, windows
from mkdocs_lurk.models.receptive_field.rules.context import Context, IntervalRule, Shapes
from mkdocs_lurk.models.receptive_field.rules.elementwise import is_pointwise, pointwise
from mkdocs_lurk.models.tracing.operations import Op

RULES: dict[str, IntervalRule] = {**shapes.RULES, **reductions.RULES, **windows.RULES}
NO_RULE = "has no rule and is taken to read the whole picture"


def apply_rule(context: Context, op: Op, output_shapes: Shapes) -> list[Intervals]:
    """Return the intervals of the operation's outputs, one for each of ``output_shapes``."""
    if not output_shapes:  # torch.equal, say, which returns a bool
        return []
    name = op.name
    plain_name = name if name in RULES or name.startswith("__") else name.removesuffix("_")
    rule = RULES.get(plain_name)
    if rule is None and not isinstance(op.target, str) and is_pointwise(op):
        rule = pointwise
    results = rule(context, op, output_shapes) if rule is not None else []
    if not results:
        reason = f"operation {plain_name!r} {NO_RULE}"
        return [context.whole_picture((op.args, op.kwargs), shape, reason) for shape in output_shapes]
    # A rule leaves out statistics that no later operation reads.
    missing = (Intervals.of_constant(shape) for shape in output_shapes[len(results) :])
    return [*results, *missing][: len(output_shapes)]
