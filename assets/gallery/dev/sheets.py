"""Photos, made-up pictures, and the sheets that hold them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

Pic = list[int]
"""Sheet, x, y, width and height, as the data scripts have a picture."""

_COLUMNS = 8
_PHOTOS_PER_SHEET = 16
_MAX_PHOTOS = 120
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


class Sheet:
    """Pictures in cells of equal size, in rows of eight.

    Args:
        number: The sheet's place in its script's list of sheets.
        side_px: A cell's side.
    """

    def __init__(self, number: int, side_px: int) -> None:
        self.number, self.side_px = number, side_px
        self._pictures: list[Image.Image] = []

    def add(self, picture: Image.Image) -> Pic:
        """Add a picture and return its place."""
        x, y = self._corner(len(self._pictures))
        self._pictures.append(picture)
        return [self.number, x, y, *picture.size]

    def save(self, path: Path) -> None:
        """Write the sheet; what no picture covers is mid-grey."""
        rows = max(1, -(-len(self._pictures) // _COLUMNS))
        sheet = Image.new("RGB", (_COLUMNS * self.side_px, rows * self.side_px), (128, 128, 128))
        for place, picture in enumerate(self._pictures):
            sheet.paste(picture, self._corner(place))
        sheet.save(path, quality=80)

    def _corner(self, place: int) -> tuple[int, int]:
        return place % _COLUMNS * self.side_px, place // _COLUMNS * self.side_px


class Photos:
    """Square photos with a label each.

    Args:
        folder: Folders of pictures by class.
        side_px: The side to which the photos are scaled.

    Attributes:
        images: The photos.
        paths: Their paths, as the pages show them.
        labels: Every label, in the order of the alphabet.
        places: For each photo its label's place in ``labels``.
        sheets: The names of the files that ``write`` leaves.
        pics: The place of each photo in these.
    """

    def __init__(self, folder: Path, side_px: int) -> None:
        files = [path for path in sorted(folder.glob("*/*"))[::3] if path.suffix.lower() in _SUFFIXES][:_MAX_PHOTOS]
        names = [path.parent.name.split("-")[-1].replace("_", " ") for path in files]
        self.images = [_square(Image.open(path).convert("RGB"), side_px) for path in files]
        self.paths = [f"{path.parent.name}/{path.name}" for path in files]
        self.labels = sorted(set(names))
        self.places = [self.labels.index(name) for name in names]
        self.side_px = side_px
        self.sheets: list[str] = []
        self.pics: list[Pic] = []

    def write(self, folder: Path) -> None:
        """Write the photos into few sheets."""
        for number, start in enumerate(range(0, len(self.images), _PHOTOS_PER_SHEET)):
            sheet = Sheet(number, self.side_px)
            self.pics += [sheet.add(photo) for photo in self.images[start : start + _PHOTOS_PER_SHEET]]
            self.sheets.append(f"photos-{number}.webp")
            sheet.save(folder / self.sheets[-1])


def gradient_of(photo: Image.Image) -> Image.Image:
    """The photo's fine edges around mid-grey, which look like a gradient."""
    fine, coarse = (np.asarray(photo.filter(ImageFilter.GaussianBlur(radius)), float) for radius in (0.5, 2))
    return Image.fromarray(np.clip(128 + 3 * (fine - coarse), 0, 255).astype(np.uint8))


def synthesis(seed: int, side_px: int) -> Image.Image:
    """A sum of coloured waves, which looks like a synthesis."""
    y, x = np.mgrid[:side_px, :side_px] / side_px
    rng = np.random.default_rng(seed)
    waves = np.zeros((side_px, side_px, 3))
    for _ in range(5):
        frequency_x, frequency_y = rng.normal(0, 12, 2)
        phase = 2 * np.pi * (frequency_x * x + frequency_y * y) + rng.random() * 6
        waves += np.sin(phase)[..., None] * rng.normal(0, 0.25, 3)
    return Image.fromarray((255 * np.clip(0.5 + waves / 2, 0, 1)).astype(np.uint8))


def random_crop(photo: Image.Image, side_px: int, rng: np.random.Generator) -> Image.Image:
    """A square part of a photo, scaled to ``side_px``."""
    side = min(side_px, *photo.size)
    left, top = (int(edge) for edge in rng.integers(0, photo.size[0] - side + 1, 2))
    return photo.crop((left, top, left + side, top + side)).resize((side_px, side_px))


def _square(photo: Image.Image, side_px: int) -> Image.Image:
    edge = min(photo.size)
    left, top = (photo.width - edge) // 2, (photo.height - edge) // 2
    return photo.crop((left, top, left + edge, top + edge)).resize((side_px, side_px))
