"""What people call a layer: a title in words beside its dotted name.

``features.12.expand3x3`` of SqueezeNet is "Fire 8, expand 3x3": the eighth block of the class ``Fire``, and what the
rest of the name says. A layer in no block is called by its name, and by its number where the name is a number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from mkdocs_lurk.pages import formatting
from mkdocs_lurk.records.graph_record import GraphGroup, GraphRecord
from mkdocs_lurk.records.model_record import LayerEntry

_CONTAINERS = {"Sequential", "ModuleList", "ModuleDict"}
_EMPTY_WORDS = {"backbone", "base", "block", "body", "conv", "features", "layers", "main", "model", "module", "net"}
"""Parts of names that tell nothing of a layer, which are left out where anything else is left."""


def layer_titles(layers: Sequence[LayerEntry], graph: GraphRecord) -> dict[str, str]:
    """Return the title of each layer by its dotted name; no two are the same.

    Args:
        layers: The layers of a model, in the order in which they run.
        graph: Its structure, which says what the blocks are.
    """
    names = [layer["name"] for layer in layers]
    blocks = _block_titles(names, graph)
    titles = [_title(layer, blocks) for layer in layers]
    counts, seen = Counter(titles), Counter[str]()
    found = {}
    for name, title in zip(names, titles, strict=True):
        seen[title] += 1
        if counts[title] > 1 and _is_in_no_block(title):
            found[name] = f"{title} {seen[title]}"
        else:
            found[name] = title if counts[title] == 1 else f"{title} ({seen[title]} of {counts[title]})"
    return found


def _is_in_no_block(title: str) -> bool:
    return "," not in title and not title[-1:].isdecimal()


def _title(layer: LayerEntry, blocks: Mapping[str, str]) -> str:
    """Return a layer's title, which others may share."""
    name = layer["name"]
    block = next((prefix for prefix in _prefixes(name) if prefix in blocks), "")
    words = _words_of_path(name[len(block) :].strip("."))
    kind = formatting.layer_kind(layer["kind"])
    if block:
        return f"{blocks[block]}, {words or kind}"
    return _capitalised(words or kind)


def _words_of_path(path: str) -> str:
    """Return what the parts of a dotted name say, without numbers and words that say nothing."""
    parts = [part for part in path.split(".") if part and not part.isdecimal()]
    telling = [_words(part) for part in parts if part.lower() not in _EMPTY_WORDS]
    return ", ".join(telling) or ("conv" if "conv" in parts else "")


def _words(part: str) -> str:
    """Split a part of a name at underscores, and before numbers and sizes: ``expand3x3`` is "expand 3x3"."""
    text = re.sub(r"(?<=[A-Za-z]{2})(?=\d+x\d)|(?<=[a-z]{3})(?=\d+[a-z]?$)", " ", part.replace("_", " ").strip())
    return " ".join(text.split())


def _prefixes(name: str) -> list[str]:
    """Return the names of the modules around a layer, the outermost first."""
    parts = name.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts))]


def _block_titles(names: Sequence[str], graph: GraphRecord) -> dict[str, str]:
    """Return the titles of the modules that count as blocks, by their names.

    A block holds two layers or more, but not all, and is no mere container. Of blocks inside each other the outermost
    counts whose class occurs again; where none does, the outermost of all.
    """
    groups = list({group["name"]: group for group in graph["groups"] if _may_be_block(group, names)}.values())
    occurrences = Counter(group["type"] for group in groups)
    repeated = {group["name"] for group in groups if occurrences[group["type"]] > 1}
    titles: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for group in groups:
        seen[group["type"]] += 1
        within = {*_prefixes(group["name"]), group["name"]}
        inner = {other["name"] for other in groups if other["name"].startswith(f"{group['name']}.")}
        if group["name"] in repeated or not repeated & (within | inner):
            titles[group["name"]] = _block_title(group, seen[group["type"]], occurrences[group["type"]])
    return titles


def _may_be_block(group: GraphGroup, names: Sequence[str]) -> bool:
    held = sum(name.startswith(f"{group['name']}.") for name in names)
    return "count" not in group and group["type"] not in _CONTAINERS and 1 < held < len(names)


def _block_title(group: GraphGroup, number: int, of: int) -> str:
    """Return the class of a block in words with its number; its own name where that begins with its class."""
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", group["type"].strip("_"))
    kind = _capitalised(" ".join(word.lower() if word[1:].islower() else word for word in kind.split()))
    own = group["name"].rpartition(".")[2]
    start = kind.replace(" ", "").lower()
    if own.lower().replace("_", "").startswith(start) and len(own) > len(start):
        return f"{kind} {own.replace('_', '')[len(start) :]}"
    return f"{kind} {number}" if of > 1 else kind


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
