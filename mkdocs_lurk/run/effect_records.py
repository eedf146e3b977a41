"""Write what filters contribute to classes as records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.analysis.class_contributions import ClassContributions
from mkdocs_lurk.models.loading.label_map import NO_OUTPUT
from mkdocs_lurk.records.effect_record import CutSum, EffectRecord, LayerEffect
from mkdocs_lurk.records.record_format import round_significant
from mkdocs_lurk.run.rehearsal import Rehearsed

_NAMED, _MAKERS, _DIGITS = 5, 4, 3


@dataclass(frozen=True, slots=True, eq=False)
class OutputNames:
    """Which pairs of a picture and an output count, and for which class.

    Attributes:
        by: Whether a picture counts for its right output, or, if none is known of any, for its largest one.
        names: The classes that occur, in the order of the outputs; outputs of one name are one class.
        of_pairs: ``(n_pairs,)`` int64, a place in ``names``; -1 for a pair that does not count.
    """

    by: Literal["right", "largest"]
    names: tuple[str, ...]
    of_pairs: NDArray[np.int64]

    @classmethod
    def of(cls, pairs: Iterable[Sequence[int]], rehearsed: Rehearsed) -> OutputNames:
        """Find the class of every pair of a picture and an output."""
        listed = [(image, output) for image, output in pairs]
        is_right = [rehearsed.targets[image] == output for image, output in listed]
        by: Literal["right", "largest"] = "right" if any(is_right) else "largest"
        counts = is_right if by == "right" else [True] * len(listed)
        known = rehearsed.classes.names
        outputs = sorted({output for (_, output), own in zip(listed, counts, strict=True) if own})
        names = {output: known[output] if known else f"output {output}" for output in outputs}
        places = {name: place for place, name in enumerate(dict.fromkeys(names.values()))}
        of_pairs = [
            places[names[output]] if own else NO_OUTPUT for (_, output), own in zip(listed, counts, strict=True)
        ]
        return cls(by, tuple(places), np.array(of_pairs, np.int64))


@dataclass(frozen=True, slots=True)
class LayerFound:
    """What was found of a layer: the records of its chosen filters, in their order, and of all of them together."""

    effects: list[EffectRecord]
    together: LayerEffect


def filter_effects(
    sums: ClassContributions, chosen: Sequence[int], outputs: OutputNames, steps: int, *, is_log: bool
) -> list[EffectRecord]:
    """Describe what the chosen filters of a layer contribute.

    Args:
        sums: The contributions of all filters of the layer by class.
        chosen: The filters to describe.
        outputs: The classes.
        steps: Steps along which the contributions are integrated; 0 if they are estimated.
        is_log: Whether they are to the logarithms of probabilities.
    """

    def named(found: Sequence[tuple[int, float, float]]) -> list[tuple[str, float, float]]:
        return [
            (outputs.names[own], round_significant(mean, _DIGITS), round_significant(error, 2))
            for own, mean, error in found
        ]

    raised, lowered = (sums.strongest(_NAMED, raised=raised) for raised in (True, False))
    return [
        {
            "by": outputs.by,
            "of": "log-probability" if is_log else "output",
            "steps": steps,
            "n": int(sums.counts.sum()),
            "compared": len(sums.compared),
            "share": round_significant(sums.shares[index], _DIGITS),
            "raises": named(raised[index]),
            "lowers": named(lowered[index]),
        }
        for index in chosen
    ]


def layer_effect(sums: ClassContributions, chosen: Sequence[int], outputs: OutputNames) -> LayerEffect:
    """List, for each class, the chosen filters of a layer that raise its output most."""
    return {
        "makers": [
            (outputs.names[own], [(index, round_significant(mean, _DIGITS)) for index, mean in makers])
            for own, makers in sums.makers(chosen, _MAKERS)
        ]
    }


def cut_sum(
    layer: str, cut: Sequence[str], totals: Mapping[str, NDArray[np.float64]], differences: NDArray[np.float64]
) -> CutSum:
    """Say what integrated contributions add up to over the cut that a layer belongs to.

    Args:
        layer: The layer.
        cut: All layers of the cut; empty if there is none.
        totals: By layer ``(n,)``, the sum of its filters' contributions for each picture.
        differences: ``(n,)``, what the contributions of a cut should add up to.
    """
    added = np.sum([totals[name] for name in cut or [layer]], axis=0)
    scale = float(np.abs(differences).mean())
    return {
        "layers": list(cut),
        "sum": round_significant(added.mean(), _DIGITS),
        "own": round_significant(totals[layer].mean(), _DIGITS),
        "difference": round_significant(differences.mean(), _DIGITS),
        "error": round_significant(np.abs(added - differences).mean() / scale, 2) if cut and scale else None,
    }
