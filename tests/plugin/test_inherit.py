"""A ``mkdocs.yml`` that inherits from another folder's: paths start where their key was written."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from mkdocs.config import load_config

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.plugin.mkdocs_yml import read_mkdocs_yml

MODEL = {"name": "a", "source": "torchvision:squeezenet1_1", "images": "photos"}
OTHER = {"name": "b", "source": "torchvision:squeezenet1_1", "images": "photos"}


def declared(root: Path, base: object, site: object) -> LurkConfig:
    """Write the site's file into ``site/``, and the inherited one into ``base/``; return what MkDocs reads of them."""
    for folder, plugins in (("base", base), ("site", site)):
        (root / folder / "photos").mkdir(parents=True, exist_ok=True)
        (root / folder / "docs").mkdir(exist_ok=True)
        content = {"INHERIT": "../base/mkdocs.yml"} if folder == "site" else {"site_name": "T"}
        if plugins is not None:
            content |= {"plugins": plugins}
        (root / folder / "mkdocs.yml").write_text(yaml.safe_dump(content))
    found = read_mkdocs_yml(root / "site" / "mkdocs.yml").config
    config = load_config(str(root / "site" / "mkdocs.yml"))
    assert config.plugins["lurk"].config.read(root / "site" / "mkdocs.yml") == found
    return found


@pytest.mark.parametrize("site", [None, {"lurk": {"on_serve": "analyze"}}, {"search": {}}])
def test_paths_of_an_inherited_key_start_in_its_own_folder(tmp_path: Path, site: object) -> None:
    base = {"lurk": {"cache_dir": "kept", "models": [MODEL]}}
    found = declared(tmp_path, base, site)
    assert found.models[0].root == tmp_path / "base"
    assert found.cache_dir == tmp_path / "base" / "kept"
    assert found.root == tmp_path / "site"


def test_each_key_starts_where_it_was_written(tmp_path: Path) -> None:
    base = {"lurk": {"cache_dir": "kept", "models": [MODEL], "defaults": {"card": "card.md", "top_k": 2}}}
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "card.md").write_text("A card.")
    found = declared(tmp_path, base, {"lurk": {"models": [OTHER]}})
    assert [(model.name, model.root) for model in found.models] == [("b", tmp_path / "site")]
    assert found.models[0].card == tmp_path / "base" / "card.md"
    assert found.cache_dir == tmp_path / "base" / "kept"


def test_a_list_of_plugins_takes_the_place_of_the_inherited_one(tmp_path: Path) -> None:
    found = declared(tmp_path, {"lurk": {"cache_dir": "kept", "models": [MODEL]}}, [{"lurk": {"models": [OTHER]}}])
    assert found.models[0].root == tmp_path / "site"
    assert found.cache_dir == tmp_path / "site" / ".cache" / "plugin" / "lurk"
