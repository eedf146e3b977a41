"""Read weights from a file and put them into a network, or say in one line why that cannot be."""

from __future__ import annotations

import pickle
import re
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from mkdocs_lurk.errors import ModelError, describe_error

_WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "network", "weights")
_PREFIXES = ("module.", "_orig_mod.")
_CONVERT = "save its state dict where you trust it: torch.save(model.state_dict(), 'weights.pt')"


def load_weights(module: nn.Module, path: Path, subject: str) -> tuple[str, ...]:
    """Put a file's weights into a network.

    Half-precision values become float32. A file that holds every weight of some of the network's children and none
    of the others is taken too (a network saved without its classifier, say), and said.

    Args:
        module: The network; its own values stay where the file has none.
        path: A safetensors file, or a state dict of ``torch.save`` by itself or inside a checkpoint.
        subject: The message's beginning.

    Returns:
        Sentences that the reader of the site should know.

    Raises:
        ModelError: The file cannot be read, holds pickled code, or does not fit.
    """
    where = f"{subject}: {path.name}"
    state = read_state(path, where)
    wanted = module.state_dict()
    state = _renamed(state, wanted)
    missing = [name for name in wanted if name not in state and not name.endswith("num_batches_tracked")]
    unexpected = [name for name in state if name not in wanted]
    bent = [name for name in state if name in wanted and state[name].shape != wanted[name].shape]
    left = _whole_children(missing, state)
    if unexpected or bent or left is None:
        raise ModelError(f"{where} does not fit the network: " + _differences(missing, unexpected, bent, state, wanted))
    module.load_state_dict(state, strict=False)
    if not left:
        return ()
    return (f"{path.name} holds no weights for {_listed(left, 5)}: these parts keep random values.",)


def read_state(path: Path, where: str) -> dict[str, Tensor]:
    """Read a file's tensors by name, floating ones as float32 on the CPU."""
    found: Any = _safetensors(path, where) if path.suffix == ".safetensors" else _pickled(path, where)
    for _ in range(2):
        if isinstance(found, Mapping) and not _is_state(found):
            found = next((found[key] for key in _WRAPPERS if isinstance(found.get(key), Mapping)), found)
    if not isinstance(found, Mapping) or not _is_state(found):
        held = _listed(map(str, found), 5) if isinstance(found, Mapping) else type(found).__name__
        raise ModelError(f"{where} holds no state dict but {held or 'nothing'}; {_CONVERT}")
    state = {}
    for name, value in found.items():
        if not isinstance(value, Tensor):
            continue
        if value.is_quantized:
            raise ModelError(f"{where} is quantised ({name}); give the weights of the network before quantisation")
        state[str(name)] = value.detach().to(torch.float32) if value.is_floating_point() else value.detach()
    return state


def _is_state(found: Mapping[Any, Any]) -> bool:
    """A state dict has tensors, and what else it may have is no mapping."""
    return any(isinstance(value, Tensor) for value in found.values()) and not any(
        isinstance(found.get(key), Mapping) for key in _WRAPPERS
    )


def _safetensors(path: Path, where: str) -> dict[str, Tensor]:
    try:
        return safetensors.torch.load_file(path)
    except (safetensors.SafetensorError, OSError, ValueError, KeyError) as reason:
        raise ModelError(
            f"{where} is damaged or no safetensors file ({describe_error(reason)}); copy or save it again"
        ) from reason


def _pickled(path: Path, where: str) -> Any:
    if _is_torchscript(path):
        raise ModelError(f"{where} is a TorchScript archive, which is not read; {_CONVERT}")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as reason:
        code = re.search(
            r"[Uu]nsupported (?:global: )?GLOBAL (\S+)|(?:unrecognized function|but got) (.+)", str(reason)
        )
        if code is None:
            raise ModelError(
                f"{where} is damaged or no file of torch.save ({_damage(reason)}); save it again"
            ) from reason
        name = (code.group(1) or code.group(2)).strip("`.,")
        raise ModelError(
            f"{where} holds pickled code ({name}), which could do anything and is not run; {_CONVERT}"
        ) from reason
    except Exception as reason:  # torch.load raises a dozen kinds for a damaged file
        raise ModelError(
            f"{where} is damaged or no file of torch.save ({describe_error(reason)}); save it again"
        ) from reason


def _is_torchscript(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("/constants.pkl") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def _renamed(state: dict[str, Tensor], wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Take off what training wrapped around every name: ``module.``, ``_orig_mod.``, ``model.`` and the like."""
    tops = {name.partition(".")[0] for name in wanted}
    for _ in range(3):
        firsts = {name.partition(".")[0] + "." for name in state if "." in name}
        if len(firsts) != 1 or any("." not in name for name in state):
            break
        first = firsts.pop()
        if first not in _PREFIXES and first[:-1] in tops:
            break
        if first in _PREFIXES and first[:-1] in tops and any(name in wanted for name in state):
            break
        state = {name.removeprefix(first): value for name, value in state.items()}
    return state


def _whole_children(missing: Iterable[str], state: Mapping[str, Tensor]) -> list[str] | None:
    """The network's children for which a file has nothing; none where it has a part of one, or nothing at all."""
    tops = dict.fromkeys(name.partition(".")[0] for name in missing)
    held = {name.partition(".")[0] for name in state}
    return None if held & set(tops) or (tops and not held) else list(tops)


def _differences(
    missing: list[str],
    unexpected: list[str],
    bent: list[str],
    state: Mapping[str, Tensor],
    wanted: Mapping[str, Tensor],
) -> str:
    parts = []
    if bent:
        shapes = [f"{name} is {_size(state[name])} in the file, {_size(wanted[name])} in the network" for name in bent]
        parts.append("shapes differ: " + _listed(shapes, 2, "; "))
    if missing:
        parts.append("missing from the file: " + _listed(missing, 3))
    if unexpected:
        parts.append("not in the network: " + _listed(unexpected, 3))
    return "; ".join(parts)


def _size(value: Tensor) -> str:
    return "x".join(map(str, value.shape)) or "one number"


def _listed(items: Iterable[str], at_most: int, between: str = ", ") -> str:
    items = list(items)
    more = f" and {len(items) - at_most} more" if len(items) > at_most else ""
    return between.join(items[:at_most]) + more


def _damage(reason: BaseException) -> str:
    """What unpickling stumbled over, without torch's advice on how to run what it refuses to."""
    found = re.search(r"WeightsUnpickler error: ([^\n]+)", str(reason))
    return found.group(1).strip() if found else describe_error(reason)
