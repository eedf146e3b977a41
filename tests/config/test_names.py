"""The names of filters: in mkdocs.yml and in a file, and one line for every slip."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mkdocs_lurk.config.names import check_names
from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.limits import LONGEST_FILTER_NAME, MOST_FILTER_NAMES_BYTES
from tests.config.declarations import read_model


def test_names_stand_in_the_configuration_or_in_a_file(site: Path) -> None:
    inline = read_model(site, names={"features.0": {12: "eyes  in\nfur", "3": "edges"}, 0: {0: "sky"}})
    assert inline.names == {"features.0": {12: "eyes in fur", 3: "edges"}, "0": {0: "sky"}}
    assert inline.names_file is None
    (site / "names.yml").write_text('features.0:\n  12: "eyes in fur"\n')
    filed = read_model(site, names="names.yml")
    assert filed.names == {"features.0": {12: "eyes in fur"}}
    assert filed.names_file == site / "names.yml"
    assert read_model(site).names == {}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["eyes"], r"models\[0\]\.names: \['eyes'\] is no mapping; give names by layer and filter: \{features\.0: "),
        ({"a": "eyes"}, r"names\['a'\]: 'eyes' is no mapping; give filters and names: \{12: eyes in fur\}"),
        ({"a": {"one": "eyes"}}, r"names\['a'\]: 'one' is no filter's number; give one of 0 or more"),
        ({"a": {True: "eyes"}}, r"names\['a'\]: True is no filter's number"),
        ({"a": {-1: "eyes"}}, r"names\['a'\]: -1 is no filter's number"),
        ({"a": {1: 2}}, r"names\['a'\]\[1\]: 2 is no text; give a filter's name: eyes in fur"),
        ({"a": {1: " "}}, r"names\['a'\]\[1\]: ' ' is no text"),
        ({"a": {1: "e" * 81}}, r"names\['a'\]\[1\]: '.*\.\.\. has 81 characters; give at most 80"),
        ("missing.yml", r"names: 'missing\.yml' does not exist"),
        ("bad.yml", r"names: bad\.yml, line 1 is no YAML that is read: .*; give names by layer"),
        ("list.yml", r"names \(list\.yml\): \['eyes'\] is no mapping"),
        ("long.yml", r"names: long\.yml has more than 4,000,000 bytes; make it shorter"),
    ],
)
def test_a_slip_is_one_line(site: Path, names: Any, message: str) -> None:
    (site / "bad.yml").write_text("a: *b\n")
    (site / "list.yml").write_text("[eyes]\n")
    if names == "long.yml":
        (site / "long.yml").write_bytes(b" " * (MOST_FILTER_NAMES_BYTES + 1))
    with pytest.raises(ConfigError, match=message):
        read_model(site, names=names)
    assert LONGEST_FILTER_NAME == 80


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"features.1": {0: "eyes"}}, r"names\['features\.1'\]: no layer is called so; did you mean 'features\.0'"),
        ({"other": {0: "eyes"}}, r"names\['other'\]: no layer is called so; give the dotted name of an analysed layer"),
        ({"features.0": {8: "eyes"}}, r"names\['features\.0'\]: filter 8 does not exist; the layer has 0 to 7"),
    ],
)
def test_a_name_of_no_filter_is_refused(names: dict[str, dict[int, str]], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_names(names, "names", {"features.0": 8})
    check_names({"features.0": {7: "eyes"}, "features.2": {}}, "names", {"features.0": 8, "features.2": 4})
