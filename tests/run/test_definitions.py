"""Every sentence that defines a figure, computed by brute force as it is written, against the records.

A sentence stands here a second time: whoever changes it has to say anew how it is computed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from mkdocs_lurk.images.webp import decode_picture
from mkdocs_lurk.pages.definitions import DEFINITIONS, meaning
from mkdocs_lurk.run.stages import verification
from mkdocs_lurk.store import ModelReader
from tests.run.definitions_network import NETWORK, SIDE, draw, network, outputs
from tests.run.networks import input_tensors
from tests.run.test_pipeline import Project, analysed

LAYERS = ("first", "second", "up")
close = partial(pytest.approx, rel=2e-3, abs=1e-5)
"""Records keep four digits or more."""


@dataclass(frozen=True)
class Results:
    """What was published, and all that it is computed from."""

    reader: ModelReader
    module: Any
    x: Tensor
    maps: dict[str, Tensor]
    labels: list[str]

    def filters(self) -> Iterator[tuple[str, Any, Tensor]]:
        """Every filter: its layer, its record, and its maps ``(n_pictures, h, w)``."""
        for layer in LAYERS:
            for record in self.reader.layer(layer)["filters"]:
                yield layer, record, self.maps[layer][:, record["index"]]

    def stats(self) -> Iterator[tuple[Any, Tensor]]:
        """Every filter's figures, and its highest response in each picture."""
        for _, record, maps in self.filters():
            yield record["stats"], maps.amax((1, 2)).double()

    def of_class(self, values: Tensor, label: str) -> Tensor:
        """The values that belong to pictures of a class."""
        return values[[own == label for own in self.labels]]

    def synthesised(self) -> Iterator[tuple[Any, Callable[[Tensor], float]]]:
        """Every synthesis, and the mean response of its filter to a picture of bytes ``(c, h, w)``."""
        for layer, record, _ in self.filters():
            if "skipped" not in record["max_activ"]:
                yield record, partial(self._response, layer, record["index"])

    def pixels(self, record: Any) -> Tensor:
        """The synthesis as it is stored, ``(c, h, w)``."""
        return torch.tensor(decode_picture(self.reader.picture(record["max_activ"]["picture"]))).movedim(-1, 0).float()

    def _response(self, layer: str, index: int, pixels: Tensor) -> float:
        return float(outputs(self.module, (pixels[None] / 255 - 0.5) / 0.25)[layer][0, index].mean())


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    from tests.run.conftest import project

    folder = tmp_path_factory.mktemp("definitions")
    draw(folder / "pictures")
    (folder / "other.py").write_text(NETWORK)
    config = project.__wrapped__(folder)(root=folder, source="other.py:net", precision="float32")
    reader, module, x = analysed(config), network(), input_tensors(folder / "pictures")
    return Results(reader, module, x, outputs(module, x), [image["label"] for image in reader.record["images"]])


CHECKS: dict[str, Callable[[Results], None]] = {}
SENTENCES: dict[str, str] = {}


def defined(key: str, sentence: str) -> Callable[[Callable[[Results], None]], Callable[[Results], None]]:
    def register(check: Callable[[Results], None]) -> Callable[[Results], None]:
        CHECKS[key], SENTENCES[key] = check, sentence
        return check

    return register


@defined("score_max", "The highest value of the filter's output in the picture, before any activation.")
def highest_score(results: Results) -> None:
    for _, record, maps in results.filters():
        for entry in record["top_max"]:
            assert entry["score"] == close(float(maps[entry["image"]].max()))


@defined("score_avg", "The mean of the filter's output over all places of the picture, before any activation.")
def mean_score(results: Results) -> None:
    for _, record, maps in results.filters():
        for entry in record["top_avg"]:
            assert entry["score"] == close(float(maps[entry["image"]].mean()))


@defined("mean", "The mean over {n} pictures of the highest response in each.")
def mean(results: Results) -> None:
    for stats, highest in results.stats():
        assert stats["mean"] == close(float(highest.mean()))


@defined("deviation", "The standard deviation over {n} pictures of the highest response in each.")
def deviation(results: Results) -> None:
    for stats, highest in results.stats():
        assert stats["deviation"] == close(float(((highest - highest.mean()) ** 2).mean().sqrt()))


@defined("highest", "The highest response at any place of any picture.")
def highest(results: Results) -> None:
    for _, record, maps in results.filters():
        assert record["stats"]["max"] == close(float(maps.max()))


@defined("above_zero", "The share of {n} pictures in which the response is above zero at one place at least.")
def above_zero(results: Results) -> None:
    shares = [(record["stats"]["positive_share"], maps) for _, record, maps in results.filters()]
    for share, maps in shares:
        assert share == close(sum(bool((own > 0).any()) for own in maps) / len(maps))
    assert any(share != close(float((maps > 0).float().mean())) for share, maps in shares)  # no share of places


@defined("always_on", "In every picture the mean response over all places is above zero.")
def always_on(results: Results) -> None:
    found = [(record["stats"]["always_on"], maps) for _, record, maps in results.filters()]
    for is_on, maps in found:
        assert is_on == all(float(own.mean()) > 0 for own in maps)
    assert {is_on for is_on, _ in found} == {True, False}
    assert any(is_on and bool((maps < 0).any()) for is_on, maps in found)  # not at every place


@defined("dead", "The response is above zero at no place of any picture.")
def dead(results: Results) -> None:
    found = [(record["stats"]["dead"], maps) for _, record, maps in results.filters()]
    assert [is_dead for is_dead, _ in found] == [not bool((maps > 0).any()) for _, maps in found]
    assert any(is_dead for is_dead, _ in found)


@defined("histogram", "The highest response in each of {n} pictures, counted in 24 steps of equal width.")
def histogram(results: Results) -> None:
    for stats, highest in results.stats():
        edges, counts = stats["histogram"]["edges"], stats["histogram"]["counts"]
        assert len(counts) == len(edges) - 1 == 24
        low, high = float(highest.min()), float(highest.max())
        assert edges == close([low + (high - low) * step / 24 for step in range(25)])
        steps = [min(23, int((float(value) - low) / (high - low) * 24)) for value in highest]
        assert counts == [steps.count(step) for step in range(24)]


@defined("class_max", "The mean over the class's pictures of the highest response in each.")
def class_max(results: Results) -> None:
    for _, record, maps in results.filters():
        for label, value in record["classes"]["max"]:
            own = [float(one.max()) for one, name in zip(maps, results.labels, strict=True) if name == label]
            assert value == close(sum(own) / len(own))


@defined("class_avg", "The mean over the class's pictures of the mean response in each.")
def class_avg(results: Results) -> None:
    for _, record, maps in results.filters():
        for label, value in record["classes"]["avg"]:
            own = [float(one.mean()) for one, name in zip(maps, results.labels, strict=True) if name == label]
            assert value == close(sum(own) / len(own))


def classes(results: Results, highest: Tensor) -> dict[str, list[float]]:
    """The highest responses by class, or zero where that is below zero."""
    return {
        label: [max(0.0, float(value)) for value in results.of_class(highest, label)]
        for label in sorted(set(results.labels))
    }


def average(values: list[float]) -> float:
    return sum(values) / len(values)


@defined(
    "preference",
    "The class with the highest mean response: over its pictures, of the highest response in each, or zero where that "
    "is below zero. It is named only if its mean is above that of the next class by more than 2.5 standard errors, "
    "from the spread within all classes, and if both have two pictures at least.",
)
def preference(results: Results) -> None:
    named = set()
    for stats, highest in results.stats():
        if stats["dead"]:
            assert stats["selectivity"] is None
            continue
        by_class = classes(results, highest)
        best, following = sorted(by_class, key=lambda label: -average(by_class[label]))[:2]
        spread = sum((value - average(own)) ** 2 for own in by_class.values() for value in own)
        variance = spread / (sum(map(len, by_class.values())) - len(by_class))
        error = (variance / len(by_class[best]) + variance / len(by_class[following])) ** 0.5
        is_named = average(by_class[best]) - average(by_class[following]) > 2.5 * error
        assert stats["selectivity"]["class"] == best
        assert stats["selectivity"]["clear"] == is_named
        named.add(is_named)
    assert named == {True, False}


@defined(
    "selectivity",
    "The mean response to {class} minus that to the other classes, divided by their sum. Of each picture counts the "
    "highest response, or zero where that is below zero; the other classes count alike.",
)
def selectivity(results: Results) -> None:
    for stats, highest in results.stats():
        if not stats["dead"]:
            by_class = classes(results, highest)
            best = average(by_class.pop(stats["selectivity"]["class"]))
            others = average([average(own) for own in by_class.values()])
            assert stats["selectivity"]["index"] == close((best - others) / (best + others))


@defined(
    "auc",
    "How often a picture of {class} has a higher highest response than a picture of another class; ties count half. "
    "The same pictures chose the class, so that chance alone gives more than 0.5.",
)
def auc(results: Results) -> None:
    for stats, highest in results.stats():
        if not stats["dead"]:
            is_member = [label == stats["selectivity"]["class"] for label in results.labels]
            members = [float(v) for v, own in zip(highest, is_member, strict=True) if own]
            others = [float(v) for v, own in zip(highest, is_member, strict=True) if not own]
            wins = sum((a > b) + (a == b) / 2 for a in members for b in others)
            assert stats["selectivity"]["auc"] == close(wins / len(members) / len(others))


@defined("similar", "Pearson's correlation, over {n} pictures, of the highest responses of the two filters.")
def similar(results: Results) -> None:
    for layer, record, maps in results.filters():
        for other, value in record["stats"]["similar"]:
            pair = [maps.amax((1, 2)).numpy(), results.maps[layer][:, other].amax((1, 2)).numpy()]
            assert value == close(float(np.corrcoef(pair)[0, 1]))


@defined("duplicate", "The highest responses of the two filters correlate at 0.98 or more (Pearson) over the pictures.")
def duplicate(results: Results) -> None:
    n_found = 0
    for layer, record, maps in results.filters():
        highest = results.maps[layer].amax((2, 3)).double()
        own = [float(np.corrcoef(maps.amax((1, 2)), column)[0, 1]) for column in highest.T]
        expected = {n for n, value in enumerate(own) if n != record["index"] and value >= 0.98}
        assert {other for other, _ in record["stats"]["duplicate_of"]} == expected
        n_found += len(expected)
    assert n_found


@defined(
    "wiring",
    "The magnitudes of the weights between two filters, added up and multiplied by the source's typical response, as a "
    "share of the strongest connection into the same filter. Below zero, the source holds the filter back.",
)
def wiring(results: Results) -> None:
    kernel = results.module.up.weight.detach()  # (6, 4 / 2, 3, 3): source, filter within the group
    typical = F.relu(results.maps["second"]).amax((2, 3)).mean(0)
    for record in results.reader.layer("up")["filters"]:
        group, within = divmod(record["index"], 2)
        own = {
            3 * group + i: (float(kernel[3 * group + i, within].abs().sum() * typical[3 * group + i]), i)
            for i in range(3)
        }
        largest = max(strength for strength, _ in own.values())
        found = {index: weight for _, index, weight in record["wiring"]["inputs"]}
        assert set(found) == {i for i, (strength, _) in own.items() if strength}
        for i, weight in found.items():
            sign = -1 if kernel[i, within].sum() < 0 else 1
            assert weight == close(sign * own[i][0] / largest)


@defined("synthesis", "The mean response to the picture made by gradient ascent, as it is stored.")
def synthesis(results: Results) -> None:
    for record, response in results.synthesised():
        assert record["max_activ"]["score"] == close(response(results.pixels(record)))


@defined(
    "ratio",
    "The mean response to the picture made by gradient ascent, divided by the highest mean response to a photo.",
)
def ratio(results: Results) -> None:
    ratios = [(record["max_activ"]["ratio"], record, response) for record, response in results.synthesised()]
    assert any(value is not None for value, _, _ in ratios)
    for value, record, response in ratios:
        if value is not None:
            assert value == close(response(results.pixels(record)) / record["top_avg"][0]["score"])


@defined(
    "shift8",
    "The mean response after a shift by 8 pixels down and to the right, the border reflected, as a share of the mean "
    "response before.",
)
def shift8(results: Results) -> None:
    for record, response in results.synthesised():
        pixels = results.pixels(record)
        rows = [abs(row - 8) for row in range(SIDE)]
        share = response(pixels[:, rows][:, :, rows]) / response(pixels)
        assert record["max_activ"]["robust"]["shift8"] / record["max_activ"]["score"] == close(share)


@defined(
    "scale10",
    "The mean response after an enlargement by a tenth about the centre, as a share of the mean response before.",
)
def scale10(results: Results) -> None:
    for record, response in results.synthesised():
        pixels = results.pixels(record)
        side = round(1.1 * SIDE)
        larger = F.interpolate(pixels[None], (side, side), mode="bilinear", align_corners=False)[0]
        start = (side - SIDE) // 2
        share = response(larger[:, start : start + SIDE, start : start + SIDE]) / response(pixels)
        assert record["max_activ"]["robust"]["scale10"] / record["max_activ"]["score"] == close(share)


@defined("energy", "The share of the unit's squared gradient, the plain one, that lies inside the box.")
def energy(results: Results) -> None:
    n_found = 0
    for record in results.reader.layer("second")["filters"]:
        for entry in record["top_max"]:
            if "energy" not in entry:
                continue
            x = results.x[entry["image"]][None].clone().requires_grad_()
            rectified = F.relu(results.module.first(x))
            gate = results.module.gate(rectified).detach()  # as `docs/how.md` says: gates are held constant
            y, column = entry["position"]
            results.module.second(rectified * gate)[0, record["index"], y, column].backward()
            assert x.grad is not None
            squares = x.grad[0].square().sum(0)
            top, left, bottom, right = entry["box"]
            assert entry["energy"] == close(float(squares[top:bottom, left:right].sum() / squares.sum()))
            n_found += 1
    assert n_found


@defined("receptive_field", "The smallest box of pixels outside which nothing in the picture changes the unit.")
def receptive_field(results: Results) -> None:
    entry = next(layer for layer in results.reader.record["layers"] if layer["name"] == "first")
    assert entry["receptive_field"]["status"] == "exact"
    x = results.x[:1]
    unit = outputs(results.module, x)["first"][0, 3, 8, 8]
    changed = []
    for row in range(SIDE):
        for column in range(SIDE):
            other = x.clone()
            other[0, :, row, column] += torch.tensor([1.0, 2.0, 4.0])
            if outputs(results.module, other)["first"][0, 3, 8, 8] != unit:
                changed.append((row, column))
    rows, columns = zip(*changed, strict=True)
    size = [max(rows) - min(rows) + 1, max(columns) - min(columns) + 1]
    assert entry["receptive_field"]["size"] == size


@defined("parameters", "The number of weights and biases.")
def parameters(results: Results) -> None:
    assert results.reader.record["model"]["parameters"] == sum(p.numel() for p in results.module.parameters())
    for entry in results.reader.record["layers"]:
        layer = getattr(results.module, entry["name"])
        assert entry["parameters"] == layer.weight.numel() + layer.bias.numel()


@defined(
    "macs",
    "The products in one forward pass of one picture: each value of the output needs one per weight that it reads, and "
    "so does padding; in a transposed convolution each value of the input needs one per weight that reads it.",
)
def macs(results: Results) -> None:
    counted = {}
    for name, maps, source in (("first", "first", None), ("second", "second", "first"), ("up", "up", "second")):
        layer = getattr(results.module, name)
        values = results.maps[source if name == "up" else maps][0]
        n_weights = layer.weight[0].numel()  # of a convolution's filter, and of a transposed one's input channel
        counted[name] = sum(n_weights for _ in values.flatten())
    assert {entry["name"]: entry["macs"] for entry in results.reader.record["layers"]} == counted


@defined("probability", "The softmax over all outputs of the network.")
def probability(results: Results) -> None:
    values = results.maps[""].double().exp()
    for image in results.reader.record["images"]:
        own = values[image["id"]] / values[image["id"]].sum()
        for label, share in image["predictions"]:
            assert share == close(float(own[int(label[-1])]))


@defined(
    "accuracy",
    "The share of the {n} pictures whose label is one of the network's outputs for which that output is the largest.",
)
def accuracy(results: Results) -> None:
    guesses = [f"class-{int(own.argmax())}" for own in results.maps[""]]
    right = sum(guess == label for guess, label in zip(guesses, results.labels, strict=True))
    assert results.reader.record["evaluation"]["n"] == len(guesses)
    assert results.reader.record["evaluation"]["top1"] == close(right / len(guesses))


@defined("pictures", "The pictures that could be read, each shown to the network once.")
def pictures(results: Results) -> None:
    assert sum("skipped" not in image for image in results.reader.record["images"]) == len(results.x)
    for _, record, _ in results.filters():
        assert sum(record["stats"]["histogram"]["counts"]) == len(results.x)


@defined("input", "Channels, height and width of what the network receives.")
def network_input(results: Results) -> None:
    assert results.reader.record["model"]["input"]["size"] == list(results.x.shape[1:])


@defined(
    "verified",
    "Each score was computed a second time, from the stored picture. The difference is a share of the score, or of 1 % "
    "of the layer's highest score where that is more. It says that the scores can be reproduced, not that the network "
    "is right.",
)
def verified(results: Results) -> None:
    found = results.reader.record["verified"]
    n_scores = sum(len(record["top_avg"]) + len(record["top_max"]) for _, record, _ in results.filters())
    assert found["scores"] == n_scores + found["syntheses_again"]
    assert found["syntheses"] == len(list(results.synthesised()))
    for image in results.reader.record["images"]:
        pixels = torch.from_numpy(decode_picture(results.reader.picture(image["picture"])).copy()).movedim(-1, 0)
        assert torch.equal((pixels.float() / 255 - 0.5) / 0.25, results.x[image["id"]])
    worst = 0.0
    for layer, record, maps in results.filters():
        scale = 0.01 * float(results.maps[layer].amax((0, 2, 3)).abs().max())
        for kind, own in (("top_avg", maps.mean((1, 2))), ("top_max", maps.amax((1, 2)))):
            for entry in record[kind]:
                difference = abs(entry["score"] - float(own[entry["image"]]))
                worst = max(worst, difference / max(abs(entry["score"]), scale))
    assert worst < 1e-5
    assert found["largest"] < 1e-5


@pytest.mark.parametrize("figure", DEFINITIONS)
def test_a_figure_is_what_its_sentence_says(results: Results, figure: str) -> None:
    assert figure in CHECKS, f"say how {figure!r} is computed"
    assert DEFINITIONS[figure] == SENTENCES[figure]
    CHECKS[figure](results)


def test_no_check_is_left_over() -> None:
    assert set(CHECKS) == set(DEFINITIONS)


def test_the_difference_of_a_second_computation_is_a_share_of_the_score(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = verification.measure_responses

    def slightly_more(probe: Any, x: Tensor) -> Any:
        by_layer, output = measure(probe, x)
        for responses in by_layer.values():
            responses.means[:] *= np.float32(1.0005)
            responses.maxima[:] *= np.float32(1.0005)
        return by_layer, output

    monkeypatch.setattr(verification, "measure_responses", slightly_more)
    reader = analysed(project(synthesis=False))
    assert reader.record["verified"]["largest"] == pytest.approx(5e-4, rel=0.05)
    assert reader.record["verified"]["syntheses"] == reader.record["verified"]["syntheses_again"] == 0


def test_sentences_name_their_number_of_pictures() -> None:
    assert meaning("mean", 1234) == "The mean over 1,234 pictures of the highest response in each."
    assert {name for text in DEFINITIONS.values() for name in re.findall(r"{(\w+)}", text)} == {"n", "class"}


def test_the_docs_list_every_sentence() -> None:
    text = (Path(__file__).parents[2] / "docs" / "how.md").read_text("utf-8")
    table = text.partition("## Every figure in a sentence")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| `(\w+)` \| (.*) \|$", table, re.MULTILINE)
    written = {key: re.sub(r"{(\w+)}", r"*\1*", sentence) for key, sentence in DEFINITIONS.items()}
    assert dict(listed) == written
