"""Candidates and records of filters with planted properties."""

from __future__ import annotations

from typing import Any, cast

from mkdocs_lurk.pages.highlights.candidates import Candidate
from mkdocs_lurk.records.model_record import FilterRecord, ImageRecord, LayerInfo, PictureReference

PICTURE: PictureReference = {"unit": "u", "blob": "b", "size": [64, 64]}
BOX = [0, 0, 8, 8]


def candidate(index: int, images: tuple[int, ...] = (), layer: int = 0, **changes: Any) -> Candidate:
    """A filter whose best crops are from these images, or from one of its own."""
    fields: dict[str, Any] = {
        "label": "", "correlation": 0.0, "peak": 1.0, "gain": 1.0, "drawn": PICTURE, "shows_weights": False,
        "duplicate_of": frozenset(), "crops": tuple((image, BOX) for image in images or (100 * (layer + 1) + index,)),
    }  # fmt: skip
    return Candidate(layer=layer, index=index, **{**fields, **changes})


def images(labels: str, hidden: tuple[int, ...] = ()) -> list[ImageRecord]:
    """Pictures with labels of one letter."""
    made: list[ImageRecord] = []
    for number, label in enumerate(labels):
        image: ImageRecord = {"id": number, "path": f"{number}.jpg", "label": label, "width": 64, "height": 64}
        made.append(image if number in hidden else {**image, "picture": PICTURE})
    return made


def record(best: tuple[int, ...] = (0, 1, 2, 3), **changes: Any) -> FilterRecord:
    """A filter with its best images and a proven label; scores fall from 9 by one."""
    found: dict[str, Any] = {
        "index": 5,
        "top_max": [{"image": image, "score": 9.0 - rank, "box": BOX} for rank, image in enumerate(best)],
        "max_activ": {
            "picture": PICTURE, "score": 8.0, "ratio": 2.0, "won_by": None, "robust": {"shift8": 6.0, "scale10": 8.0},
        },
        "stats": {"dead": False, "mean": 1.0, "deviation": 2.0, "max": 4.0, "duplicate_of": [(7, 0.99)]},
        "label": {"any_of": ["a"], "correlation": 0.5, "threshold": 0.1, "n": 10, "members": 4},
    }  # fmt: skip
    return cast("FilterRecord", {**found, **changes})


def layers(*names_and_sides: tuple[str, int]) -> list[LayerInfo]:
    """Layers by name, with the side of their output."""
    return [cast("LayerInfo", {"name": name, "output": [4, side, side]}) for name, side in names_and_sides]
