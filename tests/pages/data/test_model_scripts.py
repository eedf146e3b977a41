"""``model.js`` and ``pictures.js`` say the same as the records."""

from __future__ import annotations

from mkdocs_lurk.pages.data.model_scripts import PhotoRanks
from mkdocs_lurk.pages.data.script_records import ModelData, PicturesData
from mkdocs_lurk.pages.published_model import label_places
from mkdocs_lurk.records.model_record import ImageRecord
from mkdocs_lurk.records.record_format import in_order
from tests.pages.conftest import Built
from tests.pages.fake import LAYERS


def test_scripts_have_the_fields_of_their_types(built: Built) -> None:
    in_order(built.script("model.js")[1], ModelData)
    in_order(built.script("pictures.js")[1], PicturesData)


def test_photos_lead_to_the_filters_that_rank_them(built: Built) -> None:
    _, pictures = built.script("pictures.js")
    for image, ranks in pictures["best"].items():
        assert [rank for _, _, rank, *_ in ranks] == sorted(rank for _, _, rank, *_ in ranks)
        for layer, index, rank, ranking, score, *box in ranks:
            _, details = built.script(f"{LAYERS[layer][0]}/filters-0.js")
            ranked = details["filters"][index]["top_max" if ranking == "max" else "top_avg"]
            assert ranked[rank]["image"] == int(image)
            assert ranked[rank]["score"] == score > 0
            assert box == ([ranked[rank]["box"]] if ranking == "max" else [])


def test_of_many_ranks_of_a_photo_the_layers_take_turns() -> None:
    ranks = PhotoRanks()
    other, own = ({"image": image, "score": 1.0, "box": [0, 0, 1, 1]} for image in (1, 0))
    ranks.add(0, [{"index": index, "top_max": [own]} for index in range(60)])  # type: ignore[list-item]
    ranks.add(1, [{"index": index, "top_max": [other, own]} for index in range(3)])  # type: ignore[list-item]
    found = ranks.best()[0]
    assert len(found) == 48
    assert [rank[:3] for rank in found[-4:]] == [(0, 44, 0), (1, 0, 1), (1, 1, 1), (1, 2, 1)]


def test_photos_name_the_class_that_is_right(built: Built) -> None:
    _, model = built.script("model.js")
    items = model["images"]["items"]
    right = [item[4] if len(item) > 4 else "absent" for item in items]
    assert right == ["cat", "dog", "zebra", "cat", "absent", "zebra"]


def test_labels_are_sorted_and_may_be_missing() -> None:
    def image(number: int, label: str | None) -> ImageRecord:
        return {"id": number, "path": f"{number}.jpg", "label": label, "width": 8, "height": 8}

    images = [image(number, label) for number, label in enumerate(["b", None, "a", "b", None])]
    assert label_places(images) == {"a": 0, "b": 1}
