"""Every layer has an address that no other page or file has, on any system, whatever it is called."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_lurk.addresses import LONGEST, is_portable, layer_addresses
from mkdocs_lurk.names import slug

ODD = [
    "index",
    "Index",
    "README",
    "index.html",
    "results.json",
    "model.js",
    "photos-0.webp",
    "con",
    "NUL.0",
    "Com1.conv",
]
PARTS = st.sampled_from(["a", "A", "b", "-", ":2", "/", " ", ".", "..", "é", "index", "layer", "con", "x" * 60])
NAMES = st.lists(st.lists(PARTS, max_size=6).map("".join) | st.sampled_from(ODD) | st.text(max_size=8), max_size=12)


def test_a_plain_name_keeps_its_rule() -> None:
    names = ["features.0", "layer1.0.conv1", "blocks.0/conv 1", "x:2", "index.0", "auxiliary", "_stem", "console.con"]
    assert layer_addresses(names) == {name: slug(name) for name in names}


@pytest.mark.parametrize("name", ODD)
def test_the_name_of_a_page_a_file_or_a_device_is_prefixed(name: str) -> None:
    assert layer_addresses([name]) == {name: f"layer-{name}"}


@pytest.mark.parametrize(
    ("name", "address"),
    [(".hidden", "layer-.hidden"), ("..", "layer-.-"), ("../up", "layer-..-up"), ("x.", "x-"), ("", "layer")],
)
def test_dots_at_the_ends_hide_no_folder_and_climb_none(name: str, address: str) -> None:
    assert layer_addresses([name]) == {name: address}


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (["a/b", "a-b"], "a-b"),
        (["a b", "a-b"], "a-b"),
        (["x:2", "x-2"], "x-2"),
        (["index", "layer-index"], "layer-index"),
    ],
)
def test_of_two_names_with_one_address_the_one_that_is_it_keeps_it(names: list[str], kept: str) -> None:
    addresses = layer_addresses(names)
    (other,) = set(names) - {kept}
    assert addresses[kept] == kept
    assert re.fullmatch(re.escape(kept) + r"-[0-9a-f]{8}", addresses[other])
    assert layer_addresses(reversed(names)) == addresses


def test_names_that_differ_by_case_alone_have_addresses_that_differ_by_more() -> None:
    addresses = layer_addresses(["Conv", "conv", "CONV"])
    assert len({address.lower() for address in addresses.values()}) == 3
    assert "CONV" in addresses.values()


def test_long_names_with_one_beginning_have_short_addresses_of_their_own() -> None:
    names = ["block." * 50 + end for end in ("a", "b")]
    addresses = layer_addresses(names)
    assert {len(address) for address in addresses.values()} == {LONGEST}
    assert len(set(addresses.values())) == 2


@given(NAMES, st.randoms())
def test_addresses_are_unique_portable_and_the_same_in_any_order(names: list[str], random: object) -> None:
    addresses = layer_addresses(names)
    assert set(addresses) == set(names)
    assert len({address.lower() for address in addresses.values()}) == len(addresses)
    for name, address in addresses.items():
        assert is_portable(address) or address == slug(name)
        assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", address)
        assert not address.endswith(".")
        assert len(address) <= LONGEST
    shuffled = list(names)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert layer_addresses(shuffled) == addresses


@given(NAMES)
def test_a_name_that_competes_with_no_other_has_the_address_that_it_has_alone(names: list[str]) -> None:
    addresses, alone = layer_addresses(names), {name: layer_addresses([name])[name] for name in names}
    for name, address in alone.items():
        rivals = [other for other in alone if other != name and alone[other].lower() == address.lower()]
        assert rivals or addresses[name] == address or len(address) == LONGEST
