"""Pictures as pages without JavaScript show them: inline SVGs that show a region of a sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from mkdocs_lurk.pages.pictures.sheets import SheetRegion, Size, is_pixel_art
from mkdocs_lurk.records.model_record import FilterRecord
from mkdocs_lurk.records.response_records import BoxList

_FIELD_PX = 48


@dataclass(frozen=True)
class SvgPicture:
    """An SVG that shows a region of a sheet: the sheet's address and size, the region, a text, the size on the page."""

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
        """The region as the SVG's ``viewBox``, without the edge pixels that smooth scaling mixes with neighbours."""
        rim = 0.0 if is_pixel_art(self.width, self.height) else max(0.5, self.width / self.shown_width / 2)
        edges = (self.x + rim, self.y + rim, self.width - 2 * rim, self.height - 2 * rim)
        return " ".join(f"{edge:g}" for edge in edges)

    @property
    def pixelated(self) -> bool:
        """Whether it is enlarged pixel art, whose pixels are shown as squares."""
        return is_pixel_art(self.width, self.height) and self.shown_width > self.width


class PictureSummary(TypedDict):
    """The fields of an ``SvgPicture``."""

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


@dataclass(frozen=True)
class BoxedPicture:
    """A picture with a rectangle drawn upon it: x, y, width and height in the sheet's pixels."""

    view: SvgPicture
    x: float
    y: float
    width: float
    height: float


def svg_picture(
    region: SheetRegion, sizes: Mapping[str, Size], text: str, longer_side_px: int, slug: str = ""
) -> SvgPicture:
    """Show a region of a sheet.

    Args:
        region: The region.
        sizes: The size of every sheet.
        text: What it shows, in words.
        longer_side_px: Its longer side on the page.
        slug: The layer whose folder the page is in; empty for the model's page.
    """
    src = region.src.removeprefix(f"{slug}/") if slug else region.src
    scale = longer_side_px / max(region.width, region.height)
    shown_size = max(1, round(region.width * scale)), max(1, round(region.height * scale))
    return SvgPicture(src, *sizes[region.src], region.x, region.y, region.width, region.height, text, *shown_size)


def receptive_field_picture(
    filters: Sequence[FilterRecord],
    input_size: Sequence[int],
    thumbnails: Sequence[SheetRegion | None],
    sizes: Mapping[str, Size],
) -> BoxedPicture | None:
    """Draw the receptive field of one unit upon the photo that excites it most.

    The unit is the one with the largest box of all filters, since the picture's edges cut others off.

    Args:
        filters: Records of a layer's filters.
        input_size: Height and width of the network's input.
        thumbnails: The photos' thumbnails, relative to the model's folder.
        sizes: The size of every file.

    Returns:
        The picture for a page in a layer's folder; None if no filter has a box on a photo.
    """
    largest_area, largest = 0, None
    for item in filters:
        for best in item.get("top_max", [])[:1]:
            top, left, bottom, right = best["box"]
            region = thumbnails[best["image"]]
            if region is not None and (bottom - top) * (right - left) > largest_area:
                largest_area, largest = (bottom - top) * (right - left), (region, best["box"])
    if largest is None:
        return None
    region, box = largest
    src = f"../{region.src}"
    photo = svg_picture(
        SheetRegion(src, *region.rect),
        {src: sizes[region.src]},
        "A unit's receptive field, on a photo",
        _FIELD_PX,
    )
    return _draw_box(photo, box, input_size)


def _draw_box(photo: SvgPicture, box: BoxList, input_size: Sequence[int]) -> BoxedPicture:
    """Draw a box upon a whole photo, at whatever size the photo is published."""
    scale_y, scale_x = photo.height / input_size[0], photo.width / input_size[1]
    top, left, bottom, right = box
    edges = left * scale_x, top * scale_y, (right - left) * scale_x, (bottom - top) * scale_y
    x, y, width, height = (round(edge, 2) for edge in edges)
    return BoxedPicture(photo, photo.x + x, photo.y + y, width, height)
