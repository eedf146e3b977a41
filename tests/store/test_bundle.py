"""Bundles carry finished results from store to store, whole and checked."""

from __future__ import annotations

import io
import json
import tarfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.store import Store, digest, pack, unpack
from mkdocs_lurk.store.bundle import OpenUnit

MODEL, LAYER, OTHER = (digest(name) for name in ("model", "layer", "other"))
REQUEST = digest("request")


def keep_all(answers: Mapping[str, Any], open_unit: OpenUnit) -> Mapping[str, Any]:
    """Open what the answers lead to; what the records say is checked in ``tests/run/test_bundle_check.py``."""
    for answer in answers.values():
        model = open_unit(answer["key"])
        for layer in model.record.get("layers", ()) if model else ():
            open_unit(layer["unit"])
    return answers


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "here")
    store.put(LAYER, {"filters": []}, {"a": bytes(1000)})
    store.put(MODEL, {"model": {"name": "net"}, "layers": [{"name": "conv", "unit": LAYER}]})
    store.put(OTHER, {"of": "another model"})
    return store


@pytest.fixture
def bundle(store: Store, tmp_path: Path) -> Path:
    path = tmp_path / "results.tar"
    assert pack(store, {REQUEST: MODEL}, path, dict) == 2
    return path


def test_a_bundle_copies_units_and_aliases_into_another_store(store: Store, bundle: Path, tmp_path: Path) -> None:
    there = Store(tmp_path / "there")
    assert unpack(there, bundle, keep_all) == 2
    assert there.keys() == tuple(sorted((MODEL, LAYER)))
    assert there.alias(REQUEST) == MODEL
    assert there.file(LAYER).read_bytes() == store.file(LAYER).read_bytes()
    assert unpack(there, bundle, keep_all) == 0


def test_the_same_results_make_the_same_bundle(store: Store, bundle: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.tar"
    pack(store, {REQUEST: MODEL}, again, dict)
    assert again.read_bytes() == bundle.read_bytes()


def test_an_incomplete_model_is_not_packed(store: Store, tmp_path: Path) -> None:
    store.drop(LAYER)
    with pytest.raises(StoreError, match="missing"):
        pack(store, {REQUEST: MODEL}, tmp_path / "results.tar", dict)
    assert not (tmp_path / "results.tar").exists()


def test_a_damaged_unit_is_refused_and_nothing_is_kept(bundle: Path, tmp_path: Path) -> None:
    data = bytearray(bundle.read_bytes())
    at = data.index(b"lurk-unit-1") + 100
    data[at] ^= 1
    bundle.write_bytes(data)
    there = Store(tmp_path / "there")
    with pytest.raises(StoreError, match="is damaged"):
        unpack(there, bundle, keep_all)
    assert there.keys() == ()
    assert there.record_keys() == frozenset()
    assert not [path for path in there.root.rglob("*") if path.is_file()]


def test_a_bundle_that_was_cut_short_adds_no_alias(bundle: Path, tmp_path: Path) -> None:
    bundle.write_bytes(bundle.read_bytes()[:3000])
    there = Store(tmp_path / "there")
    with pytest.raises(StoreError, match=r"cut short|damaged"):
        unpack(there, bundle, keep_all)
    assert there.record_keys() == frozenset()


@pytest.mark.parametrize("contents", [b"", b"not a tar archive" * 100])
def test_a_file_that_is_no_bundle_is_refused(contents: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(contents)
    with pytest.raises(StoreError, match="no bundle"):
        unpack(Store(tmp_path / "there"), tmp_path / "x.tar", keep_all)
    with pytest.raises(StoreError, match="cannot read"):
        unpack(Store(tmp_path / "there"), tmp_path / "missing.tar", keep_all)


def test_a_bundle_cannot_write_outside_the_store(bundle: Path, tmp_path: Path) -> None:
    with tarfile.open(bundle, "a") as archive:
        member = tarfile.TarInfo("../../escaped.unit")
        member.size = 4
        archive.addfile(member, io.BytesIO(b"evil"))
    with pytest.raises(StoreError, match="is not the unit listed next"):
        unpack(Store(tmp_path / "there"), bundle, keep_all)
    assert not list(tmp_path.rglob("escaped*"))


def member(name: str, data: bytes = b"", **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, data


def contents(**changed: Any) -> bytes:
    listed = {"schema": "mkdocs-lurk/bundle/2", "answers": {}, "units": [], **changed}
    return json.dumps(listed).encode()


HOSTILE: dict[str, list[tuple[tarfile.TarInfo, bytes]]] = {
    "a link first": [member("bundle.json", type=tarfile.SYMTYPE, linkname="/etc/passwd")],
    "a hard link": [member("bundle.json", contents(units=[MODEL])), member(f"{MODEL}.unit", type=tarfile.LNKTYPE)],
    "a device": [member("bundle.json", contents(units=[MODEL])), member(f"{MODEL}.unit", type=tarfile.CHRTYPE)],
    "a FIFO": [member("bundle.json", contents(units=[MODEL])), member(f"{MODEL}.unit", type=tarfile.FIFOTYPE)],
    "a folder": [member("bundle.json", contents(units=[MODEL])), member(f"{MODEL}.unit", type=tarfile.DIRTYPE)],
    "holes": [member("bundle.json", type=tarfile.GNUTYPE_SPARSE, size=1 << 40)],
    "an extended header": [member("x", b"30 path=" + b"a" * 21 + b"\n", type=tarfile.XHDTYPE)],
    "a huge list": [member("bundle.json", b"{}", size=1 << 40)],
    "a huge unit": [member("bundle.json", contents(units=[MODEL])), member(f"{MODEL}.unit", b"x", size=1 << 40)],
    "no JSON": [member("bundle.json", b"lurk")],
    "no UTF-8": [member("bundle.json", b'{"schema": "\xff"}')],
    "deep JSON": [member("bundle.json", b"[" * 100_000)],
    "deep but closed JSON": [member("bundle.json", b'{"a":' * 50_000 + b"1" + b"}" * 50_000)],
    "too many lists": [member("bundle.json", b"[" + b"[]," * (1 << 22) + b"[]]")],
    "a key twice": [member("bundle.json", contents()[:-1] + b', "units": []}')],
    "a number of 10,000 digits": [member("bundle.json", b'{"schema": ' + b"9" * 10_000 + b"}")],
    "a list": [member("bundle.json", b"[]")],
    "units of another type": [member("bundle.json", contents(units=3))],
    "a unit of another type": [member("bundle.json", contents(units=[["a"]]))],
    "a unit twice": [member("bundle.json", contents(units=[MODEL, MODEL]))],
    "a path as a key": [member("bundle.json", contents(units=["../../../../x"]))],
    "a path as a request": [member("bundle.json", contents(answers={"../../x": {}}))],
    "an unlisted unit": [member("bundle.json", contents()), member(f"{MODEL}.unit", b"x")],
    "a unit that is none": [member("bundle.json", contents(units=[MODEL])), member(f"{MODEL}.unit", b"x" * 90)],
    "a missing unit": [member("bundle.json", contents(units=[MODEL]))],
    "another name first": [member("../bundle.json", contents())],
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_hostile_archive_is_refused_in_one_line_and_leaves_nothing(name: str, tmp_path: Path) -> None:
    with (tmp_path / "x.tar").open("wb") as file:
        for info, data in HOSTILE[name]:
            file.write(info.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % 512))
        file.write(bytes(1024))
    there = Store(tmp_path / "there")
    began = time.perf_counter()
    with pytest.raises(StoreError) as caught:
        unpack(there, tmp_path / "x.tar", keep_all)
    assert time.perf_counter() - began < 10
    assert "\n" not in str(caught.value)
    assert list(there.root.rglob("*")) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there", "x.tar"]


def test_thousands_of_answers_are_written_in_seconds(store: Store, tmp_path: Path) -> None:
    pack(store, {digest("request", n): MODEL for n in range(3000)}, tmp_path / "many.tar", dict)
    there = Store(tmp_path / "there")
    began = time.perf_counter()
    assert unpack(there, tmp_path / "many.tar", keep_all) == 2
    assert time.perf_counter() - began < 10
    assert len(there.requests()) == 3000


def test_nothing_is_kept_of_a_bundle_whose_records_are_refused(bundle: Path, tmp_path: Path) -> None:
    def refuse(answers: Mapping[str, Any], open_unit: OpenUnit) -> Mapping[str, Any]:
        assert open_unit(MODEL) is not None
        raise StoreError("model.layers[0].slug is wrong")

    there = Store(tmp_path / "there")
    with pytest.raises(StoreError, match=r"results\.tar is refused, and nothing of it is kept: model\.layers\[0\]"):
        unpack(there, bundle, refuse)
    assert list(there.root.rglob("*")) == []


def test_units_that_no_answer_leads_to_are_left_behind(store: Store, tmp_path: Path) -> None:
    store.put(MODEL, {"model": {"name": "net"}, "layers": []})
    members = {f"{key}.unit": store.file(key).read_bytes() for key in (MODEL, OTHER)}
    answers = {REQUEST: {"key": MODEL, "inputs": {}, "declared": {}}}
    contents = json.dumps({"schema": "mkdocs-lurk/bundle/2", "answers": answers, "units": [MODEL, OTHER]}).encode()
    with tarfile.open(tmp_path / "results.tar", "w") as archive:
        for name, data in {"bundle.json": contents, **members}.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    there = Store(tmp_path / "there")
    assert unpack(there, tmp_path / "results.tar", keep_all) == 1
    assert there.keys() == (MODEL,)


@pytest.mark.parametrize("where", ["units", "answers"])
def test_the_error_for_a_bad_key_names_the_bundle(where: str, tmp_path: Path) -> None:
    answers = {"../x": {"key": MODEL, "inputs": {}, "declared": {}}} if where == "answers" else {}
    units = ["../../x"] if where == "units" else []
    contents = json.dumps({"schema": "mkdocs-lurk/bundle/2", "answers": answers, "units": units}).encode()
    with tarfile.open(tmp_path / "results.tar", "w") as archive:
        member = tarfile.TarInfo("bundle.json")
        member.size = len(contents)
        archive.addfile(member, io.BytesIO(contents))
    with pytest.raises(StoreError, match=r"results\.tar is no bundle.*x' in its list is no key"):
        unpack(Store(tmp_path / "there"), tmp_path / "results.tar", keep_all)
