"""What an author says of the pictures' labels: the groups that they belong to, and the outputs that they stand for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mkdocs_lurk.config.validation import quoted, read_text, read_texts
from mkdocs_lurk.errors import ConfigError, near
from mkdocs_lurk.text import as_label

Groups = Mapping[str, tuple[str, ...]]
"""The classes of each group, by the group's name, in the declared order."""
LabelMap = Mapping[str, str | int | None]
"""By a label or a glob over paths: the name of an output, its number, or None for a picture that is none of them."""

_GROUPS = "a mapping from a group to its classes: {dogs: [beagle, collie]}"
_OUTPUT = "the name or the number of an output, or null for none"


def read_groups(value: object, path: str) -> Groups | None:
    """Read groups of classes; no class may be in two of them.

    Args:
        value: What was declared; None leaves it to the folders of the pictures.
        path: The key's path.

    Raises:
        ConfigError: It is no mapping from names to lists of names, or a class is listed twice.
    """
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise ConfigError(f"{path}: {quoted(value)} is no mapping; give {_GROUPS}")
    groups: dict[str, tuple[str, ...]] = {}
    group_of: dict[str, str] = {}
    for key, listed in value.items():
        name = read_text(_text_of(key), path, "the name of a group")
        here = f"{path}.{name}"
        classes = [_text_of(item) for item in listed] if isinstance(listed, (list, tuple)) else listed
        groups[name] = read_texts(classes, here, "a list of classes")
        if not groups[name]:
            raise ConfigError(f"{here}: the list is empty; give the classes of the group")
        for member in groups[name]:
            first = group_of.setdefault(member, name)
            if first != name or groups[name].count(member) > 1:
                raise ConfigError(f"{here}: {quoted(member)} is listed in {quoted(first)} already; give it one group")
    return groups


def read_label_map(value: object, path: str) -> LabelMap:
    """Read which output each label stands for.

    Args:
        value: What was declared; None for nothing.
        path: The key's path.

    Raises:
        ConfigError: It is no mapping, or an output is neither a text nor a whole number of at least 0 nor null.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigError(f"{path}: {quoted(value)} is no mapping; give labels and outputs: {{tabby: tabby cat}}")
    outputs: dict[str, str | int | None] = {}
    for key, output in value.items():
        name = read_text(_text_of(key), path, "a label, or a glob over paths")
        is_number = isinstance(output, int) and not isinstance(output, bool) and output >= 0
        outputs[name] = (
            output if is_number or output is None else as_label(read_text(output, f"{path}[{name!r}]", _OUTPUT))
        )
    return outputs


def check_groups(groups: Groups, path: str, known: Iterable[str]) -> None:
    """Check that every class of every group is a label of a picture or the name of an output.

    Args:
        groups: The declared groups.
        path: The path of the key ``groups``.
        known: All labels and all names of outputs.

    Raises:
        ConfigError: One is neither.
    """
    names = set(known)
    for group, classes in groups.items():
        for member in classes:
            if member not in names:
                hint = near(member, sorted(names)) or "; give labels or names of outputs"
                raise ConfigError(f"{path}.{group}: no picture and no output has the class {quoted(member)}{hint}")


def _text_of(value: object) -> object:
    """Return a number as text, since classes may be called by numbers, and a text as names of classes are kept."""
    if isinstance(value, str):
        return as_label(value)
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
