"""Warnings about results that can be published but may mislead: what the author and the visitor are told, by name.

``WARNINGS`` is the one list. What an analysis finds is stored in the model's record, so that every build warns, and the
model's ``ignore`` accepts a warning by its name. The sentence for visitors stays on the page either way.
"""

# No postponed annotations here: records.py resolves these types.

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

Fact = str | int | float
_EXAMPLES = 3


class WarningRecord(TypedDict):
    """A warning as it is stored and published.

    Attributes:
        name: What ``ignore`` calls it.
        fact: What was found, for the author.
        remedy: What the author can do about it.
        consequence: What it means for a visitor who reads the pages, in sentences; empty where only the author is told.
    """

    name: str
    fact: str
    remedy: str
    consequence: str


@dataclass(frozen=True, slots=True)
class NamedWarning:
    """One kind of warning; ``fact``, ``remedy`` and ``consequence`` are templates with the facts in braces.

    Attributes:
        name: What ``ignore`` calls it.
        when: The condition under which it is raised, for the documentation.
    """

    name: str
    when: str
    fact: str
    remedy: str
    consequence: str

    def fields(self) -> frozenset[str]:
        """Return the names of the facts that the templates need."""
        templates = (self.fact, self.remedy, self.consequence)
        return frozenset(
            field for template in templates for _, field, _, _ in string.Formatter().parse(template) if field
        )

    def record(self, **facts: Fact) -> WarningRecord:
        """Return the warning with its facts filled in.

        Raises:
            KeyError: A fact is missing.
        """
        fact, remedy, consequence = (
            template.format(**facts) for template in (self.fact, self.remedy, self.consequence)
        )
        return {"name": self.name, "fact": fact, "remedy": remedy, "consequence": consequence}


_ALL = (
    NamedWarning(
        "random-layers",
        "The weights file holds nothing for some of the layers that are analysed; they keep the values that the source "
        "gave them.",
        "the weights file holds nothing for {count} of the {n} layers ({names}): their filters keep random values, "
        "unless the source sets them itself",
        "give a file that holds all weights, or leave these layers out with layers.exclude",
        "The weights file holds nothing for {count} of the {n} layers ({names}): unless the network's source sets them "
        "itself, their filters are random, and what these pages show of them was not learned.",
    ),
    NamedWarning(
        "random-parts",
        "The weights file holds nothing for parts of the network that run and are not analysed; they keep the values "
        "that the source gave them.",
        "the weights file holds nothing for {names}: unless the source sets them itself, these parts keep random "
        "values, and so does all that is computed from them ({affected})",
        "give a file that holds all weights",
        "The weights file holds nothing for parts of the network ({names}): unless the network's source sets them "
        "itself, they are random, and what these pages show of {affected} was not learned.",
    ),
    NamedWarning(
        "enlarged",
        "More than one in ten of the sampled pictures is enlarged more than 2 times on the way to the network.",
        "{share} of the {n} sampled pictures are enlarged more than 2 times, from a short side of {from_px} px to "
        "{to_px} px",
        "if the network was trained on pictures of that size, say so with resize and crop in the transform; otherwise "
        "give larger pictures",
        "The pictures are small and were enlarged for the network, from {from_px} to {to_px} pixels: what it responds "
        "to in these blurred pictures may differ from what it responds to in sharp ones.",
    ),
    NamedWarning(
        "padded",
        "More than one in ten of the sampled pictures fills less than half of the network's input; the rest is a "
        "black border.",
        "{share} of the {n} sampled pictures fill less than half of the {height} x {width} px of the crop; the rest "
        "is black",
        "give a resize that is not smaller than the crop, or a smaller crop",
        "For many pictures more than half of the network's input is a black border, and filters that respond to the "
        "border are shown as if they responded to the picture.",
    ),
    NamedWarning(
        "split-classes",
        "The class folders are called train, val, test, valid or validation.",
        "the classes are called {labels}, which are parts of a dataset",
        "name one part in images: {{folder: ..., split: {first}}}",
        "The classes on these pages ({labels}) are parts of a dataset, not kinds of pictures: nothing that the pages "
        "say of classes tells what a filter responds to.",
    ),
    NamedWarning(
        "chance",
        "The network names the pictures' classes no better than by guessing: a one-sided binomial test against "
        "1 / (number of outputs) is not significant at the 1 % level, although it would be if half of what guessing "
        "leaves wrong were right.",
        "{right} of {n} pictures are named right, which guessing among {outputs} outputs reaches, too (binomial test, "
        "p = {p})",
        "see whether the weights were loaded, the transform is the one of the training, and classes has the order of "
        "the outputs",
        "The network names the classes of these pictures no better than by guessing. What its filters respond to here "
        "says little about a network that knows these classes.",
    ),
    NamedWarning(
        "shared-names",
        "A class of the pictures has a name that `classes` gives to several outputs, and `label_map` does not say "
        "which of them is meant.",
        "{count} of {n} pictures belong to classes whose name several outputs have ({shared}), so that none of these "
        "is known to be right for them",
        "say which is meant by its number: label_map: {{{label}: {output}}}, or give each output a name of its own in "
        "classes",
        "Several outputs of the network have the same name ({shared}), and it is not known which of them is right for "
        "{count} of the {n} pictures: the evaluation leaves these out.",
    ),
    NamedWarning(
        "class-order",
        "The outputs' names are assumed from the alphabetical order of the pictures' classes, and another order names "
        "at least 10 % more of the pictures right (sign test at the 0.1 % level, the order found on one half of the "
        "pictures and counted on the other).",
        "the classes are assumed to be the outputs in alphabetical order, which names {right} of {n} pictures right; "
        "another order names {other} right: {moved}",
        "list the outputs' names in their order as classes",
        "The outputs' names were assumed from the alphabetical order of the classes, and the predictions speak for "
        "another order: the predicted classes and how often the network is right are probably wrong here.",
    ),
    NamedWarning(
        "training-pictures",
        "The network is evaluated on pictures from a folder or a split called train or training.",
        "the evaluation is about {n} pictures that are called {split}: the network may have been trained on them",
        "give pictures that it was not trained on, such as the val or test split",
        "How often the network is right was measured on pictures that are called {split}. If it was trained on them, "
        "it is right about others less often, and by how much cannot be told from these pages.",
    ),
    NamedWarning(
        "normalised-twice",
        "The network's input is far from a mean of 0 and a standard deviation of 1, and more than one in ten of its "
        "values was below 0 before the last normalisation.",
        "the values look normalised twice: the input has the mean {mean} and the standard deviation {std} over {n} "
        "pictures, where about 0 and 1 are usual",
        "normalise once: if the pictures' values are normalised already, say normalised: true with their mean and std "
        "in the transform",
        "The pictures seem to have been normalised twice before the network saw them, so that it saw colours that it "
        "was not trained on: its responses may not be its usual ones.",
    ),
    NamedWarning(
        "not-normalised",
        "The transform says that the pictures' values are normalised, but none of them is below 0, or they reach far "
        "beyond what normalised values do.",
        "the transform says that the values are normalised, but they go from {low} to {high} with the mean {mean}",
        "leave out normalised, and say value_range if they are neither 0..1 nor 8-bit whole numbers",
        "The pictures do not seem to have been normalised before the network saw them: its responses may not be its "
        "usual ones, and the pictures are shown with wrong colours.",
    ),
    NamedWarning(
        "clipped",
        "More than 1 % of the pictures' values lie outside the declared range, or outside the range that the declared "
        "mean and std give.",
        "{share} of the values lie outside the declared range: they go from {low} to {high} times it (0 is black, 1 is "
        "white)",
        "correct value_range, or the mean and std, in the transform",
        "Parts of the pictures are shown darker or brighter than they are, since their values lie outside the range "
        "that was declared. The network saw them unclipped.",
    ),
    NamedWarning(
        "unused-range",
        "No value of the sampled pictures reaches an eighth of the range of their type: 12-bit values in 16-bit "
        "files, for example.",
        "the pictures' values end at {high} of their range (0 is black, 1 is white){of_bits}",
        "say which values are black and white, for example value_range: [0, {likely}], in the transform",
        "The pictures are nearly black, for the network as for you: they use only a small part of the range of values.",
    ),
    NamedWarning(
        "unreadable",
        "Some pictures could not be read and are left out.",
        "{count} of {n} pictures could not be read: {examples}",
        "repair or remove them",
        "{count} of the {n} pictures could not be read and are left out.",
    ),
    NamedWarning(
        "card-metadata",
        "The metadata of the model card breaks the rules of Hugging Face's model cards.",
        "{file}, {faults}",
        "mend it there: https://huggingface.co/docs/hub/model-cards lists what belongs above a card",
        "",
    ),
    NamedWarning(
        "unchecked-pattern",
        "The results are from a bundle that leaves out names of pictures, and a path pattern of `pictures` fits none "
        "of those that are left, so that it may hold nothing back.",
        "pictures: {patterns} fits no picture whose name is in the bundle, and may have a slip of the pen",
        "compare it with the mkdocs.yml that the bundle was packed with",
        "",
    ),
)
WARNINGS: Mapping[str, NamedWarning] = {warning.name: warning for warning in _ALL}
"""All kinds of warnings by name, in the order in which pages list them."""


def unreadable_warning(skipped: Sequence[tuple[str, str]], n: int) -> WarningRecord | None:
    """Return the warning that some of ``n`` pictures could not be read; ``skipped`` are their paths, and why."""
    if not skipped:
        return None
    named = [why if why.startswith(path) else f"{path} {why}" for path, why in skipped[:_EXAMPLES]]
    more = [f"and {len(skipped) - _EXAMPLES:,} more"] if len(skipped) > _EXAMPLES else []
    return WARNINGS["unreadable"].record(count=f"{len(skipped):,}", n=f"{n:,}", examples=", ".join([*named, *more]))


def unchecked_warning(patterns: Sequence[str]) -> WarningRecord | None:
    """Return the warning that patterns over paths could not be checked, for the author alone; None without any."""
    return WARNINGS["unchecked-pattern"].record(patterns=", ".join(map(repr, patterns))) if patterns else None


def card_warning(file: str, faults: Sequence[str]) -> WarningRecord | None:
    """Return the warning that a card's metadata breaks rules, for the author alone; ``faults`` name their lines."""
    if not faults:
        return None
    more = [f"and {len(faults) - _EXAMPLES:,} more"] if len(faults) > _EXAMPLES else []
    return WARNINGS["card-metadata"].record(file=file, faults="; ".join([*faults[:_EXAMPLES], *more]))


def in_page_order(warnings: list[WarningRecord]) -> list[WarningRecord]:
    """Return warnings in the order of ``WARNINGS``."""
    places = list(WARNINGS)
    return sorted(warnings, key=lambda warning: places.index(warning["name"]))


def describe_warning(model: str, warning: WarningRecord, *, ignored: bool) -> str:
    """Return the log's line about a warning: the model, the fact, the remedy and the name that accepts it."""
    if ignored:
        return f"{model}: {warning['fact']} (accepted by ignore: {warning['name']})"
    return f"{model}: {warning['fact']}; {warning['remedy']}; or accept it with ignore: [{warning['name']}]"
