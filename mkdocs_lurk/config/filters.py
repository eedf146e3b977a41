"""The selection of filters that the configuration declares: which filters of which layers are analysed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Literal

from mkdocs_lurk.config.validation import quoted, read_int
from mkdocs_lurk.errors import ConfigError, near

LayerFilters = Literal["all"] | int | tuple[int, ...]
"""All filters of a layer, the first so many, or those with the given numbers."""

FilterSelection = LayerFilters | Mapping[str, LayerFilters]
"""The same for every layer, or one selection per glob over the names of layers."""

FORMS = "all, a count, a list of filter numbers, or a mapping of layer globs to these"


def read_filters(value: object, path: str, minimum: int = 1) -> FilterSelection:
    """Return a declared selection of filters; a count must be at least ``minimum``."""
    if isinstance(value, Mapping):
        return {
            str(glob): _read_layer_filters(item, f"{path}[{quoted(str(glob))}]", minimum)
            for glob, item in value.items()
        }
    return _read_layer_filters(value, path, minimum)


def _read_layer_filters(value: object, path: str, minimum: int) -> LayerFilters:
    if isinstance(value, (list, tuple)):
        if not value:
            raise ConfigError(f"{path}: the list is empty; give {FORMS}")
        items = {read_int(item, f"{path}[{i}]", 0, "a filter's number, 0 or more") for i, item in enumerate(value)}
        return tuple(sorted(items))
    if isinstance(value, int) and not isinstance(value, bool):
        return read_int(value, path, minimum, f"{minimum} or more, or all")
    if value != "all":
        raise ConfigError(f"{path}: {quoted(value)} chooses no filters; give {FORMS}")
    return "all"


def select_filters(selection: FilterSelection, layer: str, filters: Iterable[int]) -> tuple[int, ...]:
    """Return the filters of a layer that a selection contains.

    Args:
        selection: A layer's own name takes precedence over globs, and an earlier glob over a later one; a layer that
            none of them fits keeps all its filters.
        layer: The layer's dotted name.
        filters: The filters to select from, in rising order.
    """
    filters = tuple(filters)
    if isinstance(selection, Mapping):
        selection = selection[layer] if layer in selection else next(
            (item for glob, item in selection.items() if fnmatchcase(layer, glob)), "all"
        )  # fmt: skip
    if selection == "all":
        return filters
    if isinstance(selection, int):
        return filters[:selection]
    return tuple(index for index in filters if index in set(selection))


def check_filters(selection: FilterSelection, path: str, filter_counts: Mapping[str, int]) -> None:
    """Check that a selection fits a network.

    Args:
        selection: The declared selection.
        path: Its key's path, for messages.
        filter_counts: The number of filters of each layer, by its name.

    Raises:
        ConfigError: A glob fits no layer, or a listed filter is in none of the layers it is meant for.
    """
    for glob, item in selection.items() if isinstance(selection, Mapping) else [("*", selection)]:
        here = f"{path}[{quoted(glob)}]" if isinstance(selection, Mapping) else path
        fitting = {name: count for name, count in filter_counts.items() if name == glob or fnmatchcase(name, glob)}
        if not fitting:
            hint = near(glob, filter_counts) or "; there are " + _enumerate(filter_counts)
            raise ConfigError(f"{here}: no layer is called so{hint}")
        if isinstance(item, tuple) and max(item) >= max(fitting.values()):
            widest = max(fitting, key=lambda name: fitting[name])
            raise ConfigError(
                f"{here}: filter {max(item)} does not exist; the widest layer, {widest}, has 0 to {fitting[widest] - 1}"
            )


def _enumerate(names: Iterable[str], at_most: int = 8) -> str:
    names = list(names)
    return ", ".join(names[:at_most]) + (f" and {len(names) - at_most} more" if len(names) > at_most else "")
