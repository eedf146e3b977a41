"""What filters are called: the author's names, and the classes of the network's outputs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mkdocs_lurk.config.names import FilterNames
from mkdocs_lurk.pages.model_records import is_computed
from mkdocs_lurk.records.model_record import LayerEntry, ModelRecord

_KEEPS_CHANNELS = {
    *["relu", "relu6", "leakyrelu", "elu", "gelu", "silu", "hardswish", "hardtanh", "hardsigmoid", "sigmoid", "tanh"],
    *["avgpool", "adaptiveavgpool", "maxpool", "adaptivemaxpool", "mean", "amax", "batchnorm", "dropout", "identity"],
    *["flatten", "softmax", "logsoftmax", "output"],
}
"""Operations that keep each channel by itself, or compare channels alone; without ``_`` and dimensions."""


@dataclass(frozen=True)
class Names:
    """What the filters of a model are called.

    Attributes:
        authored: The author's names, by layer and filter.
        classes: By layer, the class of each filter, for the layers whose filters are the network's outputs; of outputs
            that no picture belongs to or is taken for it is not known.
    """

    authored: FilterNames
    classes: FilterNames

    def name(self, layer: str, index: int) -> str | None:
        """Return what a filter is called: the author's name, else the class of its output, else None."""
        return self.authored.get(layer, {}).get(index) or self.classes.get(layer, {}).get(index)

    def title(self, layer: str, index: int) -> str:
        """Return a filter's number and name: ``4 hammerhead``, or ``4`` alone."""
        name = self.name(layer, index)
        return f"{index} {name}" if name else f"{index}"


def filter_names(record: ModelRecord, authored: FilterNames) -> Names:
    """Return what the filters of a model are called.

    Args:
        record: The model's record.
        authored: The author's names; each is that of a filter.
    """
    evaluation = record["evaluation"]
    evaluated = evaluation["classes"] if is_computed(evaluation) else []
    classes = {item["output"]: item["name"] for item in evaluated}  # the labels of pictures may have another order
    layers = [entry["name"] for entry in record["layers"] if classes and _is_output(entry, record)]
    return Names(authored, dict.fromkeys(layers, classes))


def _is_output(entry: LayerEntry, record: ModelRecord) -> bool:
    """Whether each filter of a layer becomes one output of the network, and nothing else reads it."""
    n = entry["filters"]
    graph = record["graph"]
    readers: dict[int, list[int]] = {}
    for source, target in graph["edges"]:
        readers.setdefault(source, []).append(target)
    waiting = [node["id"] for node in graph["nodes"] if node.get("layer") == entry["name"]]
    by_id = {node["id"]: node for node in graph["nodes"]}
    if len(waiting) != 1 or not readers.get(waiting[0]):
        return False
    seen: set[int] = set()
    while waiting:
        for target in readers.get(waiting.pop(), ()):
            node = by_id[target]
            if _operation(node["type"]) not in _KEEPS_CHANNELS or node["output"][:1] != [n]:
                return False
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return any(by_id[node]["type"] == "output" for node in seen)


def _operation(kind: str) -> str:
    """Return an operation's name without case, ``_`` and dimensions: ``adaptiveavgpool``."""
    return re.sub(r"\dd$", "", kind.lower()).replace("_", "")
