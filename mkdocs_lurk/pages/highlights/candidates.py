"""Filters that may stand for a part of the network, and their order by what is known of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from mkdocs_lurk.pages.model_records import is_computed, is_dead, label_name, shows_preference
from mkdocs_lurk.records.model_record import FilterRecord, ImageRecord, PictureReference
from mkdocs_lurk.records.response_records import BoxList

_BORNE_OUT, _MOST_MEMBERS = 0.75, 0.5


@dataclass(frozen=True)
class Candidate:
    """What decides whether a filter is shown, and the pictures that would show it.

    Attributes:
        layer: The place of its layer in the model's list.
        index: Its index in the layer.
        label: Its label in words, where its strongest pictures have it; else empty.
        correlation: The correlation of that label on the pictures that did not choose it; 0 without a label.
        peak: By how many standard deviations the weakest of its strongest pictures exceeds the mean of its maxima.
        gain: The score of its synthesis over its highest response to a photo, times the share of the score that a shift
            by 8 px leaves, 1 at most; 0 where that is not known.
        crops: The image and the box of each published crop, the strongest first.
        drawn: Its weights, where it reads the picture itself; else its synthesis, where one shows what it responds to.
        shows_weights: Whether ``drawn`` is its weights.
        duplicate_of: Other filters of the layer that respond alike.
    """

    layer: int
    index: int
    label: str
    correlation: float
    peak: float
    gain: float
    crops: tuple[tuple[int, BoxList], ...]
    drawn: PictureReference | None
    shows_weights: bool
    duplicate_of: frozenset[int]

    @property
    def pictures_missing(self) -> int:
        """How many of the two kinds of pictures, crops and a drawn one, it lacks."""
        return (not self.crops) + (self.drawn is None)

    def repeats(self, other: Candidate) -> bool:
        """Whether it is a duplicate of another filter."""
        return self.layer == other.layer and (other.index in self.duplicate_of or self.index in other.duplicate_of)


def candidates(layer: int, filters: Sequence[FilterRecord], images: Sequence[ImageRecord]) -> list[Candidate]:
    """Return the filters of a layer that respond to some picture and have a picture to show.

    Args:
        layer: The place of the layer in the model's list.
        filters: Its filters.
        images: The model's pictures; one that is not published has no ``picture``.
    """
    found = [any_candidate(layer, item, images) for item in filters if not is_dead(item)]
    return [one for one in found if one.pictures_missing < 2]


def by_rank(choices: Sequence[Candidate]) -> list[Candidate]:
    """Order filters by the sum of three ranks: by their peak, their gain and the correlation of their label.

    A rank is the number of filters with a higher value. Filters with both kinds of pictures come before all others; of
    equal sums, the earlier layer and the lower index come first.
    """
    measures = [(-one.peak, -one.gain, -one.correlation) for one in choices]
    sorted_measures = [sorted(values) for values in zip(*measures, strict=True)]

    def order(one: Candidate) -> tuple[int, int, int, int]:
        own = (-one.peak, -one.gain, -one.correlation)
        ranks = sum(bisect_left(values, value) for values, value in zip(sorted_measures, own, strict=True))
        return one.pictures_missing, ranks, one.layer, one.index

    return sorted(choices, key=order)


def borne_out_label(item: FilterRecord, images: Sequence[ImageRecord]) -> tuple[str, float]:
    """Return a filter's proven label and its correlation, where the pictures beside it have it.

    A label is of mean responses: the pictures with the highest maxima may be others, and would contradict it. So three
    quarters of them must belong to it. Nor does a label say much that more than half of all pictures belong to. Of the
    members of groups nothing is known here.

    Returns:
        An empty text and 0 where there is no such label.
    """
    label, best = item.get("label"), item.get("top_max", [])
    if not is_computed(label) or not best or label.get("members", 0) > _MOST_MEMBERS * label["n"]:
        return "", 0.0
    members = sum(images[one["image"]]["label"] in label["any_of"] for one in best)
    if members < _BORNE_OUT * len(best):
        return "", 0.0
    return label_name(item) or "", label["correlation"]


def any_candidate(layer: int, item: FilterRecord, images: Sequence[ImageRecord]) -> Candidate:
    """Return what is known of a filter, dead or without pictures as it may be."""
    label, correlation = borne_out_label(item, images)
    stats, kernel = item.get("stats"), item.get("kernel")
    synthesis = item.get("max_activ")
    drawn = kernel if is_computed(kernel) else synthesis["picture"] if shows_preference(synthesis) else None
    return Candidate(
        layer=layer,
        index=item["index"],
        label=label,
        correlation=correlation,
        peak=_peak(item),
        gain=_gain(item),
        crops=tuple(
            (best["image"], best["box"]) for best in item.get("top_max", ()) if "picture" in images[best["image"]]
        ),
        drawn=drawn,
        shows_weights=is_computed(kernel),
        duplicate_of=frozenset(other for other, _ in stats["duplicate_of"]) if stats is not None else frozenset(),
    )


def _peak(item: FilterRecord) -> float:
    """Return by how many standard deviations the weakest of the strongest pictures exceeds the mean; 0 if unknown."""
    stats, best = item.get("stats"), item.get("top_max")
    if stats is None or not best or stats["deviation"] <= 0:
        return 0.0
    return (best[-1]["score"] - stats["mean"]) / stats["deviation"]


def _gain(item: FilterRecord) -> float:
    """Return the synthesis's score over the highest response to a photo, as far as a shift leaves it; 0 if unknown."""
    synthesis, stats = item.get("max_activ"), item.get("stats")
    if stats is None or stats["max"] <= 0 or not shows_preference(synthesis) or synthesis["score"] <= 0:
        return 0.0
    kept = min(synthesis["score"], max(0.0, synthesis["robust"]["shift8"]))
    return kept / stats["max"]
