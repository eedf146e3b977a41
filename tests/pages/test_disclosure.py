"""One door: no page reads a record or a picture but through it, and no record can show a picture that it lets out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, is_typeddict

import pytest

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.pages import disclosure
from mkdocs_lurk.pages.disclosure import DisclosedReader
from mkdocs_lurk.pages.model_records import picture_references
from mkdocs_lurk.pages.redaction import OF_NO_PICTURE, ShownPicture, redact_layer, redact_model
from mkdocs_lurk.records.model_record import FilterRecord, ImageRecord, ModelInfo, ModelRecord, PictureReference
from mkdocs_lurk.records.record_format import fields_of
from mkdocs_lurk.records.results_check import check_layer_record, check_model_record
from mkdocs_lurk.store import ModelReader, Store
from tests.pages.fake import fake_config, fake_model

PAGES = Path(disclosure.__file__).parent
RAW = {"ModelReader", "StoredUnit", "read_model", "read_layer", "check_model_record", "check_layer_record"}
"""What gives records and pictures as they are stored."""
DOOR, TYPES = PAGES / "disclosure.py", PAGES / "model_records.py"
HIDDEN, SMALL, WHOLE = ShownPicture("none", 32, 32), ShownPicture("thumbnails", 8, 32), ShownPicture("full", 32, 32)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


@pytest.fixture
def key(store: Store) -> str:
    return fake_model(store)


def names_in(path: Path) -> Iterator[tuple[str, int]]:
    """Every name and attribute that a module uses, and its line."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from ((alias.name.rpartition(".")[2], node.lineno) for alias in node.names)
        elif isinstance(node, ast.Name):
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute):
            yield node.attr, node.lineno


@pytest.mark.parametrize("path", sorted(set(PAGES.rglob("*.py")) - {DOOR, TYPES}), ids=lambda path: path.name)
def test_no_page_reads_the_store_but_through_the_door(path: Path) -> None:
    raw = RAW | {"blob", "store_of", "get_unit", "direct_units"}
    assert [f"{path.name}:{line}: {name}" for name, line in names_in(path) if name in raw] == []


def pictures_of(kind: Any, inside: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The fields on the way to every picture that a type can refer to; a type that names an ``image`` is left out."""
    if kind is PictureReference:
        yield inside
    elif is_typeddict(kind):
        for name, hint in fields_of(kind).items() if "image" not in fields_of(kind) else ():
            yield from pictures_of(hint, (*inside, name))
    else:
        for hint in get_args(kind):
            yield from pictures_of(hint, inside)


def test_every_picture_of_a_filter_belongs_to_a_photo_or_is_known_to_belong_to_none() -> None:
    assert {way[0] for way in pictures_of(FilterRecord)} == OF_NO_PICTURE


def test_every_field_of_a_models_record_was_thought_of() -> None:
    """A new field that names pictures or files is redacted in ``redaction``; one that does not is listed here."""
    harmless = {
        "schema",
        "graph",
        "verified",
        "evaluation",
        "circuits",
        "classes",
        "top_k",
        "gradient",
        "synthesis",
        "seed",
    }
    redacted = {"model", "images", "layers", "notes", "warnings", "skipped_layers", "skipped_images", "uses", "twin"}
    redacted |= {"live", "cost", "responses"}
    assert set(fields_of(ModelRecord)) <= harmless | redacted | {"provenance"}
    assert set(fields_of(ModelInfo)) == {"name", "title", "source", "parameters", "input", "weights_digest"}
    kept = {"id", "label", "width", "height", "predictions"}
    assert set(fields_of(ImageRecord)) == kept | {"path", "picture", "skipped", "shown"}


def test_a_later_result_is_redacted_without_a_line_for_it() -> None:
    picture = {"unit": "u", "blob": "b", "size": [32, 16]}
    layer: Any = {
        "filters": [{"range": [{"image": n, "deep": {"list": [picture]}} for n in (0, 1, 2)], "odd": picture}]
    }
    (item,) = redact_layer(layer, [HIDDEN, SMALL, WHOLE])["filters"]
    hidden, small, whole = (one["deep"]["list"][0] for one in item["range"])  # type: ignore[typeddict-item]
    assert hidden == {"skipped": "the author does not publish this picture"}
    assert small == {"unit": "u", "blob": "b", "size": [8, 4]}
    assert whole == picture
    assert "skipped" in item["odd"]  # type: ignore[typeddict-item]


@pytest.mark.parametrize("pictures", ["none", "thumbnails", {"thumbnails": 1}, {"cat/*": "none"}])
@pytest.mark.parametrize("anonymous", [False, True])
def test_redacted_records_are_records(store: Store, key: str, tmp_path: Path, pictures: Any, anonymous: bool) -> None:
    reader = DisclosedReader(store, key, fake_config(tmp_path, pictures=pictures, anonymous=anonymous))
    check_model_record(reader.record, "model")
    for entry in reader.record["layers"]:
        check_layer_record(reader.layer(entry["name"]), entry, reader.record, entry["name"])


def test_only_pictures_that_a_redacted_record_refers_to_are_read(store: Store, key: str, tmp_path: Path) -> None:
    whole, reader = (
        ModelReader(store, key),
        DisclosedReader(store, key, fake_config(tmp_path, pictures={"cat/*": "none"})),
    )
    hidden, shown = (whole.record["images"][image]["picture"] for image in (0, 1))
    assert reader.picture(shown) == whole.picture(shown)
    with pytest.raises(StoreError, match="is held back"):
        reader.picture(hidden)
    filters = whole.layer("features.0")["filters"]
    references = list(picture_references(filters))
    reader.layer("features.0")
    refused = 0
    for reference in references:
        try:
            reader.picture(reference)
        except StoreError:
            refused += 1
    of_cats = [rank for item in filters for rank in (*item["top_avg"], *item["top_max"]) if rank["image"] in (0, 3)]
    assert refused == len(of_cats) > 0


def test_nothing_is_copied_or_changed_where_nothing_is_held_back(store: Store, key: str, tmp_path: Path) -> None:
    reader = DisclosedReader(store, key, fake_config(tmp_path))
    assert reader.is_open
    assert reader.record == ModelReader(store, key).record


def test_texts_lose_hidden_names_and_nothing_else() -> None:
    images = [{"id": 0, "path": "ward/jane.png", "label": None}, {"id": 1, "path": "dogs/rex.png", "label": None}]
    record: Any = {
        "images": [{**image, "width": 32, "height": 32} for image in images],
        "notes": ["ward/jane.png and jane.png are odd; dogs/rex.png, maryjane.png and jane.pngs are not."],
        "warnings": [], "skipped_layers": {"conv": "jane.png"}, "skipped_images": [], "uses": ["u"],
    }  # fmt: skip
    redacted = redact_model(record, [HIDDEN, WHOLE], (), anonymous=False)
    assert redacted["notes"] == ["picture 0 and picture 0 are odd; dogs/rex.png, maryjane.png and jane.pngs are not."]
    assert redacted["skipped_layers"] == {"conv": "picture 0"}
    assert [image["path"] for image in redacted["images"]] == ["picture 0", "dogs/rex.png"]


@pytest.mark.parametrize(
    ("shown", "anonymous", "left"),
    [
        (WHOLE, False, {"weights": "w", "transform": "t", "pictures": "p"}),
        (SMALL, False, {"weights": "w", "transform": "t"}),
        (HIDDEN, False, {"weights": "w", "transform": "t"}),
        (WHOLE, True, {"weights": "", "transform": ""}),
    ],
)
def test_digests_are_held_back_with_what_they_are_of(
    shown: ShownPicture, anonymous: bool, left: dict[str, str], store: Store, key: str
) -> None:
    digests = {"weights": "w", "transform": "t", "pictures": "p"}
    record: Any = {**ModelReader(store, key).record, "provenance": {"seed": 3, "digests": digests}}
    redacted: Any = redact_model(record, [shown] * len(record["images"]), (), anonymous=anonymous)
    assert redacted["provenance"] == {"seed": 3, "digests": left}
    assert redacted["model"]["weights_digest"] == ("" if anonymous else record["model"]["weights_digest"])


@pytest.mark.parametrize(("size", "published"), [([32, 32], [8, 8]), ([3, 30], [1, 7]), ([1, 1], [1, 1])])
def test_what_is_made_of_a_thumbnail_is_shrunk_as_it_is(size: list[int], published: list[int]) -> None:
    reference: PictureReference = {"unit": "u", "blob": "b", "size": size, "cosine": 1.0}
    assert SMALL.published(reference) == {"unit": "u", "blob": "b", "size": published}
    assert WHOLE.published(reference) is reference
