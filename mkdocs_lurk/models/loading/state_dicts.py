"""Look through the mappings of a checkpoint for state dicts, at each of them once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from torch import Tensor

from mkdocs_lurk.errors import ModelError
from mkdocs_lurk.limits import MOST_MAPPINGS

_DEEPEST = 8
"""Mappings inside each other that are looked through; checkpoints have three."""
_LONGEST_KEY = 1000
"""Characters of a key in a path."""
CONVERT = "save its state dict where you trust it: torch.save(model.state_dict(), 'weights.pt')"

Path = tuple[object, ...]
Items = Callable[[Path, Mapping[object, object]], Iterable[tuple[object, object]]]


def find_states(
    content: object, keys: tuple[str, ...], inside: tuple[str, ...], where: str
) -> Iterator[tuple[str, Mapping[object, object]]]:
    """Yield the state dicts under some keys of a checkpoint, and by their paths; by itself, its path is empty."""

    def nested(path: Path, mapping: Mapping[object, object]) -> list[tuple[object, object]]:
        known = inside if path else keys
        return [(key, mapping[key]) for key in known if isinstance(mapping.get(key), Mapping)]

    for path, mapping in _walk(content, nested, where):
        if (path or keys is inside) and not nested(path, mapping) and holds_tensors(mapping):
            yield _joined(path), mapping


def find_keys(content: object, keys: tuple[str, ...], where: str) -> Iterator[tuple[str, object]]:
    """Yield the mappings and lists under some keys, wherever they lie, by their paths; none inside another."""

    def is_found(key: object, value: object) -> bool:
        return key in keys and isinstance(value, (Mapping, list, tuple)) and _holds_any_tensor(value)

    def others(_: Path, mapping: Mapping[object, object]) -> list[tuple[object, object]]:
        return [(key, value) for key, value in mapping.items() if not is_found(key, value)]

    for path, mapping in _walk(content, others, where):
        for key, value in mapping.items():
            if is_found(key, value):
                yield _joined((*path, key)), value


def find_all_states(content: object, where: str) -> Iterator[tuple[str, Mapping[object, object]]]:
    """Yield all mappings of tensors whose keys are text, by their paths, without those that lie very deep."""
    for path, mapping in _walk(content, lambda _, held: held.items(), where):
        if path and holds_tensors(mapping) and all(isinstance(key, str) for key in mapping):
            yield _joined(path), mapping


def holds_tensors(content: Mapping[object, object]) -> bool:
    """Return whether a value of a mapping is a tensor."""
    return any(isinstance(value, Tensor) for value in content.values())


def _holds_any_tensor(content: object) -> bool:
    seen: set[int] = set()
    level = [content]
    for _ in range(_DEEPEST + 2):
        below: list[object] = []
        for each in level:
            if isinstance(each, Tensor):
                return True
            if isinstance(each, (Mapping, list, tuple)) and id(each) not in seen:
                seen.add(id(each))
                below += each.values() if isinstance(each, Mapping) else each
        level = below
    return False


def _joined(path: Path) -> str:
    return ".".join(str(key)[:_LONGEST_KEY] for key in path)


def _walk(content: object, items: Items, where: str) -> Iterator[tuple[Path, Mapping[object, object]]]:
    """Yield every mapping in a checkpoint and the keys that lead to it, those nearest to the top first.

    A mapping comes once, however many keys lead to it: in a few of them that hold each other, there are billions of
    ways.
    """
    level: list[tuple[Path, object]] = [((), content)]
    seen: set[int] = set()
    for _ in range(_DEEPEST + 1):
        below: list[tuple[Path, object]] = []
        for path, mapping in level:
            if not isinstance(mapping, Mapping) or id(mapping) in seen:
                continue
            seen.add(id(mapping))
            if len(seen) > MOST_MAPPINGS:
                raise ModelError(f"{where} holds more than {MOST_MAPPINGS:,} mappings; {CONVERT}")
            yield path, mapping
            below += [((*path, key), value) for key, value in items(path, mapping)]
        level = below
