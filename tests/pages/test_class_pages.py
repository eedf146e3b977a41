"""The pages of classes: which filters answer to each, what it is taken for, and which classes have a page."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from mkdocs_lurk.pages.class_pages import MOST_CLASSES, ClassFilters, class_addresses
from mkdocs_lurk.pages.class_proofs import ClassProofs
from mkdocs_lurk.pages.pictures.layer_pictures import LayerPictures
from mkdocs_lurk.pages.pictures.sheets import SheetRegion
from mkdocs_lurk.pages.published_model import PublishedModel
from mkdocs_lurk.store import ModelReader, Store
from tests.pages.conftest import Built
from tests.pages.fake import fake_model
from tests.pages.test_evaluation import built_page


def images(*labels: str | None) -> Any:
    return [{"id": image, "label": label} for image, label in enumerate(labels)]


def clear(index: int, label: str, auc: float, *ranked: int, clear: bool = True) -> Any:
    """A filter that answers most to a class, with the pictures that it ranks."""
    selectivity = {"index": 0.5, "class": label, "auc": auc, "clear": clear}
    top = [{"image": image, "box": [0, 0, image, image]} for image in ranked]
    return {"index": index, "stats": {"selectivity": selectivity}, "top_max": top}


def test_the_filters_of_a_class_come_in_depth_order_the_clearest_first() -> None:
    filters = ClassFilters(images("cat", "dog", "cat"))
    filters.add(4, [clear(0, "cat", 0.7, 1, 2, 0), clear(1, "cat", 0.9, 1), clear(2, "cat", 0.99, 0, clear=False)])
    filters.add(2, [clear(5, "cat", 0.8, 0), clear(6, "dog", 0.8, 0)])
    found = filters.of_class("cat")
    assert [(layer, [one.index for one in of_layer]) for layer, of_layer in found.items()] == [(2, [5]), (4, [1, 0])]
    assert [one.crop for one in found[4]] == [None, (2, [0, 0, 2, 2])], "a crop shows a picture of the class"
    assert filters.of_class("bird") == {}


def test_each_class_has_an_address_of_its_own() -> None:
    addresses = class_addresses(images("a b", "a-b", None, "A-b", "index"))
    assert list(addresses) == ["A-b", "a b", "a-b", "index"]
    assert len({slug.lower() for slug in addresses.values()}) == 4
    assert addresses["index"] == "layer-index"


def test_one_class_is_none() -> None:
    assert class_addresses(images("cat", "cat", None)) == {}


def test_of_too_many_classes_those_with_the_most_pictures_have_a_page() -> None:
    labels = [f"{number:03}" for number in range(MOST_CLASSES + 3)]
    addresses = class_addresses(images(*labels, *labels[5:]))
    assert len(addresses) == MOST_CLASSES
    assert sorted(set(labels) - set(addresses)) == ["002", "003", "004"]


def test_a_page_lists_the_filters_that_the_records_say(built: Built, tmp_path: Path) -> None:
    page, _, made = built.text("models/small/classes/cat/index.md").partition("## Which filters make it")
    store = Store(tmp_path)
    reader = ModelReader(store, fake_model(store))
    for entry in reader.record["layers"]:
        for item in reader.layer(entry["name"])["filters"]:
            selectivity = item["stats"]["selectivity"]
            is_listed = f'../../{entry["slug"]}/index.html#filter-{item["index"]}"><' in page
            assert is_listed == (selectivity is not None and selectivity["clear"] and selectivity["class"] == "cat")
    for name, indices in (("features.0", (0, 2)), ("features.3", (1, 3))):
        assert all(f'../../{name}/index.html#filter-{index}"><' in made for index in indices)
    assert made.count("+0.84") == made.count("+0.31") == 2
    assert "2 pictures labelled cat: 2 of 2 are named right." in page


def test_a_class_says_what_it_is_taken_for(built: Built) -> None:
    page = built.text("models/small/classes/zebra/index.md")
    assert "2 pictures labelled zebra: 0 of 2 are named right; the others are taken for cat (2)." in page
    assert page.partition("## Taken for something else")[2].count("<li") == 2
    listed = built.text("models/small/classes/index.md")
    assert "| [zebra](lurk:small/classes/zebra) | 2 | 0 % | 1 |" in listed


def test_without_an_evaluation_the_filters_and_the_guesses_are_left(tmp_path: Path) -> None:
    pages = built_page(tmp_path, lambda record: record.update(evaluation={"skipped": "the outputs have no names"}))
    page = pages["models/small/classes/zebra/index.md"]
    assert "Whether the network names them right is not known." in page
    assert page.partition("## Not evaluated")[2].count("<b>zebra</b>, <span") == 2
    assert "features.3" in page


@pytest.mark.parametrize("pictures", ["none", {"label:zebra": "none"}])
def test_hidden_pictures_are_no_part_of_it(tmp_path: Path, pictures: Any) -> None:
    page = built_page(tmp_path, pictures=pictures)["models/small/classes/zebra/index.md"]
    assert "<image" not in page
    assert "0002.jpg" not in page
    assert "picture 2 is not shown" in page


def test_pictures_without_classes_have_no_such_pages(tmp_path: Path) -> None:
    def without(record: Any) -> None:
        for image in record["images"]:
            image["label"] = None

    pages = built_page(tmp_path, without)
    assert not [uri for uri in pages if "/classes/" in uri]
    assert "/classes)" not in pages["models/small/index.md"]


def proven(index: int, correlation: float, *any_of: str, **more: Any) -> Any:
    return {"index": index, "label": {"any_of": list(any_of), "correlation": correlation}, **more}


def proofs() -> ClassProofs:
    """Of two layers, the second of which becomes the outputs."""
    layers = [{"name": "a", "slug": "a"}, {"name": "b.c", "slug": "b.c"}]
    names = SimpleNamespace(classes={"b.c": {3: "tabby", 5: "lynx"}})
    titles = {"a": "First", "b.c": "Last"}
    made = ClassProofs(cast("PublishedModel", SimpleNamespace(record={"layers": layers}, names=names, titles=titles)))
    region, reference = SheetRegion("b.c/sheet-0.webp", 8, 0, 64, 64), {"unit": "u", "blob": "x", "size": [64, 64]}
    pictures = LayerPictures(regions={("u", "x"): region}, sizes={"b.c/sheet-0.webp": (128, 64)})
    synthesis = {"picture": reference, "won_by": None}
    made.add(0, [proven(1, 0.3, "cat"), proven(2, 0.5, "dog", "cat"), proven(4, 0.9)], pictures)
    made.add(1, [proven(3, 0.4, "cat", max_activ=synthesis), {"index": 5, "max_activ": {"skipped": "no"}}], pictures)
    return made


def test_filters_whose_label_names_the_class_come_by_their_correlation() -> None:
    found = proofs().labelled("cat")
    told = [(one.slug, one.index, one.label) for one in found]
    assert told == [("a", 2, "dog or cat"), ("b.c", 3, "cat"), ("a", 1, "cat")]
    assert proofs().labelled("bird") == ()


def test_the_output_is_that_of_most_pictures_of_the_label() -> None:
    labels = [("cat", "tabby", 3), ("cat", "lynx", 2), ("cat", None, 9), ("dog", "lynx", 1)]
    evaluation: Any = {"labels": labels}
    unit = proofs().output("cat", evaluation)
    assert unit is not None
    assert (unit.index, unit.output, unit.synthesis.src) == (3, "tabby", "../../b.c/sheet-0.webp")
    assert proofs().output("dog", evaluation) is None, "it has no synthesis"
    assert proofs().output("bird", evaluation) is None
    assert proofs().output("cat", None) is None


def test_a_page_lists_the_filters_whose_label_it_is(built: Built) -> None:
    page = built.text("models/small/classes/cat/index.md")
    listed = page.partition("## Filters whose label it is")[2].partition("\n## ")[0]
    assert listed.count("<li><a") > 0
    assert listed.count("r = 0.") == listed.count("<li><a")
