"""Every warning has a name, its condition and three sentences; the log's line says what to do and how to accept it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mkdocs_lurk.named_warnings import WARNINGS, WarningRecord, describe_warning, in_page_order

ENLARGED: WarningRecord = {"name": "enlarged", "fact": "f", "remedy": "r", "consequence": "c"}


@pytest.mark.parametrize("name", WARNINGS)
def test_a_warning_is_complete(name: str) -> None:
    warning = WARNINGS[name]
    assert warning.name == name
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
    facts = dict.fromkeys(warning.fields(), "7")
    record = warning.record(**facts)
    assert "\n" not in "".join(record.values())
    assert not {field for field in warning.fields() if f"{{{field}}}" in "".join(record.values())}
    assert warning.when.endswith(".")
    is_for_the_author = name in ("card-metadata", "unchecked-pattern")
    assert record["consequence"].endswith(".") or is_for_the_author
    assert not record["fact"].endswith(".")
    assert not record["remedy"].endswith(".")
    for fact in facts:
        with pytest.raises(KeyError):
            warning.record(**{other: "7" for other in facts if other != fact})


def test_the_line_names_the_model_the_fact_the_remedy_and_the_name() -> None:
    assert describe_warning("net", ENLARGED, ignored=False) == "net: f; r; or accept it with ignore: [enlarged]"
    assert describe_warning("net", ENLARGED, ignored=True) == "net: f (accepted by ignore: enlarged)"


def test_pages_list_warnings_in_one_order() -> None:
    records = [WarningRecord(name=name, fact="", remedy="", consequence="") for name in reversed(WARNINGS)]
    assert [record["name"] for record in in_page_order(records)] == list(WARNINGS)


def test_the_options_page_lists_every_warning() -> None:
    page = (Path(__file__).parents[1] / "docs" / "options.md").read_text("utf-8")
    assert re.findall(
        r"^\| `([a-z-]+)` \| ", page.partition("## Warnings")[2].partition("\n## ")[0], re.MULTILINE
    ) == list(WARNINGS)
