"""Check what a bundle says: its answers, the records of its models, and the pictures that these refer to."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from PIL import Image, UnidentifiedImageError

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.images.webp import STORED_FORMATS
from mkdocs_lurk.records.live_check import check_live_unit
from mkdocs_lurk.records.record_check import check_record, record_error
from mkdocs_lurk.records.results_check import check_layer_record, check_model_record, pictures_in
from mkdocs_lurk.run.input_files import Inputs
from mkdocs_lurk.run.input_paths import is_name, is_portable
from mkdocs_lurk.store.bundle import BundleAnswer, OpenUnit
from mkdocs_lurk.store.keys import digest
from mkdocs_lurk.store.store import StoredUnit


@dataclass(frozen=True)
class _Needed:
    """The units that the models of a bundle need, gathered first: each is parsed once, however often it is named.

    Attributes:
        uses: Where each unit is named that went into results.
        pictures: For each unit the size of every picture that is needed of it, in pixels, and where it is named.
    """

    uses: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, dict[str, tuple[list[int], str]]] = field(default_factory=lambda: defaultdict(dict))


def check_bundle(answers: Mapping[str, object], open_unit: OpenUnit) -> Mapping[str, BundleAnswer]:
    """Check the answers of a bundle and everything that they lead to.

    Args:
        answers: By request key, as in ``bundle.json``.
        open_unit: Opens a unit of the bundle or the store.

    Returns:
        The answers.

    Raises:
        StoreError: The first thing that is wrong, in one line that begins with where it is.
    """
    checked: dict[str, BundleAnswer] = {}
    models: set[str] = set()
    needed = _Needed()
    for place, (request_key, answer) in enumerate(answers.items()):
        where = f"answers[{place}]"
        if not isinstance(answer, dict) or set(answer) != set(BundleAnswer.__annotations__):
            raise record_error(where, answer, "an object with key, inputs and declared")
        key = check_record(answer["key"], str, f"{where}.key")
        for name in ("inputs", "declared"):
            if not isinstance(answer[name], dict):
                raise record_error(f"{where}.{name}", answer[name], "an object")
        if answer["declared"] and digest("request", answer["declared"]) != request_key:
            raise StoreError(f"{where}.declared is not what its request key is the digest of")
        if answer["inputs"]:
            _check_inputs(answer["inputs"], f"{where}.inputs")
        if key not in models:
            _check_model(key, open_unit, needed)
            models.add(key)
        checked[request_key] = {"key": key, "inputs": answer["inputs"], "declared": answer["declared"]}
    for key in {**needed.uses, **needed.pictures}:
        _check_unit(key, open_unit, needed)
    return checked


def _check_inputs(inputs: object, where: str) -> None:
    """Check a list of files; a later build reads them, those alone that lie in its repository (``input_paths``)."""
    for place, item in enumerate(check_record(inputs, Inputs, where)["files"]):
        here, path = f"{where}.files[{place}].path", item["path"]
        if not path.isprintable():
            raise record_error(here, path, "printable")
        if item["kind"] == "elsewhere" and not is_name(path):
            raise record_error(here, path, "a name alone")
        if not is_portable(path):
            raise record_error(here, path, "relative to the site's folder; pack it again, with this version")


def _check_model(key: str, open_unit: OpenUnit, needed: _Needed) -> None:
    model = _open(key, open_unit, "the record of a model")
    where = f"model {key[:8]}"
    record = check_model_record(model.record, where)
    if len(set(record["uses"])) != len(record["uses"]):
        raise StoreError(f"{where}.uses names a unit twice")
    if "live" in record and "skipped" not in record["live"]:
        live = _open(record["live"]["unit"], open_unit, f"{where}.live.unit")
        check_live_unit(live.record, record, f"{where}.live.unit")
        needed.uses.setdefault(live.key, f"{where}.live.unit")
    for place, unit in enumerate(record["uses"]):
        needed.uses.setdefault(unit, f"{where}.uses[{place}]")
    _gather_pictures(record["images"], f"{where}.images", needed)
    for place, entry in enumerate(record["layers"]):
        here = f"{where}.layers[{place}]"
        stored = _open(entry["unit"], open_unit, f"{here}.unit").record
        layer = check_layer_record(stored, entry, record, here)
        _gather_pictures(layer["filters"], f"{here}.filters", needed)


def _open(key: str, open_unit: OpenUnit, where: str) -> StoredUnit:
    unit = open_unit(key)
    if unit is None:
        raise StoreError(f"{where} is the unit {ascii(key)[:90]}, which is neither in the bundle nor in the cache")
    return unit


def _gather_pictures(value: object, where: str, needed: _Needed) -> None:
    for reference in pictures_in(value):
        blob, size = reference["blob"], reference["size"]
        here = f"{where}: the picture {ascii(blob)[:60]}"
        known, _ = needed.pictures[reference["unit"]].setdefault(blob, (size, here))
        if known != size:
            raise StoreError(f"{here} has two sizes: {known} and {size}")


def _check_unit(key: str, open_unit: OpenUnit, needed: _Needed) -> None:
    """Check that a unit is there, and that its pictures are of a format that we write and of the size that is said."""
    pictures = needed.pictures.get(key, {})
    first = next((where for _, where in pictures.values()), "")
    unit = _open(key, open_unit, needed.uses.get(key, first))
    for blob, (size, where) in pictures.items():
        found = _picture_size(unit.blob(blob), where)
        if list(found) != size:
            raise StoreError(f"{where} has {found} pixels, and not {size}")


def _picture_size(data: bytes, where: str) -> tuple[int, int]:
    """Return width and height of a picture from its header, without decoding it."""
    try:
        with Image.open(io.BytesIO(data), formats=STORED_FORMATS) as picture:
            return picture.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise StoreError(f"{where} is no {' or '.join(STORED_FORMATS)} file") from error
