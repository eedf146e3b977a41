"""The layers of a large network in a navigation: sections by what names begin with; none lost, none twice."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_lurk.pages.nav import MOST_LISTED, ModelPages, navigation
from mkdocs_lurk.pages.nav_sections import MOST_IN_RUN, LayerSection, ListedLayer, fold_layers

Tree = list["str | tuple[str, Tree]"]


def residual(blocks: dict[str, int]) -> list[ListedLayer]:
    """The layers of a residual network with this number of blocks in each stage."""
    layers, number = [ListedLayer("Conv 1", "conv1", "conv1")], 0
    for stage, n_blocks in blocks.items():
        for block in range(n_blocks):
            number += 1
            for conv in (1, 2, 3):
                name = f"{stage}.{block}.conv{conv}"
                layers.append(ListedLayer(f"Bottleneck {number}, conv {conv}", name, name))
    return layers


def flat(items: tuple[ListedLayer | LayerSection, ...]) -> Iterator[ListedLayer]:
    for item in items:
        if isinstance(item, ListedLayer):
            yield item
        else:
            yield from flat(item.children)


def outline(items: tuple[ListedLayer | LayerSection, ...], depth: int = 2) -> Tree:
    """The titles down to some depth, without the layers in the sections there."""
    return [
        item.title
        if isinstance(item, ListedLayer)
        else (item.title, outline(item.children, depth - 1) if depth > 1 else [])
        for item in items
    ]


def test_stages_are_sections_and_the_blocks_of_long_ones_are_sections_in_them() -> None:
    found = fold_layers(residual({"layer1": 3, "layer2": 8, "layer3": 36}))
    assert [item if isinstance(item, str) else item[0] for item in outline(found)] == [
        "Conv 1",
        "Bottleneck 1 to 3",
        "Bottleneck 4 to 11",
        "Bottleneck 12 to 47",
    ]
    short, long = found[1], found[2]
    assert isinstance(short, LayerSection)
    assert isinstance(long, LayerSection)
    assert [type(child) for child in short.children] == [ListedLayer] * 9
    assert [item[0] for item in outline(long.children)] == [f"Bottleneck {number}" for number in range(4, 12)]


def test_a_section_says_what_its_parent_does_not() -> None:
    layers = [
        ListedLayer(f"Dense block {block}, denselayer {layer}, conv {conv}", f"f.b{block}.l{layer}.conv{conv}", "x")
        for block in (1, 2)
        for layer in range(1, 9)
        for conv in (1, 2)
    ]
    assert outline(fold_layers(layers)) == [
        (f"Dense block {block}", [(f"Denselayer {layer}", []) for layer in range(1, 9)]) for block in (1, 2)
    ]


def test_layers_whose_names_say_nothing_are_divided_evenly() -> None:
    layers = [ListedLayer(f"Convolution {n}", f"features.{n}", f"features.{n}") for n in range(1, 66)]
    assert outline(fold_layers(layers), 1) == [
        ("Convolution 1 to 17", []),
        ("Convolution 18 to 34", []),
        ("Convolution 35 to 51", []),
        ("Convolution 52 to 65", []),
    ]


NAME = st.lists(st.sampled_from(["a", "b", "0", "1", ""]), min_size=1, max_size=5).map(".".join)


@given(st.lists(NAME, max_size=120))
def test_every_layer_is_listed_once_and_in_order(names: list[str]) -> None:
    titles = [", ".join(part or "conv" for part in name.split(".")) for name in names]
    layers = [ListedLayer(title, name, str(n)) for n, (title, name) in enumerate(zip(titles, names, strict=True))]
    folded = fold_layers(layers)
    assert list(flat(folded)) == layers
    stack = [item for item in folded if isinstance(item, LayerSection)]
    while stack:
        section = stack.pop()
        assert len(section.children) > 1
        assert section.title
        stack += [item for item in section.children if isinstance(item, LayerSection)]


def test_a_network_of_a_thousand_layers_is_listed_without_them(caplog: pytest.LogCaptureFixture) -> None:
    layers = [ListedLayer(f"Convolution {n}", f"f.{n}", f"f.{n}") for n in range(MOST_LISTED + 1)]
    with caplog.at_level(logging.INFO):
        tree = navigation([ModelPages("models/deep", "Deep", [("Pictures", "pictures")], layers)])
    assert list(tree.uris()) == ["models/index.md", "models/deep/index.md", "models/deep/pictures/index.md"]
    assert f"none of the {MOST_LISTED + 1} layers of Deep" in caplog.text
    full = navigation([ModelPages("models/deep", "Deep", [], layers[1:])])
    assert len(list(full.uris())) == MOST_LISTED + 2
    assert max(len(section.children) for section in full.children[1].children) <= MOST_IN_RUN
