"""Results are found again exactly as long as what they were made from is the same, and messages say what is not."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mkdocs_lurk.build import watched_files
from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.run.bundle_check import check_bundle
from mkdocs_lurk.run.input_files import portable_inputs
from mkdocs_lurk.run.plan import ModelState
from mkdocs_lurk.store import Store, clean, pack, unpack
from tests.run.networks import SIDE
from tests.run.stale_site import DATASET, HELP, LAYERS, NET, TRANSFORM, Site, replaced, weights


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


def test_a_changed_function_in_an_imported_module_makes_results_stale(site: Site) -> None:
    before = site.analyze()
    assert site.state().key == before.key
    site.write("net_layers.py", LAYERS.replace("relu", "sigmoid"))
    assert site.state() == ModelState(site.config.models[0], site.state().request, None, "net_layers.py changed")
    after = site.analyze()
    assert after.key != before.key
    assert any(node["type"] == "sigmoid" for node in after.record["graph"]["nodes"])
    site.write("net_widths.py", "WIDTH = 3\n")
    assert site.state().reason == "net_widths.py changed"


BACKWARD = """
    import torch

    class Rectifier(torch.autograd.Function):
        @staticmethod
        def forward(context, x):
            return x.relu()

        @staticmethod
        def backward(context, gradient):
            return gradient * 1.0

    activate = Rectifier.apply
"""
CONSTANT = """
    import torch

    table = torch.arange(5000.0)[None] * 1.0

    def activate(x):
        return torch.cat([x.flatten(1) * 0.5, table.expand(len(x), -1)], 1)
"""


@pytest.mark.parametrize(
    ("layers", "change"),
    [
        (LAYERS, ("relu()", "clamp(0.0, 4.0)")),
        (CONSTANT, ("* 1.0", "* 2.0")),
        (CONSTANT, ("* 0.5", "* 0.25")),
        (BACKWARD, ("gradient * 1.0", "gradient * 2.0")),
    ],
    ids=["operation", "a large constant", "a number", "a backward pass"],
)
def test_no_unit_is_found_again_that_a_change_of_the_code_touches(
    site: Site, layers: str, change: tuple[str, str]
) -> None:
    site.write("net_layers.py", layers)
    before = site.analyze()
    site.write("net_layers.py", textwrap.dedent(layers).replace("activate", "renamed") + "\nactivate = renamed\n")
    if layers != BACKWARD:
        assert site.state().reason == "net_layers.py changed"
        assert set(site.analyze().record["uses"]) == set(before.record["uses"])
    site.write("net_layers.py", textwrap.dedent(layers).replace(*change))
    assert not set(before.record["uses"]) & set(site.analyze().record["uses"])


def test_a_file_that_changes_while_the_analysis_runs_makes_its_results_stale(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = Store.put

    def editing(store: Store, *arguments: Any) -> None:
        site.write("net_layers.py", LAYERS.replace("relu", "sigmoid"))
        put(store, *arguments)

    monkeypatch.setattr(Store, "put", editing)
    site.analyze()
    assert site.state().reason == "net_layers.py changed"


def test_titles_cards_comments_and_layout_throw_nothing_away(site: Site) -> None:
    key = site.analyze().key
    site.write("net_layers.py", f"# a comment\n{LAYERS}\n\n")
    site.write("net.py", NET.replace("class Net", "# another\n    class Net"))
    site.write("card.md", "words")
    site.write("names.yml", "first: {0: edges}\n")
    site.model |= {"title": "Another title", "card": "card.md", "names": "names.yml"}
    assert site.state().key == key
    assert {"card.md", "names.yml"} < {path.name for path in watched_files(site.config)}


def test_moved_files_are_the_same_files(site: Site) -> None:
    weights(site.root / "a.safetensors", 1.0)
    site.model["weights"] = "a.safetensors"
    key = site.analyze().key
    (site.root / "a.safetensors").rename(site.root / "b.safetensors")
    (site.root / "pictures").rename(site.root / "photos")
    site.model |= {"weights": "b.safetensors", "images": "photos"}
    assert site.state().key == key
    assert site.state().unseen == ()


def test_weights_of_the_same_size_and_date_make_results_stale(site: Site) -> None:
    weights(site.root / "a.safetensors", 1.0)
    weights(site.root / "other.safetensors", 2.0)
    site.model["weights"] = "a.safetensors"
    first = site.analyze()
    replaced(site.root / "a.safetensors", (site.root / "other.safetensors").read_bytes())
    assert site.state().reason == "a.safetensors changed"
    second = site.analyze()
    assert first.layer("conv")["filters"] != second.layer("conv")["filters"]
    weights(site.root / "a.safetensors", 1.0)
    assert site.state().key == first.key  # the answers of both files are kept


def test_the_message_counts_pictures(site: Site) -> None:
    site.analyze()
    pictures = sorted((site.root / "pictures").rglob("*.png"))
    pictures[0].unlink()
    Image.new("RGB", (SIDE, SIDE)).save(pictures[1])
    for name in ("x", "y", "z"):
        Image.new("RGB", (SIDE, SIDE)).save(pictures[1].with_name(f"{name}.png"))
    changed = pictures[1].relative_to(site.root / "pictures").as_posix()
    gone = pictures[0].relative_to(site.root / "pictures").as_posix()
    assert site.state().reason == f"3 pictures are new, 1 picture is gone ({gone}), 1 picture changed ({changed})"


def test_a_changed_setting_is_named(site: Site) -> None:
    assert site.state().reason == "it was not analysed yet"
    site.analyze()
    site.model["top_k"] = 1
    assert site.state().reason == "top_k is 1 now, and was 2"
    site.model["gradient"] = "saliency"
    assert site.state().reason == "top_k is 1 now, and was 2, gradient is saliency now, and was guided"


def test_a_transform_counts_with_the_modules_that_it_imports(site: Site) -> None:
    site.write("transform.py", TRANSFORM)
    site.write("transform_help.py", HELP)
    site.model["transform"] = "transform.py:make"
    before = site.analyze()
    site.write("transform_help.py", HELP.replace("/ 255", "/ 510"))
    assert site.state().reason == "transform_help.py changed"
    assert not set(before.record["uses"]) & set(site.analyze().record["uses"])


def test_a_dataset_counts_with_the_files_that_it_opens_and_the_folders_that_it_lists(site: Site) -> None:
    site.write("data.py", DATASET)
    site.write("data_help.py", f"SIDE = {SIDE}\n")
    (site.root / "numbers.bin").write_bytes(bytes(range(0, 200, 10)))
    for name in "abcd":
        site.write(f"items/{name}.txt", name)
    site.model["images"] = "data.py:Items"
    first = site.analyze()
    assert site.state().key == first.key
    assert len(first.record["images"]) == 4
    replaced(site.root / "numbers.bin", bytes(range(0, 200, 10))[::-1])
    assert site.state().reason == "numbers.bin changed"
    second = site.analyze()
    assert not set(first.record["uses"]) & set(second.record["uses"])
    site.write("items/e.txt", "e")
    assert site.state().reason == "the files in items are others"
    assert len(site.analyze().record["images"]) == 5
    site.write("items/a.txt", "more")
    assert site.state().reason == "items/a.txt changed"
    site.analyze()
    site.write("data_help.py", f"SIDE = {SIDE}  # px\n")
    assert site.state().key is not None
    site.write("data_help.py", f"SIDE = {SIDE} + 0\n")
    assert site.state().reason == "data_help.py changed"


def test_what_a_factory_writes_is_no_input(site: Site) -> None:
    site.write(
        "net.py",
        f"""
    from pathlib import Path
    log = Path(__file__).with_name("log.txt")
    log.write_text(log.read_text() + "x" if log.exists() else "x")
    {NET}""",
    )
    key = site.analyze().key
    site.analyze(force=True)
    assert (site.root / "log.txt").read_text() == "xx"
    assert site.state().key == key


def test_modules_of_a_package_count_for_every_model_that_imports_them(site: Site) -> None:
    site.write("lurk_pack/__init__.py", "")
    site.write("lurk_pack/net.py", NET.replace("from net_", "from .net_"))
    site.write("lurk_pack/net_layers.py", LAYERS)
    site.write("lurk_pack/net_widths.py", "WIDTH = 2\n")
    site.model["source"] = "lurk_pack.net:Net"
    for name in ("one", "two"):
        site.model["name"] = name
        site.analyze()
    site.write("lurk_pack/net_widths.py", "WIDTH = 4\n")
    for name in ("one", "two"):
        site.model["name"] = name
        assert site.state().reason == "lurk_pack/net_widths.py changed"
        assert site.analyze().record["layers"][0]["filters"] == 4


def test_a_copy_of_the_site_recomputes_nothing(site: Site, tmp_path: Path) -> None:
    weights(site.root / "a.safetensors", 1.0)
    site.model["weights"] = "a.safetensors"
    key = site.analyze().key
    shutil.copytree(site.root, tmp_path / "clone")
    shutil.rmtree(site.root)
    site.root = tmp_path / "clone"
    assert site.state().key == key
    assert site.state().unseen == ()
    for remembered in site.config.cache_dir.glob("*.json"):
        remembered.unlink()
    assert site.state().key == key


def test_a_bundle_without_network_weights_and_pictures_is_published_and_says_so(site: Site, tmp_path: Path) -> None:
    weights(site.root / "a.safetensors", 1.0)
    site.model["weights"] = "a.safetensors"
    key = site.analyze().key
    pack(site.store, {site.state().request: key}, tmp_path / "results.tar", portable_inputs)
    elsewhere = Site(tmp_path / "elsewhere")
    for path in (*elsewhere.root.glob("*.py"), elsewhere.root / "pictures"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    elsewhere.model = site.model
    with pytest.raises(ConfigError, match=r"models\[0\]\.source: 'net\.py' does not exist"):
        elsewhere.state()
    unpack(elsewhere.store, tmp_path / "results.tar", check_bundle)
    state = elsewhere.state()
    assert state.key == key
    assert state.unseen == ("net_layers.py", "net_widths.py", "net.py", "a.safetensors", "the 6 pictures")
    elsewhere.model = {**site.model, "weights": "b.safetensors"}
    with pytest.raises(ConfigError, match=r"weights: 'b\.safetensors' does not exist"):
        elsewhere.state()
    elsewhere.model = site.model
    elsewhere.write("net_layers.py", LAYERS.replace("relu", "sigmoid"))
    with pytest.raises(ConfigError, match=r"'net\.py' does not exist; .*; it is needed since net_layers\.py changed$"):
        elsewhere.state()


def test_results_that_were_lost_need_the_files_that_are_missing(site: Site) -> None:
    weights(site.root / "a.safetensors", 1.0)
    site.model["weights"] = "a.safetensors"
    key = site.analyze().key
    (site.root / "a.safetensors").unlink()
    assert site.state().key == key
    site.store.file(key).unlink()
    with pytest.raises(
        ConfigError, match=r"'a\.safetensors' does not exist; .*needed since its record in the cache can"
    ):
        site.state()


@pytest.mark.parametrize("force", [False, True])
def test_force_computes_everything_anew(site: Site, force: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    before = site.analyze()
    computed: list[str] = []
    put = Store.put

    def counting(store: Store, key: str, *arguments: Any) -> None:
        computed.append(key)
        put(store, key, *arguments)

    monkeypatch.setattr(Store, "put", counting)
    after = site.analyze(force=force)
    assert after.key == before.key
    assert set(before.record["uses"]) <= set(computed) if force else computed == []


def test_what_was_imported_is_watched(site: Site) -> None:
    weights(site.root / "a.safetensors", 1.0)
    site.model["weights"] = "a.safetensors"
    assert {path.name for path in watched_files(site.config)} == {"net.py", "a.safetensors"}
    site.analyze()
    names = {path.name for path in watched_files(site.config)}
    assert names == {"net.py", "a.safetensors", "net_layers.py", "net_widths.py"}


def test_cleaning_keeps_what_answers_now_and_drops_what_answered_before(site: Site) -> None:
    first = site.analyze()
    site.write("net_layers.py", LAYERS.replace("relu", "sigmoid"))
    second = site.analyze()
    state = site.state()
    clean(site.store, [state.request], unfinished=False, current={state.request: second.key})
    assert site.state().key == second.key
    assert not site.store.has(first.key)
