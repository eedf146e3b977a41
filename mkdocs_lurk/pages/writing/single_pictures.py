"""One picture of a filter as a file of its own, for pages that name it by an address."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.errors import ConfigError, near
from mkdocs_lurk.files import atomic_write
from mkdocs_lurk.images.webp import decode_picture, encode_picture
from mkdocs_lurk.pages.embed import join_address
from mkdocs_lurk.pages.model_records import is_computed
from mkdocs_lurk.pages.site import Site
from mkdocs_lurk.records.results_records import FilterResult, ModelResults, Picture

KINDS = ("crop", "photo", "gradient", "crop-gradient", "mean-photo", "mean-gradient", "synthesis", "kernel")
"""What an address can name; all but the last two with a rank from 0 on, as in ``crop.0``."""
NO_PICTURE = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='112' height='112'%3E%3Crect width='112' "
    "height='112' fill='%23888' fill-opacity='.2'/%3E%3Cpath d='M0 0L112 112M112 0L0 112' stroke='%23888'/%3E%3C/svg%3E"
)
"""The address of a grey square, which stands for a picture that is not computed yet."""
LEAST_PX = 96
"""A picture is enlarged up to this longer side: a crop of the first layer has a few pixels only."""
_NAME = re.compile(r"(?P<kind>[a-z-]+)(?:\.(?P<rank>\d{1,4}))?")
_RANKLESS = KINDS[-2:]


@dataclass(frozen=True)
class SinglePicture:
    """A rectangle of a published sheet.

    Attributes:
        uri: The address of its own file under the site.
        sheet: The sheet's path on disk.
        rect: ``[x, y, width, height]`` in the sheet.
    """

    uri: str
    sheet: Path
    rect: Sequence[int]

    def write(self, path: Path) -> None:
        """Write the picture as a WebP file, without further loss; of a small one, each pixel becomes a square."""
        x, y, width, height = self.rect
        times = max(1, LEAST_PX // max(width, height))
        cut = _decoded(self.sheet)[y : y + height, x : x + width]
        pixels = np.ascontiguousarray(cut.repeat(times, axis=0).repeat(times, axis=1))
        with atomic_write(path, durable=False) as file:
            file.write(encode_picture(pixels))


def find_picture(item: FilterResult, folder: str, name: str, site: Site) -> SinglePicture:
    """Find a published picture of a filter.

    Args:
        item: The filter's results.
        folder: The folder of its layer under the site.
        name: ``KIND.RANK``, or ``synthesis`` or ``kernel``.
        site: What was generated.

    Raises:
        ConfigError: There is none of that name, or it is not published.
    """
    parts = _NAME.fullmatch(name)
    kind = parts["kind"] if parts else name
    if parts is None or kind not in KINDS or (parts["rank"] is None) != (kind in _RANKLESS):
        hint = near(kind, KINDS) or f"; give {', '.join(KINDS[:-2])} with a rank (crop.0), or synthesis or kernel"
        raise ConfigError(f"picture {name!r} of a filter is not known{hint}")
    picture = _picture(item, kind, int(parts["rank"] or 0), folder, site)
    if picture is None:
        raise ConfigError(
            f"filter {item['index']} has no picture {name!r} that is published; its page shows those that are"
        )
    sheet = join_address(folder, picture["src"])
    stem = f"filter-{item['index']}-{name.replace('.', '-')}"
    return SinglePicture(f"{folder}/{stem}.webp", site.path(sheet), picture["rect"])


def _picture(item: FilterResult, kind: str, rank: int, folder: str, site: Site) -> Picture | None:
    if kind == "synthesis":
        synthesis = item.get("max_activ")
        return synthesis["picture"] if is_computed(synthesis) else None
    if kind == "kernel":
        kernel = item.get("kernel")
        return kernel if is_computed(kernel) else None
    ranked = item.get("top_avg", []) if kind.startswith("mean-") else item.get("top_max", [])
    if rank >= len(ranked):
        return None
    entry = ranked[rank]
    if kind.endswith("photo"):
        return _photo(entry["image"], folder, site)
    key = {"crop": "crop", "crop-gradient": "crop_grad"}.get(kind, "grad")
    found = cast("Picture | None", entry.get(key))
    return found if is_computed(found) else None


def _photo(image: int, folder: str, site: Site) -> Picture | None:
    """Return a photo's picture, relative to the folder of a layer."""
    model = folder.rpartition("/")[0]
    picture = _model_results(site.path(f"{model}/results.json"))["images"][image]["picture"]
    return None if picture is None else {"src": f"../{picture['src']}", "rect": picture["rect"]}


@lru_cache(maxsize=4)
def _model_results(path: Path) -> ModelResults:
    return cast("ModelResults", json.loads(path.read_text("utf-8")))


@lru_cache(maxsize=2)
def _decoded(path: Path) -> NDArray[np.uint8]:
    return decode_picture(path.read_bytes())
