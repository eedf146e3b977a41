"""Copy a model's results into another store, as far as its author lets them be known: for a bundle.

Everything is written anew under new keys, since the old ones are digests of what is held back, too. The copy holds what
pages are made from, and none of the intermediate results that an analysis would go on from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mkdocs_lurk.pages.data.results_json import replace_pictures
from mkdocs_lurk.pages.disclosure import DisclosedReader
from mkdocs_lurk.pages.model_records import picture_references
from mkdocs_lurk.pages.pictures.layer_pictures import PictureKey, picture_key
from mkdocs_lurk.records.model_record import LayerEntry, PictureReference
from mkdocs_lurk.store import Store, digest

_PICTURES_PER_UNIT = 256
"""In memory at a time: about 40 MB of gradients of 224 px."""


def copy_disclosed(reader: DisclosedReader, store: Store) -> str:
    """Copy a model into a store; returns the key of the copy of its record.

    Raises:
        StoreError: A unit is missing, or the store cannot be written.
    """
    record = reader.record
    images = _with_pictures_copied(record["images"], reader, store)
    layers = [_copy_layer(entry, reader, store) for entry in record["layers"]]
    copy = {**record, "images": images, "layers": layers, "uses": []}
    copy.pop("responses", None)
    if (live := reader.live_unit()) is not None:
        store.put(live.key, live.record, live.parts)
    return _put(store, "model record", copy)


def _copy_layer(entry: LayerEntry, reader: DisclosedReader, store: Store) -> LayerEntry:
    """Copy the record of a layer; returns its entry in the model's record."""
    layer = reader.layer(entry["name"])
    copy = {**layer, "filters": _with_pictures_copied(layer["filters"], reader, store)}
    return {**entry, "unit": _put(store, "layer record", copy)}


def _with_pictures_copied(value: object, reader: DisclosedReader, store: Store) -> object:
    """Copy a value of a record, and into the store all pictures that it refers to."""
    copied: dict[PictureKey, PictureReference] = {}
    for group in _groups(picture_references(value)):
        blobs = {str(number): reader.picture(reference) for number, reference in enumerate(group)}
        key = digest("published pictures", list(blobs.values()))
        store.put(key, {}, blobs)
        for name, reference in zip(blobs, group, strict=True):
            copied[picture_key(reference)] = {**reference, "unit": key, "blob": name}
    return replace_pictures(value, lambda reference: copied[picture_key(reference)])


def _groups(references: Iterable[PictureReference]) -> Iterator[list[PictureReference]]:
    """Yield different references in groups of at most 256."""
    different = list({picture_key(reference): reference for reference in references}.values())
    for start in range(0, len(different), _PICTURES_PER_UNIT):
        yield different[start : start + _PICTURES_PER_UNIT]


def _put(store: Store, what: str, record: Mapping[str, object]) -> str:
    key = digest(what, record)
    store.put(key, record)
    return key
