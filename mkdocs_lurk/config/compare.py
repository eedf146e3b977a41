"""The option ``compare``: pairs of declared models whose results are compared."""

from __future__ import annotations

from collections.abc import Sequence

from mkdocs_lurk.addresses import layer_addresses
from mkdocs_lurk.config.options import MODELS_FOLDER, ModelConfig
from mkdocs_lurk.config.validation import quoted, read_text
from mkdocs_lurk.errors import ConfigError, near

_WHAT = "pairs of names of declared models: [[base, tuned]]"


def comparison_folder(first: str, second: str) -> str:
    """Return the folder under the site of the page that compares two models."""
    name = f"compare-{first}-{second}"
    return f"{MODELS_FOLDER}/{layer_addresses([name])[name]}"


def read_compare(value: object, path: str, models: Sequence[ModelConfig]) -> tuple[tuple[str, str], ...]:
    """Return the pairs of models to compare; one pair alone needs no list around it.

    Raises:
        ConfigError: It is no list of pairs, a model is not declared, or two pages would have one address.
    """
    if not isinstance(value, (list, tuple)):
        raise ConfigError(f"{path}: {quoted(value)} is no list; give {_WHAT}")
    is_one_pair = len(value) == 2 and all(isinstance(name, str) for name in value)
    pairs = [_read_pair(item, f"{path}[{at}]", models) for at, item in enumerate([value] if is_one_pair else value)]
    taken = {model.folder.lower(): model.name for model in models}
    for at, pair in enumerate(pairs):
        folder = comparison_folder(*pair).lower()
        if folder in taken:
            raise ConfigError(
                f"{path}[{at}]: the page would be at {folder!r}, which is that of {taken[folder]!r}; leave one out, or "
                "give the models other names"
            )
        taken[folder] = " and ".join(pair)
    return tuple(pairs)


def _read_pair(value: object, path: str, models: Sequence[ModelConfig]) -> tuple[str, str]:
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise ConfigError(f"{path}: {quoted(value)} is no pair; give {_WHAT}")
    names = [model.name for model in models]
    pair = [read_text(name, f"{path}[{place}]", "the name of a declared model") for place, name in enumerate(value)]
    for place, name in enumerate(pair):
        if name not in names:
            hint = near(name, names) or ("; there are " + ", ".join(names) if names else "; no model is declared")
            raise ConfigError(f"{path}[{place}]: there is no model {quoted(name)}{hint}")
    if pair[0] == pair[1]:
        raise ConfigError(f"{path}: {pair[0]!r} would be compared with itself; name two models")
    return pair[0], pair[1]
