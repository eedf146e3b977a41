"""An anonymous model names no author, no file and no code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.plugin.private_site import (
    ALWAYS,
    WEIGHTS,
    analysed_site,
    built,
    command,
    declare,
    found_in,
    packed,
    private_site,
)


def test_an_anonymous_model_tells_no_source_no_path_and_no_author(tmp_path: Path) -> None:
    made = private_site(tmp_path, anonymous=True)
    shown = {"photo of patients", "gradient of patients", "photo of dogs", "gradient of dogs"} | ALWAYS
    assert built(made) == shown
    page = made.html("models/small/index.html")
    assert "Made from" not in page
    assert "A network." in page
    assert "mit" in page
    assert found_in(packed(made)) == shown


BROKEN = """
import torch
from PIL import Image

class DoeError(Exception):
    pass

class Broken:
    def __len__(self):
        return 4

    def __getitem__(self, index):
        if index == 2:
            raise DoeError("item of doe")
        return Image.new("RGB", (8, 8), (60 * index, 0, 0)), index % 2

def transform():
    def apply(picture):
        if picture.width == 10:
            raise DoeError("picture of doe")
        return torch.zeros(3, 8, 8) + picture.width / 20
    return apply
"""


WAYS = {
    "items": {"images": "doe_lab.broken:Broken"},
    "items of a file": {"images": "doe_lab/broken.py:Broken"},
    "transform": {"images": "photos", "transform": "doe_lab.broken:transform"},
    "transform of a file": {"images": "photos", "transform": "doe_lab/broken.py:transform"},
    "absolute": {"images": "ROOT/doe_lab/broken.py:Broken", "transform": "ROOT/doe_lab/broken.py:transform"},
}


@pytest.mark.parametrize(
    ("way", "choice"),
    [*((way, {"anonymous": True}) for way in WAYS), ("items", {"pictures": "none"}), ("transform", {})],
)
def test_why_a_picture_cannot_be_read_names_no_code_of_the_authors(
    tmp_path: Path, way: str, choice: dict[str, Any]
) -> None:
    made = analysed_site(tmp_path, images="photos")
    made.write("doe_lab/__init__.py", "")
    made.write("doe_lab/broken.py", BROKEN)
    keys = {key: value.replace("ROOT", str(tmp_path)) for key, value in WAYS[way].items()}
    plain = {"transform": {"crop": 8, "mean": [0, 0, 0], "std": [1, 1, 1]}}
    network = {"source": "net.py:make", "weights": None, "synthesis": False, "ignore": ["chance", "unreadable"]}
    declare(made, "analyze", **{**plain, **keys, **network, **choice})
    made.build()
    members = packed(made)
    command("export", "-f", str(made.config), "--out", str(tmp_path / "out"))
    secret = {"doe_lab", "DoeError", "broken.py"} if "anonymous" in choice else {"DoeError"}
    seen = {text for folder in (made.site, members, tmp_path / "out") for text in secret if text in all_texts(folder)}
    assert seen == (set() if choice else {"DoeError"})
    assert "cannot be read" in all_texts(made.site) or not choice
    assert "cannot be read" in all_texts(members) or not choice


def all_texts(folder: Path) -> str:
    """The bytes of all files of a folder, as text."""
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return "".join(data.decode("utf-8", "replace") for data in files)


def test_an_anonymous_page_names_no_file_that_is_not_at_hand(tmp_path: Path) -> None:
    made = private_site(tmp_path, anonymous=True)
    (tmp_path / WEIGHTS).unlink()
    assert not built(made) & {"source", "weights", "author"}
    assert "some of its files are not at hand" in made.html("models/small/index.html")
