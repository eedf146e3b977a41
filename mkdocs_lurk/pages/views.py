"""Parts of sheets as pages without JavaScript show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mkdocs_lurk.pages.sheets import Spot, is_sharp

_FIELD_SHOWN_PX = 48


@dataclass(frozen=True)
class View:
    """A part of an atlas, as an SVG shows it: the sheet's address and size, the part's rectangle, a text for it."""

    src: str
    sheet_width: int
    sheet_height: int
    x: int
    y: int
    width: int
    height: int
    text: str
    shown_width: int
    shown_height: int

    @property
    def box(self) -> str:
        """The rectangle as an SVG's ``viewBox``: without the rim into which smooth scaling mixes what lies beside."""
        rim = 0.0 if is_sharp(self.width, self.height) else max(0.5, self.width / self.shown_width / 2)
        edges = (self.x + rim, self.y + rim, self.width - 2 * rim, self.height - 2 * rim)
        return " ".join(f"{edge:g}" for edge in edges)

    @property
    def pixelated(self) -> bool:
        """Whether it has so few pixels that they should be seen as squares."""
        return is_sharp(self.width, self.height) and self.shown_width > self.width


@dataclass(frozen=True)
class Marked:
    """A view with a rectangle drawn upon it: x, y, width and height in the sheet's pixels."""

    view: View
    x: float
    y: float
    width: float
    height: float


def marked(shown: View, box: Sequence[int], size: Sequence[int]) -> Marked:
    """Draw a box upon a view of a whole photo.

    Args:
        shown: The photo, at whatever size it is kept.
        box: Top, left, bottom and right, in pixels of the network's input.
        size: Height and width of the network's input.
    """
    down, across = shown.height / size[0], shown.width / size[1]
    top, left, bottom, right = box
    edges = left * across, top * down, (right - left) * across, (bottom - top) * down
    x, y, width, height = (round(edge, 2) for edge in edges)
    return Marked(shown, shown.x + x, shown.y + y, width, height)


def view(spot: Spot, sizes: Mapping[str, tuple[int, int]], text: str, shown_px: int, slug: str = "") -> View:
    """Show a spot so that its longer side is ``shown_px``.

    Args:
        spot: What to show.
        sizes: Width and height of every sheet, in pixels.
        text: What it shows, in words.
        shown_px: The longer side on the page.
        slug: The layer whose folder the page is in; the model's where it is empty.
    """
    src = spot.src.removeprefix(f"{slug}/") if slug else spot.src
    scale = shown_px / max(spot.width, spot.height)
    shown = max(1, round(spot.width * scale)), max(1, round(spot.height * scale))
    return View(src, *sizes[spot.src], spot.x, spot.y, spot.width, spot.height, text, *shown)


def field_upon_photo(
    filters: Sequence[Mapping[str, Any]],
    size: Sequence[int],
    thumbs: Sequence[Spot | None],
    sizes: Mapping[str, tuple[int, int]],
) -> Marked | None:
    """What one unit sees: the largest box of all, since others are cut off by an edge, drawn upon its photo.

    Args:
        filters: Records of a layer's filters.
        size: Height and width of the network's input.
        thumbs: The photos' thumbnails, seen from the model's folder.
        sizes: Width and height of every file.
    """
    largest, best = 0, None
    for item in filters:
        ranked = item.get("top_max")
        for one in ranked[:1] if isinstance(ranked, list) else ():
            top, left, bottom, right = one["box"]
            spot = thumbs[one["image"]]
            if spot is not None and (bottom - top) * (right - left) > largest:
                largest, best = (bottom - top) * (right - left), (spot, one["box"])
    if best is None:
        return None
    spot, box = best
    beside = Spot(f"../{spot.src}", *spot.rect)
    shown = view(beside, {beside.src: sizes[spot.src]}, "What one unit sees, upon a photo", _FIELD_SHOWN_PX)
    return marked(shown, box, size)
