"""Every record in a bundle is checked before it is kept; a bundle that says anything else is refused in one line."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.run.bundle_check import check_bundle
from mkdocs_lurk.store import ModelReader, Store, digest, pack, unpack
from mkdocs_lurk.store.store import StoredUnit
from tests.pages.fake import fake_model
from tests.pages.patterns import encoded_pattern

DECLARED = {"name": "small", "engine": 5}
REQUEST = digest("request", DECLARED)
INPUTS: dict[str, Any] = {
    "files": [{"kind": "data", "path": "data.bin", "digest": "0" * 64}],
    "pictures": [["cat/0.png", "cat", "0" * 20]],
    "images": "photos",
}

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "here")
    store.set_alias(REQUEST, fake_model(store), INPUTS, DECLARED)
    return store


def key_of(store: Store) -> str:
    key = store.alias(REQUEST)
    assert key is not None
    return key


def change_model(store: Store, change: Change) -> None:
    unit = store.get(key_of(store))
    assert unit is not None
    record = copy.deepcopy(unit.record)
    change(record)
    store.put(unit.key, record)


def change_layer(store: Store, change: Change) -> None:
    unit = store.get(ModelReader(store, key_of(store)).record["layers"][0]["unit"])
    assert unit is not None
    record = copy.deepcopy(unit.record)
    change(record)
    store.put(unit.key, record, {name: unit.blob(name) for name in unit.names})


def unpacked(store: Store, tmp_path: Path) -> Store:
    pack(store, {REQUEST: key_of(store)}, tmp_path / "results.tar", dict)
    there = Store(tmp_path / "there")
    unpack(there, tmp_path / "results.tar", check_bundle)
    return there


def refusal(store: Store, tmp_path: Path) -> str:
    with pytest.raises(StoreError) as caught:
        unpacked(store, tmp_path)
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "there").rglob("*")) == []
    return str(caught.value)


def test_a_sound_bundle_is_kept(store: Store, tmp_path: Path) -> None:
    there = unpacked(store, tmp_path)
    assert there.keys() == store.keys()
    assert there.answers(REQUEST) == store.answers(REQUEST)


def layer(**fields: Any) -> Change:
    return lambda record: record["layers"][0].update(fields)


def slug(text: str) -> Change:
    return layer(slug=text, results=f"{text}/results.json")


MODELS: dict[str, tuple[Change, str]] = {
    "a climbing slug": (slug("../../.."), r"layers[0].slug"),
    "an absolute slug": (slug("/etc/escaped"), r"layers[0].slug"),
    "another layer's slug": (slug("features.3"), r"layers[0].slug"),
    "a climbing name": (layer(name="..", slug="..", results="../results.json"), r"layers[0].slug"),
    "other results": (layer(results="../../x"), r"layers[0].results"),
    "a slug of another type": (layer(slug=["a"]), r"layers[0].slug is a list"),
    "a use twice": (lambda record: record.update(uses=[record["layers"][0]["unit"]] * 2), r"uses names a unit twice"),
    "two sizes": (
        lambda record: record["images"].append(
            {**record["images"][0], "id": len(record["images"]),
             "picture": {**record["images"][0]["picture"], "size": [1, 1]}}
        ),
        r"has two sizes",
    ),
    "a layer twice": (lambda record: record["layers"].append(record["layers"][0]), r"layers[2].name"),
    "a path as a unit": (layer(unit="../../../etc/passwd"), r"cannot be a key"),
    "a layer that is a picture": (
        lambda record: record["layers"][0].update(unit=record["images"][0]["picture"]["unit"]),
        r"layers[0] has no field 'schema'",
    ),
    "an unknown field": (lambda record: record.update(evil=1), r"unknown field 'evil'"),
    "no field": (lambda record: record.pop("images"), r"no field 'images'"),
    "a number as text": (lambda record: record["model"].update(title=3), r"model.title is 3"),
    "true as a number": (lambda record: record.update(top_k=True), r"top_k is True"),
    "a number of 300 digits": (lambda record: record.update(top_k=10**300), r"top_k"),
    "half a letter": (lambda record: record["model"].update(title="\ud800"), r"model.title"),
    "an image of another number": (lambda record: record["images"][0].update(id=7), r"images[0].id is 7"),
    "a huge image": (lambda record: record["images"][0].update(width=1 << 40), r"images[0]: width and height"),
    "a huge input": (lambda record: record["model"]["input"].update(size=[3, 1 << 20, 1 << 20]), r"input.size"),
    "a huge picture": (
        lambda record: record["images"][0]["picture"].update(size=[1 << 20, 1 << 20]), r"the picture '0'",
    ),
    "another size": (lambda record: record["images"][0]["picture"].update(size=[31, 32]), r"the picture '0' has"),
    "an empty picture": (lambda record: record["images"][0]["picture"].update(size=[0, 0]), r"the picture '0'"),
    "no such blob": (lambda record: record["images"][0]["picture"].update(blob="x"), r"holds no 'x'"),
    "a group in itself": (
        lambda record: record["graph"]["groups"].append({"id": "a", "parent": "a", "name": "a", "type": "a"}),
        r"groups[0] is inside itself",
    ),
    "an edge to nowhere": (lambda record: record["graph"]["edges"].append([0, 99]), r"edges[1]"),
    "deep notes": (lambda record: record.update(notes=[[[[[["a"]]]]]]), r"notes[0] is a list"),
    "a mapping of lists": (lambda record: record.update(skipped_layers={"a": []}), r"skipped_layers.a"),
    "a pair of three": (lambda record: record.update(skipped_images=[["a", "b", "c"]]), r"skipped_images[0] holds 3"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(MODELS))
def test_a_hostile_model_record_is_refused(name: str, store: Store) -> None:
    change, message = MODELS[name]
    change_model(store, change)
    assert message in refusal_of_record(store)


def refusal_of_record(store: Store) -> str:
    with pytest.raises(StoreError) as caught:
        check_bundle({REQUEST: {"key": key_of(store), "inputs": {}, "declared": {}}}, store.get)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def first(record: dict[str, Any]) -> dict[str, Any]:
    item: dict[str, Any] = record["filters"][0]
    return item


LAYERS: dict[str, tuple[Change, str]] = {
    "another address": (lambda record: record["layer"].update(slug="../.."), r"layer.slug is '../..'"),
    "a negative image": (lambda record: first(record)["top_max"][0].update(image=-1), r"top_max[0].image is -1"),
    "an image too many": (lambda record: first(record)["top_avg"][0].update(image=6), r"top_avg[0].image is 6"),
    "a box outside": (lambda record: first(record)["top_max"][0].update(box=[0, 0, 99, 9]), r"top_max[0].box"),
    "a box of three": (lambda record: first(record)["top_max"][0].update(box=[0, 0, 9]), r"top_max[0].box holds 3"),
    "falling indices": (lambda record: record["filters"].reverse(), r"index is"),
    "an index too high": (lambda record: record["filters"][-1].update(index=5), r"filters[4].index is 5"),
    "filters that are lost": (lambda record: record["filters"].pop(), r"chosen filters is 4"),
    "another literal": (lambda record: first(record)["top_max"][0].update(field="whole"), r"top_max[0].field"),
    "a histogram without edges": (
        lambda record: first(record)["stats"]["histogram"].update(edges=[]), r"histogram.edges",
    ),
    "a skipped result that says more": (
        lambda record: first(record)["top_avg"][0].update(grad={"skipped": "a", "unit": "b"}), r"grad has",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(LAYERS))
def test_a_hostile_layer_record_is_refused(name: str, store: Store) -> None:
    change, message = LAYERS[name]
    change_layer(store, change)
    assert message in refusal_of_record(store)


@pytest.mark.parametrize("blob", [b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 32 32\n", b"", b"RIFF", b"GIF89a"])
def test_only_our_own_picture_formats_are_opened(blob: bytes, store: Store) -> None:
    image = ModelReader(store, key_of(store)).record["images"][0]["picture"]
    unit = store.get(image["unit"])
    assert unit is not None
    store.put(unit.key, unit.record, {name: unit.blob(name) for name in unit.names} | {image["blob"]: blob})
    assert "is no WEBP or PNG file" in refusal_of_record(store)


@pytest.mark.parametrize(
    "path", ["/dev/zero", "a/../../x", "../a/../x", "C:/x", "..\\..\\x", "\\\\host\\x", "a\0b", "\x1b[2J"]
)
@pytest.mark.parametrize("kind", ["data", "weights"])
def test_a_path_outside_the_site_is_refused(path: str, kind: str, store: Store, tmp_path: Path) -> None:
    inputs = {**INPUTS, "files": [{"kind": kind, "path": path, "digest": "0"}]}
    store.drop_alias(REQUEST)
    store.set_alias(REQUEST, fake_model(store), inputs, DECLARED)
    assert "inputs.files[0].path is " in refusal(store, tmp_path)


def test_a_file_elsewhere_has_a_name_and_no_folder(store: Store, tmp_path: Path) -> None:
    inputs = {**INPUTS, "files": [{"kind": "elsewhere", "path": "a/net.py", "digest": "0"}]}
    store.drop_alias(REQUEST)
    store.set_alias(REQUEST, fake_model(store), inputs, DECLARED)
    assert "inputs.files[0].path is 'a/net.py'; it should be a name alone" in refusal(store, tmp_path)


def test_a_declaration_must_be_that_of_its_request(store: Store, tmp_path: Path) -> None:
    store.set_alias(REQUEST, key_of(store), INPUTS, {**DECLARED, "name": "other"})
    assert "declared is not what its request key" in refusal(store, tmp_path)


def test_a_slug_that_climbs_is_refused_at_the_door(store: Store, tmp_path: Path) -> None:
    change_model(store, slug("../../../escaped"))
    assert "layers[0].slug is '../../../escaped'" in refusal(store, tmp_path)
    assert not list(tmp_path.rglob("escaped*"))


def test_patterns_are_of_a_stored_format() -> None:
    assert encoded_pattern(4, 4, 0)[:4] == b"RIFF"


def test_each_unit_is_parsed_once_for_all_of_its_pictures(store: Store) -> None:
    opened: Counter[str] = Counter()

    def open_unit(key: str) -> StoredUnit | None:
        opened[key] += 1
        return store.get(key)

    check_bundle({REQUEST: {"key": key_of(store), "inputs": {}, "declared": {}}}, open_unit)
    assert opened.keys() == set(store.keys())
    assert max(opened.values()) <= 2  # a layer's record is read, and may be named among what was used
