"""Make, for a run of filters, the picture that excites each most, and score it as it is stored."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch
from numpy.typing import NDArray

from mkdocs_lurk.analysis.synthesis import Recipe, Statistics, Synthesis, synthesise
from mkdocs_lurk.images.encode import decode_picture, encode_picture, pack_pixels
from mkdocs_lurk.run.mining import Findings
from mkdocs_lurk.run.session import Session, Unit, runs

STAGE = "gradient ascent"
ALGORITHM = 1
FILTERS = 16
_SAMPLE = 256
_COST_A_STEP = 3.0
_DIGITS = 7


def forecast(session: Session) -> float:
    """The cost of the whole stage, before anything is known of the pictures."""
    return sum(_cost(session, number, len(_filters(session, number))) for number in range(len(session.layers)))


def statistics(session: Session, findings: Findings) -> Statistics | None:
    """What the model's own pictures look like: evenly spaced ones, as the network sees them."""
    if session.config.synthesis is None:
        return None
    n_images = len(session.images.entries)
    ids = [image for image in range(0, n_images, -(-n_images // _SAMPLE)) if image not in findings.skipped]
    pixels = [torch.from_numpy(session.pictures.pixels(image)).movedim(-1, 0) for image in ids]
    return Statistics.of(torch.stack([one / 255 if one.dtype == torch.uint8 else one for one in pixels]))


def units(session: Session, known: Statistics | None) -> list[Unit]:
    """The units of synthesis: runs of filters of a layer."""
    if known is None:
        return []
    recipe = dataclasses.asdict(_recipe(session))
    found = []
    for number, layer in enumerate(session.layers):
        for chosen in runs(_filters(session, number), FILTERS):
            key = session.key(
                "synthesise", ALGORITHM, layer.name, list(chosen), recipe, session.config.seed,
                str(session.fast_dtype), known.digest,
            )  # fmt: skip
            found.append(Unit(key, _cost(session, number, len(chosen)), layer.name, chosen))
    return found


def synthesise_run(session: Session, known: Statistics, unit: Unit) -> None:
    """Make and store the pictures of a run of filters."""
    transform = session.pictures.transform
    made = synthesise(
        session.fast,
        unit.layer,
        unit.items,
        mean=transform.mean,
        std=transform.std,
        size=(transform.channels, transform.height, transform.width),
        statistics=known,
        recipe=_recipe(session),
        seed=session.config.seed,
    )
    blobs: dict[str, bytes] = {}
    facts: dict[str, Any] = {}
    for index, one in zip(unit.items, made, strict=True):
        if one.failed is not None:
            facts[str(index)] = {"failed": one.failed}
            continue
        blobs[str(index)] = encode_picture(one.pixels)
        if one.pixels.shape[2] not in (1, 3):
            blobs[f"{index}/exact"] = pack_pixels(one.pixels)
        facts[str(index)] = _facts(session, unit.layer, index, one, _stored(one.pixels, blobs[str(index)]))
    session.store.put(unit.key, {"layer": unit.layer, "filters": facts}, blobs)


def _facts(session: Session, layer: str, index: int, one: Synthesis, pixels: NDArray[Any]) -> dict[str, Any]:
    """What is stored beside a picture: its score is that of the stored picture, on a clean pass in float32."""
    x = session.placed(session.pictures.transform.tensor(pixels)[None])
    with torch.inference_mode():
        score = float(session.probe.maps(x, layer, [index]).mean())
    return {
        "score": float(f"{score:.{_DIGITS}g}"),
        "steps": one.steps,
        "seed": one.seed,
        "robust": {"shift8": float(f"{one.robust_shift8:.4g}"), "scale10": float(f"{one.robust_scale10:.4g}")},
    }


def _stored(pixels: NDArray[Any], data: bytes) -> NDArray[Any]:
    """The picture as it will be read back."""
    return decode_picture(data)[:, :, : pixels.shape[2]] if pixels.shape[2] in (1, 3) else pixels


def _recipe(session: Session) -> Recipe:
    steps = session.config.synthesis.steps if session.config.synthesis else 0
    return Recipe(steps=steps)


def _filters(session: Session, number: int) -> tuple[int, ...]:
    layer = session.layers[number]
    return session.config.synthesis_filters(layer.name, layer.filters)


def _cost(session: Session, number: int, n_filters: int) -> float:
    steps = session.config.synthesis.steps if session.config.synthesis else 0
    macs = sum(layer.macs for layer in session.layers[: number + 1])
    return _COST_A_STEP * float(macs) * steps * n_filters
