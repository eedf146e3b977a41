"""What a fence can show of a filter: pictures, a list of figures or a histogram, each of the published results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.embed import FilterPictures
from mkdocs_lurk.pages.model_records import is_computed
from mkdocs_lurk.pages.pictures.svg_pictures import SvgPicture
from mkdocs_lurk.records.results_records import FilterResult, ImageResult, Picture

_ROWS, _BAR_HEIGHT = 5, 48


class ListRow(NamedTuple):
    """A line of a list: what, and how much."""

    text: str
    value: str


class Bar(NamedTuple):
    """A bar of a histogram of 100 by 48 units: its left edge, its top and its size."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Part:
    """One thing that is shown of a filter; what it does not have is empty.

    Attributes:
        title: What lists and histograms are called; pictures need no title.
        pictures: Each with a line below it, which may be empty.
        ends: The lowest and the highest response of a histogram.
    """

    title: str = ""
    pictures: tuple[tuple[SvgPicture, str], ...] = ()
    rows: tuple[ListRow, ...] = ()
    bars: tuple[Bar, ...] = ()
    ends: tuple[str, str] = ("", "")

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.pictures or self.rows or self.bars)

    @property
    def is_plain(self) -> bool:
        """Whether it is pictures without lines below them."""
        return bool(self.pictures) and not self.has_lines

    @property
    def has_lines(self) -> bool:
        """Whether pictures have lines below them."""
        return any(line for _, line in self.pictures)


@dataclass(frozen=True)
class ShownFrom:
    """What parts are made from.

    Attributes:
        item: The filter's results.
        pictures: Turns published pictures into SVGs.
        images: The model's pictures.
        size_px: The longer side of a picture on the page.
    """

    item: FilterResult
    pictures: FilterPictures
    images: Sequence[ImageResult]
    size_px: int

    def view(self, picture: Picture, text: str) -> SvgPicture:
        """Show a published picture."""
        return self.pictures.svg(picture, f"Filter {self.item['index']}: {text}", self.size_px)

    def photo(self, image: int, text: str) -> SvgPicture | None:
        """Show a photo of the model; None if it is not published."""
        picture = self.images[image]["picture"]
        return None if picture is None else self.view({"src": f"../{picture['src']}", "rect": picture["rect"]}, text)


def _crops(source: ShownFrom) -> Part:
    maxima = enumerate(source.item.get("top_max", []), 1)
    return Part(pictures=tuple((source.view(one["crop"], f"crop {n}"), "") for n, one in maxima if "crop" in one))


def _photos(source: ShownFrom) -> Part:
    maxima = enumerate(source.item.get("top_max", []), 1)
    photos = (source.photo(one["image"], f"photo {n}") for n, one in maxima)
    return Part(pictures=tuple((photo, "") for photo in photos if photo is not None))


def _gradients(source: ShownFrom) -> Part:
    maxima = enumerate(source.item.get("top_max", []), 1)
    gradients = [(n, one.get("crop_grad") or one["grad"]) for n, one in maxima]
    return Part(pictures=tuple((source.view(grad, f"gradient {n}"), "") for n, grad in gradients if is_computed(grad)))


def _synthesis(source: ShownFrom) -> Part:
    synthesis = source.item.get("max_activ")
    if not is_computed(synthesis) or synthesis["won_by"] is not None:
        return Part()
    return Part(pictures=((source.view(synthesis["picture"], "picture made by gradient ascent"), ""),))


def _range(source: ShownFrom) -> Part:
    return Part(pictures=tuple(_quantiles(source)))


def _quantiles(source: ShownFrom) -> Iterator[tuple[SvgPicture, str]]:
    for entry in source.item.get("range", [])[::-1]:
        name = "most negative" if "of" in entry else f"{100 * entry['quantile']:.0f} %"
        photo = source.photo(entry["image"], f"photo at {name} of the responses")
        if photo is not None:
            yield photo, f"{name}: {formatting.score(entry['score'])}"


def _classes(source: ShownFrom) -> Part:
    means = source.item.get("classes", {"avg": [], "max": []})["max"][:_ROWS]
    return Part(
        "Mean highest response by class", rows=tuple(ListRow(name, formatting.score(mean)) for name, mean in means)
    )


def _wiring(source: ShownFrom) -> Part:
    wiring = source.item.get("wiring")
    if not is_computed(wiring):
        return Part()
    inputs = wiring["inputs"] if isinstance(wiring["inputs"], list) else []
    rows = [
        ListRow(
            f"{verb} filter {index} of {layer}" if layer else f"{verb} channel {index} of the picture",
            formatting.with_minus(f"{weight:+.2f}"),
        )
        for verb, connections in (("reads", inputs), ("is read by", wiring["outputs"]))
        for layer, index, weight in connections[:_ROWS]
    ]
    return Part("Strongest connections", rows=tuple(rows))


def _histogram(source: ShownFrom) -> Part:
    histogram = source.item["stats"]["histogram"] if "stats" in source.item else {"edges": [], "counts": []}
    counts, highest = histogram["counts"], max(histogram["counts"], default=0)
    if not highest:
        return Part()
    width = 100 / len(counts)
    bars = tuple(
        Bar(round(n * width, 2), round(_BAR_HEIGHT * (1 - count / highest), 2), round(width * 0.9, 2),
            round(_BAR_HEIGHT * count / highest, 2))
        for n, count in enumerate(counts)
    )  # fmt: skip
    edges = histogram["edges"]
    return Part("Photos by highest response", bars=bars, ends=(formatting.score(edges[0]), formatting.score(edges[-1])))


PARTS: dict[str, Callable[[ShownFrom], Part]] = {
    "crops": _crops,
    "photos": _photos,
    "gradients": _gradients,
    "synthesis": _synthesis,
    "range": _range,
    "histogram": _histogram,
    "classes": _classes,
    "wiring": _wiring,
}
"""What ``show`` can name of a filter."""
