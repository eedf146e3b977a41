"""Parts of sheets as pages without JavaScript show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mkdocs_lurk.pages.atlas import Spot, is_sharp


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
