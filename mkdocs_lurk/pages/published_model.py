"""A model whose pages are being written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from mkdocs_lurk.class_labels import in_order
from mkdocs_lurk.config.names import check_names
from mkdocs_lurk.pages.declared_model import DeclaredModel
from mkdocs_lurk.pages.disclosure import DisclosedReader
from mkdocs_lurk.pages.filter_names import Names, filter_names
from mkdocs_lurk.pages.layer_titles import layer_titles
from mkdocs_lurk.pages.pictures.photos import Photos
from mkdocs_lurk.records.model_record import ImageRecord, ModelRecord

LabelPlaces = Mapping[str, int]
"""Every label of the photos, in order, and its place in that order."""


@dataclass(frozen=True)
class PublishedModel:
    """What all pages and data files of a model are made from.

    Attributes:
        declared: What the author declares of the model.
        record: The model record.
        photos: Its photos; their files are written before anything refers to them.
        labels: The places of the photos' labels.
        analysed: For each layer the indices of its analysed filters, which alone have a place on a page.
        titles: The title of each layer, by its dotted name.
        names: What its filters are called.
    """

    declared: DeclaredModel
    record: ModelRecord
    photos: Photos
    labels: LabelPlaces
    analysed: Mapping[str, Collection[int]]
    titles: Mapping[str, str]
    names: Names

    @classmethod
    def read(cls, declared: DeclaredModel, reader: DisclosedReader) -> PublishedModel:
        """Read a model from the store.

        Raises:
            StoreError: A layer has no results, or a record is not what an analysis writes.
            ConfigError: A name is declared for a filter that there is not.
        """
        record = reader.record
        counts = {entry["name"]: entry["filters"] for entry in record["layers"]}
        check_names(declared.names, declared.names_place, counts)
        analysed = {
            entry["name"]: {item["index"] for item in reader.layer(entry["name"])["filters"]}
            for entry in record["layers"]
        }
        photos = Photos(reader, record["images"])
        titles, names = layer_titles(record["layers"], record["graph"]), filter_names(record, declared.names)
        return cls(declared, record, photos, label_places(record["images"]), analysed, titles, names)


def label_places(images: Iterable[ImageRecord]) -> LabelPlaces:
    """Number the labels of the photos in order: of numbers by value, and else alphabetically."""
    labels = {image["label"] for image in images if image["label"] is not None}
    return {label: place for place, label in enumerate(in_order(labels))}
