"""``layer.js`` and ``filters-K.js`` say the same as the records."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_lurk.pages.data.layer_scripts import similarity_order
from mkdocs_lurk.pages.data.script_records import ChunkData, LayerData
from mkdocs_lurk.records.record_format import in_order
from tests.pages.conftest import Built
from tests.pages.fake import LAYERS
from tests.pages.fake_filter import DEAD_FILTER, DUPLICATE_FILTER, LABELS, UNSYNTHESISED_FILTER


@pytest.mark.parametrize("name", [name for name, *_ in LAYERS])
def test_scripts_have_the_fields_of_their_types(built: Built, name: str) -> None:
    in_order(built.script(f"{name}/layer.js")[1], LayerData)
    in_order(built.script(f"{name}/filters-0.js")[1], ChunkData)


def test_columns_have_one_entry_per_filter(built: Built) -> None:
    for name, filters, _ in LAYERS:
        _, layer = built.script(f"{name}/layer.js")
        columns = layer["filters"]
        for column, values in columns.items():
            if column != "responders":
                assert len(values) == filters, column
        assert sorted(columns["order"]) == list(range(filters))
        assert columns["dead"] == [int(index == DEAD_FILTER) for index in range(filters)]
        assert columns["duplicate"] == [0 if index == DUPLICATE_FILTER else -1 for index in range(filters)]
        assert columns["synthesis"][UNSYNTHESISED_FILTER] is None
        assert layer["chunks"] == ["filters-0.js"]
        for pictures in (columns["crop"], columns["synthesis"], columns["average"]):
            assert all(picture is None or 0 <= picture[0] < len(layer["sheets"]) for picture in pictures)


def test_layers_know_their_neighbours(built: Built) -> None:
    _, first = built.script("features.0/layer.js")
    _, last = built.script("features.3/layer.js")
    assert first["previous"] is None
    assert first["next"] == {"name": "features.3", "slug": "features.3", "title": "Convolution 2"}
    assert last["previous"] == {"name": "features.0", "slug": "features.0", "title": "Convolution 1"}
    assert last["next"] is None


def test_opened_filters_name_photo_label_and_path(built: Built) -> None:
    _, chunk = built.script("features.0/filters-0.js")
    _, model = built.script("model.js")
    for item in chunk["filters"]:
        for ranked in [*item["top_avg"], *item["top_max"]]:
            path, label, photo, *_ = model["images"]["items"][ranked["image"]]
            assert ranked["path"] == path
            assert ranked["label"] == LABELS[label]
            assert ranked["photo"][1:] == photo[1:]
            assert chunk["photos"][ranked["photo"][0]] == f"../{model['sheets'][photo[0]]}"


def test_connections_to_filters_that_were_not_analysed_are_marked(built: Built) -> None:
    _, chunk = built.script("features.0/filters-0.js")
    for item in chunk["filters"]:
        assert [one["unshown"] for one in item["wiring"]["inputs"]] == [1, 1, 1]
        assert not any("unshown" in one for one in item["wiring"]["outputs"])


def test_responders_are_filters_of_the_label(built: Built) -> None:
    _, layer = built.script("features.3/layer.js")
    _, chunk = built.script("features.3/filters-0.js")
    _, model = built.script("model.js")
    for label, responders in layer["filters"]["responders"].items():
        assert responders
        assert [mean for _, mean, *_ in responders] == sorted((mean for _, mean, *_ in responders), reverse=True)
        for position, mean, *crop in responders:
            kept = [*chunk["filters"][position]["top_max"], *chunk["filters"][position]["range"]]
            images = {one["image"] for one in kept if "of" not in one}
            assert bool(crop) == any(model["images"]["items"][image][1] == int(label) for image in images)
            means = dict(map(tuple, chunk["filters"][position]["classes"]["max"]))
            assert means[int(label)] == mean


def filters_with_similar(similar: dict[int, list[int]]) -> list[Any]:
    return [
        {"index": index, "stats": {"similar": [[other, 0.9] for other in others]}} for index, others in similar.items()
    ]


@given(st.lists(st.lists(st.integers(0, 9), max_size=4), max_size=10))
def test_similarity_orders_every_filter_once(similar: list[list[int]]) -> None:
    filters = filters_with_similar(dict(enumerate(similar)))
    assert sorted(similarity_order(filters)) == list(range(len(filters)))


def test_similarity_order_goes_on_to_the_most_similar_filter() -> None:
    filters = filters_with_similar({10: [12, 11], 11: [10], 12: [13], 13: []})
    assert similarity_order(filters) == [0, 2, 3, 1]
