"""``model.js`` and ``pictures.js`` say the same as the records."""

from __future__ import annotations

from mkdocs_lurk.pages.data.model_scripts import PhotoRanks, pictures_script
from mkdocs_lurk.pages.data.script_records import ModelData, PicturesData
from mkdocs_lurk.pages.published_model import label_places
from mkdocs_lurk.record_format import in_order
from mkdocs_lurk.records import ImageRecord
from tests.pages.conftest import Built
from tests.pages.fake import LAYERS


def test_scripts_have_the_fields_of_their_types(built: Built) -> None:
    in_order(built.script("model.js")[1], ModelData)
    in_order(built.script("pictures.js")[1], PicturesData)


def test_photos_lead_to_the_filters_that_rank_them(built: Built) -> None:
    _, pictures = built.script("pictures.js")
    for image, ranks in pictures["best"].items():
        assert [rank for _, _, rank, *_ in ranks] == sorted(rank for _, _, rank, *_ in ranks)
        for layer, index, rank, ranking, score in ranks:
            _, details = built.script(f"{LAYERS[layer][0]}/filters-0.js")
            ranked = details["filters"][index]["top_max" if ranking == "max" else "top_avg"]
            assert ranked[rank]["image"] == int(image)
            assert ranked[rank]["score"] == score > 0


def test_a_photo_has_at_most_forty_ranks() -> None:
    ranks = PhotoRanks()
    maximum = {"image": 0, "score": 1.0}
    ranks.add(0, [{"index": index, "top_max": [maximum]} for index in range(60)])  # type: ignore[list-item]
    assert len(pictures_script(ranks.best())["best"]["0"]) == 40


def test_labels_are_sorted_and_may_be_missing() -> None:
    def image(number: int, label: str | None) -> ImageRecord:
        return {"id": number, "path": f"{number}.jpg", "label": label, "width": 8, "height": 8}

    images = [image(number, label) for number, label in enumerate(["b", None, "a", "b", None])]
    assert label_places(images) == {"a": 0, "b": 1}
