"""A small and complete set of results, made of seeded patterns, in a store: what an analysis would have left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from mkdocs_lurk.addresses import layer_addresses
from mkdocs_lurk.analysis.calibration import risk_coverage
from mkdocs_lurk.analysis.evaluation import (
    count_confusions,
    evaluate_classes,
    evaluate_groups,
    mean_scores,
    order_by_confusion,
    wilson_interval,
)
from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.named_warnings import WARNINGS, WarningRecord
from mkdocs_lurk.names import RESULTS_SCHEMA
from mkdocs_lurk.records.circuit_record import CircuitRecord
from mkdocs_lurk.records.cost_record import CostRecord
from mkdocs_lurk.records.effect_record import LayerEffect
from mkdocs_lurk.records.evaluation_record import EvaluationRecord
from mkdocs_lurk.records.graph_record import GraphRecord
from mkdocs_lurk.records.model_record import ImageRecord, LayerEntry, LayerInfo, LayerRecord, ModelRecord
from mkdocs_lurk.records.provenance_record import ProvenanceRecord
from mkdocs_lurk.records.record_format import in_order
from mkdocs_lurk.records.twin_record import TwinRecord
from mkdocs_lurk.store import Store, digest
from tests.pages.fake_filter import LABELS, SKIPPED_PHOTO, FakeFilter, FakeNetwork
from tests.pages.patterns import Draw, encoded_pattern

LAYERS = (("features.0", 5, 3), ("features.3", 8, 9))
"""Name, number of filters and side of the receptive field of each layer."""

ENLARGED = WARNINGS["enlarged"].record(share="100%", n=6, from_px=8, to_px=64)


PROVENANCE: ProvenanceRecord = {
    "environments": [
        {
            "mkdocs_lurk": "0.1.0", "python": "3.11.9", "torch": "2.5.1+cpu", "torchvision": "0.20.1+cpu",
            "numpy": "2.1.3", "pillow": "11.0.0", "device": "cpu",
        },
    ],
    "precision": {"responses": ["float32"], "gradients": ["bfloat16", "float32"], "syntheses": ["bfloat16"]},
    "threads": 4,
    "seed": 0,
    "digests": {"weights": "0123456789abcdef", "transform": "89abcdef01234567", "pictures": "fedcba9876543210"},
    "unrecorded": 0,
}  # fmt: skip

TWIN: TwinRecord = {
    "pictures": 5,
    "normalised": 4,
    "kept_statistics": 0,
    "layers": [
        {"name": "features.0", "n": 5, "labelled": (0.6, 0.0), "figures": []},
        {
            "name": "features.3", "n": 8, "labelled": (0.75, 0.125),
            "figures": [
                {
                    "figure": "selectivity", "trained": [0.2, 0.5, 0.9], "twin": [0.1, 0.2, 0.3], "above": 0.95,
                    "independent": 5.2,
                    "differs": True,
                },
                {
                    "figure": "colour", "trained": [0.1, 0.2, 0.5], "twin": [0.0, 0.2, 0.45], "above": 0.55,
                    "independent": 5.2,
                    "differs": False,
                },
            ],
            "gradients": {"n": 12, "twin": 0.62, "other": 0.55, "differs": False},
            "paths": {"n": 24, "synthesis": 0.31, "photos": 0.8, "others": 0.4, "alike": False},
        },
    ],
}  # fmt: skip


COST: CostRecord = {
    "parameters": 1_235_496,
    "parameter_bytes": 4_941_984,
    "file_bytes": 4_950_123,
    "macs": 550_000,
    "activation_bytes": 9_256,
    "peak_bytes": 12_288,
    "layers": [
        {"name": "features.0", "kind": "Conv2d", "output": [5, 16, 16], "parameters": 135, "macs": 150_000,
         "activation_bytes": 5_120},
        {"name": "features.3", "kind": "Conv2d", "output": [16, 8, 8], "parameters": 432, "macs": 300_000,
         "activation_bytes": 4_096},
        {"name": "classifier", "kind": "Linear", "output": [10], "parameters": 1_234_917, "macs": 50_000,
         "activation_bytes": 40},
    ],
    "other": {"parameters": 12, "macs": 50_000},
    "latency": {
        "median_s": 0.0125, "low_s": 0.0119, "high_s": 1.2, "passes": 160, "device": "cpu",
        "processor": "AMD EPYC 7B13", "threads": 2,
    },
}  # fmt: skip


@dataclass(frozen=True)
class FakeStatus:
    """A declared model and the key of its results, as the run room tells them."""

    config: ModelConfig
    key: str | None
    reason: str = ""
    unseen: tuple[str, ...] = ()


class FakeAnalysis:
    """Stores the results of one model."""

    def __init__(self, store: Store, name: str, network: FakeNetwork) -> None:
        self.store, self.name, self.network = store, name, network

    def store_model(self) -> str:
        """Store everything; returns the key of the model's record."""
        entries = [self._store_layer(place) for place in range(len(self.network.layers))]
        side = self.network.side
        record: ModelRecord = {
            "schema": RESULTS_SCHEMA,
            "model": {
                "name": self.name, "title": "A small network", "source": "tests:fake", "parameters": 1_235_496,
                "input": {
                    "size": [3, side, side], "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25], "resize": 2 * side,
                    "crop": [side, side], "interpolation": "bilinear", "normalised": False, "value_range": None,
                },
                "weights_digest": "0123456789abcdef",
            },
            "images": self.store_photos(),
            "layers": entries,
            "graph": self._graph(),
            "verified": {
                "largest": 2.4e-7, "scores": 96, "syntheses": 11, "syntheses_again": 4, "tolerance": 1e-3,
                "once": ["gradients", "crops", "classes", "statistics", "wiring", "labels", "evaluation"],
            },
            "evaluation": self._evaluation(),
            "twin": self._twin(),
            "cost": COST,
            "circuits": self._circuits(),
            "classes": LABELS,
            "top_k": 4,
            "gradient": "guided",
            "synthesis": {"steps": 64},
            "seed": 0,
            "notes": ["The weights are random, seed 0: the pages show how the network is built, not what it learned."],
            "warnings": list(self.network.warnings),
            "skipped_layers": {"aux.conv": "it did not run"},
            "skipped_images": [("dog/0004.jpg", "the file is cut short")],
            "provenance": PROVENANCE,
            "uses": [],
        }  # fmt: skip
        key = self._key("model", self.network.layers, [warning["name"] for warning in self.network.warnings])
        self.store.put(key, in_order(record, ModelRecord))
        return key

    def store_photos(self) -> list[ImageRecord]:
        """Store the photos; returns their entries in the model's record."""
        key = self._key("photos")
        draw, side, images = self.network.draw, self.network.side, range(self.network.images)
        self.store.put(key, {}, {f"{i}": draw(side, side, i) for i in images if i != SKIPPED_PHOTO})
        return [self._image(key, i) for i in images]

    def _circuits(self) -> list[CircuitRecord]:
        """The circuit of one class through the first two layers; one filter of it was not analysed."""
        if len(self.network.layers) < 2 or self.network.layers[0][1] < 3:
            return []
        first, second = (name for name, _, _ in self.network.layers[:2])
        count = self.network.layers[1][1]
        return [
            {
                "name": LABELS[0], "n": 8, "flow": [0.82],
                "nodes": [[(first, 2, 1.5), (first, 0, 0.7)], [(second, 0, 1.6), (second, count, 0.4)]],
                "edges": [[(0, 0, 1.1, 1.0), (0, 1, 0.2, 0.6), (1, 0, 0.5, 0.98)]],
                "worth": {
                    "n": 8, "held_out": True, "whole": (5.2, 8), "only": (3.1, 6), "without": (0.4, 1),
                    "random": (4.9, 7.6), "none": (-0.2, 0),
                },
            }
        ]  # fmt: skip

    def _twin(self) -> TwinRecord:
        names = {name for name, _, _ in self.network.layers}
        return {**TWIN, "layers": [layer for layer in TWIN["layers"] if layer["name"] in names]}

    def _evaluation(self) -> EvaluationRecord:
        """The evaluation of the photos that could be read: every third one is taken for the next class."""
        images = [image for image in range(self.network.images) if image != SKIPPED_PHOTO]
        own = np.array([image % len(LABELS) for image in images])
        taken = np.array([(image + (image % 3 == 2)) % len(LABELS) for image in images])
        classes, confusions = evaluate_classes(own, taken, LABELS), count_confusions(own, taken)
        sure = [round(0.95 - 0.5 * place / len(images), 4) for place in range(len(images))]
        return {
            "n": len(images),
            "top1": float((own == taken).mean()),
            "top1_interval": list(wilson_interval(int((own == taken).sum()), len(images))),
            "top5": 1.0,
            "top5_interval": list(wilson_interval(len(images), len(images))),
            "split": "val",
            "outputs": "logits",
            "labels": [(label, label, int((own == place).sum())) for place, label in enumerate(LABELS)],
            "not_finite": 0,
            "macro": mean_scores(classes, weighted=False),
            "weighted": mean_scores(classes, weighted=True),
            "classes": classes,
            "groups": evaluate_groups(own, taken, {"pets": [0, 1]}),
            "confusions": confusions,
            "order": order_by_confusion(confusions, len(classes)),
            "calibration": {
                "bins": [
                    {"n": 3, "confidence": 0.6, "right": 0.5}, {"n": len(images) - 3, "confidence": 0.9, "right": 0.8},
                ],
                "ece": 0.1, "confidence": 0.75, "brier": 0.3, "temperature": 1.3, "ece_at_temperature": 0.05,
            },
            "coverage": risk_coverage(np.array(sure), own == taken),
            "pictures": list(zip(images, own.tolist(), taken.tolist(), sure, strict=True)),
        }  # fmt: skip

    def _key(self, *parts: object) -> str:
        return digest("fake", self.name, self.network.side, self.network.images, *parts)

    def _image(self, key: str, i: int) -> ImageRecord:
        label, side = LABELS[i % len(LABELS)], self.network.side
        image: ImageRecord = {
            "id": i, "path": f"{label}/{i:04d}.jpg", "label": label, "width": side, "height": side,
        }  # fmt: skip
        if i == SKIPPED_PHOTO:
            image["skipped"] = "the file is cut short"
        else:
            image["picture"] = {"unit": key, "blob": f"{i}", "size": [side, side]}
            image["predictions"] = [(label, 0.75), ("fish", 0.2), ("bird", 0.05)]
        return image

    def _graph(self) -> GraphRecord:
        return {
            "nodes": [
                {"id": n, "type": "convolution", "name": name, "parent": None, "output": [filters, 8, 8],
                 "parameters": 10, "macs": 100, "layer": name}
                for n, (name, filters, _) in enumerate(self.network.layers)
            ],
            "edges": [[n, n + 1] for n in range(len(self.network.layers) - 1)],
            "groups": [],
        }  # fmt: skip

    def _layer_effect(self, place: int) -> LayerEffect:
        """The filters that make two classes; what contributions add up to in one layer, how one is proven."""
        effect: LayerEffect = {"makers": [(label, [(place, 0.84), (place + 2, 0.31)]) for label in LABELS[:2]]}
        if place == 0:
            effect["sum"] = {
                "layers": [self.network.layers[0][0]],
                "sum": 3.1,
                "own": 3.1,
                "difference": 3.0,
                "error": 0.05,
            }
        if place == 1:
            effect["exact"] = {"filters": 2, "pairs": 10, "correlation": 0.83, "strongest": 0.4, "random": 0.05}
        return effect

    def _store_layer(self, place: int) -> LayerEntry:
        """Store a layer; returns its entry in the model's record. Only half of the second layer is analysed."""
        name, n_analysed, field = self.network.layers[place]
        address = layer_addresses(name for name, _, _ in self.network.layers)[name]
        n_filters = 2 * n_analysed if place == 1 else n_analysed
        entry: LayerEntry = {
            "name": name, "slug": address, "kind": "Conv2d", "filters": n_filters,
            "output": [n_analysed, 16 >> place, 16 >> place],
            "parameters": 27 * n_analysed, "macs": 6912 * n_analysed,
            "receptive_field": {"size": [field, field], "status": "whole" if field >= self.network.side else "exact"},
            "field_note": "", "jump": [2.0, 2.0], "results": f"{address}/results.json",
            "unit": self._key("layer", name), "chosen": n_analysed if place == 1 else "all",
        }  # fmt: skip
        fakes = [FakeFilter(self.network, place, index, entry["unit"]) for index in range(n_analysed)]
        blobs: dict[str, bytes] = {}
        filters = [fake.record(blobs) for fake in fakes]
        record: LayerRecord = {
            "schema": RESULTS_SCHEMA,
            "layer": cast("LayerInfo", {name: entry[name] for name in LayerInfo.__annotations__}),
            "chosen": entry["chosen"],
            "effect": self._layer_effect(place),
            "filters": filters,
        }
        self.store.put(entry["unit"], in_order(record, LayerRecord), blobs)
        return entry


def fake_model(
    store: Store,
    name: str = "small",
    side: int = 32,
    layers: Sequence[tuple[str, int, int]] = LAYERS,
    images: int = 6,
    draw: Draw = encoded_pattern,
    warnings: Sequence[WarningRecord] = (),
    draw_gradient: Draw | None = None,
) -> str:
    """Put a whole model's results into the store; returns the key of its record."""
    network = FakeNetwork(side, tuple(layers), images, draw, tuple(warnings), draw_gradient)
    return FakeAnalysis(store, name, network).store_model()


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
