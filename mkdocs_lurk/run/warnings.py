"""Find what is to be warned about: from the set-up before an analysis, and from its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.analysis.chance import binomial_tail, is_at_chance
from mkdocs_lurk.analysis.class_order import find_other_order
from mkdocs_lurk.errors import join_first
from mkdocs_lurk.images.groups import SPLIT_NAMES, TRAINING_SPLITS
from mkdocs_lurk.images.image_set import ImageSet
from mkdocs_lurk.images.sample import Sample, look_at_sample
from mkdocs_lurk.images.transforms import CustomTransform, ResizeAndCrop, Transform
from mkdocs_lurk.named_warnings import WARNINGS, WarningRecord

_ENLARGEMENT = 2.0
_SOME = 0.1
"""Of the sampled pictures: a share above which something is no exception."""
_CLIPPED = 0.01
_UNUSED = 1 / 8
_WHOLE = 2e-3
"""What float32 may add to a whole number of 16 bits."""
_USUAL_MEAN, _USUAL_STD, _MOST_STD = 0.9, 2.5, 12.0
"""Of an input that was normalised once, magnitudes below the first two; twice, a deviation below the third."""


def warnings_at_start(images: ImageSet, transform: Transform) -> list[WarningRecord]:
    """Return the warnings that are known before anything is computed: from a sample of the pictures."""
    sample = look_at_sample(images, transform)
    found = [_split_classes(images.labels)]
    if sample is not None:
        found += [_enlarged(sample), _padded(sample, transform), _values(sample, transform)]
    return [warning for warning in found if warning is not None]


def random_layers_warning(names: Sequence[str], n_layers: int) -> WarningRecord | None:
    """Return the warning that the weights file holds nothing for some of ``n_layers`` layers; None if it does."""
    if not names:
        return None
    return WARNINGS["random-layers"].record(count=f"{len(names):,}", n=f"{n_layers:,}", names=join_first(names, 5))


def random_parts_warning(parts: Mapping[str, Sequence[str]], *, of_outputs: bool) -> WarningRecord | None:
    """Return the warning that the weights file holds nothing for parts that are not analysed; None if there are none.

    Args:
        parts: The parts, and for each the analysed layers that are computed from it.
        of_outputs: Whether the network's outputs are classes, which are computed from these parts.
    """
    if not parts:
        return None
    layers = list(dict.fromkeys(name for names in parts.values() for name in names))
    affected = [f"the layers {join_first(layers, 5)}"] if layers else []
    affected += ["the outputs, their classes and their evaluation"] if of_outputs else ["the outputs"]
    return WARNINGS["random-parts"].record(names=join_first(list(parts), 5), affected=" and of ".join(affected))


def shared_names_warning(
    shared: Mapping[str, Sequence[int]], labels: Sequence[str | None], targets: Sequence[int]
) -> WarningRecord | None:
    """Return the warning that pictures have a class whose name several outputs have; None if none have.

    Args:
        shared: The outputs of each such label.
        labels: The label of each picture.
        targets: The output that is right for each picture; -1 where none is known to be.
    """
    unknown = [label for label, target in zip(labels, targets, strict=True) if label in shared and target < 0]
    if not unknown:
        return None
    named = {str(label): shared[str(label)] for label in unknown}
    described = [f"{label}: {', '.join(map(str, outputs))}" for label, outputs in named.items()]
    first = next(iter(named))
    return WARNINGS["shared-names"].record(
        count=f"{len(unknown):,}",
        n=f"{len(labels):,}",
        shared=join_first(described, 3, "; "),
        label=first,
        output=named[first][0],
    )


def chance_warning(right: int, n: int, outputs: int) -> WarningRecord | None:
    """Return the warning that a network names classes no better than by guessing; None if it does.

    Args:
        right: Pictures whose likeliest output is their own class.
        n: Pictures whose class is an output.
        outputs: The network's outputs.
    """
    if not is_at_chance(right, n, outputs):
        return None
    p = binomial_tail(right, n, 1 / outputs)
    return WARNINGS["chance"].record(right=f"{right:,}", n=f"{n:,}", outputs=f"{outputs:,}", p=f"{p:.2g}")


def class_order_warning(names: Sequence[str], predicted: Sequence[tuple[int, int]]) -> WarningRecord | None:
    """Return the warning that predictions speak against the assumed order of the outputs; None if they do not.

    Args:
        names: The assumed names of the outputs.
        predicted: For each picture the output that its class is assumed to be, and the likeliest one.
    """
    other = find_other_order(predicted)
    if other is None:
        return None
    moved = [f"{names[assumed]!r} as output {output}" for assumed, output in sorted(other.outputs.items())]
    return WARNINGS["class-order"].record(
        right=f"{sum(assumed == output for assumed, output in predicted):,}",
        n=f"{len(predicted):,}",
        other=f"{other.right:,}",
        moved=join_first(moved, 5),
    )


def training_warning(split: str | None, n: int) -> WarningRecord | None:
    """Return the warning that an evaluation is about pictures that the network may have been trained on.

    Args:
        split: What the author calls the part of the dataset; None if nothing says so.
        n: Pictures that were evaluated.
    """
    if split is None or split.lower() not in TRAINING_SPLITS:
        return None
    return WARNINGS["training-pictures"].record(split=split, n=f"{n:,}")


def _split_classes(labels: Sequence[str]) -> WarningRecord | None:
    splits = [label for label in labels if label.lower() in SPLIT_NAMES]
    if not splits or (len(splits) == 1 and len(labels) > 1):  # a class may be called train, beside boat and bus
        return None
    first = next((label for label in splits if label.lower().startswith(("val", "test"))), splits[0])
    return WARNINGS["split-classes"].record(labels=", ".join(splits), first=first)


def _enlarged(sample: Sample) -> WarningRecord | None:
    factors = sample.resized_px / sample.short_sides_px
    affected = factors > _ENLARGEMENT
    if affected.mean() <= _SOME:
        return None
    typical = np.argsort(sample.short_sides_px[affected])[int(affected.sum()) // 2]
    return WARNINGS["enlarged"].record(
        share=_percent(affected),
        n=sample.n,
        from_px=f"{sample.short_sides_px[affected][typical]:.0f}",
        to_px=f"{sample.resized_px[affected][typical]:.0f}",
    )


def _padded(sample: Sample, transform: Transform) -> WarningRecord | None:
    affected = sample.filled < 0.5
    if affected.mean() <= _SOME:
        return None
    return WARNINGS["padded"].record(
        share=_percent(affected), n=sample.n, height=transform.height, width=transform.width
    )


def _values(sample: Sample, transform: Transform) -> WarningRecord | None:
    """Return the one warning that says most about the pictures' values."""
    scale = transform.scale if isinstance(transform, ResizeAndCrop) else None
    if scale is not None and scale.normalised and (sample.low >= 0 or float(sample.std.max()) > _MOST_STD):
        return WARNINGS["not-normalised"].record(
            low=f"{sample.low:.3g}", high=f"{sample.high:.3g}", mean=_listed(sample.mean)
        )
    if _is_normalised_twice(sample, transform):
        return WARNINGS["normalised-twice"].record(mean=_listed(sample.mean), std=_listed(sample.std), n=sample.n)
    if scale is not None and sample.outside > _CLIPPED:
        return WARNINGS["clipped"].record(
            share=f"{sample.outside:.0%}", low=f"{sample.pixel_low:.3g}", high=f"{sample.pixel_high:.3g}"
        )
    if scale is None and 0 < sample.brightest < _UNUSED:
        of_bits, likely = _depth(sample.brightest)
        return WARNINGS["unused-range"].record(high=f"{sample.brightest:.3g}", of_bits=of_bits, likely=likely)
    return None


def _depth(brightest: float) -> tuple[str, str]:
    """Say what the largest pixel, as a share of white, is in whole numbers of 8 or 16 bits, and what white may be."""
    for bits in (8, 16):
        white = 2**bits - 1
        value = round(brightest * white)
        if abs(value - brightest * white) < _WHOLE:
            return f": for {bits} bits that is {value:,} of {white}", str(2 ** value.bit_length() - 1)
    return "", f"{brightest:.3g}"


def _is_normalised_twice(sample: Sample, transform: Transform) -> bool:
    """Whether the input is far from mean 0 and deviation 1, and had values below 0 before the last normalisation.

    Pixels in 0..1 have a deviation of 0.5 at most, so that one normalisation with the usual 0.2 or more gives 2.5 at
    most; a second one divides a deviation of 1 by 0.2 to 0.35.
    """
    largest_std, largest_mean = float(sample.std.max()), float(np.abs(sample.mean).max())
    if isinstance(transform, CustomTransform) and not transform.tells_normalisation:
        return _USUAL_STD < largest_std < _MOST_STD
    is_far = largest_std > _USUAL_STD or largest_mean > _USUAL_MEAN
    return is_far and sample.below > _SOME


def _percent(affected: NDArray[np.bool_]) -> str:
    return f"{float(affected.mean()):.0%}"


def _listed(values: NDArray[np.float64]) -> str:
    """Return one number per channel; of many channels, the smallest and the largest."""
    if len(values) > 4:
        return f"{values.min():.3g} to {values.max():.3g}"
    return ", ".join(f"{value:.3g}" for value in values)
