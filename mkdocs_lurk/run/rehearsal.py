"""The rehearsal of an analysis: a few pictures are read and run before anything else is computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mkdocs_lurk.analysis.field_check import find_wrong_fields
from mkdocs_lurk.analysis.first_picture import UnusedCopy, refuse_keeping_the_first
from mkdocs_lurk.analysis.forward_passes import RepeatedPass
from mkdocs_lurk.analysis.gradients.requests import GradientSettings
from mkdocs_lurk.analysis.outputs import are_probabilities
from mkdocs_lurk.analysis.probed_network import ProbedNetwork
from mkdocs_lurk.analysis.rehearsal import rehearse
from mkdocs_lurk.config.labels import check_groups
from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.errors import ConfigError, ImageError
from mkdocs_lurk.images.datasets import named_by_key
from mkdocs_lurk.images.sample import spread
from mkdocs_lurk.images.unknown_range import refuse_unknown_range
from mkdocs_lurk.models.loading.label_map import NO_OUTPUT, Targets, find_targets
from mkdocs_lurk.models.loading.output_classes import Labels, OutputClasses, output_classes
from mkdocs_lurk.models.tracing.dispatch import DECIDES_BY_VALUES
from mkdocs_lurk.models.tracing.trace import Trace
from mkdocs_lurk.run.pictures import Pictures
from mkdocs_lurk.run.work import Sizes

_PICTURES = 3


@dataclass(frozen=True)
class Rehearsed:
    """What the rehearsal found.

    Attributes:
        images: The pictures that were run, by id.
        outputs: The network's output for each, ``(n, n_outputs)``; None if it does not classify.
        classes: The classes of the outputs; empty if they are unknown, or if the network does not classify.
        targets: For each picture, by its id, the output that is right, or -1 where none is known to be.
        one_by_one: Why pictures go through the network one by one, as a sentence; None if they go in batches.
        first: The first picture's pass, which can be repeated while the analysis runs.
        wrong_fields: The layers whose receptive fields are larger than their operations say.
    """

    images: tuple[int, ...]
    outputs: Tensor | None
    classes: OutputClasses
    targets: tuple[int, ...]
    one_by_one: str | None
    first: RepeatedPass
    wrong_fields: frozenset[str]

    @property
    def n_outputs(self) -> int:
        """Numbers that the network gives for one picture; 0 if it gives no row of them."""
        return 0 if self.outputs is None else self.outputs.shape[1]

    @property
    def are_probabilities(self) -> bool:
        """Whether the network's outputs are probabilities already, and not logits; those with NaN do not count."""
        if self.outputs is None or self.n_outputs < 2:
            return False
        finite = self.outputs[self.outputs.isfinite().all(1)]
        return len(finite) > 0 and are_probabilities(finite.float())

    @property
    def identity(self) -> list[str]:
        """What results depend on: whether pictures go alone, and the layers whose receptive fields are not known."""
        alone = [] if self.one_by_one is None else ["one by one"]
        return [*alone, *(f"whole: {layer}" for layer in sorted(self.wrong_fields))]


def rehearse_pictures(
    model: ModelConfig,
    network: ProbedNetwork,
    pictures: Pictures,
    trace: Trace,
    sizes: Sizes,
    unused: UnusedCopy | None = None,
) -> Rehearsed:
    """Read a few pictures, spread evenly through the set, and run them, also in batches of the analysis's sizes.

    Args:
        model: The model's declaration.
        network: The network.
        pictures: All pictures.
        trace: What the network does with a blank picture.
        sizes: How much goes at once.
        unused: A copy of the network that saw no picture yet, if there is one.

    Raises:
        ImageError: Not one picture can be read.
        ModelError: The network fails on a picture, gives another output for the same picture the second time,
            changes its own state, or keeps something of its first picture.
        LayerError: A layer does not run, gives NaN or infinity, or has no gradient.
        ConfigError: The declared class names are not as many as the outputs, or ``groups`` or ``label_map`` names
            something that there is not.
    """
    images, tensors = _first_readable(model, pictures)
    names = [pictures.images.entries[image].path for image in images]
    x = torch.stack(tensors).to(network.device, torch.float32)
    at_once = GradientSettings().pictures_at_once(network.picture_size, network.device.type == "cpu")
    rehearsal = rehearse(network, x, names, sorted({sizes.response_batch, at_once}))
    refuse_keeping_the_first(unused, network.probe.module, x[:1], names[0])
    reason = _why_one_by_one(rehearsal.mixes, trace)
    outputs = None if rehearsal.outputs is None else rehearsal.outputs.cpu()
    targets = _find_targets(model, pictures, outputs)
    wrong = frozenset[str]() if DECIDES_BY_VALUES in trace.notes else find_wrong_fields(network, x[:1])
    return Rehearsed(tuple(images), outputs, targets.classes, targets.of_images, reason, rehearsal.first, wrong)


def _why_one_by_one(mixes: str | None, trace: Trace) -> str | None:
    """Say why pictures go through the network one by one; None if they need not."""
    if mixes is not None:
        return (
            f"Pictures of one batch change each other's results ({mixes}): pictures went through the network one by "
            "one."
        )
    if DECIDES_BY_VALUES in trace.notes:
        return (
            "The network decides by values, which may be those of a whole batch: pictures went through the network one "
            "by one."
        )
    return None


def _find_targets(model: ModelConfig, pictures: Pictures, outputs: Tensor | None) -> Targets:
    """Find the classes of the outputs and the output that is right for each picture, and check the declared groups."""
    images = pictures.images
    if outputs is None:
        if model.label_map:
            raise ConfigError(
                f"{model.place}.label_map: the network gives no row of outputs for each picture, to which labels could "
                "belong; leave label_map out"
            )
        targets = Targets(OutputClasses(), (NO_OUTPUT,) * len(images))
    else:
        labels = Labels(images.labels, images.label_indices, images.class_names)
        classes = output_classes(model, labels, outputs.shape[1])
        targets = find_targets(model, classes, images.entries, outputs.shape[1])
    if model.groups:
        check_groups(model.groups, f"{model.place}.groups", [*images.labels, *targets.classes.by_word])
    return targets


def _first_readable(model: ModelConfig, pictures: Pictures) -> tuple[list[int], list[Tensor]]:
    """Return the first pictures that can be read, of a sequence that is spread through the set."""
    images: list[int] = []
    tensors: list[Tensor] = []
    failed: list[ImageError] = []
    for image in _spread(len(pictures.images), _PICTURES):
        try:
            tensors += pictures.tensor([image])
        except ImageError as error:
            failed.append(error)
        else:
            images.append(image)
        if len(images) == _PICTURES:
            break
    if not images:
        with named_by_key(model):
            refuse_unknown_range(failed, len(failed))
        reason = f": {failed[0]}" if failed else ""
        raise ImageError(
            f"{model.place}.images: not one of {len(pictures.images)} pictures can be read{reason}; repair or replace "
            "them"
        )
    order: Sequence[int] = sorted(range(len(images)), key=images.__getitem__)
    return [images[place] for place in order], [tensors[place] for place in order]


def _spread(count: int, wanted: int) -> Iterator[int]:
    """Yield evenly spaced numbers below ``count`` first, then all others."""
    spaced = spread(count, wanted)
    yield from spaced
    yield from (number for number in range(count) if number not in spaced)
