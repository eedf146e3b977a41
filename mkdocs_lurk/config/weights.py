"""The forms of a model's ``weights``: a file, a choice of what is in a file, or the name of torchvision weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mkdocs_lurk.config.validation import Section, existing_path, quoted, read_text
from mkdocs_lurk.declared_files import is_there
from mkdocs_lurk.errors import ConfigError

WEIGHT_SUFFIXES = (".safetensors", ".pt", ".pth", ".ckpt", ".bin")
_FORMS = "a .safetensors, .pt or .pth file, the name of torchvision weights, or none"


@dataclass(frozen=True, slots=True)
class WeightsDetail:
    """What ``weights`` says beside its file.

    Attributes:
        key: The keys that lead to the state dict in a checkpoint, joined by dots; None to look for it.
        prefix: The beginning of the names of the network's weights, without the last dot; None to look for it.
    """

    key: str | None = None
    prefix: str | None = None


def read_weights(value: object, path: str, source: str, root: Path) -> tuple[str | None, WeightsDetail]:
    """Check the weights of a model.

    Args:
        value: What was declared.
        path: The key's path.
        source: The model's source.
        root: The folder that relative paths start from.

    Raises:
        ConfigError: It is none of the forms, the file does not exist, or the source has its own weights.
    """
    if value is None or value == "none":
        return None, WeightsDetail()
    if not isinstance(value, Mapping):
        return _read_text(value, path, source, root), WeightsDetail()
    section = Section(value, path, ("file", "key", "prefix"))
    weights = _read_text(*section.require("file", "a .safetensors, .pt or .pth file"), source, root)
    if Path(weights).suffix not in WEIGHT_SUFFIXES:
        raise ConfigError(f"{path}.file: {quoted(weights)} is no weights file; give a .safetensors, .pt or .pth file")
    key = read_text(*section.get("key"), "the key of a state dict in the file") if "key" in section else None
    prefix = read_text(*section.get("prefix"), "the beginning of names") if "prefix" in section else None
    return weights, WeightsDetail(key, None if prefix is None else prefix.rstrip("."))


def _read_text(value: object, path: str, source: str, root: Path) -> str:
    weights = read_text(value, path, _FORMS)
    if ":" not in source:
        raise ConfigError(f"{path}: {quoted(source)} is an archive, which holds its own weights; leave the key out")
    if Path(weights).suffix in WEIGHT_SUFFIXES:
        existing_path(weights, path, root, "file")
        return weights
    if source.startswith("torchvision:") and re.fullmatch(r"(\w+_Weights\.)?\w+", weights):
        return weights
    if "/" in weights or is_there(root / weights):
        existing_path(weights, path, root, "file")
    raise ConfigError(f"{path}: {quoted(weights)} is no weights; give {_FORMS}")
