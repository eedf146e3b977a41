"""The site's search: it finds named and labelled filters, in Material at their addresses and without explanations."""

from __future__ import annotations

import json
from pathlib import Path

from tests.plugin.sites import MATERIAL, Project, project

NAMES = {"features.3": {2: "eyes <in> fur"}}


def entries(made: Project) -> dict[str, dict[str, str]]:
    """The entries of the search index, by their addresses."""
    made.build()
    return {entry["location"]: entry for entry in json.loads(made.html("search/search_index.json"))["docs"]}


def test_materials_search_lands_on_the_filter(tmp_path: Path) -> None:
    found = entries(project(tmp_path, theme=MATERIAL, model={"names": NAMES}))
    named, labelled = (found[f"models/small/features.3/#filter-{index}"] for index in (2, 0))
    assert "Convolution 2: filter 2 eyes " in named["title"]
    assert "<in>" not in named["title"]
    assert "Answers to cat." in labelled["text"]
    assert "models/small/features.3/#filter-5" not in found, "a filter without name and label"
    layers = {where: entry for where, entry in found.items() if "/trust/" not in where}  # which is about the rule
    boilerplate = [where for where, entry in layers.items() if "guided backpropagation" in entry["text"]]
    assert boilerplate == []


def test_mkdocs_own_search_lands_on_the_layer(tmp_path: Path) -> None:
    found = entries(project(tmp_path, model={"names": NAMES}))
    assert "Convolution 2: filter 2 eyes <in> fur" in found["models/small/features.3/"]["text"]
