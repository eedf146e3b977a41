"""What the front end reads says the same as the records."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mkdocs_lurk.pages.scripts import BestOfPhotos, labels_of, rounded, script, similarity_order
from tests.pages.conftest import Built
from tests.pages.fake import LABELS, LAYERS


def data(built: Built, uri: str) -> tuple[str, Any]:
    text = built.text(f"models/small/{uri}")
    before, _, rest = text.partition("]=")
    assert before.startswith("(window.lurkData||={})[")
    return json.loads(before.removeprefix("(window.lurkData||={})[")), json.loads(rest.removesuffix(";\n"))


def test_scripts_are_found_under_their_keys(built: Built) -> None:
    assert data(built, "model.js")[0] == "small"
    assert data(built, "pictures.js")[0] == "small/pictures"
    assert data(built, "features.0/layer.js")[0] == "small/features.0"
    assert data(built, "features.0/filters-0.js")[0] == "small/features.0/filters-0"


def test_a_script_is_plain_ascii() -> None:
    assert script("Größe/1", {"a": "</script>\u2028é"}).isascii()


def test_columns_have_an_entry_a_filter(built: Built) -> None:
    for name, filters, _ in LAYERS:
        _, found = data(built, f"{name}/layer.js")
        columns = found["filters"]
        for column, values in columns.items():
            if column != "responders":
                assert len(values) == filters, column
        assert sorted(columns["order"]) == list(range(filters))
        assert columns["dead"] == [int(index == 1) for index in range(filters)]
        assert columns["duplicate"] == [0 if index == 3 else -1 for index in range(filters)]
        assert columns["synthesis"][2] is None
        assert found["chunks"] == ["filters-0.js"]
        for pics in (columns["crop"], columns["synthesis"], columns["average"]):
            assert all(pic is None or 0 <= pic[0] < len(found["sheets"]) for pic in pics)


def test_layers_know_their_neighbours(built: Built) -> None:
    _, first = data(built, "features.0/layer.js")
    _, last = data(built, "features.3/layer.js")
    assert first["previous"] is None
    assert first["next"] == {"name": "features.3", "slug": "features.3"}
    assert last["previous"] == {"name": "features.0", "slug": "features.0"}
    assert last["next"] is None


def test_opened_filters_name_photo_label_and_path(built: Built) -> None:
    _, found = data(built, "features.0/filters-0.js")
    _, model = data(built, "model.js")
    for item in found["filters"]:
        for one in [*item["top_avg"], *item["top_max"]]:
            path, label, photo, _ = model["images"]["items"][one["image"]]
            assert one["path"] == path
            assert one["label"] == LABELS[label]
            assert one["photo"][1:] == photo[1:]
            assert found["photos"][one["photo"][0]] == f"../{model['sheets'][photo[0]]}"


def test_responders_are_filters_of_the_label(built: Built) -> None:
    _, found = data(built, "features.3/layer.js")
    _, details = data(built, "features.3/filters-0.js")
    for label, ranked in found["filters"]["responders"].items():
        assert ranked
        for place, mean in ranked:
            means = dict(map(tuple, details["filters"][place]["classes"]["max"]))
            assert means[int(label)] == mean


def test_photos_lead_to_the_filters_that_rank_them(built: Built) -> None:
    _, found = data(built, "pictures.js")
    for image, places in found["best"].items():
        assert [rank for _, _, rank, *_ in places] == sorted(rank for _, _, rank, *_ in places)
        for place, index, rank, by, score in places:
            _, details = data(built, f"{LAYERS[place][0]}/filters-0.js")
            ranked = details["filters"][index]["top_max" if by == "max" else "top_avg"]
            assert ranked[rank]["image"] == int(image)
            assert ranked[rank]["score"] == score > 0


def test_at_most_forty_places_a_photo() -> None:
    best = BestOfPhotos()
    best.add(0, [{"index": i, "top_max": [{"image": 0, "score": 1.0}]} for i in range(60)])
    assert len(best.script()["best"]["0"]) == 40


def test_labels_are_sorted_and_may_be_missing() -> None:
    images = [{"label": "b"}, {"label": None}, {"label": "a"}, {"label": "b"}, {}]
    assert labels_of({"images": images}) == {"a": 0, "b": 1}


@given(st.lists(st.lists(st.integers(0, 9), max_size=4), max_size=10))
def test_similarity_orders_every_filter_once(likes: list[list[int]]) -> None:
    filters = [{"index": i, "stats": {"similar": [[j, 0.5] for j in row]}} for i, row in enumerate(likes)]
    assert sorted(similarity_order(filters)) == list(range(len(filters)))


def test_similarity_walks_to_the_most_similar() -> None:
    similar = {10: [12, 11], 11: [10], 12: [13], 13: []}
    filters = [{"index": i, "stats": {"similar": [[j, 0.9] for j in row]}} for i, row in similar.items()]
    assert similarity_order(filters) == [0, 2, 3, 1]


def test_five_figures_are_kept() -> None:
    assert rounded({"a": [1.23456789, 7, "x", None, True]}) == {"a": [1.2346, 7, "x", None, True]}
