"""What templates receive of filters that are worth seeing first, and the form in which a model's folder keeps it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TypedDict, cast

from mkdocs_lurk.pages.pictures.svg_pictures import PictureSummary, SvgPicture
from mkdocs_lurk.records.response_records import BoxList

CONTEXT_PX = 56
"""The least side of what is shown around a crop, in pixels of the input: a crop of 3 px tells nothing alone."""


@dataclass(frozen=True)
class MarkedPicture:
    """A part of a photo, with a crop's rectangle upon it, or none: x, y, width and height in the sheet's pixels."""

    view: SvgPicture
    mark: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class ShownFilter:
    """A filter on a panel or in a column.

    Attributes:
        place: The place of its layer among all, from 1.
        layer: The name of its layer.
        slug: The layer's folder.
        index: Its index.
        name: What it is called in texts: ``Filter 4 hammerhead of Classifier``.
        field: The receptive field of its layer, in words.
        label: Its label in words, where it is confirmed and the strongest pictures have it.
        correlation: The correlation of the label.
        crops: Its strongest crops with what surrounds them, the strongest first.
        drawn: Its synthesis, or its weights.
        shows_weights: Whether ``drawn`` is its weights.
    """

    place: int
    layer: str
    slug: str
    index: int
    name: str
    field: str
    label: str
    correlation: float
    crops: tuple[MarkedPicture, ...]
    drawn: SvgPicture | None
    shows_weights: bool

    @property
    def sentence(self) -> str:
        """What is known of the filter, in sentences."""
        text = f"{self.name}. Receptive field: {self.field}."
        if self.label:
            proof = f"r = {self.correlation:.2f} on pictures that did not choose this label"
            text += f" It responds most to {self.label} ({proof})."
        return text


@dataclass(frozen=True)
class ShownColumn:
    """A column of the network on one screen: layers that follow each other, and their best filters.

    Attributes:
        title: What the layers are called together.
        name: The dotted name that they share.
        layers: How many layers, in words.
        field: The side of the receptive field of the last of them, in words.
        filters: Their best filters.
    """

    title: str
    name: str
    layers: str
    field: str
    filters: tuple[ShownFilter, ...]


@dataclass(frozen=True)
class ShownFind:
    """An unusual or telling filter, or two: what it is called, what is unusual about it, and the filters."""

    title: str
    text: str
    filters: tuple[ShownFilter, ...]

    @property
    def has_pictures(self) -> bool:
        """Whether there is anything to see of it."""
        return any(one.crops or one.drawn for one in self.filters)


@dataclass(frozen=True)
class Highlights:
    """What any page can show of a model.

    Attributes:
        n_layers: The number of its layers.
        story: One filter of each stage.
        columns: The network on one screen.
        finds: Unusual and telling filters, one of each kind that the model has.
    """

    n_layers: int
    story: tuple[ShownFilter, ...] = ()
    columns: tuple[ShownColumn, ...] = ()
    finds: tuple[ShownFind, ...] = ()


class MarkedSummary(TypedDict):
    """The fields of a ``MarkedPicture``."""

    view: PictureSummary
    mark: tuple[float, float, float, float] | None


class FilterSummary(TypedDict):
    """The fields of a ``ShownFilter``."""

    place: int
    layer: str
    slug: str
    index: int
    name: str
    field: str
    label: str
    correlation: float
    crops: list[MarkedSummary]
    drawn: PictureSummary | None
    shows_weights: bool


class ColumnSummary(TypedDict):
    """The fields of a ``ShownColumn``."""

    title: str
    name: str
    layers: str
    field: str
    filters: list[FilterSummary]


class FindSummary(TypedDict):
    """The fields of a ``ShownFind``."""

    title: str
    text: str
    filters: list[FilterSummary]


class HighlightsSummary(TypedDict):
    """The fields of ``Highlights``."""

    n_layers: int
    story: list[FilterSummary]
    columns: list[ColumnSummary]
    finds: list[FindSummary]


NO_HIGHLIGHTS: HighlightsSummary = {"n_layers": 0, "story": [], "columns": [], "finds": []}


def summarise(highlights: Highlights) -> HighlightsSummary:
    """Return highlights as JSON."""
    return cast("HighlightsSummary", asdict(highlights))


def from_summary(summary: HighlightsSummary, address: Callable[[str], str]) -> Highlights:
    """Read highlights back.

    Args:
        summary: What ``summarise`` returned.
        address: Turns the address of a picture in the model's folder into one for the page.
    """
    return Highlights(
        summary["n_layers"],
        tuple(_filter(one, address) for one in summary["story"]),
        tuple(
            ShownColumn(
                column["title"],
                column["name"],
                column["layers"],
                column["field"],
                tuple(_filter(one, address) for one in column["filters"]),
            )
            for column in summary["columns"]
        ),
        tuple(
            ShownFind(find["title"], find["text"], tuple(_filter(one, address) for one in find["filters"]))
            for find in summary["finds"]
        ),
    )


def summary_filters(summary: HighlightsSummary) -> list[FilterSummary]:
    """Return every filter of a summary."""
    groups = [*summary["columns"], *summary["finds"]]
    return [*summary["story"], *(one for group in groups for one in group["filters"])]


def summary_pictures(summary: HighlightsSummary) -> Iterator[PictureSummary]:
    """Yield every picture of a summary."""
    for one in summary_filters(summary):
        yield from (crop["view"] for crop in one["crops"])
        if one["drawn"] is not None:
            yield one["drawn"]


def context_window(box: BoxList, frame: Sequence[int]) -> BoxList:
    """Return the part of a photo to show around a crop: ``CONTEXT_PX`` a side at least, inside the photo.

    Args:
        box: The crop.
        frame: Height and width of the photo.
    """
    window = []
    for axis in (0, 1):
        start, end = box[axis], box[axis + 2]
        side = min(frame[axis], max(CONTEXT_PX, end - start))
        first = min(max(0, (start + end - side) // 2), frame[axis] - side)
        window.append((first, first + side))
    return [window[0][0], window[1][0], window[0][1], window[1][1]]


def mark_crop(view: SvgPicture, window: BoxList, box: BoxList) -> MarkedPicture:
    """Draw a crop's box upon the picture of the window around it; none where the window is no larger.

    Args:
        view: The picture of the window, at whatever size.
        window: The window.
        box: The crop's box, in the same pixels.
    """
    if window == box:
        return MarkedPicture(view)
    height, width = window[2] - window[0], window[3] - window[1]
    scale_y, scale_x = view.height / height, view.width / width
    edges = (
        view.x + (box[1] - window[1]) * scale_x,
        view.y + (box[0] - window[0]) * scale_y,
        (box[3] - box[1]) * scale_x,
        (box[2] - box[0]) * scale_y,
    )
    x, y, box_width, box_height = (round(edge, 2) for edge in edges)
    return MarkedPicture(view, (x, y, box_width, box_height))


def _filter(summary: FilterSummary, address: Callable[[str], str]) -> ShownFilter:
    drawn = summary["drawn"]
    crops = tuple(MarkedPicture(_picture(crop["view"], address), crop["mark"]) for crop in summary["crops"])
    rest = {**summary, "crops": crops, "drawn": None if drawn is None else _picture(drawn, address)}
    return ShownFilter(**rest)  # type: ignore[arg-type]  # the fields of a dictionary of mixed values


def _picture(summary: PictureSummary, address: Callable[[str], str]) -> SvgPicture:
    picture = SvgPicture(**summary)
    return replace(picture, src=address(picture.src))
