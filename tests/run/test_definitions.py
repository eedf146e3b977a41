"""Every sentence that defines a figure, computed by brute force as it is written, against the records.

A sentence stands in the checks a second time: whoever changes it has to say anew how it is computed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mkdocs_lurk.pages.definitions import DEFINITIONS, meaning
from mkdocs_lurk.run.stages import verification
from tests.run import (  # noqa: F401 - they fill CHECKS
    definitions_effect,
    definitions_evaluation,
    definitions_facets,
    definitions_pictures,
    definitions_responses,
    definitions_tuning,
)
from tests.run.analyses import Project, analysed
from tests.run.definitions_network import NETWORK, draw, network, outputs
from tests.run.definitions_results import CHECKS, SENTENCES, Results
from tests.run.networks import input_tensors


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    from tests.run.conftest import project

    folder = tmp_path_factory.mktemp("definitions")
    draw(folder / "pictures")
    (folder / "other.py").write_text(NETWORK)
    given = {"effect": {"exact": 2}, "tuning": True, "facets": True}
    config = project.__wrapped__(folder)(root=folder, source="other.py:net", precision="float32", **given)
    reader, module, x = analysed(config), network(), input_tensors(folder / "pictures")
    return Results(reader, module, x, outputs(module, x), [image["label"] for image in reader.record["images"]])


@pytest.mark.parametrize("figure", DEFINITIONS)
def test_a_figure_is_what_its_sentence_says(results: Results, figure: str) -> None:
    assert figure in CHECKS, f"say how {figure!r} is computed"
    assert DEFINITIONS[figure] == SENTENCES[figure]
    CHECKS[figure](results)


def test_no_check_is_left_over() -> None:
    assert set(CHECKS) == set(DEFINITIONS)


def test_the_difference_of_a_second_computation_is_a_share_of_the_score(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = verification.measure_responses

    def slightly_more(*arguments: Any) -> Any:
        by_layer, output = measure(*arguments)
        for responses in by_layer.values():
            responses.means[:] *= np.float32(1.0005)
            responses.maxima[:] *= np.float32(1.0005)
        return by_layer, output

    monkeypatch.setattr(verification, "measure_responses", slightly_more)
    reader = analysed(project(synthesis=False))
    assert reader.record["verified"]["largest"] == pytest.approx(5e-4, rel=0.05)
    assert reader.record["verified"]["syntheses"] == reader.record["verified"]["syntheses_again"] == 0


def test_sentences_name_their_number_of_pictures() -> None:
    assert meaning("mean", 1234) == "The mean over 1,234 pictures of the highest response in each."
    assert {name for text in DEFINITIONS.values() for name in re.findall(r"{(\w+)}", text)} == {"n", "class"}


def test_the_docs_list_every_sentence() -> None:
    text = (Path(__file__).parents[2] / "docs" / "how.md").read_text("utf-8")
    table = text.partition("## Every figure in a sentence")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| `(\w+)` \| (.*) \|$", table, re.MULTILINE)
    written = {key: re.sub(r"{(\w+)}", r"*\1*", sentence) for key, sentence in DEFINITIONS.items()}
    assert dict(listed) == written
