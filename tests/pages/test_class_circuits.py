"""The circuit on a class's page: laid out so that ribbons fit their nodes, linked, and told in words."""

from __future__ import annotations

import re

import pytest

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.pages.pictures.circuit_chart import CROP_PX, ShownNode, circuit_chart
from mkdocs_lurk.records.circuit_check import check_circuit
from mkdocs_lurk.records.circuit_record import CircuitRecord
from tests.pages.conftest import Built

COUNTS = {"one": 3, "two": 2}
CIRCUIT: CircuitRecord = {
    "name": "cat",
    "n": 8,
    "nodes": [[("one", 0, 2.0), ("one", 2, 1.0)], [("two", 1, 1.5), ("two", 0, 0.1)]],
    "edges": [[(0, 0, 1.5, 1.0), (0, 1, 0.4, 0.5), (1, 0, 0.8, 0.94)]],
    "flow": [0.9],
    "worth": {
        "n": 8,
        "held_out": True,
        "whole": (5.0, 8),
        "only": (3.0, 6),
        "without": (0.0, 1),
        "random": (4.0, 7.6),
        "none": (0.0, 0),
    },
}


def shown(layer: str, index: int) -> ShownNode:
    return ShownNode(f"../../{layer}/index.html", None, f"{layer}, filter {index}")


def test_ribbons_lie_within_the_bars_of_their_nodes_and_do_not_overlap() -> None:
    nodes = {(layer, index): shown(layer, index) for layer, count in COUNTS.items() for index in range(count)}
    chart = circuit_chart(CIRCUIT, nodes, {"one": "First", "two": "A very long title of a layer"})
    marks = {(mark.shown.name, mark.index): mark for mark in chart.nodes}
    assert marks["one, filter 0", 0].bar_height == pytest.approx(2 * marks["one, filter 2", 2].bar_height, abs=0.2)
    assert marks["two, filter 1", 1].bar_height == pytest.approx(72), "what flows into it is the most"
    ends = []
    for flow in chart.flows:
        numbers = [float(number) for number in re.findall(r"[\d.]+", flow.path)]
        (x0, top), (x1, end), bottom = numbers[:2], numbers[6:8], numbers[-1]
        source = next(mark for mark in chart.nodes if flow.text.startswith(mark.shown.name))
        assert x0 == source.bar_x + 7
        assert x1 in {mark.x for mark in chart.nodes}
        assert source.y - 0.2 <= top < bottom <= source.y + source.bar_height + 0.2
        ends.append((x1, end, end + bottom - top))
    into = sorted(end for end in ends if end[1] < marks["two, filter 0", 0].y)
    assert into[0][2] == pytest.approx(into[1][1], abs=0.2)
    assert [flow.sure for flow in chart.flows] == [True, False, False]
    assert chart.flows[2].text == "one, filter 2 to two, filter 1: 0.80; it vanishes in 6 % of the resamples"
    assert [level.name for level in chart.levels] == ["First", "A very long title o…"]
    assert max(mark.y + CROP_PX for mark in chart.nodes) < chart.height
    assert marks["one, filter 2", 2].y >= marks["one, filter 0", 0].y + marks["one, filter 0", 0].bar_height


def test_a_page_draws_the_circuit_of_its_class_and_others_have_none(built: Built) -> None:
    text = built.text("models/small/classes/cat/index.md")
    own = text.partition("## Through which filters it is made")[2]
    assert own.count('class="lurk-flow"') == 2
    assert own.count('class="lurk-flow lurk-flow-unsure"') == 1
    links = re.findall(r'<a xlink:href="([^"]+)" aria-label="([^"]+)"', own)
    places = [("0", 2), ("0", 0), ("3", 0)]
    assert [link for link, _ in links] == [f"../../features.{n}/index.html#filter-{index}" for n, index in places]
    assert own.count('<g role="img"') == 1, "a filter that was not analysed has no page"
    assert "Of what they contribute, 82 % flows on through the next ones." in own
    assert "<td>The circuit alone</td><td>3.10</td><td>6 of 8</td>" in own
    assert "<td>All but 4 others at random</td><td>4.90</td><td>7.6 of 8</td>" in own
    assert "others than those that chose the filters" in own
    assert "Through which filters" not in built.text("models/small/classes/dog/index.md")


@pytest.mark.parametrize(
    "wrong",
    [
        {"nodes": [[("one", 3, 2.0)], [("two", 1, 1.5)]]},
        {"nodes": [[("none", 0, 2.0)], [("two", 1, 1.5)]]},
        {"edges": [[(0, 2, 1.5, 1.0)]]},
        {"edges": [[(0, 0, -1.5, 1.0)]]},
        {"edges": [[(0, 0, 1.5, 1.2)]]},
        {"edges": []},
        {"flow": [0.9, 0.8]},
    ],
)
def test_a_circuit_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    check_circuit(CIRCUIT, COUNTS, "it")
    with pytest.raises(StoreError, match=r"it\.(nodes|edges)"):
        check_circuit({**CIRCUIT, **wrong}, COUNTS, "it")  # type: ignore[typeddict-item]
