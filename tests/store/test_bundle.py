"""Bundles carry finished results from store to store, whole and checked."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.store import Store, digest, pack, unpack

MODEL, LAYER, OTHER = (digest(name) for name in ("model", "layer", "other"))
REQUEST = digest("request")


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
    assert pack(store, {REQUEST: MODEL}, path) == 2
    return path


def test_a_bundle_copies_units_and_aliases_into_another_store(store: Store, bundle: Path, tmp_path: Path) -> None:
    there = Store(tmp_path / "there")
    assert unpack(there, bundle) == 2
    assert there.keys() == tuple(sorted((MODEL, LAYER)))
    assert there.alias(REQUEST) == MODEL
    assert there.file(LAYER).read_bytes() == store.file(LAYER).read_bytes()
    assert unpack(there, bundle) == 0


def test_the_same_results_make_the_same_bundle(store: Store, bundle: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.tar"
    pack(store, {REQUEST: MODEL}, again)
    assert again.read_bytes() == bundle.read_bytes()


def test_an_incomplete_model_is_not_packed(store: Store, tmp_path: Path) -> None:
    store.drop(LAYER)
    with pytest.raises(StoreError, match="missing"):
        pack(store, {REQUEST: MODEL}, tmp_path / "results.tar")
    assert not (tmp_path / "results.tar").exists()


def test_a_damaged_unit_is_refused_and_nothing_is_kept(bundle: Path, tmp_path: Path) -> None:
    data = bytearray(bundle.read_bytes())
    at = data.index(b"lurk-unit-1") + 100
    data[at] ^= 1
    bundle.write_bytes(data)
    there = Store(tmp_path / "there")
    with pytest.raises(StoreError, match="is damaged"):
        unpack(there, bundle)
    assert there.keys() == ()
    assert there.aliases() == {}
    assert not [path for path in there.root.rglob("*") if path.is_file()]


def test_a_bundle_that_was_cut_short_adds_no_alias(bundle: Path, tmp_path: Path) -> None:
    bundle.write_bytes(bundle.read_bytes()[:3000])
    there = Store(tmp_path / "there")
    with pytest.raises(StoreError, match=r"cut short|damaged"):
        unpack(there, bundle)
    assert there.aliases() == {}


@pytest.mark.parametrize("contents", [b"", b"not a tar archive" * 100])
def test_a_file_that_is_no_bundle_is_refused(contents: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(contents)
    with pytest.raises(StoreError, match="no bundle"):
        unpack(Store(tmp_path / "there"), tmp_path / "x.tar")
    with pytest.raises(StoreError, match="cannot read"):
        unpack(Store(tmp_path / "there"), tmp_path / "missing.tar")


def test_a_bundle_cannot_write_outside_the_store(bundle: Path, tmp_path: Path) -> None:
    with tarfile.open(bundle, "a") as archive:
        member = tarfile.TarInfo("../../escaped.unit")
        member.size = 4
        archive.addfile(member, io.BytesIO(b"evil"))
    with pytest.raises(StoreError, match="cannot be a key"):
        unpack(Store(tmp_path / "there"), bundle)
    assert not list(tmp_path.rglob("escaped*"))
