"""A selection of filters, by count, list or glob, for one layer and for a whole network."""

from __future__ import annotations

from pathlib import Path

import pytest

from mkdocs_lurk.errors import ConfigError
from tests.config.declarations import read_model


def test_a_count_selects_the_first_filters_and_a_list_those_that_exist(site: Path) -> None:
    assert read_model(site, filters=3).chosen_filters("any", 8) == (0, 1, 2)
    assert read_model(site, filters=3).chosen_filters("any", 2) == (0, 1)
    assert read_model(site, filters=[7, 1]).chosen_filters("any", 8) == (1, 7)
    assert read_model(site, filters=[7, 1]).chosen_filters("any", 4) == (1,)


def test_a_layers_own_name_precedes_globs_and_an_earlier_glob_a_later_one(site: Path) -> None:
    net = read_model(site, filters={"features.*": 2, "*": 1, "features.0": "all"})
    assert net.chosen_filters("features.0", 3) == (0, 1, 2)
    assert net.chosen_filters("features.1", 3) == (0, 1)
    assert net.chosen_filters("head", 3) == (0,)
    assert read_model(site, filters={"features.*": 2}).chosen_filters("head", 3) == (0, 1, 2)


def test_synthesis_selects_among_the_chosen_filters(site: Path) -> None:
    net = read_model(site, filters=[2, 4, 6], synthesis={"filters": 2})
    assert net.synthesis_filters("any", 8) == (2, 4)
    assert read_model(site, filters=[2, 4], synthesis={"filters": [4, 5]}).synthesis_filters("any", 8) == (4,)
    assert read_model(site, synthesis={"filters": {"*": 0}}).synthesis_filters("any", 8) == ()
    assert read_model(site, synthesis=False).synthesis_filters("any", 8) == ()


def test_the_error_for_a_selection_that_fits_no_layer_names_the_near_match(site: Path) -> None:
    counts = {"features.0": 4, "features.3": 8}
    read_model(site, filters={"features.*": [7]}).check_layers(counts)
    with pytest.raises(ConfigError) as caught:
        read_model(site, filters={"feature.0": 2}).check_layers(counts)
    assert str(caught.value) == (
        "plugins.lurk.models[0].filters['feature.0']: no layer is called so; did you mean 'features.0' or 'features.3'?"
    )
    with pytest.raises(ConfigError) as caught:
        read_model(site, synthesis={"filters": [8]}).check_layers(counts)
    assert str(caught.value) == (
        "plugins.lurk.models[0].synthesis.filters: filter 8 does not exist; the widest layer, features.3, has 0 to 7"
    )
