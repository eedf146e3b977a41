"""Which output of a network is right for each picture: by the author's ``label_map``, else by its label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.config.validation import quoted
from mkdocs_lurk.errors import ConfigError, near
from mkdocs_lurk.images.entries import ImageEntry
from mkdocs_lurk.models.loading.class_names import outputs_by_name
from mkdocs_lurk.models.loading.output_classes import OutputClasses
from mkdocs_lurk.text import as_label

NO_OUTPUT = -1
"""In place of the number of an output: none is known to be right."""


@dataclass(frozen=True)
class Targets:
    """The outputs that are right.

    Attributes:
        classes: The classes of the outputs; a number that ``label_map`` gives to an output without a name is its name.
        of_images: For each picture, by its id, the output that is right, or ``NO_OUTPUT``.
    """

    classes: OutputClasses
    of_images: tuple[int, ...]


def find_targets(config: ModelConfig, classes: OutputClasses, entries: Sequence[ImageEntry], n_outputs: int) -> Targets:
    """Find the output that is right for each picture of a classifying network.

    The first glob of ``label_map`` that fits a picture's path decides, then what ``label_map`` says of its label, then
    the output that its label stands for by itself.

    Args:
        config: The model.
        classes: The classes of its outputs, and the outputs of the labels.
        entries: The pictures.
        n_outputs: Number of the network's outputs.

    Raises:
        ConfigError: ``label_map`` names no label, no path or no output that there is.
    """
    if not config.label_map:
        targets = [classes.of_labels.get(entry.label or "", NO_OUTPUT) for entry in entries]
        return Targets(classes, tuple(targets))
    classes = _with_numbers_for_names(config, classes, n_outputs)
    place = f"{config.place}.label_map"
    labels = {entry.label for entry in entries if entry.label is not None}
    of_labels: dict[str, int] = dict(classes.of_labels)
    of_globs: dict[str, int] = {}
    for key, output in config.label_map.items():
        found = NO_OUTPUT if output is None else _find_output(output, classes.names, f"{place}[{key!r}]")
        (of_labels if key in labels else of_globs)[key] = found
    _check_globs(of_globs, entries, labels, place)
    targets = [_target_of(entry, of_labels, of_globs) for entry in entries]
    if not classes.of_labels and max(targets) >= 0:
        classes = replace(classes, note=None)  # it says that nothing could be mapped
    certain = {label: output for label, output in of_labels.items() if output != NO_OUTPUT}
    return Targets(replace(classes, of_labels=certain), tuple(targets))


def _with_numbers_for_names(config: ModelConfig, classes: OutputClasses, n_outputs: int) -> OutputClasses:
    """Name outputs by their numbers where they have no names and ``label_map`` gives numbers."""
    if classes.names or not any(isinstance(output, int) for output in config.label_map.values()):
        return classes
    return replace(classes, names=tuple(map(str, range(n_outputs))))


def _find_output(output: str | int, names: Sequence[str], place: str) -> int:
    if isinstance(output, int):
        if output >= len(names):
            raise ConfigError(f"{place}: there is no output {quoted(output)}; give a number below {len(names):,}")
        return output
    if not names:
        raise ConfigError(f"{place}: the outputs have no names here; give the number of one, or declare classes")
    sharing = [number for number, name in enumerate(names) if name == f"{output} ({number})"]
    if sharing:
        raise ConfigError(f"{place}: {len(sharing)} outputs are called {quoted(output)}; give the number of one")
    if output in names:
        return names.index(output)
    by_name = outputs_by_name([output], names)
    if output not in by_name:
        hint = near(output, names) or "; give the name or the number of one"
        raise ConfigError(f"{place}: no output is called {quoted(output)}{hint}")
    return by_name[output]


def _check_globs(globs: dict[str, int], entries: Sequence[ImageEntry], labels: set[str], place: str) -> None:
    for glob in globs:
        if not any(fnmatchcase(as_label(entry.path), glob) for entry in entries):
            known = [*sorted(labels), *(entry.path for entry in entries)]
            hint = near(glob, known) or "; give a label, or a glob over the pictures' paths"
            raise ConfigError(f"{place}: {quoted(glob)} is no label and fits no path{hint}")


def _target_of(entry: ImageEntry, of_labels: dict[str, int], of_globs: dict[str, int]) -> int:
    for glob, output in of_globs.items():
        if fnmatchcase(as_label(entry.path), glob):
            return output
    return NO_OUTPUT if entry.label is None else of_labels.get(entry.label, NO_OUTPUT)
