"""Authors' pages by a generator that runs our Markdown extension, after an export with them."""

from __future__ import annotations

import logging
import posixpath
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from markdown import Extension, Markdown
from markdown.preprocessors import Preprocessor

from mkdocs_lurk.cli import main
from tests.plugin.sites import FENCE, Project, project

HOME = (
    f"# Home\n\n[a](lurk:small/features.3#3) `lurk small pictures`\n\n{FENCE}\n![c](lurk:small/features.3#3/crop.0)\n"
)
ADDRESS = re.compile(r'((?:xlink:)?href|src|data-src)="([^"#]+)')
LAYER = "models/small/features.0"
OWN = "# Mine\n\nBefore.\n\n<!-- lurk -->\n\nAfter.\n"


@dataclass(frozen=True)
class Page:
    """What Zensical tells of a page."""

    path: str


class _Context(Preprocessor):
    def __init__(self, md: Markdown, page: Page) -> None:
        super().__init__(md)
        self.page = page

    def run(self, lines: list[str]) -> list[str]:
        return lines


class Context(Extension):
    """Tells which page is rendered, as Zensical's extension of that name does."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Python-Markdown's name
        md.preprocessors.register(_Context(md, Page(self._path)), "rendering_context", 0)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose pages are exported into its folder ``pages``."""
    root = tmp_path_factory.mktemp("exported")
    (root / "docs").mkdir()
    (root / "docs" / "card.md").write_text("The card.\n", "utf-8")
    made = project(root, model={"card": "docs/card.md"})
    texts = {"index": HOME, "deep/er": HOME, "models/small/features.0": OWN, ".hidden/x": "x"}
    for path, text in texts.items():
        made.write(f"docs/{path}.md", text)
    export(made)
    return made


def export(made: Project, out: str = "pages", status: int = 0) -> str:
    done = CliRunner().invoke(main, ["export", "-f", str(made.config), "--docs", "--out", str(made.root / out)])
    assert done.exit_code == status, done.output
    return done.output


def render(made: Project, path: str) -> str:
    extension = "mkdocs_lurk.markdown"
    md = Markdown(
        extensions=[Context(path), extension, "fenced_code"],
        extension_configs={extension: {"config": str(made.config)}},
    )
    return str(md.convert((made.root / "pages" / path).read_text("utf-8")))


def test_fences_links_and_generated_parts_are_rendered_with_addresses_that_lead_somewhere(made: Project) -> None:
    pages = made.root / "pages"
    assert (pages / "index.md").read_text("utf-8") == HOME
    assert not [name for name in ("card.md", ".hidden", "models/small/features.0/index.md") if (pages / name).exists()]
    for path, folder in (
        ("index.md", "."),
        ("deep/er.md", "deep/er"),
        ("models/small/features.0.md", "models/small/features.0"),
    ):
        text = render(made, path)
        assert "lurk:" not in text
        assert "lurk-file:" not in text
        assert any(name == "href" for name, _ in ADDRESS.findall(text))
        assert lost(text, path, folder, pages) == []
    home, own = render(made, "index.md"), render(made, f"{LAYER}.md")
    assert "lurk-embed" in home
    assert ">5</span>" in home
    assert 'src="assets/lurk/lurk.js"' in home
    assert own.index("Before.") < own.index("<lurk-gallery") < own.index("After.")


def lost(text: str, path: str, folder: str, pages: Path) -> list[str]:
    """Return the addresses in a rendered page that lead to no exported file."""
    found = []
    for name, address in ADDRESS.findall(text):
        base = posixpath.dirname(path) if name in ("href", "src") and not address.endswith(".html") else folder
        target = posixpath.normpath(pages / base / address).removesuffix("/index.html")
        if not any(Path(f"{target}{end}").is_file() for end in ("", "/index.md", ".md")):
            found.append(address)
    return found


def test_a_model_that_is_elsewhere_is_exported_there(tmp_path: Path) -> None:
    elsewhere = project(tmp_path, model={"page": "networks/mine.md"})
    texts = {"index": HOME, "networks/mine": OWN, "networks/mine/features.0": OWN}
    for path, text in texts.items():
        elsewhere.write(f"docs/{path}.md", text)
    export(elsewhere)
    pages = tmp_path / "pages"
    assert (pages / "networks" / "mine" / "features.3" / "index.md").is_file()
    assert [path.name for path in (pages / "models").iterdir()] == ["index.md"]
    assert not (pages / "networks" / "mine" / "index.md").exists(), "the author's own page takes its place"
    for path, folder in (("index.md", "."), ("networks/mine.md", "networks/mine")):
        assert lost(render(elsewhere, path), path, folder, pages) == []
    assert "<lurk-map" in render(elsewhere, "networks/mine.md")
    assert "<lurk-gallery" in render(elsewhere, "networks/mine/features.0.md")
    generated = [page for page in pages.rglob("index.md") if page.parent != pages]
    assert len(generated) > 3
    for page in generated:
        folder = page.parent.relative_to(pages).as_posix()
        for address in re.findall(r'\]\(([^)#]+)|(?:href|src|data-src)="([^"#]+)', page.read_text("utf-8")):
            target = posixpath.normpath(pages / folder / "".join(address)).removesuffix("/index.html")
            found = [Path(f"{target}{end}") for end in ("", "/index.md", ".md")]
            assert any(one.is_file() for one in found), f"{page}: {address}"


def test_a_fault_is_a_warning_with_the_page(made: Project, caplog: pytest.LogCaptureFixture) -> None:
    made.write("docs/wrong.md", "[a](lurk:smal) ![b](lurk:small/features.3#3/crops.0)\n\n```lurk\nmodel: smal\n```\n")
    export(made)
    with caplog.at_level(logging.WARNING):
        render(made, "wrong.md")
    told = [record.getMessage() for record in caplog.records if record.name == "mkdocs.plugins.lurk"]
    assert "wrong.md: there is no lurk:smal to link to; did you mean 'small'?" in told
    assert any(line.startswith("wrong.md: lurk fence: 'layer' is missing") for line in told)


def test_an_export_follows_the_authors_folder_and_stays_out_of_it(made: Project) -> None:
    (made.root / "docs" / "deep" / "er.md").unlink()
    export(made)
    assert not (made.root / "pages" / "deep").exists()
    for out in ("docs/out", "."):
        assert "lies in docs_dir, or holds it; give another folder" in export(made, out, status=1)
    made.write("docs/models/small/results.json", "{}")
    assert "models/small/results.json in docs_dir has the name of a generated file" in export(made, status=1)
