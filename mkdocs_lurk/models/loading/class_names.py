"""The declared names of a network's outputs, and which of them a label is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.declared_files import expanded, read_text_file
from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.limits import MOST_NAMES_BYTES
from mkdocs_lurk.text import as_label


def declared_names(config: ModelConfig, outputs: int) -> tuple[str, ...] | None:
    """Return the declared names of a classifying network's outputs.

    Args:
        config: Its ``classes`` is ``imagenet``, a file, the names, or None.
        outputs: Number of the network's outputs.

    Returns:
        One name per output; None if nothing was declared.

    Raises:
        ConfigError: The declared names are not as many as the outputs, or their file cannot be read.
    """
    place = f"{config.place}.classes"
    if config.classes is None:
        return None
    if config.classes == "imagenet":
        from torchvision.models import _meta

        names = tuple(_meta._IMAGENET_CATEGORIES)
    elif isinstance(config.classes, str):
        names = read_names(config.root / expanded(config.classes), place)
    else:
        names = config.classes
    if len(names) != outputs:
        raise ConfigError(f"{place}: {len(names)} names for {outputs} outputs of the network; give one an output")
    return names


def read_names(path: Path, place: str) -> tuple[str, ...]:
    """Return the names in a file, in the order of the outputs.

    Args:
        path: One name per line, or JSON: a list of names, or a mapping of a name to its index, or of an index (or
            anything else, such as ImageNet's ``n01440764``) to a name, to ``[index, name]`` or to
            ``{"index": index, "label": name}``.
        place: The key's path, for messages.

    Raises:
        ConfigError: The file cannot be read, or holds something else.
    """
    text = read_text_file(path, MOST_NAMES_BYTES, ConfigError, place)
    if path.suffix.lower() != ".json":
        return tuple(as_label(line.strip()) for line in text.splitlines() if line.strip())
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as reason:
        why = " ".join(str(reason).split())
        raise ConfigError(f"{place}: {path.name} is no JSON ({why}); give one name a line, or JSON") from reason
    if isinstance(content, list) and all(isinstance(name, str) for name in content):
        return tuple(as_label(name) for name in content)
    names = _names_by_index(content) if isinstance(content, Mapping) else {}
    if not names or sorted(names) != list(range(len(names))):
        raise ConfigError(f"{place}: {path.name} does not give one name to each number from 0; give a list of names")
    return tuple(as_label(names[index]) for index in range(len(names)))


def _names_by_index(content: Mapping[str, object]) -> dict[int, str]:
    """Read a mapping in any of the usual forms; an entry in none of them is left out."""
    names: dict[int, str] = {}
    for key, value in content.items():
        if isinstance(value, str) and _is_number(key):
            names[int(key)] = value
        elif isinstance(value, int) and not isinstance(value, bool):
            names[value] = key
        elif isinstance(value, Mapping) and isinstance(value.get("index"), int):
            names[value["index"]] = str(value.get("label", value.get("name", key)))
        elif isinstance(value, list) and len(value) == 2:
            index, name = value if isinstance(value[0], int) else (key, value[1])
            if isinstance(index, int) or _is_number(index):
                names[int(index)] = str(name)
    return names


def _is_number(key: object) -> bool:
    """Return whether a text is an output's number."""
    return isinstance(key, str) and re.fullmatch("[0-9]{1,9}", key) is not None


def outputs_by_name(labels: Iterable[str], names: Iterable[str]) -> dict[str, int]:
    """Return the output whose name each label is, without labels that no output or several outputs are called."""
    return {label: found[0] for label, found in candidate_outputs(labels, names).items() if len(found) == 1}


def candidate_outputs(labels: Iterable[str], names: Iterable[str]) -> dict[str, list[int]]:
    """Return the outputs whose name each label may be.

    A label stands for the output whose name is the same but for case, blanks, ``-`` and ``_``, and for an ImageNet
    number in front (``n01440764-tench``); failing that, for the output that has it between ``/`` or ``,`` in its name.

    Args:
        labels: The pictures' labels.
        names: The outputs' names.

    Returns:
        Indices of outputs by label, rising.
    """
    by_name: dict[str, set[int]] = {}
    by_part: dict[str, set[int]] = {}
    for index, name in enumerate(names):
        by_name.setdefault(_normalise(name), set()).add(index)
        for part in (name, *re.split(r"[/,]", name)):
            by_part.setdefault(_normalise(part), set()).add(index)
    candidates = ((label, _normalise(label)) for label in labels)
    return {label: sorted(by_name.get(word) or by_part.get(word) or ()) for label, word in candidates}


def _normalise(name: str) -> str:
    """Reduce a name to lower-case words, without an ImageNet number in front."""
    name = re.sub(r"^n\d{8}[-_ ]+", "", as_label(name).strip())
    return re.sub(r"[^a-z0-9]+", " ", name.lower()).strip()
