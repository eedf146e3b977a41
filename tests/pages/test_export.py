"""The export is plain Markdown whose links and files are all there."""

from __future__ import annotations

import csv
import dataclasses
import json
import posixpath
import re
from dataclasses import replace
from pathlib import Path

import pytest

from mkdocs_lurk import read
from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.pages.data.tables import csv_text
from mkdocs_lurk.pages.export import export
from mkdocs_lurk.pages.site import Site, SiteFile
from tests.pages.conftest import Built


def test_every_address_leads_to_a_file(built: Built, tmp_path: Path) -> None:
    written = export(built.site, tmp_path)
    assert written == sum(path.is_file() for path in tmp_path.rglob("[!.]*"))
    pages = list(tmp_path.rglob("*.md"))
    assert len(pages) == 14
    for page in pages:
        text = page.read_text("utf-8")
        assert "lurk:" not in text
        found = re.findall(r"\]\(([^)#]+)", text) + re.findall(r'(?:href|src|xlink:href)="([^"#]+)"', text)
        assert found
        for address in found:
            target = posixpath.normpath((page.parent / address).as_posix())
            assert Path(target).is_file() or Path(target.replace("index.html", "index.md")).is_file(), address


def test_a_folder_that_cannot_be_written_is_one_line(built: Built, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StoreError, match="cannot write"):
        export(built.site, tmp_path / "out")


def files_of(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("[!.]*") if path.is_file()}


def without(site: Site, part: str) -> Site:
    """The site without the files in whose addresses there is ``part``."""
    return replace(site, files=tuple(file for file in site.files if part not in file.uri))


def test_what_an_earlier_export_wrote_is_removed_and_nothing_else(built: Built, tmp_path: Path) -> None:
    fresh, out = tmp_path / "fresh", tmp_path / "out"
    smaller = without(without(built.site, "features.3/"), ".webp")
    export(smaller, fresh)
    export(built.site, out)
    (out / "models" / "mine.webp").write_text("mine")
    assert any(name.endswith("webp") for name in files_of(out) - {"models/mine.webp"})
    export(smaller, out)
    assert files_of(out) == files_of(fresh) | {"models/mine.webp"}
    assert not (out / "models" / "small" / "features.3").exists()
    assert (out / ".lurk-export.json").read_bytes() == (fresh / ".lurk-export.json").read_bytes()


def test_a_file_that_the_author_changed_stays_with_a_warning(
    built: Built, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    export(built.site, tmp_path)
    changed = next(file.uri for file in built.site.files if file.uri.endswith(".webp"))
    (tmp_path / changed).write_text("mine")
    export(without(built.site, ".webp"), tmp_path)
    assert {name for name in files_of(tmp_path) if name.endswith("webp")} == {changed}
    assert f"{changed} was written by an earlier export and changed since" in caplog.text


def test_an_export_that_was_cut_off_is_known_to_the_next(
    built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mkdocs_lurk.pages.export.file_digest", lambda path: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export(built.site, tmp_path)
    monkeypatch.undo()
    export(without(built.site, ".webp"), tmp_path)
    assert not list(tmp_path.rglob("*.webp"))


def test_a_list_leads_out_of_no_folder(built: Built, tmp_path: Path) -> None:
    out, outside = tmp_path / "out", tmp_path / "outside.txt"
    outside.write_text("keep")
    out.mkdir()
    (out / "link").symlink_to(tmp_path)
    listed = dict.fromkeys(["../outside.txt", str(outside), "link/outside.txt", "link", "..", ""], "")
    (out / ".lurk-export.json").write_text(json.dumps(listed))
    export(built.site, out)
    assert outside.read_text() == "keep"


@pytest.mark.parametrize("contents", ["{", "[]", '{"a": 1}', '{"\\u0000": ""}'])
def test_a_damaged_list_is_one_line(built: Built, tmp_path: Path, contents: str) -> None:
    (tmp_path / ".lurk-export.json").write_text(contents)
    with pytest.raises(StoreError, match="the list of an earlier export, is damaged; remove that folder"):
        export(built.site, tmp_path)


@pytest.mark.parametrize("uri", ["../net.py", "models/../../net.py", "/net.py", "models\\..\\..\\net.py"])
def test_no_list_of_files_leads_out_of_the_folder(uri: str, built: Built, tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("the author's")
    site = dataclasses.replace(built.site, files=(SiteFile(uri, tmp_path / "own.txt"),))
    with pytest.raises(StoreError, match="a page would be written to"):
        export(site, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["own.txt"]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_tables_hold_what_results_json_holds(built: Built, tmp_path: Path) -> None:
    written = export(built.site, tmp_path, tables=True)
    assert written == sum(path.is_file() for path in tmp_path.rglob("[!.]*"))
    folder = tmp_path / "models" / "small"
    results = read(folder)
    filters = [(layer, item) for layer in results.layer_names for item in results.layer(layer)["filters"]]
    table = rows(folder / "filters.csv")
    assert [(row["layer"], row["filter"]) for row in table] == [(name, str(item["index"])) for name, item in filters]
    for row, (_, item) in zip(table, filters, strict=True):
        best = item["top_max"][0]
        assert float(row["highest_maximum"]) == best["score"]
        assert row["highest_maximum_image"] == results.model["images"][best["image"]]["path"]
        label, synthesis = item["label"], item["max_activ"]
        assert row["label"] == " or ".join(label.get("any_of", []))
        assert row["synthesis_score"] == ("" if "skipped" in synthesis else str(synthesis["score"]))
        assert row["dead"] == str(item["stats"]["dead"]).lower()
    top = rows(folder / "top.csv")
    assert len(top) == sum(len(item["top_avg"]) + len(item["top_max"]) for _, item in filters)
    first = next(row for row in top if row["by"] == "maximum")
    box = [int(first[f"box_{side}"]) for side in ("top", "left", "bottom", "right")]
    assert box == filters[0][1]["top_max"][0]["box"]
    assert [row["path"] for row in rows(folder / "images.csv")] == [one["path"] for one in results.model["images"]]
    assert [row["class"] for row in rows(folder / "classes.csv")] == [
        one["name"] for one in results.model["evaluation"]["classes"]
    ]
    assert not (tmp_path / "models" / "waiting" / "filters.csv").exists()
    export(built.site, tmp_path)
    assert not (folder / "filters.csv").exists(), "an export without tables leaves none of an earlier one"


def test_a_cell_is_no_formula() -> None:
    line = csv_text([{"name": "=HYPERLINK(1)", "score": -1.5, "dead": True, "note": None}]).splitlines()[1]
    assert line == "'=HYPERLINK(1),-1.5,true,"
    assert csv_text([]) == ""
