"""The names of a network's outputs, and which output a picture's label stands for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.errors import ConfigError


def output_names(config: ModelConfig, labels: Iterable[str], outputs: int) -> tuple[str, ...] | None:
    """Name the outputs of a classifying network.

    Args:
        config: Its ``classes`` is ``imagenet``, a file, the names, or none for the labels of the pictures.
        labels: The pictures' labels.
        outputs: Numbers that the network gives for a picture.

    Returns:
        A name an output; none where nothing was declared and the labels are not as many as the outputs.

    Raises:
        ConfigError: The declared names are not as many as the outputs, or their file cannot be read.
    """
    place = f"{config.place}.classes"
    if config.classes is None:
        names = tuple(sorted(labels))
        return names if names and len(names) == outputs else None
    if config.classes == "imagenet":
        from torchvision.models import _meta

        names = tuple(_meta._IMAGENET_CATEGORIES)
    elif isinstance(config.classes, str):
        names = read_names(config.root / Path(config.classes).expanduser(), place)
    else:
        names = config.classes
    if len(names) != outputs:
        raise ConfigError(f"{place}: {len(names)} names for {outputs} outputs of the network; give one an output")
    return names


def read_names(path: Path, place: str) -> tuple[str, ...]:
    """Read names from a file.

    Args:
        path: One name a line, or JSON: a list of names, or a mapping of a name to its number, or of a number (or
            anything else, say ImageNet's ``n01440764``) to a name, to ``[number, name]`` or to
            ``{"index": number, "label": name}``.
        place: The key's path, for messages.

    Raises:
        ConfigError: The file holds something else.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix.lower() != ".json":
            return tuple(line.strip() for line in text.splitlines() if line.strip())
        held = json.loads(text)
    except (OSError, ValueError) as reason:
        said = " ".join(str(reason).split())
        raise ConfigError(f"{place}: {path.name} cannot be read ({said}); give one name a line, or JSON") from reason
    if isinstance(held, list) and all(isinstance(name, str) for name in held):
        return tuple(held)
    numbered = _numbered(held) if isinstance(held, Mapping) else {}
    if not numbered or sorted(numbered) != list(range(len(numbered))):
        raise ConfigError(f"{place}: {path.name} does not give one name to each number from 0; give a list of names")
    return tuple(numbered[number] for number in range(len(numbered)))


def _numbered(held: Mapping[str, object]) -> dict[int, str]:
    found: dict[int, str] = {}
    for key, value in held.items():
        if isinstance(value, str) and key.isdigit():
            found[int(key)] = value
        elif isinstance(value, int) and not isinstance(value, bool):
            found[value] = key
        elif isinstance(value, Mapping) and isinstance(value.get("index"), int):
            found[value["index"]] = str(value.get("label", value.get("name", key)))
        elif isinstance(value, list) and len(value) == 2:
            number, name = value if isinstance(value[0], int) else (key, value[1])
            if str(number).isdigit():
                found[int(number)] = str(name)
    return found


def outputs_of_labels(
    labels: Iterable[str], names: Iterable[str] | None, indices: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Say which output each label stands for, as far as that is certain.

    A label is an output's name where both are the same but for case, blanks, ``-`` and ``_``, an ImageNet number in
    front (``n01440764-tench``), or where it is one of the names between ``/`` or ``,``. A name that two outputs have
    says nothing. Labels that are all plain numbers are the outputs' own numbers.

    Args:
        labels: The pictures' labels.
        names: The outputs' names, or none.
        indices: What a dataset itself says, which goes before everything else.

    Returns:
        The outputs by label; a label that cannot be placed is not in it.
    """
    labels = list(labels)
    if indices:
        return {label: indices[label] for label in labels if label in indices}
    names = list(names or ())
    places: dict[str, set[int]] = {}
    for index, name in enumerate(names):
        for part in (name, *re.split(r"[/,]", name)):
            places.setdefault(_plain(part), set()).add(index)
    whole = {_plain(name): {i for i, other in enumerate(names) if _plain(other) == _plain(name)} for name in names}
    found = {}
    for label in labels:
        plain = _plain(label)
        fitting = whole.get(plain) or places.get(plain) or set()
        if len(fitting) == 1:
            found[label] = next(iter(fitting))
    if not found and labels and all(label.isdigit() and (not names or int(label) < len(names)) for label in labels):
        return {label: int(label) for label in labels}
    return found


def _plain(name: str) -> str:
    name = re.sub(r"^n\d{8}[-_ ]+", "", name.strip())
    return re.sub(r"[^a-z0-9]+", " ", name.lower()).strip()
