"""What can be said of a declared model before its analysis: ``mkdocs-lurk inspect``."""

from __future__ import annotations

from typing import TypedDict

from PIL import Image

from mkdocs_lurk.errors import ImageError
from mkdocs_lurk.images.image_set import ImageSet
from mkdocs_lurk.images.sample import spread
from mkdocs_lurk.named_warnings import WarningRecord
from mkdocs_lurk.records.model_record import LayerInfo
from mkdocs_lurk.records.record_format import round_significant
from mkdocs_lurk.run.draft import describe_layer
from mkdocs_lurk.run.rehearsal import Rehearsed
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.text import as_text

_MEASURED = 256


class InputFacts(TypedDict):
    """The network's input: ``size`` is ``[c, h, w]``, in px."""

    size: list[int]
    mean: list[float]
    std: list[float]


class PictureSize(TypedDict):
    """A picture as it is read, before the transform, in px."""

    path: str
    width: int
    height: int


class PictureFacts(TypedDict):
    """The pictures: ``measured`` of them, spread evenly, were read to find the one of fewest and of most pixels."""

    count: int
    measured: int
    smallest: PictureSize
    largest: PictureSize


class Prediction(TypedDict):
    """The likeliest output for a picture; its name is its number where outputs have no names."""

    path: str
    label: str | None
    prediction: str
    probability: float


class Inspection(TypedDict):
    """All of it.

    ``classes`` are the names of the outputs; those of the pictures where outputs have none. ``notes`` are sentences
    of the model's page. ``warnings`` are those that are known before an analysis. ``skipped_layers`` says why
    layers have no page.
    """

    name: str
    title: str
    source: str
    parameters: int
    input: InputFacts
    images: PictureFacts
    classes: list[str]
    predictions: list[Prediction]
    notes: list[str]
    warnings: list[WarningRecord]
    layers: list[LayerInfo]
    skipped_layers: dict[str, str]


def inspect_session(session: Session) -> Inspection:
    """Describe a model whose network and pictures are loaded, and whose rehearsal went well."""
    transform, network, addresses = session.transform, session.network, session.search.addresses
    return {
        "name": session.config.name,
        "title": session.config.title,
        "source": session.config.source,
        "parameters": session.loaded.parameters,
        "input": {
            "size": list(network.input_size),
            "mean": list(transform.mean),
            "std": list(transform.std),
        },
        "images": _describe_pictures(session.images),
        "classes": list(session.rehearsed.classes.names or session.images.labels),
        "predictions": _predictions(session.rehearsed, session.images),
        "notes": [*session.notes, *session.notes_on_gradients],
        "warnings": session.warnings_at_start,
        "layers": [describe_layer(network, layer, addresses[layer.name]) for layer in session.layers],
        "skipped_layers": session.search.skipped,
    }


def _describe_pictures(images: ImageSet) -> PictureFacts:
    """Read some pictures, and find the smallest and the largest.

    Raises:
        ImageError: Not one of them can be read.
    """
    count = len(images)
    sizes: list[PictureSize] = []
    unreadable: ImageError | None = None
    for image in spread(count, _MEASURED):
        try:
            picture = images.open(image)
        except ImageError as error:
            unreadable = unreadable or error
            continue
        width, height = picture.size if isinstance(picture, Image.Image) else (picture.shape[1], picture.shape[0])
        sizes.append({"path": as_text(images.entries[image].path), "width": width, "height": height})
    if not sizes:
        raise ImageError(
            f"not one of the pictures that were measured can be read ({unreadable}); repair or replace them"
        ) from unreadable
    sizes.sort(key=lambda size: size["width"] * size["height"])
    return {"count": count, "measured": len(sizes), "smallest": sizes[0], "largest": sizes[-1]}


def _predictions(rehearsed: Rehearsed, images: ImageSet) -> list[Prediction]:
    """Return the likeliest output for each picture of the rehearsal whose outputs are finite; none without classes."""
    names = rehearsed.classes.names
    if rehearsed.outputs is None or rehearsed.outputs.shape[1] < 2:
        return []
    found: list[Prediction] = []
    for image, probabilities in zip(rehearsed.images, rehearsed.outputs.softmax(1), strict=True):
        if not bool(probabilities.isfinite().all()):
            continue
        entry, best = images.entries[image], int(probabilities.argmax())
        found.append(
            {
                "path": as_text(entry.path),
                "label": entry.label,
                "prediction": names[best] if names else f"output {best}",
                "probability": round_significant(float(probabilities[best]), 4),
            }
        )
    return found
