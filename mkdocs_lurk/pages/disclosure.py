"""Read from the cache what may be published of a model's pictures and of its author, and nothing else.

Pages, data files and bundles read records and pictures through ``DisclosedReader`` alone, and it hands out nothing
that the author holds back. A new result passes through it without a line of its own, and a test follows the imports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.config.pictures import SHOW_ALL, PictureRules
from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.images.webp import decode_picture, encode_picture
from mkdocs_lurk.pages.model_records import picture_references, read_layer, read_model
from mkdocs_lurk.pages.pictures.sheets import resized
from mkdocs_lurk.pages.redaction import ShownPicture, redact_layer, redact_model, shown_pictures, unnamed_pictures
from mkdocs_lurk.records.model_record import LayerRecord, ModelRecord, PictureReference
from mkdocs_lurk.records.results_check import check_layer_record, check_model_record
from mkdocs_lurk.store import ModelReader, Store
from mkdocs_lurk.text import published_reference

_UNTOLD_REASON = "they were not computed yet, or something that they were made from has changed"
_UNTOLD_FILES = "some of its files"


@dataclass(frozen=True)
class Disclosure:
    """What an author lets be known of a model.

    Attributes:
        pictures: What may be shown of its pictures.
        anonymous: Whether source, paths and author stay unknown.
    """

    pictures: PictureRules = SHOW_ALL
    anonymous: bool = False

    @classmethod
    def of(cls, config: ModelConfig) -> Disclosure:
        """Return what a declaration says."""
        return cls(config.pictures, config.anonymous)

    @property
    def is_open(self) -> bool:
        """Whether nothing is held back."""
        return not (self.pictures.hide_anything or self.anonymous)

    def reason(self, text: str) -> str:
        """Return why there are no results, for a page: the words for the author may name files."""
        return text if self.is_open else _UNTOLD_REASON

    def unseen(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return what is not at hand, for a page: it may be pictures that are held back, or the author's code."""
        return names if self.is_open or not names else (_UNTOLD_FILES,)


OPEN = Disclosure()
"""Nothing is held back."""


@dataclass(frozen=True)
class LiveUnit:
    """A stored network for browsers: its key, its record, which is not checked yet, and its parts by name."""

    key: str
    record: Mapping[str, object]
    parts: Mapping[str, bytes]


class DisclosedReader:
    """The results of one model, as far as its author lets them be known.

    Args:
        store: The store that holds the units.
        key: The key of the model record.
        config: The declaration; None to hold nothing back.

    Attributes:
        key: The key of the model record.
        record: The model's record.
        unchecked: Patterns of ``pictures`` that may hold nothing back: a bundle left out the names that they may fit.

    Raises:
        StoreError: There is no such record, or it is not what an analysis writes.
        ConfigError: A pattern of ``pictures`` fits no picture.
    """

    def __init__(self, store: Store, key: str, config: ModelConfig | None = None) -> None:
        self.key = key
        self._store = store
        self._reader = ModelReader(store, key)
        self._disclosure = OPEN if config is None else Disclosure.of(config)
        self._whole = read_model(self._reader)
        check_model_record(self._whole, "the record of the model")
        self._checked: set[str] = set()
        self._sizes: dict[tuple[str, str], list[int]] = {}
        self.record: ModelRecord = self._whole
        self.unchecked: tuple[str, ...] = ()
        if config is not None:
            unnamed = unnamed_pictures(self._whole)
            named = [
                (None if image["id"] in unnamed else image["path"], image["label"]) for image in self._whole["images"]
            ]
            self.unchecked = config.pictures.check(named, f"{config.place}.pictures")
        if not self._disclosure.is_open:
            declared = [] if config is None else _declared_names(config)
            self.record = redact_model(self._whole, self._shown, declared, anonymous=self._disclosure.anonymous)
            self._allow(self.record["images"])

    @property
    def is_open(self) -> bool:
        """Whether records and pictures are those of the store, with nothing held back."""
        return self.record is self._whole

    def layer(self, name: str) -> LayerRecord:
        """Return the record of a layer, by its dotted name.

        Raises:
            StoreError: The model has no results for such a layer, or they are not what an analysis writes.
        """
        layer = read_layer(self._reader, name)
        if name not in self._checked:
            entry = next(entry for entry in self._whole["layers"] if entry["name"] == name)
            check_layer_record(layer, entry, self._whole, f"the record of layer {name!a}")
            self._checked.add(name)
        if self.is_open:
            return layer
        redacted = redact_layer(layer, self._shown)
        self._allow(redacted["filters"])
        return redacted

    def picture(self, reference: PictureReference) -> bytes:
        """Read an encoded picture that a record refers to, at the size that the reference says.

        Raises:
            StoreError: It is missing, or no record that was handed out refers to it.
        """
        data = self._reader.picture(reference)
        if self.is_open:
            return data
        size = self._sizes.get((reference["unit"], reference["blob"]))
        if size is None:
            raise StoreError(
                f"the picture {reference['blob']} of the unit {reference['unit']} is held back; take it from a record"
            )
        pixels = decode_picture(data)
        if [pixels.shape[1], pixels.shape[0]] == size:
            return data
        return encode_picture(resized(pixels, (size[0], size[1])))

    def live_unit(self) -> LiveUnit | None:
        """Return the network for browsers; None if it is not published.

        Raises:
            StoreError: It is missing.
        """
        live = self.record.get("live")
        if live is None or "skipped" in live:
            return None
        unit = self._store.get(live["unit"])
        if unit is None:
            raise StoreError(
                f"the unit {live['unit']} with the network for browsers is missing; run 'mkdocs-lurk analyze'"
            )
        return LiveUnit(unit.key, unit.record, {name: unit.blob(name) for name in unit.names})

    @cached_property
    def _shown(self) -> list[ShownPicture]:
        return shown_pictures(self._whole, self._disclosure.pictures)

    def _allow(self, value: object) -> None:
        """Let the pictures be read that a value of a redacted record refers to, and no larger than it says."""
        for reference in picture_references(value):
            self._sizes[reference["unit"], reference["blob"]] = reference["size"]


def _declared_names(config: ModelConfig) -> list[str]:
    """Return the texts of a declaration that name files and code, and the files in them; plain words are no names."""
    values = [config.source, config.images, config.weights, config.transform, config.classes, config.card]
    texts = [str(value) for value in values if isinstance(value, (str, Path))]
    texts += [text.rpartition(":")[0] for text in texts if ":" in text and not text.startswith("torchvision:")]
    texts += [published_reference(text) for text in texts]
    return [text for text in dict.fromkeys(texts) if any(mark in text for mark in "./:")]
