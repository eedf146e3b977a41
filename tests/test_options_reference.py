from dataclasses import MISSING

import pytest

from mkdocs_lurk.config.options import LurkConfig, ModelConfig
from mkdocs_lurk.config.parsing import _MODEL_KEYS, _PLUGIN_KEYS
from mkdocs_lurk.config.reference import MODEL, SITE, Option
from tests.options_reference import BEGIN, END, PAGE, declared_keys, default_of, render_reference, values_of


def test_the_page_is_what_the_code_says() -> None:
    text = PAGE.read_text("utf-8")
    generated = text[text.index(BEGIN) : text.index(END) + len(END)]
    assert generated == render_reference(), "write the page anew: python -m tests.options_reference"


def test_every_option_is_in_the_reference_and_no_other() -> None:
    assert set(SITE) == {*declared_keys(LurkConfig), "defaults"}
    assert set(MODEL) == set(declared_keys(ModelConfig))
    assert {key.partition(".")[0] for key in SITE} == set(_PLUGIN_KEYS)
    assert {key.partition(".")[0] for key in MODEL} == set(_MODEL_KEYS)


@pytest.mark.parametrize(("owner", "said"), [(LurkConfig, SITE), (ModelConfig, MODEL)])
def test_no_words_stand_where_the_code_has_a_default(owner: type, said: dict[str, Option]) -> None:
    for key, option in said.items():
        if key == "defaults":
            continue
        assert values_of(key, owner, option), f"say what {key} takes"
        if option.default:
            default = default_of(key, owner)
            assert default is MISSING or not isinstance(default, (bool, int, str)), f"{key} is {default} by default"
