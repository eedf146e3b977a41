"""The titles of layers: blocks by their class and number, and what the rest of a name says; no two are the same."""

from __future__ import annotations

from typing import cast

import pytest

from mkdocs_lurk.pages.layer_titles import layer_titles
from mkdocs_lurk.records.graph_record import GraphGroup, GraphRecord
from mkdocs_lurk.records.model_record import LayerEntry


def titles(names: list[str], blocks: dict[str, str]) -> list[str]:
    """The titles of convolutions in modules of these classes, by the modules' names."""
    layers = [cast("LayerEntry", {"name": name, "kind": "Conv2d"}) for name in names]
    groups: list[GraphGroup] = [
        {"id": name, "parent": None, "name": name, "type": kind} for name, kind in blocks.items()
    ]
    graph: GraphRecord = {"nodes": [], "edges": [], "groups": groups}
    found = layer_titles(layers, graph)
    assert list(found) == names
    return list(found.values())


@pytest.mark.parametrize(
    ("names", "blocks", "expected"),
    [
        (
            ["features.0", "features.3.squeeze", "features.3.expand3x3", "features.4.squeeze", "features.4.expand3x3",
             "classifier.1"],
            {"features": "Sequential", "features.3": "Fire", "features.4": "Fire"},
            ["Convolution", "Fire 1, squeeze", "Fire 1, expand 3x3", "Fire 2, squeeze", "Fire 2, expand 3x3",
             "Classifier"],
        ),
        (["features.0", "features.2"], {"features": "Sequential"}, ["Convolution 1", "Convolution 2"]),
        (
            ["conv1", "layer1.0.conv1", "layer1.0.conv2", "layer2.0.conv1", "layer2.0.downsample.0"],
            {"layer1": "Sequential", "layer1.0": "BasicBlock", "layer2": "Sequential", "layer2.0": "BasicBlock"},
            ["Conv 1", "Basic block 1, conv 1", "Basic block 1, conv 2", "Basic block 2, conv 1",
             "Basic block 2, downsample"],
        ),
        (
            ["stem", "inception3a.branch2.0.conv", "inception3a.branch2.1.conv"],
            {"inception3a": "Inception", "inception3a.branch2": "Sequential"},
            ["Stem", "Inception 3a, branch 2 (1 of 2)", "Inception 3a, branch 2 (2 of 2)"],
        ),
        (
            ["net.body.a.conv", "net.body.a.gate", "net.body.b.conv", "net.body.b.gate", "net.top"],
            {"net": "Wrapper", "net.body": "Body", "net.body.a": "MBConv", "net.body.b": "MBConv"},
            ["MBConv 1, conv", "MBConv 1, gate", "MBConv 2, conv", "MBConv 2, gate", "Top"],
        ),
    ],
)  # fmt: skip
def test_a_title_says_the_block_and_the_layers_place_in_it(
    names: list[str], blocks: dict[str, str], expected: list[str]
) -> None:
    assert titles(names, blocks) == expected


def test_a_name_of_nothing_but_dots_has_a_title() -> None:
    assert titles(["..", "0"], {}) == ["Convolution 1", "Convolution 2"]
