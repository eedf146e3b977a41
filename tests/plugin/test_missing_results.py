"""What a build and a served site do about results that are not in the cache."""

from __future__ import annotations

import logging
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.structure.files import Files

from mkdocs_lurk.run.plan import ModelState
from mkdocs_lurk.store import Store
from tests.pages.fake import fake_model
from tests.plugin.sites import FENCE, build_error, project


def text_of(html: str) -> str:
    return " ".join(BeautifulSoup(html, "html.parser").get_text(" ").split())


def test_missing_results_can_be_an_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = project(tmp_path, lurk={"missing": "error"})
    made.build()
    (made.root / "photos" / "cat" / "0.png").unlink()
    line = build_error(made, caplog)
    assert line.startswith("lurk: model small: ")
    assert "mkdocs-lurk analyze small" in line


def test_missing_results_can_be_a_placeholder_page(tmp_path: Path) -> None:
    made = project(tmp_path, lurk={"missing": "placeholder"})
    made.write("docs/index.md", f"# Home\n\n{FENCE}")
    (made.root / "photos" / "cat" / "0.png").unlink()
    made.build()
    text = text_of(made.html("models/small/index.html"))
    assert "There are no results of this model as it is now" in text
    assert "1 picture is gone (cat/0.png)." in text
    assert "is not shown" in text_of(made.html("index.html"))


def test_missing_results_are_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = project(tmp_path)
    (made.root / "photos" / "cat" / "0.png").unlink()
    asked = []

    def analyze(config: Any, model: Any, store: Store, progress: Any, ranks: Any, force: bool) -> str:
        asked.append(model.name)
        return fake_model(store, model.name)

    pipeline = types.ModuleType("pipeline")
    pipeline.analyze = analyze  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mkdocs_lurk.run.pipeline", pipeline)
    made.build()
    assert asked == ["small"]
    assert "lurk-map" in made.html("models/small/index.html")


def test_results_without_their_pictures_are_published_and_the_page_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = project(tmp_path, lurk={"missing": "error"})
    made.build()
    note = "Not compared with the network here: the 4 pictures are not at hand."
    assert note not in text_of(made.html("models/small/index.html"))
    (made.root / "photos").rename(made.root / "elsewhere")
    with caplog.at_level(logging.INFO):
        made.build()
    assert f"small: {note}" in caplog.messages
    assert note in text_of(made.html("models/small/index.html"))


@pytest.mark.parametrize(("on_serve", "asked"), [("cached", "placeholder"), ("analyze", "analyze")])
def test_serving_computes_results_only_if_on_serve_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_serve: str, asked: str
) -> None:
    made = project(tmp_path, lurk={"on_serve": on_serve})
    seen = []

    def complete(state: ModelState, config: Any, store: Any, missing: str) -> ModelState:
        seen.append(missing)
        return state

    monkeypatch.setattr("mkdocs_lurk.build._ensure_results", complete)
    config = load_config(str(made.config))
    config.plugins.on_startup(command="serve", dirty=False)
    build(config)
    assert seen == [asked]


def test_serving_watches_the_files_that_results_depend_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = project(tmp_path)
    made.write("net.py", "def net():\n    return None\n")
    made.write("card.md", "words")
    model = {"name": "small", "source": "net.py:net", "images": "photos", "card": "card.md"}
    made.declare({"models": [model], "missing": "placeholder"})
    made.build()
    config = load_config(str(made.config))
    config = config.plugins.on_config(config)
    watched = []
    server = types.SimpleNamespace(watch=watched.append)
    config.plugins.on_serve(server, config=config, builder=None)  # type: ignore[arg-type]
    assert [Path(path).name for path in watched] == ["card.md", "net.py"]
    monkeypatch.setattr(
        "mkdocs_lurk.plugin.plugin.watched_files", lambda _: [made.root / "net.py", made.root / "new.py"]
    )
    config.plugins.on_files(Files([]), config=config)
    assert [Path(path).name for path in watched] == ["card.md", "net.py", "new.py"]
