"""Read weights from a file and load them into a network, or say in one line why that is impossible."""

from __future__ import annotations

import pickle
import re
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from mkdocs_lurk.errors import ModelError, describe_error

_CHECKPOINT_KEYS = ("state_dict", "model_state_dict", "model", "net", "network", "weights")
_WRAPPER_PREFIXES = ("module.", "_orig_mod.")
_CONVERT = "save its state dict where you trust it: torch.save(model.state_dict(), 'weights.pt')"


def load_weights(module: nn.Module, path: Path, subject: str) -> tuple[str, ...]:
    """Load the weights of a file into a network.

    Half-precision values become float32. A file that holds every weight of some of the network's children and none of
    the others' (that of a network saved without its classifier, say) is loaded too, with a note.

    Args:
        module: The network; it keeps the values of weights that the file does not hold.
        path: A safetensors file, or a state dict of ``torch.save`` by itself or inside a checkpoint.
        subject: The beginning of every message.

    Returns:
        Sentences that the reader of the site should know.

    Raises:
        ModelError: The file cannot be read, holds pickled code, or does not fit.
    """
    where = f"{subject}: {path.name}"
    expected = module.state_dict()
    state = _without_wrapper_prefixes(read_state(path, where), expected)
    missing = [name for name in expected if name not in state and not name.endswith("num_batches_tracked")]
    unexpected = [name for name in state if name not in expected]
    misshapen = [name for name in state if name in expected and state[name].shape != expected[name].shape]
    children = _children_without_weights(missing, state)
    if unexpected or misshapen or children is None:
        differences = [_describe_shapes(misshapen, state, expected)] if misshapen else []
        differences += ["missing from the file: " + _join_first(missing, 3)] if missing else []
        differences += ["not in the network: " + _join_first(unexpected, 3)] if unexpected else []
        raise ModelError(f"{where} does not fit the network: " + "; ".join(differences))
    module.load_state_dict(state, strict=False)
    if not children:
        return ()
    return (f"{path.name} holds no weights for {_join_first(children, 5)}: these parts keep random values.",)


def read_state(path: Path, where: str) -> dict[str, Tensor]:
    """Return a file's tensors by name, on the CPU, floating-point ones as float32.

    Args:
        path: A safetensors file, or a state dict of ``torch.save`` by itself or inside a checkpoint.
        where: The beginning of every message.

    Raises:
        ModelError: The file cannot be read, or holds pickled code, quantised tensors or no state dict.
    """
    content = _read_safetensors(path, where) if path.suffix == ".safetensors" else _read_pickled(path, where)
    for _ in range(2):
        if isinstance(content, Mapping) and not _is_state_dict(content):
            nested = (content[key] for key in _CHECKPOINT_KEYS if isinstance(content.get(key), Mapping))
            content = next(nested, content)
    if not isinstance(content, Mapping) or not _is_state_dict(content):
        held = _join_first(map(str, content), 5) if isinstance(content, Mapping) else type(content).__name__
        raise ModelError(f"{where} holds no state dict but {held or 'nothing'}; {_CONVERT}")
    state = {}
    for name, value in content.items():
        if not isinstance(value, Tensor):
            continue
        if value.is_quantized:
            raise ModelError(f"{where} is quantised ({name}); give the weights of the network before quantisation")
        state[str(name)] = value.detach().to(torch.float32) if value.is_floating_point() else value.detach()
    return state


def _is_state_dict(content: Mapping[object, object]) -> bool:
    """Whether a mapping holds tensors, and no mapping that would be a checkpoint's state dict."""
    return any(isinstance(value, Tensor) for value in content.values()) and not any(
        isinstance(content.get(key), Mapping) for key in _CHECKPOINT_KEYS
    )


def _read_safetensors(path: Path, where: str) -> object:
    try:
        return safetensors.torch.load_file(path)
    except (safetensors.SafetensorError, OSError, ValueError, KeyError) as reason:
        raise ModelError(
            f"{where} is damaged or no safetensors file ({describe_error(reason)}); copy or save it again"
        ) from reason


def _read_pickled(path: Path, where: str) -> object:
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
                f"{where} is damaged or no file of torch.save ({_describe_damage(reason)}); save it again"
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


def _without_wrapper_prefixes(state: dict[str, Tensor], expected: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Remove what training wrapped around every name: ``module.``, ``_orig_mod.``, ``model.`` and the like.

    Args:
        state: A file's tensors.
        expected: The network's own state dict, whose names decide what is a wrapper and what is a child.
    """
    children = {name.partition(".")[0] for name in expected}
    for _ in range(3):
        prefixes = {name.partition(".")[0] + "." for name in state if "." in name}
        if len(prefixes) != 1 or any("." not in name for name in state):
            break
        prefix = prefixes.pop()
        if prefix not in _WRAPPER_PREFIXES and prefix[:-1] in children:
            break
        if prefix in _WRAPPER_PREFIXES and prefix[:-1] in children and any(name in expected for name in state):
            break
        state = {name.removeprefix(prefix): value for name, value in state.items()}
    return state


def _children_without_weights(missing: Iterable[str], state: Mapping[str, Tensor]) -> list[str] | None:
    """Return the network's children for which a file holds nothing.

    Args:
        missing: Names of the weights that the file lacks.
        state: The file's tensors.

    Returns:
        The children's names; None if the file holds only a part of a child, or nothing at all.
    """
    lacking = dict.fromkeys(name.partition(".")[0] for name in missing)
    held = {name.partition(".")[0] for name in state}
    return None if held & set(lacking) or (lacking and not held) else list(lacking)


def _describe_shapes(names: list[str], state: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> str:
    shapes = [
        f"{name} is {_describe_shape(state[name])} in the file, {_describe_shape(expected[name])} in the network"
        for name in names
    ]
    return "shapes differ: " + _join_first(shapes, 2, "; ")


def _describe_shape(value: Tensor) -> str:
    return "x".join(map(str, value.shape)) or "one number"


def _join_first(items: Iterable[str], at_most: int, separator: str = ", ") -> str:
    """Join the first items, and say how many more there are."""
    items = list(items)
    more = f" and {len(items) - at_most} more" if len(items) > at_most else ""
    return separator.join(items[:at_most]) + more


def _describe_damage(reason: BaseException) -> str:
    """Return what stopped the unpickling, without torch's advice on how to run what it refuses to."""
    cause = re.search(r"WeightsUnpickler error: ([^\n]+)", str(reason))
    return cause.group(1).strip() if cause else describe_error(reason)
