"""Check a card's metadata against the rules of Hugging Face's model cards, without a net, with line numbers.

The rules are those of the specification (``modelcard.md`` in huggingface/hub-docs): the kinds of values of the known
keys, and what ``model-index`` requires. Which licences, tasks, data sets and metrics there are, the Hub alone knows.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import yaml

from mkdocs_lurk.pages.card_parts import front_matter
from mkdocs_lurk.yaml_text import YamlTextError, read_yaml

_TEXT = ("library_name", "license_name", "license_link", "pipeline_tag")
_TEXTS = ("base_model", "datasets", "language", "license", "metrics", "tags")
_KNOWN = (*_TEXT, *_TEXTS, "inference", "model-index", "model_name", "new_version", "thumbnail", "title", "widget")
_MOST_KEYS, _LONGEST_KEY = 200, 30
_LIKENESS = 0.85
"""Of two keys, at least, where one is a slip of the pen: "licence" and "license" have 0.857."""
_TEXT_TAG = "tag:yaml.org,2002:str"
_NULL_TAG = "tag:yaml.org,2002:null"
_KINDS = {"bool": "true or false", "int": "a number", "float": "a number", "timestamp": "a date", "null": "empty"}


@dataclass(frozen=True, slots=True)
class CardFault:
    """What is wrong in a card, with its line in the file, counted from 1."""

    line: int
    problem: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.problem}"


def check_card(text: str) -> list[CardFault]:
    """Return what is wrong in a card's metadata, by rising lines; nothing of metadata that is no YAML mapping."""
    found = front_matter(text)
    if not found:
        return []
    try:
        read_yaml(found)  # refuses what would take YAML's parser long
        root = yaml.compose(found, Loader=yaml.SafeLoader)
    except (YamlTextError, yaml.YAMLError):
        return []  # which the reading of the card tells of
    if not isinstance(root, yaml.MappingNode):
        return []
    return sorted(_faults(root), key=lambda fault: fault.line)


def _faults(root: yaml.MappingNode) -> Iterator[CardFault]:
    entries = {_name(key): (key, value) for key, value in root.value}
    for name, (key, value) in list(entries.items())[:_MOST_KEYS]:
        if value.tag == _NULL_TAG:
            continue
        if name in _TEXT and not _is_text(value):
            yield _fault(value, f"{name} is {_kind(value)}; it should be a text")
        elif name in _TEXTS:
            yield from _check_texts(name, value)
        elif name == "model-index":
            yield from _check_index(value)
        elif name not in _KNOWN and (meant := _meant(name)):
            yield _fault(key, f"there is no key {name!r}; did you mean {meant!r}?")
    if "license" in entries and _texts(entries["license"][1]) == ["other"] and "license_name" not in entries:
        yield _fault(entries["license"][0], "license: other needs a license_name")


def _meant(name: str) -> str:
    """Return the known key that a key with a slip of the pen means; empty for one of the author's own."""
    found = difflib.get_close_matches(name[:_LONGEST_KEY], _KNOWN, 1, _LIKENESS)
    return found[0] if found else ""


def _check_texts(name: str, value: yaml.Node) -> Iterator[CardFault]:
    """Check a text or a list of texts: ``no`` is a language, and false for YAML."""
    items = value.value if isinstance(value, yaml.SequenceNode) else [value]
    for item in items:
        if not _is_text(item):
            quoted = "; put it in quotes" if isinstance(item, yaml.ScalarNode) and item.value else ""
            yield _fault(item, f"{name} holds {_kind(item)}; it should be a text, or a list of texts{quoted}")


def _check_index(value: yaml.Node) -> Iterator[CardFault]:
    """Check ``model-index``: of every model a name and results, of every result a task, a data set and metrics."""
    for model in _items(value):
        if isinstance(model, CardFault):
            yield model
            continue
        yield from _require(model, ("name",), "the model in model-index")
        results = _entry(model, "results")
        if results is None:
            yield _fault(model, "the model in model-index has no results")
            continue
        for result in _items(results):
            if isinstance(result, CardFault):
                yield result
            else:
                yield from _check_result(result)


def _check_result(result: yaml.MappingNode) -> Iterator[CardFault]:
    for part, needed in (("task", ("type",)), ("dataset", ("type", "name"))):
        entry = _entry(result, part)
        if not isinstance(entry, yaml.MappingNode):
            yield _fault(entry or result, f"a result in model-index has no {part} with a {needed[0]}")
        else:
            yield from _require(entry, needed, f"the {part} of a result")
    metrics = _entry(result, "metrics")
    if metrics is None:
        yield _fault(result, "a result in model-index has no metrics")
        return
    for metric in _items(metrics):
        if isinstance(metric, CardFault):
            yield metric
        else:
            yield from _require(metric, ("type", "value"), "a metric")


def _items(value: yaml.Node) -> Iterator[yaml.MappingNode | CardFault]:
    """Yield the mappings in a list, and a fault in place of whatever is none."""
    if not isinstance(value, yaml.SequenceNode):
        yield _fault(value, f"a part of model-index is {_kind(value)}; it should be a list")
        return
    for item in value.value:
        if isinstance(item, yaml.MappingNode):
            yield item
        else:
            yield _fault(item, f"a part of model-index holds {_kind(item)}; it should hold mappings")


def _require(node: yaml.MappingNode, names: Sequence[str], what: str) -> Iterator[CardFault]:
    for name in names:
        entry = _entry(node, name)
        if entry is None or entry.tag == _NULL_TAG:
            yield _fault(entry or node, f"{what} has no {name}")


def _entry(node: yaml.MappingNode, name: str) -> yaml.Node | None:
    return next((value for key, value in node.value if _name(key) == name), None)


def _name(key: yaml.Node) -> str:
    return str(key.value) if isinstance(key, yaml.ScalarNode) else ""


def _texts(value: yaml.Node) -> list[str]:
    items = value.value if isinstance(value, yaml.SequenceNode) else [value]
    return [str(item.value) for item in items]


def _is_text(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == _TEXT_TAG


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode):
        return _KINDS.get(node.tag.rpartition(":")[2], "something else")
    return "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"


def _fault(node: yaml.Node, problem: str) -> CardFault:
    return CardFault(node.start_mark.line + 2, problem)  # the first line is that of the '---'
