"""The results of one analysis with everything that they are computed from, and the list of checks of each figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from mkdocs_lurk.images.webp import decode_picture
from mkdocs_lurk.store import ModelReader
from tests.run.definitions_network import outputs

LAYERS = ("first", "second", "up")
close = partial(pytest.approx, rel=2e-3, abs=1e-5)
"""Records keep four digits or more."""


@dataclass(frozen=True)
class Results:
    """What was published, and all that it is computed from."""

    reader: ModelReader
    module: Any
    x: Tensor
    maps: dict[str, Tensor]
    labels: list[str]

    def filters(self) -> Iterator[tuple[str, Any, Tensor]]:
        """Every filter: its layer, its record, and its maps ``(n_pictures, h, w)``."""
        for layer in LAYERS:
            for record in self.reader.layer(layer)["filters"]:
                yield layer, record, self.maps[layer][:, record["index"]]

    def stats(self) -> Iterator[tuple[Any, Tensor]]:
        """Every filter's figures, and its highest response in each picture."""
        for _, record, maps in self.filters():
            yield record["stats"], maps.amax((1, 2)).double()

    def of_class(self, values: Tensor, label: str) -> Tensor:
        """The values that belong to pictures of a class."""
        return values[[own == label for own in self.labels]]

    def synthesised(self) -> Iterator[tuple[Any, Callable[[Tensor], float]]]:
        """Every synthesis, and the mean response of its filter to a picture of bytes ``(c, h, w)``."""
        for layer, record, _ in self.filters():
            if "skipped" not in record["max_activ"]:
                yield record, partial(self._response, layer, record["index"])

    def pixels(self, record: Any) -> Tensor:
        """The synthesis as it is stored, ``(c, h, w)``."""
        return torch.tensor(decode_picture(self.reader.picture(record["max_activ"]["picture"]))).movedim(-1, 0).float()

    def inside(self, layer: str) -> Tensor:
        """Whether the receptive field of each place of a layer lies inside the picture, by hand: ``(h, w)``."""
        kept = {"first": range(1, 15), "second": range(1, 7), "up": range(3, 14)}[layer]
        rows = torch.tensor([row in kept for row in range(self.maps[layer].shape[2])])
        return rows[:, None] & rows

    def _response(self, layer: str, index: int, pixels: Tensor) -> float:
        return float(outputs(self.module, (pixels[None] / 255 - 0.5) / 0.25)[layer][0, index].mean())


CHECKS: dict[str, Callable[[Results], None]] = {}
SENTENCES: dict[str, str] = {}


def defined(key: str, sentence: str) -> Callable[[Callable[[Results], None]], Callable[[Results], None]]:
    def register(check: Callable[[Results], None]) -> Callable[[Results], None]:
        CHECKS[key], SENTENCES[key] = check, sentence
        return check

    return register
