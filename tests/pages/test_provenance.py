"""The model's page says what made the results, folded and without a script, or that it is not known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup

from mkdocs_lurk.pages.provenance import NOT_RECORDED, provenance_rows
from mkdocs_lurk.pages.site import build_site
from mkdocs_lurk.store import Store
from tests.pages.conftest import Built
from tests.pages.fake import PROVENANCE, FakeStatus, fake_config, fake_model

PROGRAMS = "mkdocs-lurk 0.1.0, torch 2.5.1+cpu, torchvision 0.20.1+cpu, Python 3.11.9, NumPy 2.1.3, Pillow 11.0.0"
MADE = f"{PROGRAMS}; on the CPU"


def folded(page: str) -> dict[str, list[str]]:
    """The folded list, by label."""
    (details,) = BeautifulSoup(page, "html.parser").select("details.lurk-provenance")
    assert not details.has_attr("open")
    found: dict[str, list[str]] = {}
    for tag in details.select("dt, dd"):
        if tag.name == "dt":
            label = tag.text
        else:
            found.setdefault(label, []).append(tag.text)
    return found


def test_the_page_says_what_made_the_results(built: Built) -> None:
    assert folded(built.text("models/small/index.md")) == {
        "Made with": [MADE],
        "Number formats": ["responses: float32", "gradients: bfloat16 and float32", "syntheses: bfloat16"],
        "Threads": ["4 per process"],
        "Seed": ["0"],
        "Weights": ["0123456789abcdef"],
        "Transform": ["89abcdef01234567"],
        "Pictures": ["fedcba9876543210"],
    }


def test_results_json_holds_the_record(built: Built) -> None:
    assert json.loads(built.text("models/small/results.json"))["provenance"] == PROVENANCE


def test_results_of_an_earlier_version_say_that_nothing_was_recorded(tmp_path: Path) -> None:
    store = Store(tmp_path / "cache")
    unit = store.get(fake_model(store))
    assert unit is not None
    record: dict[str, Any] = {name: value for name, value in unit.record.items() if name != "provenance"}
    store.put("a-record-of-before", record)
    site = build_site([FakeStatus(fake_config(tmp_path), "a-record-of-before")], store, tmp_path / "cache")
    assert folded(site.path("models/small/index.md").read_text("utf-8")) == {"Made with": [NOT_RECORDED]}
    results = json.loads(site.path("models/small/results.json").read_text("utf-8"))
    assert results["provenance"] == {"skipped": NOT_RECORDED}


def test_every_environment_has_a_line_and_what_is_not_known_is_counted() -> None:
    one = PROVENANCE["environments"][0]
    on_gpu: Any = {**one, "device": "cuda"}
    rows = provenance_rows({**PROVENANCE, "environments": [on_gpu, one], "unrecorded": 3})
    assert rows[0].values == (f"{PROGRAMS}; on a GPU (CUDA)", MADE, f"3 units of work: {NOT_RECORDED}")


def test_threads_that_were_left_to_the_machine_have_no_line() -> None:
    assert "Threads" not in [row.label for row in provenance_rows({**PROVENANCE, "threads": None})]


def test_a_digest_that_is_left_out_has_no_line() -> None:
    digests: Any = {"weights": "0123", "transform": ""}
    rows = provenance_rows({**PROVENANCE, "digests": digests})
    assert [row.label for row in rows if row.is_digest] == ["Weights"]
