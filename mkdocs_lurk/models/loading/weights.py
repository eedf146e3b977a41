"""Load the weights of a file into a network, or say in one line why that is impossible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from mkdocs_lurk.config.weights import WeightsDetail
from mkdocs_lurk.errors import ModelError, join_first
from mkdocs_lurk.models.loading.checkpoints import Checkpoint, read_checkpoint
from mkdocs_lurk.models.loading.renaming import Fit, fit_names


@dataclass(frozen=True, slots=True)
class LoadedWeights:
    """What became of a network's weights.

    Attributes:
        notes: Sentences that the reader of the site should know.
        parts_without: The network's children for which the file holds nothing.
    """

    notes: tuple[str, ...]
    parts_without: tuple[str, ...]


def load_weights(module: nn.Module, path: Path, subject: str, detail: WeightsDetail | None = None) -> LoadedWeights:
    """Load the weights of a file into a network.

    Half-precision values become float32. A file that holds every weight of some of the network's children and none of
    the others' (that of a network saved without its classifier, say) is loaded too, with a note.

    Args:
        module: The network; it keeps the values of weights that the file does not hold.
        path: A safetensors file, or a state dict of ``torch.save`` by itself or inside a checkpoint.
        subject: The beginning of every message.
        detail: What the author chose of the file; None to look for the weights.

    Raises:
        ModelError: The file cannot be read, holds pickled code, or does not fit.
    """
    where, detail = f"{subject}: {path.name}", detail or WeightsDetail()
    checkpoint = read_checkpoint(path, where, detail.key)
    if checkpoint.average:
        where += f" (of which the average {checkpoint.average!r} is read; another by weights: {{file, key}})"
    fit = fit_names(checkpoint.state, module.state_dict(), where, detail.prefix)
    _refuse_partial_average(checkpoint, fit.children, path, where)
    _refuse_whole_numbers(fit.state, module, where)
    state, rounded = _as_float32(fit.state)
    others = _find_other_weights(checkpoint, state, module, where)
    module.load_state_dict(state, strict=False)
    notes = [*checkpoint.notes]
    if rounded:
        notes.append(
            f"The file {path.name} holds numbers of 64 bits, which were rounded to 32: {join_first(rounded, 3)}."
        )
    averaged = _averaged_moments(checkpoint)
    if averaged is not None and not fit.left_out:
        notes.append(f"The file {path.name} holds an average of the weights at {averaged} moments of the training.")
    if others:
        notes.append(
            f"Other weights that fit this network, too, lie in {path.name} and were not read: "
            f"{join_first(others, 3)}. To read them, say weights: {{file: {path.name}, key: {others[0]}}}."
        )
    return LoadedWeights((*notes, *_describe_fit(fit, path.name)), tuple(fit.children))


def _averaged_moments(checkpoint: Checkpoint) -> int | None:
    """Return over how many moments of the training an averaged model was averaged; None for any other."""
    counts = [value for name, value in checkpoint.state.items() if name.rpartition(".")[2] == "n_averaged"]
    return int(counts[0]) if len(counts) == 1 and counts[0].numel() == 1 else None


def _refuse_partial_average(checkpoint: Checkpoint, missing: Sequence[str], path: Path, where: str) -> None:
    if checkpoint.average and missing:
        raise ModelError(
            f"{where} holds nothing for {join_first(missing, 3)} in that average; choose complete weights by "
            f"their key, or this average by weights: {{file: {path.name}, key: {checkpoint.average}}}"
        )


def _find_other_weights(
    checkpoint: Checkpoint, chosen: Mapping[str, Tensor], module: nn.Module, where: str
) -> list[str]:
    """Return the keys of the checkpoint's other state dicts that fit the network and have other values."""
    expected = module.state_dict()
    fewest = sum(not name.endswith("num_batches_tracked") for name in chosen)
    found = []
    for key, state in checkpoint.others.items():
        if len(state) < fewest:  # an optimizer's, say
            continue
        try:
            other = fit_names(state, expected, where, None).state
            if any(
                name not in chosen or not torch.equal(chosen[name], each.to(chosen[name].dtype))
                for name, each in other.items()
            ):
                found.append(key)
        except (ModelError, NotImplementedError, RuntimeError):
            continue  # it is not the network's, or of a kind that torch does not compare: it could not be read, either
    return found


def _as_float32(state: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    """Convert real numbers to float32; returns the weights, and the names of those that lost digits."""
    converted = {name: value.to(torch.float32) if value.is_floating_point() else value for name, value in state.items()}
    doubles = (name for name, value in state.items() if value.dtype == torch.float64)
    return converted, [name for name in doubles if not torch.equal(converted[name].double(), state[name])]


def _refuse_whole_numbers(state: Mapping[str, Tensor], module: nn.Module, where: str) -> None:
    """Refuse whole numbers, true and false for weights that are real numbers: their scales lie elsewhere."""
    for name, own in module.state_dict().items():
        held = state.get(name)
        if held is not None and isinstance(own, Tensor) and own.is_floating_point() and not held.is_floating_point():
            raise ModelError(
                f"{where} holds {str(held.dtype).removeprefix('torch.')} for {name}, where the network has real "
                "numbers; give the weights as they were before quantisation"
            )


def _describe_fit(fit: Fit, file: str) -> list[str]:
    notes = []
    if fit.renamed:
        held, own = next(iter(fit.renamed.items()))
        notes.append(f"In {file} the weights have other names: {held} is {own} here.")
    if fit.left_out:
        notes.append(
            f"The file {file} holds more than this network's weights; left out: {join_first(fit.left_out, 3)}."
        )
    if fit.children:
        notes.append(
            f"The file {file} holds no weights for {join_first(fit.children, 5)}: these parts keep random values."
        )
    return notes
