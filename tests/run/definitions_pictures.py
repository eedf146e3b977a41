"""The figures of connections, syntheses, receptive fields and whole networks, computed as their sentences say."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from mkdocs_lurk.images.webp import decode_picture
from tests.run.definitions_network import SIDE, outputs
from tests.run.definitions_results import Results, close, defined


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
    "The mean response to the picture made by gradient ascent, divided by the highest mean response to a photo. It is "
    "left out where that is below 1 % of the highest response of any filter of the layer to a photo.",
)
def ratio(results: Results) -> None:
    values = []
    for layer, record, maps in results.filters():
        best, scale = float(maps.mean((1, 2)).max()), float(results.maps[layer].max())
        value = record["max_activ"]["ratio"]
        assert (value is None) == (best < 0.01 * scale or best <= 0)
        if value is not None:
            assert value == close(record["max_activ"]["score"] / best)
        values.append(value)
    assert any(value is not None for value in values)


def _places(results: Results, layer: str, record: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Maps of a synthesis and of a flat picture of its mean colour, and the places whose field is inside."""
    pixels = results.pixels(record)
    flat = pixels.mean((1, 2), keepdim=True).expand_as(pixels)
    maps, flat_maps = (
        outputs(results.module, (own[None] / 255 - 0.5) / 0.25)[layer][0, record["index"]] for own in (pixels, flat)
    )
    return maps, flat_maps, results.inside(layer)


@defined(
    "won_by_border",
    "The picture gains more than a twentieth of its mean response over a flat picture of its mean colour, and less "
    "than half of that gain is left without the places whose receptive field leaves the picture. Of the flat picture, "
    "only the places inside count.",
)
def won_by_border(results: Results) -> None:
    for layer, record, _ in results.filters():
        maps, flat, inside = _places(results, layer, record)
        if inside.any():
            gain, left = maps.mean() - flat[inside].mean(), maps[inside].mean() - flat[inside].mean()
            expected = gain > 0.05 * abs(maps.mean()) and left < 0.5 * gain
            assert (record["max_activ"]["won_by"] == "border") == bool(expected)


@defined(
    "won_by_flat",
    "A flat picture of the picture's mean colour has a mean response that is at most a tenth lower, or lower by at "
    "most a thousandth of the highest response of any filter of the layer to a photo.",
)
def won_by_flat(results: Results) -> None:
    for layer, record, _ in results.filters():
        maps, flat, _ = _places(results, layer, record)
        if record["max_activ"]["won_by"] != "border":
            scale = max(0.0, float(results.maps[layer].max()))
            expected = maps.mean() - flat.mean() <= max(0.1 * abs(maps.mean()), 0.001 * scale)
            assert (record["max_activ"]["won_by"] == "flat") == bool(expected)


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


def squared_gradient(results: Results, index: int, entry: Any) -> Tensor:
    """The squared plain gradient of a unit of the second layer, summed over colours, ``(h, w)``."""
    x = results.x[entry["image"]][None].clone().requires_grad_()
    rectified = F.relu(results.module.first(x))
    gate = results.module.gate(rectified).detach()  # as `docs/how.md` says: gates are held constant
    y, column = entry["position"]
    results.module.second(rectified * gate)[0, index, y, column].backward()
    assert x.grad is not None
    return x.grad[0].square().sum(0)


@defined("energy", "The share of the unit's squared gradient, the plain one, that lies inside the box.")
def energy(results: Results) -> None:
    n_found = 0
    for record in results.reader.layer("second")["filters"]:
        for entry in record["top_max"]:
            if "energy" not in entry:
                continue
            squares = squared_gradient(results, record["index"], entry)
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


def field_of_second(results: Results) -> list[int]:
    """Change every pixel, with the gate of the unchanged picture: the size of the box of those that change the unit."""
    module, x = results.module, results.x[:1]
    with torch.no_grad():
        gate = module.gate(F.relu(module.first(x)))
        unit = module.second(F.relu(module.first(x)) * gate)[0, :, 4, 4]
        changed = []
        for row in range(SIDE):
            for column in range(SIDE):
                other = x.clone()
                other[0, :, row, column] += torch.tensor([1.0, 2.0, 4.0])
                if (module.second(F.relu(module.first(other)) * gate)[0, :, 4, 4] != unit).any():
                    changed.append((row, column))
    rows, columns = zip(*changed, strict=True)
    return [max(rows) - min(rows) + 1, max(columns) - min(columns) + 1]


@defined(
    "effective_field",
    "The smallest box of pixels outside which nothing changes the unit, if what depends on the whole picture, such as "
    "a gate, is held constant.",
)
def effective_field(results: Results) -> None:
    entry = next(layer for layer in results.reader.record["layers"] if layer["name"] == "second")
    assert entry["receptive_field"] == {"size": field_of_second(results), "status": "effective"}


@defined(
    "effective_box",
    "The outer rows and columns with the least of the unit's squared gradient, gates held constant, are left out as "
    "long as nine tenths of it stay inside.",
)
def effective_box(results: Results) -> None:
    n_found = 0
    for record in results.reader.layer("second")["filters"]:
        for entry in (entry for entry in record["top_max"] if "energy" in entry):
            squares = squared_gradient(results, record["index"], entry)
            top, left, bottom, right = entry["box"]
            inside, total = squares[top:bottom, left:right], squares.sum()
            assert inside.sum() >= 0.9 * total
            edges = (inside[1:], inside[:-1], inside[:, 1:], inside[:, :-1])
            assert all(smaller.sum() < 0.9 * total for smaller in edges)
            n_found += 1
    assert n_found


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


@defined("probability", "The softmax over all outputs of the network; of probabilities, themselves.")
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
    rankings = ("top_avg", "top_max", "range")  # the first of a range is the first of top_max
    n_scores = sum(sum(len(record[name]) for name in rankings) - 1 for _, record, _ in results.filters())
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
