"""What is left of a model's records when some of its pictures, or its author, are not to be known.

Pure functions on records: ``disclosure`` decides, and is the one place that calls them. A part of a record is about a
picture if it names one as ``image``, and everything in it is; so a later result needs no line here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from mkdocs_lurk.config.pictures import MODES, Mode, PictureRules
from mkdocs_lurk.named_warnings import unreadable_warning
from mkdocs_lurk.pages.model_records import is_picture_reference
from mkdocs_lurk.records.cost_record import CostRecord
from mkdocs_lurk.records.model_record import ImageRecord, LayerRecord, ModelRecord, PictureReference, Skipped
from mkdocs_lurk.records.provenance_record import InputDigests, ProvenanceRecord

Value = TypeVar("Value")

WITHHELD: Skipped = {"skipped": "the author does not publish this picture"}
"""What stands in place of a picture of a hidden one: its gradient, say."""
OF_NO_PICTURE = frozenset({"max_activ", "kernel"})
"""Fields of filters that hold pictures which were made from the network alone."""
SECRET = "(not told)"  # noqa: S105 - no password
_SHORTEST_NAME = 3
"""Characters of a name that is looked for in texts, at least: a shorter one may be part of any word."""


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """How one picture is published.

    Attributes:
        mode: ``full``, ``thumbnails`` or ``none``.
        side_px: The longer side, at most, of what is published of it.
        longest_px: The longer side of what is stored of it.
    """

    mode: Mode
    side_px: int
    longest_px: int

    def published(self, reference: PictureReference) -> PictureReference | Skipped:
        """Return a reference to a picture that was made of this one, shrunk like this one; or that it is withheld."""
        if self.mode == "none":
            return WITHHELD
        if self.longest_px <= self.side_px:
            return reference
        size = [max(1, side * self.side_px // self.longest_px) for side in reference["size"]]
        return {"unit": reference["unit"], "blob": reference["blob"], "size": size}


def shown_pictures(record: ModelRecord, rules: PictureRules) -> list[ShownPicture]:
    """Decide for every picture how it is published; what a bundle holds back already stays held back."""
    unnamed = unnamed_pictures(record)
    shown = []
    for image in record["images"]:
        rule = rules.rule_of(None if image["id"] in unnamed else image["path"], image["label"])
        size = image["picture"]["size"] if "picture" in image else [image["width"], image["height"]]
        before: Mode = image.get("shown", "full")
        longest, mode = max(size), max(rule.mode, before, key=MODES.index)
        side = rule.thumbnail_px if rule.mode == "thumbnails" else longest
        shown.append(ShownPicture(mode, side, longest))
    return shown


def unnamed_pictures(record: ModelRecord) -> set[int]:
    """Return the pictures whose names a bundle holds back: its records use no other units, as all others do."""
    if record["uses"]:
        return set()
    return {image["id"] for image in record["images"] if image["path"] == picture_name(image["id"])}


def redact_model(
    record: ModelRecord, shown: Sequence[ShownPicture], declared: Iterable[str], *, anonymous: bool
) -> ModelRecord:
    """Return the record of a model without what is not to be known.

    Args:
        record: The record.
        shown: How each picture is published.
        declared: Texts of the declaration that name files and code, which an anonymous model does not tell.
        anonymous: Whether the author is not to be known.
    """
    images = [_redact_image(image, own, anonymous) for image, own in zip(record["images"], shown, strict=True)]
    renamed = {old["path"]: new["path"] for old, new in zip(record["images"], images, strict=True)}
    secrets = {name: new for name, new in renamed.items() if name != new}
    secrets |= dict.fromkeys(declared, SECRET) if anonymous else {}
    skipped = [(image["path"], image["skipped"]) for image in images if "skipped" in image]
    redacted: ModelRecord = {
        **record,
        "images": images,
        "skipped_images": skipped,
        "notes": _without(record["notes"], secrets),
        "skipped_layers": _without(record["skipped_layers"], secrets),
    }
    unreadable = unreadable_warning(skipped, len(images))
    redacted["warnings"] = [
        unreadable if unreadable is not None and warning["name"] == unreadable["name"] else warning
        for warning in _without(record["warnings"], secrets)
    ]
    if "twin" in redacted:
        redacted["twin"] = _without(redacted["twin"], secrets)  # its reason may name files
    if "live" in redacted:
        redacted["live"] = _without(redacted["live"], secrets)
    if "provenance" in redacted:
        is_open = all(own.mode == "full" for own in shown)
        redacted["provenance"] = _redact_provenance(redacted["provenance"], is_open=is_open, anonymous=anonymous)
    if anonymous:
        _hide_author(redacted)
    return redacted


def _hide_author(redacted: ModelRecord) -> None:
    """Take out of a model's record what may tell whose it is."""
    redacted.pop("live", None)  # its weights would tell
    if "cost" in redacted:  # which processor measured the time may tell where
        told = {name: value for name, value in redacted["cost"].items() if name != "latency"}
        redacted["cost"] = cast(CostRecord, told)
    model = redacted["model"]
    network_input = model["input"]
    if "function" in network_input:
        network_input = {**network_input, "function": SECRET}
    redacted["model"] = {**model, "source": "", "weights_digest": "", "input": network_input}


def redact_layer(record: LayerRecord, shown: Sequence[ShownPicture]) -> LayerRecord:
    """Return the record of a layer without what shows a hidden picture, and with less of what shows a thumbnail."""
    is_open = all(own.mode == "full" for own in shown)

    def redact(value: object, image: ShownPicture | None, *, allowed: bool) -> object:
        if is_picture_reference(value):
            if image is not None:
                return image.published(value)
            return value if allowed or is_open else WITHHELD
        if isinstance(value, dict):
            own = shown[value["image"]] if isinstance(value.get("image"), int) else image
            return {name: redact(item, own, allowed=allowed) for name, item in value.items()}
        if isinstance(value, list):
            return [redact(item, image, allowed=allowed) for item in value]
        return value

    filters = [
        {name: redact(value, None, allowed=name in OF_NO_PICTURE) for name, value in item.items()}
        for item in record["filters"]
    ]
    return cast("LayerRecord", {**record, "filters": filters})


def picture_name(image: int) -> str:
    """Return what a picture without a name is called."""
    return f"picture {image}"


def _redact_image(image: ImageRecord, shown: ShownPicture, anonymous: bool) -> ImageRecord:
    redacted: ImageRecord = {**image}
    name = picture_name(image["id"])
    if shown.mode == "none" or anonymous:
        redacted["path"] = name
        if "skipped" in image:  # the reason may name files, the author's code and its exceptions
            redacted["skipped"] = f"{name} cannot be read"
    if shown.mode != "full":
        redacted["shown"] = shown.mode
    if "picture" in image:
        picture = shown.published(image["picture"])
        if is_picture_reference(picture):
            redacted["picture"] = picture
        else:
            del redacted["picture"]
    return redacted


def _redact_provenance(provenance: ProvenanceRecord, *, is_open: bool, anonymous: bool) -> ProvenanceRecord:
    """Leave out the digest of the pictures where one is hidden; of an anonymous model, all digests."""
    digests = {
        name: "" if anonymous else value
        for name, value in provenance["digests"].items()
        if name != "pictures" or (is_open and not anonymous)
    }
    return {**provenance, "digests": cast(InputDigests, digests)}


def _without(value: Value, secrets: Mapping[str, str]) -> Value:
    """Copy texts, and lists and mappings of texts, with all secrets replaced."""
    copy: object = value
    if isinstance(value, list):
        copy = [_without(item, secrets) for item in value]
    elif isinstance(value, dict):
        copy = {name: _without(item, secrets) for name, item in value.items()}
    elif isinstance(value, str):
        copy = _text_without(value, secrets)
    return cast(Value, copy)


def _text_without(text: str, secrets: Mapping[str, str]) -> str:
    """Replace secrets in a text: whole, and the names of files alone."""
    files = {path.rpartition("/")[2]: new for path, new in secrets.items() if "." in path.rpartition("/")[2]}
    names = {**files, **secrets}
    for name in sorted((name for name in names if name in text), key=len, reverse=True):
        if len(name) >= _SHORTEST_NAME and not name.isdecimal():
            text = re.sub(rf"(?<![\w.]){re.escape(name)}(?!\w)", lambda _, new=names[name]: new, text)  # type: ignore[misc]
    return text
