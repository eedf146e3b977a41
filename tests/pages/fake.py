"""A small and complete set of results, made of seeded noise, in a store: what an analysis would have left."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.names import RESULTS_SCHEMA, slug
from mkdocs_lurk.store import Store, digest

Json = dict[str, Any]
LABELS = ["cat", "dog", "zebra"]
LAYERS = (("features.0", 5, 3), ("features.3", 8, 9))
SKIPPED_PHOTO = 4


def webp(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", lossless=True)
    return file.getvalue()


def picture(height: int, width: int, seed: int) -> np.ndarray:
    """A smooth pattern of its own, (h, w, 3) uint8."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    waves = [np.sin(2 * np.pi * (rng.uniform(0.5, 3) * x + rng.uniform(0.5, 3) * y) + rng.uniform(0, 6)) for _ in "rgb"]
    return ((np.stack(waves, -1) + 1) * 127.5).astype(np.uint8)


def drawn(height: int, width: int, seed: int) -> bytes:
    """The same as WebP."""
    return webp(picture(height, width, seed))


Draw = Callable[[int, int, int], bytes]
"""Makes a picture of a height and a width from a seed."""


@dataclass(frozen=True)
class Found:
    """A declared model and the key of its results, as the run room tells them."""

    config: ModelConfig
    key: str | None
    reason: str = ""


class Maker:
    """Makes the records of one model; ``side`` is the network's input, in pixels."""

    def __init__(
        self,
        store: Store,
        name: str,
        side: int,
        layers: Sequence[tuple[str, int, int]],
        images: int,
        draw: Draw = drawn,
    ) -> None:
        self.store, self.name, self.side, self.layers, self.images = store, name, side, tuple(layers), images
        self.draw = draw

    def unit(self, *parts: object) -> str:
        return digest("fake", self.name, self.side, self.images, *parts)

    def photos(self) -> list[Json]:
        key = self.unit("photos")
        blobs = {f"{i}": self.draw(self.side, self.side, i) for i in range(self.images) if i != SKIPPED_PHOTO}
        self.store.put(key, {}, blobs)
        return [self.photo(key, i) for i in range(self.images)]

    def photo(self, key: str, i: int) -> Json:
        label = LABELS[i % len(LABELS)]
        entry: Json = {"id": i, "path": f"{label}/{i:04d}.jpg", "label": label, "width": self.side, "height": self.side}
        if i == SKIPPED_PHOTO:
            return {**entry, "picture": None, "skipped": "the file is cut short"}
        entry["picture"] = {"unit": key, "blob": f"{i}", "size": [self.side, self.side]}
        return {**entry, "predictions": [[label, 0.75], ["fish", 0.2], ["bird", 0.05]]}

    def shown(self, index: int) -> list[int]:
        return [i for i in ((index + j) % self.images for j in range(5)) if i != SKIPPED_PHOTO][:4]

    def filter(self, key: str, layer: int, index: int, field: int, blobs: dict[str, bytes]) -> Json:
        side = self.side
        seed = 1000 * (layer + 1) + index

        def put(name: str, height: int, width: int) -> Json:
            blobs[name] = self.draw(height, width, seed + len(blobs))
            return {"unit": key, "blob": name, "size": [width, height]}

        dead = index == 1
        scale = 0.0 if dead else 10.0 / (index + 1)
        top_avg = [
            {"image": i, "score": round(scale / 4 - n / 8, 4), "grad": put(f"{index}/avg/{n}", side, side)}
            for n, i in enumerate(self.shown(index))
        ]
        top_max = []
        for n, i in enumerate(self.shown(index + 1)):
            top, left = (3 * index) % (side - field), (5 * n) % (side - field)
            box = [top, left, top + field, left + field]
            top_max.append(
                {
                    "image": i,
                    "score": round(scale - n / 2, 4),
                    "position": [top // 2, left // 2],
                    "box": box,
                    "field_box": [top - 1, left, top + field, left + field],
                    "grad": put(f"{index}/max/{n}", field, field),
                    "grad_box": box,
                }
            )
        found: Json = {"index": index, "top_avg": top_avg, "top_max": top_max}
        if index == 2:
            found["max_activ"] = {"skipped": "synthesis.filters leaves it out"}
        else:
            found["max_activ"] = {
                "picture": put(f"{index}/synthesis", side, side), "score": 21.5 - index, "steps": 64,
                "ratio": None if dead else 2.2 + index / 10, "robust": {"shift8": 20.0, "scale10": 19.5},
            }  # fmt: skip
        means = [
            [label, round(scale / 2 - n / 3, 4)] for n, label in enumerate(LABELS[index % 3 :] + LABELS[: index % 3])
        ]
        found["classes"] = {"avg": means, "max": [[label, mean * 2] for label, mean in means]}
        found["stats"] = {
            "dead": dead, "always_on": False, "mean": scale / 5, "max": scale, "positive_share": 0.0 if dead else 0.5,
            "histogram": {"edges": [0, 1, 2, 3], "counts": [3, 2, 1]},
            "duplicate_of": [[0, 0.99]] if index == 3 else [], "similar": [[(index + 2) % 4, 0.8], [0, 0.5]],
            "selectivity": None if dead else {"index": 0.4 + index / 20, "class": means[0][0], "auc": 0.9},
        }  # fmt: skip
        found["wiring"] = self.wiring(layer, index)
        if layer == 0:
            found["kernel"] = put(f"{index}/kernel", 3, 3)
        return found

    def wiring(self, layer: int, index: int) -> Json:
        """Each layer reads from the one before it, the first one from the picture's channels."""
        known = [("", 3, 0), *self.layers]
        sides = {"inputs": known[layer], **({"outputs": self.layers[layer + 1]} if known[layer + 2 :] else {})}
        return {
            side: [[name, (index + n) % filters, round(0.8 - 0.6 * n, 2)] for n in range(3)]
            for side, (name, filters, _) in sides.items()
        }

    def entry(self, place: int, name: str, filters: int, field: int) -> Json:
        whole = field >= self.side
        return {
            "name": name, "slug": slug(name), "kind": "Conv2d", "filters": filters,
            "output": [filters, 16 >> place, 16 >> place],
            "parameters": 27 * filters, "macs": 6912 * filters, "jump": [2, 2], "field_note": None,
            "receptive_field": {"size": [field, field], "status": "whole" if whole else "exact"},
            "unit": self.unit("layer", name),
        }  # fmt: skip

    def layer(self, place: int, entry: Json, field: int) -> None:
        key = entry["unit"]
        blobs: dict[str, bytes] = {}
        filters = [self.filter(key, place, i, min(field, self.side - 1), blobs) for i in range(entry["filters"])]
        layer = {name: value for name, value in entry.items() if name != "unit"}
        chosen: str | int = "all"
        if place == 1:
            chosen, layer["filters"], entry["filters"] = entry["filters"], 2 * entry["filters"], 2 * entry["filters"]
        self.store.put(key, {"schema": RESULTS_SCHEMA, "layer": layer, "filters": filters, "chosen": chosen}, blobs)

    def model(self) -> str:
        entries = [self.entry(place, *layer) for place, layer in enumerate(self.layers)]
        for place, (entry, layer) in enumerate(zip(entries, self.layers, strict=True)):
            self.layer(place, entry, layer[2])
        record: Json = {
            "schema": RESULTS_SCHEMA,
            "model": {
                "name": self.name, "title": "A small network", "source": "tests:fake", "parameters": 1_235_496,
                "input": {"size": [3, self.side, self.side], "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]},
                "weights_digest": "0123456789abcdef",
            },
            "images": self.photos(),
            "layers": entries,
            "graph": {
                "nodes": [
                    {"id": n, "type": "convolution", "name": name, "parent": None, "parameters": 10, "layer": name,
                     "output": [filters, 8, 8], "macs": 100}
                    for n, (name, filters, _) in enumerate(self.layers)
                ],
                "edges": [[n, n + 1] for n in range(len(self.layers) - 1)],
                "groups": [],
            },
            "verified": {"largest": 2.4e-7, "scores": 96, "tolerance": 1e-3},
            "notes": ["The weights are random, seed 0: the pages show how the network is built, not what it learned."],
            "skipped_layers": {"aux.conv": "it did not run"},
            "skipped_images": [["dog/0004.jpg", "the file is cut short"]],
            "top_k": 4, "gradient": "guided", "synthesis": {"steps": 64, "filters": "all"}, "classes": LABELS,
            "evaluation": {"top1": 0.583, "top5": 0.81, "n": self.images}, "commands": {},
        }  # fmt: skip
        key = self.unit("model", self.layers)
        self.store.put(key, record)
        return key


def fake_model(
    store: Store,
    name: str = "small",
    side: int = 32,
    layers: Sequence[tuple[str, int, int]] = LAYERS,
    images: int = 6,
    draw: Draw = drawn,
) -> str:
    """Put a whole model's results into the store; returns the key of its record."""
    return Maker(store, name, side, layers, images, draw).model()


def fake_config(root: Path, name: str = "small", **keys: Any) -> ModelConfig:
    """The declaration that would have led to them; makes the folder of pictures that it names."""
    (root / "photos").mkdir(parents=True, exist_ok=True)
    declared = {
        "name": name,
        "title": "A small network",
        "source": "torchvision:squeezenet1_1",
        "images": "photos",
        **keys,
    }
    return from_mapping({"models": [declared]}, root).models[0]
