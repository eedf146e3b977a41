"""Sites in other languages: the theme's, and several by static-i18n, of which a stand-in does what matters here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from tests.plugin.sites import FENCE, MATERIAL, Project, broken_addresses, project

I18N = '''
"""As static-i18n does it: pages that lie outside docs_dir are dropped, others move into the language's folder."""
import os
import posixpath
from types import SimpleNamespace
from mkdocs.plugins import BasePlugin, event_priority

class I18n(BasePlugin):
    default_language, current_language, build_languages = "en", "en", ["en", "de"]
    config = SimpleNamespace(docs_structure="suffix")
    i18n_files_per_language = {}

    @event_priority(-100)
    def on_files(self, files, *, config):
        for file in list(files):
            if not file.is_documentation_page():
                continue
            assert file.abs_src_path.startswith(config.docs_dir), f"unhandled: {file.src_uri}"
            if self.current_language != "en":
                file.dest_uri = posixpath.join(self.current_language, file.dest_uri)
                for name in ("url", "abs_dest_path"):
                    file.__dict__.pop(name, None)
        return files

def on_config(config):
    config.plugins["i18n"] = plugin = I18n()
    plugin.current_language = os.environ["SITE_LANGUAGE"]
'''
LAYER = "models/small/features.3/index.html"


def titles(made: Project, page: str) -> list[str]:
    soup = BeautifulSoup(made.html(page), "html.parser")
    return [" ".join(link.get_text().split()) for link in soup.select("nav.md-nav--primary .md-nav__link")]


def test_interface_words_are_in_the_language_of_the_theme(tmp_path: Path) -> None:
    made = project(tmp_path, theme={**MATERIAL, "language": "fr"})
    made.write("docs/index.md", f"# Classes of mine\n\n{FENCE}")
    made.write("docs/models/small/features.0.md", "# Layer\n\nLayers\n\n`Layers`\n\n<!-- lurk -->\n")
    made.build()
    page = BeautifulSoup(made.html(LAYER), "html.parser")
    assert page.title is not None
    assert page.title.get_text() == "Convolution 2 - Test"
    assert "Comment ces images sont faites" in [one.get_text() for one in page.select("summary")]
    evaluation = BeautifulSoup(made.html("models/small/evaluation/index.html"), "html.parser")
    assert [one.get_text() for one in evaluation.select("h1")] == ["Évaluation"]
    assert {"Modèles", "Évaluation", "Jusqu'où se fier à ces images"} <= set(titles(made, "index.html"))
    scripts = [str(one.get("src")) for one in page.select("script[src*='lurk']")]
    assert [script.rpartition("/")[2] for script in scripts] == ["lurk-words.js", "lurk.js"]
    assert "<code>Layers</code>" in made.html("models/small/features.0/index.html")


def test_the_filters_of_a_class_are_shown_in_the_language_of_the_theme(tmp_path: Path) -> None:
    made = project(tmp_path, theme={"name": "mkdocs", "locale": "de"})
    made.write("docs/index.md", "# Mine\n\n```lurk\nmodel: small\nshow: class\nclass: dog\n```\n")
    made.build()
    figure = BeautifulSoup(made.html("index.html"), "html.parser").select_one("figure.lurk-embed")
    assert figure is not None
    caption = figure.select_one("figcaption")
    assert caption is not None
    assert caption.get_text() == (
        "Filter von A small network, und zwar die, die am meisten auf dog antworten, von den ersten Schichten bis zu "
        "den letzten; daneben, wie oft ein Bild davon sie stärker erregt als ein anderes Bild."
    )
    assert {str(one["title"]).partition(";")[0] for one in figure.select("[title]")} == {
        "wie oft ein Bild der Klasse den Filter stärker erregt als ein anderes Bild"
    }
    assert not re.search(r"\b(and|more|among|filters)\b", figure.get_text())


def test_pages_are_there_once_for_each_language_and_their_data_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = project(tmp_path, theme=MATERIAL, hooks=["hook.py"])
    made.write("docs/index.md", f"# Home\n\n[three](lurk:small/features.3#3)\n\n{FENCE}")
    made.write("docs/models/small/features.0.md", "# Mine\n")
    made.write("hook.py", I18N)
    monkeypatch.setenv("SITE_LANGUAGE", "en")
    made.build()
    assert "lurk-words" not in made.html(LAYER)
    assert "data-pages-in" not in made.html(LAYER)
    monkeypatch.setenv("SITE_LANGUAGE", "de")
    made.build(site_dir=str(made.site))
    german = f"de/{LAYER}"
    page = BeautifulSoup(made.html(german), "html.parser")
    gallery = page.select_one("lurk-gallery")
    assert gallery is not None
    assert gallery["data-pages-in"] == "../../de/models/small/"
    assert gallery["data-src"] == "../../../../models/small/features.3/layer.js"
    assert not list((made.site / "de" / "models").rglob("*.js"))
    made.write("site/index.html", "the default language's")  # MkDocs empties the folder before each build
    assert broken_addresses(made.site, (made.site / "de").rglob("*.html")) == []
    assert 'href="models/small/features.3/#filter-3"' in made.html("de/index.html")
    assert "Wie diese Bilder entstehen" in [one.get_text() for one in page.select("summary")]
    assert {"Modelle", "Auswertung", "Mine"} <= set(titles(made, "de/index.html"))
