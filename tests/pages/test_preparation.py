"""How a picture becomes the input, in sentences."""

from __future__ import annotations

import pytest

from mkdocs_lurk.pages.preparation import describe_preparation
from mkdocs_lurk.records.input_record import InputRecord

USUAL: InputRecord = {
    "size": [3, 224, 224], "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "resize": 256,
    "crop": [224, 224], "interpolation": "bilinear", "normalised": False, "value_range": None,
}  # fmt: skip
GREY: InputRecord = {**USUAL, "size": [1, 8, 8], "resize": None, "crop": None, "mean": [0.5], "std": [0.25]}
SENTENCES: dict[str, tuple[InputRecord, str]] = {
    "ImageNet's": (
        USUAL,
        "Before a picture enters the network, its short side is resized to 256 px and its centre of 224 x 224 px is "
        "cut out. Values: from 0 to 1, then normalised by the mean 0.485, 0.456, 0.406 and the standard deviation "
        "0.229, 0.224, 0.225.",
    ),
    "none": (
        {**GREY, "mean": [0.0], "std": [1.0]},
        "Before a picture enters the network, it is neither resized nor cropped. Values: from 0 to 1, not normalised.",
    ),
    "a range": (
        {**GREY, "resize": [8, 9], "value_range": [-80.0, 0.0]},
        "Before a picture enters the network, it is resized to 8 x 9 px. Values: -80 is black and 0 is white; from 0 "
        "to 1, then normalised by the mean 0.5 and the standard deviation 0.25.",
    ),
    "normalised": (
        {**GREY, "normalised": True},
        "Before a picture enters the network, it is neither resized nor cropped. Values: normalised before, by the "
        "mean 0.5 and the standard deviation 0.25.",
    ),
    "a function, many channels": (
        {**GREY, "size": [6, 8, 8], "mean": [0.1 * n for n in range(6)], "function": "data.py:make"},
        "Pictures are prepared by the author's `data.py:make`, which gives 6 x 8 x 8. Values: from 0 to 1, then "
        "normalised by the mean 0 to 0.5 (by channel) and the standard deviation 0.25.",
    ),
}


@pytest.mark.parametrize("name", SENTENCES)
def test_the_transform_is_told(name: str) -> None:
    record, sentence = SENTENCES[name]
    assert describe_preparation(record).replace("\N{MULTIPLICATION SIGN}", "x") == sentence
