"""A find of each kind is the filter with the highest measure, and says what is strange about it."""

from __future__ import annotations

from typing import Any

from mkdocs_lurk.pages.highlights.finds import Finds, FoundFilters
from mkdocs_lurk.records.model_record import FilterRecord
from tests.pages.highlights.planted import images, record

LABELS = "aaabcd"


def finds(*filters: FilterRecord, labels: str = LABELS, hidden: tuple[int, ...] = ()) -> dict[str, FoundFilters]:
    found = Finds(["Conv"], images(labels, hidden))
    found.add(0, filters)
    return {find.title: find for find in found.choose()}


def plain(index: int, **changes: Any) -> FilterRecord:
    """A filter that is no find: two classes, no label, a synthesis that no better photo exceeds."""
    synthesis = {**record()["max_activ"], "ratio": 0.5}
    stats = {**record()["stats"], "duplicate_of": [], "positive_share": 0.9}
    fields = {"index": index, "max_activ": synthesis, "stats": stats, "label": {"skipped": "no classes"}}
    return record(**{"best": (0, 1, 2, 3), **fields, **changes})


def stats(**changes: Any) -> dict[str, Any]:
    return {**plain(0)["stats"], **changes}


def test_a_plain_filter_is_no_find() -> None:
    assert finds(plain(0), plain(1)) == {}


def test_the_selective_filter_has_the_best_label_of_one_name() -> None:
    one, better, union = (
        {"any_of": names, "correlation": r, "n": 10, "members": 4}
        for names, r in ((["a"], 0.5), (["a"], 0.7), (["a", "b"], 0.9))
    )
    found = finds(plain(0, label=one), plain(1, label=better), plain(2, label=union))
    assert set(found) == {"Selective"}
    assert found["Selective"].filters[0].index == 1
    assert found["Selective"].text == "It responds most to a: r = 0.70 on pictures that did not choose this label."


def test_the_mixed_filter_has_strongest_photos_of_as_many_classes() -> None:
    found = finds(plain(0, best=(1, 3, 4, 5)), plain(1, best=(3, 2, 4, 5), stats=stats(mean=0.5)))
    assert found["Mixed"].text == "Its strongest photos are of 4 classes: b, a, c and d."
    assert found["Mixed"].filters[0].index == 1
    assert "Mixed" not in finds(plain(0, best=(1, 3, 4, 5)), hidden=(3,))  # one of the photos cannot be shown


def test_the_filter_that_colour_changes_most_has_a_tuning_that_says_so() -> None:
    def tuned(colour: float | None, **kept: float) -> dict[str, Any]:
        return {"n": 4, "kept": kept, "depends": {"colour": colour}}

    most, less, little = (plain(n, tuning=tuned(1 - left, grey=left)) for n, left in ((1, 0.12), (0, 0.3), (2, 0.6)))
    found = finds(less, most, little)["Changed by colour"]
    assert found.filters[0].index == 1
    assert found.text == "Without colour, 12 % of its response is left, on the 4 pictures that excite it most."
    assert "Changed by colour" not in finds(little, plain(3, tuning=tuned(None)), plain(4, tuning={"skipped": "grey"}))


def test_the_filter_beyond_photos_keeps_its_ratio_after_a_shift() -> None:
    held = {**plain(0)["max_activ"], "ratio": 3.0}  # the shift leaves 6 of 8
    lost = {**held, "ratio": 9.0, "robust": {"shift8": 0.8, "scale10": 8.0}}
    found = finds(plain(0, max_activ=lost), plain(1, max_activ=held))
    assert found["Beyond photos"].filters[0].index == 1
    assert "is 2.3 times that" in found["Beyond photos"].text


def test_a_rarely_active_filter_is_above_zero_in_few_pictures() -> None:
    found = finds(plain(0, stats=stats(positive_share=0.1)), plain(1, stats=stats(positive_share=0.04)))
    assert found["Rarely active"].text == "Above zero in only 4 % of the pictures."
    assert finds(plain(0, stats=stats(positive_share=0.11))) == {}


def test_duplicates_are_shown_as_a_pair() -> None:
    found = finds(plain(3), plain(5, stats=stats(duplicate_of=[(3, 0.985), (9, 0.999)])))
    assert [one.index for one in found["Duplicated"].filters] == [3, 5]  # filter 9 was not analysed
    assert found["Duplicated"].text == "Filters 3 and 5 respond alike: their responses correlate at 0.985."


def test_dead_filters_are_counted_and_shown_without_crops() -> None:
    found = finds(
        plain(0), plain(1, stats=stats(dead=True), max_activ={"skipped": "no"}), plain(2, stats=stats(dead=True))
    )
    assert found["Dead"].text == "2 of the 3 filters analysed of Conv respond to no picture."
    (shown,) = found["Dead"].filters
    assert (shown.index, shown.crops) == (2, ())
    assert "1 of the 1 filters analysed of Conv responds" in finds(plain(1, stats=stats(dead=True)))["Dead"].text


def test_no_filter_is_two_finds() -> None:
    both = plain(0, best=(1, 3, 4, 5), stats=stats(positive_share=0.05))
    assert set(finds(both)) == {"Mixed"}
    assert set(finds(both, plain(1, stats=stats(positive_share=0.09)))) == {"Mixed", "Rarely active"}
