"""Made-up results of a layer's filters, as ``src/data/schema/`` declares them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image
from sheets import Photos, Sheet, gradient_of, synthesis

Json = dict[str, Any]

TOP_K = 4
THUMB_PX = 96
CHUNK = 32
_DETAILED = 24
"""So many filters get results of their own; the others repeat them."""


@dataclass(frozen=True)
class Layer:
    """What a layer is: ``field_px`` is the side of its receptive field, ``output_px`` that of its feature maps."""

    name: str
    filters: int
    field_px: int
    output_px: int

    @property
    def field_status(self) -> str:
        """How the receptive field is known: larger ones are narrowed down to where the gradient lies."""
        return "exact" if self.field_px < 224 else "effective"

    def info(self) -> Json:
        """The fields of a ``ModelLayer`` and of a ``LayerInfo`` that are the same."""
        parameters = self.filters * 577
        return {
            "name": self.name, "slug": self.name, "kind": "Conv2d", "filters": self.filters,
            "output": [self.filters, self.output_px, self.output_px],
            "parameters": parameters, "macs": parameters * self.output_px**2,
        }  # fmt: skip


LAYERS = (
    Layer("features.0", 64, 3, 224),
    Layer("features.12", 256, 40, 56),
    Layer("features.24", 512, 132, 14),
    Layer("deep.conv", 2048, 435, 7),
)


class LayerResults:
    """The data scripts of one layer, and the two sheets of pictures that they refer to."""

    def __init__(self, place: int, photos: Photos, rng: np.random.Generator) -> None:
        self.place, self.layer, self.photos, self.rng = place, LAYERS[place], photos, rng
        self.details, self.tiles = Sheet(0, photos.side_px), Sheet(0, THUMB_PX)
        self._filters = [self._filter(index) for index in range(min(self.layer.filters, _DETAILED))]

    def layer_data(self) -> Json:
        """``layer.js``."""
        layer, count = self.layer, self.layer.filters
        step = 224 / layer.output_px
        return {
            "model": "net",
            "layer": {
                **layer.info(),
                "receptive_field": {"size": [layer.field_px] * 2, "status": layer.field_status},
                "field_note": None, "jump": [step, step], "results": f"{layer.name}/results.json", "chosen": "all",
                "title": layer.name,
            },
            "titles": {layer.name: layer.name for layer in LAYERS},
            "addresses": {},
            "previous": _link(self.place - 1),
            "next": _link(self.place + 1),
            "labels": self.photos.labels,
            "top_k": TOP_K,
            "gradient": "guided",
            "input_size": [self.photos.side_px] * 2,
            "chunk": CHUNK,
            "chunks": [f"filters-{number}.js" for number in range(-(-count // CHUNK))],
            "filters": self._columns(),
            "sheets": ["tiles-0.webp"],
        }  # fmt: skip

    def chunk_data(self) -> list[Json]:
        """``filters-K.js``, for every K."""
        found = []
        for start in range(0, self.layer.filters, CHUNK):
            indices = range(start, min(self.layer.filters, start + CHUNK))
            filters = [{**self._filters[index % _DETAILED], "index": index} for index in indices]
            photos = [f"../{name}" for name in self.photos.sheets]
            found.append({"sheets": ["sheet-0.webp"], "photos": photos, "filters": filters})
        return found

    def _columns(self) -> Json:
        indices, rng, labels = range(self.layer.filters), self.rng, range(len(self.photos.labels))
        crops = [self.tiles.add(self._crop(item["top_max"][0])) for item in self._filters]
        syntheses = [
            self.tiles.add(synthesis(item["index"], self.photos.side_px).resize((THUMB_PX, THUMB_PX)))
            for item in self._filters
        ]
        averages = [
            self.tiles.add(self.photos.images[item["top_avg"][0]["image"]].resize((THUMB_PX, THUMB_PX)))
            for item in self._filters
        ]
        best = [int(label) for label in rng.integers(len(labels), size=len(indices))]
        strongest = (9 * rng.random(len(indices)) + 1).round(3).tolist()
        return {
            "index": list(indices),
            "name": ["eyes in fur" if index == 3 else None for index in indices],
            "max": strongest,
            "avg": [round(value / 5, 3) for value in strongest],
            "ratio": (4 * rng.random(len(indices))).round(2).tolist(),
            "selectivity": rng.random(len(indices)).round(3).tolist(),
            "label": [self.photos.labels[place] if place >= 0 else "" for place in best],
            "label_r": [0.41 if place >= 0 else None for place in best],
            "best_class": best,
            "dead": [int(index % 41 == 7) for index in indices],
            "duplicate": [12 if index % 53 == 20 else -1 for index in indices],
            "crop": [crops[index % _DETAILED] for index in indices],
            "synthesis": [syntheses[index % _DETAILED] for index in indices],
            "average": [averages[index % _DETAILED] for index in indices],
            "order": rng.permutation(len(indices)).tolist(),
            "responders": {
                str(label): [[index, strongest[index]] for index in indices if best[index] == label]
                for label in labels if label in best
            },
        }  # fmt: skip

    def _filter(self, index: int) -> Json:
        scores = np.sort(self.rng.random(TOP_K) * 9 + 1)[::-1].round(3).tolist()
        images = self.rng.permutation(len(self.photos.images)).tolist()
        return {
            "index": index,
            "top_avg": [self._ranked_mean(image, score / 5) for image, score in zip(images, scores, strict=False)],
            "top_max": [
                self._ranked_maximum(image, score) for image, score in zip(images[TOP_K:], scores, strict=False)
            ],
            "max_activ": self._synthesis(index),
            "classes": {by: self._class_means() for by in ("avg", "max")},
            "stats": self._stats(scores[0]),
            "wiring": {
                "inputs": self._connections(LAYERS[max(0, self.place - 1)]),
                "outputs": self._connections(LAYERS[-1]),
            },
        }

    def _ranked_mean(self, image: int, score: float) -> Json:
        return {
            "image": image,
            "score": round(score, 3),
            "grad": self.details.add(gradient_of(self.photos.images[image])),
            "label": self.photos.labels[self.photos.places[image]],
            "path": self.photos.paths[image],
            "photo": self.photos.pics[image],
        }

    def _ranked_maximum(self, image: int, score: float) -> Json:
        side, field = self.photos.side_px, self.layer.field_px
        top, left = (int(centre) - field // 2 for centre in self.rng.integers(0, side, 2))
        box = [max(0, top), max(0, left), min(side, top + field), min(side, left + field)]
        part = gradient_of(self.photos.images[image]).crop((box[1], box[0], box[3], box[2]))
        return {
            "image": image,
            "score": round(score, 3),
            "position": [3, 4],
            "box": box,
            "field_box": [top, left, top + field, left + field],
            "field": "exact",
            "grad_box": box,
            "grad": self.details.add(part),
            "label": self.photos.labels[self.photos.places[image]],
            "path": self.photos.paths[image],
            "photo": self.photos.pics[image],
        }

    def _synthesis(self, index: int) -> Json:
        if index % 9 == 5:
            return {"skipped": "the synthesis was asked for the first 16 filters only"}
        picture = self.details.add(synthesis(index, self.photos.side_px))
        robust = {"shift8": 18.2, "scale10": 15.1}
        return {"picture": picture, "score": 21.53, "steps": 64, "seed": 0, "robust": robust, "ratio": 2.37}

    def _class_means(self) -> list[list[Any]]:
        means = np.sort(self.rng.normal(0.6, 0.5, len(self.photos.labels)))[::-1].round(3).tolist()
        labels = self.rng.permutation(len(means)).tolist()
        return [[label, mean] for label, mean in zip(labels, means, strict=True)]

    def _stats(self, highest: float) -> Json:
        edges = np.linspace(-1, highest, 21).round(3).tolist()
        counts = (300 * np.exp(-(np.linspace(-1, 3, 20) ** 2)) * self.rng.random(20)).astype(int).tolist()
        others = self.rng.permutation(self.layer.filters)[:6].tolist()
        similar = [[other, round(0.9 - rank / 10, 2)] for rank, other in enumerate(others)]
        return {
            "dead": False, "always_on": False, "mean": -0.213, "deviation": 0.41, "positive_share": 0.183,
            "histogram": {"edges": edges, "counts": counts}, "similar": similar, "duplicate_of": [],
            "selectivity": {"index": 0.42, "class": self.photos.labels[0], "auc": 0.93, "clear": True}, "max": highest,
        }  # fmt: skip

    def _connections(self, layer: Layer) -> list[list[Any]]:
        filters = self.rng.permutation(64)[:5].tolist()
        return [[layer.name, index, round(float(self.rng.normal()), 2)] for index in filters]

    def _crop(self, item: Json) -> Image.Image:
        top, left, bottom, right = item["box"]
        part = self.photos.images[item["image"]].crop((left, top, right, bottom))
        return part.resize((THUMB_PX, THUMB_PX), Image.Resampling.BOX)


def _link(place: int) -> Json | None:
    """The layer at a place in the network, as the layer before or after."""
    if not 0 <= place < len(LAYERS):
        return None
    return {"name": LAYERS[place].name, "slug": LAYERS[place].name}
