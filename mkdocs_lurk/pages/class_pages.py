"""What the templates of the pages about classes receive: which filters respond to a class, and what it is taken for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mkdocs_lurk.addresses import layer_addresses
from mkdocs_lurk.class_labels import in_order
from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.class_circuits import ShownCircuit
from mkdocs_lurk.pages.class_effects import ClassEffects, MakingLayer, making_layers
from mkdocs_lurk.pages.class_proofs import ClassProofs, LabelledFilter, OutputUnit
from mkdocs_lurk.pages.data.script_records import PhotoRank
from mkdocs_lurk.pages.declared_model import DeclaredModel
from mkdocs_lurk.pages.definitions import meaning
from mkdocs_lurk.pages.model_records import is_computed, preferred_class
from mkdocs_lurk.pages.picture_cards import PictureCard, PictureCards
from mkdocs_lurk.pages.pictures.svg_pictures import SvgPicture
from mkdocs_lurk.pages.published_model import PublishedModel
from mkdocs_lurk.records.evaluation_record import EvaluatedPicture, EvaluationRecord
from mkdocs_lurk.records.model_record import FilterRecord, ImageRecord, ModelRecord
from mkdocs_lurk.records.response_records import BoxList

MOST_CLASSES = 200
"""Classes with a page at most: of more, those with the most pictures."""
_CROP_PX = 72
FILTERS_PER_LAYER = 4
_SHOWN_CARDS, _SHOWN_PICTURES, _SHOWN_GUESSES = 8, 24, 5


@dataclass(frozen=True)
class _Preference:
    """A filter that answers most to a class, and the box of its best picture of that class, if it ranks one."""

    auc: float
    index: int
    crop: tuple[int, BoxList] | None


@dataclass(frozen=True)
class ClassFilter:
    """A filter on a class's page."""

    index: int
    name: str
    auc: str
    crop: SvgPicture | None


@dataclass(frozen=True)
class ClassLayer:
    """A layer with filters that answer most to a class, the clearest first."""

    name: str
    title: str
    slug: str
    filters: tuple[ClassFilter, ...]
    left_out: int


@dataclass(frozen=True)
class ClassPage:
    """What ``lurk/class.md.j2`` receives as ``page``."""

    about: DeclaredModel
    label: str
    lead: str
    layers: tuple[ClassLayer, ...]
    auc: str
    makers: tuple[MakingLayer, ...]
    contribution: str
    circuit: ShownCircuit | None
    output: OutputUnit | None
    labelled: tuple[LabelledFilter, ...]
    typical: tuple[PictureCard, ...]
    unsure: tuple[PictureCard, ...]
    wrong: tuple[PictureCard, ...]
    others: tuple[PictureCard, ...]


@dataclass(frozen=True)
class ClassEntry:
    """A line of the list of classes."""

    label: str
    slug: str
    n: str
    right: str
    filters: str


class ClassFilters:
    """Gathers, over all layers, which filters answer most to which class, by the class's label.

    Args:
        images: The pictures of the model.
    """

    def __init__(self, images: Sequence[ImageRecord]) -> None:
        self._labels = [image["label"] for image in images]
        self._found: dict[str, dict[int, list[_Preference]]] = {}

    def add(self, layer: int, filters: Sequence[FilterRecord]) -> None:
        """Add the filters of a layer, given by its place in the model's list, for which one class stands out."""
        for item in filters:
            label, stats = preferred_class(item), item.get("stats")
            selectivity = None if stats is None else stats["selectivity"]
            if label is not None and selectivity is not None:
                own = (best for best in item.get("top_max", ()) if self._labels[best["image"]] == label)
                crop = next(((best["image"], best["box"]) for best in own), None)
                preference = _Preference(selectivity["auc"], item["index"], crop)
                self._found.setdefault(label, {}).setdefault(layer, []).append(preference)

    def of_class(self, label: str) -> Mapping[int, list[_Preference]]:
        """Return the filters that answer most to a class by layer, in depth order, the clearest first."""
        by_layer = self._found.get(label, {})
        return {layer: sorted(by_layer[layer], key=lambda one: (-one.auc, one.index)) for layer in sorted(by_layer)}


class ClassPictures:
    """The pictures of each class.

    Args:
        record: The model's record.

    Attributes:
        evaluation: The model's evaluation; None if there is none.
        readable: By label, the pictures that could be read, by id.
        evaluated: By label, those whose right output is known.
    """

    def __init__(self, record: ModelRecord) -> None:
        evaluation, images = record["evaluation"], record["images"]
        self.evaluation: EvaluationRecord | None = evaluation if is_computed(evaluation) else None
        self.readable: dict[str | None, list[int]] = defaultdict(list)
        self.evaluated: dict[str | None, list[EvaluatedPicture]] = defaultdict(list)
        for image in images:
            if "skipped" not in image:
                self.readable[image["label"]].append(image["id"])
        for picture in self.evaluation["pictures"] if self.evaluation is not None else ():
            self.evaluated[images[picture[0]]["label"]].append(picture)

    def not_evaluated(self, label: str) -> list[int]:
        """Return the readable pictures of a class whose right output is not known."""
        known = {picture[0] for picture in self.evaluated[label]}
        return [image for image in self.readable[label] if image not in known]


def class_addresses(images: Sequence[ImageRecord]) -> dict[str, str]:
    """Return the address of the page of each class that has one, by its label, in order.

    A model without at least two classes has none.
    """
    counts = Counter(image["label"] for image in images if image["label"] is not None)
    if len(counts) < 2:
        return {}
    kept = sorted(counts, key=lambda label: (-counts[label], label))[:MOST_CLASSES]
    addresses = layer_addresses(kept)
    return {label: addresses[label] for label in in_order(kept)}


def class_page(
    model: PublishedModel,
    label: str,
    filters: ClassFilters,
    effects: ClassEffects,
    proofs: ClassProofs,
    pictures: ClassPictures,
    ranks: Mapping[int, Sequence[PhotoRank]],
) -> ClassPage:
    """Gather everything that the page of one class says.

    Args:
        model: The model; the files of its photos are written.
        label: The class.
        filters: The filters of all layers.
        effects: What they do to the outputs.
        proofs: Their proven labels, and the syntheses of outputs.
        pictures: The pictures of all classes.
        ranks: For each picture the filters that rank it among their best.
    """
    cards = PictureCards(model, pictures.evaluation, ranks, "../..")
    evaluated = sorted(pictures.evaluated[label], key=lambda one: (-one[3], one[0]))
    right, wrong = ([one for one in evaluated if (one[1] == one[2]) is named] for named in (True, False))
    rest = pictures.not_evaluated(label)
    return ClassPage(
        about=model.declared,
        label=label,
        lead=_lead(label, evaluated, len(rest), pictures.evaluation),
        layers=tuple(_layers(model, label, filters, cards)),
        auc=meaning("auc").replace("{class}", label),
        makers=making_layers(model, effects.of_label(label, pictures.evaluation), cards),
        contribution=effects.meaning,
        circuit=effects.circuits.shown(model, label, cards),
        output=proofs.output(label, pictures.evaluation),
        labelled=proofs.labelled(label),
        typical=tuple(cards.evaluated(one) for one in right[:_SHOWN_CARDS]),
        unsure=tuple(cards.evaluated(one) for one in right[_SHOWN_CARDS:][::-1][:_SHOWN_CARDS]),
        wrong=tuple(cards.evaluated(one) for one in wrong[:_SHOWN_PICTURES]),
        others=tuple(cards.labelled(image, label) for image in rest[:_SHOWN_PICTURES]),
    )


def class_entries(addresses: Mapping[str, str], filters: ClassFilters, pictures: ClassPictures) -> list[ClassEntry]:
    """Return the lines of the list of classes."""
    entries = []
    for label, slug in addresses.items():
        evaluated = pictures.evaluated[label]
        right = sum(own == taken for _, own, taken, _ in evaluated)
        share = formatting.percent(right / len(evaluated)) if evaluated else "-"
        n_filters = sum(map(len, filters.of_class(label).values()))
        n = len(pictures.readable[label])
        entries.append(ClassEntry(label, slug, f"{n:,}", share, f"{n_filters:,}"))
    return entries


def _lead(label: str, evaluated: Sequence[EvaluatedPicture], n_rest: int, evaluation: EvaluationRecord | None) -> str:
    """Say how many pictures there are, how many are named right, and what the others are taken for."""
    n = formatting.plural(len(evaluated) + n_rest, "picture")
    if not evaluated or evaluation is None:
        return f"{n} labelled {label}. Whether the network names them right is not known."
    taken = Counter(guess for _, own, guess, _ in evaluated if own != guess)
    n_right = len(evaluated) - sum(taken.values())
    text = f"{n} labelled {label}: {n_right:,} of {len(evaluated):,} are named right"
    names = [
        f"{evaluation['classes'][place]['name']} ({count:,})" for place, count in taken.most_common(_SHOWN_GUESSES)
    ]
    return text + (f"; the others are taken for {', '.join(names)}" if names else "") + "."


def _layers(model: PublishedModel, label: str, filters: ClassFilters, cards: PictureCards) -> list[ClassLayer]:
    found = []
    for place, preferences in filters.of_class(label).items():
        entry = model.record["layers"][place]
        title = model.titles[entry["name"]]
        shown = []
        for one in preferences[:FILTERS_PER_LAYER]:
            region = None if one.crop is None else model.photos.crop_region(*one.crop)
            crop = cards.view(region, f"{title}, filter {one.index}: its best crop of {label}", _CROP_PX)
            shown.append(
                ClassFilter(one.index, model.names.name(entry["name"], one.index) or "", f"{one.auc:.2f}", crop)
            )
        found.append(
            ClassLayer(
                entry["name"], model.titles[entry["name"]], entry["slug"], tuple(shown), len(preferences) - len(shown)
            )
        )
    return found
