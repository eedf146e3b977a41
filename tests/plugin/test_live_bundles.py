"""A network for browsers in a bundle: it is carried with the results, also of a model that hides its pictures."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mkdocs_lurk.named_warnings import WARNINGS
from mkdocs_lurk.plugin.mkdocs_yml import read_mkdocs_yml
from mkdocs_lurk.run.bundle_check import check_bundle
from mkdocs_lurk.run.plan import resolve
from mkdocs_lurk.store import ModelReader, Store, pack
from tests.browser.test_live import NETWORK, draw
from tests.plugin.private_site import command
from tests.plugin.sites import Project

MODEL = "models/tiny"


def live_site(root: Path, **keys: Any) -> Project:
    made = Project(root)
    made.write("net.py", NETWORK)
    made.write("docs/index.md", "# Home\n\nWords.\n")
    if not (root / "photos").is_dir():
        draw(root / "photos", 9)
    model = {
        "name": "tiny", "source": "net.py:make", "images": "photos", "synthesis": False, "effect": False, "top_k": 2,
        "transform": {"resize": 40, "crop": 32}, "live": True, "ignore": list(WARNINGS), **keys,
    }  # fmt: skip
    made.declare({"models": [model]})
    return made


def contents(site: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (site / MODEL).glob("live*.js")}


@pytest.mark.parametrize("pictures", ["full", "none"])
def test_a_bundle_carries_the_network(tmp_path: Path, pictures: str) -> None:
    made = live_site(tmp_path, pictures=pictures)
    made.build()
    first = contents(made.site)
    assert sorted(first) == ["live-network.js", "live-samples.js", "live.js"]
    assert (b'"pictures":[]' in first["live-samples.js"]) == (pictures == "none")
    command("bundle", "pack", "-f", str(made.config), str(tmp_path / "results.tar"))
    shutil.rmtree(made.cache)
    command("bundle", "unpack", "-f", str(made.config), str(tmp_path / "results.tar"))
    (tmp_path / "net.py").unlink()
    made.build()
    assert contents(made.site) == first


def test_the_site_of_a_model_that_is_not_live_holds_no_runtime(tmp_path: Path) -> None:
    made = live_site(tmp_path)
    made.build()
    assert (made.site / "assets" / "lurk" / "lurk-live-runtime.js").is_file()
    assert made.results(f"{MODEL}/results.json")["live"].keys() >= {"precision", "bytes", "largest", "tolerance"}
    assert "unit" not in made.results(f"{MODEL}/results.json")["live"]
    shutil.rmtree(made.site)
    live_site(tmp_path, live=False).build()
    assert not list((made.site / "assets" / "lurk").glob("lurk-live*"))
    assert not contents(made.site)


def test_a_network_about_other_layers_is_refused(tmp_path: Path) -> None:
    made = live_site(tmp_path)
    made.build()
    config = read_mkdocs_yml(made.config).config
    store = Store(config.cache_dir)
    (state,) = resolve(config, store)
    reader = ModelReader(store, str(state.key))
    key = reader.record["live"]["unit"]  # type: ignore[index]
    unit = store.get(key)
    assert unit is not None
    blobs = {name: unit.blob(name) for name in unit.names}
    record = json.loads(json.dumps(unit.record).replace('"second"', '"other"'))
    store.put(key, record, blobs)
    pack(store, {state.request: str(state.key)}, tmp_path / "results.tar", lambda inputs: inputs, store)
    with pytest.raises(Exception, match=r"live\.unit is about other layers than its model"):
        unpack_into(tmp_path / "other", tmp_path / "results.tar")


def unpack_into(cache: Path, bundle: Path) -> None:
    from mkdocs_lurk.store import unpack

    unpack(Store(cache), bundle, check_bundle)
