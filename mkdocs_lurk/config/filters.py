"""Which filters of which layers are looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Literal

from mkdocs_lurk.config.validation import shown, whole
from mkdocs_lurk.errors import ConfigError, near

FilterChoice = Literal["all"] | int | tuple[int, ...] | Mapping[str, "Literal['all'] | int | tuple[int, ...]"]
"""All filters, the first so many, those in a list, or one of these for each layer glob."""

FORMS = "all, a count, a list of filter numbers, or a mapping of layer globs to these"


def read_choice(value: object, path: str, least: int = 1) -> FilterChoice:
    """Read a choice of filters; a count is at least ``least``."""
    if isinstance(value, Mapping):
        return {str(glob): _layer_filters(item, f"{path}[{str(glob)!r}]", least) for glob, item in value.items()}
    return _layer_filters(value, path, least)


def _layer_filters(value: object, path: str, least: int) -> Literal["all"] | int | tuple[int, ...]:
    if isinstance(value, (list, tuple)):
        if not value:
            raise ConfigError(f"{path}: the list is empty; give {FORMS}")
        items = {whole(item, f"{path}[{i}]", 0, "a filter's number, 0 or more") for i, item in enumerate(value)}
        return tuple(sorted(items))
    if isinstance(value, int) and not isinstance(value, bool):
        return whole(value, path, least, f"{least} or more, or all")
    if value != "all":
        raise ConfigError(f"{path}: {shown(value)} chooses no filters; give {FORMS}")
    return "all"


def choose(choice: FilterChoice, layer: str, among: Iterable[int]) -> tuple[int, ...]:
    """Apply a choice to the filters of one layer; a list's numbers that the layer has not are left out."""
    among = tuple(among)
    if isinstance(choice, Mapping):
        choice = choice[layer] if layer in choice else next(
            (item for glob, item in choice.items() if fnmatchcase(layer, glob)), "all"
        )  # fmt: skip
    if choice == "all":
        return among
    if isinstance(choice, int):
        return among[:choice]
    return tuple(index for index in among if index in set(choice))


def check_choice(choice: FilterChoice, path: str, counts: Mapping[str, int]) -> None:
    """See that a choice fits a network whose layers have so many filters.

    Raises:
        ConfigError: A glob fits no layer, or a listed filter is in none of the layers it is meant for.
    """
    for glob, item in choice.items() if isinstance(choice, Mapping) else [("*", choice)]:
        here = f"{path}[{glob!r}]" if isinstance(choice, Mapping) else path
        fitting = {name: count for name, count in counts.items() if name == glob or fnmatchcase(name, glob)}
        if not fitting:
            raise ConfigError(f"{here}: no layer is called so{near(glob, counts) or '; there are ' + _some(counts)}")
        if isinstance(item, tuple) and max(item) >= max(fitting.values()):
            widest = max(fitting, key=lambda name: fitting[name])
            raise ConfigError(
                f"{here}: filter {max(item)} does not exist; the widest layer, {widest}, has 0 to {fitting[widest] - 1}"
            )


def _some(names: Iterable[str], at_most: int = 8) -> str:
    names = list(names)
    return ", ".join(names[:at_most]) + (f" and {len(names) - at_most} more" if len(names) > at_most else "")
