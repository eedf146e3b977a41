"""The made-up record of a single filter, and its pictures."""

from __future__ import annotations

from dataclasses import dataclass

from mkdocs_lurk.named_warnings import WarningRecord
from mkdocs_lurk.records.effect_record import EffectRecord
from mkdocs_lurk.records.model_record import (
    Connection,
    FilterRecord,
    PictureReference,
    RankedMaximum,
    RankedMean,
    Skipped,
    SynthesisRecord,
    Wiring,
)
from mkdocs_lurk.records.response_records import (
    ClassMeans,
    FacetCrop,
    FacetsRecord,
    FilterStats,
    LabelRecord,
    RangeEntry,
    TuningRecord,
)
from tests.pages.patterns import Draw

LABELS = ["cat", "dog", "zebra"]
SKIPPED_PHOTO = 4
DEAD_FILTER, UNSYNTHESISED_FILTER, DUPLICATE_FILTER = 1, 2, 3


@dataclass(frozen=True)
class FakeNetwork:
    """A network and its photos.

    Attributes:
        side: Height and width of the input, in pixels.
        layers: Name, number of filters and side of the receptive field of each layer.
        images: The number of photos; one cannot be read.
        draw: Draws every picture.
        warnings: What an analysis would have found that may mislead.
        draw_gradient: Draws gradients instead, if it is given.
    """

    side: int
    layers: tuple[tuple[str, int, int], ...]
    images: int
    draw: Draw
    warnings: tuple[WarningRecord, ...] = ()
    draw_gradient: Draw | None = None


class FakeFilter:
    """Makes the record of one filter, and the pictures that it refers to."""

    def __init__(self, network: FakeNetwork, layer: int, index: int, key: str) -> None:
        self._network, self._layer, self._index, self._key = network, layer, index, key
        self._blobs: dict[str, bytes] = {}
        self._scale = 0.0 if index == DEAD_FILTER else 10.0 / (index + 1)

    def record(self, blobs: dict[str, bytes]) -> FilterRecord:
        """Make the record; the pictures are added to ``blobs``."""
        self._blobs = blobs
        record: FilterRecord = {
            "index": self._index,
            "top_avg": self._top_avg(),
            "top_max": self._top_max(),
            "range": self._range(),
            "facets": self._facets(),
            "max_activ": {"skipped": "it was not chosen for a synthesis"}
            if self._index == UNSYNTHESISED_FILTER
            else self._synthesis(),
            "classes": self._classes(),
            "stats": self._stats(),
            "wiring": self._wiring(),
            "label": self._label(),
            "effect": self._effect(),
            "tuning": self._tuning(),
        }
        if self._layer == 0:
            record["kernel"] = self._picture("kernel", 3, 3)
        return record

    def _picture(self, name: str, height: int, width: int) -> PictureReference:
        seed = 1000 * (self._layer + 1) + self._index + len(self._blobs)
        network, is_gradient = self._network, name.startswith(("avg/", "max/"))
        name = f"{self._index}/{name}"
        self._blobs[name] = ((is_gradient and network.draw_gradient) or network.draw)(height, width, seed)
        return {"unit": self._key, "blob": name, "size": [width, height]}

    def _ranked(self, first: int) -> list[int]:
        images = ((first + j) % self._network.images for j in range(5))
        return [image for image in images if image != SKIPPED_PHOTO][:4]

    def _top_avg(self) -> list[RankedMean]:
        side = self._network.side
        return [
            {"image": image, "score": round(self._scale / 4 - n / 8, 4), "grad": self._picture(f"avg/{n}", side, side)}
            for n, image in enumerate(self._ranked(self._index))
        ]

    def _top_max(self) -> list[RankedMaximum]:
        side, index = self._network.side, self._index
        field = min(self._network.layers[self._layer][2], side - 1)
        maxima: list[RankedMaximum] = []
        for n, image in enumerate(self._ranked(index + 1)):
            top, left = (3 * index) % (side - field), (5 * n) % (side - field)
            box = [top, left, top + field, left + field]
            maxima.append(
                {
                    "image": image,
                    "score": round(self._scale - n / 2, 4),
                    "position": [top // 2, left // 2],
                    "box": box,
                    "field_box": [top - 1, left, top + field, left + field],
                    "field": "exact",
                    "grad_box": box,
                    "grad": self._picture(f"max/{n}", field, field),
                }
            )
        return maxima

    def _range(self) -> list[RangeEntry]:
        """The strongest, median and weakest picture, and the most negative."""
        best, *_, last = self._top_max()
        others = set(range(self._network.images)) - {SKIPPED_PHOTO} - set(self._ranked(self._index + 1))
        weakest: RankedMaximum = {**last, "image": max(others, default=last["image"])}
        entries: list[RangeEntry] = [
            {
                "quantile": quantile, "image": own["image"], "score": round(self._scale * quantile - 1 + quantile, 4),
                "position": own["position"], "box": own["box"], "field": "exact",
            }
            for quantile, own in ((1.0, best), (0.5, last), (0.0, weakest), (0.0, best))
        ]  # fmt: skip
        entries[-1] |= {"of": "minima", "score": -2.5}
        return entries

    def _facets(self) -> FacetsRecord | Skipped:
        """Two kinds of the even filters, one of the others."""
        if self._index == DEAD_FILTER:
            return {"skipped": "fewer than 8 pictures excite the filter"}
        crops: list[FacetCrop] = [
            {
                "image": one["image"], "score": one["score"], "position": one["position"], "box": one["box"],
                "field": "exact",
            }
            for one in self._top_max()
        ]  # fmt: skip
        found: FacetsRecord = {"n": 8, "clarity": 0.71, "polysemanticity": 0.12, "chance": 0.4, "groups": []}
        if self._index % 2 == 0:
            found |= {
                "clarity": 0.31, "polysemanticity": 0.78, "chance": 0.01,
                "groups": [
                    {"n": 4, "clarity": 0.8, "classes": [("cat", 3)], "others": [(1, 0.5, 0.1)], "crops": crops[:2]},
                    {"n": 4, "clarity": 0.7, "others": [(3, 0.4, 0.0), (1, 0.2, 0.1)], "crops": crops[2:]},
                ],
            }  # fmt: skip
        return found

    def _synthesis(self) -> SynthesisRecord:
        side, index = self._network.side, self._index
        return {
            "picture": self._picture("synthesis", side, side), "score": 21.5 - index, "steps": 64, "seed": 0,
            "robust": {"shift8": 20.0, "scale10": 19.5}, "ratio": None if index == DEAD_FILTER else 2.2 + index / 10,
            "won_by": "border" if index == DEAD_FILTER else None,
        }  # fmt: skip

    def _best_labels(self) -> list[str]:
        return LABELS[self._index % 3 :] + LABELS[: self._index % 3]

    def _classes(self) -> ClassMeans:
        means = [(label, round(self._scale / 2 - n / 3, 4)) for n, label in enumerate(self._best_labels())]
        return {"avg": means, "max": [(label, mean * 2) for label, mean in means]}

    def _stats(self) -> FilterStats:
        index, dead = self._index, self._index == DEAD_FILTER
        return {
            "dead": dead, "always_on": False, "mean": self._scale / 5, "deviation": self._scale / 8,
            "positive_share": 0.0 if dead else 0.5,
            "histogram": {"edges": [0.0, 1.0, 2.0, 3.0], "counts": [3, 2, 1]},
            "similar": [((index + 2) % 4, 0.8), (0, 0.5)],
            "duplicate_of": [(0, 0.99)] if index == DUPLICATE_FILTER else [],
            "selectivity": None if dead else {
                "index": 0.4 + index / 20, "class": self._best_labels()[0], "auc": 0.9, "clear": index % 4 != 2,
            },
            "max": self._scale,
        }  # fmt: skip

    def _label(self) -> LabelRecord:
        """A union, one class, or none above chance."""
        label: LabelRecord = {"any_of": [], "correlation": 0.05, "threshold": 0.11, "n": 3}
        if self._index % 3 != 2:
            label |= {
                "any_of": self._best_labels()[: 1 + self._index % 3], "correlation": 0.41, "members": 2, "mean": 2.5,
                "rest": 0.5, "coverage": 0.5, "misses": [(self._best_labels()[2], 1)],
            }  # fmt: skip
        return label

    def _effect(self) -> EffectRecord:
        """A class raised and one lowered; of every third filter none clearly."""
        best, other, _ = self._best_labels()
        clear = self._index % 3 != 2
        effect: EffectRecord = {
            "by": "right", "of": "output", "steps": 0, "n": 5, "compared": 2,
            "share": round(0.4 / (self._index + 1), 3),
            "raises": [(best, 0.84, 0.12)] if clear else [], "lowers": [(other, -0.31, 0.1)] if clear else [],
        }  # fmt: skip
        if self._layer == 1 and self._index < 2:
            effect["exact"] = {
                "random": self._index == 1, "n": 5, "change": -0.4, "estimated": -0.5, "right": (4, 3),
                "of_class": (best, 2, 2, 1, -0.8) if clear else None,
            }  # fmt: skip
        return effect

    def _tuning(self) -> TuningRecord | Skipped:
        if self._index == DEAD_FILTER:
            return {"skipped": "no picture excites the filter"}
        colour = round(0.9 - self._index / 10, 2)
        return {
            "n": 2,
            "kept": {
                "grey": round(1 - colour, 2), "blur": 0.7, "mirror": 1.02, "half": 0.5, "double": 0.9, "shuffled": 0.4,
            },
            "depends": {
                "colour": colour, "detail": 0.3, "mirror": 0.0, "orientation": None, "scale": 0.3, "shape": 0.6,
            },
        }  # fmt: skip

    def _wiring(self) -> Wiring:
        """Each layer reads from the one before it, the first one from the picture's channels."""
        layers = [("", 3, 0), *self._network.layers, None]
        before, after = layers[self._layer], layers[self._layer + 2]
        return {"inputs": self._connections(before), "outputs": self._connections(after)}

    def _connections(self, layer: tuple[str, int, int] | None) -> list[Connection]:
        if layer is None:
            return []
        name, filters, _ = layer
        return [(name, (self._index + n) % filters, round(0.8 - 0.6 * n, 2)) for n in range(3)]
