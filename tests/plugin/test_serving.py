"""``mkdocs serve`` while an author writes: it shows what there is, says what is missing, and ends for no fault."""

from __future__ import annotations

import logging
from pathlib import Path

import markdown
import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

from tests.plugin.sites import FENCE, Project, project
from tests.plugin.test_missing_results import text_of

PAGE = f"""# Home

{FENCE}
[A filter](lurk:small/features.3#3), <lurk:small/features.0>, `lurk small accuracy` and `lurk small/features.3#3 ratio`.

![A crop](lurk:small/features.3#3/crop.0)
"""


class Served:
    """A site that is built again and again by one process, as ``mkdocs serve`` does."""

    def __init__(self, made: Project) -> None:
        self.made = made
        config = load_config(str(made.config))
        config.plugins.on_startup(command="serve", dirty=False)
        self.end = config.plugins.on_shutdown

    def build(self) -> str:
        """Build once; returns the text of the model's page."""
        build(load_config(str(self.made.config)))
        return text_of(self.made.html("models/small/index.html"))


def start(made: Project, request: pytest.FixtureRequest) -> Served:
    served = Served(made)
    request.addfinalizer(served.end)
    return served


def test_everything_that_names_a_model_without_results_is_shown_without_a_warning(
    tmp_path: Path, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    made = project(tmp_path, validation={"anchors": "warn"}, nav=["index.md", {"A layer": "lurk:small/features.3"}])
    made.write("docs/index.md", PAGE)
    made.write("docs/models/small/features.3.md", "# Mine\n\n[Third](#filter-3)\n\n<!-- lurk -->\n")
    made.write("docs/models/small/features.0.md", "# Mine\n\n- <!-- lurk -->\n")
    (made.root / "photos" / "cat" / "0.png").unlink()
    assert "run mkdocs-lurk analyze small" in start(made, request).build()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    home = made.html("index.html")
    assert 'alt="A crop" src="data:image/svg+xml,' in home
    assert "lurk-fault" not in home
    for layer in ("features.3", "features.0"):
        assert "run mkdocs-lurk analyze small" in text_of(made.html(f"models/small/{layer}/index.html"))


def test_a_fault_while_serving_is_logged_and_the_pages_stay(
    tmp_path: Path, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "card.md").write_text("Words.")
    made = project(tmp_path, model={"card": "card.md"})
    served, right = start(made, request), made.config.read_text()
    made.config.write_text(right.replace("images: photos", "imagez: photos"))
    with pytest.raises(Abort):  # as MkDocs does with any wrong mkdocs.yml at the start
        served.build()
    made.config.write_text(right)
    assert "Words." in served.build()
    caplog.clear()
    made.config.write_text(right.replace("images: photos", "imagez: photos"))
    made.write("docs/index.md", "# Another title\n")
    assert "Words." in served.build()
    assert "Another title" in made.html("index.html")
    assert caplog.messages[0].startswith("lurk: plugins.lurk.models[0]: unknown key 'imagez'; did you mean 'images'")
    made.config.write_text(right.replace("images: photos", "images: photoz"))
    assert "'photoz' does not exist; did you mean 'photos'?" in served.build()
    made.config.write_text(right)
    made.write("card.md", "Other words.")
    assert "Other words." in served.build()


def test_a_card_that_cannot_be_read_ends_no_server_at_its_start(
    tmp_path: Path, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "card.md").write_text("---\n[\n---\n")
    made = project(tmp_path, model={"card": "card.md"})
    assert "card.md, line 3: the metadata is no YAML" in start(made, request).build()
    assert [record.getMessage()[:23] for record in caplog.records if record.levelno == logging.ERROR] == [
        "lurk: card.md, line 3: "
    ]


def test_an_edit_renders_no_generated_page_again_and_changes_none(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = project(tmp_path)
    served, convert, rendered = start(made, request), markdown.Markdown.convert, []

    def counted(self: markdown.Markdown, text: str) -> str:
        rendered.append(text)
        return str(convert(self, text))

    monkeypatch.setattr(markdown.Markdown, "convert", counted)
    served.build()
    before = {path: path.read_text("utf-8") for path in made.site.glob("models/small/**/index.html")}
    rendered.clear()
    made.write("docs/index.md", "# Home\n\nEdited.\n")
    served.build()
    assert [text for text in rendered if "`" not in text] == ["# Home\n\nEdited.\n"]
    assert {path: path.read_text("utf-8") for path in before} == before
    made.declare({"models": [{"name": "small", "source": "torchvision:squeezenet1_1", "images": "photos"}]})
    assert "A small network" not in served.build()
