"""Files that an analysis read are found again, here and elsewhere, and what is shared names no folder outside."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.run.bundle_check import check_bundle
from mkdocs_lurk.run.input_files import portable_inputs
from mkdocs_lurk.run.input_paths import find_path, is_name, is_portable, repository, shown_path, stored_path
from mkdocs_lurk.run.pipeline import analyze
from mkdocs_lurk.run.plan import ModelState, resolve
from mkdocs_lurk.store import Store, pack, unpack

Project = Callable[..., LurkConfig]
SMALL: dict[str, Any] = {"count": 6, "filters": 1, "synthesis": False}
IMPORTS = "import sys; sys.path.append({!r}); import shared_layers\n"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / "docs" / "site").mkdir(parents=True)
    return tmp_path / "repo"


def test_a_file_is_named_from_the_site_and_beside_it_in_the_repository(repo: Path, tmp_path: Path) -> None:
    site = repo / "docs" / "site"
    assert repository(site) == repo
    assert stored_path(site / "net.py", site) == "net.py"
    assert stored_path(repo / "lib" / "net.py", site) == "../../lib/net.py"
    assert stored_path(tmp_path / "net.py", site) == str(tmp_path / "net.py")
    assert shown_path(repo / "lib" / "net.py", site) == "../../lib/net.py"
    assert shown_path(tmp_path / "net.py", site) == "net.py"


def test_without_a_repository_only_the_site_has_names_of_its_own(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    assert stored_path(tmp_path / "net.py", site) == str(tmp_path / "net.py")


def test_a_link_in_the_site_counts_as_lying_there(repo: Path, tmp_path: Path) -> None:
    site = repo / "docs" / "site"
    (tmp_path / "photo.png").touch()
    (site / "photo.png").symlink_to(tmp_path / "photo.png")
    assert stored_path(site / "photo.png", site) == "photo.png"


@pytest.mark.parametrize("stored", ["../../../x", "../../../../../etc/passwd"])
def test_no_list_leads_out_of_the_repository(stored: str, repo: Path) -> None:
    assert find_path(stored, repo / "docs" / "site") is None
    assert find_path("../../lib/net.py", repo / "docs" / "site") == repo / "lib" / "net.py"


@pytest.mark.parametrize(
    ("path", "portable", "name"),
    [
        ("a", True, True), ("a/b", True, False), ("../a", True, False), ("..", True, False),
        ("../a/../b", False, False), ("a/../b", False, False),
        ("/a", False, False), ("C:/a", False, False), ("C:a", False, False), ("\\\\host\\a", False, False),
        ("..\\a", False, False),
    ],
)  # fmt: skip
def test_portable_paths(path: str, portable: bool, name: bool) -> None:
    assert is_portable(path) is portable
    assert is_name(path) is name


def network_of(config: LurkConfig, library: Path) -> None:
    """Let the network import a module of ``library``."""
    library.mkdir(parents=True, exist_ok=True)
    (library / "shared_layers.py").write_text("WIDTH = 3\n")
    network = config.root / "net.py"
    network.write_text(IMPORTS.format(str(library)) + network.read_text())


def packed_inputs(bundle: Path) -> str:
    """The text of a bundle's list."""
    text = bundle.read_bytes()[512:].partition(b"\0")[0].decode()
    assert json.loads(text)["answers"]
    return text


def moved(config: LurkConfig, root: Path, bundle: Path) -> tuple[ModelState, Store]:
    """The state of the same declaration in another folder, with nothing in its cache but the bundle."""
    (model,) = config.models
    there = dataclasses.replace(config, cache_dir=root / "cache", models=(dataclasses.replace(model, root=root),))
    store = Store(there.cache_dir)
    unpack(store, bundle, check_bundle)
    (state,) = resolve(there, store)
    return state, store


@pytest.fixture
def forget_shared_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend("/nowhere")
    monkeypatch.delitem(__import__("sys").modules, "shared_layers", raising=False)


@pytest.mark.usefixtures("forget_shared_layers")
def test_a_bundle_of_a_monorepo_is_compared_in_another_clone(project: Project, repo: Path, tmp_path: Path) -> None:
    config = project(**SMALL, root=repo / "docs" / "site")
    network_of(config, repo / "lib")
    store, bundle = Store(config.cache_dir), tmp_path / "results.tar"
    key = analyze(config, config.models[0], store)
    (state,) = resolve(config, store)
    pack(store, {state.request: key}, bundle, portable_inputs)
    assert str(tmp_path) not in packed_inputs(bundle)
    assert '"../../lib/shared_layers.py"' in packed_inputs(bundle)
    clone = tmp_path / "clone"
    shutil.copytree(repo, clone, ignore=shutil.ignore_patterns(".cache"))
    assert moved(config, clone / "docs" / "site", bundle)[0].key == key
    (clone / "lib" / "shared_layers.py").write_text("WIDTH = 4\n")
    assert moved(config, clone / "docs" / "site", bundle)[0].reason == "../../lib/shared_layers.py changed"


@pytest.mark.usefixtures("forget_shared_layers")
def test_a_file_elsewhere_is_compared_here_and_named_alone_in_a_bundle(project: Project, tmp_path: Path) -> None:
    config = project(**SMALL, root=tmp_path / "site")
    network_of(config, tmp_path / "secret-folder")
    store, bundle = Store(config.cache_dir), tmp_path / "results.tar"
    key = analyze(config, config.models[0], store)
    (state,) = resolve(config, store)
    assert state.key == key
    pack(store, {state.request: key}, bundle, portable_inputs)
    assert "secret-folder" not in packed_inputs(bundle)
    copy = tmp_path / "copy"
    shutil.copytree(config.root, copy, ignore=shutil.ignore_patterns(".cache"))
    there, _ = moved(config, copy, bundle)
    assert (there.key, there.unseen) == (key, ("shared_layers.py",))
    (copy / "shared_layers.py").write_text("another file of that name")
    assert moved(config, copy, bundle)[0].key == key
    (tmp_path / "secret-folder" / "shared_layers.py").write_text("WIDTH = 5\n")
    assert resolve(config, store)[0].reason == "shared_layers.py changed"


@pytest.mark.parametrize("folder", ["lib", "../outside"])
def test_a_bundle_of_a_monorepo_is_published_without_a_repository_at_hand(
    project: Project, repo: Path, tmp_path: Path, folder: str
) -> None:
    config = project(**SMALL, root=repo / "docs" / "site")
    (repo / folder).mkdir()
    (config.root / "net.py").rename(repo / folder / "net.py")
    declared = {"models": [_declared(config) | {"source": f"../../{folder}/net.py:tiny", "images": "pictures"}]}
    config = from_mapping(declared, config.root)
    store, bundle = Store(config.cache_dir), tmp_path / "results.tar"
    key = analyze(config, config.models[0], store)
    pack(store, {resolve(config, store)[0].request: key}, bundle, portable_inputs)
    elsewhere = tmp_path / "no" / "repository" / "here" / "site"
    elsewhere.mkdir(parents=True)
    there = from_mapping(declared, elsewhere, absent=True)
    unpack(Store(there.cache_dir), bundle, check_bundle)
    (state,) = resolve(there, Store(there.cache_dir))
    assert (state.key, state.unseen) == (key, ("net.py", "the 6 pictures"))
    other = from_mapping(
        {"models": [declared["models"][0] | {"source": "../../gone/other.py:tiny"}]}, elsewhere, absent=True
    )
    with pytest.raises(ConfigError, match=r"'../../gone/other.py' does not exist"):
        resolve(other, Store(there.cache_dir))


def test_absolute_declared_paths_are_shared_as_names(project: Project, tmp_path: Path) -> None:
    inputs = {
        "files": [{"kind": "weights", "path": "/home/me/weights.pt", "digest": "0"}],
        "pictures": None,
        "images": "photos",
    }
    assert portable_inputs(inputs)["files"] == [{"kind": "weights", "path": "weights.pt", "digest": "0"}]
    config = project(**SMALL, root=tmp_path / "site", source=str(tmp_path / "site" / "net.py") + ":tiny")
    config = from_mapping({"models": [_declared(config)]}, config.root)
    store = Store(config.cache_dir)
    record = store.get(analyze(config, config.models[0], store))
    assert record is not None
    assert record.record["model"]["source"] == "net.py:tiny"
    (answer,) = store.answers(resolve(config, store)[0].request)
    assert answer.inputs["images"] == "pictures"
    assert str(tmp_path) not in json.dumps([answer.inputs, record.record])


def _declared(config: LurkConfig) -> dict[str, Any]:
    (model,) = config.models
    return {
        "name": model.name, "source": model.source, "images": str(config.root / "pictures"), "filters": 1,
        "transform": {"crop": 16, "mean": [0.5] * 3, "std": [0.25] * 3, "channels": 3}, "synthesis": False,
    }  # fmt: skip
