"""Apply the rule of each operation; one without a rule is taken to read the whole picture, and is named."""

from __future__ import annotations

from mkdocs_lurk.models.receptive_field import intervals as iv
from mkdocs_lurk.models.receptive_field.intervals import Intervals
from mkdocs_lurk.models.receptive_field.rules import reductions as mixing_rules
from mkdocs_lurk.models.receptive_field.rules import shapes as moving_rules
from mkdocs_lurk.models.receptive_field.rules import windows as window_rules
from mkdocs_lurk.models.receptive_field.rules.context import Context, IntervalRule, Shapes
from mkdocs_lurk.models.receptive_field.rules.elementwise import is_pointwise, pointwise
from mkdocs_lurk.models.tracing.operations import Op

RULES: dict[str, IntervalRule] = {**moving_rules.RULES, **mixing_rules.RULES, **window_rules.RULES}
UNKNOWN = "has no rule and is taken to read the whole picture"


def interpret(context: Context, op: Op, shapes: Shapes) -> list[Intervals]:
    """The intervals of what ``op`` returns, one for each of ``shapes``."""
    name = op.name
    plain = name if name in RULES or name.startswith("__") else name.removesuffix("_")
    found = RULES.get(plain)
    if found is None and not isinstance(op.target, str) and is_pointwise(op):
        found = pointwise
    made = found(context, op, shapes) if found is not None else []
    if not made:
        reason = f"operation {plain!r} {UNKNOWN}"
        return [context.hull((op.args, op.kwargs), shape, reason) for shape in shapes]
    # What a rule says nothing of are statistics that no later operation reads.
    return [*made, *(iv.empty(shape) for shape in shapes[len(made) :])][: len(shapes)]
