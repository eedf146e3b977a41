"""Which class each output of a network stands for: known, assumed and said so, or unknown and said so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mkdocs_lurk.class_labels import in_order, is_number, is_whole
from mkdocs_lurk.config.images import is_csv
from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.config.references import is_reference
from mkdocs_lurk.models.loading.class_names import candidate_outputs, declared_names, outputs_by_name
from mkdocs_lurk.text import told_apart

_ASSUMED = "The outputs are assumed to be the classes in alphabetical order."


@dataclass(frozen=True)
class OutputClasses:
    """The classes of a network's outputs.

    Attributes:
        names: One per output; empty if they are not known. Equal names have the output's number behind them.
        of_labels: The output that a picture's label stands for, without labels whose output is not certain.
        shared: The outputs of each label that several outputs are called, rising.
        note: What a reader should know of them, as a sentence; None if there is nothing.
    """

    names: tuple[str, ...] = ()
    of_labels: Mapping[str, int] = field(default_factory=dict)
    note: str | None = None
    shared: Mapping[str, Sequence[int]] = field(default_factory=dict)

    @property
    def by_word(self) -> dict[str, list[int]]:
        """The outputs of each name, also of one that several share without their numbers."""
        found: dict[str, list[int]] = {}
        for output, name in enumerate(self.names):
            for word in dict.fromkeys((name, name.removesuffix(f" ({output})"))):
                found.setdefault(word, []).append(output)
        return found

    @property
    def are_assumed(self) -> bool:
        """Whether the classes are given to the outputs by their alphabetical order alone."""
        return self.note == _ASSUMED


@dataclass(frozen=True)
class Labels:
    """What is known of the pictures' labels.

    Attributes:
        names: The distinct labels.
        numbers: The number that a dataset gives to a label; empty for files and for labels that are text.
        dataset_names: The names of a dataset's classes in the order of their numbers; empty if it has none.
    """

    names: tuple[str, ...]
    numbers: Mapping[str, int] = field(default_factory=dict)
    dataset_names: tuple[str, ...] = ()


def output_classes(config: ModelConfig, labels: Labels, n_outputs: int) -> OutputClasses:
    """Find the classes of a classifying network's outputs, and the outputs of the pictures' labels.

    The names are the declared ``classes``, or those that a dataset has in their order, or whole numbers that count the
    outputs. Labels that are texts of no known order are assumed to be sorted, as torchvision's ``ImageFolder`` sorts
    them, where there is one per output.

    Raises:
        ConfigError: The declared names are not as many as the outputs, or their file cannot be read.
    """
    declared = declared_names(config, n_outputs)
    if declared is not None:
        return _of_declared(declared, labels)
    if n_outputs < 2:
        return OutputClasses()
    if labels.dataset_names:
        return _of_dataset(labels, n_outputs)
    if not labels.names:
        return OutputClasses()
    if all(map(is_number, labels.names)):
        is_sorted_folder = not is_reference(config.images) and not is_csv(config.images)
        return _of_numbers(labels.names, n_outputs, is_sorted_folder)
    if labels.numbers:
        return _unknown("some pictures have a number for a class, and others a name")
    if len(labels.names) != n_outputs:
        return _unknown(f"it has {n_outputs:,} outputs, and the pictures have {_classes(len(labels.names))}")
    return _in_order(sorted(labels.names), _ASSUMED)


def _of_declared(names: tuple[str, ...], labels: Labels) -> OutputClasses:
    """Match labels to declared names by name; numbers decide where names do not."""
    if labels.names and not labels.dataset_names and all(map(is_number, labels.names)):
        return _of_declared_and_numbers(names, labels)
    by_name, shared = _by_declared_name(labels, names)
    if len(by_name) < len(labels.names) and len(labels.dataset_names) == len(names):
        places = {name: place for place, name in enumerate(labels.dataset_names)}
        same = outputs_by_name(labels.dataset_names, names)
        if all(places[name] == output for name, output in same.items()):  # other words in the same order
            by_name = {label: places[label] for label in labels.names if label in places} | by_name
    note = None
    if labels.names and not by_name and not shared:
        note = _left_out("no class of the pictures has the name of an output")
    unknown = {label: outputs for label, outputs in shared.items() if label not in by_name}
    return OutputClasses(told_apart(names), by_name, note, unknown)


def _by_declared_name(labels: Labels, names: Sequence[str]) -> tuple[dict[str, int], dict[str, list[int]]]:
    """Return the output whose name each label is, and the outputs of each label that several are called."""
    candidates = candidate_outputs(labels.names, names)
    by_name = outputs_by_name(labels.names, told_apart(names)) | outputs_by_name(labels.names, names)
    return by_name, {label: found for label, found in candidates.items() if len(found) > 1}


def _of_declared_and_numbers(names: tuple[str, ...], labels: Labels) -> OutputClasses:
    """Read whole numbers as names where each is the name of an output, else as places among the outputs."""
    (by_name, _), by_number = _by_declared_name(labels, names), _by_number(labels.names, len(names))
    names = told_apart(names)
    if len(by_name) < len(labels.names):
        if by_number:
            return OutputClasses(names, by_number)
        return OutputClasses(names, {}, _left_out("the pictures' classes are numbers, not all of them an output's"))
    if labels.numbers and by_number and by_name != by_number:
        why = "the numbers of the pictures' classes may be the outputs' names or their places, which differ"
        return OutputClasses(names, {}, _left_out(why))
    return OutputClasses(names, by_name)


def _of_dataset(labels: Labels, n_outputs: int) -> OutputClasses:
    """Take the names of a dataset's classes, in its own order, for those of the outputs."""
    names = labels.dataset_names
    if len(names) != n_outputs:
        return _unknown(f"it has {n_outputs:,} outputs, and the pictures' dataset has {_classes(len(names))}")
    places = {name: place for place, name in enumerate(names)}
    exact = {label: places[label] for label in labels.names if label in places}
    found = outputs_by_name(labels.names, names) | exact
    note = None if found or not labels.names else _left_out("no picture's class is among those that its dataset names")
    return OutputClasses(names, found, note)


def _of_numbers(labels: Sequence[str], n_outputs: int, is_sorted_folder: bool) -> OutputClasses:
    """Take numbers for the places of outputs, unless they do not fit, or are folders that may have been sorted.

    Args:
        labels: The pictures' labels, numbers all of them.
        n_outputs: Number of the network's outputs.
        is_sorted_folder: They are the names of folders, which ``ImageFolder`` sorts as text: "10" before "2".
    """
    by_number, as_text = _by_number(labels, n_outputs), sorted(labels)
    by_text = {label: place for place, label in enumerate(as_text)} if len(labels) == n_outputs else {}
    if by_number and by_text and is_sorted_folder and by_number != by_text:
        return _unknown("the classes are numbers, whose order may be that of numbers or that of texts")
    if by_number:
        names = {output: label for label, output in by_number.items()}
        return OutputClasses(tuple(names.get(output, str(output)) for output in range(n_outputs)), by_number)
    if by_text and as_text == in_order(labels) and float(as_text[0]) >= 0:
        return _in_order(as_text, _ASSUMED)
    return _unknown(f"it has {n_outputs:,} outputs, and the classes are numbers that do not count them from 0")


def _by_number(labels: Sequence[str], n_outputs: int) -> dict[str, int]:
    """Return numbers as places of outputs; nothing if one of them is no output's, or two are the same."""
    if not all(map(is_whole, labels)):
        return {}
    places = {label: int(float(label)) for label in labels}
    fit = all(0 <= place < n_outputs for place in places.values()) and len(set(places.values())) == len(places)
    return places if fit else {}


def _in_order(names: Sequence[str], note: str) -> OutputClasses:
    return OutputClasses(tuple(names), {name: output for output, name in enumerate(names)}, note)


def _unknown(why: str) -> OutputClasses:
    return OutputClasses(
        note=f"The network's outputs have no names here, and how often it is right is left out: {why}."
    )


def _left_out(why: str) -> str:
    return f"How often the network is right is left out: {why}."


def _classes(count: int) -> str:
    return "1 class" if count == 1 else f"{count:,} classes"
