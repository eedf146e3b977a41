"""The names that an author gives to filters: ``names`` of ``mkdocs.yml``, written there or in a YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mkdocs_lurk.config.validation import existing_path, quoted, read_text
from mkdocs_lurk.declared_files import read_text_file
from mkdocs_lurk.errors import ConfigError, near
from mkdocs_lurk.limits import LONGEST_FILTER_NAME, MOST_FILTER_NAMES_BYTES
from mkdocs_lurk.yaml_text import YamlTextError, read_yaml

FilterNames = Mapping[str, Mapping[int, str]]
"""The names of filters by their index, by the dotted name of their layer."""

_FORMS = "names by layer and filter: {features.0: {12: eyes in fur}}, or a YAML file of them"


def names_file(value: object, path: str, root: Path) -> Path | None:
    """Return the file that holds the names; None if they are written in ``mkdocs.yml``, or there are none."""
    return existing_path(value, path, root, "file") if isinstance(value, str) else None


def read_names(value: object, path: str, file: Path | None) -> FilterNames:
    """Read the names of filters.

    Args:
        value: What was declared; None for no names.
        path: The key's path.
        file: The file that holds the names, if it is one.

    Raises:
        ConfigError: It is no mapping of layers to mappings of filters to names, or the file cannot be read.
    """
    if file is not None:
        path, value = f"{path} ({file.name})", _read_file(file, path)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigError(f"{path}: {quoted(value)} is no mapping; give {_FORMS}")
    return {str(layer): _names_of_layer(items, f"{path}[{quoted(str(layer))}]") for layer, items in value.items()}


def check_names(names: FilterNames, path: str, filter_counts: Mapping[str, int]) -> None:
    """Check that every name is that of a filter of the network.

    Args:
        names: The declared names.
        path: Their key's path, for messages.
        filter_counts: The number of filters of each layer, by its name.

    Raises:
        ConfigError: There is no such layer, or it has no such filter.
    """
    for layer, own in names.items():
        here = f"{path}[{quoted(layer)}]"
        if layer not in filter_counts:
            hint = near(layer, filter_counts) or "; give the dotted name of an analysed layer"
            raise ConfigError(f"{here}: no layer is called so{hint}")
        if own and max(own) >= filter_counts[layer]:
            raise ConfigError(
                f"{here}: filter {max(own)} does not exist; the layer has 0 to {filter_counts[layer] - 1}"
            )


def _read_file(file: Path, path: str) -> object:
    text = read_text_file(file, MOST_FILTER_NAMES_BYTES, ConfigError, path)
    try:
        return read_yaml(text)
    except YamlTextError as error:
        line = "" if error.line is None else f", line {error.line + 1}"
        raise ConfigError(f"{path}: {file.name}{line} is no YAML that is read: {error}; give {_FORMS}") from error


def _names_of_layer(items: object, path: str) -> Mapping[int, str]:
    if not isinstance(items, Mapping):
        raise ConfigError(f"{path}: {quoted(items)} is no mapping; give filters and names: {{12: eyes in fur}}")
    return {_index(key, path): _name(item, f"{path}[{quoted(key)}]") for key, item in items.items()}


def _index(key: object, path: str) -> int:
    text = str(key)
    if isinstance(key, bool) or not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise ConfigError(f"{path}: {quoted(key)} is no filter's number; give one of 0 or more")
    return int(text)


def _name(item: object, path: str) -> str:
    name = " ".join(read_text(item, path, "a filter's name: eyes in fur").split())
    if len(name) > LONGEST_FILTER_NAME:
        raise ConfigError(f"{path}: {quoted(name)} has {len(name)} characters; give at most {LONGEST_FILTER_NAME}")
    return name
