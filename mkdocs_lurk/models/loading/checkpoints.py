"""Read the tensors of a weights file, and choose among the state dicts that a checkpoint holds."""

from __future__ import annotations

import pickle
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from mkdocs_lurk.errors import ModelError, describe_error, join_first, near
from mkdocs_lurk.models.loading.state_dicts import CONVERT, find_all_states, find_keys, find_states, holds_tensors

_STATE_KEYS = ("state_dict", "model_state_dict", "model", "net", "network", "weights")
_AVERAGE_KEYS = (
    "state_dict_ema", "model_ema", "ema_state_dict", "model_ema_state_dict", "ema_model_state_dict", "ema_model", "ema",
    "state_dict_swa", "model_swa", "swa_state_dict", "model_swa_state_dict", "swa_model_state_dict", "swa_model", "swa",
    "averaged_model", "averaged_model_state_dict", "model_averaged", "averaged_state_dict",
    "ema_weights", "params_ema",
)  # fmt: skip
_OF_AN_AVERAGE = re.compile(r"(^|[._])(ema|swa|avg|averaged?|shadow)([._]|$)", re.IGNORECASE)
"""In a key that is none of these, what tells an average all the same: ``generator_ema``."""
_INSIDE_AVERAGE = (*_STATE_KEYS, "module", "shadow")
MOST_SHARED = 8
"""How many times its file's size a state dict may be: its tensors may share values, but not fill the memory."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tensors of a weights file.

    Attributes:
        state: By name, on the CPU, of the types that the file holds.
        notes: Sentences about what was chosen.
        others: The other state dicts of the file that no sentence names, by their keys; none if the author chose one.
        average: The key of the average that was read in the place of other weights; empty if none was.
    """

    state: dict[str, Tensor]
    notes: tuple[str, ...]
    others: Mapping[str, Mapping[str, Tensor]]
    average: str = ""


def read_checkpoint(path: Path, where: str, key: str | None = None) -> Checkpoint:
    """Read a file's tensors.

    Of a checkpoint with the weights and their average (EMA, SWA), the average is read, wherever it lies; not if it
    counts 0 moments of the training, since it then holds the weights at the beginning.

    Args:
        path: A safetensors file, or a state dict of ``torch.save`` by itself or inside a checkpoint.
        where: The beginning of every message.
        key: The keys that lead to the state dict, joined by dots; None to look for it.

    Raises:
        ModelError: The file cannot be read, holds pickled code, several state dicts or none, or tensors that are
            quantised, sparse, without values or of a type that cannot be computed with.
    """
    content = _read_safetensors(path, where) if path.suffix == ".safetensors" else _read_pickled(path, where)
    others: dict[str, Mapping[str, Tensor]] = {}
    average = ""
    if key is None:
        chosen, notes, named = _choose(content, path.name, where)
        average = named[0] if any(part in _AVERAGE_KEYS for part in named[0].split(".")) else ""
        others = {at: _tensors(state) for at, state in find_all_states(content, where) if at not in named}
    else:
        chosen, notes = _follow(content, key, where), []
    tensors = _tensors(chosen)
    _refuse_unusual(tensors, where)
    _refuse_inflated(tensors, path.stat().st_size, where)
    return Checkpoint({name: value.detach() for name, value in tensors.items()}, tuple(notes), others, average)


def _choose(content: object, file: str, where: str) -> tuple[Mapping[object, object], list[str], list[str]]:
    """Return the state dict to read, what to say about the choice, and the paths of the state dicts that it names."""
    all_averages = dict(_find_averages(content, where))
    averages = {path: state for path, state in all_averages.items() if not _is_yet_to_average(state)}
    states = dict(find_states(content, _STATE_KEYS, inside=_STATE_KEYS, where=where)) or all_averages
    found = averages or states
    if not found:
        keys = [path for path, _ in find_all_states(content, where)]
        held = join_first(map(str, content), 5) if isinstance(content, Mapping) else type(content).__name__
        choose = f"choose one by its key, weights: {{file: {file}, key: {_proposed(keys)}}}" if keys else CONVERT
        raise ModelError(f"{where} holds no state dict but {held or 'nothing'}; {choose}")
    if len(found) > 1:
        raise ModelError(
            f"{where} holds several state dicts ({', '.join(found)}); "
            f"choose one by its key, weights: {{file: {file}, key: {_proposed(list(found))}}}"
        )
    ((path, chosen),) = found.items()
    return chosen, *_describe_choice(content, path, file, averages, [state for state in states if state], where)


def _proposed(keys: list[str]) -> str:
    """Return the key to propose of several: the first average, which is what is used of a network, else the first."""
    return next(filter(_OF_AN_AVERAGE.search, keys), keys[0])


def _describe_choice(
    content: object, path: str, file: str, averages: Mapping[str, object], states: list[str], where: str
) -> tuple[list[str], list[str]]:
    top = content if isinstance(content, Mapping) else {}
    if averages:
        others = [state for state in states if state not in averages][:1]
        beside = f", and not {others[0]}, the weights at the end of the training" if others else ""
        kind = "moving average of the weights (EMA)" if "ema" in path.lower() else "average of the weights"
        return [f"Of {file}, the {kind} was read: {path}{beside}."], [path, *others]
    if isinstance(top.get("averaging_state"), Mapping) and isinstance(top.get("current_model_state"), Mapping):
        note = f"Of {file}, the average of the weights was read: {path}, and not current_model_state."
        return [note], [path, "current_model_state"]
    unread = [each for each, value in find_keys(content, _AVERAGE_KEYS, where) if not _is_yet_to_average(value)]
    note = f"The file {file} holds an average of the weights in a form that is not read: {join_first(unread, 3)}."
    return [note] * bool(unread), [path]


def _find_averages(content: object, where: str) -> Iterator[tuple[str, Mapping[object, object]]]:
    """Yield the state dicts of averages by their paths, also those of a callback or inside another mapping."""
    for path, value in find_keys(content, _AVERAGE_KEYS, where):
        for rest, state in find_states(value, _INSIDE_AVERAGE, inside=_INSIDE_AVERAGE, where=where):
            yield ".".join(filter(None, (path, rest))), state


def _is_yet_to_average(state: object) -> bool:
    """Whether an ``AveragedModel`` was saved before its first update: its weights are those at the beginning."""
    counts = [
        value
        for name, value in (state.items() if isinstance(state, Mapping) else ())
        if str(name).rpartition(".")[2] == "n_averaged" and isinstance(value, Tensor)
    ]
    return any(count.numel() == 1 and int(count) == 0 for count in counts)


def _tensors(state: Mapping[object, object]) -> dict[str, Tensor]:
    return {str(name): value for name, value in state.items() if isinstance(value, Tensor)}


def _follow(content: object, key: str, where: str) -> Mapping[object, object]:
    """Return the state dict that an author's key leads to."""
    found, rest = content, key
    while rest and isinstance(found, Mapping):
        step = max((name for name in map(str, found) if f"{rest}.".startswith(f"{name}.")), key=len, default=None)
        if step is None:
            break
        found, rest = next(value for name, value in found.items() if str(name) == step), rest[len(step) + 1 :]
    if rest or not isinstance(found, Mapping) or not holds_tensors(found):
        known = [path for path, _ in find_all_states(content, where)]
        there = f"; there are {join_first(known, 5)}" if known else "; leave the key out"
        raise ModelError(f"{where} holds no state dict under the key {key!r}{near(key, known) or there}")
    return found


def _refuse_unusual(tensors: Mapping[str, Tensor], where: str) -> None:
    for name, value in tensors.items():
        if value.is_quantized:
            raise ModelError(f"{where} is quantised ({name}); give the weights of the network before quantisation")
        if value.is_meta:
            raise ModelError(f"{where} holds no values ({name} is on the meta device); save it from a real device")
        if value.layout != torch.strided or value.is_nested:
            raise ModelError(f"{where} is sparse or nested ({name}); save its weights as dense tensors, by to_dense()")
        if value.is_floating_point() and value.dtype.itemsize == 1:
            kind = str(value.dtype).removeprefix("torch.")
            raise ModelError(
                f"{where} is quantised ({name} is {kind}, whose scale lies elsewhere); give the weights of the network "
                "before quantisation"
            )


def _refuse_inflated(tensors: Mapping[str, Tensor], file_bytes: int, where: str) -> None:
    size = sum(value.numel() * value.element_size() for value in tensors.values())
    if size > MOST_SHARED * file_bytes:
        raise ModelError(
            f"{where} has {file_bytes:,} bytes and says that it holds {size:,} (expanded tensors); "
            "save it with tensors of their own, by contiguous()"
        )


def _read_safetensors(path: Path, where: str) -> object:
    try:
        return safetensors.torch.load_file(path)
    except Exception as reason:  # safetensors and torch raise half a dozen kinds for a damaged file
        raise ModelError(
            f"{where} is damaged or no safetensors file ({describe_error(reason)}); copy or save it again"
        ) from reason


def _read_pickled(path: Path, where: str) -> object:
    members = _list_members(path)
    if any(member.filename.endswith("/constants.pkl") for member in members):
        raise ModelError(f"{where} is a TorchScript archive, which is not read; {CONVERT}")
    if sum(member.file_size for member in members) > path.stat().st_size:
        raise ModelError(f"{where} is compressed, which torch.save never does, or damaged; save it again")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's, of unusual tensors: what cannot be used is refused below
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as reason:
        code = re.search(
            r"[Uu]nsupported (?:global: )?GLOBAL (\S+)|(?:unrecognized function|but got) (.+)", str(reason)
        )
        if code is None:
            raise ModelError(
                f"{where} is damaged or no file of torch.save ({_describe_damage(reason)}); save it again"
            ) from reason
        name = (code.group(1) or code.group(2)).strip("`.,")
        raise ModelError(
            f"{where} holds pickled code ({name}), which could do anything and is not run; {CONVERT}"
        ) from reason
    except Exception as reason:  # torch.load raises a dozen kinds for a damaged file
        raise ModelError(
            f"{where} is damaged or no file of torch.save ({describe_error(reason)}); save it again"
        ) from reason


def _list_members(path: Path) -> list[zipfile.ZipInfo]:
    """Return the members of a zip archive; none of a file that is none, or damaged, which torch.load will say."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.infolist()
    except Exception:  # zipfile raises half a dozen kinds for a damaged directory
        return []


def _describe_damage(reason: BaseException) -> str:
    """Return what stopped the unpickling, without torch's advice on how to run what it refuses to."""
    cause = re.search(r"WeightsUnpickler error: ([^\n]+)", str(reason))
    return cause.group(1).strip() if cause else describe_error(reason)
