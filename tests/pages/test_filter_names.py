"""The names of filters on pages: an author's, and the class of each output; only where a filter is an output."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.pages.filter_names import filter_names
from mkdocs_lurk.pages.site import build_site
from mkdocs_lurk.records.model_record import ModelRecord
from mkdocs_lurk.store import Store
from tests.pages.conftest import Built
from tests.pages.fake import FakeStatus, fake_config, fake_model


def record(classes: list[str], after: list[tuple[str, list[int]]], filters: int = 3) -> ModelRecord:
    """A model of one layer, and of operations with these output shapes behind it, one after the other."""
    nodes: list[dict[str, Any]] = [
        {"id": 0, "type": "input", "name": "input", "parent": None, "output": [3, 8, 8]},
        {"id": 1, "type": "Conv2d", "name": "head", "parent": None, "output": [filters, 4, 4], "layer": "head"},
    ]
    for place, (kind, output) in enumerate(after, 2):
        nodes.append({"id": place, "type": kind, "name": kind, "parent": None, "output": output})
    edges = [[place, place + 1] for place in range(len(nodes) - 1)]
    graph = {"nodes": nodes, "edges": edges, "groups": []}
    evaluated = [{"name": name, "output": output} for output, name in enumerate(classes)]
    evaluation = {"classes": evaluated} if classes else {"skipped": "no labels"}
    layers = [{"name": "head", "filters": filters}]
    other_order = sorted(classes, reverse=True)  # of the labels of pictures
    return cast("ModelRecord", {"classes": other_order, "evaluation": evaluation, "graph": graph, "layers": layers})


POOLED: list[tuple[str, list[int]]] = [("ReLU", [3, 4, 4]), ("AdaptiveAvgPool2d", [3, 1, 1]), ("output", [3])]
CLASSES = ["hen", "shark", "zebra"]


def test_a_filter_that_becomes_an_output_carries_its_class() -> None:
    names = filter_names(record(CLASSES, POOLED), {"head": {2: "stripes"}})
    assert [names.title("head", index) for index in range(3)] == ["0 hen", "1 shark", "2 stripes"]
    assert names.title("other", 4) == "4"


@pytest.mark.parametrize(
    ("classes", "after", "filters"),
    [
        ([], POOLED, 3),
        (CLASSES, [("output", [2])], 3),
        (CLASSES, [("ReLU", [3, 4, 4]), ("linear", [3]), ("output", [3])], 3),
        (CLASSES, [("ReLU", [3, 4, 4]), ("mean", [4, 4]), ("output", [4, 4])], 3),
        (CLASSES, [("ReLU", [3, 4, 4])], 3),
        (CLASSES, [], 3),
    ],
)
def test_a_filter_that_becomes_no_output_carries_no_class(
    classes: list[str], after: list[tuple[str, list[int]]], filters: int
) -> None:
    assert filter_names(record(classes, after, filters), {}).title("head", 0) == "0"


def test_outputs_without_an_evaluated_class_have_no_name() -> None:
    names = filter_names(record(CLASSES[:2], POOLED), {})
    assert [names.title("head", index) for index in range(3)] == ["0 hen", "1 shark", "2"]


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Built:
    root = tmp_path_factory.mktemp("named")
    store = Store(root / "cache")
    names = {"features.0": {0: "<b>edges</b>", 2: "sky | sea"}, "features.3": {12: "eyes"}}
    models = [FakeStatus(fake_config(root, names=names), fake_model(store))]
    return Built(root, store, models, build_site(models, store, root / "cache"))


def test_names_are_in_tiles_wiring_and_results(named: Built) -> None:
    _, layer = named.script("features.0/layer.js")
    assert layer["filters"]["name"] == ["<b>edges</b>", None, "sky | sea", None, None]
    assert layer["layer"]["title"] == "Convolution 1"
    assert layer["titles"] == {"features.3": "Convolution 2"}
    _, chunk = named.script("features.3/filters-0.js")
    by_input = {one["filter"]: one.get("name") for item in chunk["filters"] for one in item["wiring"]["inputs"]}
    assert by_input == {0: "<b>edges</b>", 1: None, 2: "sky | sea", 3: None, 4: None}
    results = named.text("models/small/features.0/results.json")
    assert '"name":"<b>edges</b>"' in results
    _, pictures = named.script("pictures.js")
    assert pictures["names"] == {"0": {"0": "<b>edges</b>", "2": "sky | sea"}}
    assert "<b>edges" not in named.text("models/small/features.0/index.md")


def test_wired_filters_have_thumbnails_where_they_were_analysed(named: Built) -> None:
    _, chunk = named.script("features.0/filters-0.js")
    for item in chunk["filters"]:
        for one in item["wiring"]["outputs"]:
            assert ("picture" in one) == ("unshown" not in one)
            assert chunk["sheets"][one["picture"][0]].startswith("../features.3/tiles-")


def test_other_names_make_other_pages_and_no_other_results(named: Built, tmp_path: Path) -> None:
    (status,) = named.models
    other = FakeStatus(fake_config(tmp_path, names={"features.0": {1: "new"}}), status.key)
    site = build_site([other], named.store, named.root / "cache")
    assert "new" in site.path("models/small/features.0/layer.js").read_text("utf-8")


def test_a_name_of_no_filter_stops_the_build(named: Built, tmp_path: Path) -> None:
    (status,) = named.models
    wrong = FakeStatus(fake_config(tmp_path, names={"features.0": {5: "new"}}), status.key)
    with pytest.raises(ConfigError, match=r"names\['features\.0'\]: filter 5 does not exist"):
        build_site([wrong], named.store, named.root / "cache")
