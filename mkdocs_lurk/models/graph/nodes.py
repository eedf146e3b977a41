"""What the drawing of a network is made of: boxes, and the groups that hold them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Node:
    """One box of the drawing: an operation, or a module whose inside is of no interest.

    Attributes:
        id: Its place in the list.
        type: A module's class, or the operation's name.
        name: Dotted name of the module; the operation's name where it belongs to none.
        parent: Id of the group that holds it.
        output: Shape without the batch axis.
        parameters: Elements of the parameters that it is the first to read.
        macs: Multiply-adds for one picture.
        layer: Name of the layer, where it is one.
        form: Kernel, stride and whether it has groups, for a convolution; it tells like blocks from others.
    """

    id: int
    type: str
    name: str
    parent: str | None
    output: tuple[int, ...] = ()
    parameters: int = 0
    macs: int = 0
    layer: str | None = None
    form: tuple[object, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The node without what is zero or absent."""
        record: dict[str, Any] = {"id": self.id, "type": self.type, "name": self.name, "parent": self.parent}
        record["output"] = list(self.output)
        record.update({key: value for key in ("parameters", "macs", "layer") if (value := getattr(self, key))})
        return record


@dataclass(slots=True)
class Group:
    """A module that holds nodes and groups.

    Attributes:
        id: Its dotted name, or what makes it differ from another run of the same module.
        parent: Id of the group that holds it.
        name: Dotted name; for a fold, those of its first and last member.
        type: Class name.
        count: How many like blocks a fold holds; 0 for a module.
    """

    id: str
    parent: str | None
    name: str
    type: str
    count: int = 0

    def as_json(self) -> dict[str, Any]:
        """The group, with ``count`` only where it is a fold."""
        record: dict[str, Any] = {"id": self.id, "parent": self.parent, "name": self.name, "type": self.type}
        return record | ({"count": self.count} if self.count else {})
