"""Find numbers that a network counts with outside its buffers, and whether its output depends on how far it counted.

``self.calls += 1`` in a forward method is harmless until ``if self.calls > 1000`` follows it. Numbers are looked for in
the modules' own attributes, in lists, mappings and objects there, and in the classes, globals and closures of their
methods.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Iterator, MutableMapping, MutableSequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import CellType, FunctionType

from torch import Tensor, nn

Number = int | float
_OF_EVERY_MODULE = frozenset(vars(nn.Module()))
_FAR = 1_000_000
_DIVISIBLE = 90_090_000
"""By 1 to 16, by 1,000, and by what they are multiples of: where a network does something at every n-th picture."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a number is kept: in a mapping, a list, an object, a class or a cell of a closure."""

    name: str
    holder: object
    key: Hashable

    def write(self, value: Number) -> None:
        """Put another number there."""
        is_container = isinstance(self.holder, (MutableMapping, MutableSequence))
        put: Callable[..., None] = operator.setitem if is_container else setattr
        put(self.holder, self.key, value)


@dataclass(frozen=True, slots=True)
class Counter:
    """A number that is another one after a forward pass.

    Attributes:
        name: What messages call it.
        value: After the pass.
        step: What the pass added to it.
    """

    name: str
    value: Number
    step: Number
    _place: _Place

    @property
    def far_ahead(self) -> tuple[Number, ...]:
        """Values that it would have after very many passes."""
        ahead = self.value + self.step * _FAR
        return ahead, *(self.step * (_DIVISIBLE - before) for before in (2, 1, 0))


class KeptNumbers:
    """The numbers that a network keeps at one time.

    Args:
        module: The network.
    """

    def __init__(self, module: nn.Module) -> None:
        self._values = {(id(place.holder), place.key): (place, value) for place, value in _numbers(module)}

    def counters_since(self, before: KeptNumbers) -> list[Counter]:
        """Return the numbers that are others than before."""
        found: list[Counter] = []
        for key, (place, value) in self._values.items():
            _, old = before._values.get(key, (place, value))
            if value != old and value - old == value - old:  # neither is NaN or both infinite
                found.append(Counter(place.name, value, value - old, place))
        return found


@contextmanager
def counted_ahead(counters: list[Counter], number: int) -> Iterator[None]:
    """Set counters to their ``number``-th value that is far ahead, for as long as the context lasts."""
    try:
        for counter in counters:
            counter._place.write(counter.far_ahead[number])
        yield
    finally:
        for counter in counters:
            counter._place.write(counter.value)


def _numbers(module: nn.Module) -> Iterator[tuple[_Place, Number]]:
    classes: dict[type, None] = {}
    for path, child in module.named_modules():
        own = {name: value for name, value in vars(child).items() if name not in _OF_EVERY_MODULE}
        for name, value in own.items():
            full = f"{path}.{name}" if path else name
            yield from _in_holder(full, vars(child), name, value)
            yield from _within(full, value)
        classes |= dict.fromkeys(type(child).__mro__)
    for kind in classes:
        if kind.__module__.partition(".")[0] not in ("torch", "torchvision", "builtins"):
            yield from _of_class(kind)


def _within(name: str, value: object) -> Iterator[tuple[_Place, Number]]:
    """Yield the numbers in a mapping, a list or an object that a module keeps."""
    if isinstance(value, MutableMapping):
        for key, item in list(value.items()):
            yield from _in_holder(f"{name}[{key!r}]", value, key, item)
    elif isinstance(value, MutableSequence):
        for index, item in enumerate(value):
            yield from _in_holder(f"{name}[{index}]", value, index, item)
    elif not isinstance(value, (nn.Module, Tensor, type, FunctionType)):
        for key, item in list(getattr(value, "__dict__", {}).items()):
            yield from _in_holder(f"{name}.{key}", value, key, item)


def _of_class(kind: type) -> Iterator[tuple[_Place, Number]]:
    """Yield the numbers of a class, and those that its methods read from their module and from around the class."""
    for name, value in list(vars(kind).items()):
        yield from _in_holder(f"{kind.__name__}.{name}", kind, name, value)
        if not isinstance(value, FunctionType):
            continue
        for read in value.__code__.co_names:
            if read in value.__globals__:
                yield from _in_holder(read, value.__globals__, read, value.__globals__[read])
        for read, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=True):
            yield from _in_cell(read, cell)


def _in_cell(name: str, cell: CellType) -> Iterator[tuple[_Place, Number]]:
    try:
        value = cell.cell_contents
    except ValueError:  # it is empty
        return
    yield from _in_holder(name, cell, "cell_contents", value)


def _in_holder(name: str, holder: object, key: Hashable, value: object) -> Iterator[tuple[_Place, Number]]:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        yield _Place(name, holder, key), value
