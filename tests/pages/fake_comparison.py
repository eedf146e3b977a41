"""A comparison of two small models that were never compared."""

from __future__ import annotations

from typing import Any


def layer(name: str, filters: int, same: float | None = 0.5) -> dict[str, Any]:
    return {"name": name, "filters": filters, "constant": 1, "matched": filters // 2, "best": 0.75, "same": same}


RECORD: Any = {
    "schema": "mkdocs-lurk/comparison/1",
    "models": [{"name": name, "title": "stored", "weights_digest": "0123"} for name in ("x", "y")],
    "pictures": 5,
    "accuracy": {
        "n": 5, "right": [2, 4], "p": 0.625,
        "gained": [{"image": image, "label": "cat", "taken": ["dog", "cat"]} for image in (0, 1, 3)],
        "lost": [{"image": 2, "label": "zebra", "taken": ["zebra", "cat"]}],
    },
    "chance": 0.61,
    "layers": [
        [layer("features.0", 5), layer("features.3", 16)], [layer("features.0", 5), layer("features.3", 16, None)],
    ],
    "matches": [("features.0", 1, "features.0", 3, 0.998), ("features.3", 15, "features.3", 2, 0.9)],
    "changed": [[("features.3", 2, "features.3", 15, 0.31)], [("features.0", 0, "features.3", 4, 0.42)]],
    "cka": {"pictures": 5, "values": [[1.0, 0.2], [0.3, None]]},
}  # fmt: skip
