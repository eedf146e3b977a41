"""Project pairs of filters and pictures back through the network, many at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import torch
from torch import Tensor
from torch.nn import functional as F

from mkdocs_lurk.analysis import crops
from mkdocs_lurk.analysis.crops import Window
from mkdocs_lurk.analysis.gradients import single as gradients
from mkdocs_lurk.analysis.gradients.batch import Row, Steps
from mkdocs_lurk.analysis.gradients.recording import Recording
from mkdocs_lurk.analysis.gradients.replay import replay
from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.names import Box
from mkdocs_lurk.run.pairs import Pair, covers
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.windows import find_steps, keep_field, window_of
from mkdocs_lurk.run.work import chunks as runs

_PICTURES, _MOST_BYTES = 8, 1 << 29
_CPU_BATCH, _BATCH, _LARGEST_BATCH = {torch.float32: 2, torch.bfloat16: 4}, 16, 64
"""Whole pictures a backward pass, on a processor and elsewhere; a processor's caches hold no more."""
_TRIED, _TRUSTED, _EXACT = 8, 0.995, 0.9999

Numbered = tuple[int, Pair]
"""A pair, and the number of its picture in a recording."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way back: the network in some number format, and how much is noted on the way there."""

    probe: Probe
    dtype: torch.dtype
    short: bool


class Projector:
    """Takes gradients picture by picture: all pairs of some pictures share these pictures' forward passes.

    What is found by trying is found on a picture of noise, which depends on nothing but the network, and so do the
    gradients then.

    Args:
        session: The model.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._steps: dict[str, Steps | None] = {}

    def project(self, pairs: Sequence[Pair]) -> Iterator[Pair]:
        """Compute the gradients of pairs, and what there is to say of them.

        Args:
            pairs: Without gradients and facts; those of one picture side by side.

        Yields:
            Each pair, in another order, when its gradient is there.
        """
        by_picture = [list(own) for _, own in groupby(pairs, key=lambda pair: pair.image)]
        for group in runs(by_picture, self.session.batch(self._pictures_at_once)):
            way = self.way
            if way is None:
                yield from self._singly([pair for own in group for pair in own])
                continue
            x = self.session.placed(self.session.pictures.tensor([own[0].image for own in group]))
            recording = Recording(self.session.probe, x, way.dtype, short=way.short)
            by_layer: dict[str, list[Numbered]] = defaultdict(list)
            for number, own in enumerate(group):
                for pair in own:
                    by_layer[pair.layer].append((number, pair))
            for layer, numbered in sorted(by_layer.items()):
                yield from self._of_layer(way, recording, layer, numbered)

    @cached_property
    def way(self) -> Way | None:
        """The cheapest way back that gives, in layers throughout, the gradients of single passes in float32.

        None where a network takes another way each time it runs: then there are only single passes.
        """
        session, short_numbers = self.session, self.session.fast_dtype
        ways = [Way(session.fast, short_numbers, short) for short in (True, False)]
        if short_numbers != torch.float32:
            ways += [Way(session.probe, torch.float32, short) for short in (True, False)]
        rule, names = session.config.gradient, [layer.name for layer in session.layers]
        tried = names[:: -(-len(names) // _TRIED)][::-1]
        wanted = {name: gradients.project(session.probe, self._noise, name, [0], rule)[0] for name in tried}
        return next((way for way in ways if self._gives(way, wanted)), None)

    def _gives(self, way: Way, wanted: Mapping[str, Tensor]) -> bool:
        least = _EXACT if way.dtype == torch.float32 else _TRUSTED
        try:
            recording = Recording(self.session.probe, self._noise, way.dtype, short=way.short)
            for name, true in wanted.items():
                found = replay(way.probe, recording, name, [Row(0, 0)], self.session.config.gradient).gradients
                alike = torch.cosine_similarity(found.flatten(), true.flatten(), 0)
                if bool(true.any()) and not bool(alike >= least):
                    return False
        except torch.OutOfMemoryError:
            raise
        except Exception:
            return False  # a network may do anything at all with numbers that it was not made for
        return True

    @cached_property
    def _noise(self) -> Tensor:
        """A picture of smooth noise, ``(1, c, h, w)``, the same for all models of this input size."""
        transform = self.session.pictures.transform
        size = transform.height, transform.width
        coarse = torch.randn(1, transform.channels, *(-(-side // 4) for side in size), generator=_seeded())
        fine = torch.randn(1, transform.channels, *size, generator=_seeded())
        return self.session.placed(F.interpolate(coarse, size=size, mode="bilinear", align_corners=False) + 0.5 * fine)

    @cached_property
    def _trial(self) -> Recording:
        return Recording(self.session.probe, self._noise, torch.float32, short=self.way is not None and self.way.short)

    @cached_property
    def _pictures_at_once(self) -> int:
        """How many recordings fit the memory that is given to them."""
        bits = torch.finfo(torch.float32 if self.way is None else self.way.dtype).bits
        return max(1, min(_PICTURES, _MOST_BYTES * 32 // (self._trial.n_bytes * bits)))

    def _steps_of(self, layer: str) -> Steps | None:
        if layer not in self._steps:
            self._steps[layer] = find_steps(self.session, self._trial, layer)
        return self._steps[layer]

    def _of_layer(self, way: Way, recording: Recording, layer: str, pairs: Sequence[Numbered]) -> Iterator[Pair]:
        """Project a layer's pairs: units by parts where that is possible, all others by whole pictures."""
        by_size: dict[tuple[int, int], list[tuple[Numbered, Window]]] = defaultdict(list)
        means: list[Numbered] = []
        units: list[Numbered] = []
        for number, pair in pairs:
            window = window_of(self.session, pair)
            if window is not None and self._steps_of(layer) is not None:
                by_size[window.box.height, window.box.width].append(((number, pair), window))
            else:
                (means if pair.position is None else units).append((number, pair))
        for size, group in sorted(by_size.items()):
            for batch in runs(group, self._batch(way, size)):
                yield from self._by_parts(way, recording, layer, [own for own, _ in batch], [part for _, part in batch])
        for whole in (means, units):
            for own in runs(whole, self._batch(way, self.session.size)):
                yield from self._by_wholes(way, recording, layer, own)

    def _batch(self, way: Way, size: tuple[int, int]) -> int:
        """Small parts go in larger batches, up to the size of a batch of whole pictures."""
        whole = _CPU_BATCH[way.dtype] if self.session.device.type == "cpu" else _BATCH
        area = self.session.size[0] * self.session.size[1] // (size[0] * size[1])
        return self.session.batch(min(max(whole, _LARGEST_BATCH), whole * max(1, area)))

    def _by_parts(
        self, way: Way, recording: Recording, layer: str, pairs: Sequence[Numbered], windows: Sequence[Window]
    ) -> Iterator[Pair]:
        steps, rule = self._steps_of(layer) or (), self.session.config.gradient
        found = replay(way.probe, recording, layer, _rows(pairs), rule, windows=windows, steps=steps)
        for (_, pair), gradient, window in zip(pairs, found.gradients.cpu().numpy(), windows, strict=True):
            pair.gradient = gradient
            keep_field(self.session, pair, window.box)
            yield pair

    def _by_wholes(self, way: Way, recording: Recording, layer: str, pairs: Sequence[Numbered]) -> Iterator[Pair]:
        boxed = pairs[0][1].position is not None and covers(self.session, layer)
        found = replay(way.probe, recording, layer, _rows(pairs), self.session.config.gradient, with_energy=boxed)
        for place, (_, pair) in enumerate(pairs):
            yield self._finished(
                pair, found.gradients[place], None if found.energies is None else found.energies[place]
            )

    def _singly(self, pairs: Sequence[Pair]) -> Iterator[Pair]:
        """Project each pair by a pass of its own, in float32."""
        rule, probe = self.session.config.gradient, self.session.probe
        for pair in pairs:
            x = self.session.placed(self.session.pictures.tensor([pair.image]))
            if pair.position is not None and covers(self.session, pair.layer):
                place = [pair.position]
                gradient, _, energy = gradients.project_with_energy(probe, x, pair.layer, [pair.filter], rule, place)
                yield self._finished(pair, gradient[0], energy[0])
                continue
            places = None if pair.position is None else [pair.position]
            gradient, _ = gradients.project(probe, x, pair.layer, [pair.filter], rule, places)
            yield self._finished(pair, gradient[0], None)

    def _finished(self, pair: Pair, gradient: Tensor, energy: Tensor | None) -> Pair:
        """Keep what was found from a whole picture."""
        pair.gradient = gradient.cpu().numpy()
        if energy is not None:
            box, share = crops.effective_box(energy.cpu().numpy())
            pair.facts |= {"box": box.as_list(), "field": "effective", "energy": round(share, 3)}
        elif pair.position is not None:
            keep_field(self.session, pair, Box(0, 0, *self.session.size))
        return pair


def _rows(pairs: Sequence[Numbered]) -> list[Row]:
    return [Row(number, pair.filter, pair.position) for number, pair in pairs]


def _seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)
